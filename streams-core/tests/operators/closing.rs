//! Processors are closed: once for each that was made, by the test driver and by applications, when they end and when tasks move.

use crate::common::{PATIENCE, close, config, eventually, start};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{
    AroundContext, AroundProcessor, Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, Processor, ProcessorWrapper,
    TransformContext, ValueTransformer, WrappedNode, WrappedRecord,
};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, ErrorKind, KafkaStreams, Materialized, Record, StreamsBuilder, Topology};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What was made and closed, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, what: String) {
        // one that panics has noted before
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn of(&self, verb: &str) -> Vec<String> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = notes.iter().filter_map(|note| note.strip_prefix(verb)).map(str::to_owned).collect();
        names.sort();
        names
    }

    fn made(&self, name: &str) -> Noting {
        self.note(format!("made {name}"));
        Noting { name: name.to_owned(), notes: self.clone() }
    }
}

/// User code of every kind that notes when it is closed, and panics then if its name says so.
struct Noting {
    name: String,
    notes: Notes,
}

impl Noting {
    fn closed(&self) {
        self.notes.note(format!("closed {}", self.name));
        assert!(!self.name.starts_with("failing"), "{} cannot close", self.name);
    }
}

impl Processor<String, i64, String, i64> for Noting {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        self.notes.note(format!("took {}", record.value));
        ctx.forward(record)
    }
    fn close(&mut self) {
        self.closed();
    }
}

impl FixedKeyProcessor<String, i64, i64> for Noting {
    fn process(&mut self, ctx: &mut FixedKeyContext<'_, String, i64>, record: FixedKeyRecord<'_, String, i64>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
    fn close(&mut self) {
        self.closed();
    }
}

impl ValueTransformer<String, i64, i64> for Noting {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.copied())
    }
    fn close(&mut self) {
        self.closed();
    }
}

impl AroundProcessor for Noting {
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Result<(), BoxError> {
        record.proceed(ctx)
    }
    fn close(&mut self) {
        self.closed();
    }
}

impl ProcessorWrapper for Notes {
    fn wrap(&self, node: &mut WrappedNode<'_>) {
        let notes = self.clone();
        if matches!(node.name(), "processor" | "mapped") {
            node.around((), move |setup, ()| notes.made(&format!("around {}", setup.node())));
        }
    }
}

/// One of every kind: a table's transformer that is kept, and one that is not and is read by a join, which has one more of its own.
fn of_every_kind(notes: &Notes) -> Outcome<Topology> {
    let builder = StreamsBuilder::new();
    let made = |name: &'static str| {
        let notes = notes.clone();
        move || notes.made(name)
    };
    let (processor, fixed, kept, computed) = (made("processor"), made("fixed"), made("kept"), made("computed"));
    let stream = builder.stream::<String, i64>("in").map_values_with(|value| value, "mapped");
    let stream = stream.process_with((), move |_, ()| processor(), "processor").process_values((), move |_, ()| fixed());
    let table = builder.table::<String, i64>("table");
    let _ = table.transform_values_with((), move |_, ()| kept(), Materialized::from("kept"));
    let read = table.transform_values((), move |_, ()| computed());
    stream.join_table(&read, |value, row| value + row).to("out");
    builder.processor_wrapper(notes.clone());
    Ok(builder.build()?)
}

const ALL: [&str; 7] = ["around mapped", "around processor", "computed", "computed", "fixed", "kept", "processor"];

#[test]
fn the_driver_closes_everything_once() -> Outcome {
    for by_hand in [true, false] {
        let notes = Notes::default();
        let driver = TopologyTestDriver::new(&of_every_kind(&notes)?)?;
        driver.input::<String, i64>("table").pipe("a".to_owned(), 1)?;
        driver.input::<String, i64>("in").pipe("a".to_owned(), 2)?;
        assert_eq!((notes.of("made "), notes.of("closed ")), (ALL.map(str::to_owned).to_vec(), vec![]));
        if by_hand {
            driver.close()?;
        } else {
            drop(driver);
        }
        assert_eq!(notes.of("closed "), ALL, "by hand: {by_hand}");
    }
    Ok(())
}

#[test]
fn a_last_commit_comes_before_and_nothing_after() -> Outcome {
    let (builder, notes) = (StreamsBuilder::new(), Notes::default());
    let of_processor = notes.clone();
    let counted = builder.stream::<String, i64>("in").group_by_key().reduce_with(|_, value| value, "last").to_stream();
    let told = counted.map_values(Option::unwrap_or_default).process((), move |_, ()| of_processor.made("processor"));
    told.to("out");
    let driver = TopologyTestDriver::builder(&builder.build()?).commit_by_hand().build()?;
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, i64>("out"));
    let store = driver.key_value_store::<String, i64>("last").expect("a store");
    input.pipe_all([("a".to_owned(), 1), ("a".to_owned(), 2)])?;
    assert!(output.is_empty(), "the cache holds it back");
    driver.close()?;
    let all = notes.0.lock().expect("nobody has failed").clone();
    assert_eq!(all, ["made processor", "took 2", "closed processor"]);
    assert_eq!(output.read_values()?, [2]);
    let errors = [input.pipe("a".to_owned(), 3), store.get(&"a".to_owned()).map(drop), store.put(&"a".to_owned(), None, 0)];
    assert!(errors.iter().all(|error| error.as_ref().is_err_and(|error| error.kind() == ErrorKind::Closed)), "{errors:?}");
    Ok(())
}

#[test]
fn one_that_panics_is_named_and_the_others_are_closed() -> Outcome {
    let (builder, notes) = (StreamsBuilder::new(), Notes::default());
    let mut stream = builder.stream::<String, i64>("in");
    for name in ["first", "failing-a", "middle", "failing-b", "last"] {
        let notes = notes.clone();
        stream = stream.process_with((), move |_, ()| notes.made(name), name);
    }
    let error = TopologyTestDriver::new(&builder.build()?)?.close().expect_err("two have panicked");
    let text = "task 0_0: node failing-a panicked while closing: failing-a cannot close; \
                node failing-b panicked while closing: failing-b cannot close";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::UserCode, text));
    assert_eq!(notes.of("closed "), ["failing-a", "failing-b", "first", "last", "middle"]);
    Ok(())
}

const TASKS: usize = 4;

/// `in` to `out` through a processor that is called by its task and a number of its own.
fn numbered(notes: &Notes, prefix: &'static str) -> Topology {
    let (builder, notes) = (StreamsBuilder::new(), notes.clone());
    let processed = builder.stream::<String, i64>("in").process((), move |setup, ()| {
        let number = notes.of("made ").len();
        notes.made(&format!("{prefix}{} #{number}", setup.task_id()))
    });
    processed.to("out");
    builder.build().expect("the topology is right")
}

fn cluster() -> EmbeddedCluster {
    let cluster = EmbeddedCluster::new();
    for topic in ["in", "out"] {
        cluster.create_topic(topic, TASKS as i32).expect("a new topic");
    }
    cluster
}

/// Until all tasks run, in so many threads: a thread that joins late takes tasks from one that had them all.
fn await_all_tasks(app: &KafkaStreams, threads: usize) {
    let shares = || {
        let running = app.threads().into_iter().map(|thread| thread.tasks.iter().filter(|task| task.running).count());
        running.filter(|tasks| *tasks > 0).collect::<Vec<_>>()
    };
    eventually("all tasks run", || shares() == vec![TASKS / threads; threads]);
}

/// Whatever was made was closed before its task was made anew, and once.
fn assert_one_after_the_other(notes: &Notes) {
    let all = notes.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut open = BTreeMap::new();
    for note in &all {
        let Some((verb, task, number)) = note.split_once(' ').and_then(|(verb, name)| {
            let (task, number) = name.rsplit_once(" #")?;
            Some((verb, task, number))
        }) else {
            continue;
        };
        let before = if verb == "made" { open.insert(task, number) } else { open.remove(task) };
        assert_eq!(before, (verb == "closed").then_some(number), "{note} in {all:?}");
    }
    assert!(open.is_empty(), "{open:?} were not closed: {all:?}");
}

#[test]
fn an_application_closes_them_when_tasks_move_and_at_its_end() {
    let (cluster, notes, directory) = (cluster(), Notes::default(), tempfile::tempdir().expect("a directory"));
    let app = start(&cluster, numbered(&notes, ""), config(directory.path()).set("num.stream.threads", "2"));
    await_all_tasks(&app, 2);
    let closed = || notes.of("closed ").len();
    let before = closed();
    assert_eq!(notes.of("made ").len(), TASKS + before);
    app.remove_thread(PATIENCE).expect("it answers");
    await_all_tasks(&app, 1);
    assert!(closed() > before, "tasks of the thread that is gone have moved");
    assert_eq!(notes.of("made ").len(), TASKS + closed());
    close(&app);
    assert_one_after_the_other(&notes);
}

#[test]
fn one_that_panics_keeps_no_application_from_closing() {
    let (cluster, notes, directory) = (cluster(), Notes::default(), tempfile::tempdir().expect("a directory"));
    for round in 1..=2 {
        let app = start(&cluster, numbered(&notes, "failing "), config(directory.path()));
        await_all_tasks(&app, 1);
        for partition in 0..TASKS as i32 {
            cluster.produce("in", Some(partition), Some(b"a"), Some(&1_i64.to_be_bytes()), 1).expect("the record is taken");
        }
        let written = || cluster.read_topic("out").expect("the topic is there").len();
        eventually("all is written", || written() >= round * TASKS);
        close(&app);
        assert_eq!(written(), round * TASKS, "what was committed is not done again");
        assert_eq!(notes.of("closed "), notes.of("made "));
    }
    assert_one_after_the_other(&notes);
}

//! Code around processors: it sees and changes what they get, takes their place, and keeps state of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::handlers::{Handlers, Response};
use streams_core::processor::{
    AroundContext, AroundProcessor, Context, KeyValueStore, Processor, ProcessorWrapper, PunctuationType, TimerId, WrappedNode,
    WrappedPunctuation, WrappedRecord,
};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Change, Headers, Record, StreamsBuilder};

type Outcome<T = ()> = Result<T, BoxError>;

fn record<K, V>(key: K, value: V, timestamp: i64) -> Record<K, V> {
    Record { key, value, timestamp, headers: Headers::new() }
}

/// Puts everything of a topology into a list.
struct Notes(Arc<Mutex<Vec<String>>>);

struct Noted {
    node: String,
    notes: Arc<Mutex<Vec<String>>>,
}

impl ProcessorWrapper for Notes {
    fn wrap(&self, node: &mut WrappedNode<'_>) {
        let notes = self.0.clone();
        if node.name() != "unwrapped" {
            node.around((), move |setup, ()| Noted { node: setup.node().to_string(), notes: notes.clone() });
        }
    }
}

impl Noted {
    fn note(&self, what: impl std::fmt::Display) {
        self.notes.lock().expect("nobody has failed").push(format!("{} {what}", self.node));
    }
}

impl AroundProcessor for Noted {
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Outcome {
        let value = record.value::<i64>().copied().or_else(|| record.value::<Change<i64>>().and_then(|change| change.new));
        if value == Some(13) {
            self.note("leaves out");
            return Ok(());
        }
        self.note(format!("takes {:?} of {:?} at {}", value, record.key::<String>(), record.timestamp()));
        let result = record.proceed(ctx);
        self.note("is done");
        result
    }
    fn around_punctuation(&mut self, ctx: &mut AroundContext<'_>, punctuation: WrappedPunctuation<'_>) -> Outcome {
        self.note(format!("ticks at {}", punctuation.time()));
        punctuation.proceed(ctx)
    }
}

struct Ticks;

impl Processor<String, i64, String, i64> for Ticks {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
    fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, _: TimerId, time: i64) -> Result<(), BoxError> {
        ctx.forward(record("tick".to_owned(), 1, time))
    }
}

#[test]
fn code_goes_around_processors_of_the_dsl_and_of_users() -> Outcome {
    let builder = StreamsBuilder::new();
    let ticking = builder.stream::<String, i64>("in").process_with(
        (),
        |setup, ()| {
            setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1));
            Ticks
        },
        "ticks",
    );
    ticking
        .map_values_with(|value| value, "unwrapped")
        .group_by_key()
        .reduce_with(|sum, value| sum + value, "sums")
        .to_stream_with("told")
        .to("out");
    let plain = builder.build()?;
    let notes = Arc::new(Mutex::new(Vec::new()));
    builder.processor_wrapper(Notes(notes.clone()));
    let wrapped = builder.build()?;
    assert_eq!(plain.describe(), wrapped.describe());
    let mut driver = TopologyTestDriver::builder(&wrapped).wall_clock(0).build()?;
    driver.input::<String, i64>("in").pipe_at("a".to_owned(), 5, 100)?;
    driver.input::<String, i64>("in").pipe_at("a".to_owned(), 8, 101)?;
    driver.advance_wall_clock(Duration::from_secs(1))?;
    // the sum of both is 13, which the last node's wrapper leaves out
    assert_eq!(driver.output::<String, Option<i64>>("out").read_all()?, [("a".to_owned(), Some(5)), ("tick".to_owned(), Some(1))]);
    let notes = notes.lock().expect("nobody has failed");
    let about = |node: &str| notes.iter().filter(|note| note.starts_with(node)).map(String::as_str).collect::<Vec<_>>();
    assert_eq!(
        about("ticks"),
        [
            r#"ticks takes Some(5) of Some("a") at 100"#,
            "ticks is done",
            r#"ticks takes Some(8) of Some("a") at 101"#,
            "ticks is done",
            "ticks ticks at 1000"
        ]
    );
    assert_eq!(
        about("told"),
        [
            r#"told takes Some(5) of Some("a") at 100"#,
            "told is done",
            "told leaves out",
            r#"told takes Some(1) of Some("tick") at 1000"#,
            "told is done"
        ]
    );
    assert_eq!(about("unwrapped").len(), 0);
    assert!(notes.iter().any(|note| note.starts_with("KSTREAM-REDUCE-")), "{notes:?}");
    Ok(())
}

/// Doubles what one processor gets.
struct Twice;

impl ProcessorWrapper for Twice {
    fn wrap(&self, node: &mut WrappedNode<'_>) {
        if node.name() == "wrapped" {
            node.around((), |_, ()| Twice);
        }
    }
}

impl AroundProcessor for Twice {
    fn process(&mut self, ctx: &mut AroundContext<'_>, mut record: WrappedRecord<'_>) -> Outcome {
        assert!(record.value_mut::<String>().is_none(), "it is of another type");
        *record.value_mut::<i64>().expect("it is of this type") *= 2;
        record.proceed(ctx)
    }
}

#[test]
fn a_wrapper_changes_the_value_for_its_processor_alone() -> Outcome {
    let builder = StreamsBuilder::new();
    let input = builder.stream::<String, i64>("in");
    input.map_values_with(|value| value + 1, "wrapped").to("out");
    input.map_values_with(|value| value + 1, "beside").to("beside");
    builder.processor_wrapper(Twice);
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    driver.input::<String, i64>("in").pipe("a".to_owned(), 5)?;
    let out = |topic: &str| driver.output::<String, i64>(topic).read_values();
    assert_eq!((out("out")?, out("beside")?), (vec![11], vec![6]));
    Ok(())
}

/// A wrapper that is a closure.
struct By<F>(F);

impl<F: Fn(&mut WrappedNode<'_>) + Send + Sync + 'static> ProcessorWrapper for By<F> {
    fn wrap(&self, node: &mut WrappedNode<'_>) {
        (self.0)(node);
    }
}

/// Takes the place of a processor: tells the length of each value, to the child of the value's name if there is one, and fails for `fail`.
struct Lengths;

impl AroundProcessor for Lengths {
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Outcome {
        assert_eq!(ctx.record_metadata().map(|metadata| metadata.topic.to_owned()), Some("in".to_owned()));
        let record = record.into_record::<String, i64>().expect_err("the values are texts").into_record::<String, String>();
        let Record { key, value, timestamp, headers } = record.expect("the values are texts");
        match &*value {
            "fail" => return Err("as asked".into()),
            "number" => return ctx.forward(Record { key, value: 5_i64, timestamp, headers }),
            "input" => return ctx.process(Record { key, value: 5_i64, timestamp, headers }),
            "time" => return ctx.forward(Record { key, value: "6".to_owned(), timestamp: -1, headers }),
            _ => {}
        }
        let told = Record { key, value: value.len().to_string(), timestamp: timestamp + 1, headers };
        if value.starts_with("child") { ctx.forward_to(&value, told) } else { ctx.forward(told) }
    }
}

#[test]
fn a_wrapper_takes_the_place_of_a_processor() -> Outcome {
    let builder = StreamsBuilder::new();
    let texts = builder.stream::<String, String>("in").map_values_with(|_| panic!("it is replaced"), "replaced");
    texts.map_values_with(|value: String| format!("1 {value}"), "child-1").to("one");
    texts.map_values_with(|value: String| format!("2 {value}"), "child-2").to("two");
    builder.processor_wrapper(By(|node: &mut WrappedNode<'_>| {
        if node.name() == "replaced" {
            assert!(node.takes::<String, String>() && node.gives::<String, String>() && !node.takes::<String, i64>());
            node.around((), |_, ()| Lengths);
        }
    }));
    let failures = Arc::new(Mutex::new(Vec::new()));
    let seen = failures.clone();
    let handler = move |context: &streams_core::handlers::ErrorContext<'_>, error: &streams_core::Error| {
        seen.lock().expect("nobody has failed").push(format!("{}: {error}", context.node));
        Response::Resume
    };
    let config = StreamsConfig::new("app", "embedded");
    let handlers = Handlers { processing: Arc::new(handler), ..Handlers::from_settings(&config.settings()?) };
    let driver = TopologyTestDriver::builder(&builder.build()?).config(config).handlers(handlers).build()?;
    for value in ["four", "child-2", "child-3", "number", "input", "time", "fail", "seven77"] {
        driver.input::<String, String>("in").pipe_at("a".to_owned(), value.to_owned(), 10)?;
    }
    let out = |topic: &str| driver.output::<String, String>(topic).read_values();
    assert_eq!(
        (out("one")?, out("two")?),
        (vec!["1 4".to_owned(), "1 7".to_owned()], vec!["2 4".to_owned(), "2 7".to_owned(), "2 7".to_owned()])
    );
    let failures = failures.lock().expect("nobody has failed");
    let expected = [
        "replaced: user code failed: a record was forwarded to child-3, which does not follow this node: it has child-1, child-2",
        "replaced: user code failed: node replaced gives (alloc::string::String, alloc::string::String) as (key, value), and \
         (alloc::string::String, i64) was forwarded: ask `WrappedNode::gives` first",
        "replaced: user code failed: node replaced takes (alloc::string::String, alloc::string::String) as (key, value), and is to process \
         (alloc::string::String, i64): ask `WrappedNode::takes` first",
        "replaced: user code failed: a record was forwarded with the negative timestamp -1: times are milliseconds since 1970, give it one of 0 or \
         later",
        "replaced: user code failed: as asked",
    ];
    assert_eq!(*failures, expected);
    Ok(())
}

/// Keeps the newest record of each key, and has it processed once a second.
struct Slower {
    waiting: KeyValueStore<String, i64>,
}

impl AroundProcessor for Slower {
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Outcome {
        match record.into_record::<String, i64>() {
            Ok(record) => self.waiting.put_at(ctx, &record.key, record.value, record.timestamp),
            Err(other) => other.proceed(ctx),
        }
    }
    fn punctuate(&mut self, ctx: &mut AroundContext<'_>, _: TimerId, _: i64) -> Outcome {
        let mut rows = Vec::new();
        for row in self.waiting.iter().with_timestamps() {
            rows.push(row?);
        }
        for (key, value, timestamp) in rows {
            self.waiting.delete(ctx, &key)?;
            ctx.process(record(key, value, timestamp))?;
        }
        Ok(())
    }
}

fn slower(node: &mut WrappedNode<'_>) {
    if node.name() == "costly" {
        let waiting = node.add_state_store(Stores::key_value::<String, i64>("costly-waiting"));
        node.around(waiting, |setup, waiting| {
            setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1));
            Slower { waiting }
        });
    }
}

#[test]
fn a_wrapper_keeps_records_in_a_store_of_its_own_and_has_them_processed_later() -> Outcome {
    let builder = StreamsBuilder::new();
    // the processor has a punctuation, too: neither is taken for the other
    let costly = builder.stream::<String, i64>("in").process_with(
        (),
        |setup, ()| {
            setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(2));
            Ticks
        },
        "costly",
    );
    costly.to("out");
    builder.processor_wrapper(By(slower));
    // each building asks anew
    let described = builder.build()?.describe();
    assert!(described.contains("Processor: costly (stores: [costly-waiting])"), "{described}");
    let config = StreamsConfig::new("app", "embedded").topology_optimization(TopologyOptimization::ALL);
    let topology = builder.build_with(&config)?;
    assert_eq!(topology.describe(), described);
    let mut driver = TopologyTestDriver::builder(&topology).wall_clock(0).config(config).build()?;
    let mut input = driver.input::<String, i64>("in");
    for (key, value, time) in [("a", 1, 10), ("b", 2, 11), ("a", 3, 12)] {
        input.pipe_at(key.to_owned(), value, time)?;
    }
    let mut out = driver.output::<String, i64>("out");
    assert_eq!(out.read_values()?, Vec::<i64>::new());
    driver.advance_wall_clock(Duration::from_secs(1))?;
    let told = out.read_records()?.into_iter().map(|record| (record.key, record.value, record.timestamp));
    assert_eq!(told.collect::<Vec<_>>(), [("a".to_owned(), 3, 12), ("b".to_owned(), 2, 11)]);
    driver.advance_wall_clock(Duration::from_secs(1))?;
    assert_eq!(out.read_all()?, [("tick".to_owned(), 1)]);
    assert!(driver.produced_topic_names().iter().any(|topic| topic.ends_with("-costly-waiting-changelog")));
    Ok(())
}

#[test]
fn a_store_that_wrappers_share_makes_one_sub_topology() -> Outcome {
    let builder = StreamsBuilder::new();
    let shared = builder.add_state_store(Stores::key_value::<String, i64>("shared"));
    for side in ["left", "right"] {
        let values = builder.stream::<String, i64>(side).map_values_with(|value| value, format!("{side}-values"));
        values.to(&format!("{side}-out"));
    }
    assert_eq!(builder.build()?.description().subtopologies.len(), 2);
    builder.processor_wrapper(By(move |node: &mut WrappedNode<'_>| node.around(shared.clone(), |_, waiting| Slower { waiting })));
    assert_eq!(builder.build()?.description().subtopologies.len(), 1);
    Ok(())
}

#[test]
fn mistakes_of_wrappers_are_told_when_the_topology_is_built() -> Outcome {
    let told = |wrap: fn(&mut WrappedNode<'_>)| {
        let builder = StreamsBuilder::new();
        let _ = builder.global_table_with::<String, i64>("global", Default::default(), "kept");
        builder.stream::<String, i64>("in").group_by_key().count_with("counts").to_stream_with("told").to("out");
        builder.processor_wrapper(By(wrap));
        builder.build().map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(told(|node| node.around((), |_, ()| Twice)), Ok(()));
    let twice = told(|node| {
        if node.name() == "told" {
            node.around((), |_, ()| Twice);
            node.around((), |_, ()| Lengths);
        }
    });
    assert_eq!(twice, Err("invalid topology: node told is wrapped twice: put one into the other".to_owned()));
    let taken = told(|node| {
        if node.name() == "told" {
            node.add_state_store(Stores::key_value::<String, i64>("counts"));
        }
    });
    assert_eq!(
        taken,
        Err("invalid topology: there are two stores of the name counts, one of node KSTREAM-AGGREGATE-0000000003 and one of node told: give one \
             of them another name"
            .to_owned())
    );
    let invalid = told(|node| {
        if node.name() == "told" {
            node.add_state_store(Stores::key_value::<String, i64>("a/b"));
        }
    });
    assert!(invalid.as_ref().is_err_and(|error| error.contains("a/b")), "{invalid:?}");
    let foreign = told(|node| {
        if node.name() == "told" {
            let other = StreamsBuilder::new().add_state_store(Stores::key_value::<String, i64>("other"));
            node.around(other, |_, waiting| Slower { waiting });
        }
    });
    assert_eq!(foreign, Err("invalid topology: the wrapper of node told uses store other of another builder or node".to_owned()));
    let global = told(|node| {
        let store = node.add_state_store(Stores::key_value::<String, i64>(format!("{}-beside", node.name())));
        node.around(store, |_, waiting| Slower { waiting });
    });
    assert_eq!(
        global,
        Err("invalid topology: the wrapper of node KTABLE-SOURCE-0000000001 uses store KTABLE-SOURCE-0000000001-beside, but the node keeps a global \
             store and can have no other"
            .to_owned())
    );
    Ok(())
}

//! What user code may ask its context, what goes around processors, and processors alone.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::config::StreamsConfig;
use streams_core::processor::{
    AroundProcessor, Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore, Processor, ProcessorWrapper,
    PunctuationType, TimerId, TransformContext, ValueTransformer, WrappedPunctuation, WrappedRecord,
};
use streams_core::state::Stores;
use streams_core::testing::{MockProcessorContext, TopologyTestDriver};
use streams_core::{BoxError, Change, Headers, Record, StreamsBuilder, TaskId};

type Outcome<T = ()> = Result<T, BoxError>;

fn record<K, V>(key: K, value: V, timestamp: i64) -> Record<K, V> {
    Record { key, value, timestamp, headers: Headers::new() }
}

/// Tells what its context and its setup say.
struct Tells {
    at_setup: String,
}

impl Processor<String, String, String, String> for Tells {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let limits = ctx.app_configs_with_prefix("my.limits.");
        let (dir, threads) = (ctx.state_dir(), &ctx.app_configs()["num.stream.threads"]);
        let here = format!("{} {limits:?} {} {threads} {}", ctx.application_id(), dir.display(), ctx.task_id());
        assert_eq!(here, self.at_setup);
        ctx.forward(Record { value: here, ..record })
    }
}

#[test]
fn contexts_know_the_application() -> Outcome {
    let builder = StreamsBuilder::new();
    let told = builder.stream::<String, String>("in").process_with(
        (),
        |setup, ()| {
            let limits = setup.app_configs_with_prefix("my.limits.");
            let (dir, threads) = (setup.state_dir(), &setup.app_configs()["num.stream.threads"]);
            assert_eq!((&*setup.node(), setup.wall_clock(), setup.stream_time()), ("teller", 77, None));
            let at_setup = format!("{} {limits:?} {} {threads} {}", setup.application_id(), dir.display(), setup.task_id());
            Tells { at_setup }
        },
        "teller",
    );
    told.to("out");
    let config = StreamsConfig::new("app", "embedded").set("state.dir", "/data").set("my.limits.low", "3").set("my.limits.secret", "s");
    let driver = TopologyTestDriver::builder(&builder.build()?).config(config).wall_clock(77).build()?;
    driver.input::<String, String>("in").pipe("k".to_owned(), String::new())?;
    let told = driver.output::<String, String>("out").read()?.expect("a record").1;
    assert_eq!(told, r#"app {"low": "3", "secret": "s"} /data/app/0_0 1 0_0"#);
    Ok(())
}

/// Puts everything of a topology into a list.
struct Notes(Arc<Mutex<Vec<String>>>);

struct Noted {
    node: String,
    notes: Arc<Mutex<Vec<String>>>,
}

impl ProcessorWrapper for Notes {
    fn wrap(&self, task: TaskId, node: &str) -> Option<Box<dyn AroundProcessor>> {
        assert_eq!(task.partition, 0);
        (node != "unwrapped").then(|| Box::new(Noted { node: node.to_owned(), notes: self.0.clone() }) as Box<dyn AroundProcessor>)
    }
}

impl Noted {
    fn note(&self, what: impl std::fmt::Display) {
        self.notes.lock().expect("nobody has failed").push(format!("{} {what}", self.node));
    }
}

impl AroundProcessor for Noted {
    fn process(&mut self, record: WrappedRecord<'_>) -> streams_core::Result<()> {
        let value = record.value::<i64>().copied().or_else(|| record.value::<Change<i64>>().and_then(|change| change.new));
        if value == Some(13) {
            self.note("leaves out");
            return Ok(());
        }
        self.note(format!("takes {:?} of {:?} at {}", value, record.key::<String>(), record.timestamp()));
        let result = record.proceed();
        self.note("is done");
        result
    }
    fn punctuate(&mut self, punctuation: WrappedPunctuation<'_>) -> streams_core::Result<()> {
        self.note(format!("ticks at {}", punctuation.time()));
        punctuation.proceed()
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
    let wrapped = plain.with_processor_wrapper(Notes(notes.clone()));
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

/// Sends even values to one child, odd ones to all, and stops its punctuation at 0.
struct Sorts {
    seen: KeyValueStore<String, i64>,
    timer: TimerId,
}

impl Processor<String, i64, String, i64> for Sorts {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        self.seen.put(ctx, &record.key, record.value)?;
        match record.value {
            0 => ctx.cancel(self.timer),
            value if value < 0 => ctx.request_commit(),
            value if value % 2 == 0 => return ctx.forward_to("even", record),
            _ => {}
        }
        ctx.forward(record)
    }
    fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, _: TimerId, time: i64) -> Result<(), BoxError> {
        assert_eq!(ctx.record_metadata(), None);
        ctx.forward(record("time".to_owned(), time, time))
    }
}

#[test]
fn a_processor_alone_is_seen_through() -> Outcome {
    let mut mock = MockProcessorContext::<String, i64>::new()?;
    let seen = mock.add_state_store(Stores::key_value::<String, i64>("seen"))?;
    let mut sorts = mock.setup(|setup| Sorts { seen, timer: setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1)) });
    let error = mock.process(&mut sorts, record("a".to_owned(), 2, 10)).expect_err("there is no child");
    assert!(error.to_string().contains("even"), "{error}");
    mock.add_child("odd");
    mock.add_child("even");
    for value in [1, 2, 4, 3] {
        mock.process(&mut sorts, record("a".to_owned(), value, value))?;
    }
    let told: Vec<_> = mock.forwarded().into_iter().map(|forward| (forward.record.value, forward.child)).collect();
    assert_eq!(told, [(1, None), (2, Some("even".into())), (4, Some("even".into())), (3, None)]);
    let to = |mock: &MockProcessorContext<String, i64>, child| mock.forwarded_to(child).iter().map(|r| r.value).collect::<Vec<_>>();
    assert_eq!((to(&mock, "even"), to(&mock, "odd")), (vec![1, 2, 4, 3], vec![1, 3]));
    assert_eq!(sorts.seen.get_with_timestamp(&"a".to_owned())?, Some((3, 3)));
    assert_eq!(mock.context().stream_time(), Some(10));

    mock.reset_forwards();
    assert_eq!(mock.punctuate_until(&mut sorts, PunctuationType::WallClockTime, 999)?, 0);
    assert_eq!(mock.punctuate_until(&mut sorts, PunctuationType::WallClockTime, 5_000)?, 1);
    assert_eq!(mock.forwarded_to("odd"), [record("time".to_owned(), 5_000, 5_000)]);
    let scheduled = mock.scheduled_punctuations();
    assert_eq!((scheduled.len(), scheduled[0].interval, scheduled[0].cancelled), (1, Duration::from_secs(1), false));
    mock.process(&mut sorts, record("a".to_owned(), 0, 0))?;
    assert!(mock.scheduled_punctuations()[0].cancelled);
    assert_eq!(mock.punctuate_until(&mut sorts, PunctuationType::WallClockTime, 50_000)?, 0);

    assert!(!mock.commit_requested());
    mock.process(&mut sorts, record("a".to_owned(), -1, 0))?;
    assert!(mock.commit_requested());
    mock.reset_commit();
    assert!(!mock.commit_requested());
    Ok(())
}

/// Adds where the record comes from.
struct Placed;

impl FixedKeyProcessor<String, i64, String> for Placed {
    fn process(&mut self, ctx: &mut FixedKeyContext<'_, String, String>, record: FixedKeyRecord<'_, String, i64>) -> Result<(), BoxError> {
        let from = ctx.record_metadata().map(|m| format!("{}-{}@{}", m.topic, m.partition, m.offset));
        let mut headers = record.headers().clone();
        headers.add("placed", "yes");
        let placed = record.map_value(|value| format!("{value} from {from:?}"));
        ctx.forward(placed.with_headers(&headers).with_timestamp(9))
    }
}

struct Timed;

impl ValueTransformer<String, i64, i64> for Timed {
    fn transform(&mut self, ctx: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        ctx.metrics().counter("rows_timed_total", "Rows").add(1);
        Ok(value.map(|value| value + ctx.timestamp()))
    }
}

#[test]
fn so_are_fixed_key_processors_and_transformers() -> Outcome {
    let mut mock = MockProcessorContext::<String, String>::new()?;
    mock.process_values(&mut Placed, record("a".to_owned(), 1, 5))?;
    mock.set_record_metadata("in", 3, 77);
    mock.process_values(&mut Placed, record("a".to_owned(), 2, 6))?;
    let told = mock.forwarded();
    assert_eq!((&*told[0].record.value, &*told[1].record.value), ("1 from None", "2 from Some(\"in-3@77\")"));
    assert_eq!((told[1].record.timestamp, told[1].record.headers.len()), (9, 1));

    let key = "a".to_owned();
    assert_eq!(mock.transform(&mut Timed, &key, Some(&40), 2, &Headers::new())?, Some(42));
    assert_eq!(mock.transform(&mut Timed, &key, None, 2, &Headers::new())?, None);
    Ok(())
}

/// Counts its punctuations, whatever it is.
struct Ticking(Vec<(TimerId, i64)>);

impl FixedKeyProcessor<String, i64, String> for Ticking {
    fn process(&mut self, _: &mut FixedKeyContext<'_, String, String>, _: FixedKeyRecord<'_, String, i64>) -> Result<(), BoxError> {
        Ok(())
    }
    fn punctuate(&mut self, ctx: &mut FixedKeyContext<'_, String, String>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        assert!(ctx.record_metadata().is_none());
        self.0.push((timer, time));
        Ok(())
    }
}

impl ValueTransformer<String, i64, i64> for Ticking {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.copied())
    }
    fn punctuate(&mut self, ctx: &mut TransformContext<'_>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        assert_eq!((ctx.timestamp(), ctx.headers().len()), (time, 0));
        self.0.push((timer, time));
        if time > 9_000 { Err("too late".into()) } else { Ok(()) }
    }
}

#[test]
fn their_punctuations_are_called_when_they_are_due() -> Outcome {
    let mut mock = MockProcessorContext::<String, String>::new()?;
    mock.set_record_metadata("in", 3, 77);
    let mut timers = Vec::new();
    let mut ticking = mock.setup(|setup| {
        timers.push(setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1)));
        timers.push(setup.schedule(PunctuationType::StreamTime, Duration::from_secs(1)));
        Ticking(Vec::new())
    });
    let (wall_clock, stream_time) = (PunctuationType::WallClockTime, PunctuationType::StreamTime);
    assert_eq!(mock.punctuate_values_until(&mut ticking, wall_clock, 999)?, 0);
    assert_eq!(mock.punctuate_values_until(&mut ticking, wall_clock, 1_000)?, 1);
    assert_eq!(mock.punctuate_transformer_until(&mut ticking, stream_time, 4_500)?, 1);
    assert_eq!(mock.punctuate_transformer_until(&mut ticking, wall_clock, 5_000)?, 1);
    assert_eq!(ticking.0, [(timers[0], 1_000), (timers[1], 4_500), (timers[0], 5_000)]);
    let error = mock.punctuate_transformer_until(&mut ticking, wall_clock, 10_000).expect_err("it is the transformer's");
    assert_eq!(error.to_string(), "too late");
    Ok(())
}

/// Doubles what one processor gets.
struct Twice;

impl ProcessorWrapper for Twice {
    fn wrap(&self, _: TaskId, node: &str) -> Option<Box<dyn AroundProcessor>> {
        (node == "wrapped").then(|| Box::new(Twice) as Box<dyn AroundProcessor>)
    }
}

impl AroundProcessor for Twice {
    fn process(&mut self, mut record: WrappedRecord<'_>) -> streams_core::Result<()> {
        assert!(record.value_mut::<String>().is_none(), "it is of another type");
        *record.value_mut::<i64>().expect("it is of this type") *= 2;
        record.proceed()
    }
}

#[test]
fn a_wrapper_changes_the_value_for_its_processor_alone() -> Outcome {
    let builder = StreamsBuilder::new();
    let input = builder.stream::<String, i64>("in");
    input.map_values_with(|value| value + 1, "wrapped").to("out");
    input.map_values_with(|value| value + 1, "beside").to("beside");
    let driver = TopologyTestDriver::new(&builder.build()?.with_processor_wrapper(Twice))?;
    driver.input::<String, i64>("in").pipe("a".to_owned(), 5)?;
    let out = |topic: &str| driver.output::<String, i64>(topic).read_values();
    assert_eq!((out("out")?, out("beside")?), (vec![11], vec![6]));
    Ok(())
}

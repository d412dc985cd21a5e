//! What user code may ask its context, and processors alone.

use crate::common::{close, cluster, config, eventually, start};
use std::time::Duration;
use streams_core::config::StreamsConfig;
use streams_core::processor::{
    Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore, Processor, PunctuationType, TimerId, TransformContext,
    ValueTransformer,
};
use streams_core::state::Stores;
use streams_core::testing::{MockProcessorContext, TopologyTestDriver};
use streams_core::{BoxError, Headers, Record, StreamsBuilder, TaskId};

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

#[test]
fn a_mock_is_the_task_that_it_is_told_to_be() -> Outcome {
    let mut mock = MockProcessorContext::<String, String>::new()?;
    let task = TaskId { subtopology: 2, partition: 7 };
    assert_ne!(mock.context().task_id(), task);
    mock.set_task_id(task);
    assert_eq!(mock.context().task_id(), task);
    assert_eq!(mock.setup(|setup| setup.task_id()), task);
    Ok(())
}

/// Asks for a commit behind each record that says so.
struct Asks;

impl Processor<String, String, String, String> for Asks {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        if record.value == "commit" {
            ctx.request_commit();
        }
        ctx.forward(record)
    }
}

#[test]
fn an_application_commits_when_a_processor_asks() -> Outcome {
    let (cluster, directory) = (cluster(), tempfile::tempdir()?);
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>("lines").process((), |_, ()| Asks).to("counts");
    let config = config(directory.path()).set("commit.interval.ms", "3600000");
    let app = start(&cluster, builder.build()?, config);
    let put = |value: &str| cluster.produce("lines", Some(0), Some(b"k"), Some(value.as_bytes()), 1_000).expect("the record is taken");
    let committed = || cluster.committed_offset("app", "lines", 0).map_or(0, |committed| committed.offset);
    put("no");
    eventually("the output", || cluster.read_topic("counts").expect("the topic is there").len() == 1);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(committed(), 0, "nobody has asked, and the interval is an hour");
    put("commit");
    eventually("the commit", || committed() == 2);
    close(&app);
    Ok(())
}

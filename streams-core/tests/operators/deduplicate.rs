//! Deduplication record by record, compared with a model that remembers everything; and over restarts, aborts and crashes.

use crate::common::{close, eventually, start};
use crate::one_partition::{self, cluster, config_that_aborts, feed, time};
use std::time::Duration;
use streams_core::cluster::embedded::{EmbeddedCluster, OwnedRecord};
use streams_core::testing::TopologyTestDriver;
use streams_core::{Deduplicated, KStream, StreamsBuilder, Topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

/// Records of three keys and four ids whose times go forth, sometimes far, and back.
fn records(seed: u64, count: usize) -> Vec<(String, i64, i64)> {
    let mut random = seed;
    let mut next = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    };
    let mut now = 0;
    let record = |_| {
        now += if next(20) == 0 { 40 } else { next(4) };
        (["a", "b", "c"][next(3) as usize].to_owned(), next(4), (now - next(30)).max(0))
    };
    (0..count).map(record).collect()
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    within: i64,
    /// The default without.
    grace: Option<i64>,
    pass_late: bool,
    by_id: bool,
}

impl Shape {
    fn grace(&self) -> i64 {
        self.grace.unwrap_or(self.within)
    }

    fn attach(self, stream: &KStream<String, i64>) -> KStream<String, i64> {
        fn options<I: streams_core::Data + streams_core::serde::DefaultSerde>(shape: Shape) -> Deduplicated<String, i64, I> {
            let options = shape.grace.map_or_else(Deduplicated::default, |grace| Deduplicated::default().grace(ms(grace)));
            if shape.pass_late { options.pass_late_records() } else { options }
        }
        match self.by_id {
            false => stream.deduplicate_by_key_with(ms(self.within), options(self)),
            true => stream.deduplicate_by_key_value_with(|_, value| *value, ms(self.within), options::<i64>(self)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    Duplicate,
    Late,
}

/// All records that were passed on.
#[derive(Default)]
struct Model {
    stream_time: i64,
    passed: Vec<(String, i64, i64)>,
    /// The newest record whose id was kept.
    kept_time: i64,
}

impl Model {
    fn judge(&mut self, shape: Shape, (key, id, time): &(String, i64, i64)) -> Fate {
        self.stream_time = self.stream_time.max(*time);
        let late = *time < self.stream_time - shape.grace();
        if late && !shape.pass_late {
            return Fate::Late;
        }
        // ids are forgotten by spans of time, some a little later than they could be
        let span = |at: i64| at - at % (shape.within + 1);
        let forgotten = |at: i64| span(at) < span(self.kept_time) - 2 * shape.within - shape.grace();
        let repeats = |(of, other, at): &(String, i64, i64)| {
            of == key && (!shape.by_id || other == id) && (at - time).abs() <= shape.within && !(shape.pass_late && forgotten(*at))
        };
        if self.passed.iter().any(repeats) {
            return Fate::Duplicate;
        }
        if !forgotten(*time) {
            self.passed.push((key.clone(), *id, *time));
            self.kept_time = self.kept_time.max(*time);
        }
        Fate::Passes
    }
}

#[test]
fn each_record_is_judged_by_all_that_were_passed_on() -> Outcome {
    let mut seed = 0;
    for (within, grace) in [(0, None), (5, None), (10, Some(0)), (10, Some(3)), (5, Some(100)), (25, Some(10))] {
        for (pass_late, by_id) in [(false, false), (false, true), (true, false), (true, true)] {
            let shape = Shape { within, grace, pass_late, by_id };
            seed += 1;
            let builder = StreamsBuilder::new();
            shape.attach(&builder.stream("in")).to("out");
            let driver = TopologyTestDriver::new(&builder.build()?)?;
            let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, i64>("out"));
            let (mut model, mut fates) = (Model::default(), Vec::new());
            for (n, record) in records(seed, 600).into_iter().enumerate() {
                let fate = model.judge(shape, &record);
                fates.push(fate);
                input.pipe_at(record.0.clone(), record.1, record.2)?;
                let out: Vec<_> = output.read_records()?.into_iter().map(|out| (out.key, out.value, out.timestamp)).collect();
                let expected = if fate == Fate::Passes { vec![record.clone()] } else { Vec::new() };
                assert_eq!(out, expected, "record {n} of {shape:?}: {record:?} {fate:?}, stream time {}", model.stream_time);
            }
            let count = |fate| fates.iter().filter(|other| **other == fate).count();
            let dropped = |reason| driver.metrics().sum("streams_records_dropped_total", &[("reason", reason)]);
            assert!(count(Fate::Passes) > 20 && count(Fate::Duplicate) > if within > 0 { 20 } else { 0 }, "{shape:?}");
            assert_eq!(count(Fate::Late) > 0, !pass_late && shape.grace() < 30, "{shape:?}");
            assert_eq!(dropped("duplicate"), Some(count(Fate::Duplicate) as f64), "{shape:?}");
            assert_eq!(dropped("late"), Some(count(Fate::Late) as f64), "{shape:?}");
        }
    }
    Ok(())
}

#[test]
fn several_records_made_of_one_are_told_apart() -> Outcome {
    let builder = StreamsBuilder::new();
    let stream = builder.stream::<String, i64>("in").flat_map_values(|value| vec![value, value + 1, value]);
    stream.deduplicate_by_key_value(|_, value| *value, ms(10)).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    driver.input::<String, i64>("in").pipe("a".to_owned(), 1)?;
    assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_owned(), 1), ("a".to_owned(), 2)]);
    Ok(())
}

#[test]
fn records_without_an_id_or_a_value_pass() -> Outcome {
    let builder = StreamsBuilder::new();
    let stream = builder.stream::<String, Option<i64>>("in");
    stream.deduplicate_by_key_value(|_, value| *value, ms(10)).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, Option<i64>>("in");
    for value in [None, Some(1), None, Some(1)] {
        input.pipe("a".to_owned(), value)?;
    }
    let values: Vec<_> = driver.output::<String, Option<i64>>("out").read_all()?.into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, [None, Some(1), None]);
    Ok(())
}

#[test]
fn a_stream_with_a_new_key_is_repartitioned_first() -> Outcome {
    let builder = StreamsBuilder::new();
    let stream = builder.stream::<String, String>("in").select_key(|_, value| value.clone());
    let distinct = stream.deduplicate_by_key_with(ms(10), Deduplicated::from("distinct").store_name("ids"));
    let _ = distinct.group_by_key().count_with("counts");
    let topology = builder.build()?;
    let text = topology.describe();
    assert!(text.contains("Processor: distinct (stores: [ids])"), "{text}");
    assert!(text.contains("distinct-repartition"), "{text}");
    assert_eq!(text.matches("-repartition)").count(), 1, "the count needs none of its own: {text}");
    let driver = TopologyTestDriver::new(&topology)?;
    let mut input = driver.input::<String, String>("in");
    for key in ["1", "2", "3"] {
        input.pipe(key.to_owned(), "same".to_owned())?;
    }
    assert_eq!(driver.key_value_store::<String, u64>("counts").and_then(|counts| counts.get(&"same".to_owned()).ok()?), Some(1));
    Ok(())
}

fn topology() -> Topology {
    let builder = StreamsBuilder::new();
    let stream = builder.stream::<String, String>("in").peek(|_, value| assert_ne!(value, "boom"));
    stream.deduplicate_by_key_with(Duration::from_secs(10), Deduplicated::from("distinct").store_name("ids")).to("out");
    builder.build().expect("the topology is right")
}

const CHANGELOG: &str = "app-ids-changelog";

/// Key and second of what is committed.
fn results(cluster: &EmbeddedCluster) -> Vec<(String, i64)> {
    let records = cluster.read_committed("out", 0, 0).expect("the topic is there");
    let result =
        |record: OwnedRecord| (String::from_utf8(record.key.expect("a key")).expect("a text"), (record.timestamp - time(0)) / 1000);
    records.into_iter().map(result).collect()
}

fn run(cluster: &EmbeddedCluster, guarantee: &str, records: &[(&str, i64)]) {
    one_partition::run(cluster, topology(), guarantee, |cluster| feed(cluster, records));
}

fn survives(guarantee: &str) {
    let cluster = cluster();
    run(&cluster, guarantee, &[("a", 20), ("b", 21), ("a", 22)]);
    // ids are known, and so is stream time: what was late before the restart is late after it
    run(&cluster, guarantee, &[("a", 10), ("c", 11), ("c", 12), ("b", 30), ("a", 30)]);
    run(&cluster, guarantee, &[("a", 31), ("c", 21), ("d", 60), ("c", 49)]);
    let expected = [("a", 20), ("b", 21), ("c", 12), ("a", 31), ("d", 60)];
    assert_eq!(results(&cluster), expected.map(|(key, second)| (key.to_owned(), second)));
}

#[test]
fn ids_outlast_the_application() {
    survives("at_least_once");
}

#[test]
fn ids_outlast_the_application_exactly_once() {
    survives("exactly_once_v2");
}

/// A record makes user code panic: what was passed on since the last commit is undone, and passes once.
#[test]
fn ids_of_a_transaction_that_is_aborted_are_forgotten() {
    let cluster = cluster();
    let directory = tempfile::tempdir().expect("a directory");
    let app = start(&cluster, topology(), config_that_aborts(directory.path()));
    feed(&cluster, &[("a", 1), ("b", 2), ("a", 3), ("boom", 3), ("a", 4), ("c", 5), ("b", 6)]);
    eventually("the last new key", || {
        cluster.read("out", 0, 0).is_ok_and(|records| records.iter().any(|record| record.key.as_deref() == Some(b"c")))
    });
    close(&app);
    assert_eq!(results(&cluster), [("a", 1), ("b", 2), ("c", 5)].map(|(key, second)| (key.to_owned(), second)));
}

/// At least once, the changelog may know ids of records whose results never got out. Here none did: another cluster gets the input and the
/// changelog, and nothing else.
#[test]
fn what_a_crash_left_in_the_changelog_loses_no_record() {
    let records = [("a", 1), ("b", 2), ("a", 3), ("b", 13), ("a", 12), ("c", 5)];
    let first = cluster();
    run(&first, "at_least_once", &records);
    let crashed = cluster();
    crashed.create_topic(CHANGELOG, 1).expect("a new topic");
    for record in first.read(CHANGELOG, 0, 0).expect("the topic is there") {
        crashed.produce(CHANGELOG, Some(0), record.key.as_deref(), record.value.as_deref(), record.timestamp).expect("the record is taken");
    }
    feed(&crashed, &records);
    run(&crashed, "at_least_once", &[("c", 14), ("c", 16)]);
    let expected = [("a", 1), ("b", 2), ("b", 13), ("a", 12), ("c", 5), ("c", 16)];
    assert_eq!(results(&first), expected[..5].iter().map(|(key, second)| ((*key).to_owned(), *second)).collect::<Vec<_>>());
    assert_eq!(results(&crashed), expected.map(|(key, second)| (key.to_owned(), second)));
}

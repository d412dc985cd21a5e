//! Hopping windows whose aggregates are merged of parts, compared with those that each record changes: the same rows at each commit, the same
//! records too late, the same final results.

use crate::common::*;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::testing::TopologyTestDriver;
use streams_core::{
    BufferConfig, EmitStrategy, KTable, Materialized, StreamsBuilder, Suppressed, TimeWindowedKStream, TimeWindows, Topology, Windowed,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Size, advance and grace in milliseconds: multiples and not, nearly tumbling, no grace, grace beyond the size.
const SHAPES: [(u64, u64, u64); 7] = [(60, 5, 5), (60, 5, 0), (10, 3, 4), (10, 7, 30), (12, 6, 1), (9, 9, 2), (30, 29, 100)];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn random(seed: u64) -> impl FnMut(i64) -> i64 {
    let mut random = seed;
    move |below| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    }
}

/// Key, value, time: times go forth, sometimes far, and back.
fn records(seed: u64, count: usize) -> Vec<(String, i64, i64)> {
    let (mut next, mut now) = (random(seed), 0);
    let record = |_| {
        now += if next(25) == 0 { 80 } else { next(4) };
        let back = if next(3) == 0 { next(70) } else { 0 };
        (["a", "b", "c"][next(3) as usize].to_owned(), next(1_000), (now - back).max(0))
    };
    (0..count).map(record).collect()
}

/// Which results a topology gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Updates,
    AtClose,
    Suppressed,
    /// To a table further down that needs old values.
    Grouped,
}

/// A sum, in whose last digits is the number of its records.
fn sums(windowed: &TimeWindowedKStream<String, i64>, mergeable: bool, options: Materialized<String, i64>) -> KTable<Windowed<String>, i64> {
    let add = |_: &String, value: i64, sum: &mut i64| *sum += value * 10_000 + 1;
    let merge = |key: &String, sum: &mut i64, part: i64| {
        assert!(["a", "b", "c"].contains(&key.as_str()));
        *sum += part;
    };
    if mergeable { windowed.aggregate_mergeable_with(|| 0, add, merge, options) } else { windowed.aggregate_with(|| 0, add, options) }
}

fn topology((size, advance, grace): (u64, u64, u64), told: Told, mergeable: bool, cached: bool) -> Topology {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::hopping(ms(size), ms(advance)).grace(ms(grace));
    let mut windowed = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows);
    if told == Told::AtClose {
        windowed = windowed.emit_strategy(EmitStrategy::on_window_close());
    }
    let options = Materialized::from("kept");
    let table = sums(&windowed, mergeable, if cached { options } else { options.caching_disabled() });
    let name = |windowed: &Windowed<String>| format!("{}@{}", windowed.key, windowed.window.start);
    match told {
        Told::Updates | Told::AtClose => table.to_stream().select_key(move |windowed, _| name(windowed)).to("out"),
        Told::Suppressed => {
            let closed = table.suppress(Suppressed::until_window_closes(BufferConfig::unbounded()));
            closed.to_stream().map(move |windowed, sums| (name(&windowed), sums)).to("out");
        }
        Told::Grouped => {
            let by_key = table.group_by(|windowed, sum| (windowed.key.clone(), *sum));
            by_key.reduce(|a, b| a + b, |a, b| a - b).to_stream().to("out");
        }
    }
    builder.build().expect("the topology is right")
}

/// The results of each commit, in their order; and how many times a record was too late.
type Results = (Vec<Vec<(String, Option<i64>, i64)>>, Option<f64>);

fn results(topology: &Topology, records: &[(String, i64, i64)], commit_every: i64) -> Result<Results, Box<dyn std::error::Error>> {
    let driver = TopologyTestDriver::builder(topology).commit_by_hand().build()?;
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<i64>>("out"));
    let (mut next, mut all) = (random(7), Vec::new());
    for (key, value, time) in records {
        input.pipe_at(key.clone(), *value, *time)?;
        if next(commit_every) == 0 {
            driver.commit()?;
            all.push(output.read_records()?.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect());
        }
    }
    Ok((all, driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")])))
}

fn compare(told: Told, cached: bool) -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES.into_iter().cycle()).take(3 * SHAPES.len()) {
        let records = records(seed, 400);
        for commit_every in [1, 10, 60] {
            let run = |mergeable| results(&topology(shape, told, mergeable, cached), &records, commit_every);
            let (found, expected) = (run(true)?, run(false)?);
            assert_eq!(found, expected, "{told:?} {shape:?}, cached: {cached}, a commit every {commit_every}");
            assert!(found.1 > Some(0.0) || shape.2 > 50, "late records of {shape:?}");
            assert!(found.0.iter().any(|commit| !commit.is_empty()));
        }
    }
    Ok(())
}

#[test]
fn each_commit_tells_the_windows_that_have_changed() -> Outcome {
    compare(Told::Updates, true)
}

#[test]
fn without_a_cache_every_window_of_every_record_is_told() -> Outcome {
    compare(Told::Updates, false)
}

#[test]
fn final_results_are_complete() -> Outcome {
    compare(Told::AtClose, true)?;
    compare(Told::AtClose, false)
}

#[test]
fn a_suppression_gets_what_it_would_have_got() -> Outcome {
    compare(Told::Suppressed, true)
}

#[test]
fn old_values_are_what_was_told_before() -> Outcome {
    compare(Told::Grouped, true)
}

#[test]
fn counts_and_reductions() -> Outcome {
    for shape in SHAPES {
        let builder = StreamsBuilder::new();
        let windows = TimeWindows::hopping(ms(shape.0), ms(shape.1)).grace(ms(shape.2));
        let windowed = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows);
        let name = |windowed: &Windowed<String>| format!("{}@{}", windowed.key, windowed.window.start);
        windowed.count().to_stream().select_key(move |windowed, _| name(windowed)).to("counts");
        windowed.count_mergeable().to_stream().select_key(move |windowed, _| name(windowed)).to("merged-counts");
        windowed.reduce(i64::max).to_stream().select_key(move |windowed, _| name(windowed)).to("largest");
        windowed.reduce_mergeable(i64::max).to_stream().select_key(move |windowed, _| name(windowed)).to("merged-largest");
        let driver = TopologyTestDriver::builder(&builder.build()?).commit_by_hand().build()?;
        let mut input = driver.input::<String, i64>("in");
        for (n, (key, value, time)) in records(9, 300).into_iter().enumerate() {
            input.pipe_at(key, value, time)?;
            if n % 23 == 0 {
                driver.commit()?;
            }
        }
        driver.commit()?;
        let counts = |topic| driver.output::<String, Option<u64>>(topic).read_map();
        assert_eq!(counts("merged-counts")?, counts("counts")?, "{shape:?}");
        let largest = |topic| driver.output::<String, Option<i64>>(topic).read_map();
        assert_eq!(largest("merged-largest")?, largest("largest")?, "{shape:?}");
    }
    Ok(())
}

/// Rows of the store's changelog, or the results that were told: the last one of each key, and how many there were.
fn last(cluster: &EmbeddedCluster, topic: &str) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let records = cluster.read_committed(topic, 0, 0).expect("the topic is there");
    records.into_iter().map(|record| (record.key.unwrap_or_default(), record.value)).collect()
}

/// Runs records through an application that is started again behind some of them, and once has to take a record back.
fn restarted(told: Told, mergeable: bool, stops: &[usize]) -> [BTreeMap<Vec<u8>, Option<Vec<u8>>>; 2] {
    let cluster = EmbeddedCluster::new();
    for topic in ["in", "out"] {
        cluster.create_topic(topic, 1).expect("a new topic");
    }
    let records = records(4, 300);
    let mut from = 0;
    for to in stops.iter().copied().chain([records.len()]) {
        let directory = tempfile::tempdir().expect("a directory");
        let config = config(directory.path()).set("processing.guarantee", "exactly_once_v2").set("commit.interval.ms", "20");
        let app = start(&cluster, topology((60, 5, 5), told, mergeable, true), config);
        cluster.lose_commit_replies(usize::from(from > 0));
        for (key, value, time) in &records[from..to] {
            let time = 1_700_000_000_000 + time;
            cluster.produce("in", Some(0), Some(key.as_bytes()), Some(&value.to_be_bytes()), time).expect("the record is taken");
        }
        let committed = || cluster.committed_offset("app", "in", 0).map(|committed| committed.offset);
        eventually("all is committed", || committed() == Some(to as i64));
        close(&app);
        from = to;
    }
    [last(&cluster, "out"), last(&cluster, "app-kept-changelog")]
}

#[test]
fn restarts_lose_no_part_and_count_none_twice() {
    for told in [Told::Updates, Told::AtClose] {
        let expected = restarted(told, false, &[]);
        assert!(expected.iter().all(|rows| rows.len() > 50));
        let found = restarted(told, true, &[40, 41, 150, 222]);
        assert!(found == expected, "{told:?}: results and changelog have the rows of whole windows");
    }
}

//! Every stateful operator, in an application that is closed in the middle and goes on, once with its state and once without: it writes what the test
//! driver writes that nobody interrupts, record by record.

use super::AppFixture;
use super::bench::{Bench, close};
use crate::behaviour::clients::{Seen, wait_for};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::testing::TopologyTestDriver;
use streams_core::{StreamsBuilder, Topology};

mod catalogue;
mod processed;

use catalogue::{FOREIGN, OPERATORS};

const RECORDS: usize = 600;

/// A stream that is joined with itself is kept once.
fn optimized(config: StreamsConfig) -> StreamsConfig {
    config.topology_optimization(TopologyOptimization { single_store_self_join: true, ..TopologyOptimization::NONE })
}

/// All operators on one topic; each writes to the topic of its place.
fn topology(input: &str, outputs: &[String]) -> Topology {
    let builder = StreamsBuilder::new();
    let source = builder.stream::<String, i64>(input);
    for ((_, operator), output) in OPERATORS.iter().zip(outputs) {
        operator(&builder, &source).to(output);
    }
    builder.build_with(&optimized(StreamsConfig::new("any", "embedded"))).expect("the topology is right")
}

/// Records of a few keys, out of order by up to 12 s: some are late. `begin`: now, as a broker deletes what a window's changelog has of long ago.
fn records(begin: i64) -> Vec<(String, i64, i64)> {
    let mut random = 7_u64;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let record = |n: usize| {
        // the first ones after a restart are too late for whoever remembers what came before it
        let is_first = n >= RECORDS / 3 && n % (RECORDS / 3) < 4;
        let late = if is_first { 30_000 + next(3_000) } else { next(4).checked_sub(3).map_or(0, |_| next(12_000)) };
        (format!("key-{}", next(5)), next(100) as i64, begin + n as i64 * 200 - late as i64)
    };
    (0..RECORDS).map(record).collect()
}

type Record = (Option<Vec<u8>>, Option<Vec<u8>>, i64);

/// What the driver writes to each output.
fn expected(topology: &Topology, outputs: &[String], records: &[(String, i64, i64)]) -> Vec<Vec<Record>> {
    let config = optimized(StreamsConfig::new("driver", "embedded")).set("statestore.cache.max.bytes", "0");
    let driver = TopologyTestDriver::builder(topology).config(config).build().expect("the driver starts");
    let mut input = driver.input::<String, i64>("in");
    for (key, value, time) in records {
        input.pipe_at(key.clone(), *value, *time).expect("the record is processed");
    }
    let written = |topic: &String| {
        let records = driver.output::<String, String>(topic).read_records().expect("texts");
        records.into_iter().map(|r| (Some(r.key.into_bytes()), Some(r.value.into_bytes()), r.timestamp)).collect()
    };
    outputs.iter().map(written).collect()
}

fn last_rows(records: &[Record]) -> BTreeMap<&Option<Vec<u8>>, &Option<Vec<u8>>> {
    records.iter().map(|(key, value, _)| (key, value)).collect()
}

/// Without rows that are gone: of a session that grew within a cache nothing was ever told.
fn rows_left(records: &[Record]) -> BTreeMap<&Option<Vec<u8>>, &Option<Vec<u8>>> {
    let mut rows = last_rows(records);
    rows.retain(|_, value| value.as_deref() != Some(b"None"));
    rows
}

/// Those whose last rows depend on which changes a cache has joined into one: a limit in time sees fewer, a counter of changes counts fewer.
const COUNT_CHANGES: [&str; 2] = ["held", "transformed"];

/// Runs all operators in three rounds, the second with the state of the first, the third without any. What they have written, once it is `enough` for
/// the place of the operator.
fn written(
    fixture: &dyn AppFixture,
    cache: &str,
    enough: impl Fn(usize, &[Record], &[Record]) -> bool,
) -> (Vec<Vec<Record>>, Vec<Vec<Record>>) {
    let mut bench = Bench::new(fixture);
    let input = bench.clients.topic(1);
    let outputs: Vec<String> = OPERATORS.iter().map(|_| bench.clients.topic(1)).collect();
    let begin = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64 / 60_000 * 60_000 - 300_000;
    let records = records(begin);
    let expected = expected(&topology("in", &outputs), &outputs, &records);
    let mut written: Vec<Vec<Record>> = vec![Vec::new(); outputs.len()];
    for (round, part) in records.chunks(RECORDS / 3).enumerate() {
        let app = bench.start(topology(&input, &outputs), optimized(bench.config("a")).set("statestore.cache.max.bytes", cache));
        for (key, value, time) in part {
            bench.put_to(&input, 0, Some(key.as_bytes()), Some(&value.to_be_bytes()), *time);
        }
        bench.flush();
        bench.await_committed(&input, 0, (RECORDS / 3 * (round + 1)) as i64);
        if round == 2 {
            for (n, topic) in outputs.iter().enumerate() {
                let mut reader = bench.clients.committed_reader(topic, 0, 0);
                wait_for(&format!("the output of {}", OPERATORS[n].0), || {
                    let seen = reader.fetch(1_000).expect("it can be read");
                    written[n].extend(seen.into_iter().map(|Seen { key, value, timestamp, .. }| (key, value, timestamp)));
                    enough(n, &written[n], &expected[n]).then_some(())
                });
            }
        }
        close(&app);
        // the third begins without its state
        if round == 1 {
            app.clean_up().expect("nothing runs");
        }
    }
    (written, expected)
}

pub fn every_stateful_operator_goes_on_after_a_restart_as_if_there_had_been_none(fixture: &dyn AppFixture) {
    let is_foreign = |n: usize| OPERATORS[n].0.ends_with(FOREIGN);
    let (written, expected) =
        written(
            fixture,
            "0",
            |n, written, expected| {
                if is_foreign(n) { last_rows(written) == last_rows(expected) } else { written.len() >= expected.len() }
            },
        );
    for (n, (name, _)) in OPERATORS.iter().enumerate() {
        assert!(!expected[n].is_empty(), "{name} writes something");
        if !is_foreign(n) {
            let first = written[n].iter().zip(&expected[n]).position(|(written, expected)| written != expected);
            assert_eq!(
                (first, written[n].len()),
                (None, expected[n].len()),
                "{name}: {:?}",
                first.map(|at| (&written[n][at], &expected[n][at]))
            );
        }
    }
}

/// A restart finds caches full of changes that were not forwarded yet: the last rows are those of a driver without a cache.
pub fn with_caches_every_stateful_operator_has_the_same_rows_at_the_end(fixture: &dyn AppFixture) {
    let (written, expected) = written(fixture, "10485760", |n, written, expected| {
        COUNT_CHANGES.contains(&OPERATORS[n].0) || rows_left(written) == rows_left(expected)
    });
    let count = |all: &[Vec<Record>]| all.iter().map(Vec::len).sum::<usize>();
    assert!(count(&written) < count(&expected), "caches join changes");
}

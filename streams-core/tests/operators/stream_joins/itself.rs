//! A stream joined with itself, kept once or twice.

use super::{Outcome, Record, SHAPES, Shape, read, records};
use streams_core::StreamsBuilder;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::testing::TopologyTestDriver;

fn driver(shape: Shape, single_store: bool) -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    let stream = builder.stream::<String, i64>("in");
    stream.join(&stream, |left, right| left * 10_000 + right, shape.windows()).to("out");
    let optimization = TopologyOptimization { single_store_self_join: single_store, ..TopologyOptimization::NONE };
    let topology = builder.build_with(&StreamsConfig::new("app", "embedded").topology_optimization(optimization))?;
    assert_eq!(topology.describe().contains("KSTREAM-JOINOTHER-"), !single_store, "{topology:?}");
    Ok(TopologyTestDriver::new(&topology)?)
}

/// Each record meets itself and all others that are near, in both roles: with grace enough whatever the order, and without if it is that of time.
#[test]
fn each_record_meets_all_that_are_near_and_itself() -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES) {
        for (disorder, grace) in [(60, 1_000_000), (1, shape.before.max(shape.after) + 1)] {
            let shape = Shape { grace, ..shape };
            let records = records(seed, 300, disorder);
            let meet = |l: &Record, r: &Record| l.key == r.key && (-shape.before..=shape.after).contains(&(r.time - l.time));
            let pair = |l: &Record, r: &Record| (l.key.to_owned(), l.value * 10_000 + r.value, l.time.max(r.time));
            let mut expected: Vec<_> = records.iter().flat_map(|l| records.iter().filter(|r| meet(l, r)).map(|r| pair(l, r))).collect();
            expected.sort();
            assert!(expected.len() > 400, "{} pairs of {shape:?}", expected.len());
            for single_store in [false, true] {
                let driver = driver(shape, single_store)?;
                let mut input = driver.input::<String, i64>("in");
                records.iter().try_for_each(|record| input.pipe_at(record.key.to_owned(), record.value, record.time))?;
                let mut found = read(&driver)?;
                found.sort();
                assert!(found == expected, "{shape:?}, one store: {single_store}: {} pairs, must be {}", found.len(), expected.len());
            }
        }
    }
    Ok(())
}

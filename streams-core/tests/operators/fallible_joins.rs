//! Joiners of streams that fail: the record has met no one then.

use crate::fallible::{Outcome, driver, fed, fed_with, number};
use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::{BoxError, Consumed, JoinWindows, Joined, KStream, Materialized, StreamsBuilder};

/// Not beyond 8.
fn sum(left: Option<&String>, right: Option<&String>) -> Result<i64, BoxError> {
    let of = |text: Option<&String>| text.map_or(Ok(0), |text| number(text));
    match of(left)? + of(right)? {
        sum if sum > 8 => Err("skip what is too much".into()),
        sum => Ok(sum),
    }
}

fn windows() -> JoinWindows {
    JoinWindows::within(Duration::from_secs(5))
}

fn both(builder: &StreamsBuilder) -> (KStream<String, String>, KStream<String, String>) {
    (builder.stream("left"), builder.stream("right"))
}

const THIS: &str = "KSTREAM-JOINTHIS-";
const OTHER: &str = "KSTREAM-JOINOTHER-";

#[test]
fn none_of_the_pairs_of_the_record_goes_on() -> Outcome {
    let joined = |builder: &StreamsBuilder| {
        let (left, right) = both(builder);
        left.try_join(&right, |_, left, right| sum(Some(left), Some(right)), windows()).to("out");
    };
    let out = fed(
        joined,
        |_| false,
        &[OTHER, THIS, OTHER],
        &[
            ("left", "5", 1_000, ""),
            ("right", "2", 2_000, ""),
            ("right", "4", 3_000, "skip"),
            // it was kept before it met the 5
            ("left", "1", 4_000, ""),
            // the first pair would do
            ("left", "6", 5_000, "skip"),
            ("right", "fail", 6_000, "fail"),
        ],
    )?;
    assert_eq!(out, ["a 7", "a 3", "a 5"]);
    Ok(())
}

/// In one store it is one node that leaves it out, in both of its roles. (With two stores there are two, each for itself.)
#[test]
fn a_stream_fails_to_meet_itself() -> Outcome {
    let joined = |builder: &StreamsBuilder| {
        let (stream, _) = both(builder);
        stream.try_join(&stream, |_, left, right| sum(Some(left), Some(right)), windows()).to("out");
    };
    let records = [
        ("left", "1", 1_000, ""),
        ("left", "5", 2_000, "skip"),
        ("left", "2", 3_000, ""),
        ("left", "7", 20_000, "skip"),
        ("left", "fail", 40_000, "fail"),
    ];
    let expected = ["a 2", "a 3", "a 7", "a 3", "a 7", "a 4"];
    let config = StreamsConfig::new("app", "embedded");
    let config = config.topology_optimization(TopologyOptimization::ALL);
    assert_eq!(fed_with(config, joined, |_| false, &["KSTREAM-MERGE-"], &records)?, expected);
    Ok(())
}

#[test]
fn whom_it_would_have_met_waits_on() -> Outcome {
    let this = ["KSTREAM-OUTEROTHER-", THIS];
    let joined = |builder: &StreamsBuilder| {
        let (left, right) = both(builder);
        left.try_left_join(&right, |_, left, right| sum(Some(left), right), windows()).to("out");
    };
    let shared = |name: &str| name.contains("SHARED");
    let out = fed(
        joined,
        shared,
        &this,
        &[
            ("left", "5", 1_000, ""),
            ("right", "4", 2_000, "skip"),
            // it does not wait itself, and would fail alone
            ("left", "7", 2_000, "skip"),
            ("right", "0", 9_000, ""),
        ],
    )?;
    assert_eq!(out, ["a 5"], "alone, in the end");
    let outer = |builder: &StreamsBuilder| {
        let (left, right) = both(builder);
        left.try_outer_join(&right, |_, left, right| sum(left, right), windows()).to("out");
    };
    let out = fed(
        outer,
        shared,
        &["KSTREAM-OUTEROTHER-"],
        &[
            ("left", "5", 1_000, ""),
            ("right", "4", 2_000, "skip"),
            ("right", "3", 3_000, ""),
            ("right", "8", 40_000, ""),
            ("left", "0", 60_000, ""),
        ],
    )?;
    assert_eq!(out, ["a 8", "a 8"]);
    Ok(())
}

/// The record that closes its window is not to blame.
#[test]
fn a_record_that_fails_alone_is_left_out_when_its_window_closes() -> Outcome {
    let builder = StreamsBuilder::new();
    let (left, right) = both(&builder);
    left.try_left_join(&right, |_, left, right| sum(Some(left), right), windows()).to("out");
    let (driver, told) = driver(&builder.build()?)?;
    let mut input = driver.input::<String, String>("left");
    for (value, at) in [("7", 1_000), ("skip 1", 2_000), ("6", 3_000), ("0", 20_000)] {
        input.pipe_at("a".to_owned(), value.to_owned(), at)?;
    }
    let mut output = driver.output::<String, i64>("out");
    assert_eq!(output.read_all()?, [7, 6].map(|sum| ("a".to_owned(), sum)));
    assert!(told.lock()[0].starts_with(THIS) && told.lock().len() == 1, "{told:?}");
    assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]), Some(1.0));
    input.pipe_at("a".to_owned(), "0".to_owned(), 40_000)?;
    assert_eq!(output.read_all()?.len(), 1, "it is not told again");
    Ok(())
}

#[test]
fn a_record_without_a_key_fails_at_once() -> Outcome {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.stream::<Option<String>, String>("left"), builder.stream("right"));
    left.try_left_join(&right, |_, left, right| sum(Some(left), right), windows()).to("out");
    let (driver, told) = driver(&builder.build()?)?;
    driver.input::<Option<String>, String>("left").pipe(None, "skip".to_owned())?;
    assert!(driver.input::<Option<String>, String>("left").pipe(None, "fail".to_owned()).is_err());
    assert!(driver.output::<Option<String>, i64>("out").read_all()?.is_empty());
    assert_eq!(told.lock().len(), 2);
    Ok(())
}

#[test]
fn a_record_that_meets_a_row_of_a_global_table_fails() -> Outcome {
    // nothing is selected for 2, which the joiner would take
    let select = |key: &String, value: &String| if value == "2" { Err("skip what is 2".into()) } else { Ok(key.clone()) };
    let inner = |builder: &StreamsBuilder| {
        let rows = builder.global_table::<String, String>("table");
        let joiner = |_: &String, value: String, row: &String| sum(Some(&value), Some(row));
        builder.stream::<String, String>("in").try_join_global(&rows, select, joiner).to("out");
    };
    let records = [
        ("table", "4", 0, ""),
        ("in", "3", 0, ""),
        ("in", "5", 0, "skip"),
        ("in", "2", 0, "skip"),
        ("in", "1", 0, ""),
        ("in", "fail", 0, "fail"),
    ];
    assert_eq!(fed(inner, |_| true, &["KSTREAM-LEFTJOIN-"], &records)?, ["a 7", "a 5"]);
    let left = |builder: &StreamsBuilder| {
        let rows = builder.global_table::<String, String>("table");
        let joiner = |_: &String, value: String, row: Option<&String>| sum(Some(&value), row);
        builder.stream::<String, String>("in").try_left_join_global(&rows, select, joiner).to("out");
    };
    let records = [
        ("in", "3", 0, ""),
        ("in", "9", 0, "skip"),
        ("table", "4", 0, ""),
        ("in", "5", 0, "skip"),
        ("in", "2", 0, "skip"),
        ("in", "1", 0, ""),
    ];
    assert_eq!(fed(left, |_| true, &["KSTREAM-LEFTJOIN-"], &records)?, ["a 3", "a 5"]);
    Ok(())
}

#[test]
fn a_record_that_meets_a_row_of_a_table_fails() -> Outcome {
    let inner = |builder: &StreamsBuilder| {
        let rows = builder.table::<String, String>("table");
        let joiner = |_: &String, value: String, row: &String| sum(Some(&value), Some(row));
        builder.stream::<String, String>("in").try_join_table(&rows, joiner).to("out");
    };
    let records = [("table", "4", 0, ""), ("in", "3", 0, ""), ("in", "5", 0, "skip"), ("in", "1", 0, ""), ("in", "fail", 0, "fail")];
    assert_eq!(fed(inner, |_| true, &["KSTREAM-JOIN-"], &records)?, ["a 7", "a 5"]);
    let left = |builder: &StreamsBuilder| {
        let rows = builder.table::<String, String>("table");
        let joiner = |_: &String, value: String, row: Option<&String>| sum(Some(&value), row);
        builder.stream::<String, String>("in").try_left_join_table(&rows, joiner).to("out");
    };
    let records = [("in", "3", 0, ""), ("in", "9", 0, "skip"), ("table", "4", 0, ""), ("in", "5", 0, "skip"), ("in", "1", 0, "")];
    assert_eq!(fed(left, |_| true, &["KSTREAM-LEFTJOIN-"], &records)?, ["a 3", "a 5"]);
    Ok(())
}

/// It is the one that waited which the handler is told of, and it does not wait on.
#[test]
fn a_record_that_has_waited_for_a_table_fails() -> Outcome {
    let builder = StreamsBuilder::new();
    let rows = Materialized::<String, String>::from("rows").versioned(Duration::from_secs(60));
    let rows = builder.table_with("table", Consumed::default(), rows);
    let joiner = |_: &String, value: String, row: &String| sum(Some(&value), Some(row));
    let joined = Joined::default().named("join").grace(Duration::from_secs(5));
    builder.stream::<String, String>("in").try_join_table_with(&rows, joiner, joined).to("out");
    let (driver, told) = driver(&builder.build()?)?;
    driver.input::<String, String>("table").pipe_at("a".to_owned(), "4".to_owned(), 0)?;
    let mut input = driver.input::<String, String>("in");
    for (value, at) in [("3", 1_000), ("skip", 2_000), ("2", 3_000), ("1", 20_000)] {
        input.pipe_at("a".to_owned(), value.to_owned(), at)?;
    }
    let mut output = driver.output::<String, i64>("out");
    assert_eq!(output.read_all()?, [7, 6].map(|sum| ("a".to_owned(), sum)));
    assert!(told.lock().len() == 1 && told.lock()[0].starts_with("join: "), "{told:?}");
    input.pipe_at("a".to_owned(), "0".to_owned(), 40_000)?;
    assert_eq!(output.read_all()?, [("a".to_owned(), 5)]);
    assert_eq!(told.lock().len(), 1, "it is not tried again");
    Ok(())
}

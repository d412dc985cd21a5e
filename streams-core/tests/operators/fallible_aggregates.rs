//! Aggregators that fail: no row of the store has changed then, be there several of one record.

use crate::fallible::{Fed, Outcome, fed, number};
use std::time::Duration;
use streams_core::{
    BoxError, EmitStrategy, KTable, Materialized, SessionWindows, SlidingWindows, StreamsBuilder, TimeWindowedKStream, TimeWindows,
    WindowKind, Windowed,
};

/// Adds numbers, and does not go beyond 8. The sum is changed before that is seen.
fn add(sum: &mut i64, value: &str) -> Result<(), BoxError> {
    *sum += number(value)?;
    if *sum > 8 { Err("skip what is too much".into()) } else { Ok(()) }
}

fn sum(sum: String, value: String) -> Result<String, BoxError> {
    let mut all = number(&sum)?;
    add(&mut all, &value)?;
    Ok(all.to_string())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn rows(caching: bool) -> Materialized<String, i64> {
    let rows = Materialized::from("rows");
    if caching { rows } else { rows.caching_disabled() }
}

fn out(table: &KTable<Windowed<String>, i64>) {
    table.to_stream().select_key(|windowed, _| windowed.to_string()).to("out");
}

const AGGREGATE: &[&str] = &["KSTREAM-AGGREGATE-"];

/// With `try_aggregate` and `try_reduce`, with a cache and without.
fn windowed<W>(windows: W, expected: &[&str], records: &[Fed]) -> Outcome
where
    W: WindowKind<Windowed<String, String> = TimeWindowedKStream<String, String>> + Copy + 'static,
{
    for caching in [false, true] {
        let aggregated = |builder: &StreamsBuilder| {
            let windowed = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
            out(&windowed.try_aggregate_with(|| 0, |_, value, sum| add(sum, &value), rows(caching)));
        };
        assert_eq!(fed(aggregated, |_| true, AGGREGATE, records)?, expected, "caching {caching}");
        let reduced = |builder: &StreamsBuilder| {
            let windowed = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
            out(&windowed.try_reduce_with(sum, Materialized::from("rows")).map_values(|sum| sum.parse().unwrap_or(-1)));
        };
        // the first value of a window stands as it is, and is not looked at
        if !records.iter().any(|record| record.1 == "fail") {
            assert_eq!(fed(reduced, |_| true, &["KSTREAM-REDUCE-"], records)?, expected);
        }
    }
    Ok(())
}

#[test]
fn a_window_is_as_it_was() -> Outcome {
    let windows = TimeWindows::tumbling(seconds(10)).grace(seconds(10));
    windowed(
        windows,
        &["[a@0/10000] 5", "[a@10000/20000] 7", "[a@0/10000] 8"],
        &[("in", "5", 1_000, ""), ("in", "4", 2_000, "skip"), ("in", "7", 11_000, ""), ("in", "3", 1_000, ""), ("in", "2", 12_000, "skip")],
    )?;
    windowed(windows, &[], &[("in", "fail", 1_000, "fail")])
}

#[test]
fn all_windows_of_a_record_are_as_they_were() -> Outcome {
    let windows = TimeWindows::hopping(seconds(10), seconds(5)).grace(seconds(10));
    let expected = ["[a@0/10000] 1", "[a@5000/15000] 1", "[a@5000/15000] 6", "[a@10000/20000] 5", "[a@0/10000] 3", "[a@5000/15000] 8"];
    windowed(
        windows,
        &expected,
        &[
            ("in", "1", 7_000, ""),
            ("in", "5", 12_000, ""),
            // the first window would take it
            ("in", "4", 9_000, "skip"),
            ("in", "2", 9_000, ""),
            // the second one would
            ("in", "2", 12_000, "skip"),
        ],
    )?;
    windowed(windows, &["[a@0/10000] 1"], &[("in", "1", 1_000, ""), ("in", "fail", 7_000, "fail")])
}

#[test]
fn sliding_windows_are_as_they_were_and_none_is_made() -> Outcome {
    let windows = SlidingWindows::within(seconds(10)).grace(seconds(20));
    windowed(
        windows,
        &["[a@10000/20000] 5", "[a@20001/30001] 3", "[a@15000/25000] 8"],
        &[
            ("in", "5", 20_000, ""),
            ("in", "4", 24_000, "skip"),
            ("in", "3", 25_000, ""),
            // into windows that are there, and into such as would be made for it
            ("in", "1", 22_000, "skip"),
            ("in", "6", 21_000, "skip"),
        ],
    )?;
    windowed(windows, &["[a@0/10000] 1"], &[("in", "1", 1_000, ""), ("in", "fail", 1_500, "fail")])
}

/// What is told when a window closes is what it was.
#[test]
fn final_results_are_those_without_the_record() -> Outcome {
    let finals = |builder: &StreamsBuilder| {
        let windows = TimeWindows::hopping(seconds(10), seconds(5)).no_grace();
        let windowed = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
        let windowed = windowed.emit_strategy(EmitStrategy::on_window_close());
        out(&windowed.try_aggregate_with(|| 0, |_, value, sum| add(sum, &value), rows(true)));
    };
    let told = fed(finals, |_| true, AGGREGATE, &[("in", "5", 6_000, ""), ("in", "7", 7_000, "skip"), ("in", "1", 16_000, "")])?;
    assert_eq!(told, ["[a@0/10000] 5", "[a@5000/15000] 5"]);
    Ok(())
}

#[test]
fn sessions_are_not_merged() -> Outcome {
    let merge = |_: &String, one: &mut i64, other: i64| if other == 4 { Err("skip the four".into()) } else { add(one, &other.to_string()) };
    let expected = ["[a@1000/1000] 2", "[a@9000/9000] 4", "[a@20000/20000] 5", "[a@28000/28000] 3"];
    let merged = ["[a@20000/20000] -", "[a@28000/28000] -", "[a@20000/28000] 8"];
    let records = [
        ("in", "2", 1_000, ""),
        ("in", "4", 9_000, ""),
        // it would merge both, and merging fails
        ("in", "1", 5_000, "skip"),
        ("in", "5", 20_000, ""),
        ("in", "3", 28_000, ""),
        // these merge, but it does not come in
        ("in", "1", 24_000, "skip"),
        ("in", "0", 24_000, ""),
        ("in", "fail", 50_000, "fail"),
    ];
    for caching in [false, true] {
        let windows = SessionWindows::with_gap(seconds(5)).grace(seconds(60));
        let aggregated = |builder: &StreamsBuilder| {
            let sessions = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
            out(&sessions.try_aggregate_with(|| 0, |_, value, sum| add(sum, &value), merge, rows(caching)));
        };
        let all = [&expected[..], &merged].concat();
        assert_eq!(fed(aggregated, |_| true, AGGREGATE, &records)?, all, "caching {caching}");
    }
    let reduced = |builder: &StreamsBuilder| {
        let windows = SessionWindows::with_gap(seconds(5)).grace(seconds(60));
        let sessions = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
        out(&sessions.try_reduce_with(sum, Materialized::from("rows")).map_values(|sum| sum.parse().unwrap_or(-1)));
    };
    let records = [("in", "5", 1_000, ""), ("in", "4", 9_000, ""), ("in", "1", 5_000, "skip"), ("in", "6", 2_000, "skip")];
    assert_eq!(fed(reduced, |_| true, &["KSTREAM-REDUCE-"], &records)?, ["[a@1000/1000] 5", "[a@9000/9000] 4"]);
    Ok(())
}

#[test]
fn inputs_of_a_cogroup_fail_by_themselves() -> Outcome {
    let nodes = ["COGROUPKSTREAM-AGGREGATE-0000000002", "COGROUPKSTREAM-AGGREGATE-0000000003"];
    let cogrouped = |builder: &StreamsBuilder| {
        let second = builder.stream::<String, String>("two").group_by_key();
        let first = builder.stream::<String, String>("in").group_by_key().try_cogroup(|_, value, sum: &mut i64| add(sum, &value));
        first.try_cogroup(&second, |_, value, sum| add(sum, &value))
    };
    let records = [
        ("in", "5", 1_000, ""),
        ("in", "4", 1_000, "skip"),
        ("two", "4", 1_000, "skip"),
        ("two", "3", 1_000, ""),
        ("two", "fail", 1_000, "fail"),
    ];
    let fails_at = [nodes[0], nodes[1]];
    let plain = |builder: &StreamsBuilder| cogrouped(builder).aggregate_with(|| 0, "rows").to_stream().to("out");
    assert_eq!(fed(plain, |_| true, &fails_at, &records)?, ["a 5", "a 8"]);
    let windows = TimeWindows::tumbling(seconds(10)).no_grace();
    let windowed = |builder: &StreamsBuilder| out(&cogrouped(builder).windowed_by(windows).aggregate_with(|| 0, "rows"));
    assert_eq!(fed(windowed, |_| true, &fails_at, &records)?, ["[a@0/10000] 5", "[a@0/10000] 8"]);
    let merge = |_: &String, one: &mut i64, other: i64| add(one, &other.to_string());
    let sessions = SessionWindows::with_gap(seconds(5)).grace(seconds(60));
    let sessions = |builder: &StreamsBuilder| out(&cogrouped(builder).windowed_by(sessions).try_aggregate_with(|| 0, merge, "rows"));
    let records = [("in", "5", 1_000, ""), ("two", "4", 9_000, ""), ("two", "0", 5_000, "skip"), ("in", "fail", 20_000, "fail")];
    assert_eq!(fed(sessions, |_| true, &[nodes[1], nodes[0]], &records)?, ["[a@1000/1000] 5", "[a@9000/9000] 4"]);
    Ok(())
}

/// Where the old value is subtracted and the new one cannot be added, it is not subtracted.
#[test]
fn a_group_of_rows_is_as_it_was() -> Outcome {
    let less = |sum: i64, value: &str| if value == "4" { Err("skip the four".into()) } else { Ok::<i64, BoxError>(sum - number(value)?) };
    let records = [
        ("in", "5", 1_000, ""),
        ("in b", "3", 1_000, ""),
        ("in", "6", 1_000, "skip"),
        // 6, which was not added, is subtracted
        ("in", "2", 1_000, ""),
        ("in b", "4", 1_000, ""),
        ("in b", "1", 1_000, "skip"),
        ("in c", "fail", 1_000, "fail"),
    ];
    let expected = ["sum 5", "sum 8", "sum 4", "sum 5"];
    let grouped = |builder: &StreamsBuilder| builder.table::<String, String>("in").group_by(|_, value| ("sum".to_owned(), value.clone()));
    for caching in [false, true] {
        let aggregated = |builder: &StreamsBuilder| {
            let subtract = move |_: &String, value: String, sum: &mut i64| less(*sum, &value).map(|less| *sum = less);
            let sums = grouped(builder).try_aggregate_with(|| 0, |_, value, sum| add(sum, &value), subtract, rows(caching));
            sums.to_stream().to("out");
        };
        assert_eq!(fed(aggregated, |name| name == "rows", &["KTABLE-AGGREGATE-"], &records)?, expected, "caching {caching}");
    }
    let reduced = |builder: &StreamsBuilder| {
        let subtract = move |sum: String, value: String| Ok(less(number(&sum)?, &value)?.to_string());
        let sums = grouped(builder).try_reduce_with(sum, subtract, "rows");
        sums.map_values(|sum| sum.parse::<i64>().unwrap_or(-1)).to_stream().to("out");
    };
    assert_eq!(fed(reduced, |name| name == "rows", &["KTABLE-REDUCE-"], &records)?, expected);
    Ok(())
}

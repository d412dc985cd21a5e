//! Closures of tables that fail: the change is left out, and the row is as it was.

use crate::fallible::{Fed, Outcome, driver, fed, number};
use streams_core::serde::DefaultSerde;
use streams_core::{BoxError, Data, KTable, Materialized, StreamsBuilder, TableJoined};

fn input(builder: &StreamsBuilder) -> KTable<String, String> {
    builder.table("in")
}

fn rows<V: Data + DefaultSerde>(caching: bool) -> Materialized<String, V> {
    let rows = Materialized::from("rows");
    if caching { rows } else { rows.caching_disabled() }
}

const MAP: &[&str] = &["KTABLE-MAPVALUES-"];

#[test]
fn a_mapped_row_is_as_it_was() -> Outcome {
    let records = [("in", "5", 1_000, ""), ("in", "skip", 2_000, "skip"), ("in", "7", 3_000, ""), ("in", "fail", 4_000, "fail")];
    let computed = |builder: &StreamsBuilder| input(builder).try_map_values(|text| number(text)).to_stream().to("out");
    assert_eq!(fed(computed, |_| true, MAP, &records)?, ["a 5", "a 7"]);
    let with_key = |builder: &StreamsBuilder| input(builder).try_map_values_with_key(|_, text| number(text)).to_stream().to("out");
    assert_eq!(fed(with_key, |_| true, MAP, &records)?, ["a 5", "a 7"]);
    for caching in [false, true] {
        let kept = |builder: &StreamsBuilder| {
            input(builder).try_map_values_with(|text| number(text), rows(caching)).to_stream().to("out");
        };
        assert_eq!(fed(kept, |_| true, MAP, &records)?, ["a 5", "a 7"], "caching {caching}");
    }
    Ok(())
}

#[test]
fn a_filtered_row_is_as_it_was() -> Outcome {
    let even = |_: &String, text: &String| Ok(number(text)? % 2 == 0);
    let parsed = |table: KTable<String, String>| table.map_values(|text| text.parse::<i64>().unwrap_or(-1)).to_stream().to("out");
    let records = [("in", "4", 1_000, ""), ("in", "skip", 2_000, "skip"), ("in", "5", 3_000, ""), ("in", "fail", 4_000, "fail")];
    let computed = |builder: &StreamsBuilder| parsed(input(builder).try_filter(even));
    assert_eq!(fed(computed, |_| true, &["KTABLE-FILTER-"], &records)?, ["a 4", "a -"]);
    let kept = |builder: &StreamsBuilder| parsed(input(builder).try_filter_with(even, rows(true)));
    assert_eq!(fed(kept, |_| true, &["KTABLE-FILTER-"], &records)?, ["a 4", "a -"]);
    Ok(())
}

/// What a group loses is what it had, not what could not be made.
#[test]
fn groups_of_a_table_that_is_kept_stay_right() -> Outcome {
    let grouped = |builder: &StreamsBuilder| {
        let table = input(builder).try_map_values_with(|text| number(text), rows(true));
        let sums = table.group_by(|_, value| ("sum".to_owned(), *value));
        sums.aggregate(|| 0, |_, value, sum: &mut i64| *sum += value, |_, value, sum| *sum -= value).to_stream().to("out");
    };
    let records = [("in", "5", 1_000, ""), ("in", "skip", 2_000, "skip"), ("in b", "1", 2_000, ""), ("in", "7", 3_000, "")];
    assert_eq!(fed(grouped, |name| name == "rows", MAP, &records)?, ["sum 5", "sum 6", "sum 8"]);
    Ok(())
}

/// A row that has no group leaves the one that it was in, and comes into another once it has one.
#[test]
fn a_row_whose_group_cannot_be_told_is_in_none() -> Outcome {
    let builder = StreamsBuilder::new();
    let grouped = input(&builder).try_group_by(|_, text| Ok(("sum".to_owned(), number(text)?)));
    grouped.aggregate(|| 0, |_, value, sum: &mut i64| *sum += value, |_, value, sum| *sum -= value).to_stream().to("out");
    let (driver, told) = driver(&builder.build()?)?;
    let mut output = driver.output::<String, Option<i64>>("out");
    let mut sums = |key: &str, text: &str| -> Result<Vec<Option<i64>>, BoxError> {
        driver.input::<String, String>("in").pipe(key.to_owned(), text.to_owned())?;
        Ok(output.read_all()?.into_iter().map(|(_, sum)| sum).collect())
    };
    assert_eq!(sums("a", "5")?, [Some(5)]);
    assert_eq!(sums("b", "1")?, [Some(6)]);
    assert_eq!(sums("a", "skip")?, [Some(1)]);
    assert_eq!(sums("a", "skip again")?, [], "it has left already");
    assert_eq!(sums("a", "7")?, [Some(8)]);
    assert_eq!(told.lock().len(), 2, "each failure once: {:?}", told.lock());
    assert!(told.lock()[0].starts_with("KTABLE-SELECT-"), "{:?}", told.lock());
    assert!(sums("a", "fail").is_err());
    Ok(())
}

/// A join reads a row that is not kept, and computes it.
#[test]
fn a_record_that_reads_a_row_that_cannot_be_made_is_left_out() -> Outcome {
    let joined = |builder: &StreamsBuilder| {
        let other = builder.table::<String, String>("other").try_map_values(|text| number(text));
        input(builder).join(&other, |one, other| one.parse().unwrap_or(-1) + other).to_stream().to("out");
    };
    let records = [
        ("in", "1", 1_000, ""),
        ("other", "2", 1_000, ""),
        ("other", "skip", 2_000, "skip"),
        ("in", "3", 3_000, "skip"),
        ("other", "4", 4_000, ""),
        ("in", "5", 5_000, ""),
    ];
    assert_eq!(fed(joined, |_| false, &[MAP[0], "KTABLE-JOINTHIS-"], &records)?, ["a 3", "a 7", "a 9"]);
    Ok(())
}

/// Not beyond 8.
fn sum(one: Option<&String>, two: Option<&String>) -> Result<i64, BoxError> {
    let of = |text: Option<&String>| text.map_or(Ok(0), |text| number(text.rsplit(' ').next().unwrap_or_default()));
    match of(one)? + of(two)? {
        sum if sum > 8 => Err("skip what is too much".into()),
        sum => Ok(sum),
    }
}

#[test]
fn a_joined_row_is_as_it_was() -> Outcome {
    let inner = [
        ("one", "5", 1_000, ""),
        ("two", "2", 2_000, ""),
        ("two", "4", 3_000, "skip"),
        ("one", "6", 4_000, "skip"),
        ("one", "1", 5_000, ""),
        ("two", "fail", 6_000, "fail"),
    ];
    let either = [("one", "9", 1_000, "skip"), ("one", "5", 1_000, ""), ("two", "4", 3_000, "skip"), ("two", "3", 3_000, "")];
    let (this, other) = ("KTABLE-JOINTHIS-", "KTABLE-JOINOTHER-");
    for caching in [None, Some(false), Some(true)] {
        let tables = |builder: &StreamsBuilder| (builder.table::<String, String>("one"), builder.table::<String, String>("two"));
        let check = |join: &dyn Fn(&StreamsBuilder) -> KTable<String, i64>, nodes: &[&str], records: &[Fed], expected: &[&str]| {
            let kept = |name: &str| name == "rows";
            let out = fed(|builder| join(builder).to_stream().to("out"), kept, nodes, records)?;
            assert_eq!(out, expected, "caching {caching:?}");
            Outcome::Ok(())
        };
        let joined = |builder: &StreamsBuilder| {
            let (one, two) = tables(builder);
            let joiner = |_: &String, one: &String, two: &String| sum(Some(one), Some(two));
            caching.map_or_else(|| one.try_join(&two, joiner), |caching| one.try_join_with(&two, joiner, rows(caching)))
        };
        check(&joined, &[other, this, other], &inner, &["a 7", "a 5"])?;
        let joined = |builder: &StreamsBuilder| {
            let (one, two) = tables(builder);
            let joiner = |_: &String, one: &String, two: Option<&String>| sum(Some(one), two);
            caching.map_or_else(|| one.try_left_join(&two, joiner), |caching| one.try_left_join_with(&two, joiner, rows(caching)))
        };
        check(&joined, &[this, other], &either, &["a 5", "a 8"])?;
        let joined = |builder: &StreamsBuilder| {
            let (one, two) = tables(builder);
            let joiner = |_: &String, one: Option<&String>, two: Option<&String>| sum(one, two);
            caching.map_or_else(|| one.try_outer_join(&two, joiner), |caching| one.try_outer_join_with(&two, joiner, rows(caching)))
        };
        check(&joined, &[this, other], &either, &["a 5", "a 8"])?;
    }
    Ok(())
}

#[test]
fn groups_of_a_join_that_is_kept_stay_right() -> Outcome {
    let grouped = |builder: &StreamsBuilder| {
        let (one, two) = (builder.table::<String, String>("one"), builder.table::<String, String>("two"));
        let joined = one.try_join_with(&two, |_, one, two| sum(Some(one), Some(two)), rows(true));
        let sums = joined.group_by(|_, value| ("sum".to_owned(), *value));
        sums.aggregate(|| 0, |_, value, sum: &mut i64| *sum += value, |_, value, sum| *sum -= value).to_stream().to("out");
    };
    let records = [("one", "5", 1_000, ""), ("two", "2", 2_000, ""), ("two", "4", 3_000, "skip"), ("one", "1", 5_000, "")];
    assert_eq!(fed(grouped, |name| name == "rows", &["KTABLE-JOINOTHER-"], &records)?, ["sum 7", "sum 5"]);
    Ok(())
}

#[test]
fn a_row_joined_by_foreign_key_is_as_it_was() -> Outcome {
    let node = ["KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-"];
    let key = |_: &String, value: &String| Ok(value.split_once(' ').map(|(key, _)| key.to_owned()));
    let records = [
        ("other k", "2", 1_000, ""),
        ("in", "k 3", 1_000, ""),
        ("in", "k 9", 2_000, "skip"),
        ("other k", "5", 3_000, "skip"),
        ("in", "k 1", 4_000, ""),
        ("other k", "fail", 5_000, "fail"),
    ];
    let kept = |name: &str| name == "rows";
    let inner = |builder: &StreamsBuilder| {
        let other = builder.table::<String, String>("other");
        let joined = TableJoined::default().materialized(Materialized::from("rows"));
        input(builder).try_join_on_foreign_key_with(&other, key, |_, one, two| sum(Some(one), Some(two)), joined).to_stream().to("out");
    };
    assert_eq!(fed(inner, kept, &node, &records)?, ["a 5", "a 6"]);
    let left = |builder: &StreamsBuilder| {
        let other = builder.table::<String, String>("other");
        let joined = TableJoined::default().materialized(Materialized::from("rows"));
        input(builder).try_left_join_on_foreign_key_with(&other, key, |_, one, two| sum(Some(one), two), joined).to_stream().to("out");
    };
    let records = [("in", "k 9", 1_000, "skip"), ("in", "k 3", 2_000, ""), ("other k", "6", 3_000, "skip"), ("other k", "5", 3_000, "")];
    assert_eq!(fed(left, kept, &node, &records)?, ["a 3", "a 8"]);
    Ok(())
}

/// A row whose foreign key cannot be told is one that names no partner, until it changes.
#[test]
fn a_foreign_key_that_cannot_be_told_is_none() -> Outcome {
    let key = |_: &String, value: &String| match value.split_once(' ') {
        Some((key @ ("skip" | "fail"), _)) => Err(key.into()),
        found => Ok(found.map(|(key, _)| key.to_owned())),
    };
    for left in [false, true] {
        let builder = StreamsBuilder::new();
        let (rows, other) = (builder.table::<String, String>("in"), builder.table::<String, String>("other"));
        let joined = match left {
            true => rows.try_left_join_on_foreign_key(&other, key, |_, one, two| Ok(format!("{one} {}", two.map_or("-", String::as_str)))),
            false => rows.try_join_on_foreign_key(&other, key, |_, one, two| Ok(format!("{one} {two}"))),
        };
        joined.to_stream().to("out");
        let (driver, told) = driver(&builder.build()?)?;
        for (topic, key, value) in [
            ("other", "k", "1"),
            ("other", "m", "2"),
            ("in", "a", "k x"),
            ("in", "a", "skip x"),
            // none of the subscriptions is left
            ("other", "k", "3"),
            ("in", "a", "m y"),
            ("other", "m", "4"),
            ("in", "b", "skip x"),
        ] {
            driver.input::<String, String>(topic).pipe(key.to_owned(), value.to_owned())?;
        }
        let rows = driver.output::<String, Option<String>>("out").read_all()?;
        let rows: Vec<_> = rows.iter().map(|(key, value)| format!("{key}: {}", value.as_deref().unwrap_or("deleted"))).collect();
        let expected = match left {
            true => vec!["a: k x 1", "a: skip x -", "a: m y 2", "a: m y 4", "b: skip x -"],
            false => vec!["a: k x 1", "a: deleted", "a: m y 2", "a: m y 4"],
        };
        assert_eq!(rows, expected);
        let dropped = |reason| driver.metrics().sum("streams_records_dropped_total", &[("reason", reason)]).unwrap_or(0.0);
        assert_eq!((dropped("processing"), dropped("null_key")), (2.0, 0.0));
        assert!(driver.input::<String, String>("in").pipe("a".to_owned(), "fail x".to_owned()).is_err());
        let told = told.lock();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|told| told.starts_with("KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-")), "{told:?}");
    }
    Ok(())
}

//! The values with the largest scores, record by record, compared with a model that sorts all there are.

use crate::common::eventually;
use crate::one_partition::{self, time};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{Grouped, KStream, Materialized, StreamsBuilder, TimeWindows, Topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn random(seed: u64) -> impl FnMut(i64) -> i64 {
    let mut random = seed;
    move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    }
}

/// The first `n` of `all`, which stand in the order in which they came. Scores are the tens, so that many are equal.
fn top(all: &[i64], n: usize) -> Vec<i64> {
    let mut sorted = all.to_vec();
    sorted.sort_by_key(|value| Reverse(value / 10));
    sorted.truncate(n);
    sorted
}

fn text(list: &[i64]) -> String {
    format!("{list:?}")
}

#[test]
fn of_a_stream_the_largest_are_kept() -> Outcome {
    for (n, seed) in [(1, 1), (3, 2), (10, 3), (1_000, 4)] {
        let builder = StreamsBuilder::new();
        let grouped = builder.stream::<String, i64>("in").group_by_key();
        let list = grouped.top_n_with(n, |value| value / 10, Materialized::inherited().named("top").caching_disabled());
        list.to_stream().map_values(|list| text(&list.unwrap_or_default())).to("out");
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, String>("out"));
        let (mut next, mut all) = (random(seed), BTreeMap::<String, Vec<i64>>::new());
        for record in 0..400 {
            let (key, value) = (["a", "b"][next(2) as usize].to_owned(), next(60 + record / 2));
            let rows = all.entry(key.clone()).or_default();
            let before = top(rows, n);
            rows.push(value);
            let expected = top(rows, n);
            input.pipe_at(key.clone(), value, record)?;
            let out = output.read_all()?;
            // what does not enter the list is not told
            let expected = if expected == before { Vec::new() } else { vec![(key, text(&expected))] };
            assert_eq!(out, expected, "record {record} of {n}");
        }
        let store = driver.key_value_store::<String, Vec<i64>>("top").ok_or("no store")?;
        for (key, rows) in &all {
            assert_eq!(store.get(key)?, Some(top(rows, n)));
        }
    }
    Ok(())
}

/// A table of ten rows that change their groups, their scores, and go.
#[test]
fn of_a_table_rows_come_after_those_that_leave() -> Outcome {
    for (n, seed) in [(1, 1), (3, 2), (20, 3)] {
        let builder = StreamsBuilder::new();
        let rows = builder.stream::<String, Option<i64>>("in").to_table_with_deletes(Materialized::from("rows").caching_disabled());
        // the last digit is the group; the value holds the key, so that rows are told apart
        let group = |key: &String, value: &i64| ((value % 3).to_string(), value * 10 + key.parse::<i64>().unwrap_or(0));
        let list = rows.group_by(group).top_n_with(n, |value| value / 100, Materialized::inherited().named("all").caching_disabled());
        list.to_stream().map_values(|list| list.map_or_else(|| "none".to_owned(), |list| text(&list))).to("out");
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut input, mut output) = (driver.input::<String, Option<i64>>("in"), driver.output::<String, String>("out"));
        let (mut next, mut table, mut groups) = (random(seed), BTreeMap::<i64, i64>::new(), BTreeMap::<i64, Vec<i64>>::new());
        let list = |rows: &[i64]| {
            let mut sorted = rows.to_vec();
            sorted.sort_by_key(|value| Reverse(value / 100));
            sorted.truncate(n);
            (!sorted.is_empty()).then_some(sorted)
        };
        let mut told = 0;
        for record in 0..600 {
            let (key, value) = (next(10), (next(6) > 0).then(|| next(90)));
            let lists =
                |groups: &BTreeMap<i64, Vec<i64>>| -> Vec<_> { (0..3).map(|g| list(groups.get(&g).map_or(&[], |rows| rows))).collect() };
            let before = lists(&groups);
            if let Some(old) = table.remove(&key) {
                groups.entry(old % 3).or_default().retain(|row| *row != old * 10 + key);
            }
            if let Some(new) = value {
                table.insert(key, new);
                groups.entry(new % 3).or_default().push(new * 10 + key);
            }
            let after = lists(&groups);
            input.pipe_at(key.to_string(), value, record)?;
            let mut newest = BTreeMap::new();
            for (group, list) in output.read_all()? {
                newest.insert(group, list);
                told += 1;
            }
            for group in 0..3 {
                let shown = newest.get(&group.to_string());
                let expected = after[group].as_ref().map_or_else(|| "none".to_owned(), |list| text(list));
                match shown {
                    Some(shown) => assert_eq!(*shown, expected, "record {record}, group {group} of {n}"),
                    None => assert_eq!(before[group], after[group], "record {record}, group {group} of {n}: nothing was told"),
                }
            }
        }
        assert!(told < if n == 1 { 600 } else { 1_400 }, "{told} lists of {n} told");
    }
    Ok(())
}

#[test]
fn windows_have_lists_of_their_own() -> Outcome {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::hopping(Duration::from_millis(10), Duration::from_millis(5)).grace(Duration::from_secs(1));
    let lists = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows);
    let lists = lists.top_n_with(3, |value| value / 10, Materialized::inherited().named("top").caching_disabled());
    lists.to_stream().map(|windowed, list| (windowed.window.start, text(&list.unwrap_or_default()))).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, i64>("in");
    let (mut next, mut all) = (random(7), BTreeMap::<i64, Vec<i64>>::new());
    for _ in 0..200 {
        let (value, time) = (next(100), next(100));
        for start in (0..=time).filter(|start| start % 5 == 0 && start + 10 > time) {
            all.entry(start).or_default().push(value);
        }
        input.pipe_at("a".to_owned(), value, time)?;
    }
    let found: BTreeMap<i64, String> = driver.output::<i64, String>("out").read_map()?.into_iter().collect();
    let expected: BTreeMap<i64, String> = all.iter().map(|(start, values)| (*start, text(&top(values, 3)))).collect();
    assert_eq!(found, expected);
    Ok(())
}

#[test]
fn nodes_and_stores_have_names_as_others_have() -> Outcome {
    let builder = StreamsBuilder::new();
    let stream: KStream<String, i64> = builder.stream("in");
    let _ = stream.group_by_key().top_n(2, |value| *value);
    let rows = stream.to_table().group_by_with(|_, value| ("all".to_owned(), *value), Grouped::from("by"));
    let _ = rows.top_n_with(2, |value| *value, Materialized::inherited().named("all").node_named("best"));
    let topology = builder.build()?;
    let text = topology.describe();
    for part in [
        "Processor: KSTREAM-TOPN-0000000002 (stores: [KSTREAM-TOPN-STATE-STORE-0000000001])",
        "Processor: best-rows (stores: [all])",
        "Processor: best (stores: [])",
        "by-repartition",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    Ok(())
}

/// Lists of words: of a stream by its key, and of a table by the first letter of the words. Scores are lengths, so that many are equal.
fn lists() -> Topology {
    let builder = StreamsBuilder::new();
    let words = builder.stream::<String, String>("in");
    let list = |words: Option<Vec<String>>| words.unwrap_or_default().join(" ");
    let kept = |name| Materialized::inherited().named(name).caching_disabled();
    let of_stream = words.group_by_key().top_n_with(3, String::len, kept("stream"));
    let by_letter =
        words.to_table_with(Materialized::from("words").caching_disabled()).group_by(|_, word| (word[..1].to_owned(), word.clone()));
    let of_table = by_letter.top_n_with(2, String::len, kept("table"));
    let of_stream = of_stream.to_stream().map(move |key, words| (format!("stream {key}"), list(words)));
    of_stream.merge(&of_table.to_stream().map(move |letter, words| (format!("table {letter}"), list(words)))).to("out");
    builder.build().expect("the topology is right")
}

/// Which of equal scores came first is known after a restart, too.
#[test]
fn rankings_outlast_the_application() -> Outcome {
    let records = [
        ("1", "bee", 0),
        ("2", "bat", 1),
        ("1", "boa", 2),
        ("3", "ant", 3),
        ("1", "ape", 4),
        ("2", "bear", 5),
        ("3", "bug", 6),
        ("1", "cow", 7),
        ("2", "cat", 8),
        ("1", "a", 9),
        ("3", "ox", 10),
        ("1", "bull", 11),
    ];
    let driver = TopologyTestDriver::new(&lists())?;
    for (key, value, second) in records {
        driver.input::<String, String>("in").pipe_at(key.to_owned(), value.to_owned(), time(second))?;
    }
    let by_key = |changes: Vec<(String, String)>| {
        let mut lists = BTreeMap::<String, Vec<String>>::new();
        changes.into_iter().for_each(|(key, list)| lists.entry(key).or_default().push(list));
        lists
    };
    let expected = by_key(driver.output::<String, String>("out").read_all()?);
    assert_eq!(expected["stream 1"].last().map(String::as_str), Some("bull bee boa"));
    assert_eq!(expected["table b"][1..3], ["bee bat", "bat boa"], "a row that changes comes anew");
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        let cluster = one_partition::cluster();
        let told = || {
            let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap_or_default()).expect("a text");
            let records = cluster.read_committed("out", 0, 0).expect("the topic is there");
            by_key(records.into_iter().map(|record| (text(record.key), text(record.value))).collect())
        };
        for records in records.chunks(3) {
            one_partition::run(&cluster, lists(), guarantee, |cluster| one_partition::feed_values(cluster, records));
        }
        // what was on its way between the two parts of the application
        one_partition::run(&cluster, lists(), guarantee, |_| eventually("all lists", || told() == expected));
    }
    Ok(())
}

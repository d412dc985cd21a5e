//! What the generator of records makes: a recording without late records would prove nothing about lateness.

use super::folder;
use super::recording::{Recording, headers, recordings};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Counts = BTreeMap<&'static str, usize>;

/// Counts what the steps of one history are.
fn count(steps: &[Value], counts: &mut Counts) {
    let mut add = |what, is: bool| *counts.entry(what).or_default() += usize::from(is);
    let (mut newest, mut last, mut times, mut keys) = (i64::MIN, None, BTreeSet::new(), BTreeSet::new());
    for step in steps {
        let Some(record) = step.get("in") else {
            add("the wall clock goes on", true);
            continue;
        };
        let time = record[3].as_i64().expect("a time");
        keys.extend(record[1].as_str().map(str::to_owned));
        let behind = newest.saturating_sub(time);
        add("a record", true);
        add("without a key", record[1].is_null());
        add("without a value", record[2].is_null());
        add("with headers", !headers(&record[4]).is_empty());
        add("a header that is null", headers(&record[4]).iter().any(|header| header.value.is_none()));
        add("the same once more", last == Some(record));
        add("a time that was there", times.contains(&time));
        add("out of order", behind > 0);
        add("a millisecond around the end of a window", [-10_001, -10_000, -9_999, 9_999, 10_000, 10_001].contains(&behind));
        add("a millisecond around the end of the grace", [15_000, 15_001, 5_000, 5_001, 4_999].contains(&behind));
        add("a minute or more at once", newest > 0 && behind <= -60_000);
        (newest, last) = (newest.max(time), Some(record));
        times.insert(time);
    }
    let of_keys = ["no key", "1 key", "2 keys", "3 keys", "4 keys", "5 keys"];
    add(of_keys[keys.len()], true);
}

#[test]
fn records_of_every_kind_are_generated() {
    let mut counts = Counts::new();
    for file in recordings(&folder("STREAMS_ORACLE", "behaviour")) {
        let recording = Recording::read(&file);
        recording.cases().into_iter().for_each(|case| count(case.steps(), &mut counts));
    }
    println!("{counts:#?}");
    let records = counts["a record"];
    let often =
        ["with headers", "out of order", "a time that was there", "the same once more", "without a value", "the wall clock goes on"];
    let edges = ["a millisecond around the end of a window", "a millisecond around the end of the grace", "a minute or more at once"];
    for what in often.into_iter().chain(edges) {
        assert!(counts[what] * 100 > records, "{what}: {} of {records} records", counts[what]);
    }
    for what in ["without a key", "a header that is null", "1 key", "2 keys", "3 keys", "4 keys", "5 keys"] {
        assert!(counts[what] > 30, "{what}: {}", counts[what]);
    }
}

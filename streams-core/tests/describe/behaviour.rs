//! What Java's test driver answered to random records, recorded by `cargo xtask oracle record`: outputs, changelogs and repartition topics must
//! be the same here, step by step, byte by byte. `STREAMS_ORACLE` names another folder of recordings.

use crate::optimized::BEFORE_THE_JOIN;
use crate::topologies;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::testing::TopologyTestDriver;
use streams_core::{Headers, StreamsBuilder};

/// Where Java's wall clock began.
const BEGIN: i64 = 10_000_000;

/// Whether the topic is compared. Java writes a record that is too late for its join store to the store's changelog all the same, where nothing
/// ever reads it, and counts it in the sequence numbers of the keys (docs/SEMANTICS.md).
fn is_compared(topic: &str) -> bool {
    let windows =
        ["-this-join-store-", "-other-join-store-", "KSTREAM-JOINTHIS-", "KSTREAM-JOINOTHER-", "KSTREAM-OUTERTHIS-", "KSTREAM-OUTEROTHER-"];
    !(topic.ends_with("-changelog") && windows.iter().any(|part| topic.contains(part)))
}

/// A folder of recordings: the one that the variable names, or the repository's.
fn folder(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| crate::compare::folder(name), PathBuf::from)
}

/// Key, value and timestamp of a record.
type Written = (Option<Vec<u8>>, Option<Vec<u8>>, i64);
/// By topic.
type Answer = BTreeMap<String, Vec<Written>>;

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        other => {
            let hex = other["hex"].as_str().expect("a text, null or hexadecimal digits");
            let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
            Some((0..hex.len()).step_by(2).map(digits).collect())
        }
    }
}

/// Whether records of the topic are written in an order that says nothing: Java walks a hash table of the keys that were touched.
fn has_no_order(topic: &str) -> bool {
    ["KTABLE-SUPPRESS-STATE-STORE-", "-held-back-store-", "-final-store-"].iter().any(|part| topic.contains(part))
}

/// Java leaves the time of some records to its producer, which takes the wall clock: `null` in the recording.
fn recorded(step: &Value, wall_clock: i64) -> Answer {
    let record = |r: &Value| (bytes(&r[0]), bytes(&r[1]), if r[2].is_null() { wall_clock } else { r[2].as_i64().expect("a time") });
    let list = |records: &Value| records.as_array().expect("records").iter().map(record).collect();
    let topics = step["out"].as_object().expect("topics").iter().filter(|(topic, _)| is_compared(topic));
    topics.map(|(topic, records)| (topic.clone(), in_order(topic, list(records)))).collect()
}

fn in_order(topic: &str, mut records: Vec<Written>) -> Vec<Written> {
    if has_no_order(topic) {
        records.sort_by(|a, b| a.0.cmp(&b.0));
    }
    records
}

fn answered(driver: &mut TopologyTestDriver, step: &Value) -> Result<Answer, streams_core::Error> {
    match step.get("in") {
        Some(record) => {
            let text = |n: usize| record[n].as_str().map(|text| text.as_bytes().to_vec());
            let mut input = driver.input::<String, String>(record[0].as_str().expect("a topic"));
            input.pipe_bytes(text(1), text(2), record[3].as_i64().expect("a time"), Headers::new())?;
        }
        None => driver.advance_wall_clock(Duration::from_millis(step["advance"].as_u64().expect("milliseconds")))?,
    }
    let mut answer = Answer::new();
    for topic in driver.produced_topic_names() {
        let records = driver.output::<Option<Vec<u8>>, Option<Vec<u8>>>(&topic).read_records()?;
        if !records.is_empty() && is_compared(&topic) {
            let records = in_order(&topic, records.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect());
            answer.insert(topic, records);
        }
    }
    Ok(answer)
}

/// The first step of the recording that is answered otherwise.
fn difference(recording: &Value, write: fn(&StreamsBuilder), optimization: TopologyOptimization) -> Option<String> {
    let id = recording["topology"].as_str().expect("an id");
    let builder = StreamsBuilder::new();
    write(&builder);
    let config = StreamsConfig::new("app", "embedded").topology_optimization(optimization);
    let topology = builder.build_with(&config).unwrap_or_else(|e| panic!("{id}: {e}"));
    for (case, steps) in recording["cases"].as_array().expect("cases").iter().enumerate() {
        let mut driver = TopologyTestDriver::builder(&topology).config(config.clone()).wall_clock(BEGIN).build().expect("a driver");
        let mut wall_clock = BEGIN;
        for (number, step) in steps.as_array().expect("steps").iter().enumerate() {
            wall_clock += step["advance"].as_i64().unwrap_or(0);
            let java = recorded(step, wall_clock);
            let ours = match answered(&mut driver, step) {
                Ok(ours) if ours == java => continue,
                Ok(ours) => shown(&ours),
                Err(error) => format!("    {error}\n"),
            };
            let asked = step.get("in").map_or_else(|| format!("advance {}", step["advance"]), Value::to_string);
            return Some(format!("{id}, case {case}, step {number}: {asked}\n  Java:\n{}  ours:\n{ours}", shown(&java)));
        }
    }
    None
}

fn shown(answer: &Answer) -> String {
    let part = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or_else(|| "null".to_owned(), |bytes| bytes.escape_ascii().to_string());
    let mut text = String::new();
    for (topic, records) in answer {
        for (key, value, time) in records {
            let _ = writeln!(text, "    {topic}: {} = {} at {time}", part(key), part(value));
        }
    }
    text
}

fn recordings(folder: PathBuf) -> Vec<Value> {
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    assert!(!files.is_empty(), "there are no recordings in {}", folder.display());
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    files.iter().map(read).collect()
}

#[test]
fn every_recording_is_answered_as_java_does() {
    compare_all(recordings(folder("STREAMS_ORACLE", "behaviour")), TopologyOptimization::NONE);
}

/// Those that optimisation changes, recorded with it.
#[test]
fn every_optimized_recording_is_answered_as_java_does() {
    compare_all(recordings(folder("STREAMS_ORACLE_OPTIMIZED", "behaviour-optimized")), TopologyOptimization::ALL);
}

fn compare_all(recordings: Vec<Value>, optimization: TopologyOptimization) {
    let all = topologies();
    let (mut differences, mut compared) = (Vec::new(), 0);
    for recording in recordings {
        let id = recording["topology"].as_str().expect("an id");
        let Some(write) = all.get(id) else { continue };
        if optimization != TopologyOptimization::NONE && BEFORE_THE_JOIN.contains(&id) {
            continue;
        }
        compared += 1;
        differences.extend(difference(&recording, *write, optimization));
    }
    assert!(compared > 0, "none of the recordings is of a topology of this crate");
    println!("{compared} topologies compared");
    assert!(differences.is_empty(), "{} of {compared} topologies differ\n{}", differences.len(), differences.join("\n"));
}

/// A recording in which something is not as it was must be noticed.
#[test]
fn a_changed_recording_is_noticed() {
    let all = topologies();
    let recording = recordings(folder("STREAMS_ORACLE", "behaviour"))
        .into_iter()
        .find(|r| r["topology"] == "count-materialized")
        .expect("it is recorded");
    let write = all["count-materialized"];
    assert_eq!(difference(&recording, write, TopologyOptimization::NONE), None);
    let outputs = |recording: &mut Value, change: &mut dyn FnMut(&mut Vec<Value>) -> bool| {
        let cases = recording["cases"].as_array_mut().expect("cases");
        let topics = cases.iter_mut().flat_map(|steps| steps.as_array_mut().expect("steps")).filter_map(|step| step["out"].as_object_mut());
        let changed = topics.flat_map(|out| out.values_mut()).any(|records| change(records.as_array_mut().expect("records")));
        assert!(changed, "the recording has nothing to be changed");
    };
    let mut shifted = recording.clone();
    outputs(&mut shifted, &mut |records| {
        records[0][2] = Value::from(records[0][2].as_i64().expect("a time") + 1);
        true
    });
    let mut dropped = recording.clone();
    outputs(&mut dropped, &mut |records| records.pop().is_some());
    let mut other = recording.clone();
    outputs(&mut other, &mut |records| {
        records[0][0] = Value::from("another key");
        true
    });
    for (what, changed) in [("a time shifted", shifted), ("a record dropped", dropped), ("a key changed", other)] {
        let told = difference(&changed, write, TopologyOptimization::NONE).unwrap_or_else(|| panic!("{what}: not noticed"));
        assert!(told.contains("Java:") && told.contains("count-materialized, case"), "{told}");
    }
}

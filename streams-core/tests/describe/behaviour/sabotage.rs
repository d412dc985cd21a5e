//! A recording in which something is not as it was must be noticed, and the message must say where.

use super::folder;
use super::recording::Recording;
use super::replay::{Difference, difference};
use crate::topologies;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use streams_core::config::TopologyOptimization;

/// What is done to the list of records of a topic, or to the rows of a store; `None` where it cannot be done to this one.
type Sabotage = fn(&mut Vec<Value>) -> Option<()>;

fn swap_two(records: &mut Vec<Value>) -> Option<()> {
    let at = (1..records.len()).find(|&at| records[at - 1] != records[at])?;
    records.swap(at - 1, at);
    Some(())
}

fn shift_a_time(records: &mut Vec<Value>) -> Option<()> {
    let record = records.iter_mut().find(|record| record[2].is_i64())?;
    record[2] = json!(record[2].as_i64()? + 1);
    Some(())
}

fn drop_a_tombstone(records: &mut Vec<Value>) -> Option<()> {
    records.remove(records.iter().position(|record| record[1].is_null())?);
    Some(())
}

fn change_a_header(records: &mut Vec<Value>) -> Option<()> {
    let record = records.iter_mut().find(|record| record[3].is_array())?;
    record[3][0][1] = json!("another value");
    Some(())
}

fn drop_a_header(records: &mut Vec<Value>) -> Option<()> {
    let record = records.iter_mut().find(|record| record[3].is_array())?;
    record.as_array_mut()?.truncate(3);
    Some(())
}

fn change_a_key(records: &mut Vec<Value>) -> Option<()> {
    records.first_mut()?[0] = json!("another key");
    Some(())
}

fn drop_the_last(records: &mut Vec<Value>) -> Option<()> {
    records.pop().map(drop)
}

fn change_a_row(rows: &mut Vec<Value>) -> Option<()> {
    rows.first_mut()?[1] = json!("another value");
    Some(())
}

fn shift_a_window(rows: &mut Vec<Value>) -> Option<()> {
    shift_a_time(rows)
}

fn drop_a_row(rows: &mut Vec<Value>) -> Option<()> {
    rows.pop().map(drop)
}

const OUTPUTS: &[(&str, Sabotage)] = &[
    ("two outputs swapped", swap_two),
    ("a time shifted", shift_a_time),
    ("a tombstone dropped", drop_a_tombstone),
    ("a header changed", change_a_header),
    ("a header dropped", drop_a_header),
    ("a key changed", change_a_key),
    ("a record dropped", drop_the_last),
];

const ROWS: &[(&str, Sabotage)] = &[("a row changed", change_a_row), ("a window shifted", shift_a_window), ("a row dropped", drop_a_row)];

/// Topologies of every kind.
const TRIED: &[&str] = &[
    "count-materialized",
    "flat-map-values",
    "foreign-key-left-join",
    "session-count",
    "stream-stream-join",
    "suppress-window-closes",
    "table-filter-named-materialized",
    "table-group-by-count-no-cache",
    "table-table-outer-join",
    "windowed-count-hopping",
];

fn recorded(id: &str) -> Recording {
    Recording::read(&folder("STREAMS_ORACLE", "behaviour").join(format!("{id}.json")))
}

fn compared(id: &str, recording: &Recording) -> Option<Difference> {
    difference(recording, topologies()[id], TopologyOptimization::NONE)
}

/// Does it to the first list of a user's topic to which it can be done: where that was, and the list as it is then.
fn to_outputs(recording: &mut Recording, change: Sabotage) -> Option<(usize, String, String)> {
    let cases = recording.0["cases"].as_array_mut()?;
    for (case, all) in cases.iter_mut().enumerate() {
        for (at, step) in all["steps"].as_array_mut()?.iter_mut().enumerate() {
            for (topic, records) in step["out"].as_object_mut()?.iter_mut().filter(|(topic, _)| !topic.starts_with("app-")) {
                if change(records.as_array_mut()?).is_some() {
                    return Some((case, format!("step {at}"), topic.clone()));
                }
            }
        }
    }
    None
}

fn to_rows(recording: &mut Recording, change: Sabotage) -> Option<(usize, String, String)> {
    for (case, all) in recording.0["cases"].as_array_mut()?.iter_mut().enumerate() {
        for (store, rows) in all["stores"].as_object_mut()?.iter_mut() {
            if change(rows.as_array_mut()?).is_some() {
                return Some((case, "the end".to_owned(), store.clone()));
            }
        }
    }
    None
}

#[test]
fn a_changed_recording_is_noticed() {
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for id in TRIED {
        let recording = recorded(id);
        assert!(compared(id, &recording).is_none(), "{id} differs as it is");
        let changes = OUTPUTS.iter().map(|change| (change, true)).chain(ROWS.iter().map(|change| (change, false)));
        for (&(what, change), in_outputs) in changes {
            let mut changed = recording.clone();
            let done = if in_outputs { to_outputs(&mut changed, change) } else { to_rows(&mut changed, change) };
            let Some((case, at, of)) = done else { continue };
            *tried.entry(what).or_default() += 1;
            let told = compared(id, &changed).unwrap_or_else(|| panic!("{id}: {what}: not noticed"));
            assert_eq!((told.topology.as_str(), told.case, &told.at), (*id, case, &at), "{what}: {told}");
            assert_ne!(told.expected, told.came, "{what}");
            assert!(format!("{}{}", told.expected, told.came).contains(&of), "{id}: {what}: {told}");
            let text = told.to_string();
            assert!(text.starts_with(&format!("{id}, case {case}, {at}: ")) && text.contains("Java:") && text.contains("ours:"), "{text}");
        }
    }
    // not every recording has something of every kind
    for (what, _) in OUTPUTS.iter().chain(ROWS) {
        assert!(tried.get(what).is_some_and(|times| *times > 1), "{what}: {tried:?}");
    }
}

//! Compares a topology with its recording.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use streams_core::StreamsBuilder;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../integration-tests/golden/describe")
}

/// The names of all recordings.
pub fn recorded_ids() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("the recordings are part of the repository");
    let names = entries.map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(".topics.txt").map(str::to_owned)).collect()
}

pub fn with_recording(case: &str, write: fn(&StreamsBuilder)) {
    let id = case.replace('_', "-");
    let builder = StreamsBuilder::new();
    write(&builder);
    let topology = builder.build().unwrap_or_else(|e| panic!("{id}: {e}"));
    assert_same(&format!("{id}.txt"), &topology.describe());
}

fn assert_same(file: &str, ours: &str) {
    let java = fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    if java != ours {
        panic!("{file}: {}", first_difference(&java, ours));
    }
}

/// The first line that differs, and both texts.
fn first_difference(java: &str, ours: &str) -> String {
    let (mut left, mut right) = (java.lines(), ours.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (a, b) if a != b => {
                let show = |line: Option<&str>| line.unwrap_or("(end of the text)").to_owned();
                return format!("line {number} differs\n  Java: {}\n  ours: {}\n\nJava:\n{java}\nours:\n{ours}", show(a), show(b));
            }
            (None, _) => return format!("only the ends of lines differ: {java:?} and {ours:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_difference_is_told_by_line() {
    let told = first_difference("a\nb\nc\n", "a\nx\nc\n");
    assert!(told.starts_with("line 2 differs\n  Java: b\n  ours: x\n"), "{told}");
    assert!(first_difference("a\n", "a\nb\n").contains("Java: (end of the text)\n  ours: b"));
    assert!(first_difference("a\n", "a").starts_with("only the ends of lines differ"));
}

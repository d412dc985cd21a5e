//! Compares a topology with its recording.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use streams_core::config::StreamsConfig;
use streams_core::{InternalTopic, StreamsBuilder, Topology, TopologyTopics};

/// The recordings without optimisation, or with.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../integration-tests/golden").join(name)
}

/// The names of all recordings.
pub fn recorded_ids() -> BTreeSet<String> {
    let entries = fs::read_dir(folder("describe")).expect("the recordings are part of the repository");
    let names = entries.map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(".topics.txt").map(str::to_owned)).collect()
}

pub fn with_recording(case: &str, write: fn(&StreamsBuilder)) {
    let id = case.replace('_', "-");
    let builder = StreamsBuilder::new();
    write(&builder);
    let topology = builder.build().unwrap_or_else(|e| panic!("{id}: {e}"));
    let differences = differences(&id, &topology, &|file| read("describe", file));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where the texts of a topology differ from those that `java` reads.
pub fn differences(id: &str, topology: &Topology, java: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut found = Vec::new();
    let file = format!("{id}.txt");
    found.extend(difference(&file, &java(&file), &topology.describe()));
    let topics = topology.topics(&StreamsConfig::new("app", "localhost:9092")).unwrap_or_else(|e| panic!("{id}: {e}"));
    let file = format!("{id}.topics.txt");
    let mut java = java(&file);
    if let Some((_, groups)) = COPARTITIONED_HERE.iter().find(|(here, _)| *here == id) {
        java = without_groups(&java, |_| true) + groups;
    }
    found.extend(difference(&file, &without_groups(&java, |group| !group.contains(' ')), &as_recorded(&topics)));
    found
}

/// Java forgets that a join which uses the repartition topic of an earlier one must be co-partitioned with it. If it were not, keys would
/// miss their partners without a word; here such topics are in one group, so that it is an error. It also forgets what a cogrouped or a
/// suppressed table was read from, and takes the topics before the repartition of a cogroup for those behind it.
const COPARTITIONED_HERE: &[(&str, &str)] = &[
    ("cogroup-aggregated-twice", "copartitioned app-COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition right\n"),
    ("cogroup-re-keyed", "copartitioned app-COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition right\n"),
    ("cogroup-re-keyed-materialized", "copartitioned app-my-store-repartition right\n"),
    ("cogroup-session-re-keyed", "copartitioned app-COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition right\n"),
    ("cogroup-sliding-re-keyed", "copartitioned app-COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition right\n"),
    ("cogroup-then-joined", "copartitioned input left right\n"),
    ("cogroup-three-re-keyed", "copartitioned app-by-first-repartition app-by-third-repartition second\n"),
    ("cogroup-windowed-re-keyed", "copartitioned app-COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition right\n"),
    ("join-named-and-unnamed-of-one-re-keyed-stream", "copartitioned app-one-repartition first second\n"),
    ("stream-joined-twice-after-key-change", "copartitioned app-KSTREAM-KEY-SELECT-0000000007-repartition first second\n"),
    ("stream-joined-twice-after-null-keys", "copartitioned app-KSTREAM-KEY-SELECT-0000000007-repartition first second\n"),
    ("stream-stream-join-twice-re-keyed", "copartitioned app-KSTREAM-KEY-SELECT-0000000003-repartition right third\n"),
    ("stream-stream-left-join-twice-re-keyed", "copartitioned app-KSTREAM-KEY-SELECT-0000000003-repartition right third\n"),
    ("stream-stream-outer-join-twice-re-keyed", "copartitioned app-KSTREAM-KEY-SELECT-0000000003-repartition right third\n"),
    ("suppress-mapped-then-joined", "copartitioned input table\n"),
    ("suppress-then-joined", "copartitioned input table\n"),
];

/// The text without the groups that `leave_out` is true for. A group of one topic says nothing.
fn without_groups(text: &str, leave_out: fn(&str) -> bool) -> String {
    let keep = |line: &&str| !line.strip_prefix("copartitioned ").is_some_and(leave_out);
    text.lines().filter(keep).flat_map(|line| [line, "\n"]).collect()
}

pub fn read(of: &str, file: &str) -> String {
    fs::read_to_string(folder(of).join(file)).unwrap_or_else(|e| panic!("{of}/{file}: {e}"))
}

fn difference(file: &str, java: &str, ours: &str) -> Option<String> {
    (java != ours).then(|| format!("{file}: {}", first_difference(java, ours)))
}

/// The topics in the form of the recordings.
fn as_recorded(topics: &TopologyTopics) -> String {
    let mut text = String::new();
    for sub in &topics.subtopologies {
        let _ = writeln!(text, "sub-topology {}", sub.id);
        named(&mut text, "source", &sub.sources);
        named(&mut text, "sink", &sub.sinks);
        internal(&mut text, "repartition", &sub.repartition);
        internal(&mut text, "changelog", &sub.changelogs);
    }
    let mut groups: Vec<String> = topics.copartitioned.iter().map(|group| sorted(group).join(" ")).collect();
    groups.sort();
    groups.iter().for_each(|group| text += &format!("copartitioned {group}\n"));
    text
}

fn sorted(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect::<BTreeSet<_>>().into_iter().collect()
}

fn named(text: &mut String, kind: &str, names: &[Arc<str>]) {
    sorted(names).iter().for_each(|name| *text += &format!("  {kind} {name}\n"));
}

fn internal(text: &mut String, kind: &str, topics: &[InternalTopic]) {
    let mut topics: Vec<&InternalTopic> = topics.iter().collect();
    topics.sort_by_key(|topic| &topic.name);
    for topic in topics {
        let partitions = topic.partitions.map_or_else(String::new, |count| format!(" partitions={count}"));
        let _ = writeln!(text, "  {kind} {}{partitions}", topic.name);
        topic.configs.iter().for_each(|(key, value)| *text += &format!("    {key}={value}\n"));
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

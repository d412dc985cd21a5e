//! Topologies recorded from Java Kafka Streams, written here with this library's DSL: `describe()` must be equal to Java's byte for byte, and
//! so must the names, kinds and configs of internal topics. An application may change from Java to this library and back only if they are.
//!
//! The recordings and the Java code of each are in `integration-tests/golden/describe` (`INDEX.md`). A function here has the recording's
//! name, with `_` for `-`.

#![allow(clippy::ptr_arg, reason = "functions stand for closures over keys and values of type String")]

/// Makes a test of each function, and the list of all of them.
macro_rules! golden {
    ($($case:ident),+ $(,)?) => {
        pub const CASES: &[(&str, fn(&::streams_core::StreamsBuilder))] = &[$((stringify!($case), $case)),+];

        mod equals_java {
            $(#[test]
            fn $case() {
                crate::compare::with_recording(stringify!($case), super::$case);
            })+
        }
    };
}

mod aggregates;
mod behaviour;
mod branches;
mod by_hand;
mod cogrouped_windows;
mod cogroups;
mod combinations;
mod compare;
mod counts;
mod deletions;
mod description;
mod final_results;
mod foreign_key_joins;
mod global_stores;
mod global_tables;
mod grouped_twice;
mod header_stores;
mod joins_aside;
mod keyed_forms;
mod missing;
mod null_records;
mod optimizations;
mod optimized;
mod orders;
mod other_windows;
mod outer_stream_joins;
mod own_stores;
mod parameters;
mod pattern_sources;
mod processors;
mod punctuations;
mod read_only_stores;
mod reductions;
mod repartitions;
mod session_finals;
mod session_windowings;
mod sinks;
mod sliding_windowings;
mod sources;
mod stateless;
mod store_walks;
mod stream_stream_joins;
mod stream_table_joins;
mod suppressions;
mod table_groups;
mod table_joins;
mod table_stores;
mod table_transforms;
mod tables;
mod to_tables;
mod upgrades;
mod versioned_joins;
mod versioned_tables;
mod windowed_reductions;
mod windows;
mod word_counts;
mod wrappers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use streams_core::{KStream, KTable, StreamsBuilder};

/// The stream that most topologies begin with.
fn input(b: &StreamsBuilder) -> KStream<String, String> {
    b.stream("input")
}

fn words(line: String) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn concat(left: String, right: String) -> String {
    left + &right
}

fn table_of(b: &StreamsBuilder, topic: &str) -> KTable<String, String> {
    b.table(topic)
}

fn plus(left: &String, right: &String) -> String {
    format!("{left}+{right}")
}

/// As Java prints what may be null.
fn null_or(value: Option<&impl Display>) -> String {
    value.map_or_else(|| "null".to_owned(), ToString::to_string)
}

/// All of them, by the ids of their recordings.
fn topologies() -> BTreeMap<String, fn(&StreamsBuilder)> {
    let themes = [
        word_counts::CASES,
        stateless::CASES,
        branches::CASES,
        processors::CASES,
        punctuations::CASES,
        sources::CASES,
        sinks::CASES,
        repartitions::CASES,
        counts::CASES,
        reductions::CASES,
        aggregates::CASES,
        grouped_twice::CASES,
        windows::CASES,
        windowed_reductions::CASES,
        session_windowings::CASES,
        sliding_windowings::CASES,
        final_results::CASES,
        session_finals::CASES,
        other_windows::CASES,
        deletions::CASES,
        stream_table_joins::CASES,
        stream_stream_joins::CASES,
        outer_stream_joins::CASES,
        own_stores::CASES,
        read_only_stores::CASES,
        joins_aside::CASES,
        tables::CASES,
        table_joins::CASES,
        table_groups::CASES,
        upgrades::CASES,
        wrappers::CASES,
        parameters::CASES,
        table_stores::CASES,
        store_walks::CASES,
        header_stores::CASES,
        table_transforms::CASES,
        foreign_key_joins::CASES,
        to_tables::CASES,
        cogrouped_windows::CASES,
        cogroups::CASES,
        suppressions::CASES,
        combinations::CASES,
        orders::CASES,
        global_tables::CASES,
        global_stores::CASES,
        pattern_sources::CASES,
        optimizations::CASES,
        null_records::CASES,
        keyed_forms::CASES,
        versioned_tables::CASES,
        versioned_joins::CASES,
    ];
    let mut all = BTreeMap::new();
    for (case, write) in themes.into_iter().flatten() {
        let before = all.insert(case.replace('_', "-"), *write);
        assert!(before.is_none(), "two functions are called {case}");
    }
    all
}

#[test]
fn every_recording_is_compared_or_named_as_missing() {
    let all: Vec<String> = topologies().into_keys().chain(missing::MISSING.iter().map(|(id, _)| (*id).to_owned())).collect();
    let distinct: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "a recording is compared twice, or compared and named as missing");
    assert_eq!(distinct, compare::recorded_ids());
}

//! Versions where there can be none are refused when the topology is built.

use std::time::Duration;
use streams_core::{BufferConfig, Consumed, Joined, KTable, Materialized, SessionWindows, StreamsBuilder, Suppressed, TimeWindows};

const MINUTE: Duration = Duration::from_secs(60);

#[track_caller]
fn refused(write: impl FnOnce(&StreamsBuilder), parts: &[&str]) {
    let builder = StreamsBuilder::new();
    write(&builder);
    let error = builder.build().expect_err("it must be refused").to_string();
    for part in parts.iter().chain(&["invalid topology: "]) {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
}

fn versioned<V: streams_core::Data + streams_core::serde::DefaultSerde>() -> Materialized<String, V> {
    Materialized::from("versions").versioned(MINUTE)
}

fn table(b: &StreamsBuilder) -> KTable<String, String> {
    b.table_with("table", Consumed::default(), versioned())
}

fn join(b: &StreamsBuilder, table: &KTable<String, String>, grace: Duration) {
    let _ = b.stream::<String, String>("in").join_table_with(table, |value, _| value, Joined::default().grace(grace));
}

#[test]
fn suppressions() {
    let held_back = || Suppressed::until_time_limit(MINUTE, BufferConfig::unbounded());
    refused(|b| drop(table(b).suppress(held_back())), &["KTABLE-SUPPRESS", "KTABLE-SOURCE", "a versioned table", "leave `versioned` out"]);
    refused(|b| drop(table(b).filter(|_, _| true).suppress(held_back())), &["KTABLE-FILTER", "a versioned table"]);
    let builder = StreamsBuilder::new();
    table(&builder).filter_with(|_, _| true, Materialized::from("newest")).suppress(held_back()).to_stream().to("out");
    builder.build().expect("what is kept without versions is a table like others");
}

#[test]
fn stores_of_other_kinds() {
    let stream = |b: &StreamsBuilder| b.stream::<String, String>("in").group_by_key();
    let windows = || TimeWindows::tumbling(MINUTE).no_grace();
    refused(|b| drop(stream(b).windowed_by(windows()).count_with(versioned())), &["versions", "one of windows", "leave `versioned` out"]);
    let sessions = || SessionWindows::with_gap(MINUTE).no_grace();
    refused(|b| drop(stream(b).windowed_by(sessions()).count_with(versioned())), &["versions", "one of sessions"]);
    let global = |b: &StreamsBuilder| drop(b.global_table_with::<String, String>("table", Consumed::default(), versioned()));
    refused(global, &["versions", "a global table", "KTABLE-SOURCE", "leave `versioned` out"]);
}

#[test]
fn stores_without_a_name() {
    let unnamed = || Materialized::<String, String>::default().versioned(MINUTE);
    refused(|b| drop(b.table_with("table", Consumed::default(), unnamed())), &["table-STATE-STORE", ".named(..)"]);
    refused(|b| drop(b.table::<String, String>("table").filter_with(|_, _| true, unnamed())), &["KTABLE-FILTER", ".named(..)"]);
}

#[test]
fn grace_periods_of_joins() {
    refused(
        |b| join(b, &b.table("table"), MINUTE),
        &["KSTREAM-JOIN", "KTABLE-SOURCE", "is not a versioned table", "Materialized::versioned", "leave the grace period out"],
    );
    let newest = |b: &StreamsBuilder| table(b).map_values_with(String::clone, Materialized::from("newest"));
    refused(|b| join(b, &newest(b), MINUTE), &["KTABLE-MAPVALUES", "is not a versioned table"]);
    let longer = MINUTE + Duration::from_millis(1);
    refused(|b| join(b, &table(b), longer), &["60001 ms", "60000 ms", "a longer history retention or a shorter grace period"]);
    let builder = StreamsBuilder::new();
    join(&builder, &table(&builder).map_values(String::clone), MINUTE);
    builder.build().expect("as long as the history");
}

//! Counts, reductions and aggregates by session.

use crate::{concat, input};
use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::{
    Data, Joined, KGroupedStream, KTable, Materialized, Named, Produced, SessionWindowedKStream, SessionWindows, StreamsBuilder, Windowed,
};

const GAP: Duration = Duration::from_secs(5);

fn by_key(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by_key()
}

fn by_value(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by(|_, value| value.clone())
}

/// With a grace longer than any record is late.
fn open(grouped: KGroupedStream<String, String>) -> SessionWindowedKStream<String, String> {
    grouped.windowed_by(SessionWindows::with_gap(GAP).grace(Duration::from_secs(61)))
}

/// With a grace that many records are later than.
fn closing(grouped: KGroupedStream<String, String>) -> SessionWindowedKStream<String, String> {
    grouped.windowed_by(SessionWindows::with_gap(GAP).grace(Duration::from_millis(7_345)))
}

fn to_output<V: Data>(table: &KTable<Windowed<String>, V>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn store<V: Data + DefaultSerde>() -> Materialized<String, V> {
    Materialized::from("my-store")
}

const LONG_KEPT: Duration = Duration::from_secs(7200);

fn session_count(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).count());
}

fn session_count_repartition(b: &StreamsBuilder) {
    to_output(&open(by_value(b)).count());
}

fn session_count_store_named(b: &StreamsBuilder) {
    to_output(&open(by_value(b)).count_with("my-store"));
}

fn session_count_named(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).count_with(Named::new("my-count")));
}

fn session_count_named_materialized(b: &StreamsBuilder) {
    let grouped = input(b).group_by_with(|_, value| value.clone(), "by-value");
    to_output(&open(grouped).count_with(Materialized::from("my-store").node_named("my-count")));
}

fn session_count_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).count_with(Materialized::default()));
}

fn session_count_retention(b: &StreamsBuilder) {
    to_output(&closing(by_key(b)).count_with(store().retention(LONG_KEPT)));
}

fn session_count_no_cache(b: &StreamsBuilder) {
    to_output(&closing(by_key(b)).count_with(store().caching_disabled()));
}

fn session_count_no_grace(b: &StreamsBuilder) {
    let sessions = SessionWindows::with_gap(Duration::from_millis(12_345)).no_grace();
    to_output(&by_key(b).windowed_by(sessions).count_with(store().caching_disabled()));
}

fn session_count_no_gap(b: &StreamsBuilder) {
    let sessions = SessionWindows::with_gap(Duration::ZERO).grace(Duration::from_secs(61));
    to_output(&by_key(b).windowed_by(sessions).count());
}

fn session_count_in_memory(b: &StreamsBuilder) {
    to_output(&closing(by_key(b)).count_with(store().in_memory().retention(LONG_KEPT)));
}

fn session_count_in_memory_no_cache(b: &StreamsBuilder) {
    to_output(&closing(by_key(b)).count_with(store().in_memory().caching_disabled()));
}

fn session_count_no_changelog(b: &StreamsBuilder) {
    to_output(&closing(by_key(b)).count_with(store().logging_disabled().caching_disabled()));
}

fn session_count_mapped(b: &StreamsBuilder) {
    let counts = closing(by_key(b)).count_with(store().caching_disabled()).to_stream();
    let mapped = counts.map(|windowed, count| {
        let Windowed { key, window } = windowed;
        (format!("{key}@{}/{}", window.start, window.end), count.map(|count| count.to_string()))
    });
    mapped.to("output");
}

fn session_count_filtered(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).count().filter(|_, count| count % 2 == 0));
}

fn session_count_filtered_materialized(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).count().filter_with(|_, count| *count > 1, Materialized::inherited().named("filtered")));
}

fn session_count_map_values(b: &StreamsBuilder) {
    let texts = open(by_key(b)).count().map_values(ToString::to_string).to_stream();
    texts.to_with("output", Produced::inherited().value_serde(Option::<String>::default_serde()));
}

/// Java's join leaves deletions out; here the types ask for it to be said.
fn session_count_joined(b: &StreamsBuilder) {
    let counts = closing(by_key(b)).count_with(store().caching_disabled());
    let joined = counts.to_stream().skip_null_values().join_table_with(&counts, |one, other| format!("{one}/{other}"), Joined::inherited());
    joined.to_with("output", Produced::inherited().value_serde(String::default_serde()));
}

fn session_count_after_select_key(b: &StreamsBuilder) {
    to_output(&open(input(b).select_key(|_, value| value.clone()).group_by_key()).count());
}

fn session_count_two_gaps(b: &StreamsBuilder) {
    let grouped = by_key(b);
    to_output(&open(grouped.clone()).count());
    let narrow = SessionWindows::with_gap(Duration::from_secs(1)).grace(Duration::from_secs(61));
    to_output(&grouped.windowed_by(narrow).count());
}

fn session_reduce(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).reduce(concat));
}

fn session_reduce_store_named(b: &StreamsBuilder) {
    to_output(&open(by_value(b)).reduce_with(concat, "my-store"));
}

fn session_reduce_named(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).reduce_with(concat, Named::new("my-reduce")));
}

fn session_reduce_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).reduce_with(concat, Materialized::default()));
}

fn session_reduce_no_cache(b: &StreamsBuilder) {
    to_output(&closing(by_key(b)).reduce_with(concat, store().caching_disabled()));
}

fn aggregate(
    sessions: &SessionWindowedKStream<String, String>,
    materialized: impl Into<Materialized<String, String>>,
) -> KTable<Windowed<String>, String> {
    sessions.aggregate_with(nothing, append, join, materialized)
}

fn nothing() -> String {
    "<".to_owned()
}

fn append(_: &String, value: String, text: &mut String) {
    text.push_str(&value);
}

fn join(_: &String, one: &mut String, other: String) {
    one.push_str(&other);
    one.push('>');
}

fn session_aggregate(b: &StreamsBuilder) {
    to_output(&open(by_key(b)).aggregate(nothing, append, join));
}

fn session_aggregate_store_named(b: &StreamsBuilder) {
    to_output(&aggregate(&open(by_value(b)), "my-store"));
}

fn session_aggregate_named(b: &StreamsBuilder) {
    to_output(&aggregate(&open(by_key(b)), Named::new("my-aggregate")));
}

fn session_aggregate_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&aggregate(&open(by_key(b)), Materialized::default()));
}

fn session_aggregate_no_cache(b: &StreamsBuilder) {
    to_output(&aggregate(&closing(by_key(b)), store().caching_disabled()));
}

golden!(
    session_count,
    session_count_repartition,
    session_count_store_named,
    session_count_named,
    session_count_named_materialized,
    session_count_materialized_unnamed,
    session_count_retention,
    session_count_no_cache,
    session_count_no_grace,
    session_count_no_gap,
    session_count_in_memory,
    session_count_in_memory_no_cache,
    session_count_no_changelog,
    session_count_mapped,
    session_count_filtered,
    session_count_filtered_materialized,
    session_count_map_values,
    session_count_joined,
    session_count_after_select_key,
    session_count_two_gaps,
    session_reduce,
    session_reduce_store_named,
    session_reduce_named,
    session_reduce_materialized_unnamed,
    session_reduce_no_cache,
    session_aggregate,
    session_aggregate_store_named,
    session_aggregate_named,
    session_aggregate_materialized_unnamed,
    session_aggregate_no_cache,
);

//! Aggregations in sliding windows.

use crate::{concat, input};
use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::{Data, KTable, Materialized, Named, Produced, SlidingWindows, StreamsBuilder, TimeWindowedKStream, Windowed};

fn windows() -> SlidingWindows {
    SlidingWindows::within(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn by_key(b: &StreamsBuilder, windows: SlidingWindows) -> TimeWindowedKStream<String, String> {
    input(b).group_by_key().windowed_by(windows)
}

fn by_value(b: &StreamsBuilder) -> TimeWindowedKStream<String, String> {
    input(b).group_by(|_, value| value.clone()).windowed_by(windows())
}

fn to_output<V: Data + DefaultSerde>(table: &KTable<Windowed<String>, V>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn append(_: &String, value: String, text: &mut String) {
    text.push_str(&value);
}

fn uncached<V: Data + DefaultSerde>() -> Materialized<String, V> {
    Materialized::from("my-store").caching_disabled()
}

fn sliding_count(b: &StreamsBuilder) {
    to_output(&by_key(b, windows()).count());
}

fn sliding_count_no_grace(b: &StreamsBuilder) {
    to_output(&by_key(b, SlidingWindows::within(Duration::from_secs(10)).no_grace()).count());
}

fn sliding_count_small(b: &StreamsBuilder) {
    to_output(&by_key(b, SlidingWindows::within(Duration::from_secs(1)).grace(Duration::from_secs(120))).count());
}

fn early() -> SlidingWindows {
    SlidingWindows::within(Duration::from_millis(10_200_000)).grace(Duration::from_secs(5))
}

fn sliding_count_early(b: &StreamsBuilder) {
    to_output(&by_key(b, early()).count());
}

fn sliding_aggregate_early(b: &StreamsBuilder) {
    to_output(&by_key(b, early()).aggregate_with(String::new, append, Materialized::default().caching_disabled()));
}

fn sliding_count_repartition(b: &StreamsBuilder) {
    to_output(&by_value(b).count());
}

fn sliding_count_named(b: &StreamsBuilder) {
    to_output(&by_key(b, windows()).count_with(Named::new("my-count")));
}

fn sliding_count_store_named(b: &StreamsBuilder) {
    to_output(&by_value(b).count_with("my-store"));
}

fn sliding_count_named_materialized(b: &StreamsBuilder) {
    let windowed = input(b).group_by_with(|_, value| value.clone(), "by-value").windowed_by(windows());
    to_output(&windowed.count_with(Materialized::from("my-store").node_named("my-count")));
}

fn sliding_count_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&by_key(b, windows()).count_with(Materialized::default()));
}

fn sliding_count_uncached(b: &StreamsBuilder) {
    to_output(&by_key(b, windows()).count_with(uncached()));
}

fn sliding_count_in_memory(b: &StreamsBuilder) {
    let kept = Materialized::from("my-store").in_memory().retention(Duration::from_secs(7200));
    to_output(&by_key(b, windows()).count_with(kept));
}

fn sliding_reduce(b: &StreamsBuilder) {
    to_output(&by_key(b, windows()).reduce(concat));
}

fn sliding_reduce_uncached(b: &StreamsBuilder) {
    to_output(&by_key(b, windows()).reduce_with(concat, uncached().node_named("my-reduce")));
}

fn sliding_aggregate(b: &StreamsBuilder) {
    to_output(&by_value(b).aggregate_with(String::new, append, Materialized::default()));
}

fn sliding_aggregate_uncached(b: &StreamsBuilder) {
    let windows = SlidingWindows::within(Duration::from_secs(10)).no_grace();
    to_output(&by_key(b, windows).aggregate_with(String::new, append, uncached().node_named("my-aggregate")));
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn sliding_re_keyed(b: &StreamsBuilder) {
    let re_keyed = by_key(b, windows()).count().to_stream().select_key(|windowed, _| windowed.key.clone());
    re_keyed.skip_null_values().group_by_key().count().to_stream().to("output");
}

golden!(
    sliding_count,
    sliding_count_no_grace,
    sliding_count_small,
    sliding_count_early,
    sliding_aggregate_early,
    sliding_count_repartition,
    sliding_count_named,
    sliding_count_store_named,
    sliding_count_named_materialized,
    sliding_count_materialized_unnamed,
    sliding_count_uncached,
    sliding_count_in_memory,
    sliding_reduce,
    sliding_reduce_uncached,
    sliding_aggregate,
    sliding_aggregate_uncached,
    sliding_re_keyed,
);

//! Tables and what is computed from them.

use crate::{input, table_of};
use streams_core::{Consumed, KTable, Materialized, StreamsBuilder};

fn table(b: &StreamsBuilder) -> KTable<String, String> {
    b.table("table")
}

fn stored(name: &str) -> Materialized<String, String> {
    Materialized::from(name)
}

/// Serdes are given, and no name for the store.
fn unnamed() -> Materialized<String, String> {
    Materialized::default()
}

fn table_filter_map_values(b: &StreamsBuilder) {
    table(b).filter(|_, _| true).map_values(String::clone).to_stream().to("output");
}

fn table_filter_map_values_materialized(b: &StreamsBuilder) {
    let filtered = table(b).filter_with(|_, _| true, stored("filtered"));
    filtered.map_values_with(String::clone, stored("mapped")).to_stream().to("output");
}

fn table_filter_named(b: &StreamsBuilder) {
    let filtered = table(b).filter_with(|_, _| true, "my-filter");
    filtered.map_values_with(String::clone, "my-map").to_stream_with("my-stream").to("output");
}

fn table_filter_named_materialized(b: &StreamsBuilder) {
    let filtered = table(b).filter_with(|_, _| true, stored("filtered").node_named("my-filter"));
    filtered.map_values_with(String::clone, stored("mapped").node_named("my-map")).to_stream().to("output");
}

fn table_filter_materialized_unnamed(b: &StreamsBuilder) {
    table(b).filter_with(|_, _| true, unnamed()).map_values_with(String::clone, unnamed()).to_stream().to("output");
}

fn table_filter_not(b: &StreamsBuilder) {
    table(b).filter_not(|_, _| false).to_stream().to("output");
}

fn table_source_store_filter(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("table", Consumed::default(), "table-store");
    table.filter_with(|_, _| true, stored("filtered")).to_stream().to("output");
}

fn table_to_stream_mapper(b: &StreamsBuilder) {
    table(b).to_stream().select_key(|_, value| value.clone()).to("output");
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn table_to_stream_mapper_count(b: &StreamsBuilder) {
    let keyed = table(b).to_stream().skip_null_values().select_key(|_, value| value.clone());
    keyed.group_by_key().count().to_stream().to("output");
}

fn aggregate_filter_map(b: &StreamsBuilder) {
    let counts = input(b).group_by_key().count();
    counts.filter(|_, count| *count > 1).map_values(|count| count * 2).to_stream().to("output");
}

fn table_read_twice(b: &StreamsBuilder) {
    let table = table(b);
    table.to_stream().to("output-1");
    table.map_values(String::clone).to_stream().to("output-2");
}

fn table_table_join(b: &StreamsBuilder) {
    let (first, second) = (table_of(b, "first"), table_of(b, "second"));
    first.join(&second, |value, other| format!("{value}{other}")).to_stream().to("output");
}

fn table_group_by_count(b: &StreamsBuilder) {
    table(b).group_by(|key, value| (value.clone(), key.clone())).count().to_stream().to("output");
}

fn table_group_by_reduce_named(b: &StreamsBuilder) {
    let grouped = table(b).group_by_with(|key, value| (value.clone(), key.clone()), "by-value");
    grouped.reduce_with(|left, right| left + &right, |left, _| left, stored("my-store")).to_stream().to("output");
}

golden!(
    table_filter_map_values,
    table_filter_map_values_materialized,
    table_filter_named,
    table_filter_named_materialized,
    table_filter_materialized_unnamed,
    table_filter_not,
    table_source_store_filter,
    table_to_stream_mapper,
    table_to_stream_mapper_count,
    aggregate_filter_map,
    table_read_twice,
    table_group_by_count,
    table_group_by_reduce_named,
    table_table_join,
);

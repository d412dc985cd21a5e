//! A table joined with a table by the keys of both.

use crate::{input, null_or, plus, table_of};
use streams_core::{Consumed, KTable, Materialized, StreamsBuilder};

fn joined() -> Materialized<String, String> {
    Materialized::from("joined")
}

fn left_plus(value: &String, other: Option<&String>) -> String {
    format!("{value}+{}", null_or(other))
}

fn outer_plus(value: Option<&String>, other: Option<&String>) -> String {
    format!("{}+{}", null_or(value), null_or(other))
}

fn two(b: &StreamsBuilder) -> (KTable<String, String>, KTable<String, String>) {
    (table_of(b, "first"), table_of(b, "second"))
}

fn table_table_left_join(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.left_join(&second, left_plus).to_stream().to("output");
}

fn table_table_outer_join(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.outer_join(&second, outer_plus).to_stream().to("output");
}

fn table_table_join_named(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_with(&second, plus, "my-join").to_stream().to("output");
}

fn table_table_join_materialized(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_with(&second, plus, joined()).to_stream().to("output");
}

fn table_table_join_materialized_unnamed(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_with(&second, plus, Materialized::default()).to_stream().to("output");
}

fn table_table_left_join_named_materialized(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.left_join_with(&second, left_plus, joined().node_named("my-join")).to_stream().to("output");
}

fn table_table_outer_join_materialized(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.outer_join_with(&second, outer_plus, joined()).to_stream().to("output");
}

fn table_table_left_join_in_memory(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.left_join_with(&second, left_plus, joined().in_memory().caching_disabled()).to_stream().to("output");
}

fn table_table_outer_join_no_cache(b: &StreamsBuilder) {
    let stored =
        |topic, name| -> KTable<String, String> { b.table_with(topic, Consumed::default(), Materialized::from(name).caching_disabled()) };
    let (first, second) = (stored("first", "one"), stored("second", "two"));
    first.outer_join_with(&second, outer_plus, joined().caching_disabled().logging_disabled()).to_stream().to("output");
}

fn table_table_join_chain(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let third: KTable<String, String> = b.table("third");
    let chain = first.join(&second, plus).left_join(&third, |value, other| format!("{value}-{}", null_or(other)));
    chain.to_stream().to("output");
}

fn table_table_outer_joins_of_outer_joins(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let (third, fourth) = (table_of(b, "third"), table_of(b, "fourth"));
    let left = first.outer_join(&second, outer_plus);
    let right = third.left_join(&fourth, |value, other| format!("{value}-{}", null_or(other)));
    left.outer_join(&right, |value, other| format!("{}/{}", null_or(value), null_or(other))).to_stream().to("output");
}

fn table_table_join_filtered(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let long = first.filter(|_, value| value.len() > 1);
    let marked = second.map_values(|value| format!("{value}!"));
    long.left_join(&marked, left_plus).filter(|_, value| !value.contains('a')).to_stream().to("output");
}

fn table_table_join_materialized_filtered(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let joined = first.outer_join_with(&second, outer_plus, joined());
    let filtered = joined.filter_with(|_, value| value.contains('a'), Materialized::from("filtered"));
    filtered.map_values(|value| format!("{value}!")).to_stream().to("output");
}

fn table_table_join_of_counts(b: &StreamsBuilder) {
    let input = input(b);
    let counts = input.group_by_key().count();
    let by_value = input.group_by(|_, value| value.clone()).count_with("by-value");
    counts.outer_join(&by_value, |count, other| format!("{}/{}", null_or(count), null_or(other))).to_stream().to("output");
}

fn table_table_join_with_itself(b: &StreamsBuilder) {
    let table = table_of(b, "table");
    table.join(&table.map_values(|value| format!("{value}!")), plus).to_stream().to("output");
}

fn table_table_join_joined_by_stream(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let input = input(b);
    let outer = first.outer_join(&second, outer_plus);
    input.left_join_table(&outer, |value, other| format!("{value}-{}", null_or(other))).to("output");
}

fn table_table_join_after_key_change(b: &StreamsBuilder) {
    let first = table_of(b, "first");
    let letters = input(b).select_key(|_, value| value[..1].to_owned()).to_table();
    first.left_join(&letters, left_plus).to_stream().to("output");
}

golden!(
    table_table_left_join,
    table_table_outer_join,
    table_table_join_named,
    table_table_join_materialized,
    table_table_join_materialized_unnamed,
    table_table_left_join_named_materialized,
    table_table_outer_join_materialized,
    table_table_left_join_in_memory,
    table_table_outer_join_no_cache,
    table_table_join_chain,
    table_table_outer_joins_of_outer_joins,
    table_table_join_filtered,
    table_table_join_materialized_filtered,
    table_table_join_of_counts,
    table_table_join_with_itself,
    table_table_join_joined_by_stream,
    table_table_join_after_key_change,
);

//! Streams joined with tables.

use crate::versioned_tables::table as versioned_table;
use crate::{input, null_or};
use std::time::Duration;
use streams_core::{Consumed, Joined, KStream, KTable, StreamsBuilder};

fn join(value: String, other: &String) -> String {
    value + other
}

fn left_join(value: String, other: Option<&String>) -> String {
    value + other.map_or("null", String::as_str)
}

fn keyed(b: &StreamsBuilder) -> KStream<String, String> {
    input(b).select_key(|_, value| value.clone())
}

fn table(b: &StreamsBuilder) -> KTable<String, String> {
    b.table("table")
}

fn two_tables(b: &StreamsBuilder) -> [KTable<String, String>; 2] {
    ["first", "second"].map(|topic| b.table(topic))
}

fn stream_table_join(b: &StreamsBuilder) {
    let table = table(b);
    input(b).join_table(&table, join).to("output");
}

fn stream_table_join_named(b: &StreamsBuilder) {
    let table = table(b);
    input(b).join_table_with(&table, join, "my-join").to("output");
}

fn stream_table_join_stream_first(b: &StreamsBuilder) {
    let stream = input(b);
    stream.join_table(&table(b), join).to("output");
}

fn stream_table_join_after_key_change(b: &StreamsBuilder) {
    let table = table(b);
    keyed(b).join_table(&table, join).to("output");
}

fn stream_table_join_after_key_change_named(b: &StreamsBuilder) {
    let table = table(b);
    keyed(b).join_table_with(&table, join, "my-join").to("output");
}

fn stream_table_join_upstream_named(b: &StreamsBuilder) {
    let table = table(b);
    input(b).select_key_with(|_, value| value.clone(), "by-value").join_table(&table, join).to("output");
}

fn stream_table_join_after_map_values(b: &StreamsBuilder) {
    let table = table(b);
    keyed(b).map_values(|value| value).join_table(&table, join).to("output");
}

fn stream_table_left_join(b: &StreamsBuilder) {
    let table = table(b);
    input(b).left_join_table(&table, left_join).to("output");
}

fn stream_table_left_join_after_key_change(b: &StreamsBuilder) {
    let table = table(b);
    keyed(b).left_join_table(&table, left_join).to("output");
}

fn stream_table_join_materialized(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("table", Consumed::default(), "table-store");
    input(b).join_table(&table, join).to("output");
}

fn stream_table_join_filtered(b: &StreamsBuilder) {
    let table = table(b);
    let stream = input(b);
    stream.join_table(&table.filter(|_, _| true), join).to("output");
}

fn stream_table_join_aggregate(b: &StreamsBuilder) {
    let stream = input(b);
    let counts = stream.group_by_key().count();
    stream.join_table(&counts, |value, count| format!("{value}{count}")).to("output");
}

fn stream_joined_twice_after_key_change(b: &StreamsBuilder) {
    let [first, second] = two_tables(b);
    let keyed = keyed(b);
    keyed.join_table(&first, join).to("output-1");
    keyed.join_table(&second, join).to("output-2");
}

fn stream_joined_twice_after_key_change_named(b: &StreamsBuilder) {
    let [first, second] = two_tables(b);
    let keyed = keyed(b);
    keyed.join_table_with(&first, join, "one").to("output-1");
    keyed.join_table_with(&second, join, "two").to("output-2");
}

fn stream_joined_in_a_row(b: &StreamsBuilder) {
    let [first, second] = two_tables(b);
    keyed(b).join_table(&first, join).join_table(&second, join).to("output");
}

fn with_key(key: &String, value: String, other: &String) -> String {
    key.clone() + &value + other
}

fn left_with_key(key: &Option<String>, value: String, other: Option<&String>) -> String {
    null_or(key.as_ref()) + &left_join(value, other)
}

/// Where keys may be null.
fn nullable(b: &StreamsBuilder) -> KStream<Option<String>, String> {
    b.stream("input")
}

fn stream_table_join_keyed(b: &StreamsBuilder) {
    let table = table(b);
    input(b).join_table_with_key(&table, with_key).to("output");
}

fn stream_table_join_keyed_after_key_change_named(b: &StreamsBuilder) {
    let table = table(b);
    keyed(b).join_table_with_key_with(&table, with_key, "my-join").to("output");
}

fn stream_table_left_join_null_keys(b: &StreamsBuilder) {
    let table = table(b);
    nullable(b).left_join_table_with_key(&table, left_with_key).to("output");
}

fn stream_table_left_join_null_keys_re_keyed(b: &StreamsBuilder) {
    let table = table(b);
    nullable(b).select_key(|key, _| key.clone()).left_join_table(&table, left_join).to("output");
}

fn stream_table_left_join_null_keys_named(b: &StreamsBuilder) {
    let table = table(b);
    let stream = nullable(b).select_key(|key, _| key.clone());
    stream.left_join_table_with_key_with(&table, left_with_key, "my-join").to("output");
}

fn stream_table_left_join_null_keys_versioned(b: &StreamsBuilder) {
    let table = versioned_table(b, "table");
    nullable(b).left_join_table_with_key(&table, left_with_key).to("output");
}

fn stream_table_left_join_null_keys_filtered(b: &StreamsBuilder) {
    let table = table(b);
    let stream = nullable(b);
    stream.left_join_table(&table.filter(|_, value| value.len() == 1), left_join).to("output");
}

fn stream_joined_twice_after_null_keys(b: &StreamsBuilder) {
    let [first, second] = two_tables(b);
    let keyed = nullable(b).select_key(|key, _| key.clone());
    keyed.left_join_table(&first, left_join).to("output-1");
    keyed.left_join_table(&second, left_join).to("output-2");
}

fn stream_table_join_grace_keyed(b: &StreamsBuilder) {
    let grace = Joined::default().grace(Duration::from_secs(5));
    input(b).join_table_with_key_with(&versioned_table(b, "table"), with_key, grace).to("output");
}

golden!(
    stream_table_join,
    stream_table_join_named,
    stream_table_join_stream_first,
    stream_table_join_after_key_change,
    stream_table_join_after_key_change_named,
    stream_table_join_upstream_named,
    stream_table_join_after_map_values,
    stream_table_left_join,
    stream_table_left_join_after_key_change,
    stream_table_join_materialized,
    stream_table_join_filtered,
    stream_table_join_aggregate,
    stream_joined_twice_after_key_change,
    stream_joined_twice_after_key_change_named,
    stream_joined_in_a_row,
    stream_table_join_keyed,
    stream_table_join_keyed_after_key_change_named,
    stream_table_left_join_null_keys,
    stream_table_left_join_null_keys_re_keyed,
    stream_table_left_join_null_keys_named,
    stream_table_left_join_null_keys_versioned,
    stream_table_left_join_null_keys_filtered,
    stream_joined_twice_after_null_keys,
    stream_table_join_grace_keyed,
);

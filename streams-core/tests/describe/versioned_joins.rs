//! Joins with versioned tables.

use crate::versioned_tables::{is_short, table, versioned};
use crate::{input, null_or, plus, table_of};
use std::time::Duration;
use streams_core::{Joined, Materialized, StreamsBuilder, TableJoined};

fn left(value: &String, other: Option<&String>) -> String {
    format!("{value}+{}", null_or(other))
}

fn outer(value: Option<&String>, other: Option<&String>) -> String {
    format!("{}+{}", null_or(value), null_or(other))
}

fn letter(_: &String, value: &String) -> Option<String> {
    Some(value[..1].to_owned())
}

fn versioned_join(b: &StreamsBuilder) {
    table(b, "first").join(&table(b, "second"), plus).to_stream().to("output");
}

fn versioned_join_one_side(b: &StreamsBuilder) {
    let second = table_of(b, "second");
    table(b, "first").join(&second, plus).to_stream().to("output");
}

fn versioned_left_join(b: &StreamsBuilder) {
    table(b, "first").left_join(&table(b, "second"), left).to_stream().to("output");
}

fn versioned_left_join_other_side(b: &StreamsBuilder) {
    let first = table_of(b, "first");
    first.left_join(&table(b, "second"), left).to_stream().to("output");
}

fn versioned_outer_join(b: &StreamsBuilder) {
    table(b, "first").outer_join(&table(b, "second"), outer).to_stream().to("output");
}

fn versioned_outer_join_derived(b: &StreamsBuilder) {
    let first = table(b, "first").filter(is_short);
    let second = table(b, "second").map_values(|value| format!("{value}!"));
    first.outer_join(&second, outer).to_stream().to("output");
}

fn versioned_join_result(b: &StreamsBuilder) {
    let joined = table(b, "first").outer_join_with(&table(b, "second"), outer, versioned("joined"));
    joined.group_by(|key, value| (key.clone(), value.clone())).count().to_stream().to("output");
}

fn versioned_join_then_filter(b: &StreamsBuilder) {
    let joined = table(b, "first").left_join(&table(b, "second"), left);
    joined.filter_with(|_, value| value.len() < 5, Materialized::from("short")).to_stream().to("output");
}

fn versioned_foreign_key_join(b: &StreamsBuilder) {
    table(b, "first").join_on_foreign_key(&table(b, "second"), letter, plus).to_stream().to("output");
}

fn versioned_foreign_key_left_join(b: &StreamsBuilder) {
    let second = table_of(b, "second");
    let options = TableJoined::default().materialized(versioned("joined"));
    table(b, "first").left_join_on_foreign_key_with(&second, letter, left, options).to_stream().to("output");
}

fn versioned_foreign_key_join_other_side(b: &StreamsBuilder) {
    let first = table_of(b, "first");
    first.join_on_foreign_key(&table(b, "second"), letter, plus).to_stream().to("output");
}

fn of_stream(value: String, other: &String) -> String {
    plus(&value, other)
}

fn left_of_stream(value: String, other: Option<&String>) -> String {
    left(&value, other)
}

fn grace(seconds: u64) -> Joined<String, String> {
    Joined::default().grace(Duration::from_secs(seconds))
}

fn stream_versioned_table_join(b: &StreamsBuilder) {
    input(b).join_table(&table(b, "table"), of_stream).to("output");
}

fn stream_versioned_table_left_join(b: &StreamsBuilder) {
    input(b).left_join_table(&table(b, "table"), left_of_stream).to("output");
}

fn stream_versioned_table_join_derived(b: &StreamsBuilder) {
    let stream = input(b);
    let table = table(b, "table").filter(is_short).map_values(|value| format!("{value}!"));
    stream.left_join_table(&table, left_of_stream).to("output");
}

fn stream_versioned_count_join(b: &StreamsBuilder) {
    let stream = input(b);
    let texts = stream.group_by_key().reduce_with(|all, value| all + &value, versioned("texts"));
    stream.left_join_table(&texts, left_of_stream).to("output");
}

fn stream_table_join_grace(b: &StreamsBuilder) {
    input(b).join_table_with(&table(b, "table"), of_stream, grace(5)).to("output");
}

fn stream_table_left_join_grace(b: &StreamsBuilder) {
    input(b).left_join_table_with(&table(b, "table"), left_of_stream, grace(15)).to("output");
}

fn stream_table_join_no_grace(b: &StreamsBuilder) {
    input(b).left_join_table_with(&table(b, "table"), left_of_stream, grace(0)).to("output");
}

fn stream_table_join_grace_named(b: &StreamsBuilder) {
    input(b).join_table_with(&table(b, "table"), of_stream, grace(1).named("my-join")).to("output");
}

fn stream_table_join_grace_after_key_change(b: &StreamsBuilder) {
    let stream = input(b).select_key(|_, value| value[..1].to_owned());
    stream.left_join_table_with(&table(b, "table").filter(is_short), left_of_stream, grace(5)).to("output");
}

golden!(
    versioned_join,
    versioned_join_one_side,
    versioned_left_join,
    versioned_left_join_other_side,
    versioned_outer_join,
    versioned_outer_join_derived,
    versioned_join_result,
    versioned_join_then_filter,
    versioned_foreign_key_join,
    versioned_foreign_key_left_join,
    versioned_foreign_key_join_other_side,
    stream_versioned_table_join,
    stream_versioned_table_left_join,
    stream_versioned_table_join_derived,
    stream_versioned_count_join,
    stream_table_join_grace,
    stream_table_left_join_grace,
    stream_table_join_no_grace,
    stream_table_join_grace_named,
    stream_table_join_grace_after_key_change,
);

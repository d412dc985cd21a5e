//! Streams turned into tables.

use crate::input;
use streams_core::{KStream, Materialized, Named, StreamsBuilder};

fn keyed(b: &StreamsBuilder) -> KStream<String, String> {
    input(b).select_key(|_, value| value.clone())
}

fn to_table(b: &StreamsBuilder) {
    input(b).to_table().to_stream().to("output");
}

fn to_table_named(b: &StreamsBuilder) {
    input(b).to_table_with(Named::new("my-table")).to_stream().to("output");
}

fn to_table_materialized(b: &StreamsBuilder) {
    input(b).to_table_with("my-store").to_stream().to("output");
}

fn to_table_named_materialized(b: &StreamsBuilder) {
    input(b).to_table_with(Materialized::from("my-store").node_named("my-table")).to_stream().to("output");
}

fn to_table_materialized_unnamed(b: &StreamsBuilder) {
    input(b).to_table_with(Materialized::default()).to_stream().to("output");
}

fn to_table_after_key_change(b: &StreamsBuilder) {
    keyed(b).to_table().to_stream().to("output");
}

fn to_table_after_key_change_named(b: &StreamsBuilder) {
    keyed(b).to_table_with(Materialized::from("my-store").node_named("my-table")).to_stream().to("output");
}

fn to_table_joined(b: &StreamsBuilder) {
    let stream = input(b);
    let latest = b.stream::<String, String>("updates").to_table();
    stream.join_table(&latest, |value, other| value + other).to("output");
}

golden!(
    to_table,
    to_table_named,
    to_table_materialized,
    to_table_named_materialized,
    to_table_materialized_unnamed,
    to_table_after_key_change,
    to_table_after_key_change_named,
    to_table_joined,
);

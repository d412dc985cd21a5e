//! Forms of operators whose functions are told the key, too.

use crate::{input, null_or, table_of};
use streams_core::{KTable, Materialized, Printed, StreamsBuilder};

fn table(b: &StreamsBuilder) -> KTable<String, String> {
    table_of(b, "table")
}

fn key_and_value(key: &String, value: Option<&String>) -> String {
    key.clone() + &null_or(value)
}

fn table_to_stream_keyed(b: &StreamsBuilder) {
    table(b).to_stream_keyed(key_and_value).to("output");
}

fn table_to_stream_keyed_named(b: &StreamsBuilder) {
    table(b).to_stream_keyed_with(key_and_value, "changes").to("output");
}

fn table_map_values_with_key(b: &StreamsBuilder) {
    table(b).map_values_with_key(|key, value| key.clone() + value).to_stream().to("output");
}

fn table_map_values_with_key_materialized(b: &StreamsBuilder) {
    let kept = Materialized::from("my-store").node_named("mapped");
    table(b).map_values_with_key_with(|key, value| key.clone() + value, kept).to_stream().to("output");
}

fn twice(key: &String, value: String) -> [String; 2] {
    [value.clone(), key.clone() + &value]
}

fn flat_map_values_with_key(b: &StreamsBuilder) {
    input(b).flat_map_values_with_key(twice).to("output");
}

fn flat_map_values_with_key_named(b: &StreamsBuilder) {
    input(b).flat_map_values_with_key_with(twice, "doubled").to("output");
}

fn print_mapped(b: &StreamsBuilder) {
    input(b).print(Printed::to_stdout().key_value_mapper(|key, value| format!("{value} of {key}")));
}

golden!(
    table_to_stream_keyed,
    table_to_stream_keyed_named,
    table_map_values_with_key,
    table_map_values_with_key_materialized,
    flat_map_values_with_key,
    flat_map_values_with_key_named,
    print_mapped,
);

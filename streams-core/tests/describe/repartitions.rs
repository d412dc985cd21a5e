//! Repartition topics that the user asks for.

use crate::{concat, input};
use streams_core::{Joined, KTable, Repartitioned, StreamsBuilder};

fn repartition(b: &StreamsBuilder) {
    input(b).repartition().to("output");
}

fn repartition_named(b: &StreamsBuilder) {
    input(b).repartition_with("by-region").to("output");
}

fn repartition_partitions(b: &StreamsBuilder) {
    input(b).repartition_with(Repartitioned::default().partitions(7)).to("output");
}

fn repartition_named_partitions(b: &StreamsBuilder) {
    input(b).repartition_with(Repartitioned::from("by-region").partitions(7)).to("output");
}

fn repartition_then_count(b: &StreamsBuilder) {
    input(b).select_key(|_, value| value.clone()).repartition().group_by_key().count().to_stream().to("output");
}

fn repartition_twice(b: &StreamsBuilder) {
    let first = input(b).repartition_with("one").select_key(|_, value| value.clone());
    first.repartition().map_values(|value| value).to("output");
}

fn repartition_then_table_join(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table("table");
    let re_keyed = input(b).select_key(|_, value| value.clone()).repartition_with("re-keyed");
    re_keyed.join_table_with(&table, |value, other| concat(value, other.clone()), Joined::default()).to("output");
}

golden!(
    repartition,
    repartition_named,
    repartition_partitions,
    repartition_named_partitions,
    repartition_then_count,
    repartition_twice,
    repartition_then_table_join,
);

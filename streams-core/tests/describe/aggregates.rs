//! Aggregates.

use crate::input;
use streams_core::{KGroupedStream, Materialized, StreamsBuilder};

fn by_value(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by(|_, value| value.clone())
}

/// Serdes are given, and no name for the store.
fn unnamed() -> Materialized<String, i64> {
    Materialized::default()
}

fn zero() -> i64 {
    0
}

fn add_one(_: &String, _: String, sum: &mut i64) {
    *sum += 1;
}

fn aggregate(b: &StreamsBuilder) {
    input(b).group_by_key().aggregate(zero, add_one).to_stream().to("output");
}

fn aggregate_after_group_by(b: &StreamsBuilder) {
    by_value(b).aggregate(zero, add_one).to_stream().to("output");
}

fn aggregate_materialized(b: &StreamsBuilder) {
    by_value(b).aggregate_with(zero, add_one, "my-store").to_stream().to("output");
}

fn aggregate_materialized_unnamed(b: &StreamsBuilder) {
    input(b).group_by_key().aggregate_with(zero, add_one, unnamed()).to_stream().to("output");
}

fn aggregate_named_materialized(b: &StreamsBuilder) {
    let grouped = input(b).group_by_with(|_, value| value.clone(), "by-value");
    grouped.aggregate_with(zero, add_one, Materialized::from("my-store").node_named("my-aggregate")).to_stream().to("output");
}

fn aggregate_named(b: &StreamsBuilder) {
    by_value(b).aggregate_with(zero, add_one, unnamed().node_named("my-aggregate")).to_stream().to("output");
}

golden!(
    aggregate,
    aggregate_after_group_by,
    aggregate_materialized,
    aggregate_materialized_unnamed,
    aggregate_named_materialized,
    aggregate_named,
);

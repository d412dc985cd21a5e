//! Reductions.

use crate::{concat, input};
use streams_core::{KGroupedStream, Materialized, StreamsBuilder};

fn by_value(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by(|_, value| value.clone())
}

/// Serdes are given, and no name for the store.
fn unnamed() -> Materialized<String, String> {
    Materialized::default()
}

fn reduce(b: &StreamsBuilder) {
    input(b).group_by_key().reduce(concat).to_stream().to("output");
}

fn reduce_after_group_by(b: &StreamsBuilder) {
    by_value(b).reduce(concat).to_stream().to("output");
}

fn reduce_materialized(b: &StreamsBuilder) {
    by_value(b).reduce_with(concat, "my-store").to_stream().to("output");
}

fn reduce_materialized_unnamed(b: &StreamsBuilder) {
    input(b).group_by_key().reduce_with(concat, unnamed()).to_stream().to("output");
}

fn reduce_named_materialized(b: &StreamsBuilder) {
    let grouped = input(b).group_by_with(|_, value| value.clone(), "by-value");
    grouped.reduce_with(concat, Materialized::from("my-store").node_named("my-reduce")).to_stream().to("output");
}

fn reduce_named(b: &StreamsBuilder) {
    by_value(b).reduce_with(concat, unnamed().node_named("my-reduce")).to_stream().to("output");
}

golden!(reduce, reduce_after_group_by, reduce_materialized, reduce_materialized_unnamed, reduce_named_materialized, reduce_named);

//! Counts: the processor's name, the store's, the grouping's, and what each of them changes.

use crate::input;
use std::collections::BTreeMap;
use streams_core::{KGroupedStream, Materialized, Named, StreamsBuilder};

fn by_value(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by(|_, value| value.clone())
}

/// Serdes are given, and no name for the store.
fn unnamed() -> Materialized<String, u64> {
    Materialized::default()
}

fn count(b: &StreamsBuilder) {
    input(b).group_by_key().count().to_stream().to("output");
}

fn count_after_map_values(b: &StreamsBuilder) {
    input(b).map_values(|value| value).group_by_key().count().to_stream().to("output");
}

fn count_after_key_change(b: &StreamsBuilder) {
    input(b).select_key(|_, value| value.clone()).group_by_key().count().to_stream().to("output");
}

fn count_after_key_change_grouped_named(b: &StreamsBuilder) {
    input(b).select_key(|_, value| value.clone()).group_by_key_with("by-value").count().to_stream().to("output");
}

fn count_grouped_named_no_repartition(b: &StreamsBuilder) {
    input(b).group_by_key_with("by-key").count().to_stream().to("output");
}

fn count_named(b: &StreamsBuilder) {
    by_value(b).count_with(Named::new("my-count")).to_stream().to("output");
}

fn count_materialized(b: &StreamsBuilder) {
    by_value(b).count_with("my-store").to_stream().to("output");
}

fn count_named_materialized(b: &StreamsBuilder) {
    by_value(b).count_with(Materialized::from("my-store").node_named("my-count")).to_stream().to("output");
}

fn count_materialized_unnamed(b: &StreamsBuilder) {
    input(b).group_by_key().count_with(unnamed()).to_stream().to("output");
}

fn count_named_materialized_unnamed(b: &StreamsBuilder) {
    input(b).group_by_key().count_with(unnamed().node_named("my-count")).to_stream().to("output");
}

fn count_grouped_and_store_named(b: &StreamsBuilder) {
    input(b).group_by_with(|_, value| value.clone(), "by-value").count_with("my-store").to_stream().to("output");
}

fn count_logging_disabled(b: &StreamsBuilder) {
    input(b).group_by_key().count_with(Materialized::from("my-store").logging_disabled()).to_stream().to("output");
}

fn count_logging_config(b: &StreamsBuilder) {
    let configs = [("retention.ms", "1000"), ("cleanup.policy", "compact,delete")];
    let configs: BTreeMap<String, String> = configs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    input(b).group_by_key().count_with(Materialized::from("my-store").logging(configs)).to_stream().to("output");
}

fn count_caching_disabled(b: &StreamsBuilder) {
    input(b).group_by_key().count_with(Materialized::from("my-store").caching_disabled()).to_stream().to("output");
}

golden!(
    count,
    count_after_map_values,
    count_after_key_change,
    count_after_key_change_grouped_named,
    count_grouped_named_no_repartition,
    count_named,
    count_materialized,
    count_named_materialized,
    count_materialized_unnamed,
    count_named_materialized_unnamed,
    count_grouped_and_store_named,
    count_logging_disabled,
    count_logging_config,
    count_caching_disabled,
);

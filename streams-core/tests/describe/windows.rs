//! Windowed counts.

use crate::input;
use std::time::Duration;
use streams_core::{KTable, Materialized, Named, Produced, StreamsBuilder, TimeWindowedKStream, TimeWindows, Windowed};

fn tumbling() -> TimeWindows {
    TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn hopping() -> TimeWindows {
    TimeWindows::hopping(Duration::from_secs(10), Duration::from_secs(2)).grace(Duration::from_secs(5))
}

fn by_key(b: &StreamsBuilder, windows: TimeWindows) -> TimeWindowedKStream<String, String> {
    input(b).group_by_key().windowed_by(windows)
}

fn by_value(b: &StreamsBuilder, windows: TimeWindows) -> TimeWindowedKStream<String, String> {
    input(b).group_by(|_, value| value.clone()).windowed_by(windows)
}

fn to_output(counts: &KTable<Windowed<String>, u64>) {
    counts.to_stream().to_with("output", Produced::inherited());
}

fn windowed_count_tumbling(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count());
}

fn windowed_count_tumbling_no_grace(b: &StreamsBuilder) {
    to_output(&by_key(b, TimeWindows::tumbling(Duration::from_secs(10)).no_grace()).count());
}

fn windowed_count_tumbling_repartition(b: &StreamsBuilder) {
    to_output(&by_value(b, tumbling()).count());
}

fn windowed_count_tumbling_store_named(b: &StreamsBuilder) {
    to_output(&by_value(b, tumbling()).count_with("my-store"));
}

fn windowed_count_hopping(b: &StreamsBuilder) {
    to_output(&by_key(b, hopping()).count());
}

fn windowed_count_hopping_store_named(b: &StreamsBuilder) {
    to_output(&by_value(b, hopping()).count_with("my-store"));
}

fn windowed_count_named(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(Named::new("my-count")));
}

fn windowed_count_named_materialized(b: &StreamsBuilder) {
    let windowed = input(b).group_by_with(|_, value| value.clone(), "by-value").windowed_by(tumbling());
    to_output(&windowed.count_with(Materialized::from("my-store").node_named("my-count")));
}

fn windowed_count_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(Materialized::default()));
}

fn windowed_count_retention(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(Materialized::from("my-store").retention(Duration::from_secs(7200))));
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn windowed_count_re_keyed(b: &StreamsBuilder) {
    let re_keyed = by_key(b, tumbling()).count().to_stream().select_key(|windowed, _| windowed.key.clone());
    re_keyed.skip_null_values().group_by_key().count().to_stream().to("output");
}

golden!(
    windowed_count_tumbling,
    windowed_count_tumbling_no_grace,
    windowed_count_tumbling_repartition,
    windowed_count_tumbling_store_named,
    windowed_count_hopping,
    windowed_count_hopping_store_named,
    windowed_count_named,
    windowed_count_named_materialized,
    windowed_count_materialized_unnamed,
    windowed_count_retention,
    windowed_count_re_keyed,
);

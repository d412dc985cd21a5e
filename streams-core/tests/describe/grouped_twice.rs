//! Several aggregations of one stream: who shares a repartition topic, and which indices burn again.

use crate::{concat, input};
use std::time::Duration;
use streams_core::{StreamsBuilder, TimeWindows};

fn group_by_key_twice(b: &StreamsBuilder) {
    let stream = input(b);
    stream.group_by_key().count().to_stream().to("counts");
    stream.group_by_key().reduce(concat).to_stream().to("reduced");
}

fn group_by_key_twice_after_key_change(b: &StreamsBuilder) {
    let keyed = input(b).select_key(|_, value| value.clone());
    keyed.group_by_key().count().to_stream().to("counts");
    keyed.group_by_key().reduce(concat).to_stream().to("reduced");
}

fn grouped_stream_twice(b: &StreamsBuilder) {
    let grouped = input(b).group_by(|_, value| value.clone());
    grouped.count().to_stream().to("counts");
    grouped.reduce(concat).to_stream().to("reduced");
}

fn grouped_stream_twice_named(b: &StreamsBuilder) {
    let grouped = input(b).group_by_with(|_, value| value.clone(), "by-value");
    grouped.count().to_stream().to("counts");
    grouped.reduce(concat).to_stream().to("reduced");
}

fn grouped_stream_twice_stores_named(b: &StreamsBuilder) {
    let grouped = input(b).group_by(|_, value| value.clone());
    grouped.count_with("counts-store").to_stream().to("counts");
    grouped.reduce_with(concat, "reduced-store").to_stream().to("reduced");
}

fn grouped_stream_count_and_window(b: &StreamsBuilder) {
    let grouped = input(b).group_by_with(|_, value| value.clone(), "by-value");
    grouped.count().to_stream().to("counts");
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    grouped.windowed_by(windows).count().to_stream().for_each(|_, _| {});
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn count_of_count(b: &StreamsBuilder) {
    let counts = input(b).group_by_key().count();
    counts.to_stream().skip_null_values().group_by(|_, count| *count).count().to_stream().for_each(|_, _| {});
}

golden!(
    group_by_key_twice,
    group_by_key_twice_after_key_change,
    grouped_stream_twice,
    grouped_stream_twice_named,
    grouped_stream_twice_stores_named,
    grouped_stream_count_and_window,
    count_of_count,
);

//! Streams of every topic whose name matches.

use std::time::Duration;
use streams_core::{Consumed, GlobalKTable, JoinWindows, KStream, KTable, StreamsBuilder, TimeWindows};

fn inputs(b: &StreamsBuilder) -> KStream<String, String> {
    b.stream_pattern("input-[0-9]+")
}

fn stream_pattern(b: &StreamsBuilder) {
    b.stream_pattern::<String, String>("input-.*").to("output");
}

fn pattern_named(b: &StreamsBuilder) {
    let stream: KStream<String, String> = b.stream_pattern_with("input-[0-9]+", Consumed::default().named("my-source"));
    stream.map_values(|value| value + "!").to("output");
}

fn pattern_count(b: &StreamsBuilder) {
    inputs(b).group_by_key().count_with("counts").to_stream().to("output");
}

fn pattern_re_keyed_then_count(b: &StreamsBuilder) {
    inputs(b).group_by(|_, value| value.clone()).count().to_stream().to("output");
}

fn pattern_twice(b: &StreamsBuilder) {
    let [first, second]: [KStream<String, String>; 2] = ["input-.*"; 2].map(|pattern| b.stream_pattern(pattern));
    first.to("output-1");
    second.map_values(|value| value + "!").to("output-2");
}

fn pattern_and_topic_merged(b: &StreamsBuilder) {
    let stream = inputs(b);
    let other: KStream<String, String> = b.stream(["other", "another"]);
    stream.merge(&other).to("output");
}

fn pattern_alternatives_merged(b: &StreamsBuilder) {
    let stream: KStream<String, String> = b.stream_pattern(r"(left|right)-\d");
    let orders: KStream<String, String> = b.stream_pattern(r"orders\.(eu|us)");
    stream.merge(&orders).group_by_key().count().to_stream().to("output");
}

fn pattern_join_table(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table("table");
    inputs(b).join_table(&table, |value, other| value + other).to("output");
}

fn pattern_join_global(b: &StreamsBuilder) {
    let global: GlobalKTable<String, String> = b.global_table("global");
    let join = |value: String, other: Option<&String>| value + other.map_or("null", String::as_str);
    inputs(b).left_join_global(&global, |_, value| value.clone(), join).to("output");
}

fn pattern_join_stream(b: &StreamsBuilder) {
    let stream = inputs(b);
    let other: KStream<String, String> = b.stream("other");
    stream.join(&other, |value, other| value.clone() + other, JoinWindows::within(Duration::from_secs(10))).to("output");
}

fn pattern_windowed_count(b: &StreamsBuilder) {
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5));
    let counts = inputs(b).group_by_key().windowed_by(windows).count_with("counts");
    counts.to_stream().select_key(|window, _| format!("{}@{}", window.key, window.window.start)).to("output");
}

fn pattern_to_table(b: &StreamsBuilder) {
    inputs(b).to_table_with("newest").to_stream().to("output");
}

fn pattern_branches(b: &StreamsBuilder) {
    let stream: KStream<String, String> = b.stream_pattern_with(".*-1", Consumed::default().named("ones"));
    stream.filter(|_, value| value.len() > 1).to("long");
    stream.select_key(|_, value| value.clone()).repartition().to("output");
}

golden!(
    stream_pattern,
    pattern_named,
    pattern_count,
    pattern_re_keyed_then_count,
    pattern_twice,
    pattern_and_topic_merged,
    pattern_alternatives_merged,
    pattern_join_table,
    pattern_join_global,
    pattern_join_stream,
    pattern_windowed_count,
    pattern_to_table,
    pattern_branches,
);

//! Two streams joined in a window. Java's `StreamJoined.as(name)` is a name for the stores, as `withStoreName`; only `withName` names nodes.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::{JoinWindows, KStream, StreamJoined, StreamsBuilder};

fn join(value: &String, other: &String) -> String {
    value.clone() + other
}

fn windows() -> JoinWindows {
    JoinWindows::within(Duration::from_secs(10))
}

fn pair(b: &StreamsBuilder) -> [KStream<String, String>; 2] {
    ["left", "right"].map(|topic| b.stream(topic))
}

fn by_value(stream: &KStream<String, String>) -> KStream<String, String> {
    stream.select_key(|_, value| value.clone())
}

fn store_named(name: &str) -> StreamJoined<String, String, String> {
    StreamJoined::default().store_name(name)
}

fn stream_stream_join(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join(&right, join, windows()).to("output");
}

fn stream_stream_join_grace(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join(&right, join, windows().grace(Duration::from_secs(5))).to("output");
}

fn stream_stream_join_asymmetric(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join(&right, join, windows().before(Duration::from_secs(1)).after(Duration::from_secs(20))).to("output");
}

fn stream_stream_join_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join_with(&right, join, windows(), "my-join").to("output");
}

fn stream_stream_join_store_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join_with(&right, join, windows(), store_named("my-store")).to("output");
}

fn stream_stream_join_named_store_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join_with(&right, join, windows(), store_named("my-join").store_name("my-store")).to("output");
}

fn stream_stream_join_left_re_keyed(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    by_value(&left).join(&right, join, windows()).to("output");
}

fn stream_stream_join_right_re_keyed(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join(&by_value(&right), join, windows()).to("output");
}

fn stream_stream_join_both_re_keyed(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    by_value(&left).join(&by_value(&right), join, windows()).to("output");
}

fn stream_stream_join_both_re_keyed_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    by_value(&left).join_with(&by_value(&right), join, windows(), store_named("my-join").store_name("my-store")).to("output");
}

fn stream_stream_join_twice_re_keyed(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    let third: KStream<String, String> = b.stream("third");
    let keyed = by_value(&left);
    keyed.join(&right, join, windows()).to("output-1");
    keyed.join(&third, join, windows()).to("output-2");
}

fn stream_stream_self_join(b: &StreamsBuilder) {
    let left: KStream<String, String> = b.stream("left");
    left.join(&left, join, windows()).to("output");
}

fn stream_stream_join_logging_disabled(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join_with(&right, join, windows(), StreamJoined::default().logging_disabled()).to("output");
}

fn stream_stream_join_then_count(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join(&right, join, windows()).group_by_key().count().to_stream().for_each(|_, _| {});
}

fn stream_stream_join_with_name(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join_with(&right, join, windows(), StreamJoined::default().named("my-join")).to("output");
}

fn stream_stream_join_with_name_store_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.join_with(&right, join, windows(), store_named("my-store").named("my-join")).to("output");
}

fn stream_stream_join_both_re_keyed_with_name(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    by_value(&left).join_with(&by_value(&right), join, windows(), StreamJoined::default().named("my-join")).to("output");
}

fn stream_stream_join_twice_re_keyed_with_name(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    let third: KStream<String, String> = b.stream("third");
    let keyed = by_value(&left);
    keyed.join_with(&right, join, windows(), StreamJoined::default().named("one")).to("output-1");
    keyed.join_with(&third, join, windows(), StreamJoined::default().named("two")).to("output-2");
}

fn stream_stream_join_upstreams_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    let (left, right) = (left.select_key_with(|_, value| value.clone(), "l"), right.select_key_with(|_, value| value.clone(), "r"));
    left.join(&right, join, windows()).to("output");
}

fn stream_stream_join_logging_config(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    let configs = [("segment.bytes", "5"), ("cleanup.policy", "compact")];
    let configs: BTreeMap<String, String> = configs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    left.join_with(&right, join, windows(), StreamJoined::default().logging(configs)).to("output");
}

fn stream_stream_join_in_a_row(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    let third: KStream<String, String> = b.stream("third");
    by_value(&left).join(&right, join, windows()).join(&third, join, windows()).to("output");
}

golden!(
    stream_stream_join,
    stream_stream_join_grace,
    stream_stream_join_asymmetric,
    stream_stream_join_named,
    stream_stream_join_store_named,
    stream_stream_join_named_store_named,
    stream_stream_join_left_re_keyed,
    stream_stream_join_right_re_keyed,
    stream_stream_join_both_re_keyed,
    stream_stream_join_both_re_keyed_named,
    stream_stream_join_twice_re_keyed,
    stream_stream_self_join,
    stream_stream_join_logging_disabled,
    stream_stream_join_then_count,
    stream_stream_join_with_name,
    stream_stream_join_with_name_store_named,
    stream_stream_join_both_re_keyed_with_name,
    stream_stream_join_twice_re_keyed_with_name,
    stream_stream_join_upstreams_named,
    stream_stream_join_logging_config,
    stream_stream_join_in_a_row,
);

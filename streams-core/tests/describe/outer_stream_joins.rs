//! Two streams joined in a window: left and outer joins, joiners that see the key, streams joined with themselves. Java's joiners write `null`
//! for what is missing.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::{Data, JoinWindows, KStream, StreamJoined, StreamsBuilder, serde::DefaultSerde};

type Options = StreamJoined<String, String, String>;

fn text(value: Option<&String>) -> &str {
    value.map_or("null", String::as_str)
}

fn inner_with_key(key: &String, value: &String, other: &String) -> String {
    key.clone() + value + other
}

pub fn left(value: &String, other: Option<&String>) -> String {
    value.clone() + text(other)
}

fn left_with_key(key: &String, value: &String, other: Option<&String>) -> String {
    key.clone() + value + text(other)
}

fn left_with_any_key(key: &Option<String>, value: &String, other: Option<&String>) -> String {
    text(key.as_ref()).to_owned() + value + text(other)
}

pub fn outer(value: Option<&String>, other: Option<&String>) -> String {
    text(value).to_owned() + text(other)
}

fn outer_with_key(key: &String, value: Option<&String>, other: Option<&String>) -> String {
    key.clone() + text(value) + text(other)
}

fn outer_with_any_key(key: &Option<String>, value: Option<&String>, other: Option<&String>) -> String {
    text(key.as_ref()).to_owned() + text(value) + text(other)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn windows() -> JoinWindows {
    JoinWindows::within(seconds(10))
}

fn with_grace() -> JoinWindows {
    windows().grace(seconds(5))
}

fn pair<K: Data + DefaultSerde>(b: &StreamsBuilder) -> [KStream<K, String>; 2] {
    ["left", "right"].map(|topic| b.stream(topic))
}

fn third(b: &StreamsBuilder) -> KStream<String, String> {
    b.stream("third")
}

fn by_value(stream: &KStream<String, String>) -> KStream<String, String> {
    stream.select_key(|_, value| value.clone())
}

fn options() -> Options {
    StreamJoined::default()
}

fn logging() -> Options {
    let configs = [("segment.bytes", "5"), ("cleanup.policy", "delete")];
    options().logging(BTreeMap::from(configs.map(|(key, value)| (key.to_owned(), value.to_owned()))))
}

fn stream_stream_left_join(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join(&z, left, windows()).to("output");
}

fn stream_stream_left_join_grace(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join(&z, left, with_grace()).to("output");
}

fn stream_stream_left_join_asymmetric(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join(&z, left, windows().before(seconds(1)).after(seconds(20))).to("output");
}

fn stream_stream_left_join_before_only(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join(&z, left, with_grace().before(seconds(20)).after(seconds(0))).to("output");
}

fn stream_stream_left_join_store_named(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with(&z, left, windows(), "my-store").to("output");
}

fn stream_stream_left_join_with_name(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with(&z, left, windows(), options().named("my-join")).to("output");
}

fn stream_stream_left_join_with_name_store_named(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with(&z, left, with_grace(), options().named("my-join").store_name("my-store")).to("output");
}

fn stream_stream_left_join_logging_disabled(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with(&z, left, windows(), options().logging_disabled()).to("output");
}

fn stream_stream_left_join_logging_config(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with(&z, left, windows(), logging()).to("output");
}

fn stream_stream_left_join_in_memory(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with(&z, left, windows(), options().in_memory()).to("output");
}

fn stream_stream_left_join_with_key(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join_with_key(&z, left_with_key, windows()).to("output");
}

fn stream_stream_left_join_both_re_keyed(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    by_value(&a).left_join(&by_value(&z), left, windows()).to("output");
}

fn stream_stream_left_join_both_re_keyed_with_name(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    by_value(&a).left_join_with(&by_value(&z), left, windows(), options().named("my-join")).to("output");
}

fn stream_stream_left_join_null_keys(b: &StreamsBuilder) {
    let [a, z] = pair::<Option<String>>(b);
    a.left_join_with_key(&z, left_with_any_key, windows()).to("output");
}

fn stream_stream_left_join_null_keys_re_keyed(b: &StreamsBuilder) {
    let [a, z] = pair::<Option<String>>(b);
    let [a, z] = [a, z].map(|stream| stream.select_key(|key, _| key.clone()));
    a.left_join(&z, left, windows()).to("output");
}

fn stream_stream_left_join_then_count(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.left_join(&z, left, windows()).group_by_key().count().to_stream().to("output");
}

fn stream_stream_left_join_of_itself(b: &StreamsBuilder) {
    let a: KStream<String, String> = b.stream("left");
    a.left_join(&a, left, windows()).to("output");
}

fn stream_stream_left_join_twice_re_keyed(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    let third = third(b);
    let keyed = by_value(&a);
    keyed.join(&z, |value, other| value.clone() + other, windows()).to("output-1");
    keyed.left_join(&third, left, windows()).to("output-2");
}

fn stream_stream_outer_join(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join(&z, outer, windows()).to("output");
}

fn stream_stream_outer_join_grace(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join(&z, outer, with_grace()).to("output");
}

fn stream_stream_outer_join_asymmetric(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join(&z, outer, windows().before(seconds(1)).after(seconds(20))).to("output");
}

fn stream_stream_outer_join_before_only(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join(&z, outer, with_grace().before(seconds(20)).after(seconds(0))).to("output");
}

fn stream_stream_outer_join_store_named(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with(&z, outer, windows(), "my-store").to("output");
}

fn stream_stream_outer_join_with_name(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with(&z, outer, windows(), options().named("my-join")).to("output");
}

fn stream_stream_outer_join_with_name_store_named(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with(&z, outer, with_grace(), options().named("my-join").store_name("my-store")).to("output");
}

fn stream_stream_outer_join_logging_disabled(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with(&z, outer, windows(), options().logging_disabled()).to("output");
}

fn stream_stream_outer_join_logging_config(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with(&z, outer, windows(), logging()).to("output");
}

fn stream_stream_outer_join_in_memory(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with(&z, outer, windows(), options().in_memory()).to("output");
}

fn stream_stream_outer_join_with_key(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join_with_key(&z, outer_with_key, windows()).to("output");
}

fn stream_stream_outer_join_both_re_keyed(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    by_value(&a).outer_join(&by_value(&z), outer, windows()).to("output");
}

fn stream_stream_outer_join_both_re_keyed_with_name(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    by_value(&a).outer_join_with(&by_value(&z), outer, windows(), options().named("my-join")).to("output");
}

fn stream_stream_outer_join_null_keys(b: &StreamsBuilder) {
    let [a, z] = pair::<Option<String>>(b);
    a.outer_join_with_key(&z, outer_with_any_key, windows()).to("output");
}

fn stream_stream_outer_join_null_keys_re_keyed(b: &StreamsBuilder) {
    let [a, z] = pair::<Option<String>>(b);
    let [a, z] = [a, z].map(|stream| stream.select_key(|key, _| key.clone()));
    a.outer_join(&z, outer, windows()).to("output");
}

fn stream_stream_outer_join_then_count(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.outer_join(&z, outer, windows()).group_by_key().count().to_stream().to("output");
}

fn stream_stream_outer_join_of_itself(b: &StreamsBuilder) {
    let a: KStream<String, String> = b.stream("left");
    a.outer_join(&a, outer, windows()).to("output");
}

fn stream_stream_outer_join_twice_re_keyed(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    let third = third(b);
    let keyed = by_value(&a);
    keyed.join(&z, |value, other| value.clone() + other, windows()).to("output-1");
    keyed.outer_join(&third, outer, windows()).to("output-2");
}

fn stream_stream_left_join_then_outer_join(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    let third = third(b);
    let joined = a.left_join(&z, left, windows()).map_values(|value| value + ".");
    joined.outer_join(&third, outer, with_grace()).to("output");
}

fn stream_stream_outer_join_then_re_keyed_left_join(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    let third = third(b);
    let joined = by_value(&a.outer_join(&z, outer, windows()));
    joined.left_join(&third, left, windows()).to("output");
}

fn stream_stream_join_with_key(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.join_with_key(&z, inner_with_key, windows()).to("output");
}

fn stream_stream_join_with_key_store_named(b: &StreamsBuilder) {
    let [a, z] = pair::<String>(b);
    a.join_with_key_with(&z, inner_with_key, windows(), "my-store").to("output");
}

fn stream_stream_self_join_with_key_grace(b: &StreamsBuilder) {
    let a: KStream<String, String> = b.stream("left");
    a.join_with_key(&a, inner_with_key, with_grace()).to("output");
}

golden!(
    stream_stream_left_join,
    stream_stream_left_join_grace,
    stream_stream_left_join_asymmetric,
    stream_stream_left_join_before_only,
    stream_stream_left_join_store_named,
    stream_stream_left_join_with_name,
    stream_stream_left_join_with_name_store_named,
    stream_stream_left_join_logging_disabled,
    stream_stream_left_join_logging_config,
    stream_stream_left_join_in_memory,
    stream_stream_left_join_with_key,
    stream_stream_left_join_both_re_keyed,
    stream_stream_left_join_both_re_keyed_with_name,
    stream_stream_left_join_null_keys,
    stream_stream_left_join_null_keys_re_keyed,
    stream_stream_left_join_then_count,
    stream_stream_left_join_of_itself,
    stream_stream_left_join_twice_re_keyed,
    stream_stream_outer_join,
    stream_stream_outer_join_grace,
    stream_stream_outer_join_asymmetric,
    stream_stream_outer_join_before_only,
    stream_stream_outer_join_store_named,
    stream_stream_outer_join_with_name,
    stream_stream_outer_join_with_name_store_named,
    stream_stream_outer_join_logging_disabled,
    stream_stream_outer_join_logging_config,
    stream_stream_outer_join_in_memory,
    stream_stream_outer_join_with_key,
    stream_stream_outer_join_both_re_keyed,
    stream_stream_outer_join_both_re_keyed_with_name,
    stream_stream_outer_join_null_keys,
    stream_stream_outer_join_null_keys_re_keyed,
    stream_stream_outer_join_then_count,
    stream_stream_outer_join_of_itself,
    stream_stream_outer_join_twice_re_keyed,
    stream_stream_left_join_then_outer_join,
    stream_stream_outer_join_then_re_keyed_left_join,
    stream_stream_join_with_key,
    stream_stream_join_with_key_store_named,
    stream_stream_self_join_with_key_grace,
);

//! Records without a key and without a value, passed on or left out. Java leaves them out where it runs; here the program says so, which no
//! text and no topic shows.

use crate::{concat, null_or};
use std::time::Duration;
use streams_core::{JoinWindows, KStream, Produced, SessionWindows, StreamsBuilder, TimeWindows};

/// Where keys and values may be null.
fn nullable(b: &StreamsBuilder, topic: &str) -> KStream<Option<String>, Option<String>> {
    b.stream(topic)
}

/// Those of its records that have both.
fn whole(b: &StreamsBuilder, topic: &str) -> KStream<String, String> {
    nullable(b, topic).skip_null_keys().skip_null_values()
}

fn join_windows() -> JoinWindows {
    JoinWindows::within(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn null_pass(b: &StreamsBuilder) {
    let passed = nullable(b, "input").filter(|key, value| key.is_some() || value.is_some()).peek(|_, _| {});
    passed.map_values(|value| value.map_or_else(|| "none".to_owned(), |value| value + "!")).to("output");
}

fn null_swap(b: &StreamsBuilder) {
    nullable(b, "input").map(|key, value| (value, key)).to("output");
}

fn null_branches(b: &StreamsBuilder) {
    let branches = nullable(b, "input").split_with("s-").branch(|key, _| key.is_none()).default_branch();
    let branch = |name| branches.iter().find(|(full, _)| *full == name).expect("it is there").1;
    branch("s-1").to("keyless");
    branch("s-0").to("keyed");
}

fn null_merge(b: &StreamsBuilder) {
    let [left, right] = ["left", "right"].map(|topic| nullable(b, topic));
    left.merge(&right).to("output");
}

fn null_repartition(b: &StreamsBuilder) {
    nullable(b, "input").repartition().to("output");
}

fn null_count(b: &StreamsBuilder) {
    whole(b, "input").group_by_key().count().to_stream().to("output");
}

fn null_select_key_then_count(b: &StreamsBuilder) {
    let keyed = nullable(b, "input").select_key(|_, value| value.clone());
    keyed.skip_null_keys().skip_null_values().group_by_key().count().to_stream().to("output");
}

fn null_group_by_then_reduce(b: &StreamsBuilder) {
    nullable(b, "input").skip_null_values().group_by(|_, value| value.clone()).reduce(concat).to_stream().to("output");
}

fn null_windowed_count(b: &StreamsBuilder) {
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5));
    whole(b, "input").group_by_key().windowed_by(windows).count().to_stream().to_with("output", Produced::inherited());
}

fn null_session_count(b: &StreamsBuilder) {
    let windows = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(61));
    whole(b, "input").group_by_key().windowed_by(windows).count().to_stream().to_with("output", Produced::inherited());
}

fn null_cogroup(b: &StreamsBuilder) {
    let [left, right] = ["left", "right"].map(|topic| whole(b, topic));
    let (left, right) = (left.group_by_key(), right.group_by_key());
    let both = left.cogroup(|_, value, text: &mut String| text.push_str(&value));
    both.cogroup(&right, |_, value, text| text.insert_str(0, &value)).aggregate(String::new).to_stream().to("output");
}

fn null_to_table(b: &StreamsBuilder) {
    nullable(b, "input").skip_null_keys().to_table_with_deletes("rows").to_stream().to("output");
}

fn null_join_table(b: &StreamsBuilder) {
    let stream = whole(b, "input");
    stream.join_table(&b.table::<String, String>("table"), |value, row| value + row).to("output");
}

fn null_stream_stream_join(b: &StreamsBuilder) {
    let [left, right] = ["left", "right"].map(|topic| whole(b, topic));
    left.join(&right, |value, other| value.clone() + other, join_windows()).to("output");
}

fn null_outer_join(b: &StreamsBuilder) {
    let [left, right] = ["left", "right"].map(|topic| nullable(b, topic).skip_null_values());
    left.outer_join(&right, |value, other| format!("{}+{}", null_or(value), null_or(other)), join_windows()).to("output");
}

golden!(
    null_pass,
    null_swap,
    null_branches,
    null_merge,
    null_repartition,
    null_count,
    null_select_key_then_count,
    null_group_by_then_reduce,
    null_windowed_count,
    null_session_count,
    null_cogroup,
    null_to_table,
    null_join_table,
    null_stream_stream_join,
    null_outer_join,
);

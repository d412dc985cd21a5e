//! What optimisation rewrites, and what it must leave alone: see also `optimized`.

use crate::{concat, input};
use std::time::Duration;
use streams_core::{JoinWindows, KStream, Materialized, StreamJoined, StreamsBuilder, TimeWindows};

fn by_value(stream: &KStream<String, String>) -> KStream<String, String> {
    stream.select_key(|_, value| value.clone())
}

fn not_a(_: &String, value: &String) -> bool {
    !value.starts_with('a')
}

fn loud(value: String) -> String {
    value + "!"
}

fn join(value: &String, other: &String) -> String {
    value.clone() + other
}

fn windows() -> JoinWindows {
    JoinWindows::within(Duration::from_secs(10))
}

fn optimize_filtered_between(b: &StreamsBuilder) {
    let keyed = by_value(&input(b));
    keyed.filter(not_a).peek(|_, _| {}).group_by_key().count().to_stream().to("counts");
    keyed.group_by_key().reduce(concat).to_stream().to("reduced");
    keyed.to("keyed");
}

fn optimize_values_changed_between(b: &StreamsBuilder) {
    let keyed = by_value(&input(b));
    keyed.map_values(loud).group_by_key().count().to_stream().to("counts");
    keyed.group_by_key().reduce(concat).to_stream().to("reduced");
    keyed.to_table().to_stream().to("table");
}

fn optimize_two_key_changes(b: &StreamsBuilder) {
    let first = by_value(&input(b));
    let second = first.map(|key, value| (key + &value, value));
    first.group_by_key().count().to_stream().to("first");
    second.group_by_key().count().to_stream().to("second");
    second.group_by_key().reduce(concat).to_stream().to("reduced");
}

fn optimize_explicit_repartition(b: &StreamsBuilder) {
    let keyed = by_value(&input(b));
    keyed.repartition().group_by_key().count().to_stream().to("counts");
    keyed.group_by_key().reduce(concat).to_stream().to("reduced");
}

fn optimize_merged_re_keyed(b: &StreamsBuilder) {
    let merged = by_value(&b.stream("one")).merge(&by_value(&b.stream("two")));
    merged.group_by_key().count().to_stream().to("counts");
    merged.filter(|_, _| true).group_by_key().reduce(concat).to_stream().to("reduced");
}

fn optimize_merged_with_plain(b: &StreamsBuilder) {
    let plain: KStream<String, String> = b.stream("one");
    let merged = plain.merge(&by_value(&b.stream("two")));
    merged.group_by_key().count().to_stream().to("counts");
    merged.group_by_key().reduce(concat).to_stream().to("reduced");
    merged.to("merged");
}

fn optimize_merged_changed_values(b: &StreamsBuilder) {
    let changed = by_value(&b.stream("one")).map_values(loud);
    let merged = changed.merge(&by_value(&b.stream("two")));
    merged.group_by_key().count().to_stream().to("counts");
    merged.group_by_key().reduce(concat).to_stream().to("reduced");
}

fn optimize_names_and_table(b: &StreamsBuilder) {
    let keyed = by_value(&input(b));
    let table = b.table_with::<String, String>("table", Default::default(), "table-store");
    keyed.group_by_key_with("first").count_with("first-store").to_stream().to("counts");
    keyed.group_by_key_with("second").reduce(concat).to_stream().to("reduced");
    keyed.to_table().to_stream().to("as-table");
    keyed.join_table(&table, |value, other| value + other).to("joined");
}

fn optimize_windows_and_count(b: &StreamsBuilder) {
    let grouped = input(b).group_by(|_, value| value.clone());
    grouped.count().to_stream().to("counts");
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    grouped.windowed_by(windows).count().to_stream().for_each(|_, _| {});
}

fn optimize_table_unlogged(b: &StreamsBuilder) {
    let stored: Materialized<String, String> = Materialized::from("store").logging_disabled();
    let table = b.table_with::<String, String>("table", Default::default(), stored);
    // as Java prints a null
    input(b).left_join_table(&table, |value, other| value + other.map_or("null", String::as_str)).to("output");
}

fn optimize_table_derived(b: &StreamsBuilder) {
    let table = b.table_with::<String, String>("table", Default::default(), "store");
    table.filter_with(not_a, Materialized::<String, String>::from("filtered")).to_stream().to("output");
}

fn optimize_table_of_stream(b: &StreamsBuilder) {
    input(b).to_table_with("store").to_stream().to("output");
    b.table::<String, String>("table").to_stream().to("tables");
}

fn optimize_self_join_of_a_topic(b: &StreamsBuilder) {
    input(b).join(&input(b), join, windows()).to("output");
}

fn optimize_self_join_asymmetric(b: &StreamsBuilder) {
    let windows = windows().grace(Duration::from_secs(5)).before(Duration::from_secs(1)).after(Duration::from_secs(20));
    let joined: StreamJoined<String, String, String> = StreamJoined::default().store_name("my-store").named("my-join");
    let stream = input(b);
    stream.join_with(&stream, join, windows, joined).to("output");
}

fn optimize_self_join_re_keyed(b: &StreamsBuilder) {
    let keyed = by_value(&input(b));
    keyed.join(&keyed, join, windows()).to("output");
    keyed.group_by_key().count().to_stream().to("counts");
}

fn optimize_self_join_filtered(b: &StreamsBuilder) {
    let stream = input(b);
    stream.join(&stream.filter(not_a), join, windows()).to("output");
}

fn optimize_self_join_thrice(b: &StreamsBuilder) {
    let stream = input(b);
    stream.join(&stream, join, windows()).join(&stream, join, windows()).to("output");
}

golden!(
    optimize_filtered_between,
    optimize_values_changed_between,
    optimize_two_key_changes,
    optimize_explicit_repartition,
    optimize_merged_re_keyed,
    optimize_merged_with_plain,
    optimize_merged_changed_values,
    optimize_names_and_table,
    optimize_windows_and_count,
    optimize_table_unlogged,
    optimize_table_derived,
    optimize_table_of_stream,
    optimize_self_join_of_a_topic,
    optimize_self_join_asymmetric,
    optimize_self_join_re_keyed,
    optimize_self_join_filtered,
    optimize_self_join_thrice,
);

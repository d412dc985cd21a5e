//! Operators behind one another where the one decides what the other needs or is called.

use crate::processors::PassValueOn;
use crate::{concat, input};
use std::time::Duration;
use streams_core::state::Stores;
use streams_core::{Consumed, KStream, KTable, Materialized, Named, StreamsBuilder, TimeWindows};

fn join(value: String, other: &String) -> String {
    value + other
}

fn by_value(stream: &KStream<String, String>) -> KStream<String, String> {
    stream.select_key(|_, value| value.clone())
}

fn tables<const N: usize>(b: &StreamsBuilder, topics: [&str; N]) -> [KTable<String, String>; N] {
    topics.map(|topic| b.table(topic))
}

fn pair(b: &StreamsBuilder) -> [KStream<String, String>; 2] {
    ["left", "right"].map(|topic| b.stream(topic))
}

fn merge_re_keyed_then_count(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    by_value(&left).merge(&right).group_by_key().count().to_stream().to("output");
}

fn merge_re_keyed_then_join(b: &StreamsBuilder) {
    let [table] = tables(b, ["table"]);
    let [left, right] = pair(b);
    left.merge(&by_value(&right)).join_table(&table, join).to("output");
}

fn merge_then_join(b: &StreamsBuilder) {
    let [table] = tables(b, ["table"]);
    let [left, right] = pair(b);
    left.merge(&right).join_table(&table, join).to("output");
}

fn join_then_count(b: &StreamsBuilder) {
    let [table] = tables(b, ["table"]);
    by_value(&input(b)).join_table(&table, join).group_by_key().count().to_stream().to("output");
}

fn joins_and_count_of_one_re_keyed_stream(b: &StreamsBuilder) {
    let [first, second] = tables(b, ["first", "second"]);
    let keyed = input(b).select_key_with(|_, value| value.clone(), "keyed");
    keyed.join_table(&first, join).to("output-1");
    keyed.group_by_key().count().to_stream().to("counts");
    keyed.left_join_table(&second, |value, other| value + other.map_or("null", String::as_str)).to("output-2");
}

fn join_named_and_unnamed_of_one_re_keyed_stream(b: &StreamsBuilder) {
    let [first, second] = tables(b, ["first", "second"]);
    let keyed = by_value(&input(b));
    keyed.join_table_with(&first, join, "one").to("output-1");
    keyed.join_table(&second, join).to("output-2");
}

fn branch_re_keyed_then_count(b: &StreamsBuilder) {
    let split = by_value(&input(b)).split().branch(|_, value| value.starts_with('a'));
    let branches = split.default_branch_with("-rest");
    branches.get("1").expect("the first branch").group_by_key().count().to_stream().to("counts");
    branches.get("-rest").expect("the default branch").to("rest");
}

fn branch_re_keyed_then_join(b: &StreamsBuilder) {
    let [table] = tables(b, ["table"]);
    let branches = by_value(&input(b)).split().branch(|_, value| value.starts_with('a')).no_default_branch();
    branches.get("1").expect("the first branch").join_table(&table, join).to("output");
}

fn join_table_filtered_materialized(b: &StreamsBuilder) {
    let [table] = tables(b, ["table"]);
    let stream = input(b);
    stream.join_table(&table.filter_with(|_, _| true, Materialized::from("filtered")), join).to("output");
}

fn join_table_mapped_twice(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("table", Consumed::default().named("my-table"), Materialized::default());
    let stream = input(b);
    stream.join_table(&table.map_values(String::clone).filter_not(|_, _| false), join).to("output");
}

fn join_table_of_stream_re_keyed(b: &StreamsBuilder) {
    let latest = by_value(&b.stream("updates")).to_table_with("latest");
    by_value(&input(b)).join_table(&latest, join).to("output");
}

fn aggregate_table_filtered_twice(b: &StreamsBuilder) {
    let counts = input(b).group_by_key().count();
    let many = counts.filter_with(|_, count| *count > 1, Materialized::from("many-store").node_named("many"));
    many.to_stream_with("many-stream").to("many");
    let few = counts.filter_not(|_, count| *count > 1).map_values_with(|count| count + 1, Materialized::default());
    few.to_stream().to("few");
}

fn count_named_after_named_key_change(b: &StreamsBuilder) {
    let keyed = input(b).select_key_with(|_, value| value.clone(), "by-value");
    keyed.group_by_key().count_with(Named::new("my-count")).to_stream().to("output");
}

fn group_by_named_twice(b: &StreamsBuilder) {
    let stream = input(b);
    stream.group_by_with(|_, value| value.clone(), "first").count().to_stream().to("counts");
    stream.group_by_with(|_, value| value.repeat(2), "second").reduce(concat).to_stream().to("reduced");
}

fn repartition_then_group_by_named(b: &StreamsBuilder) {
    let grouped = input(b).repartition_with("first").group_by_with(|_, value| value.clone(), "second");
    grouped.count_with("counts").to_stream().to("output");
}

fn process_with_store_after_key_change(b: &StreamsBuilder) {
    let seen = b.add_state_store(Stores::key_value::<String, i64>("seen").in_memory());
    let first_only = by_value(&input(b)).process_values_with(seen, |_, _| PassValueOn, "first-only");
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    first_only.group_by_key().windowed_by(windows).count_with("windowed").to_stream().for_each(|_, _| {});
}

fn to_table_twice(b: &StreamsBuilder) {
    let keyed = by_value(&input(b));
    keyed.to_table_with(Named::new("first")).to_stream().to("output-1");
    keyed.to_table_with(Materialized::default()).to_stream().to("output-2");
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn table_to_stream_grouped(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("table", Consumed::default(), "table-store");
    let changes = table.to_stream_with("changes").skip_null_values();
    changes.group_by_with(|_, value| value.clone(), "by-value").reduce(|_, newest| newest).to_stream().to("output");
}

/// Java drops nulls where it joins.
fn table_to_stream_joined(b: &StreamsBuilder) {
    let [first, second] = tables(b, ["first", "second"]);
    first.to_stream().skip_null_values().join_table(&second, join).to("output");
}

golden!(
    merge_re_keyed_then_count,
    merge_re_keyed_then_join,
    merge_then_join,
    join_then_count,
    joins_and_count_of_one_re_keyed_stream,
    join_named_and_unnamed_of_one_re_keyed_stream,
    branch_re_keyed_then_count,
    branch_re_keyed_then_join,
    join_table_filtered_materialized,
    join_table_mapped_twice,
    join_table_of_stream_re_keyed,
    aggregate_table_filtered_twice,
    count_named_after_named_key_change,
    group_by_named_twice,
    repartition_then_group_by_named,
    process_with_store_after_key_change,
    to_table_twice,
    table_to_stream_grouped,
    table_to_stream_joined,
);

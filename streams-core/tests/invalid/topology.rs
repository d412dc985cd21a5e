//! Topologies that cannot work are refused when they are built: the error names the node, store or topic, and the way out.

use std::time::Duration;
use streams_core::config::OffsetReset;
use streams_core::handlers::WallClockTimestamp;
use streams_core::processor::{Context, Processor};
use streams_core::state::Stores;
use streams_core::{
    BoxError, Consumed, Data, Grouped, JoinWindows, KStream, KTable, Materialized, Printed, Produced, Record, Repartitioned, StreamJoined,
    StreamsBuilder, Window, Windows,
};

/// The error that `build` gives must have all of these parts.
#[track_caller]
fn refused(write: impl FnOnce(&StreamsBuilder), parts: &[&str]) {
    let builder = StreamsBuilder::new();
    write(&builder);
    let error = builder.build().expect_err("it must be refused").to_string();
    for part in parts.iter().chain(&["invalid topology: "]) {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
}

fn stream(b: &StreamsBuilder, topic: &str) -> KStream<String, String> {
    b.stream(topic)
}

fn keyed(b: &StreamsBuilder) -> KStream<String, String> {
    stream(b, "in").select_key(|_, value| value.clone())
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

struct PassOn;

impl<K: Data, V: Data> Processor<K, V, K, V> for PassOn {
    fn process(&mut self, ctx: &mut Context<'_, K, V>, record: Record<K, V>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
}

#[test]
fn nothing_to_read() {
    refused(|_| {}, &["it reads no topic", "begin with `builder.stream(..)` or `builder.table(..)`"]);
    let only_a_store = |b: &StreamsBuilder| drop(b.add_state_store(Stores::key_value::<String, i64>("store")));
    refused(only_a_store, &["it reads no topic"]);
    refused(|b| drop(b.stream::<String, String>(Vec::<String>::new())), &["a stream needs the name of at least one topic"]);
}

#[test]
fn a_node_name_given_twice() {
    let twice = |b: &StreamsBuilder| drop(stream(b, "in").filter_with(|_, _| true, "same").map_values_with(|value| value, "same"));
    refused(twice, &["two nodes of the name same", "give one of them another name"]);
    let branches = |b: &StreamsBuilder| {
        let split = stream(b, "in").split_with("s-").branch_with(|_, _| true, "a");
        let _ = split.default_branch_with("a");
    };
    refused(branches, &["two nodes of the name s-a", "give one of them another name"]);
    let generated = |b: &StreamsBuilder| drop(stream(b, "in").filter_with(|_, _| true, "KSTREAM-FILTER-0000000002").filter(|_, _| true));
    refused(generated, &["two nodes of the name KSTREAM-FILTER-0000000002", "give one of them another name"]);
}

#[test]
fn a_store_name_given_twice() {
    let aggregates = |b: &StreamsBuilder| {
        let grouped = stream(b, "in").group_by_key();
        let _ = (grouped.count_with("totals"), grouped.reduce_with(|left, _| left, "totals"));
    };
    refused(aggregates, &["two stores of the name totals", "give one of them another name"]);
    let added = |b: &StreamsBuilder| {
        b.add_state_store(Stores::key_value::<String, i64>("seen"));
        b.add_state_store(Stores::key_value::<String, i64>("seen"));
        stream(b, "in").to("out");
    };
    refused(added, &["two stores of the name seen", "give one of them another name"]);
    let added_and_table = |b: &StreamsBuilder| {
        b.add_state_store(Stores::key_value::<String, i64>("rows"));
        let _ = stream(b, "in").to_table_with("rows");
    };
    refused(added_and_table, &["two stores of the name rows", "give one of them another name"]);
}

#[test]
fn a_repartition_topic_named_twice() {
    let groupings = |b: &StreamsBuilder| {
        let _ = keyed(b).group_by_key_with("same").count();
        let _ = stream(b, "other").select_key(|_, value| value.clone()).group_by_key_with("same").count();
    };
    refused(groupings, &["two repartition topics of the name same-repartition", "another name"]);
    let partitions = |b: &StreamsBuilder| {
        let _ = stream(b, "in").repartition_with(Repartitioned::from("same").partitions(2));
        let _ = stream(b, "other").repartition_with(Repartitioned::from("same").partitions(3));
    };
    refused(partitions, &["two repartition topics of the name same-repartition", "another name"]);
}

#[test]
fn names_that_no_topic_can_have() {
    const WAY_OUT: &str = "use 1 to 249 letters, digits, `.`, `_` or `-`";
    for name in ["", ".", "..", "with space", "slash/ed", "größe", &"x".repeat(250)] {
        let quoted = format!("{name:?}");
        let named = |part: &str| format!("the {part} {quoted} is not allowed");
        refused(|b| drop(stream(b, "in").filter_with(|_, _| true, name)), &[&named("name"), WAY_OUT]);
        refused(|b| drop(b.stream_with::<String, String>("in", Consumed::default().named(name))), &[&named("name"), WAY_OUT]);
        refused(|b| stream(b, "in").to_with("out", Produced::default().named(name)), &[&named("name"), WAY_OUT]);
        refused(|b| drop(keyed(b).group_by_key_with(name).count()), &[&named("name"), WAY_OUT]);
        refused(|b| drop(stream(b, "in").repartition_with(name)), &[&named("name"), WAY_OUT]);
        refused(|b| drop(stream(b, "in").group_by_key().count_with(Materialized::default().node_named(name))), &[&named("name"), WAY_OUT]);
        refused(|b| drop(stream(b, name)), &[&named("topic name"), WAY_OUT]);
        refused(|b| drop(b.table::<String, String>(name)), &[&named("topic name"), WAY_OUT]);
        refused(|b| stream(b, "in").to(name), &[&named("topic name"), WAY_OUT]);
        let store = format!("store name {quoted}");
        refused(|b| drop(stream(b, "in").group_by_key().count_with(name)), &[&store]);
        refused(|b| drop(b.add_state_store(Stores::key_value::<String, i64>(name))), &[&store]);
    }
    refused(|b| drop(stream(b, "in").split_with("s-").branch_with(|_, _| true, "a b")), &["\"s-a b\" is not allowed", WAY_OUT]);
    let joined = |b: &StreamsBuilder| {
        let (left, right) = (stream(b, "left"), stream(b, "right"));
        let _ = left.join_with(&right, |l, _| l.clone(), JoinWindows::within(seconds(1)), StreamJoined::default().store_name("a b"));
    };
    refused(joined, &["store name \"a b-this-join-store\"", "may only have the characters"]);
}

#[test]
fn sources_that_overlap() {
    let lists = |b: &StreamsBuilder| {
        let _ = (stream(b, "a"), b.stream::<String, String>(["a", "b"]));
    };
    refused(lists, &["streams KSTREAM-SOURCE-0000000000 and KSTREAM-SOURCE-0000000001", "topic a", "read it once, then merge or branch"]);
    let stream_and_table = |b: &StreamsBuilder| {
        stream(b, "a").to("out");
        let _: KTable<String, String> = b.table("a");
    };
    refused(
        stream_and_table,
        &["topic a is read by source KSTREAM-SOURCE-0000000000 already", "KSTREAM-SOURCE-0000000003", "use one stream"],
    );
    let resets = |b: &StreamsBuilder| {
        let _ = stream(b, "a");
        let _ = b.stream_with::<String, String>("a", Consumed::default().offset_reset(OffsetReset::Latest));
    };
    refused(resets, &["KSTREAM-SOURCE-0000000001", "topic a", "with different offset resets", "read it once"]);
    let extractors = |b: &StreamsBuilder| {
        let _ = stream(b, "a");
        let _ = b.stream_with::<String, String>("a", Consumed::default().timestamp_extractor(WallClockTimestamp));
    };
    refused(extractors, &["KSTREAM-SOURCE-0000000001", "topic a", "with different timestamp extractors", "read it once"]);
}

#[test]
fn the_order_of_topics_makes_no_other_source() {
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>(["a", "b"]).merge(&builder.stream(["b", "a", "b"])).to("out");
    let text = builder.build().expect("the same topics").describe();
    assert_eq!(text.matches("Source:").count(), 1, "{text}");
}

#[test]
fn nulls_where_a_key_or_value_is_needed() {
    let null_keys = |b: &StreamsBuilder| -> KStream<Option<String>, String> { b.stream("in") };
    let null_values = |b: &StreamsBuilder| -> KStream<String, Option<String>> { b.stream("in") };
    let table = |b: &StreamsBuilder| -> KTable<String, String> { b.table("table") };
    let key =
        ["KSTREAM-SOURCE-0000000000", "needs a key", "core::option::Option<alloc::string::String> has room for null", "skip_null_keys()"];
    let value = ["KSTREAM-SOURCE-0000000000", "needs a value", "has room for null", "call `skip_null_values()` first"];
    refused(|b| drop(null_keys(b).group_by_key().count()), &key);
    refused(|b| drop(null_values(b).group_by_key().count()), &value);
    refused(|b| drop(b.stream::<(), String>("in").group_by_key().count()), &["KSTREAM-SOURCE-0000000000", "needs a key", "select_key(..)"]);
    refused(|b| drop(null_values(b).join_table(&table(b), |_, row| row.clone())), &value);
    refused(|b| drop(null_keys(b).join_table(&b.table::<Option<String>, String>("table"), |_, row| row.clone())), &key);
    let nullable_table = |b: &StreamsBuilder| {
        drop(null_keys(b).left_join_table(&b.table::<Option<String>, String>("table"), |_, row: Option<&String>| row.cloned()));
    };
    refused(nullable_table, &["KTABLE-SOURCE-", "a table that is joined needs a key"]);
    let no_keys =
        |b: &StreamsBuilder| drop(b.stream::<(), String>("in").left_join_table(&b.table::<(), String>("table"), |value, _| value));
    refused(no_keys, &["a join needs keys, but `()` is none", "call `select_key(..)` first"]);
    let windows = JoinWindows::within(seconds(1));
    refused(|b| drop(null_values(b).join(&stream(b, "other"), |_, other| other.clone(), windows)), &value);
    let right = |b: &StreamsBuilder| drop(stream(b, "left").join(&null_values(b), |left, _| left.clone(), windows));
    refused(right, &["KSTREAM-SOURCE-0000000001", "needs a value", "skip_null_values()"]);
    refused(|b| drop(null_values(b).left_join(&stream(b, "other"), |_, _| 1, windows)), &value);
    let right = |b: &StreamsBuilder| drop(stream(b, "left").outer_join(&null_values(b), |_, _| 1, windows));
    refused(right, &["KSTREAM-SOURCE-0000000001", "needs a value", "skip_null_values()"]);
    let keyless = |b: &StreamsBuilder| drop(b.stream::<(), String>("in").left_join(&b.stream::<(), String>("other"), |_, _| 1, windows));
    refused(keyless, &["KSTREAM-SOURCE-0000000000", "a join needs keys, but `()` is none", "call `select_key(..)` on both"]);
    let table_of_nulls = |b: &StreamsBuilder| drop(null_values(b).to_table());
    refused(table_of_nulls, &["KSTREAM-SOURCE-0000000000", "values may be null", "use `to_table_with_deletes`"]);
}

#[test]
fn streams_tables_and_stores_of_another_builder() {
    let other = StreamsBuilder::new();
    // more nodes than the builder under test has, so that its node numbers mean nothing there
    let foreign =
        stream(&other, "a").filter(|_, _| true).filter(|_, _| true).map_values(|value| value).select_key(|_, value| value.clone());
    let table: KTable<String, String> = other.table("b");
    let store = other.add_state_store(Stores::key_value::<String, i64>("far"));
    let windows = JoinWindows::within(seconds(1));
    let way_out = "make both with one builder";
    let joined = |b: &StreamsBuilder| drop(stream(b, "in").join(&foreign, |left, _| left.clone(), windows).map_values(|value| value));
    refused(joined, &["KSTREAM-SOURCE-0000000000 is joined with KSTREAM-KEY-SELECT-0000000004", "of another builder", way_out]);
    refused(|b| drop(stream(b, "in").merge(&foreign)), &["KSTREAM-SOURCE-0000000000 is merged with", "of another builder", way_out]);
    let table_joined = |b: &StreamsBuilder| drop(stream(b, "in").join_table(&table, |value, _| value));
    refused(table_joined, &["KSTREAM-SOURCE-0000000000 is joined with KTABLE-SOURCE-0000000007", "of another builder", way_out]);
    let used = |b: &StreamsBuilder| drop(stream(b, "in").process_with(store.clone(), |_, _| PassOn, "mine"));
    refused(used, &["node mine uses store far of another builder", "add the store to this one"]);
}

#[test]
fn windows_of_the_user_without_a_length() {
    struct Points;
    impl Windows for Points {
        fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
            found(Window::new(timestamp, timestamp));
        }
        fn size(&self) -> Duration {
            Duration::ZERO
        }
        fn grace(&self) -> Duration {
            Duration::ZERO
        }
    }
    let windowed = |b: &StreamsBuilder| drop(stream(b, "in").group_by_key().windowed_by(Points).count());
    refused(windowed, &["KSTREAM-AGGREGATE-0000000002: windows of 0 ms", "at least 1 ms"]);
}

#[test]
fn a_number_of_partitions_that_is_none() {
    for partitions in [0, -1] {
        let asked = |b: &StreamsBuilder| drop(stream(b, "in").repartition_with(Repartitioned::from("r").partitions(partitions)));
        refused(asked, &["repartition r", &partitions.to_string(), "at least 1"]);
    }
}

/// A type without bytes of its own.
#[derive(Clone, Debug)]
struct Opaque;

#[test]
fn a_type_whose_bytes_nobody_gave() {
    let sink = |b: &StreamsBuilder| stream(b, "in").map_values(|_| Opaque).to_with("out", Produced::inherited());
    refused(sink, &["KSTREAM-SINK-0000000002 needs a serde for its value", "Opaque", "Produced::with(..)"]);
    let grouped = |b: &StreamsBuilder| {
        let opaque = keyed(b).map_values(|_| Opaque);
        let _ = opaque.group_by_key_with(Grouped::inherited().key_serde(streams_core::serde::StringSerde)).count();
    };
    refused(grouped, &["needs a serde for its value", "Opaque", "give one in the options of the operator"]);
}

#[test]
fn a_file_that_cannot_be_printed_to() {
    let print = |b: &StreamsBuilder| stream(b, "in").print(Printed::to_file("/no/such/folder/lines.txt"));
    refused(print, &["print cannot write to /no/such/folder/lines.txt"]);
}

#[test]
fn leaving_out_repetitions_of_records_without_a_key() {
    let null_key = |b: &StreamsBuilder| b.stream::<Option<String>, i64>("in").deduplicate_by_key(seconds(1)).to("out");
    refused(null_key, &["leaving out repetitions needs a key", "call `skip_null_keys()`"]);
}

#[test]
fn a_list_of_the_none_largest() {
    let none = |b: &StreamsBuilder| drop(stream(b, "in").group_by_key().top_n(0, String::len));
    refused(none, &["a list of the 0 largest is always empty", "ask for at least one"]);
}

#[test]
fn windows_of_joins_that_end_before_they_begin() {
    let windows = JoinWindows::within(seconds(1)).at_least_after(seconds(2));
    refused(
        |b| drop(stream(b, "left").join(&stream(b, "right"), |left, _| left.clone(), windows)),
        &[
            "the join of KSTREAM-SOURCE-0000000000 with KSTREAM-SOURCE-0000000001",
            "begin 2000 ms and end 1000 ms after a record",
            "end no earlier",
        ],
    );
}

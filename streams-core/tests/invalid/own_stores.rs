//! Stores given that do not fit their operators are refused when the topology is built.

use std::time::Duration;
use streams_core::config::OffsetReset;
use streams_core::processor::{Context, Processor};
use streams_core::serde::{DefaultSerde, TimeWindowedSerde};
use streams_core::state::{Stores, WindowBytesStoreSupplier};
use streams_core::{
    BoxError, Consumed, Data, JoinWindows, KStream, Materialized, Record, SessionWindows, StreamJoined, StreamsBuilder, TimeWindows,
};

const MINUTE: Duration = Duration::from_secs(60);

#[track_caller]
fn refused(write: impl FnOnce(&KStream<String, String>), parts: &[&str]) {
    let builder = StreamsBuilder::new();
    write(&builder.stream("in"));
    let error = builder.build().expect_err("it must be refused").to_string();
    for part in parts.iter().chain(&["invalid topology: "]) {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
}

#[track_caller]
fn refused_join(stores: [WindowBytesStoreSupplier; 2], parts: &[&str]) {
    let [this, other] = stores;
    let joined = StreamJoined::default().this_store_supplier(this).other_store_supplier(other);
    let windows = JoinWindows::within(MINUTE).grace(MINUTE);
    refused(|stream| drop(stream.join_with(stream, |a: &String, b: &String| a.clone() + b, windows, joined)), parts);
}

fn side(name: &str) -> WindowBytesStoreSupplier {
    Stores::in_memory_window_store(name, 3 * MINUTE, 2 * MINUTE, true)
}

#[test]
fn of_joins() {
    refused_join([side("same"), side("same")], &["both stores have the name same", "another name"]);
    let once = Stores::in_memory_window_store("once", 3 * MINUTE, 2 * MINUTE, false);
    refused_join([once, side("other")], &["store once must retain duplicates"]);
    let short = Stores::persistent_window_store("short", 2 * MINUTE, 2 * MINUTE, true);
    refused_join([side("this"), short], &["store short", "keeps them for 120000 ms", "kept for 180000 ms"]);
    let narrow = Stores::persistent_window_store("narrow", 3 * MINUTE, MINUTE, true);
    refused_join([narrow, side("other")], &["store narrow is for windows of 60000 ms", "needs windows of 120000 ms"]);
}

#[test]
fn of_tables() {
    let window = |size, again| Materialized::from(Stores::in_memory_window_store("windows", MINUTE, size, again));
    let counts = |stream: &KStream<String, String>, kept| drop(stream.group_by_key().count_with(kept));
    refused(|s| counts(s, window(MINUTE, false)), &["store windows is a window store", "keeps its rows in a key-value store"]);
    let rows = Materialized::from(Stores::persistent_key_value_store("rows"));
    refused(|s| counts(s, rows.versioned(MINUTE)), &["store rows has no versions", "leave `store` out"]);

    let windowed = |stream: &KStream<String, String>, kept| {
        drop(stream.group_by_key().windowed_by(TimeWindows::tumbling(MINUTE).grace(Duration::ZERO)).count_with(kept));
    };
    refused(|s| windowed(s, window(MINUTE / 2, false)), &["store windows is for windows of 30000 ms", "60000 ms long"]);
    refused(|s| windowed(s, window(MINUTE, true)), &["store windows retains duplicates"]);
    let short = Materialized::from(Stores::persistent_window_store("short", MINUTE / 2, MINUTE, false));
    refused(|s| windowed(s, short), &["store short keeps windows for 30000 ms", "60000 ms"]);

    let sessions = |stream: &KStream<String, String>, kept| {
        drop(stream.group_by_key().windowed_by(SessionWindows::with_gap(MINUTE).grace(MINUTE)).count_with(kept));
    };
    refused(|s| sessions(s, Materialized::from(Stores::in_memory_key_value_store("rows"))), &["store rows is a key-value store"]);
    let short = Materialized::from(Stores::in_memory_session_store("short", MINUTE));
    refused(|s| sessions(s, short), &["store short keeps sessions for 60000 ms", "need 120000 ms"]);
}

struct Nothing;

impl<K: Data> Processor<K, Option<String>, (), ()> for Nothing {
    fn process(&mut self, _: &mut Context<'_, (), ()>, _: Record<K, Option<String>>) -> Result<(), BoxError> {
        Ok(())
    }
}

#[test]
fn that_are_filled_from_a_topic() {
    let add = |b: &StreamsBuilder, names: [&str; 3], consumed: Consumed<String, String>| {
        let [source, topic, processor] = names;
        drop(b.add_read_only_state_store(Stores::key_value("prices"), source, topic, consumed, processor, |_, _| Nothing));
    };
    let refused = |names, consumed, parts: &[&str]| {
        let builder = StreamsBuilder::new();
        drop(builder.stream::<String, String>("in"));
        add(&builder, names, consumed);
        let error = builder.build().expect_err("it must be refused").to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    let latest = Consumed::default().offset_reset(OffsetReset::Latest);
    refused(["list", "prices", "fill"], latest, &["store prices is restored from topic prices", "set no other reset"]);
    refused(["list", "in", "fill"], Consumed::default(), &["topic in is read by source"]);
    refused(["list", "prices", "list"], Consumed::default(), &["two nodes of the name list"]);
    refused(["a b", "prices", "fill"], Consumed::default(), &["\"a b\" is not allowed"]);

    let builder = StreamsBuilder::new();
    let store = Stores::window::<String, String>("pairs", MINUTE, MINUTE).retain_duplicates();
    let consumed = Consumed::with(TimeWindowedSerde::new(String::default_serde(), 60_000), String::default_serde());
    drop(builder.add_read_only_state_store(store, "list", "pairs", consumed, "fill", |_, _| Nothing));
    let error = builder.build().expect_err("it must be refused").to_string();
    assert!(error.contains("store pairs cannot be restored from a topic: it retains duplicates"), "{error}");
}

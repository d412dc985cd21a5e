//! Stores that the user describes: of joins, tables, windows and sessions.

use crate::outer_stream_joins::{left, outer};
use crate::{concat, input, null_or, table_of};
use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::state::{Stores, WindowBytesStoreSupplier};
use streams_core::{
    Consumed, Data, JoinWindows, KStream, KTable, Materialized, Produced, SessionWindows, StreamJoined, StreamsBuilder, TimeWindows,
};

const TEN: Duration = Duration::from_secs(10);

fn pair(b: &StreamsBuilder) -> [KStream<String, String>; 2] {
    ["left", "right"].map(|topic| b.stream(topic))
}

fn both(value: &String, other: &String) -> String {
    value.clone() + other
}

fn windows() -> JoinWindows {
    JoinWindows::within(TEN).grace(Duration::from_secs(5))
}

fn disk(name: &str) -> WindowBytesStoreSupplier {
    Stores::persistent_window_store(name, Duration::from_secs(25), Duration::from_secs(20), true)
}

fn options() -> StreamJoined<String, String, String> {
    StreamJoined::default()
}

fn own_join_stores(b: &StreamsBuilder) {
    let [a, z] = pair(b);
    a.join_with(&z, both, windows(), options().this_store_supplier(disk("mine")).other_store_supplier(disk("yours"))).to("output");
}

fn own_store_of_stream_stream_left_join(b: &StreamsBuilder) {
    let [a, z] = pair(b);
    a.left_join_with(&z, left, windows(), options().this_store_supplier(disk("mine")).store_name("base")).to("output");
}

fn own_store_of_stream_stream_outer_join(b: &StreamsBuilder) {
    let [a, z] = pair(b);
    a.outer_join_with(&z, outer, windows(), options().other_store_supplier(disk("yours")).named("my-join")).to("output");
}

fn own_stores_not_logged_of_stream_stream_outer_join(b: &StreamsBuilder) {
    let [a, z] = pair(b);
    let stores = options().this_store_supplier(disk("mine")).other_store_supplier(disk("yours"));
    a.outer_join_with(&z, outer, windows(), stores.logging_disabled()).to("output");
}

fn own_stores_of_self_join(b: &StreamsBuilder) {
    let stream = input(b);
    stream
        .join_with(&stream, both, windows(), options().this_store_supplier(disk("mine")).other_store_supplier(disk("yours")))
        .to("output");
}

fn own_table_store(b: &StreamsBuilder) {
    let table = table_of(b, "table");
    table.filter_with(|_, _| true, Materialized::from(Stores::in_memory_key_value_store("rows"))).to_stream().to("output");
}

fn own_table_store_timestamped(b: &StreamsBuilder) {
    let rows = Materialized::from(Stores::persistent_timestamped_key_value_store("rows"));
    input(b).group_by_key().reduce_with(concat, rows).to_stream().to("output");
}

fn own_table_store_not_cached(b: &StreamsBuilder) {
    let rows = Materialized::from(Stores::persistent_timestamped_key_value_store("rows")).caching_disabled().logging_disabled();
    input(b).group_by_key().count_with(rows).to_stream().to("output");
}

fn own_table_store_plain(b: &StreamsBuilder) {
    let rows = Materialized::from(Stores::persistent_key_value_store("rows")).caching_disabled();
    input(b).group_by_key().reduce_with(concat, rows).to_stream().to("output");
}

fn lru<V: Data + DefaultSerde>() -> Materialized<String, V> {
    Materialized::from(Stores::lru_map_store("rows", 2))
}

fn lru_table(b: &StreamsBuilder) -> KTable<String, String> {
    b.table_with("table", Consumed::default(), lru().caching_disabled())
}

fn own_table_store_lru(b: &StreamsBuilder) {
    let add = |_: &String, value: String, sum: &mut String| *sum += &format!("+{value}");
    let subtract = |_: &String, value: String, sum: &mut String| *sum += &format!("-{value}");
    let grouped = lru_table(b).group_by(|key, value| (value.clone(), key.clone()));
    grouped.aggregate(String::new, add, subtract).to_stream().to("output");
}

fn own_table_store_lru_count(b: &StreamsBuilder) {
    input(b).group_by_key().count_with(lru().caching_disabled()).to_stream().to("output");
}

fn own_table_store_lru_joined(b: &StreamsBuilder) {
    let table = lru_table(b);
    input(b).left_join_table(&table, |value, other| value + &null_or(other)).to("output");
}

fn own_table_store_lru_cached(b: &StreamsBuilder) {
    input(b).group_by_key().reduce_with(concat, lru()).to_stream().to("output");
}

fn own_window_store(b: &StreamsBuilder) {
    let windows = TimeWindows::tumbling(TEN).grace(Duration::from_secs(5));
    let store = Stores::persistent_timestamped_window_store("counts", Duration::from_secs(15), TEN, false);
    let counts = input(b).group_by_key().windowed_by(windows).count_with(Materialized::from(store));
    counts.to_stream().to_with("output", Produced::inherited());
}

fn own_window_store_in_memory(b: &StreamsBuilder) {
    let windows = TimeWindows::tumbling(TEN).grace(Duration::from_secs(5));
    let store = Stores::in_memory_window_store("counts", Duration::from_secs(15), TEN, false);
    let counts = input(b).group_by_key().windowed_by(windows).count_with(Materialized::from(store).caching_disabled());
    counts.to_stream().to_with("output", Produced::inherited());
}

fn own_session_store(b: &StreamsBuilder) {
    let windows = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(61));
    let store = Stores::persistent_session_store("sessions", Duration::from_secs(66));
    let counts = input(b).group_by_key().windowed_by(windows).count_with(Materialized::from(store));
    counts.to_stream().to_with("output", Produced::inherited());
}

golden!(
    own_join_stores,
    own_store_of_stream_stream_left_join,
    own_store_of_stream_stream_outer_join,
    own_stores_not_logged_of_stream_stream_outer_join,
    own_stores_of_self_join,
    own_table_store,
    own_table_store_timestamped,
    own_table_store_not_cached,
    own_table_store_plain,
    own_table_store_lru,
    own_table_store_lru_count,
    own_table_store_lru_joined,
    own_table_store_lru_cached,
    own_window_store,
    own_window_store_in_memory,
    own_session_store,
);

//! Tables and stores that every instance has whole.

use crate::{concat, input};
use streams_core::processor::{Context, GlobalStoreHandle, KeyValueStore, Processor, ReadOnlyKeyValueStore};
use streams_core::state::{KeyValueStoreBuilder, Stores};
use streams_core::{BoxError, Consumed, GlobalKTable, KStream, KTable, Materialized, Record, StreamsBuilder};

fn global(b: &StreamsBuilder) -> GlobalKTable<String, String> {
    b.global_table("global")
}

fn by_key(key: &String, _: &String) -> String {
    key.clone()
}

fn by_value(_: &String, value: &String) -> String {
    value.clone()
}

/// No key for long values.
fn short_value<K>(_: &K, value: &String) -> Option<String> {
    (value.len() <= 1).then(|| value.clone())
}

fn add(value: String, other: &String) -> String {
    value + other
}

fn add_if_any(value: String, other: Option<&String>) -> String {
    value + other.map_or("null", String::as_str)
}

fn global_table_joined(b: &StreamsBuilder) {
    let global = global(b);
    input(b).join_global(&global, by_value, add).to("output");
}

fn global_left_join(b: &StreamsBuilder) {
    let global = global(b);
    input(b).left_join_global(&global, by_value, add_if_any).to("output");
}

fn global_table_named(b: &StreamsBuilder) {
    // in Java only options without a store make a table that can be queried, which cannot be told apart here
    let global = b.global_table_with("global", Consumed::default().named("my-global"), Materialized::<String, String>::default());
    input(b).join_global(&global, by_key, add).to("output");
}

fn global_join_named(b: &StreamsBuilder) {
    let global = global(b);
    input(b).join_global_with(&global, by_key, add, "my-join").map_values(|value| value).to("output");
}

fn global_left_join_named(b: &StreamsBuilder) {
    let global = global(b);
    input(b).left_join_global_with(&global, by_key, add_if_any, "my-join").map_values(|value| value).to("output");
}

fn global_table_materialized(b: &StreamsBuilder) {
    let global: GlobalKTable<String, String> = b.global_table_with("global", Consumed::default(), "my-store");
    input(b).join_global(&global, by_key, add).to("output");
}

fn global_table_named_in_memory(b: &StreamsBuilder) {
    let materialized = Materialized::<String, String>::default().named("my-store").in_memory();
    let global = b.global_table_with("global", Consumed::default().named("my-global"), materialized);
    input(b).left_join_global(&global, by_key, add_if_any).to("output");
}

fn global_join_with_key(b: &StreamsBuilder) {
    let global = global(b);
    input(b).join_global_keyed(&global, by_value, |key, value, other| key.clone() + &value + other).to("output");
}

fn global_left_join_with_key_named(b: &StreamsBuilder) {
    let global = global(b);
    let join = |key: &String, value: String, other: Option<&String>| key.clone() + &add_if_any(value, other);
    input(b).left_join_global_keyed_with(&global, by_value, join, "my-join").to("output");
}

fn global_join_without_a_key(b: &StreamsBuilder) {
    let global = global(b);
    input(b).join_global(&global, short_value, add).to("output");
}

fn global_left_join_without_a_key(b: &StreamsBuilder) {
    let global = global(b);
    input(b).left_join_global(&global, short_value, add_if_any).to("output");
}

fn global_join_of_null_keys(b: &StreamsBuilder) {
    let global = global(b);
    input(b).select_key(short_value).join_global(&global, |_, value| value.clone(), add).to("output");
}

fn global_left_join_of_null_keys_repartitioned(b: &StreamsBuilder) {
    let global = global(b);
    let keyed: KStream<Option<String>, String> = input(b).select_key(short_value).repartition();
    keyed.left_join_global(&global, |_, value| value.clone(), add_if_any).to("output");
}

fn global_join_of_null_keys_repartitioned(b: &StreamsBuilder) {
    let global = global(b);
    let keyed: KStream<Option<String>, String> = input(b).select_key(short_value).repartition();
    keyed.join_global(&global, |_, value| value.clone(), add).to("output");
}

fn global_join_then_count(b: &StreamsBuilder) {
    let global = global(b);
    input(b).join_global(&global, by_value, add).group_by_key().count().to_stream().to("output");
}

fn global_join_re_keyed_then_count(b: &StreamsBuilder) {
    let global = global(b);
    let joined = input(b).select_key(by_value).join_global(&global, by_key, add);
    joined.group_by_key().count_with("counts").to_stream().to("output");
}

fn global_tables_joined_in_a_row(b: &StreamsBuilder) {
    let [first, second]: [GlobalKTable<String, String>; 2] = ["first", "second"].map(|topic| b.global_table(topic));
    input(b).join_global(&first, by_key, add).left_join_global(&second, by_value, add_if_any).to("output");
}

fn global_table_joined_twice(b: &StreamsBuilder) {
    let global: GlobalKTable<String, String> = b.global_table_with("global", Consumed::default(), "my-store");
    let [left, right]: [KStream<String, String>; 2] = ["left", "right"].map(|topic| b.stream(topic));
    left.join_global(&global, by_key, add).to("output-left");
    right.left_join_global(&global, by_value, add_if_any).to("output-right");
}

fn global_table_declared_between(b: &StreamsBuilder) {
    let left: KStream<String, String> = b.stream("left");
    let global = global(b);
    let right: KStream<String, String> = b.stream("right");
    left.map_values(|value| value).to("output-left");
    right.join_global(&global, by_key, add).to("output-right");
}

fn global_table_declared_last(b: &StreamsBuilder) {
    input(b).group_by_key().count().to_stream().to("output");
    let _ = global(b);
    let _: GlobalKTable<String, String> = b.global_table_with("another", Consumed::default(), "my-store");
}

fn global_join_after_table_join(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table("table");
    let global = global(b);
    input(b).join_table(&table, add).left_join_global(&global, by_key, add_if_any).to("output");
}

fn global_join_filtered_and_merged(b: &StreamsBuilder) {
    let global = global(b);
    let stream = input(b);
    let inner = stream.join_global(&global, by_key, add);
    let left = stream.left_join_global(&global, by_value, add_if_any);
    inner.filter(|_, value| value.len() > 2).merge(&left).to("output");
}

fn global_store(b: &StreamsBuilder) {
    let kept = kept(b, Consumed::default());
    input(b).process(kept, |_, store| Look { store }).to("output");
}

fn global_store_named(b: &StreamsBuilder) {
    let kept = kept(b, Consumed::default().named("my-global"));
    input(b).process_with(kept, |_, store| Look { store }, "my-look").to("output");
}

fn global_stores_read_together(b: &StreamsBuilder) {
    let stream = input(b);
    let kept = kept(b, Consumed::default());
    let table: GlobalKTable<String, String> = b.global_table_with("another", Consumed::default(), "my-store");
    let own = b.add_state_store(store("own"));
    stream.process((kept, table.store(), own), |_, (kept, table, own)| LookAtAll { kept, table, own }).to("output");
}

fn store(name: &str) -> KeyValueStoreBuilder<String, String> {
    Stores::key_value(name).plain()
}

fn kept(b: &StreamsBuilder, consumed: Consumed<String, Option<String>>) -> GlobalStoreHandle<String, String> {
    b.add_global_store(store("kept"), "global", consumed, |_, store| Keep { store })
}

/// Keeps the newest value of each key, with a mark.
struct Keep {
    store: KeyValueStore<String, String>,
}

impl Processor<String, Option<String>, (), ()> for Keep {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        match record.value {
            Some(value) => self.store.put(ctx, &record.key, concat(value, "!".to_owned())),
            None => self.store.delete(ctx, &record.key).map(drop),
        }
    }
}

fn text(value: Option<String>) -> String {
    value.unwrap_or_else(|| "null".to_owned())
}

/// Adds what the store has under the record's value.
struct Look {
    store: ReadOnlyKeyValueStore<String, String>,
}

impl Processor<String, String, String, String> for Look {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, mut record: Record<String, String>) -> Result<(), BoxError> {
        let found = self.store.get(&record.value)?;
        record.value += &text(found);
        ctx.forward(record)
    }
}

/// Adds what all three stores have under the record's key.
struct LookAtAll {
    kept: ReadOnlyKeyValueStore<String, String>,
    table: ReadOnlyKeyValueStore<String, String>,
    own: KeyValueStore<String, String>,
}

impl Processor<String, String, String, String> for LookAtAll {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let row = self.table.get_with_timestamp(&record.key)?;
        let row = row.map_or_else(|| "-".to_owned(), |(value, time)| format!("{value}@{time}"));
        let value = text(self.kept.get(&record.key)?) + &row + &text(self.own.get(&record.key)?);
        self.own.put(ctx, &record.key, record.value.clone())?;
        ctx.forward(Record { value, ..record })
    }
}

golden!(
    global_table_joined,
    global_left_join,
    global_table_named,
    global_join_named,
    global_left_join_named,
    global_table_materialized,
    global_table_named_in_memory,
    global_join_with_key,
    global_left_join_with_key_named,
    global_join_without_a_key,
    global_left_join_without_a_key,
    global_join_of_null_keys,
    global_left_join_of_null_keys_repartitioned,
    global_join_of_null_keys_repartitioned,
    global_join_then_count,
    global_join_re_keyed_then_count,
    global_tables_joined_in_a_row,
    global_table_joined_twice,
    global_table_declared_between,
    global_table_declared_last,
    global_join_after_table_join,
    global_join_filtered_and_merged,
    global_store,
    global_store_named,
    global_stores_read_together,
);

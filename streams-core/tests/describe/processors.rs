//! User code, with and without stores.

use crate::{input, null_or};
use streams_core::processor::{Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore, Processor};
use streams_core::state::{KeyValueStoreBuilder, Stores};
use streams_core::{BoxError, KStream, Record, StreamsBuilder};

pub struct PassOn;

impl Processor<String, String, String, String> for PassOn {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
}

pub struct PassValueOn;

impl FixedKeyProcessor<String, String, String> for PassValueOn {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        ctx.forward(record)
    }
}

/// Tells what a store has of the key, and what it has in all. Long values delete, numbers read.
struct Remembers(KeyValueStore<String, String>);

impl Processor<String, String, String, String> for Remembers {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let store = &self.0;
        let mut told = if record.value.len() > 3 {
            format!("deleted {}", null_or(store.delete(ctx, &record.key)?.as_ref()))
        } else if record.value.bytes().all(|b| b.is_ascii_digit()) {
            format!("read {}", null_or(store.get(&record.key)?.as_ref()))
        } else {
            let absent = store.put_if_absent(ctx, &record.key, record.value.clone())?.is_none();
            store.put(ctx, &record.key, record.value.clone())?;
            format!("was absent {absent}")
        };
        for row in store.iter() {
            let (key, value) = row?;
            told += &format!(", {key} = {value}");
        }
        told += &format!(" of {}", store.approximate_num_entries());
        ctx.forward(Record { value: told, ..record })
    }
}

fn process_lru_map(b: &StreamsBuilder) {
    let lru = b.add_state_store(Stores::lru_map("lru", 2).plain());
    input(b).process(lru, |_, lru| Remembers(lru)).to("output");
}

fn store(name: &str) -> KeyValueStoreBuilder<String, i64> {
    Stores::key_value(name)
}

fn process(b: &StreamsBuilder) {
    input(b).process((), |_, ()| PassOn).to("output");
}

fn process_named(b: &StreamsBuilder) {
    input(b).process_with((), |_, ()| PassOn, "my-processor").to("output");
}

fn process_with_store(b: &StreamsBuilder) {
    let store = b.add_state_store(store("my-store"));
    input(b).process(store, |_, _| PassOn).to("output");
}

fn process_with_two_stores(b: &StreamsBuilder) {
    let one = b.add_state_store(store("one"));
    let two = b.add_state_store(store("two"));
    input(b).process((two, one.clone()), |_, _| PassOn).process(one, |_, _| PassOn).to("output");
}

fn process_values(b: &StreamsBuilder) {
    input(b).process_values((), |_, ()| PassValueOn).to("output");
}

fn process_values_named_with_store(b: &StreamsBuilder) {
    let store = b.add_state_store(store("my-store"));
    input(b).process_values_with(store, |_, _| PassValueOn, "my-processor").to("output");
}

fn process_then_group(b: &StreamsBuilder) {
    input(b).process((), |_, ()| PassOn).group_by_key().count().to_stream().to("output");
}

fn process_values_then_group(b: &StreamsBuilder) {
    input(b).process_values((), |_, ()| PassValueOn).group_by_key().count().to_stream().to("output");
}

fn store_shared_by_two_streams(b: &StreamsBuilder) {
    let shared = b.add_state_store(store("shared"));
    let [left, right]: [KStream<String, String>; 2] = ["left", "right"].map(|topic| b.stream(topic));
    left.process(shared.clone(), |_, _| PassOn).to("output-left");
    right.process(shared, |_, _| PassOn).to("output-right");
}

fn process_store_no_changelog(b: &StreamsBuilder) {
    let store = b.add_state_store(store("unlogged").without_logging());
    input(b).process(store, |_, _| PassOn).to("output");
}

golden!(
    process,
    process_named,
    process_with_store,
    process_with_two_stores,
    process_values,
    process_values_named_with_store,
    process_then_group,
    process_values_then_group,
    store_shared_by_two_streams,
    process_store_no_changelog,
    process_lru_map,
);

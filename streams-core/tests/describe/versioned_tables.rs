//! Versioned tables and what is computed from them.

use crate::{input, table_of};
use std::time::Duration;
use streams_core::processor::{Context, Processor, VersionedKeyValueStore};
use streams_core::state::{PutResult, Stores, VersionedRecord};
use streams_core::{BoxError, Consumed, Data, KTable, Materialized, Record, StreamsBuilder, serde::DefaultSerde};

/// Short enough for records to come too late.
const HISTORY: Duration = Duration::from_secs(15);

pub fn versioned<V: Data + DefaultSerde>(name: &str) -> Materialized<String, V> {
    Materialized::from(name).versioned(HISTORY)
}

pub fn table(b: &StreamsBuilder, topic: &str) -> KTable<String, String> {
    b.table_with(topic, Consumed::default(), versioned(&format!("{topic}-versions")))
}

pub fn is_short(_: &String, value: &String) -> bool {
    value.len() == 1
}

fn by_value(key: &String, value: &String) -> (String, String) {
    (value.clone(), key.clone())
}

fn versioned_table(b: &StreamsBuilder) {
    table(b, "table").to_stream().to("output");
}

fn versioned_table_segments(b: &StreamsBuilder) {
    let versions = Materialized::<String, String>::from("versions");
    let table: KTable<String, String> =
        b.table_with("table", Consumed::default(), versions.versioned_in_segments(Duration::from_secs(120), Duration::from_secs(1)));
    table.to_stream().to("output");
}

fn versioned_table_no_history(b: &StreamsBuilder) {
    let versions = Materialized::<String, String>::from("versions");
    b.table_with("table", Consumed::default(), versions.versioned(Duration::ZERO)).to_stream().to("output");
}

fn versioned_table_filter(b: &StreamsBuilder) {
    table(b, "table").filter(is_short).to_stream().to("output");
}

fn versioned_table_filter_materialized(b: &StreamsBuilder) {
    table(b, "table").filter_with(is_short, Materialized::from("filtered")).to_stream().to("output");
}

fn versioned_table_filter_versioned(b: &StreamsBuilder) {
    table(b, "table").filter_not_with(is_short, versioned("filtered")).to_stream().to("output");
}

fn versioned_filter_of_table(b: &StreamsBuilder) {
    table_of(b, "table").filter_with(is_short, versioned("filtered")).to_stream().to("output");
}

fn versioned_table_map_values(b: &StreamsBuilder) {
    table(b, "table").map_values(|value| format!("{value}!")).to_stream().to("output");
}

fn versioned_table_map_values_materialized(b: &StreamsBuilder) {
    let table = table(b, "table");
    table.map_values_with(|value| format!("{value}!"), Materialized::from("mapped")).to_stream().to("output-1");
    table.map_values_with(|value| format!("{value}?"), versioned("mapped-versions")).to_stream().to("output-2");
}

fn versioned_table_group_count(b: &StreamsBuilder) {
    table(b, "table").group_by(by_value).count().to_stream().to("output");
}

fn versioned_table_filter_group_aggregate(b: &StreamsBuilder) {
    let grouped = table(b, "table").filter(is_short).group_by(by_value);
    let add = |_: &String, value: String, all: &mut String| *all += &format!("+{value}");
    let subtract = |_: &String, value: String, all: &mut String| *all += &format!("-{value}");
    grouped.aggregate(String::new, add, subtract).to_stream().to("output");
}

fn versioned_table_unnamed_filter_group(b: &StreamsBuilder) {
    table(b, "table").filter_with(is_short, Materialized::default()).group_by(by_value).count().to_stream().to("output");
}

fn versioned_group_of_table(b: &StreamsBuilder) {
    let grouped = table_of(b, "table").group_by(by_value);
    grouped
        .reduce_with(|all, value| format!("{all}+{value}"), |all, value| format!("{all}-{value}"), versioned("reduced"))
        .to_stream()
        .to("output");
}

fn versioned_count(b: &StreamsBuilder) {
    input(b).group_by_key().count_with(versioned("counts")).to_stream().to("output");
}

fn versioned_aggregate_deletes(b: &StreamsBuilder) {
    let add = |_: &String, value: String, all: &mut Option<String>| {
        let so_far = all.take().unwrap_or_default();
        *all = (so_far.len() <= 5).then(|| so_far + &value);
    };
    input(b).group_by_key().fold_with(add, versioned("texts")).filter(|_, _| true).to_stream().to("output");
}

fn versioned_reduce(b: &StreamsBuilder) {
    let combine = |all: String, value: String| if all.len() > 5 { value } else { all + &value };
    input(b).group_by_key().reduce_with(combine, versioned("texts")).to_stream().to("output");
}

fn versioned_to_table(b: &StreamsBuilder) {
    input(b).to_table_with(versioned("versions")).to_stream().to("output");
}

fn versioned_to_table_after_key_change(b: &StreamsBuilder) {
    let table = input(b).select_key(|_, value| value.clone()).to_table_with(versioned("versions"));
    table.group_by(by_value).count().to_stream().to("output");
}

fn process_with_versioned_store(b: &StreamsBuilder) {
    let store = b.add_state_store(Stores::versioned_key_value::<String, String>("versions", HISTORY));
    input(b).process(store, |_, store| Versions(store)).to("output");
}

/// Tells what each call answers.
struct Versions(VersionedKeyValueStore<String, String>);

fn shown(found: Option<VersionedRecord<String>>) -> String {
    // until when it was valid is not told by Java's store
    found.map_or("none".to_owned(), |found| format!("{}@{}..", found.value, found.timestamp))
}

impl Processor<String, String, String, String> for Versions {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let (store, Record { key, value, timestamp: time, .. }) = (&self.0, &record);
        let mut all = if value.starts_with('b') {
            format!("deleted {}", shown(store.delete(ctx, key, *time)?))
        } else {
            match store.put(ctx, key, Some(value.clone()).filter(|value| !value.starts_with('d')), *time)? {
                PutResult::Latest => "put -1".to_owned(),
                PutResult::ValidTo(to) => format!("put {to}"),
                PutResult::TooOld => "put late".to_owned(),
            }
        };
        all += &format!(", latest {}", shown(store.get(key)?));
        for ago in [0, 1, 1_000, 5_000, 15_000, 15_001, 40_000] {
            all += &format!(", {}", shown(store.get_as_of(key, time - ago)?));
        }
        ctx.forward(Record { value: all, ..record })
    }
}

golden!(
    versioned_table,
    versioned_table_segments,
    versioned_table_no_history,
    versioned_table_filter,
    versioned_table_filter_materialized,
    versioned_table_filter_versioned,
    versioned_filter_of_table,
    versioned_table_map_values,
    versioned_table_map_values_materialized,
    versioned_table_group_count,
    versioned_table_filter_group_aggregate,
    versioned_table_unnamed_filter_group,
    versioned_group_of_table,
    versioned_count,
    versioned_aggregate_deletes,
    versioned_reduce,
    versioned_to_table,
    versioned_to_table_after_key_change,
    process_with_versioned_store,
);

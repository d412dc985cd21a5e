//! `KTable::transform_values`: kept and not, with stores, and read by what follows.

use crate::{input, null_or, plus, table_of};
use std::time::Duration;
use streams_core::processor::{KeyValueStore, KeyValueStoreHandle, PunctuationType, TimerId, TransformContext, ValueTransformer};
use streams_core::state::Stores;
use streams_core::{BoxError, KTable, Materialized, Named, StreamsBuilder, TimeWindows, Windowed};

/// The row and what the context says of it. Of key b there is always one.
struct Tells;

impl ValueTransformer<String, String, String> for Tells {
    fn transform(&mut self, ctx: &mut TransformContext<'_>, key: &String, value: Option<&String>) -> Result<Option<String>, BoxError> {
        if value.is_none() && key != "b" {
            return Ok(None);
        }
        let from = ctx.record_metadata().map_or_else(|| "nowhere".to_owned(), |m| format!("{}/{}/{}", m.topic, m.partition, m.offset));
        Ok(Some(format!("{}@{} from {from}", null_or(value), ctx.timestamp())))
    }
}

/// Which call it was: tells who asks, and how often.
#[derive(Default)]
struct Counts {
    calls: u64,
}

impl ValueTransformer<String, String, String> for Counts {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&String>) -> Result<Option<String>, BoxError> {
        self.calls += 1;
        Ok(value.map(|value| format!("{value}{}", self.calls)))
    }
}

/// Nothing but the row.
struct Plain;

impl ValueTransformer<String, String, String> for Plain {
    fn transform(&mut self, _: &mut TransformContext<'_>, key: &String, value: Option<&String>) -> Result<Option<String>, BoxError> {
        Ok(value.map(|value| format!("{value}{key}")))
    }
}

/// Counts the changes of each key in a store.
struct Versions {
    seen: KeyValueStore<String, i64>,
}

impl ValueTransformer<String, String, String> for Versions {
    fn transform(&mut self, ctx: &mut TransformContext<'_>, key: &String, value: Option<&String>) -> Result<Option<String>, BoxError> {
        let version = self.seen.get(key)?.unwrap_or(0) + 1;
        self.seen.put(ctx, key, version)?;
        Ok(value.map(|value| format!("{value} v{version}")))
    }
    fn punctuate(&mut self, ctx: &mut TransformContext<'_>, _: TimerId, time: i64) -> Result<(), BoxError> {
        self.seen.put(ctx, &"tick".to_owned(), time)
    }
}

/// A count and the start of its window.
struct Starts;

impl ValueTransformer<Windowed<String>, u64, String> for Starts {
    fn transform(&mut self, _: &mut TransformContext<'_>, key: &Windowed<String>, value: Option<&u64>) -> Result<Option<String>, BoxError> {
        Ok(value.map(|value| format!("{value}/{}", key.window.start)))
    }
}

fn seen(b: &StreamsBuilder) -> KeyValueStoreHandle<String, i64> {
    b.add_state_store(Stores::key_value("seen").plain())
}

fn kept() -> Materialized<String, String> {
    Materialized::from("transformed")
}

fn out(table: &KTable<String, String>) {
    table.to_stream().to("output");
}

fn grouped(table: &KTable<String, String>) {
    let reduced = table
        .group_by(|_, value| (value[..1].to_owned(), value.clone()))
        .reduce(|one, two| format!("{one}{two}"), |one, two| format!("{one}-{two}"));
    out(&reduced);
}

fn table_transform_values(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values((), |_, ()| Tells));
}

fn table_transform_values_named(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values_with((), |_, ()| Tells, "my-transform"));
}

fn table_transform_values_materialized(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values_with((), |_, ()| Tells, kept()));
}

fn table_transform_values_named_materialized(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values_with((), |_, ()| Tells, kept().node_named(Named::new("my-transform"))));
}

fn table_transform_values_materialized_unnamed(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values_with((), |_, ()| Tells, Materialized::default()));
}

fn table_transform_values_uncached(b: &StreamsBuilder) {
    grouped(&table_of(b, "table").transform_values_with((), |_, ()| Counts::default(), kept().caching_disabled()));
}

fn table_transform_values_with_store(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values(seen(b), |_, seen| Versions { seen }));
}

fn table_transform_values_materialized_with_store(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values_with(seen(b), |_, seen| Versions { seen }, kept()));
}

fn table_transform_values_punctuated(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values(seen(b), |setup, seen| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(5));
        Versions { seen }
    }));
}

fn table_transform_values_then_grouped(b: &StreamsBuilder) {
    grouped(&table_of(b, "table").transform_values((), |_, ()| Counts::default()));
}

fn table_transform_values_materialized_then_grouped(b: &StreamsBuilder) {
    grouped(&table_of(b, "table").transform_values_with((), |_, ()| Counts::default(), kept()));
}

fn table_transform_values_then_filtered(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("table", streams_core::Consumed::default(), "kept");
    out(&table.transform_values((), |_, ()| Counts::default()).filter(|_, value| value.len() > 3));
}

fn table_transform_values_twice(b: &StreamsBuilder) {
    out(&table_of(b, "table").transform_values((), |_, ()| Counts::default()).transform_values((), |_, ()| Tells));
}

fn table_transform_values_then_joined(b: &StreamsBuilder) {
    let first = table_of(b, "first").transform_values((), |_, ()| Tells);
    let second = table_of(b, "second").transform_values((), |_, ()| Counts::default());
    out(&first.join(&second, plus));
}

fn table_transform_values_then_left_joined(b: &StreamsBuilder) {
    let first = table_of(b, "first").transform_values((), |_, ()| Counts::default());
    let second = table_of(b, "second").transform_values((), |_, ()| Tells);
    out(&first.left_join(&second, |left, right| format!("{left}+{}", null_or(right))));
}

fn table_transform_values_then_outer_joined(b: &StreamsBuilder) {
    let first = table_of(b, "first").transform_values((), |_, ()| Counts::default());
    let second = table_of(b, "second").transform_values((), |_, ()| Tells);
    out(&first.outer_join(&second, |left, right| format!("{}+{}", null_or(left), null_or(right))));
}

fn table_transform_values_materialized_then_joined(b: &StreamsBuilder) {
    let first = table_of(b, "first").transform_values_with((), |_, ()| Counts::default(), kept());
    out(&first.join(&table_of(b, "second"), plus));
}

fn table_transform_values_of_a_join(b: &StreamsBuilder) {
    let joined = table_of(b, "first").outer_join(&table_of(b, "second"), |one, two| format!("{}+{}", null_or(one), null_or(two)));
    let transformed = joined.transform_values((), |_, ()| Tells);
    out(&transformed.left_join(&table_of(b, "third"), |left, right| format!("{left}+{}", null_or(right))));
}

fn table_transform_values_and_stream(b: &StreamsBuilder) {
    let stream = input(b);
    let table = table_of(b, "table").transform_values((), |_, ()| Tells);
    stream.left_join_table(&table, |value, row| format!("{value}+{}", null_or(row))).to("output");
}

fn table_transform_values_foreign_key(b: &StreamsBuilder) {
    let left = table_of(b, "first").transform_values_with((), |_, ()| Plain, Materialized::default());
    let right = table_of(b, "second").transform_values((), |_, ()| Tells);
    out(&left.left_join_on_foreign_key(
        &right,
        |_, value: &String| Some(value[..1].to_owned()),
        |value, row| format!("{value}+{}", null_or(row)),
    ));
}

fn windowed_count_transform_values(b: &StreamsBuilder) {
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5));
    let starts = input(b).group_by_key().windowed_by(windows).count().transform_values((), |_, ()| Starts);
    let reduced = starts
        .group_by(|window, value| (window.key.clone(), value.clone()))
        .reduce(|one, two| format!("{one}{two}"), |one, two| format!("{one}-{two}"));
    out(&reduced);
}

golden!(
    table_transform_values,
    table_transform_values_named,
    table_transform_values_materialized,
    table_transform_values_named_materialized,
    table_transform_values_materialized_unnamed,
    table_transform_values_uncached,
    table_transform_values_with_store,
    table_transform_values_materialized_with_store,
    table_transform_values_punctuated,
    table_transform_values_then_grouped,
    table_transform_values_materialized_then_grouped,
    table_transform_values_then_filtered,
    table_transform_values_twice,
    table_transform_values_then_joined,
    table_transform_values_then_left_joined,
    table_transform_values_then_outer_joined,
    table_transform_values_materialized_then_joined,
    table_transform_values_of_a_join,
    table_transform_values_and_stream,
    table_transform_values_foreign_key,
    windowed_count_transform_values,
);

//! Processors that use the store of a table.

use crate::versioned_tables::table as versioned;
use crate::{input, null_or, table_of};
use std::fmt::Display;
use std::time::Duration;
use streams_core::processor::{
    Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore, Processor, SessionStore, TransformContext,
    ValueTransformer, VersionedKeyValueStore, WindowedStore,
};
use streams_core::{BoxError, Consumed, Data, Headers, KStream, Materialized, Record, SessionWindows, StreamsBuilder, TimeWindows};

/// Passes on what a store tells.
struct Tells<S>(S, fn(&S, &mut Context<'_, String, String>, &Record<String, String>) -> Result<String, BoxError>);

impl<S: 'static> Processor<String, String, String, String> for Tells<S> {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let value = (self.1)(&self.0, ctx, &record)?;
        ctx.forward(Record { value, ..record })
    }
}

/// Takes the headers away: here those of a change that a processor made are not known.
struct Bare;

impl Processor<String, Option<u64>, String, Option<u64>> for Bare {
    fn process(&mut self, ctx: &mut Context<'_, String, Option<u64>>, record: Record<String, Option<u64>>) -> Result<(), BoxError> {
        ctx.forward(Record { headers: Headers::default(), ..record })
    }
}

/// The same where keys stay.
struct TellsFixed(KeyValueStore<String, String>);

impl FixedKeyProcessor<String, String, String> for TellsFixed {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        let told = shown(self.0.get_with_timestamp(record.key())?);
        ctx.forward(record.with_value(told))
    }
}

/// The row, and the count of its key.
struct Counted(KeyValueStore<String, u64>);

impl ValueTransformer<String, String, String> for Counted {
    fn transform(&mut self, _: &mut TransformContext<'_>, key: &String, value: Option<&String>) -> Result<Option<String>, BoxError> {
        let Some(value) = value else { return Ok(None) };
        Ok(Some(format!("{value} {}", shown(self.0.get_with_timestamp(key)?))))
    }
}

fn shown(row: Option<(impl Display, i64)>) -> String {
    null_or(row.map(|(value, at)| format!("{value}@{at}")).as_ref())
}

type Ctx<'a> = Context<'a, String, String>;

fn rows<V: Data + Display>(store: &KeyValueStore<String, V>, _: &mut Ctx<'_>, record: &Record<String, String>) -> Result<String, BoxError> {
    let mut told = shown(store.get_with_timestamp(&record.key)?);
    for row in store.iter().with_timestamps() {
        let (key, value, at) = row?;
        told += &format!(", {key} = {value}@{at}");
    }
    Ok(told)
}

fn write(store: &KeyValueStore<String, u64>, ctx: &mut Ctx<'_>, record: &Record<String, String>) -> Result<String, BoxError> {
    if record.value.starts_with('b') {
        let before = store.get_with_timestamp(&record.key)?;
        store.delete(ctx, &record.key)?;
        return Ok(format!("deleted {}", shown(before)));
    }
    store.put(ctx, &record.key, record.value.len() as u64)?;
    Ok(format!("put, {}", rows(store, ctx, record)?))
}

fn windows(store: &WindowedStore<String, u64>, _: &mut Ctx<'_>, record: &Record<String, String>) -> Result<String, BoxError> {
    let mut told = String::new();
    for row in store.iter_key(&record.key, record.timestamp - 20_000, record.timestamp + 20_000)?.with_timestamps() {
        let (_, start, value, at) = row?;
        told += &format!("{start} = {value}@{at}, ");
    }
    Ok(told)
}

fn sessions(store: &SessionStore<String, u64>, _: &mut Ctx<'_>, record: &Record<String, String>) -> Result<String, BoxError> {
    let found = store.fetch(&record.key)?;
    Ok(found.iter().map(|(window, value)| format!("{}-{} = {value}, ", window.start, window.end)).collect())
}

fn versions(store: &VersionedKeyValueStore<String, String>, _: &mut Ctx<'_>, record: &Record<String, String>) -> Result<String, BoxError> {
    let mut told = String::new();
    for ago in [0, 1_000, 5_000] {
        let found = store.get_as_of(&record.key, record.timestamp - ago)?;
        told += &format!("{}, ", shown(found.map(|found| (found.value, found.timestamp))));
    }
    Ok(told)
}

fn left(b: &StreamsBuilder) -> KStream<String, String> {
    b.stream("left")
}

fn right(b: &StreamsBuilder) -> KStream<String, String> {
    b.stream("right")
}

fn hopping() -> TimeWindows {
    TimeWindows::hopping(Duration::from_secs(10), Duration::from_secs(4)).grace(Duration::from_secs(5))
}

/// Java's cache finds windows, and sessions, that have expired in the store below.
fn kept_long(name: &str) -> Materialized<String, u64> {
    Materialized::from(name).retention(Duration::from_secs(7200))
}

fn counts(uncached: bool) -> Materialized<String, u64> {
    let counts = Materialized::from("counts");
    if uncached { counts.caching_disabled() } else { counts }
}

fn table_store_of_count(b: &StreamsBuilder) {
    let counts = left(b).group_by_key().count_with("counts");
    right(b).process(counts.store(), |_, store| Tells(store, rows)).to("output");
}

fn table_store_of_count_re_keyed(b: &StreamsBuilder) {
    let counts = left(b).group_by(|_, value| value.clone()).count_with("counts");
    counts.to_stream().to("output");
    right(b).process(counts.store(), |_, store| Tells(store, rows)).to("output-right");
}

fn table_store_of_source(b: &StreamsBuilder) {
    let table = b.table_with::<String, String>("table", Consumed::default(), "rows");
    input(b).process_values(table.store(), |_, store| TellsFixed(store)).to("output");
}

fn table_store_of_filtered(b: &StreamsBuilder) {
    let short = table_of(b, "table").filter_with(|_, value| value.len() == 1, Materialized::from("rows"));
    input(b).process(short.store(), |_, store| Tells(store, rows)).to("output");
}

fn table_store_of_windows(b: &StreamsBuilder) {
    let counts = left(b).group_by_key().windowed_by(hopping()).count_with(kept_long("windows"));
    right(b).process(counts.window_store(), |_, store| Tells(store, windows)).to("output");
}

fn table_store_of_windows_behind(b: &StreamsBuilder) {
    let counts = left(b).group_by_key().windowed_by(hopping()).count_with(kept_long("windows").caching_disabled());
    let by_key = counts.to_stream().select_key(|windowed, _| windowed.key.clone());
    by_key.map_values(|count| null_or(count.as_ref())).process(counts.window_store(), |_, store| Tells(store, windows)).to("output");
}

fn table_store_of_sessions(b: &StreamsBuilder) {
    let gaps = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(61));
    let counts = left(b).group_by_key().windowed_by(gaps).count_with(kept_long("sessions"));
    right(b).process(counts.session_store(), |_, store| Tells(store, sessions)).to("output");
}

fn table_store_of_versions(b: &StreamsBuilder) {
    let table = versioned(b, "table");
    input(b).process(table.versioned_store(), |_, store| Tells(store, versions)).to("output");
}

fn told_beside(b: &StreamsBuilder, uncached: bool) {
    let stream = left(b);
    let counts = stream.group_by_key().count_with(counts(uncached));
    counts.to_stream().to("output");
    stream.process(counts.store(), |_, store| Tells(store, rows)).to("output-told");
}

fn table_store_cached(b: &StreamsBuilder) {
    told_beside(b, false);
}

fn table_store_uncached(b: &StreamsBuilder) {
    told_beside(b, true);
}

fn written(b: &StreamsBuilder, uncached: bool) {
    let counts = left(b).group_by_key().count_with(counts(uncached));
    counts.to_stream().process((), |_, ()| Bare).to("output");
    right(b).process(counts.store(), |_, store| Tells(store, write)).to("output-told");
}

fn table_store_written_cached(b: &StreamsBuilder) {
    written(b, false);
}

fn table_store_written_uncached(b: &StreamsBuilder) {
    written(b, true);
}

fn table_store_transform_values(b: &StreamsBuilder) {
    let counts = left(b).group_by_key().count_with("counts");
    table_of(b, "table").transform_values(counts.store(), |_, store| Counted(store)).to_stream().to("output");
}

golden!(
    table_store_of_count,
    table_store_of_count_re_keyed,
    table_store_of_source,
    table_store_of_filtered,
    table_store_of_windows,
    table_store_of_windows_behind,
    table_store_of_sessions,
    table_store_of_versions,
    table_store_cached,
    table_store_uncached,
    table_store_written_cached,
    table_store_written_uncached,
    table_store_transform_values,
);

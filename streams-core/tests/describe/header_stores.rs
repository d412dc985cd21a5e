//! Processors with stores that keep headers: numbers delete, long values keep the headers of the row and one more.

use crate::input;
use std::time::Duration;
use streams_core::processor::{
    Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, SessionStore, StateStoreBuilder, StoreSet, WindowedStore,
};
use streams_core::state::{KeyValueStoreBuilder, SessionStoreBuilder, Stores, WindowStoreBuilder, WithHeaders};
use streams_core::{BoxError, Consumed, Headers, Record, StreamsBuilder, Window, Windowed};

type Ctx<'a> = Context<'a, String, String>;
type Rec = Record<String, String>;
type Row = WithHeaders<String>;

/// What is done to the store for each record, and what is told of it.
struct Does<S>(S, fn(&S, &mut Ctx<'_>, &Rec) -> Result<String, BoxError>);

impl<S: 'static> Processor<String, String, String, String> for Does<S> {
    fn process(&mut self, ctx: &mut Ctx<'_>, record: Rec) -> Result<(), BoxError> {
        let told = self.1(&self.0, ctx, &record)?;
        ctx.forward(record.with_value(told))
    }
}

fn told<B>(b: &StreamsBuilder, store: B, does: fn(&<B::Handle as StoreSet>::Open, &mut Ctx<'_>, &Rec) -> Result<String, BoxError>)
where
    B: StateStoreBuilder,
    B::Handle: StoreSet,
    <B::Handle as StoreSet>::Open: 'static,
{
    let store = b.add_state_store(store);
    input(b).process(store, move |_, rows| Does(rows, does)).to("output");
}

fn deletes(value: &str) -> bool {
    value.starts_with(|first: char| first.is_ascii_digit())
}

/// Those of the record; where the value is long those of the row and one more.
fn headers(record: &Rec, before: Option<&Row>) -> Headers {
    if record.value.len() <= 3 {
        return record.headers.clone();
    }
    let mut headers = before.map_or_else(Headers::new, |row| row.headers.clone());
    headers.add("seen", record.value.as_bytes());
    headers
}

fn shown_headers(headers: &Headers) -> String {
    let value = |value: &Option<Vec<u8>>| value.as_ref().map_or("null".into(), |value| String::from_utf8_lossy(value).into_owned());
    format!("[{}]", headers.iter().map(|header| format!("{}:{};", header.key, value(&header.value))).collect::<String>())
}

fn shown_timed(row: Option<&(Row, i64)>) -> String {
    row.map_or("null".to_owned(), |(row, time)| format!("{}@{time}{}", row.value, shown_headers(&row.headers)))
}

fn shown(row: Option<&Row>) -> String {
    row.map_or("null".to_owned(), |row| row.value.clone() + &shown_headers(&row.headers))
}

fn all(rows: impl Iterator<Item = Result<(String, Row, i64), BoxError>>) -> Result<String, BoxError> {
    rows.map(|row| row.map(|(key, row, time)| format!(", {key}={}", shown_timed(Some(&(row, time)))))).collect()
}

fn key_values(store: &KeyValueStore<String, Row>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (key, before) = (&record.key, store.get_with_timestamp(&record.key)?);
    let mut told = shown_timed(before.as_ref()) + " > ";
    if deletes(&record.value) {
        store.delete(ctx, key)?;
        told += &shown_timed(before.as_ref());
    } else {
        let headers = headers(record, before.as_ref().map(|(row, _)| row));
        store.put_if_absent(ctx, key, WithHeaders::new("first".to_owned(), headers.clone()))?;
        told += &shown_timed(before.as_ref());
        store.put_at(ctx, key, WithHeaders::new(record.value.clone(), headers), record.timestamp + 1)?;
    }
    Ok(told + &all(store.iter().with_timestamps())?)
}

fn windows(store: &WindowedStore<String, Row>, key: &String, to: i64) -> Result<String, BoxError> {
    let rows = store.iter_key(key, (to - 60_000).max(0), to)?.with_timestamps();
    rows.map(|row| row.map(|(_, start, row, time)| format!(", {start}={}", shown_timed(Some(&(row, time)))))).collect()
}

fn windowed(store: &WindowedStore<String, Row>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (key, start) = (&record.key, record.timestamp - record.timestamp % 10_000);
    let before = store.fetch_with_timestamp(key, start)?;
    if deletes(&record.value) {
        store.delete(ctx, key, start)?;
    } else {
        let headers = headers(record, before.as_ref().map(|(row, _)| row));
        store.put(ctx, key, WithHeaders::new(record.value.clone(), headers), start)?;
    }
    Ok(shown_timed(before.as_ref()) + &windows(store, key, record.timestamp)?)
}

fn appended(store: &WindowedStore<String, Row>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (key, start) = (&record.key, record.timestamp - record.timestamp % 10_000);
    store.put(ctx, key, WithHeaders::new(record.value.clone(), headers(record, None)), start)?;
    windows(store, key, record.timestamp)
}

fn sessions(store: &SessionStore<String, Row>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (key, start) = (&record.key, record.timestamp - record.timestamp % 10_000);
    let session = Windowed::new(key.clone(), Window::new(start, start + 5_000));
    let before = store.fetch_session(key, start, start + 5_000)?;
    if !deletes(&record.value) {
        store.put(ctx, &session, WithHeaders::new(record.value.clone(), headers(record, before.as_ref())))?;
    } else if before.is_some() {
        store.remove(ctx, &session)?;
    }
    let rows = store.find_sessions(key, start, start + 5_000)?;
    let rows = rows.iter().map(|(window, row)| format!(", {}={}", window.start, shown(Some(row))));
    Ok(shown(before.as_ref()) + &rows.collect::<String>())
}

fn rows() -> KeyValueStoreBuilder<String, Row> {
    Stores::key_value("rows").with_headers()
}

fn headers_key_value(b: &StreamsBuilder) {
    told(b, rows(), key_values);
}

fn headers_key_value_cached(b: &StreamsBuilder) {
    told(b, rows().caching(true), key_values);
}

fn headers_key_value_in_memory(b: &StreamsBuilder) {
    told(b, rows().in_memory(), key_values);
}

fn headers_key_value_not_logged(b: &StreamsBuilder) {
    told(b, rows().without_logging(), key_values);
}

fn two_minutes() -> WindowStoreBuilder<String, Row> {
    Stores::window("rows", Duration::from_secs(120), Duration::from_secs(10)).with_headers()
}

fn headers_windows(b: &StreamsBuilder) {
    told(b, two_minutes(), windowed);
}

fn headers_windows_cached(b: &StreamsBuilder) {
    told(b, two_minutes().caching(true), windowed);
}

fn headers_windows_in_memory(b: &StreamsBuilder) {
    told(b, two_minutes().in_memory(), windowed);
}

fn headers_windows_with_duplicates(b: &StreamsBuilder) {
    told(b, two_minutes().retain_duplicates(), appended);
}

fn two_minutes_of_sessions() -> SessionStoreBuilder<String, Row> {
    Stores::session("rows", Duration::from_millis(120_500)).with_headers()
}

fn headers_sessions(b: &StreamsBuilder) {
    told(b, two_minutes_of_sessions(), sessions);
}

fn headers_sessions_cached(b: &StreamsBuilder) {
    told(b, two_minutes_of_sessions().caching(true), sessions);
}

fn headers_sessions_in_memory(b: &StreamsBuilder) {
    told(b, two_minutes_of_sessions().in_memory(), sessions);
}

/// Keeps each record as it comes.
struct Keeps(KeyValueStore<String, Row>);

impl Processor<String, Option<String>, (), ()> for Keeps {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        match record.value {
            Some(value) => self.0.put(ctx, &record.key, WithHeaders::new(value, record.headers)),
            None => self.0.delete(ctx, &record.key).map(drop),
        }
    }
}

fn kept(store: &ReadOnlyKeyValueStore<String, Row>, _: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    Ok(shown_timed(store.get_with_timestamp(&record.key)?.as_ref()) + &all(store.iter().with_timestamps())?)
}

fn headers_global(b: &StreamsBuilder) {
    let rows = b.add_global_store(rows(), "global", Consumed::default(), |_, store| Keeps(store));
    input(b).process(rows, |_, rows| Does(rows, kept)).to("output");
}

golden!(
    headers_global,
    headers_key_value,
    headers_key_value_cached,
    headers_key_value_in_memory,
    headers_key_value_not_logged,
    headers_sessions,
    headers_sessions_cached,
    headers_sessions_in_memory,
    headers_windows,
    headers_windows_cached,
    headers_windows_in_memory,
    headers_windows_with_duplicates
);

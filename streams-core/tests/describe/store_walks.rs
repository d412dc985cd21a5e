//! Processors that walk over their stores, there and back.

use crate::input;
use std::ops::Bound::{Included, Unbounded};
use std::time::Duration;
use streams_core::processor::{
    Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, SessionStore, StateStoreBuilder, StoreSet, WindowRows, WindowedStore,
};
use streams_core::state::{KeyValueStoreBuilder, Stores, WindowStoreBuilder};
use streams_core::{BoxError, Consumed, Record, StreamsBuilder, Window, Windowed};

type Ctx<'a> = Context<'a, String, String>;
type Rec = Record<String, String>;

/// Puts each record into the store, and tells what walks over it find.
struct Walks<S>(S, fn(&S, &mut Ctx<'_>, &Rec) -> Result<String, BoxError>);

impl<S: 'static> Processor<String, String, String, String> for Walks<S> {
    fn process(&mut self, ctx: &mut Ctx<'_>, record: Rec) -> Result<(), BoxError> {
        let told = self.1(&self.0, ctx, &record)?;
        ctx.forward(record.with_value(told))
    }
}

fn pairs(rows: impl Iterator<Item = Result<(String, String), BoxError>>) -> Result<String, BoxError> {
    let rows = rows.map(|row| row.map(|(key, value)| format!("{key}={value}, "))).collect::<Result<String, _>>()?;
    Ok(rows + "| ")
}

fn rows(store: &KeyValueStore<String, String>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    store.put(ctx, &format!("{}{}", record.key, record.value.len()), record.value.clone())?;
    let range = |from: &str, to: &str| store.iter_range(Included(&from.to_owned()), Included(&to.to_owned()));
    Ok([
        pairs(range("b", "d2")?)?,
        pairs(range("b", "d2")?.reversed())?,
        pairs(store.iter_range(Unbounded, Included(&"c1".to_owned()))?)?,
        pairs(store.iter_range(Included(&"c".to_owned()), Unbounded)?.reversed())?,
        pairs(store.iter_prefix(record.key.as_bytes()))?,
        pairs(store.iter())?,
        pairs(store.iter().reversed())?,
    ]
    .concat())
}

fn global_rows(store: &ReadOnlyKeyValueStore<String, String>, _: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let range = |from: &str, to: &str| store.iter_range(Included(&from.to_owned()), Included(&to.to_owned()));
    Ok([
        pairs(range("b", "d2")?)?,
        pairs(range("b", "d2")?.reversed())?,
        pairs(store.iter_range(Unbounded, Included(&"c1".to_owned()))?)?,
        pairs(store.iter_range(Included(&"c".to_owned()), Unbounded)?.reversed())?,
        pairs(store.iter_prefix(record.key.as_bytes()))?,
        pairs(store.iter())?,
        pairs(store.iter().reversed())?,
    ]
    .concat())
}

fn times(rows: WindowRows<String, String>) -> Result<String, BoxError> {
    let rows = rows.map(|row| row.map(|(_, start, value)| format!("{start}={value}, "))).collect::<Result<String, _>>()?;
    Ok(rows + "| ")
}

fn windows(rows: WindowRows<String, String>) -> Result<String, BoxError> {
    let told = |(key, start, value)| format!("{key}@{start}-{}={value}, ", start + 10_000_i64);
    let rows = rows.map(|row| row.map(told)).collect::<Result<String, BoxError>>()?;
    Ok(rows + "| ")
}

fn windows_of_key(store: &WindowedStore<String, String>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (from, to) = ((record.timestamp - 20_000).max(0), record.timestamp + 20_000);
    store.put(ctx, &record.key, record.value.clone(), record.timestamp)?;
    Ok(times(store.iter_key(&record.key, from, to)?)? + &times(store.iter_key(&record.key, from, to)?.reversed())?)
}

fn window_rows(store: &WindowedStore<String, String>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (from, to) = ((record.timestamp - 20_000).max(0), record.timestamp + 20_000);
    let between = |first: &str, last: &str| store.iter_between(Some(&first.to_owned()), Some(&last.to_owned()), from, to);
    Ok([
        windows_of_key(store, ctx, record)?,
        windows(between("b", "d")?)?,
        windows(between("a", "c")?.reversed())?,
        windows(store.iter_all(from, to))?,
        windows(store.iter_all(from, to).reversed())?,
        windows(store.iter())?,
        windows(store.iter().reversed())?,
    ]
    .concat())
}

fn sessions<'a>(rows: impl IntoIterator<Item = (&'a String, &'a Window, &'a String)>) -> String {
    let told = |(key, window, value): (&String, &Window, &String)| format!("{key}@{}-{}={value}, ", window.start, window.end);
    rows.into_iter().map(told).collect::<String>() + "| "
}

fn session_rows(store: &SessionStore<String, String>, ctx: &mut Ctx<'_>, record: &Rec) -> Result<String, BoxError> {
    let (from, to) = ((record.timestamp - 20_000).max(0), record.timestamp + 20_000);
    let (key, start) = (&record.key, record.timestamp - record.timestamp % 5_000);
    store.put(ctx, &Windowed::new(key.clone(), Window::new(start, record.timestamp)), record.value.clone())?;
    let of_key = |found: Vec<(Window, String)>| sessions(found.iter().map(|(window, value)| (key, window, value)));
    let of_keys =
        |found: Vec<(Windowed<String>, String)>| sessions(found.iter().map(|(session, value)| (&session.key, &session.window, value)));
    let [a, b, c, d] = ["a", "b", "c", "d"].map(str::to_owned);
    Ok([
        of_key(store.find_sessions(key, from, to)?),
        of_key(store.find_sessions_backward(key, from, to)?),
        of_keys(store.find_between(Some(&b), Some(&d), from, to)?),
        of_keys(store.find_between_backward(Some(&a), Some(&c), from, to)?),
        of_key(store.fetch(key)?),
        of_key(store.fetch_backward(key)?),
    ]
    .concat())
}

fn told<B>(b: &StreamsBuilder, store: B, tell: fn(&<B::Handle as StoreSet>::Open, &mut Ctx<'_>, &Rec) -> Result<String, BoxError>)
where
    B: StateStoreBuilder,
    B::Handle: StoreSet,
    <B::Handle as StoreSet>::Open: 'static,
{
    let store = b.add_state_store(store);
    input(b).process(store, move |_, rows| Walks(rows, tell)).to("output");
}

fn key_value() -> KeyValueStoreBuilder<String, String> {
    Stores::key_value("rows").plain()
}

fn walk_key_value(b: &StreamsBuilder) {
    told(b, key_value(), rows);
}

fn walk_key_value_cached(b: &StreamsBuilder) {
    told(b, key_value().caching(true), rows);
}

fn two_minutes() -> WindowStoreBuilder<String, String> {
    Stores::window("rows", Duration::from_secs(120), Duration::from_secs(10)).plain()
}

fn walk_windows(b: &StreamsBuilder) {
    told(b, two_minutes(), window_rows);
}

fn walk_windows_in_memory(b: &StreamsBuilder) {
    told(b, two_minutes().in_memory(), windows_of_key);
}

fn walk_sessions(b: &StreamsBuilder) {
    told(b, Stores::session("rows", Duration::from_millis(120_500)), session_rows);
}

/// Keeps the newest value of each key and length.
struct Keep(KeyValueStore<String, String>);

impl Processor<String, Option<String>, (), ()> for Keep {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        let key = format!("{}{}", record.key, record.value.as_ref().map_or(1, String::len));
        match record.value {
            Some(value) => self.0.put(ctx, &key, value),
            None => self.0.delete(ctx, &key).map(drop),
        }
    }
}

fn global(b: &StreamsBuilder, store: KeyValueStoreBuilder<String, String>) {
    let kept = b.add_global_store(store, "global", Consumed::default(), |_, store| Keep(store));
    input(b).process(kept, |_, rows| Walks(rows, global_rows)).to("output");
}

fn walk_global(b: &StreamsBuilder) {
    global(b, key_value());
}

fn walk_global_in_memory(b: &StreamsBuilder) {
    global(b, key_value().in_memory());
}

golden!(walk_global, walk_global_in_memory, walk_key_value, walk_key_value_cached, walk_windows, walk_windows_in_memory, walk_sessions);

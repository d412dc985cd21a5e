//! Processors with stores of every kind.

use std::collections::BTreeMap;
use streams_core::processor::{
    Context, KeyValueStore, Own, OwnStore, Processor, SessionStore, StoreChange, TransformContext, ValueTransformer,
    VersionedKeyValueStore, WindowedStore,
};
use streams_core::state::WithHeaders;
use streams_core::{BoxError, Headers, Record, Window, Windowed};

/// Adds up the values of each key in a store of its own.
pub(super) struct Sums {
    pub sums: KeyValueStore<String, i64>,
}

impl Processor<String, i64, String, String> for Sums {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let sum = self.sums.get(&record.key)?.unwrap_or(0) + record.value;
        self.sums.put(ctx, &record.key, sum)?;
        ctx.forward(record.with_value(sum.to_string()))
    }
}

/// The same by window.
pub(super) struct SumsByWindow {
    pub windows: WindowedStore<String, i64>,
}

impl Processor<String, i64, String, String> for SumsByWindow {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let start = record.timestamp.div_euclid(10_000) * 10_000;
        let sum = self.windows.fetch(&record.key, start)?.unwrap_or(0) + record.value;
        let kept = self.windows.put(ctx, &record.key, sum, start)?;
        ctx.forward(record.with_value(format!("{start} {sum} {kept}")))
    }
}

/// How often a row has changed.
pub(super) struct Changes {
    pub seen: KeyValueStore<String, i64>,
}

impl ValueTransformer<String, i64, i64> for Changes {
    fn transform(&mut self, ctx: &mut TransformContext<'_>, key: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        let seen = self.seen.get(key)?.unwrap_or(0) + 1;
        self.seen.put(ctx, key, seen)?;
        Ok(value.map(|value| value * 1_000 + seen))
    }
}

/// The same by session: a gap of 2 s.
pub(super) struct SumsBySession {
    pub sessions: SessionStore<String, i64>,
}

impl Processor<String, i64, String, String> for SumsBySession {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let (mut window, mut sum) = (Window::new(record.timestamp, record.timestamp), record.value);
        for (near, of_near) in self.sessions.find_sessions(&record.key, record.timestamp - 2_000, record.timestamp + 2_000)? {
            window = Window::new(window.start.min(near.start), window.end.max(near.end));
            sum += of_near;
            self.sessions.remove(ctx, &Windowed { key: record.key.clone(), window: near })?;
        }
        self.sessions.put(ctx, &Windowed { key: record.key.clone(), window }, sum)?;
        ctx.forward(record.with_value(format!("{} {} {sum}", window.start, window.end)))
    }
}

/// What the key had 5 s before.
pub(super) struct Before {
    pub versions: VersionedKeyValueStore<String, i64>,
}

impl Processor<String, i64, String, String> for Before {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let put = self.versions.put(ctx, &record.key, Some(record.value), record.timestamp)?;
        let before = self.versions.get_as_of(&record.key, record.timestamp - 5_000)?;
        ctx.forward(record.with_value(format!("{put:?} {:?}", before.map(|before| before.value))))
    }
}

/// Sums that have the last value as a header.
pub(super) struct SumsWithHeaders {
    pub rows: KeyValueStore<String, WithHeaders<i64>>,
}

impl Processor<String, i64, String, String> for SumsWithHeaders {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let before = self.rows.get(&record.key)?.unwrap_or(WithHeaders::new(0, Headers::new()));
        let last = before.headers.last("last").and_then(|header| header.value.clone());
        let mut headers = Headers::new();
        headers.add("last", record.value.to_string().as_str());
        let sum = before.value + record.value;
        self.rows.put(ctx, &record.key, WithHeaders::new(sum, headers))?;
        ctx.forward(record.with_value(format!("{sum} {last:?}")))
    }
}

/// Totals of all keys, and of each, in a store of its own kind.
#[derive(Default)]
pub(super) struct Totals {
    by_key: BTreeMap<Vec<u8>, i64>,
}

impl OwnStore for Totals {
    fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
        match change.value {
            Some(total) => self.by_key.insert(change.key.to_vec(), i64::from_be_bytes(total.try_into()?)),
            None => self.by_key.remove(change.key),
        };
        Ok(())
    }

    fn num_entries(&self) -> u64 {
        self.by_key.len() as u64
    }
}

pub(super) struct Totalled {
    pub own: Own<Totals>,
}

impl Processor<String, i64, String, String> for Totalled {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let before = self.own.read(|totals| totals.by_key.get(record.key.as_bytes()).copied())?.unwrap_or(0);
        self.own.put(ctx, &record.key, (before + record.value).to_be_bytes())?;
        let all: i64 = self.own.read(|totals| totals.by_key.values().sum())?;
        ctx.forward(record.with_value(format!("{before} {all}")))
    }
}

//! Stores of windows, sessions and versions that every instance has whole.

use std::time::Duration;
use streams_core::processor::{
    Context, Processor, ReadOnlySessionStore, ReadOnlyVersionedStore, ReadOnlyWindowStore, SessionStore, VersionedKeyValueStore,
    WindowedStore,
};
use streams_core::state::{Stores, VersionedRecord};
use streams_core::{BoxError, Consumed, KStream, Record, StreamsBuilder, Window, Windowed};

pub const KEPT: Duration = Duration::from_millis(30_500);
const TEN_SECONDS: i64 = 10_000;

fn input(b: &StreamsBuilder) -> KStream<String, String> {
    b.stream("input")
}

fn global_window_store(b: &StreamsBuilder) {
    let store = Stores::window::<String, String>("kept", KEPT, Duration::from_secs(10)).plain();
    let kept = b.add_global_store(store, "global", Consumed::default(), |_, store| KeepWindows { store });
    input(b).process(kept, |_, store| LookAtWindows { store }).to("output");
}

fn global_session_store(b: &StreamsBuilder) {
    let store = Stores::session::<String, String>("kept", KEPT);
    let kept = b.add_global_store(store, "global", Consumed::default(), |_, store| KeepSessions { store });
    input(b).process(kept, |_, store| LookAtSessions { store }).to("output");
}

fn global_versioned_store(b: &StreamsBuilder) {
    let store = Stores::versioned_key_value::<String, String>("kept", KEPT);
    let kept = b.add_global_store(store, "global", Consumed::default(), |_, store| KeepVersions { store });
    input(b).process(kept, |_, store| LookAtVersions { store }).to("output");
}

fn text(value: Option<String>) -> String {
    value.unwrap_or_else(|| "null".to_owned())
}

/// Keeps each value in the window of ten seconds that it lies in; a null deletes.
pub struct KeepWindows {
    pub store: WindowedStore<String, String>,
}

impl Processor<String, Option<String>, (), ()> for KeepWindows {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        let start = record.timestamp / TEN_SECONDS * TEN_SECONDS;
        match record.value {
            Some(value) => self.store.put(ctx, &record.key, value, start).map(drop),
            None => self.store.delete(ctx, &record.key, start).map(drop),
        }
    }
}

/// Adds the window of the record's time, then all windows of its key, the newest first, then those of all keys.
pub struct LookAtWindows {
    pub store: ReadOnlyWindowStore<String, String>,
}

impl Processor<String, String, String, String> for LookAtWindows {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, mut record: Record<String, String>) -> Result<(), BoxError> {
        let (key, start) = (record.key.clone(), record.timestamp / TEN_SECONDS * TEN_SECONDS);
        record.value += &text(self.store.fetch(&key, start)?);
        for row in self.store.iter_key(&key, 0, i64::MAX)?.reversed() {
            let (_, start, value) = row?;
            record.value += &format!(";{start}={value}");
        }
        for row in self.store.iter_all(0, i64::MAX) {
            let (key, _, value) = row?;
            record.value += &format!(",{key}{value}");
        }
        ctx.forward(record)
    }
}

/// Makes a session of the last second before each record; a null deletes it, if it is there.
pub struct KeepSessions {
    pub store: SessionStore<String, String>,
}

impl Processor<String, Option<String>, (), ()> for KeepSessions {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        let window = Window::new((record.timestamp - 1_000).max(0), record.timestamp);
        let session = Windowed::new(record.key, window);
        match record.value {
            Some(value) => self.store.put(ctx, &session, value).map(drop),
            None => self.store.remove(ctx, &session).map(drop),
        }
    }
}

/// Adds the sessions of the record's key that meet the ten seconds before it, then all of the key, the newest first.
pub struct LookAtSessions {
    pub store: ReadOnlySessionStore<String, String>,
}

impl Processor<String, String, String, String> for LookAtSessions {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, mut record: Record<String, String>) -> Result<(), BoxError> {
        let time = record.timestamp;
        for (window, value) in self.store.find_sessions(&record.key, (time - TEN_SECONDS).max(0), time)? {
            record.value += &format!(",{}={value}", window.end);
        }
        for (window, value) in self.store.fetch_backward(&record.key)? {
            record.value += &format!(";{}={value}", window.end);
        }
        ctx.forward(record)
    }
}

/// Keeps each value with its time; a null deletes.
pub struct KeepVersions {
    pub store: VersionedKeyValueStore<String, String>,
}

impl Processor<String, Option<String>, (), ()> for KeepVersions {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        self.store.put(ctx, &record.key, record.value, record.timestamp).map(drop)
    }
}

/// Adds the version of the record's key at its time and the latest one, with the times at which they begin.
pub struct LookAtVersions {
    pub store: ReadOnlyVersionedStore<String, String>,
}

impl Processor<String, String, String, String> for LookAtVersions {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, mut record: Record<String, String>) -> Result<(), BoxError> {
        let text = |found: Option<VersionedRecord<String>>| {
            found.map_or_else(|| "-".to_owned(), |found| format!("{}@{}", found.value, found.timestamp))
        };
        let found = [self.store.get_as_of(&record.key, record.timestamp)?, self.store.get(&record.key)?];
        record.value += &found.map(text).concat();
        ctx.forward(record)
    }
}

golden!(global_window_store, global_session_store, global_versioned_store);

//! Stores that are filled from a topic, which is their changelog.

use crate::global_stores::{KEPT, KeepSessions, KeepVersions, KeepWindows, LookAtSessions, LookAtVersions, LookAtWindows};
use crate::{input, null_or};
use std::time::Duration;
use streams_core::processor::{
    Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore, Processor, ReadOnlyKeyValueStore, ReadOnlyStateStoreHandle,
};
use streams_core::serde::{DefaultSerde, Serde, SerdeContext, Wrote};
use streams_core::state::{KeyValueStoreBuilder, Stores};
use streams_core::{BoxError, Consumed, Record, StreamsBuilder, Window, Windowed};

struct Fill(KeyValueStore<String, String>);

impl Processor<String, Option<String>, (), ()> for Fill {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<String>>) -> Result<(), BoxError> {
        match record.value {
            Some(value) => self.0.put(ctx, &record.key, value),
            None => self.0.delete(ctx, &record.key).map(drop),
        }
    }
}

struct Look(ReadOnlyKeyValueStore<String, String>);

impl FixedKeyProcessor<String, String, String> for Look {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        let value = format!("{} {}", record.value(), null_or(self.0.get(record.key())?.as_ref()));
        ctx.forward(record.with_value(value))
    }
}

struct LookAtTimes(ReadOnlyKeyValueStore<String, String>, KeyValueStore<String, String>);

impl FixedKeyProcessor<String, String, String> for LookAtTimes {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        let price = self.0.get_with_timestamp(record.key())?.map(|(value, time)| format!("{value}@{time}"));
        let found = null_or(price.as_ref());
        self.1.put(ctx, record.key(), found.clone())?;
        let value = format!("{} {found}", record.value());
        ctx.forward(record.with_value(value))
    }
}

fn plain(name: &str) -> KeyValueStoreBuilder<String, String> {
    Stores::key_value(name).plain()
}

fn add(b: &StreamsBuilder, store: KeyValueStoreBuilder<String, String>) -> ReadOnlyStateStoreHandle<String, String> {
    b.add_read_only_state_store(store, "list", "prices", Consumed::default(), "KTABLE-SOURCE-fill", |_, store| Fill(store))
}

fn read_only_store(b: &StreamsBuilder) {
    add(b, plain("prices"));
}

fn read_only_store_read(b: &StreamsBuilder) {
    let prices = add(b, plain("prices"));
    input(b).process_values(prices, |_, prices| Look(prices)).to("output");
}

fn read_only_store_timestamped(b: &StreamsBuilder) {
    let prices = add(b, Stores::key_value("prices"));
    let counts = b.add_state_store(plain("counts"));
    input(b).process_values((prices, counts), |_, (prices, counts)| LookAtTimes(prices, counts)).to("output");
}

/// A text as the key of a window, whose time the processor knows better.
struct InSomeWindow;

impl Serde<Windowed<String>> for InSomeWindow {
    fn serialize(&self, cx: &SerdeContext<'_>, key: &Windowed<String>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        String::default_serde().serialize(cx, &key.key, out)
    }
    fn deserialize(&self, cx: &SerdeContext<'_>, data: Option<&[u8]>) -> Result<Windowed<String>, BoxError> {
        Ok(Windowed::new(String::default_serde().deserialize(cx, data)?, Window::new(0, 0)))
    }
}

/// A processor that takes keys alone.
struct Unwindowed<P>(P);

impl<P: Processor<String, Option<String>, (), ()>> Processor<Windowed<String>, Option<String>, (), ()> for Unwindowed<P> {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<Windowed<String>, Option<String>>) -> Result<(), BoxError> {
        let Record { key, value, timestamp, headers } = record;
        self.0.process(ctx, Record { key: key.key, value, timestamp, headers })
    }
}

const FILL: &str = "KTABLE-SOURCE-fill";

fn windowed() -> Consumed<Windowed<String>, String> {
    Consumed::with(InSomeWindow, String::default_serde())
}

fn read_only_window_store(b: &StreamsBuilder) {
    let store = Stores::window::<String, String>("kept", KEPT, Duration::from_secs(10)).plain();
    let kept = b.add_read_only_state_store(store, "list", "prices", windowed(), FILL, |_, store| Unwindowed(KeepWindows { store }));
    input(b).process(kept, |_, store| LookAtWindows { store }).to("output");
}

fn read_only_session_store(b: &StreamsBuilder) {
    let store = Stores::session::<String, String>("kept", KEPT);
    let kept = b.add_read_only_state_store(store, "list", "prices", windowed(), FILL, |_, store| Unwindowed(KeepSessions { store }));
    input(b).process(kept, |_, store| LookAtSessions { store }).to("output");
}

fn read_only_versioned_store(b: &StreamsBuilder) {
    let store = Stores::versioned_key_value::<String, String>("kept", KEPT);
    let kept = b.add_read_only_state_store(store, "list", "prices", Consumed::default(), FILL, |_, store| KeepVersions { store });
    input(b).process(kept, |_, store| LookAtVersions { store }).to("output");
}

golden!(
    read_only_store,
    read_only_store_read,
    read_only_store_timestamped,
    read_only_window_store,
    read_only_session_store,
    read_only_versioned_store
);

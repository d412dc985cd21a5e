//! A store that a processor fills from its topic, on a cluster: the topic is its changelog, as far as the application has committed it.

use crate::common::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::cluster::RawRecord;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::{DeserializationPolicy, StreamsConfig};
use streams_core::handlers::TimestampContext;
use streams_core::processor::{
    Context, KeyValueStore, Own, OwnStore, Processor, ReadOnlyKeyValueStore, ReadOnlyOwn, ReadOnlySessionStore, ReadOnlyVersionedStore,
    ReadOnlyWindowStore, SessionStore, StoreChange, TopologyBuilder, VersionedKeyValueStore, WindowedStore,
};
use streams_core::runtime::RestoreEvent;
use streams_core::serde::{DefaultSerde, Serde, SerdeContext, SessionWindowedSerde, TimeWindowedSerde};
use streams_core::state::{Stores, WithHeaders};
use streams_core::{BoxError, Consumed, Header, Headers, KafkaStreams, Record, State, StreamsBuilder, Topology, Window, Windowed};

const TIME: i64 = 1_700_000_000_000;
/// What the processor was given.
type Seen = Arc<Mutex<Vec<String>>>;

struct Fill {
    prices: KeyValueStore<String, i64>,
    seen: Seen,
}

impl Processor<String, Option<i64>, (), ()> for Fill {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<i64>>) -> Result<(), BoxError> {
        self.seen.lock().expect("no panic").push(record.key.clone());
        match record.value {
            Some(price) => self.prices.put(ctx, &record.key, price),
            None => self.prices.delete(ctx, &record.key).map(drop),
        }
    }
}

/// Key, amount times price, and the time of the price.
struct Bill {
    prices: ReadOnlyKeyValueStore<String, i64>,
    /// That of all prices.
    time: i64,
}

impl Processor<String, i64, String, i64> for Bill {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let Some((price, time)) = self.prices.get_with_timestamp(&record.key)? else { return Ok(()) };
        assert_eq!(time, self.time);
        let rows = self.prices.range(&record.key, &record.key)?;
        assert_eq!(rows, [(record.key.clone(), price)]);
        assert!(self.prices.all()?.contains(&rows[0]));
        ctx.forward(Record { value: record.value * price, ..record })
    }
}

fn topology(seen: &Seen) -> Topology {
    billing(seen, Consumed::default(), TIME)
}

/// The times of prices are those that an extractor says, also when the store is restored.
fn topology_with_extractor(seen: &Seen) -> Topology {
    let later = |record: &RawRecord<'_>, _: &TimestampContext<'_>| Ok(record.timestamp + 77);
    billing(seen, Consumed::default().timestamp_extractor(later), TIME + 77)
}

fn billing(seen: &Seen, consumed: Consumed<String, i64>, time: i64) -> Topology {
    let (builder, seen) = (TopologyBuilder::new(), seen.clone());
    let store = Stores::key_value::<String, i64>("prices");
    let prices =
        builder.add_read_only_state_store(store, "list", "prices", consumed, "fill", move |_, prices| Fill { prices, seen: seen.clone() });
    let orders = builder.add_source::<String, i64>("orders", "orders");
    let bill = builder.add_processor("bill", prices, move |_, prices| Bill { prices, time }, &[&orders]);
    builder.add_sink("bills", "bills", &[&bill]);
    builder.build().expect("the topology is right")
}

/// Prices in a store of its own kind.
#[derive(Default)]
struct Prices(BTreeMap<String, i64>);

impl OwnStore for Prices {
    fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
        let item = String::from_utf8(change.key.to_vec())?;
        match change.value.map(<[u8; 8]>::try_from) {
            Some(Ok(price)) => drop(self.0.insert(item, i64::from_be_bytes(price))),
            // no number
            Some(Err(_)) => {}
            None => drop(self.0.remove(&item)),
        }
        Ok(())
    }

    fn num_entries(&self) -> u64 {
        self.0.len() as u64
    }
}

struct FillOwn {
    prices: Own<Prices>,
    seen: Seen,
}

impl Processor<Vec<u8>, Option<Vec<u8>>, (), ()> for FillOwn {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<Vec<u8>, Option<Vec<u8>>>) -> Result<(), BoxError> {
        self.seen.lock().expect("no panic").push(String::from_utf8(record.key.clone())?);
        match record.value {
            Some(price) => self.prices.put(ctx, &record.key, price),
            None => self.prices.delete(ctx, &record.key),
        }
    }
}

struct BillOwn(ReadOnlyOwn<Prices>);

impl Processor<String, i64, String, i64> for BillOwn {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let Some(price) = self.0.read(|prices| prices.0.get(&record.key).copied())? else { return Ok(()) };
        ctx.forward(Record { value: record.value * price, ..record })
    }
}

fn topology_with_own_store(seen: &Seen) -> Topology {
    let (builder, seen) = (TopologyBuilder::new(), seen.clone());
    let store = Stores::own("prices", |_| Ok(Prices::default()));
    let prices = builder.add_read_only_state_store(store, "list", "prices", Consumed::default(), "fill", move |_, prices| FillOwn {
        prices,
        seen: seen.clone(),
    });
    let orders = builder.add_source::<String, i64>("orders", "orders");
    let bill = builder.add_processor("bill", prices, |_, prices| BillOwn(prices), &[&orders]);
    builder.add_sink("bills", "bills", &[&bill]);
    builder.build().expect("the topology is right")
}

fn put(cluster: &EmbeddedCluster, topic: &str, key: &str, value: Option<&[u8]>) {
    cluster.produce(topic, None, Some(key.as_bytes()), value, TIME).expect("the record is taken");
}

fn await_all_committed(cluster: &EmbeddedCluster, topic: &str) {
    for partition in 0..2 {
        let end = cluster.end_offset(topic, partition).expect("the topic is there");
        eventually("everything is committed", || cluster.committed_offset("app", topic, partition).map_or(0, |c| c.offset) == end);
    }
}

/// Starts in a folder; what was restored, by topic and partition, and what the processor then sees.
fn start_topology(
    cluster: &EmbeddedCluster,
    directory: &Path,
    guarantee: &str,
    topology: fn(&Seen) -> Topology,
) -> (KafkaStreams, BTreeMap<String, u64>, Seen) {
    let (heard, seen): (Arc<Mutex<BTreeMap<String, u64>>>, Seen) = Default::default();
    let sink = heard.clone();
    let config: StreamsConfig = config(directory)
        .deserialization_exception_handler(DeserializationPolicy::LogAndContinue)
        .set("processing.guarantee", guarantee)
        .set("auto.offset.reset", "latest")
        .set("max.task.idle.ms", "0");
    let app = KafkaStreams::builder(topology(&seen), config)
        .cluster(Arc::new(cluster.clone()))
        .restore_listener(move |event| {
            if let RestoreEvent::End { changelog, total, .. } = event {
                sink.lock().expect("no panic").insert(changelog.to_string(), *total);
            }
        })
        .start()
        .expect("the application starts");
    app.wait_for(State::Running, PATIENCE).expect("the application runs");
    let heard = heard.lock().expect("no panic").clone();
    (app, heard, seen)
}

fn is_restored_from_its_topic(guarantee: &str, topology: fn(&Seen) -> Topology, seen_at_first: usize) {
    let (cluster, first) = (EmbeddedCluster::new(), tempfile::tempdir().expect("a directory"));
    for topic in ["orders", "prices", "bills"] {
        cluster.create_topic(topic, 2).expect("a new topic");
    }
    for n in 1..=20_i64 {
        put(&cluster, "prices", &format!("item {n}"), Some(&n.to_be_bytes()));
    }
    put(&cluster, "prices", "item 1", Some(b"no number"));
    put(&cluster, "prices", "item 2", None);
    // the topic is read from its first record on, though the reset policy is `latest`
    let (app, _, seen) = start_topology(&cluster, first.path(), guarantee, topology);
    await_all_committed(&cluster, "prices");
    assert_eq!(seen.lock().expect("no panic").len(), seen_at_first);
    close(&app);

    // the disk is lost: what was committed comes past the processor, what comes then goes through it
    put(&cluster, "prices", "item 4", Some(&4_000_i64.to_be_bytes()));
    let second = tempfile::tempdir().expect("a directory");
    let (app, heard, seen) = start_topology(&cluster, second.path(), guarantee, topology);
    assert_eq!(heard.keys().collect::<Vec<_>>(), ["prices-0", "prices-1"]);
    assert!(heard.values().all(|total| *total > 0) && heard.values().sum::<u64>() <= 22, "{heard:?}");
    await_all_committed(&cluster, "prices");
    assert_eq!(*seen.lock().expect("no panic"), ["item 4"]);
    for n in 1..=5 {
        put(&cluster, "orders", &format!("item {n}"), Some(&10_i64.to_be_bytes()));
    }
    let expected = [("item 1", 10), ("item 3", 30), ("item 4", 40_000), ("item 5", 50)].map(|(item, bill)| (item.to_owned(), bill));
    eventually("the bills", || last_counts(&cluster, "bills") == expected.clone().into());
    close(&app);
    assert_eq!(cluster.topic_names(), ["bills", "orders", "prices"], "no internal topic was made");
}

#[test]
fn is_restored_at_least_once() {
    // the source leaves out what is no number
    is_restored_from_its_topic("at_least_once", topology, 21);
}

#[test]
fn is_restored_exactly_once() {
    is_restored_from_its_topic("exactly_once_v2", topology, 21);
}

#[test]
fn is_restored_with_the_times_of_its_extractor() {
    is_restored_from_its_topic("at_least_once", topology_with_extractor, 21);
}

#[test]
fn a_store_of_ones_own_kind_is_restored_at_least_once() {
    is_restored_from_its_topic("at_least_once", topology_with_own_store, 22);
}

#[test]
fn a_store_of_ones_own_kind_is_restored_exactly_once() {
    is_restored_from_its_topic("exactly_once_v2", topology_with_own_store, 22);
}

const RETENTION: Duration = Duration::from_secs(600);
const MINUTE: i64 = 60_000;

struct FillWindows(WindowedStore<String, i64>, Seen);
impl Processor<Windowed<String>, Option<i64>, (), ()> for FillWindows {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<Windowed<String>, Option<i64>>) -> Result<(), BoxError> {
        self.1.lock().expect("no panic").push(record.key.to_string());
        let Windowed { key, window } = &record.key;
        match record.value {
            Some(value) => self.0.put(ctx, key, value, window.start).map(drop),
            None => self.0.delete(ctx, key, window.start).map(drop),
        }
    }
}

struct FillSessions(SessionStore<String, i64>, Seen);
impl Processor<Windowed<String>, Option<i64>, (), ()> for FillSessions {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<Windowed<String>, Option<i64>>) -> Result<(), BoxError> {
        self.1.lock().expect("no panic").push(record.key.to_string());
        match record.value {
            Some(value) => self.0.put(ctx, &record.key, value).map(drop),
            None => self.0.remove(ctx, &record.key).map(drop),
        }
    }
}

struct FillVersions(VersionedKeyValueStore<String, i64>, Seen);
impl Processor<String, Option<i64>, (), ()> for FillVersions {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<i64>>) -> Result<(), BoxError> {
        self.1.lock().expect("no panic").push(record.key.clone());
        self.0.put(ctx, &record.key, record.value, record.timestamp).map(drop)
    }
}

/// The sum of what the three have of a key.
struct Look(ReadOnlyWindowStore<String, i64>, ReadOnlySessionStore<String, i64>, ReadOnlyVersionedStore<String, i64>);
impl Processor<String, i64, String, i64> for Look {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let key = &record.key;
        let windows = self.0.iter_key(key, 0, i64::MAX)?.with_timestamps().collect::<Result<Vec<_>, _>>()?;
        assert!(windows.iter().all(|(_, start, _, time)| start % MINUTE == 0 && *time == TIME), "{windows:?}");
        let windows: i64 = windows.into_iter().map(|(_, _, value, _)| value).sum();
        let sessions: i64 = self.1.fetch(key)?.into_iter().map(|(_, value)| value).sum();
        let version = self.2.get_as_of(key, TIME)?;
        assert!(version.as_ref().is_none_or(|found| found.timestamp == TIME));
        ctx.forward(Record { value: windows + 10 * sessions + 100 * version.map_or(0, |found| found.value), ..record })
    }
}

fn windows() -> TimeWindowedSerde<String> {
    TimeWindowedSerde::new(String::default_serde(), MINUTE)
}

fn sessions() -> SessionWindowedSerde<String> {
    SessionWindowedSerde::new(String::default_serde())
}

/// The keys of the topic of windows are those of a changelog or not: the source's serde tells.
fn other_kinds<const CHANGELOG: bool>(seen: &Seen) -> Topology {
    let (builder, text) = (StreamsBuilder::new(), String::default_serde);
    let keys = if CHANGELOG { windows().for_changelog() } else { windows() };
    let (consumed, fill) = (Consumed::with(keys, i64::default_serde()), seen.clone());
    // kept under other bytes than those of the topic's keys
    let store = Stores::window_with("windows", Upper(text()), i64::default_serde(), RETENTION, Duration::from_secs(60)).timed_by_records();
    let windows = builder.add_read_only_state_store(store, "w", "windows", consumed, "fill-w", move |_, s| FillWindows(s, fill.clone()));
    let (consumed, fill) = (Consumed::with(sessions(), i64::default_serde()), seen.clone());
    let store = Stores::session::<String, i64>("sessions", RETENTION);
    let sessions = builder.add_read_only_state_store(store, "s", "sessions", consumed, "fill-s", move |_, s| FillSessions(s, fill.clone()));
    let (store, fill) = (Stores::versioned_key_value::<String, i64>("versions", RETENTION), seen.clone());
    let consumed = Consumed::default();
    let versions = builder.add_read_only_state_store(store, "v", "versions", consumed, "fill-v", move |_, s| FillVersions(s, fill.clone()));
    let looks = builder.stream::<String, i64>("orders");
    looks.process((windows, sessions, versions), |_, (windows, sessions, versions)| Look(windows, sessions, versions)).to("bills");
    builder.build().expect("the topology is right")
}

/// Writes texts in capitals, and reads them back small.
struct Upper(Arc<dyn Serde<String>>);
impl Serde<String> for Upper {
    fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<streams_core::serde::Wrote, BoxError> {
        self.0.serialize(cx, &value.to_uppercase(), out)
    }
    fn deserialize(&self, cx: &SerdeContext<'_>, data: Option<&[u8]>) -> Result<String, BoxError> {
        Ok(self.0.deserialize(cx, data)?.to_lowercase())
    }
}

fn other_kinds_are_restored<const CHANGELOG: bool>(guarantee: &str) {
    let (cluster, first) = (EmbeddedCluster::new(), tempfile::tempdir().expect("a directory"));
    for topic in ["orders", "windows", "sessions", "versions", "bills"] {
        cluster.create_topic(topic, 1).expect("a new topic");
    }
    let bytes = |serde: &dyn Serde<Windowed<String>>, key: &str, window: Window| {
        let mut out = Vec::new();
        let cx = SerdeContext { topic: "", headers: &Headers::new() };
        serde.serialize(&cx, &Windowed::new(key.to_owned(), window), &mut out).expect("a key");
        out
    };
    let produce = |topic: &str, key: &[u8], value: Option<i64>| {
        let value = value.map(i64::to_be_bytes);
        cluster.produce(topic, None, Some(key), value.as_ref().map(|v| &v[..]), TIME).expect("the record is taken");
    };
    let of_windows = if CHANGELOG { windows().for_changelog() } else { windows() };
    let start = TIME / MINUTE * MINUTE;
    let put = |key: &str, n: i64, value: Option<i64>| {
        produce("windows", &bytes(&of_windows, key, Window::new(start - n * MINUTE, 0)), value);
        produce("sessions", &bytes(&sessions(), key, Window::new(start - n * MINUTE, start - n * MINUTE + 5)), value);
        produce("versions", key.as_bytes(), value);
    };
    put("a", 0, Some(1));
    put("a", 1, Some(2));
    put("b", 0, Some(3));
    put("c", 0, Some(4));
    put("c", 0, None);
    // too short to be the key of a window
    produce("windows", b"short", Some(9));
    produce("sessions", b"short", Some(9));
    let (app, _, seen) = start_topology(&cluster, first.path(), guarantee, other_kinds::<CHANGELOG>);
    let committed = |topics: &[&str]| {
        for topic in topics {
            let end = cluster.end_offset(topic, 0).expect("the topic is there");
            eventually("everything is committed", || cluster.committed_offset("app", topic, 0).map_or(0, |c| c.offset) == end);
        }
    };
    let expected: BTreeMap<String, i64> =
        [("a", 3 + 10 * 3 + 100 * 2), ("b", 3 + 30 + 300), ("c", 0)].map(|(k, v)| (k.to_owned(), v)).into();
    let look = |what: &str| {
        ["a", "b", "c"].iter().for_each(|key| produce("orders", key.as_bytes(), Some(0)));
        eventually(what, || last_counts(&cluster, "bills") == expected.clone());
        committed(&["orders"]);
    };
    committed(&["windows", "sessions", "versions"]);
    look("the rows that were put");
    assert_eq!(seen.lock().expect("no panic").len(), 15);
    close(&app);

    // the disk is lost
    ["a", "b", "c"]
        .iter()
        .for_each(|key| cluster.produce("bills", None, Some(key.as_bytes()), Some(&[9; 8]), TIME).map(drop).expect("taken"));
    let second = tempfile::tempdir().expect("a directory");
    let (app, heard, seen) = start_topology(&cluster, second.path(), guarantee, other_kinds::<CHANGELOG>);
    assert_eq!(heard.keys().collect::<Vec<_>>(), ["sessions-0", "versions-0", "windows-0"]);
    look("the rows that were restored");
    assert_eq!(*seen.lock().expect("no panic"), [""; 0], "they came past the processors");
    close(&app);
}

#[test]
fn windows_sessions_and_versions_are_restored_at_least_once() {
    other_kinds_are_restored::<true>("at_least_once");
}

#[test]
fn windows_sessions_and_versions_are_restored_exactly_once() {
    other_kinds_are_restored::<false>("exactly_once_v2");
}

/// Values with the headers of their records.
struct WithThoseOfRecord(Arc<dyn Serde<i64>>);
impl Serde<WithHeaders<i64>> for WithThoseOfRecord {
    fn serialize(&self, cx: &SerdeContext<'_>, row: &WithHeaders<i64>, out: &mut Vec<u8>) -> Result<streams_core::serde::Wrote, BoxError> {
        self.0.serialize(cx, &row.value, out)
    }
    fn deserialize(&self, cx: &SerdeContext<'_>, data: Option<&[u8]>) -> Result<WithHeaders<i64>, BoxError> {
        Ok(WithHeaders::new(self.0.deserialize(cx, data)?, cx.headers.clone()))
    }
}

struct FillRows(KeyValueStore<String, WithHeaders<i64>>, Seen);
impl Processor<String, Option<WithHeaders<i64>>, (), ()> for FillRows {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<WithHeaders<i64>>>) -> Result<(), BoxError> {
        self.1.lock().expect("no panic").push(record.key.clone());
        self.0.put(ctx, &record.key, record.value.expect("no deletion"))
    }
}

/// The row, and a thousand for each of its headers.
struct CountHeaders(ReadOnlyKeyValueStore<String, WithHeaders<i64>>);
impl Processor<String, i64, String, i64> for CountHeaders {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let row = self.0.get(&record.key)?.expect("a row");
        ctx.forward(Record { value: row.value + 1_000 * row.headers.len() as i64, ..record })
    }
}

fn with_headers(seen: &Seen) -> Topology {
    let (builder, fill) = (StreamsBuilder::new(), seen.clone());
    let store = Stores::key_value::<String, i64>("rows").with_headers();
    let consumed = Consumed::with(String::default_serde(), WithThoseOfRecord(i64::default_serde()));
    let rows = builder.add_read_only_state_store(store, "r", "rows", consumed, "fill", move |_, rows| FillRows(rows, fill.clone()));
    builder.stream::<String, i64>("orders").process(rows, |_, rows| CountHeaders(rows)).to("bills");
    builder.build().expect("the topology is right")
}

#[test]
fn rows_are_restored_with_the_headers_of_their_records() {
    let cluster = EmbeddedCluster::new();
    for topic in ["orders", "rows", "bills"] {
        cluster.create_topic(topic, 2).expect("a new topic");
    }
    let headers: Headers = [Header { key: "from".to_owned(), value: Some(b"here".to_vec()) }].into_iter().collect();
    cluster.produce_with_headers("rows", None, Some(b"a"), Some(&7_i64.to_be_bytes()), TIME, &headers).expect("the record is taken");
    put(&cluster, "rows", "b", Some(&8_i64.to_be_bytes()));
    for passed_by_the_processor in [2, 0] {
        // the disk is lost
        let directory = tempfile::tempdir().expect("a directory");
        let (app, _, seen) = start_topology(&cluster, directory.path(), "at_least_once", with_headers);
        await_all_committed(&cluster, "rows");
        assert_eq!(seen.lock().expect("no panic").len(), passed_by_the_processor);
        let bills = cluster.read_topic("bills").expect("the topic is there").len();
        ["a", "b"].iter().for_each(|key| put(&cluster, "orders", key, Some(&[0; 8])));
        eventually("the bills", || cluster.read_topic("bills").expect("the topic is there").len() == bills + 2);
        assert_eq!(last_counts(&cluster, "bills"), [("a", 1_007), ("b", 8)].map(|(key, n)| (key.to_owned(), n)).into());
        close(&app);
    }
}

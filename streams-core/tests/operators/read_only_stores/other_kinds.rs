//! Stores of windows, sessions and versions, and of rows with headers.

use super::{Seen, TIME, await_all_committed, put, start_topology};
use crate::common::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{
    Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, ReadOnlySessionStore, ReadOnlyVersionedStore, ReadOnlyWindowStore,
    SessionStore, VersionedKeyValueStore, WindowedStore,
};
use streams_core::serde::{DefaultSerde, Serde, SerdeContext, SessionWindowedSerde, TimeWindowedSerde};
use streams_core::state::{Stores, WithHeaders};
use streams_core::{BoxError, Consumed, Header, Headers, Record, StreamsBuilder, Topology, Window, Windowed};
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

//! Where Java answers otherwise, as docs/SEMANTICS.md says, or in an order that says nothing.

use super::recording::{By, Written};
use serde_json::Value;
use streams_core::Header;
use streams_core::testing::TestRow;

/// Whether the topic is compared. Java writes a record that is too late for its join store to the store's changelog all the same, where nothing
/// ever reads it, and counts it in the sequence numbers of the keys.
pub fn is_compared(topic: &str) -> bool {
    let windows = [
        "-this-join-store-",
        "-other-join-store-",
        "KSTREAM-JOINTHIS-",
        "KSTREAM-JOINOTHER-",
        "KSTREAM-OUTERTHIS-",
        "KSTREAM-OUTEROTHER-",
        "app-mine-changelog",
        "app-yours-changelog",
    ];
    !(topic.ends_with("-changelog") && windows.iter().any(|part| topic.contains(part)))
}

/// Java writes what a suppression's buffer has changed in the order of a hash table of the keys that were touched.
pub fn in_order(topic: &str, mut records: Vec<Written>) -> Vec<Written> {
    if ["KTABLE-SUPPRESS-STATE-STORE-", "-held-back-store-", "-final-store-"].iter().any(|part| topic.contains(part)) {
        records.sort_by(|a, b| a.key.cmp(&b.key));
    }
    records
}

/// Topologies with sessions that no cache holds back.
const SESSIONS_WITHOUT_CACHE: &[&str] = &[
    "cogroup-session-in-memory",
    "cogroup-session-no-cache",
    "deleting-cogroup-sessions-merger",
    "deleting-sessions-no-cache",
    "session-aggregate-no-cache",
    "session-count-in-memory-no-cache",
    "session-count-joined",
    "session-count-mapped",
    "session-count-no-cache",
    "session-count-no-changelog",
    "session-count-no-grace",
    "session-reduce-no-cache",
];

fn joins_with_what_has_waited(id: &str) -> bool {
    id == "null-outer-join" || id.contains("stream-stream-left-join") || id.contains("stream-stream-outer-join")
}

/// How far a case can be compared: a record without a value moves the time of Java's join, and does not reach the one here.
#[derive(Default)]
pub struct TimeOfNulls(Option<i64>);

impl TimeOfNulls {
    /// Whether the record that goes in leaves the two with different times. `input`: topic, key, value and time.
    pub fn parts_ways(&mut self, id: &str, input: &Value) -> bool {
        let (has_value, Some(time)) = (!input[2].is_null(), input[3].as_i64()) else { return false };
        let is_newest = self.0.is_none_or(|newest| time > newest);
        if has_value && is_newest {
            self.0 = Some(time);
        }
        id == "null-outer-join" && !has_value && is_newest
    }
}

/// Topologies of sliding windows of 10 s that no cache holds back and that are not kept for longer than they must be, and their grace in
/// milliseconds.
const SLIDING_WITHOUT_CACHE: &[(&str, i64)] =
    &[("sliding-count-uncached", 5_000), ("sliding-reduce-uncached", 5_000), ("sliding-aggregate-uncached", 0)];

/// How far a case of theirs can be compared: the window right behind a predecessor whose row Java's store shows no more is not made there. It ends
/// at stream time less grace, or 1 ms later.
#[derive(Default)]
pub struct LostWindows {
    stream_time: i64,
}

impl LostWindows {
    /// Takes note of a record that goes in: topic, key, value and time.
    pub fn observe(&mut self, input: &Value) {
        if let (false, false, Some(time)) = (input[1].is_null(), input[2].is_null(), input[3].as_i64()) {
            self.stream_time = self.stream_time.max(time);
        }
    }

    /// Whether such a window is all that is here and not in Java.
    pub fn parts_ways(&self, id: &str, java: &By<Written>, ours: &By<Written>) -> bool {
        let Some((_, grace)) = SLIDING_WITHOUT_CACHE.iter().find(|(topology, _)| *topology == id) else { return false };
        let closed = self.stream_time - grace;
        let may_be_lost = |topic: &str, record: &Written| {
            let key = record.key.as_deref().unwrap_or_default();
            // behind the start there is a number in changelogs
            let key = if topic.ends_with("-changelog") { &key[..key.len().saturating_sub(4)] } else { key };
            key.last_chunk().is_some_and(|start| (closed..=closed + 1).contains(&(i64::from_be_bytes(*start) + 10_000)))
        };
        let split = |answer: &By<Written>| -> (Vec<(String, Written)>, Vec<(String, Written)>) {
            let records = answer.iter().flat_map(|(topic, records)| records.iter().map(|record| (topic.clone(), record.clone())));
            records.partition(|(topic, record)| may_be_lost(topic, record))
        };
        let ((lost_there, java), (made_here, ours)) = (split(java), split(ours));
        java == ours && lost_there.is_empty() && !made_here.is_empty()
    }
}

/// How far a case of the cached window store can be compared that tells its rows, `start=row` behind what was in the record's own window: Java's cache shows
/// rows that have expired, by 120 s, for as long as it happens to have them.
#[derive(Default)]
pub struct ExpiredRows {
    newest: i64,
    own: i64,
}

impl ExpiredRows {
    /// Takes note of a record that goes in: topic, key, value and time.
    pub fn observe(&mut self, input: &Value) {
        if let (false, false, Some(time)) = (input[1].is_null(), input[2].is_null(), input[3].as_i64()) {
            self.own = time - time % 10_000;
            self.newest = self.newest.max(self.own);
        }
    }

    /// Whether such rows are all that is in Java and not here.
    pub fn parts_ways(&self, id: &str, java: &By<Written>, ours: &By<Written>) -> bool {
        if id != "headers-windows-cached" {
            return false;
        }
        let is_expired = |start: i64| start <= self.newest - 120_000;
        let mut java = java.clone();
        for record in java.get_mut("output").into_iter().flatten() {
            let told = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
            let mut parts = told.split(", ");
            let own = parts.next().filter(|_| !is_expired(self.own)).unwrap_or("null");
            let left =
                parts.filter(|row| row.split_once('=').and_then(|(start, _)| start.parse().ok()).is_some_and(|start| !is_expired(start)));
            record.value = Some(std::iter::once(own).chain(left).collect::<Vec<_>>().join(", ").into_bytes());
        }
        java == *ours
    }
}

/// What has waited in a left or outer join has the headers of the record that closed its window in Java, and none here; sessions that no cache
/// holds back have none in Java, and those of their record here. `input`: the headers of the record that went in. Makes our answer Java's where
/// that is all.
pub fn forgive_headers(id: &str, input: &[Header], java: &By<Written>, ours: &mut By<Written>) {
    let (waited, sessions) = (joins_with_what_has_waited(id), SESSIONS_WITHOUT_CACHE.contains(&id));
    for (topic, records) in ours {
        for (ours, java) in records.iter_mut().zip(java.get(topic).into_iter().flatten()) {
            let is_known =
                waited && ours.headers.is_empty() && java.headers == input || sessions && java.headers.is_empty() && ours.headers == input;
            if is_known {
                ours.headers.clone_from(&java.headers);
            }
        }
    }
}

/// Java's join stores in memory keep headers and time before the values, where nobody ever reads them: headers behind their length (a
/// zigzag number), then eight bytes. Those on disk do not, nor does any here.
pub fn without_headers(id: &str, store: &str, mut rows: Vec<TestRow>) -> Vec<TestRow> {
    if joins_with_what_has_waited(id) && id.ends_with("-in-memory") && !store.contains("OUTERSHARED") {
        for row in &mut rows {
            let length = usize::from(row.value[0]) / 2;
            assert!(length < 64, "a length of more than one byte");
            row.value.drain(..1 + length + 8);
        }
    }
    rows
}

/// Java's stores in memory walk in another order, so rows are compared in that of their keys; rows of one key and window stay as they are.
pub fn by_key(mut rows: Vec<TestRow>) -> Vec<TestRow> {
    rows.sort_by(|a, b| (&a.key, a.start, a.end).cmp(&(&b.key, b.start, b.end)));
    rows
}

/// Sessions are kept a millisecond longer here, and windows that are told when they close a millisecond longer in Java. Takes the rows of that
/// millisecond out where only one of the two has them: those that the newest row is ahead of by whole seconds, as all retentions are.
pub fn without_the_last_millisecond(java: &mut Vec<TestRow>, ours: &mut Vec<TestRow>) {
    let time = |row: &TestRow| row.end.or(row.start);
    let times = || java.iter().chain(&*ours).filter_map(time);
    let (Some(oldest), Some(newest)) = (times().min(), times().max()) else { return };
    let is_old = |row: &TestRow| time(row) == Some(oldest);
    if newest > oldest && (newest - oldest) % 1_000 == 0 && java.iter().any(is_old) != ours.iter().any(is_old) {
        java.retain(|row| !is_old(row));
        ours.retain(|row| !is_old(row));
    }
}

/// Topologies whose subscriptions are written without the partition that asks. Java has the code for it and never tells it what `upgrade.from` is.
const SUBSCRIPTIONS_OF_VERSION_0: &[&str] = &["upgrade-from-24-foreign-key-join", "upgrade-from-33-foreign-key-left-join"];

/// Makes Java's subscriptions those of version 0: of its records, and of its store's rows, where `time` bytes come before.
pub fn subscriptions_as_told(id: &str, of: &str, subscription: &mut Vec<u8>, time: usize) {
    if SUBSCRIPTIONS_OF_VERSION_0.contains(&id) && (of.contains("SUBSCRIPTION-REGISTRATION") || of.contains("SUBSCRIPTION-STATE-STORE")) {
        assert_eq!(subscription[time] & 0x7f, 1, "Java writes them without it now: compare the bytes");
        subscription[time] &= 0x80;
        subscription.truncate(subscription.len() - 4);
    }
}

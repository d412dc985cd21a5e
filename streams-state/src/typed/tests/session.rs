use super::*;
use crate::serde::{Window, Windowed};
use std::ops::ControlFlow;
use std::time::Duration;

type Counts = SessionStore<String, u64>;
const MINUTE: i64 = 60_000;

fn builder() -> SessionStoreBuilder<String, u64> {
    Stores::session("s", Duration::from_millis(4 * MINUTE as u64)).in_memory()
}

fn counts(caching: bool) -> Box<Counts> {
    let mut store: Box<Counts> = open(builder().caching(caching).build());
    store.attach(Some(ChangelogId(3)), Arc::default());
    store
}

fn put(store: &mut Counts, key: &str, start: i64, end: i64, value: u64) -> bool {
    store.put(key.as_bytes(), start, end, Some(value), end, origin(1)).unwrap()
}

fn found(store: &mut Counts, key: &str, earliest_end: i64, latest_start: i64, reverse: bool) -> Vec<(i64, i64, u64)> {
    let mut rows = Vec::new();
    let visit = &mut |start, end, value: &u64| {
        rows.push((start, end, *value));
        Ok(ControlFlow::Continue(()))
    };
    store.find_sessions(key.as_bytes(), earliest_end, latest_start, reverse, visit).unwrap();
    rows
}

fn between(store: &mut Counts, first: Option<&str>, last: Option<&str>, reverse: bool) -> Vec<(String, i64)> {
    let mut rows = Vec::new();
    let visit = &mut |key: &[u8], start, _, _: &u64| {
        rows.push((String::from_utf8(key.to_vec()).unwrap(), start));
        Ok(ControlFlow::Continue(()))
    };
    store.find_between(first.map(str::as_bytes), last.map(str::as_bytes), 0, i64::MAX, reverse, visit).unwrap();
    rows
}

#[test]
fn rows_and_changelog_have_java_s_keys() {
    let (mut store, mut log, mut key) = (counts(true), Log::default(), Vec::new());
    assert!(store.put(b"k", 1_000, 5_000, Some(7), 4_000, origin(1)).unwrap());
    let dirty = store.pop_dirty(&mut log, &mut key).unwrap().unwrap();
    assert_eq!((dirty.new, dirty.timestamp), (Some(7), 4_000));
    let composed = [0x6b, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0x03, 0xe8];
    assert_eq!(key, composed);
    assert_eq!(log.0, [(composed.to_vec(), Some(7u64.to_be_bytes().to_vec()), 4_000)]);
    assert_eq!(store.read_windowed_key(&key).unwrap(), Windowed::new("k".to_owned(), Window::new(1_000, 5_000)));
    assert!(store.read_windowed_key(b"too short").is_err());
}

#[test]
fn sessions_that_may_meet_are_found_by_end_and_start() {
    let mut store = counts(true);
    for (start, end, value) in [(100, 200, 1), (300, 300, 2), (400, 900, 3), (1_000, 1_100, 4)] {
        assert!(put(&mut store, "k", start, end, value));
        assert!(put(&mut store, "other", start, end, 99));
    }
    assert_eq!(found(&mut store, "k", 201, 399, false), [(300, 300, 2)]);
    assert_eq!(found(&mut store, "k", 200, 400, false), [(100, 200, 1), (300, 300, 2), (400, 900, 3)]);
    assert_eq!(found(&mut store, "k", 200, 400, true), [(400, 900, 3), (300, 300, 2), (100, 200, 1)]);
    assert_eq!(found(&mut store, "k", -50, 99, false), []);
    assert_eq!(found(&mut store, "k", 901, i64::MAX, false), [(1_000, 1_100, 4)]);
    assert_eq!(store.fetch_session(b"k", 400, 900).unwrap(), Some(3));
    assert_eq!(store.fetch_session(b"k", 400, 901).unwrap(), None);
}

#[test]
fn retention_is_exact_and_late_writes_are_counted() {
    for caching in [true, false] {
        let (mut store, mut log) = (counts(caching), Log::default());
        assert!(put(&mut store, "k", 0, MINUTE, 1));
        assert!(put(&mut store, "k", MINUTE, 5 * MINUTE, 2));
        store.flush(&mut log).unwrap();
        assert_eq!(store.fetch_session(b"k", 0, MINUTE).unwrap(), Some(1), "its end is past by the retention, not by more");
        assert!(put(&mut store, "k", 5 * MINUTE, 5 * MINUTE + 1, 3));
        assert_eq!(store.fetch_session(b"k", 0, MINUTE).unwrap(), None);
        assert_eq!(found(&mut store, "k", 0, 0, false), []);
        assert!(!put(&mut store, "k", 7, MINUTE, 9));
        assert_eq!(store.remove(b"k", 0, MINUTE, 0, origin(1)).unwrap(), None);
        assert!(put(&mut store, "k", 7, MINUTE + 1, 9));
        assert_eq!((store.expired_writes(), store.observed_stream_time()), (1, 5 * MINUTE + 1));
    }
}

#[test]
fn what_is_removed_is_handed_out_once() {
    for caching in [true, false] {
        let (mut store, mut log, mut key) = (counts(caching), Log::default(), Vec::new());
        assert!(put(&mut store, "k", 10, 20, 1));
        store.pop_dirty(&mut log, &mut key).unwrap();
        store.set_keep_old(true);
        assert_eq!(store.remove(b"k", 10, 20, 25, origin(2)).unwrap(), Some(1));
        assert_eq!(store.remove(b"k", 10, 20, 30, origin(3)).unwrap(), None);
        let dirty = store.pop_dirty(&mut log, &mut key).unwrap().unwrap();
        assert_eq!((dirty.old, dirty.new, dirty.timestamp, dirty.origin), (Some(1), None, 25, origin(2)));
        assert_eq!(log.0.last().map(|(_, value, time)| (value.clone(), *time)), Some((None, 25)));
        assert_eq!(store.pop_dirty(&mut log, &mut key).unwrap(), None);
        assert_eq!(found(&mut store, "k", 0, i64::MAX, false), []);
    }
}

#[test]
fn a_session_that_was_never_flushed_goes_without_a_word_where_there_is_a_cache() {
    let (mut store, mut log, mut key) = (counts(true), Log::default(), Vec::new());
    assert!(put(&mut store, "k", 10, 20, 1));
    assert_eq!(store.remove(b"k", 10, 20, 25, origin(2)).unwrap(), Some(1));
    assert_eq!(store.cached(), 0, "a session that grows leaves nothing behind");
    assert_eq!(store.pop_dirty(&mut log, &mut key).unwrap(), None);
    assert!(log.0.is_empty());
    assert!(put(&mut store, "k", 10, 20, 1));
    store.pop_dirty(&mut log, &mut key).unwrap();
    assert_eq!(store.remove(b"k", 10, 20, 25, origin(2)).unwrap(), Some(1));
    assert!(store.put_new(b"k", 10, 30, Some(2), 30, origin(2)).unwrap());
    while store.pop_dirty(&mut log, &mut key).unwrap().is_some() {}
    assert_eq!((store.cached(), log.0.len()), (1, 3), "nor does its deletion, once it is written");
    assert_eq!(found(&mut store, "k", 0, i64::MAX, false), [(10, 30, 2)]);
}

#[test]
fn a_new_session_is_not_looked_for() {
    for caching in [true, false] {
        let (mut store, mut log) = (counts(caching), Log::default());
        assert!(store.put_new(b"k", 1, 2, Some(7), 2, origin(1)).unwrap());
        store.flush(&mut log).unwrap();
        assert_eq!(store.counters(), StoreCounters { gets: 1, puts: 1, ..StoreCounters::default() });
        assert_eq!(store.fetch_session(b"k", 1, 2).unwrap(), Some(7));
        // what was deleted and is put again is a change like any other
        assert_eq!(store.remove(b"k", 1, 2, 3, origin(2)).unwrap(), Some(7));
        assert!(store.put_new(b"k", 1, 2, Some(8), 4, origin(3)).unwrap());
        store.flush(&mut log).unwrap();
        assert_eq!(store.fetch_session(b"k", 1, 2).unwrap(), Some(8));
        assert!(put(&mut store, "k", 5 * MINUTE, 5 * MINUTE, 1));
        assert!(!store.put_new(b"k", 0, 1, Some(1), 1, origin(1)).unwrap(), "it has expired");
    }
}

#[test]
fn expired_segments_go_with_a_commit_and_an_abort_goes_back() {
    let (mut store, mut log) = (counts(true), Log::default());
    for minute in 0..6 {
        // what counts is the end
        assert!(put(&mut store, "k", 0, minute * MINUTE, minute as u64));
    }
    store.flush(&mut log).unwrap();
    store.commit(Some(5), &[]).unwrap();
    assert_eq!(store.approximate_num_entries(), 6);
    assert!(put(&mut store, "k", 0, 12 * MINUTE, 12));
    assert_eq!(found(&mut store, "k", 0, i64::MAX, false), [(0, 12 * MINUTE, 12)]);
    store.abort();
    assert_eq!(store.observed_stream_time(), 5 * MINUTE);
    assert_eq!(found(&mut store, "k", 0, i64::MAX, false).len(), 5);
    assert!(put(&mut store, "k", 0, 9 * MINUTE, 9));
    store.flush(&mut log).unwrap();
    store.commit(Some(6), &[]).unwrap();
    assert_eq!(store.approximate_num_entries(), 3, "segments of two minutes: 4, 5 and 9 are left");
}

#[test]
fn all_keys_come_by_segment_and_key() {
    let (mut store, mut log) = (counts(false), Log::default());
    for (key, minute) in [("b", 3), ("a", 0), ("b", 1), ("a", 3), ("ab", 0)] {
        assert!(put(&mut store, key, minute * MINUTE, minute * MINUTE, 1));
        store.flush(&mut log).unwrap();
        if key == "a" {
            store.commit(None, &[]).unwrap();
        }
    }
    let rows = [("a", 0), ("ab", 0), ("b", 1), ("a", 3), ("b", 3)].map(|(key, minute)| (key.to_owned(), minute * MINUTE));
    assert_eq!(between(&mut store, None, None, false), rows);
    assert_eq!(between(&mut store, None, None, true), rows.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(between(&mut store, Some("ab"), Some("b"), false), [rows[1].clone(), rows[2].clone(), rows[4].clone()]);
    assert_eq!(between(&mut store, Some("a"), Some("a"), false), [rows[0].clone(), rows[3].clone()]);
    assert_eq!(between(&mut store, Some("b"), Some("a"), false), []);
    assert_eq!(between(&mut store, None, Some("ab"), true), [rows[3].clone(), rows[1].clone(), rows[0].clone()]);
}

#[test]
fn restore_refuses_keys_that_are_no_sessions() {
    let mut records = [ChangelogRecord { key: b"twelve bytes", value: None, timestamp: 0, offset: 4, headers: &NO_HEADERS }].into_iter();
    let e = counts(true).restore(&mut records, 5).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupted);
    assert!(e.to_string().contains(r#"store s: the key "twelve bytes" at offset 4 of app-s-changelog is too short"#), "{e}");
}

#[test]
fn its_kind_has_the_retention() {
    assert_eq!(builder().build().unwrap().kind(), StoreKind::Session { retention_ms: 4 * MINUTE });
}

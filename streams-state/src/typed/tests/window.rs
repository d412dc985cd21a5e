use super::*;
use crate::keys;
use crate::serde::{Window, Windowed};
use std::ops::ControlFlow;
use std::time::Duration;

type Counts = WindowStore<String, u64>;
const MINUTE: i64 = 60_000;

fn builder() -> WindowStoreBuilder<String, u64> {
    Stores::window("s", Duration::from_millis(4 * MINUTE as u64), Duration::from_millis(MINUTE as u64)).in_memory()
}

fn counts(caching: bool) -> Box<Counts> {
    let mut store: Box<Counts> = open(builder().caching(caching).build());
    store.attach(Some(ChangelogId(3)), Arc::default());
    store
}

fn joined() -> Box<Counts> {
    let mut store: Box<Counts> = open(builder().plain().retain_duplicates().build());
    store.attach(Some(ChangelogId(3)), Arc::default());
    store
}

fn range(store: &mut Counts, key: &str, from: i64, to: i64, reverse: bool) -> Vec<(i64, u64)> {
    let mut rows = Vec::new();
    let visit = &mut |start, value: &u64, _| {
        rows.push((start, *value));
        Ok(ControlFlow::Continue(()))
    };
    store.fetch_range(key.as_bytes(), from, to, reverse, visit).unwrap();
    rows
}

fn all(store: &mut Counts, from: i64, to: i64, reverse: bool) -> Vec<(String, i64, u64)> {
    let mut rows = Vec::new();
    let visit = &mut |key: &[u8], start, value: &u64, _| {
        rows.push((String::from_utf8(key.to_vec()).unwrap(), start, *value));
        Ok(ControlFlow::Continue(()))
    };
    store.fetch_all(from, to, reverse, visit).unwrap();
    rows
}

#[test]
fn rows_and_changelog_have_java_s_keys() {
    let (mut store, mut log, mut key) = (counts(true), Log::default(), Vec::new());
    assert!(store.put(b"k", MINUTE, Some(7), MINUTE + 5, origin(1)).unwrap());
    let dirty = store.pop_dirty(&mut log, &mut key).unwrap().unwrap();
    assert_eq!((dirty.new, dirty.timestamp), (Some(7), MINUTE + 5));
    let composed = [0x6b, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 0];
    assert_eq!(key, composed);
    assert_eq!(log.0, [(composed.to_vec(), Some(7u64.to_be_bytes().to_vec()), MINUTE + 5)]);
    let windowed = Windowed::new("k".to_owned(), Window::new(MINUTE, 2 * MINUTE));
    assert_eq!(store.read_windowed_key(&key).unwrap(), windowed);
    assert!(store.read_windowed_key(b"short").is_err());
}

/// To the millisecond: the row that a changelog record ends the life of is the last that a reader finds no more, with the margin for who changes it.
#[test]
fn what_a_changelog_key_says_has_expired_is_what_reads_find_no_more() {
    assert!(counts(false).lifetime().is_none(), "rows may be younger than their records unless promised otherwise");
    for margin in [0, 2] {
        let builder = builder().open_longer(Duration::from_millis(margin as u64)).timed_by_records();
        let mut store: Box<Counts> = open(builder.build());
        let mut key = Vec::new();
        keys::window::compose(&mut key, b"k", 10 * MINUTE, 0);
        let before = store.lifetime().expect("promised").expired_before(&key);
        assert!(store.put(b"k", 10 * MINUTE, Some(1), 0, origin(1)).unwrap());
        assert!(!store.put(b"k", before - 1, Some(1), 0, origin(2)).unwrap());
        assert!(store.put(b"k", before, Some(1), 0, origin(3)).unwrap());
        assert_eq!(before, 6 * MINUTE + 1 - margin);
    }
}

#[test]
fn retention_is_exact_and_late_writes_are_counted() {
    let mut store = counts(true);
    store.put(b"k", MINUTE, Some(1), 0, origin(1)).unwrap();
    store.put(b"k", 5 * MINUTE - 1, Some(2), 0, origin(1)).unwrap();
    assert_eq!(store.fetch(b"k", MINUTE).unwrap(), Some((1, 0)));
    store.put(b"k", 5 * MINUTE, Some(3), 0, origin(1)).unwrap();
    assert_eq!(store.fetch(b"k", MINUTE).unwrap(), None);
    assert_eq!(range(&mut store, "k", 0, i64::MAX, false), [(5 * MINUTE - 1, 2), (5 * MINUTE, 3)]);
    assert!(!store.put(b"k", MINUTE, Some(9), 0, origin(1)).unwrap());
    assert!(store.put(b"k", MINUTE + 1, Some(9), 0, origin(1)).unwrap());
    assert_eq!((store.expired_writes(), store.observed_stream_time()), (1, 5 * MINUTE));
    let untouched = store.update_if(b"k", 50 * MINUTE, origin(1), |_| ((), false)).unwrap();
    assert_eq!((untouched, store.observed_stream_time()), (Some(()), 5 * MINUTE), "only writes move stream time");
}

#[test]
fn windows_that_are_open_longer_are_found_and_changed_by_who_changes_them_alone() {
    let mut store: Box<Counts> = open(builder().open_longer(Duration::from_millis(2)).build());
    store.put(b"k", MINUTE - 1, Some(1), 0, origin(1)).unwrap();
    store.put(b"k", 5 * MINUTE, Some(3), 0, origin(1)).unwrap();
    assert_eq!(store.fetch(b"k", MINUTE - 1).unwrap(), None);
    assert_eq!(range(&mut store, "k", 0, i64::MAX, false), [(5 * MINUTE, 3)]);
    let mut open = Vec::new();
    let visit = &mut |start, value: &u64, _| {
        open.push((start, *value));
        Ok(ControlFlow::Continue(()))
    };
    store.fetch_open(b"k", 0, i64::MAX, true, visit).unwrap();
    assert_eq!(open, [(5 * MINUTE, 3), (MINUTE - 1, 1)]);
    assert!(store.put(b"k", MINUTE - 1, Some(9), 0, origin(1)).unwrap());
    assert!(!store.put(b"k", MINUTE - 2, Some(9), 0, origin(1)).unwrap());
}

#[test]
fn expired_segments_go_with_a_commit_and_an_abort_goes_back() {
    let (mut store, mut log) = (counts(true), Log::default());
    for minute in 0..6 {
        store.put(b"k", minute * MINUTE, Some(minute as u64), 0, origin(1)).unwrap();
    }
    store.flush(&mut log).unwrap();
    store.commit(Some(5), &[]).unwrap();
    assert_eq!(store.approximate_num_entries(), 6);
    store.put(b"k", 12 * MINUTE, Some(12), 0, origin(1)).unwrap();
    assert_eq!(range(&mut store, "k", 0, i64::MAX, false), [(12 * MINUTE, 12)]);
    store.abort();
    assert_eq!(store.observed_stream_time(), 5 * MINUTE);
    assert_eq!(range(&mut store, "k", 0, i64::MAX, false).len(), 4);
    store.put(b"k", 9 * MINUTE, Some(9), 0, origin(1)).unwrap();
    store.flush(&mut log).unwrap();
    store.commit(Some(6), &[]).unwrap();
    assert_eq!(store.approximate_num_entries(), 3, "segments of two minutes: 4, 5 and 9 are left");
}

#[test]
fn ranges_hold_one_key_in_time_order() {
    let (mut store, mut log) = (counts(true), Log::default());
    // A longer key whose rows lie between those of the short one.
    let longer = [b"k", &(2 * MINUTE).to_be_bytes()[..], b"x"].concat();
    for (round, minute) in [3, 1, 2].into_iter().enumerate() {
        store.put(b"k", minute * MINUTE, Some(minute as u64), 0, origin(1)).unwrap();
        store.put(&longer, minute * MINUTE, Some(99), 0, origin(1)).unwrap();
        if round < 2 {
            store.flush(&mut log).unwrap();
        }
        if round < 1 {
            store.commit(None, &[]).unwrap();
        }
    }
    assert_eq!(range(&mut store, "k", 0, i64::MAX, false), [(MINUTE, 1), (2 * MINUTE, 2), (3 * MINUTE, 3)]);
    assert_eq!(range(&mut store, "k", 0, i64::MAX, true), [(3 * MINUTE, 3), (2 * MINUTE, 2), (MINUTE, 1)]);
    assert_eq!(range(&mut store, "k", MINUTE + 1, 3 * MINUTE - 1, false), [(2 * MINUTE, 2)]);
    assert_eq!(range(&mut store, "k", 5, 4, false), []);
    assert_eq!(range(&mut store, "nobody", 0, i64::MAX, false), []);
}

#[test]
fn all_keys_come_by_segment_and_key() {
    let (mut store, mut log) = (counts(false), Log::default());
    for (key, minute) in [("b", 3), ("a", 0), ("b", 1), ("a", 3)] {
        store.put(key.as_bytes(), minute * MINUTE, Some(minute as u64), 0, origin(1)).unwrap();
        store.flush(&mut log).unwrap();
        if key == "a" {
            store.commit(None, &[]).unwrap();
        }
    }
    let rows = [("a", 0), ("b", 1), ("a", 3), ("b", 3)].map(|(key, minute)| (key.to_owned(), minute * MINUTE, minute as u64));
    assert_eq!(all(&mut store, 0, i64::MAX, false), rows);
    assert_eq!(all(&mut store, 0, i64::MAX, true), rows.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(all(&mut store, 1, 3 * MINUTE - 1, false), rows[1..2]);
}

#[test]
fn cursors_walk_in_the_same_order() {
    let mut store = counts(true);
    for n in 0..300i64 {
        store.put(format!("{}", n % 7).as_bytes(), n * 700, Some(n as u64), 0, origin(1)).unwrap();
        if n == 150 {
            store.flush(&mut Log::default()).unwrap();
            store.commit(None, &[]).unwrap();
        }
    }
    for reverse in [false, true] {
        let (mut key, mut seen) = (Vec::new(), Vec::new());
        let mut cursor = store.cursor_all(0, i64::MAX, reverse);
        while let Some((start, value, _)) = cursor.next(&mut store, &mut key).unwrap() {
            seen.push((String::from_utf8(key.clone()).unwrap(), start, value));
        }
        assert_eq!(seen.len(), 300);
        assert_eq!(seen, all(&mut store, 0, i64::MAX, reverse));
        let (mut seen, mut cursor) = (Vec::new(), store.cursor(b"3", 700, 200_000, reverse));
        while let Some((start, value, _)) = cursor.next(&mut store, &mut key).unwrap() {
            assert_eq!(key, b"3");
            seen.push((start, value));
        }
        assert_eq!(seen, range(&mut store, "3", 700, 200_000, reverse));
    }
}

#[test]
fn duplicates_are_rows_of_their_own() {
    let (mut store, mut log) = (joined(), Log::default());
    for value in [5, 6] {
        assert!(store.append(b"k", MINUTE, &value, MINUTE, origin(1), &NO_HEADERS, &mut log).unwrap());
    }
    assert_eq!(range(&mut store, "k", 0, i64::MAX, false), [(MINUTE, 5), (MINUTE, 6)]);
    let sequences: Vec<_> = log.0.iter().map(|(key, ..)| key[key.len() - 1]).collect();
    assert_eq!(sequences, [1, 2]);
    assert_eq!(log.0[0].1, Some(5u64.to_be_bytes().to_vec()));
    assert!(store.append(b"k", 9 * MINUTE, &7, MINUTE, origin(1), &NO_HEADERS, &mut log).unwrap());
    assert!(!store.append(b"k", MINUTE, &8, MINUTE, origin(1), &NO_HEADERS, &mut log).unwrap());
    assert_eq!((log.0.len(), store.expired_writes()), (3, 1));
    assert_eq!(store.put(b"k", 0, None, 0, origin(1)).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(counts(true).append(b"k", 0, &1, 0, origin(1), &NO_HEADERS, &mut log).unwrap_err().kind(), ErrorKind::Invalid);
    store.commit(Some(2), &[]).unwrap();
    let mut copy = joined();
    restore(&mut *copy, &log);
    assert_eq!(copy.observed_stream_time(), 9 * MINUTE);
    assert_eq!(range(&mut copy, "k", 0, i64::MAX, false), [(9 * MINUTE, 7)]);
}

#[test]
fn restore_refuses_keys_that_are_no_windows() {
    let log = Log(vec![(b"short".to_vec(), None, 0)]);
    let mut records = log.0.iter().map(|_| ChangelogRecord { key: b"short", value: None, timestamp: 0, offset: 4, headers: &NO_HEADERS });
    let e = counts(true).restore(&mut records, 5).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupted);
    assert!(e.to_string().contains(r#"store s: the key "short" at offset 4 of app-s-changelog is too short for it"#), "{e}");
}

#[test]
fn shapes_are_checked() {
    let short = Stores::window::<String, u64>("w", Duration::from_secs(1), Duration::from_secs(2)).build().err().unwrap();
    assert_eq!(
        short.to_string(),
        "window store w keeps its windows for 1000 ms, less than their size of 2000 ms: give it a longer retention"
    );
    assert!(builder().retain_duplicates().caching(true).build().is_err());
    assert_eq!(builder().build().unwrap().kind(), StoreKind::Window { retention_ms: 4 * MINUTE });
}

#[test]
fn what_it_does_is_counted() {
    let (mut store, mut log) = (counts(true), Log::default());
    assert!(store.put(b"k", 5 * MINUTE, Some(1), 0, origin(1)).unwrap());
    assert!(!store.put(b"k", 0, Some(1), 0, origin(2)).unwrap(), "expired: nothing was looked up");
    all(&mut store, 0, i64::MAX, false);
    range(&mut store, "k", 0, i64::MAX, false);
    let mut cursor = store.cursor_all(0, i64::MAX, false);
    while cursor.next(&mut store, &mut Vec::new()).unwrap().is_some() {}
    assert_eq!(store.counters(), StoreCounters { gets: 1, engine_reads: 1, puts: 1, ranges: 3 });
    let mut joined = joined();
    assert!(joined.append(b"k", MINUTE, &1, MINUTE, origin(1), &NO_HEADERS, &mut log).unwrap());
    assert_eq!(joined.counters(), StoreCounters { puts: 1, ..StoreCounters::default() });
}

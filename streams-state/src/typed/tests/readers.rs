//! Stores that other threads read while one writes.

use super::*;
use crate::store::PositionEntry;
use std::any::Any;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MINUTE: i64 = 60_000;
const GLOBAL: i32 = OpenEnv::GLOBAL;

fn global<S: 'static>(supplier: Result<Arc<dyn StoreSupplier>>) -> Box<S> {
    open_in(&*supplier.unwrap(), &OpenEnv { partition: GLOBAL, ..env() })
}

fn windows() -> WindowStoreBuilder<String, u64> {
    Stores::window("w", Duration::from_secs(300), Duration::from_secs(60))
}

fn reader_of<S: StateStore>(store: &S) -> StoreReader<S> {
    let reader: Arc<dyn Any + Send + Sync> = store.reader().expect("it is read by others");
    StoreReader::clone(reader.downcast_ref().expect("a reader of its kind and types"))
}

fn commit(store: &mut impl StateStore, offset: i64) {
    store.flush(&mut store::NoChangelog).unwrap();
    store.commit(None, &[PositionEntry { topic: "t".into(), partition: 0, offset }]).unwrap();
}

type Row = (Vec<u8>, i64, u64);

fn all(store: &mut WindowStore<String, u64>, reverse: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    store
        .fetch_all(0, i64::MAX, reverse, &mut |key, start, value, _| {
            rows.push((key.to_vec(), start, *value));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    rows
}

fn walked(store: &mut WindowStore<String, u64>, reverse: bool) -> Vec<Row> {
    let (mut cursor, mut key, mut rows) = (store.cursor_all(0, i64::MAX, reverse), Vec::new(), Vec::new());
    while let Some((start, value, _)) = cursor.next(store, &mut key).unwrap() {
        rows.push((key.clone(), start, value));
    }
    rows
}

#[test]
fn readers_see_what_is_committed_and_what_has_expired_by_it() {
    let mut store: Box<WindowStore<String, u64>> = global(windows().build());
    let mut seen = reader_of(&*store).open();
    store.put(b"k", MINUTE, Some(1), MINUTE + 5, origin(0)).unwrap();
    assert_eq!(seen.fetch(b"k", MINUTE).unwrap(), None, "it is not committed");
    commit(&mut *store, 0);
    assert_eq!(seen.fetch(b"k", MINUTE).unwrap(), Some((1, MINUTE + 5)));
    assert_eq!(seen.observed_stream_time(), MINUTE);
    store.put(b"k", 6 * MINUTE, Some(2), 6 * MINUTE, origin(1)).unwrap();
    assert_eq!(seen.fetch(b"k", MINUTE).unwrap(), Some((1, MINUTE + 5)), "stream time that is not committed makes nothing expire");
    store.abort();
    commit(&mut *store, 1);
    assert_eq!(seen.fetch(b"k", MINUTE).unwrap(), Some((1, MINUTE + 5)));
    store.put(b"k", 6 * MINUTE, Some(2), 6 * MINUTE, origin(2)).unwrap();
    commit(&mut *store, 2);
    assert_eq!(all(&mut seen, false), [(b"k".to_vec(), 6 * MINUTE, 2)]);
    assert_eq!(store.reached(), [PositionEntry { topic: "t".into(), partition: 0, offset: 2 }]);
    store.close().unwrap();
    let error = seen.fetch(b"k", 6 * MINUTE).unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains("store w is closed"), "{error}");
}

#[test]
fn walks_of_many_pages_come_in_the_order_of_the_store() {
    for time_first in [false, true] {
        let builder = || if time_first { windows().time_first(true) } else { windows() };
        let mut store: Box<WindowStore<String, u64>> = global(builder().build());
        let mut plain: Box<WindowStore<String, u64>> = open(builder().build());
        for n in 0..900u64 {
            let (key, start) = ([b"k", &(n * 7 % 100).to_be_bytes()[..]].concat(), (n * 13 % 301) as i64 * 1_000);
            for store in [&mut store, &mut plain] {
                store.put(&key, start, (n % 11 > 0).then_some(n), start, origin(0)).unwrap();
            }
        }
        commit(&mut *store, 0);
        commit(&mut *plain, 0);
        let mut seen = reader_of(&*store).open();
        let rows = all(&mut plain, false);
        assert!(rows.len() > 500, "several pages of several segments: {}", rows.len());
        for reverse in [false, true] {
            let expected = all(&mut plain, reverse);
            for store in [&mut seen, &mut *store] {
                assert_eq!(all(store, reverse), expected);
                assert_eq!(walked(store, reverse), expected);
            }
        }
    }
}

#[test]
fn a_commit_is_seen_whole_while_others_follow() {
    let mut store: Box<WindowStore<String, u64>> = global(windows().build());
    let (reader, stop) = (reader_of(&*store), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = reader.open();
                while !stop.load(Ordering::Relaxed) {
                    let rows = all(&mut seen, false);
                    assert!(rows.is_empty() || rows.len() == 2 && rows[0].2 == rows[1].2, "half of a commit: {rows:?}");
                }
            });
        }
        for n in 0..5_000 {
            for key in [b"a", b"b"] {
                store.put(key, MINUTE, Some(n), MINUTE, origin(0)).unwrap();
            }
            commit(&mut *store, n as i64);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn sessions_and_versions_are_read_the_same_way() {
    let mut sessions: Box<SessionStore<String, u64>> = global(Stores::session::<String, u64>("s", Duration::from_secs(300)).build());
    let mut seen = reader_of(&*sessions).open();
    sessions.put(b"k", 1_000, 2_000, Some(7), 2_000, origin(0)).unwrap();
    assert_eq!(seen.fetch_session(b"k", 1_000, 2_000).unwrap(), None);
    commit(&mut *sessions, 0);
    assert_eq!(seen.fetch_session(b"k", 1_000, 2_000).unwrap(), Some(7));
    sessions.put(b"k", 9 * MINUTE, 9 * MINUTE, Some(8), 9 * MINUTE, origin(0)).unwrap();
    commit(&mut *sessions, 1);
    assert_eq!(seen.fetch_session(b"k", 1_000, 2_000).unwrap(), None, "it has expired");

    let history = Stores::versioned_key_value::<String, u64>("v", Duration::from_secs(600));
    let mut versions: Box<VersionedStore<String, u64>> = global(history.build());
    let mut seen = reader_of(&*versions).open();
    let mut put = |value: u64, time: i64| {
        versions.put(b"k", Some(&value), time, origin(0), &mut store::NoChangelog).unwrap();
        commit(&mut *versions, time);
    };
    let mut value = |as_of: i64| seen.get_as_of(b"k", as_of).unwrap().map(|found| found.value);
    put(1, MINUTE);
    assert_eq!((value(MINUTE), value(MINUTE - 1)), (Some(1), None));
    // versions move to segments that the reader has not seen before
    for minute in 2..12 {
        put(minute, minute as i64 * MINUTE);
        assert_eq!((value(minute as i64 * MINUTE), value(minute as i64 * MINUTE - 1)), (Some(minute), Some(minute - 1)));
    }
    put(20, 20 * MINUTE);
    assert_eq!((value(10 * MINUTE), value(9 * MINUTE)), (Some(10), None), "older ones have left the history");
}

#[test]
fn stores_that_are_not_global_have_no_readers() {
    let store: Box<WindowStore<String, u64>> = open(windows().build());
    assert!(store.reader().is_none() && store.committed_reader().is_none());
}

use super::*;
use crate::serde::{OptionSerde, Serde, SerdeContext, StringSerde, U64Serde, Wrote};
use crate::store::NoChangelog;
use std::ops::{Bound, ControlFlow};

type Counts = KvStore<String, u64>;

fn counts(caching: bool) -> Box<Counts> {
    let mut store: Box<Counts> = open(Stores::key_value::<String, u64>("s").in_memory().caching(caching).build());
    store.attach(Some(ChangelogId(3)), Arc::default());
    store
}

#[test]
fn headers_come_with_the_change_that_they_made_and_are_counted_until_then() {
    for caching in [true, false] {
        let (mut store, budget) = (counts(caching), Arc::new(CacheBudget::new(usize::MAX)));
        store.attach(None, budget.clone());
        let mut key_out = Vec::new();
        let mut headers = Headers::new();
        headers.add("trace", vec![7; 1000]);
        for (headers, counted) in [(&headers, caching), (&Headers::new(), false), (&headers, caching)] {
            store.set_record_headers(headers);
            count(&mut store, "a", 1);
            assert_eq!(budget.used() > 1000, counted, "caching: {caching}");
        }
        let dirty = store.pop_dirty(&mut NoChangelog, &mut key_out).unwrap().expect("it was changed");
        assert_eq!((dirty.headers, budget.used() > 1000), (headers.clone(), false));
        count(&mut store, "b", 1);
        store.flush(&mut NoChangelog).unwrap();
        assert!(budget.used() < 1000);
    }
}

fn count(store: &mut Counts, key: &str, timestamp: i64) {
    let add = |slot: &mut Slot<u64>| {
        *slot.value.get_or_insert(0) += 1;
        slot.timestamp = slot.timestamp.max(timestamp);
    };
    store.update(key.as_bytes(), origin(timestamp), add).unwrap();
}

fn pop_all(store: &mut Counts, log: &mut Log) -> Vec<(String, Option<u64>, Option<u64>, i64)> {
    let (mut all, mut key) = (Vec::new(), Vec::new());
    while let Some(d) = store.pop_dirty(log, &mut key).unwrap() {
        all.push((String::from_utf8(key.clone()).unwrap(), d.old, d.new, d.timestamp));
    }
    all
}

fn all(store: &mut Counts, reverse: bool) -> Vec<(String, u64, i64)> {
    let mut rows = Vec::new();
    let visit = &mut |key: &[u8], value: &u64, timestamp| {
        rows.push((String::from_utf8(key.to_vec()).unwrap(), *value, timestamp));
        Ok(ControlFlow::Continue(()))
    };
    store.scan(Bound::Unbounded, Bound::Unbounded, reverse, visit).unwrap();
    rows
}

#[test]
fn a_cached_update_is_emitted_once_with_the_old_value() {
    let (mut store, mut log) = (counts(true), Log::default());
    store.set_keep_old(true);
    for (key, time) in [("b", 1), ("a", 2), ("b", 3)] {
        count(&mut store, key, time);
    }
    assert_eq!(pop_all(&mut store, &mut log), [("a".into(), None, Some(1), 2), ("b".into(), None, Some(2), 3)]);
    let row = |key: &str, n: u64, time| (key.as_bytes().to_vec(), Some(n.to_be_bytes().to_vec()), time);
    assert_eq!(log.0, [row("a", 1, 2), row("b", 2, 3)], "logged bare, with the value's time");
    count(&mut store, "b", 2);
    assert_eq!(pop_all(&mut store, &mut log), [("b".into(), Some(2), Some(3), 3)]);
    assert_eq!(pop_all(&mut store, &mut log), []);
}

#[test]
fn without_caching_every_update_is_popped_and_leaves_the_cache() {
    let (mut store, mut log) = (counts(false), Log::default());
    store.set_keep_old(true);
    for expected in 1..4 {
        count(&mut store, "a", expected as i64);
        assert_eq!(store.get(b"a").unwrap(), Some((expected, expected as i64)));
        let old = (expected > 1).then_some(expected - 1);
        assert_eq!(pop_all(&mut store, &mut log), [("a".into(), old, Some(expected), expected as i64)]);
        assert_eq!(store.cached(), 0);
    }
    assert_eq!(log.0.len(), 3);
}

#[test]
fn an_update_that_changes_nothing_leaves_nothing_to_emit() {
    for caching in [true, false] {
        let (mut store, mut log) = (counts(caching), Log::default());
        let seen = store.update_if(b"a", origin(1), |slot| (slot.clone(), false)).unwrap();
        assert_eq!(seen, Slot { value: None, timestamp: -1 });
        assert_eq!(pop_all(&mut store, &mut log), []);
        assert_eq!(store.cached(), caching as usize);
        store.put(b"a", None, 7, origin(1)).unwrap();
        store.update_if(b"a", origin(2), |slot| (assert_eq!(slot.timestamp, -1), false)).unwrap();
        let expected: &[_] = if caching { &[] } else { &[("a".into(), None, None, 7)] };
        assert_eq!(pop_all(&mut store, &mut log), expected, "a waiting deletion keeps its time");
    }
}

#[test]
fn a_deletion_of_what_never_was_is_passed_over_only_in_a_cache() {
    let mut log = Log::default();
    let mut store = counts(true);
    count(&mut store, "a", 1);
    store.put(b"a", None, 2, origin(2)).unwrap();
    assert_eq!(pop_all(&mut store, &mut log), []);
    assert!(log.0.is_empty());
    count(&mut store, "a", 1);
    pop_all(&mut store, &mut log);
    store.put(b"a", None, 2, origin(2)).unwrap();
    assert_eq!(pop_all(&mut store, &mut log), [("a".into(), None, None, 2)]);
    store.put(b"b", None, 2, origin(2)).unwrap();
    store.flush(&mut log).unwrap();
    assert_eq!(log.0.len(), 3, "as in Java a store without a listener writes its tombstones always");
}

#[test]
fn the_least_recently_used_goes_first_and_the_budget_is_kept() {
    let (mut store, mut log, mut key) = (counts(true), Log::default(), Vec::new());
    let budget = Arc::new(CacheBudget::new(520));
    store.attach(Some(ChangelogId(3)), budget.clone());
    for name in ["a", "b", "c"] {
        count(&mut store, name, 1);
    }
    assert_eq!(budget.used(), 3 * 168, "short keys and numbers have nothing elsewhere");
    assert!(!budget.over());
    pop_all(&mut store, &mut log);
    assert_eq!(budget.used(), 3 * 168);
    store.with(b"a", |found| assert!(found.is_some())).unwrap();
    count(&mut store, "d", 1);
    assert!(budget.over());
    assert_eq!(store.evict_one(&mut log, &mut key).unwrap(), Evicted::Clean);
    count(&mut store, "c", 1);
    let popped = Evicted::Dirty(Dirty { old: None, new: Some(1), timestamp: 1, origin: origin(1), headers: Headers::new() });
    assert_eq!(store.evict_one(&mut log, &mut key).unwrap(), Evicted::Clean, "b is gone, now a");
    assert_eq!(store.evict_one(&mut log, &mut key).unwrap(), popped);
    assert_eq!(key, b"d");
    assert_eq!(pop_all(&mut store, &mut log), [("c".into(), None, Some(2), 1)]);
    store.detach();
    assert_eq!(budget.used(), 0);
    assert_eq!(store.evict_one(&mut log, &mut key).unwrap(), Evicted::Clean);
    assert_eq!(store.evict_one(&mut log, &mut key).unwrap(), Evicted::Nothing);
    assert_eq!(all(&mut store, false).len(), 4);
}

#[test]
fn reads_see_cache_buffer_and_engine() {
    let (mut store, mut log) = (counts(true), Log::default());
    for name in ["a", "b", "c", "d"] {
        count(&mut store, name, 1);
    }
    store.flush(&mut log).unwrap();
    store.commit(Some(3), &[]).unwrap();
    assert_eq!(store.committed_offset(), Some(3));
    assert_eq!(store.uncommitted_bytes(), 0);
    count(&mut store, "b", 2);
    store.put(b"c", None, 2, origin(2)).unwrap();
    store.flush(&mut log).unwrap();
    assert!(store.uncommitted_bytes() > 0);
    store.put(b"d", None, 2, origin(2)).unwrap();
    count(&mut store, "e", 2);
    let rows = [("a".into(), 1, 1), ("b".into(), 2, 2), ("e".into(), 1, 2)];
    assert_eq!(all(&mut store, false), rows);
    assert_eq!(all(&mut store, true), rows.iter().rev().cloned().collect::<Vec<_>>());
    let mut seen = 0;
    store
        .scan(Bound::Excluded(b"a"), Bound::Included(b"e"), false, &mut |key, _, _| {
            seen += 1;
            Ok(if key == b"b" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .unwrap();
    assert_eq!(seen, 1);
    store.scan(Bound::Excluded(b"a"), Bound::Excluded(b"a"), false, &mut |_, _, _| panic!("empty")).unwrap();
    store.scan(Bound::Included(b"z"), Bound::Included(b"a"), true, &mut |_, _, _| panic!("empty")).unwrap();
    assert_eq!(store.commit(None, &[]).unwrap_err().kind(), ErrorKind::Invalid, "dirty entries were not flushed");
    store.abort();
    let rows = ["a", "b", "c", "d"].map(|name| (name.into(), 1, 1));
    assert_eq!(all(&mut store, false), rows, "an abort goes back to the commit");
}

#[test]
fn a_cursor_lets_its_user_write() {
    let mut store = counts(true);
    for n in 0..200 {
        count(&mut store, &format!("{n:03}"), n);
    }
    for reverse in [false, true] {
        let mut cursor = store.cursor(Bound::Unbounded, Bound::Unbounded, reverse);
        let (mut key, mut seen) = (Vec::new(), Vec::new());
        while cursor.next(&mut store, &mut key).unwrap().is_some() {
            seen.push(String::from_utf8(key.clone()).unwrap());
            count(&mut store, &format!("{}x", seen.last().unwrap()), 0);
        }
        seen.retain(|key| !key.ends_with('x'));
        let mut expected: Vec<_> = (0..200).map(|n| format!("{n:03}")).collect();
        if reverse {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn restore_rebuilds_rows_with_their_times() {
    let (mut store, mut log) = (counts(true), Log::default());
    count(&mut store, "a", 5);
    count(&mut store, "b", 6);
    store.flush(&mut log).unwrap();
    store.put(b"b", None, 7, origin(2)).unwrap();
    store.flush(&mut log).unwrap();
    let mut copy = counts(true);
    restore(&mut *copy, &log);
    assert_eq!(copy.committed_offset(), Some(2));
    assert_eq!(all(&mut copy, false), [("a".into(), 1, 5)]);
    copy.wipe().unwrap();
    assert_eq!((copy.committed_offset(), all(&mut copy, false)), (None, vec![]));
}

#[test]
fn plain_stores_have_no_times() {
    let mut store: Box<Counts> = open(Stores::key_value::<String, u64>("s").in_memory().plain().build());
    store.put(b"a", Some(1), 5, origin(1)).unwrap();
    store.flush(&mut NoChangelog).unwrap();
    assert_eq!(store.get(b"a").unwrap(), Some((1, -1)));
}

#[test]
fn a_value_that_is_null_is_a_deletion() {
    let values = OptionSerde::new(U64Serde);
    let mut store: Box<KvStore<String, Option<u64>>> = open(Stores::key_value_with("s", StringSerde, values).in_memory().build());
    store.put(b"a", Some(None), 5, origin(1)).unwrap();
    store.flush(&mut NoChangelog).unwrap();
    assert_eq!(store.get(b"a").unwrap(), None);
}

struct Odd;
impl Serde<u64> for Odd {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<u64, BoxError> {
        U64Serde.deserialize(cx, bytes)
    }
    fn serialize(&self, cx: &SerdeContext<'_>, value: &u64, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        if value.is_multiple_of(2) { Err("even".into()) } else { U64Serde.serialize(cx, value, out) }
    }
}

#[test]
fn a_value_that_cannot_be_written_names_store_key_and_record() {
    let mut store: Box<Counts> = open(Stores::key_value_with("odd", StringSerde, Odd).in_memory().caching(true).build());
    let mut key = Vec::new();
    store.put(b"a", Some(1), 5, origin(7)).unwrap();
    store.put(b"b", Some(2), 5, Origin { source: 1, offset: 8 }).unwrap();
    assert!(store.pop_dirty(&mut NoChangelog, &mut key).unwrap().is_some());
    let e = store.pop_dirty(&mut NoChangelog, &mut key).unwrap_err();
    assert_eq!(e.to_string(), r#"store odd: the value of key "b" cannot be written: even"#);
    assert_eq!((e.kind(), e.origin()), (ErrorKind::Serde, Some(Origin { source: 1, offset: 8 })));
    assert!(store.pop_dirty(&mut NoChangelog, &mut key).unwrap().is_none(), "nobody meets it twice");
    assert_eq!(store.get(b"b").unwrap(), None);
    // What was dropped is not evicted a second time, though its place is taken.
    store.put(b"c", Some(4), 5, origin(9)).unwrap();
    assert_eq!(store.evict_one(&mut NoChangelog, &mut key).unwrap(), Evicted::Clean);
    assert!(store.pop_dirty(&mut NoChangelog, &mut key).is_err());
    store.put(b"d", Some(5), 5, origin(9)).unwrap();
    let mut evicted = 0;
    while store.evict_one(&mut NoChangelog, &mut key).unwrap() != Evicted::Nothing {
        evicted += 1;
    }
    assert_eq!((evicted, store.cached()), (2, 0), "b, read again since, and d");
}

#[test]
fn names_are_checked() {
    for (name, why) in [("", "is empty"), ("..", "cannot be"), ("a b", "may only have"), (&*"x".repeat(250), "longer than 249")] {
        let e = Stores::key_value::<String, u64>(name).build().err().unwrap();
        assert!(e.to_string().contains(why), "{e}");
    }
}

#[test]
fn what_it_does_is_counted() {
    let (mut store, mut log) = (counts(true), Log::default());
    for key in ["a", "b", "a"] {
        count(&mut store, key, 1);
    }
    assert_eq!(store.counters(), StoreCounters { gets: 3, engine_reads: 2, puts: 3, ranges: 0 });
    store.update_if(b"a", origin(2), |_| ((), false)).unwrap();
    store.get(b"c").unwrap();
    assert_eq!(store.counters(), StoreCounters { gets: 5, engine_reads: 3, puts: 3, ranges: 0 }, "nothing was changed");
    all(&mut store, false);
    let mut cursor = store.cursor(Bound::Unbounded, Bound::Unbounded, false);
    while cursor.next(&mut store, &mut Vec::new()).unwrap().is_some() {}
    store.flush(&mut log).unwrap();
    store.commit(Some(1), &[]).unwrap();
    assert_eq!(store.counters(), StoreCounters { gets: 5, engine_reads: 3, puts: 3, ranges: 2 });
    store.attach(Some(ChangelogId(3)), Arc::default());
    assert_eq!(store.counters(), StoreCounters::default(), "each thread begins anew");
}

#[test]
fn a_row_that_waits_for_its_commit_is_found_without_the_engine() {
    let (mut store, mut log) = (counts(false), Log::default());
    for _ in 0..3 {
        count(&mut store, "a", 1);
        pop_all(&mut store, &mut log);
    }
    assert_eq!(store.counters(), StoreCounters { gets: 3, engine_reads: 1, puts: 3, ranges: 0 });
}

//! A window store against an ordered map.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

const RETENTION: i64 = 300_000;
const SEGMENT: i64 = RETENTION / 2;

#[derive(Clone, Debug)]
enum Op {
    Put { key: u8, start: i64, value: Option<u64> },
    Fetch { key: u8, start: i64 },
    Range { key: u8, from: i64, to: i64, reverse: bool },
    All { from: i64, to: i64, reverse: bool },
    Walk { key: Option<u8>, reverse: bool },
    Between { first: Option<u8>, last: Option<u8>, from: i64, to: i64, reverse: bool },
    Evict,
    Commit,
    Abort,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, start) = (|| 0..5u8, || (0..60i64).prop_map(|n| n * 17_000));
    prop_oneof![
        10 => (key(), start(), any::<Option<u64>>()).prop_map(|(key, start, value)| Op::Put { key, start, value }),
        2 => (key(), start()).prop_map(|(key, start)| Op::Fetch { key, start }),
        3 => (key(), start(), start(), any::<bool>()).prop_map(|(key, from, to, reverse)| Op::Range { key, from, to, reverse }),
        2 => (start(), start(), any::<bool>()).prop_map(|(from, to, reverse)| Op::All { from, to, reverse }),
        1 => (prop::option::of(key()), any::<bool>()).prop_map(|(key, reverse)| Op::Walk { key, reverse }),
        2 => (prop::option::of(key()), prop::option::of(key()), start(), start(), any::<bool>())
            .prop_map(|(first, last, from, to, reverse)| Op::Between { first, last, from, to, reverse }),
        1 => Just(Op::Evict),
        2 => Just(Op::Commit),
        1 => Just(Op::Abort),
        1 => Just(Op::Reopen),
    ]
}

/// The third and fourth lie among the rows of the second, which they begin with.
fn name(key: u8) -> Vec<u8> {
    match key {
        0 => vec![],
        1 => b"k".to_vec(),
        2 => [b"k", &170_000i64.to_be_bytes()[..]].concat(),
        3 => [b"k", &170_000i64.to_be_bytes()[..], &[0, 0, 0, 0, 1]].concat(),
        _ => b"other".to_vec(),
    }
}

/// The order of a walk over all keys: by segment, then by the bytes of key and window start; or by window start, then key.
fn place(by_time: bool, key: &[u8], start: i64) -> (i64, Vec<u8>, i64) {
    let (first, behind) = if by_time { (start, [0; 8]) } else { (start / SEGMENT, start.to_be_bytes()) };
    (first, [key, &behind].concat(), start)
}

type Rows = BTreeMap<(i64, Vec<u8>, i64), (u64, i64)>;

struct Model {
    by_time: bool,
    store: Box<WindowStore<String, u64>>,
    supplier: Arc<dyn StoreSupplier>,
    env: OpenEnv,
    log: Log,
    logged_at_commit: usize,
    rows: Rows,
    committed: Rows,
    time: i64,
    time_at_commit: i64,
    expired: u64,
}

impl Model {
    /// `by_time`: rows lie by time, with an index or without.
    fn new(place: Place, caching: bool, by_time: Option<bool>, dir: &tempfile::TempDir) -> Self {
        let mut builder =
            Stores::window::<String, u64>("w", Duration::from_millis(RETENTION as u64), Duration::from_secs(60)).caching(caching);
        if let Some(indexed) = by_time {
            builder = builder.time_first(indexed);
        }
        let supplier = if place.is_memory() { builder.in_memory() } else { builder }.build().unwrap();
        let env = place.env(dir);
        let mut store: Box<WindowStore<String, u64>> = open_in(&*supplier, &env);
        store.attach(Some(ChangelogId(3)), Arc::default());
        let (log, rows, committed) = Default::default();
        let by_time = by_time.is_some();
        Model { by_time, store, supplier, env, log, logged_at_commit: 0, rows, committed, time: -1, time_at_commit: -1, expired: 0 }
    }

    fn visible(&self, from: i64, to: i64) -> impl Iterator<Item = (Vec<u8>, i64, u64, i64)> {
        let from = from.max(self.time - RETENTION + 1);
        let rows = self.rows.iter().filter(move |((_, _, start), _)| (from..=to).contains(start));
        rows.map(|((_, key, start), (value, at))| (key[..key.len() - 8].to_vec(), *start, *value, *at)).collect::<Vec<_>>().into_iter()
    }

    fn commit(&mut self) {
        self.store.flush(&mut self.log).unwrap();
        self.store.commit((!self.log.0.is_empty()).then(|| self.log.0.len() as i64 - 1), &[]).unwrap();
        let live = (self.time - RETENTION) / SEGMENT;
        self.rows.retain(|(.., start), _| start / SEGMENT >= live);
        self.committed = self.rows.clone();
        (self.logged_at_commit, self.time_at_commit) = (self.log.0.len(), self.time);
    }

    fn forget(&mut self) {
        self.log.0.truncate(self.logged_at_commit);
        self.rows = self.committed.clone();
        self.time = self.time_at_commit;
    }

    fn reopen(&mut self) {
        let other = open(Stores::window::<String, u64>("w", Duration::from_secs(300), Duration::from_secs(60)).in_memory().build());
        std::mem::replace(&mut self.store, other).close().unwrap();
        self.forget();
        self.store = open_in(&*self.supplier, &self.env);
        // Stream time is not kept; a restore finds it again, with the rows that were committed or dropped since.
        self.time = -1;
        if self.env.task_dir.is_none() {
            restore(&mut *self.store, &self.log);
            self.rows.clear();
            for (key, value, at) in &self.log.0 {
                let (key, suffix) = key.split_at(key.len() - 12);
                let start = i64::from_be_bytes(suffix[..8].try_into().unwrap());
                self.time = self.time.max(start);
                let place = place(self.by_time, key, start);
                match value {
                    Some(value) => drop(self.rows.insert(place, (u64::from_be_bytes(value[..].try_into().unwrap()), *at))),
                    None => drop(self.rows.remove(&place)),
                }
            }
            let live = (self.time - RETENTION) / SEGMENT;
            self.rows.retain(|(.., start), _| start / SEGMENT >= live);
            self.committed = self.rows.clone();
        }
        self.time_at_commit = self.time;
        self.expired = 0;
        self.store.attach(Some(ChangelogId(3)), Arc::default());
    }

    fn expect_all(&mut self, from: i64, to: i64, reverse: bool) {
        let mut seen = Vec::new();
        let visit = &mut |key: &[u8], start, value: &u64, at| {
            seen.push((key.to_vec(), start, *value, at));
            Ok(ControlFlow::Continue(()))
        };
        self.store.fetch_all(from, to, reverse, visit).unwrap();
        if reverse {
            seen.reverse();
        }
        assert_eq!(seen, self.visible(from, to).collect::<Vec<_>>());
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put { key, start, value } => {
                let at = start + 1;
                let live = start > self.time - RETENTION;
                assert_eq!(self.store.put(&name(key), start, value, at, origin(start)).unwrap(), live);
                self.expired += !live as u64;
                if live {
                    self.time = self.time.max(start);
                    let place = place(self.by_time, &name(key), start);
                    match value {
                        Some(value) => drop(self.rows.insert(place, (value, at))),
                        None => drop(self.rows.remove(&place)),
                    }
                }
                if !self.store.caching() {
                    self.store.pop_dirty(&mut self.log, &mut Vec::new()).unwrap();
                    assert_eq!(self.store.cached(), 0);
                }
            }
            Op::Fetch { key, start } => {
                let expected = self.visible(start, start).find(|row| row.0 == name(key)).map(|(_, _, value, at)| (value, at));
                assert_eq!(self.store.fetch(&name(key), start).unwrap(), expected);
            }
            Op::Range { key, from, to, reverse } => {
                let mut seen = Vec::new();
                let visit = &mut |start, value: &u64, at| {
                    seen.push((name(key), start, *value, at));
                    Ok(ControlFlow::Continue(()))
                };
                self.store.fetch_range(&name(key), from, to, reverse, visit).unwrap();
                if reverse {
                    seen.reverse();
                }
                assert_eq!(seen, self.visible(from, to).filter(|row| row.0 == name(key)).collect::<Vec<_>>());
            }
            Op::All { from, to, reverse } => self.expect_all(from, to, reverse),
            Op::Walk { key, reverse } => {
                let mut cursor = match key {
                    Some(key) => self.store.cursor(&name(key), 0, i64::MAX, reverse),
                    None => self.store.cursor_all(0, i64::MAX, reverse),
                };
                let (mut found, mut seen) = (Vec::new(), Vec::new());
                while let Some((start, value, at)) = cursor.next(&mut self.store, &mut found).unwrap() {
                    seen.push((found.clone(), start, value, at));
                }
                if reverse {
                    seen.reverse();
                }
                assert_eq!(seen, self.visible(0, i64::MAX).filter(|row| key.is_none_or(|key| row.0 == name(key))).collect::<Vec<_>>());
            }
            Op::Between { first, last, from, to, reverse } => {
                let (first, last) = (first.map(name), last.map(name));
                let mut cursor = self.store.cursor_between(first.as_deref(), last.as_deref(), from, to, reverse);
                let (mut found, mut seen) = (Vec::new(), Vec::new());
                while let Some((start, value, at)) = cursor.next(&mut self.store, &mut found).unwrap() {
                    seen.push((found.clone(), start, value, at));
                }
                if reverse {
                    seen.reverse();
                }
                let inside =
                    |key: &Vec<u8>| first.as_ref().is_none_or(|first| key >= first) && last.as_ref().is_none_or(|last| key <= last);
                assert_eq!(seen, self.visible(from, to).filter(|row| inside(&row.0)).collect::<Vec<_>>());
            }
            Op::Evict => drop(self.store.evict(&mut self.log).unwrap()),
            Op::Commit => self.commit(),
            Op::Abort => {
                self.store.abort();
                self.forget();
            }
            Op::Reopen => self.reopen(),
        }
        assert_eq!((self.store.observed_stream_time(), self.store.expired_writes()), (self.time, self.expired));
    }
}

fn check(place: Place, caching: bool, by_time: Option<bool>, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(ops in prop::collection::vec(op(), 1..80))| {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::new(place, caching, by_time, &dir);
        for op in ops {
            model.apply(op);
        }
        model.expect_all(0, i64::MAX, false);
        model.commit();
        model.reopen();
        model.expect_all(0, i64::MAX, true);
    });
}

#[test]
fn it_is_an_ordered_map_that_forgets() {
    for &place in PLACES {
        for caching in [true, false] {
            check(place, caching, None, if place.is_memory() { 300 } else { 12 });
        }
    }
}

#[test]
fn rows_by_time_are_the_same_map_in_another_order() {
    for &place in PLACES {
        for (caching, indexed) in [(true, false), (false, false), (true, true), (false, true)] {
            check(place, caching, Some(indexed), if place.is_memory() { 200 } else { 12 });
        }
    }
}

//! A key-value store against an ordered map.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

#[derive(Clone, Debug)]
enum Op {
    Add { key: u8, time: i64 },
    LookOnly { key: u8 },
    Put { key: u8, value: Option<u64>, time: i64 },
    Get { key: u8 },
    Scan { from: u8, to: u8, kind: u8, reverse: bool },
    Walk { reverse: bool },
    Pop { most: usize },
    Evict,
    Commit,
    Abort,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let key = || 0..12u8;
    prop_oneof![
        6 => (key(), 0..50i64).prop_map(|(key, time)| Op::Add { key, time }),
        1 => key().prop_map(|key| Op::LookOnly { key }),
        3 => (key(), any::<Option<u64>>(), 0..50i64).prop_map(|(key, value, time)| Op::Put { key, value, time }),
        2 => key().prop_map(|key| Op::Get { key }),
        2 => (key(), key(), 0..9u8, any::<bool>()).prop_map(|(from, to, kind, reverse)| Op::Scan { from, to, kind, reverse }),
        1 => any::<bool>().prop_map(|reverse| Op::Walk { reverse }),
        2 => (0..4usize).prop_map(|most| Op::Pop { most }),
        2 => Just(Op::Evict),
        2 => Just(Op::Commit),
        1 => Just(Op::Abort),
        1 => Just(Op::Reopen),
    ]
}

/// Keys of several lengths, some beginning with others, some too long to be kept inline.
fn name(key: u8) -> Vec<u8> {
    let text = [
        "",
        "a",
        "a\0",
        "ab",
        "b",
        "b long key that is kept on the heap",
        "b long key that is kept on the heap!",
        "c",
        "cc",
        "\u{ff}",
        "z",
        "zz",
    ];
    text[key as usize].as_bytes().to_vec()
}

type Rows = BTreeMap<Vec<u8>, (u64, i64)>;

struct Model {
    /// Rows have no times that outlast a commit.
    plain: bool,
    store: Box<KvStore<String, u64>>,
    supplier: Arc<dyn StoreSupplier>,
    env: OpenEnv,
    log: Log,
    logged_at_commit: usize,
    rows: Rows,
    committed: Rows,
    /// What a node downstream has been told.
    emitted: BTreeMap<Vec<u8>, u64>,
}

impl Model {
    fn new(place: Place, caching: bool, plain: bool, dir: &tempfile::TempDir) -> Self {
        let builder = Stores::key_value::<String, u64>("s").caching(caching);
        let builder = if plain { builder.plain() } else { builder };
        let supplier = if place.is_memory() { builder.in_memory() } else { builder }.build().unwrap();
        let env = place.env(dir);
        let store = open_in(&*supplier, &env);
        let (log, rows, committed, emitted) = Default::default();
        let mut model = Model { plain, store, supplier, env, log, logged_at_commit: 0, rows, committed, emitted };
        model.prepare();
        model
    }

    fn prepare(&mut self) {
        self.store.attach(Some(ChangelogId(3)), Arc::default());
        self.store.set_keep_old(true);
    }

    fn took(&mut self, key: &[u8], dirty: Dirty<u64>) {
        assert_eq!(dirty.old, self.emitted.get(key).copied(), "the old value is the one that was emitted last");
        assert_eq!(dirty.new, self.rows.get(key).map(|row| row.0));
        if let Some(row) = self.rows.get(key).filter(|_| !self.plain) {
            assert_eq!(dirty.timestamp, row.1);
        }
        match dirty.new {
            Some(new) => drop(self.emitted.insert(key.to_vec(), new)),
            None => drop(self.emitted.remove(key)),
        }
    }

    fn pop(&mut self, most: usize) {
        let mut key = Vec::new();
        for _ in 0..most {
            let Some(dirty) = self.store.pop_dirty(&mut self.log, &mut key).unwrap() else { return };
            self.took(&key, dirty);
        }
    }

    fn wrote(&mut self) {
        if !self.store.caching() {
            self.pop(1);
            assert_eq!(self.store.cached(), 0);
        }
    }

    fn commit(&mut self) {
        self.pop(usize::MAX);
        let told: Vec<_> = self.rows.iter().map(|(key, row)| (key.clone(), row.0)).collect();
        assert_eq!(self.emitted.clone().into_iter().collect::<Vec<_>>(), told, "a flush emits everything");
        self.store.commit((!self.log.0.is_empty()).then(|| self.log.0.len() as i64 - 1), &[]).unwrap();
        assert_eq!(self.store.uncommitted_bytes(), 0);
        self.committed = self.rows.clone();
        self.logged_at_commit = self.log.0.len();
    }

    /// Back to the commit; a transaction takes the changelog back too.
    fn abort(&mut self) {
        self.store.abort();
        self.forget();
    }

    fn forget(&mut self) {
        self.rows = self.committed.clone();
        self.emitted = self.rows.iter().map(|(key, row)| (key.clone(), row.0)).collect();
        self.log.0.truncate(self.logged_at_commit);
    }

    fn reopen(&mut self) {
        let other = open(Stores::key_value::<String, u64>("s").in_memory().build());
        std::mem::replace(&mut self.store, other).close().unwrap();
        self.forget();
        self.store = open_in(&*self.supplier, &self.env);
        if self.env.task_dir.is_some() {
            assert_eq!(self.store.committed_offset(), (self.logged_at_commit > 0).then(|| self.logged_at_commit as i64 - 1));
        } else {
            assert_eq!(self.store.committed_offset(), None);
            restore(&mut *self.store, &self.log);
        }
        self.prepare();
    }

    fn expect_scan(&mut self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) {
        let mut seen = Vec::new();
        let visit = &mut |key: &[u8], value: &u64, time| {
            seen.push((key.to_vec(), (*value, time)));
            Ok(ControlFlow::Continue(()))
        };
        self.store.scan(from, to, reverse, visit).unwrap();
        let inside = |key: &Vec<u8>| {
            (match from {
                Bound::Included(from) => &**key >= from,
                Bound::Excluded(from) => &**key > from,
                Bound::Unbounded => true,
            }) && match to {
                Bound::Included(to) => &**key <= to,
                Bound::Excluded(to) => &**key < to,
                Bound::Unbounded => true,
            }
        };
        let mut expected: Vec<_> = self.rows.iter().filter(|(key, _)| inside(key)).map(|(key, row)| (key.clone(), *row)).collect();
        if reverse {
            expected.reverse();
        }
        self.compare(seen, expected);
    }

    /// Without times, where rows have none.
    fn compare(&self, mut seen: Vec<(Vec<u8>, (u64, i64))>, mut expected: Vec<(Vec<u8>, (u64, i64))>) {
        if self.plain {
            seen.iter_mut().chain(&mut expected).for_each(|(_, row)| row.1 = 0);
        }
        assert_eq!(seen, expected);
    }

    fn apply(&mut self, op: Op) {
        let n = self.log.0.len() as i64;
        match op {
            Op::Add { key, time } => {
                let add = |slot: &mut Slot<u64>| {
                    let value = slot.value.get_or_insert(0);
                    *value = value.wrapping_add(1);
                    slot.timestamp = slot.timestamp.max(time);
                    (*value, slot.timestamp)
                };
                let row = self.store.update(&name(key), origin(n), add).unwrap();
                let before = self.rows.insert(name(key), row);
                let expected = before.map_or((1, time), |(value, at)| (value.wrapping_add(1), at.max(time)));
                self.compare(vec![(name(key), row)], vec![(name(key), expected)]);
                self.wrote();
            }
            Op::LookOnly { key } => {
                let slot = self.store.update_if(&name(key), origin(n), |slot| (slot.clone(), false)).unwrap();
                let expected = self.rows.get(&name(key));
                let timestamp = if self.plain { slot.timestamp } else { expected.map_or(-1, |row| row.1) };
                assert_eq!(slot, Slot { value: expected.map(|row| row.0), timestamp });
            }
            Op::Put { key, value, time } => {
                self.store.put(&name(key), value, time, origin(n)).unwrap();
                match value {
                    Some(value) => drop(self.rows.insert(name(key), (value, time))),
                    None => drop(self.rows.remove(&name(key))),
                }
                self.wrote();
            }
            Op::Get { key } => {
                let of_key = |row: Option<(u64, i64)>| row.map(|row| (name(key), row)).into_iter().collect();
                let found = self.store.get(&name(key)).unwrap();
                self.compare(of_key(found), of_key(self.rows.get(&name(key)).copied()));
            }
            Op::Scan { from, to, kind, reverse } => {
                let (from, to) = (name(from), name(to));
                let bound = |kind, key| match kind {
                    0 => Bound::Included(key),
                    1 => Bound::Excluded(key),
                    _ => Bound::Unbounded,
                };
                self.expect_scan(bound(kind % 3, &*from), bound(kind / 3, &*to), reverse);
            }
            Op::Walk { reverse } => {
                let (mut key, mut seen) = (Vec::new(), Vec::new());
                let mut cursor = self.store.cursor(Bound::Unbounded, Bound::Unbounded, reverse);
                while let Some(row) = cursor.next(&mut self.store, &mut key).unwrap() {
                    seen.push((key.clone(), row));
                }
                if reverse {
                    seen.reverse();
                }
                self.compare(seen, self.rows.clone().into_iter().collect());
            }
            Op::Pop { most } => self.pop(most),
            Op::Evict => {
                let mut key = Vec::new();
                if let Evicted::Dirty(dirty) = self.store.evict_one(&mut self.log, &mut key).unwrap() {
                    self.took(&key, dirty);
                }
            }
            Op::Commit => self.commit(),
            Op::Abort => self.abort(),
            Op::Reopen => self.reopen(),
        }
    }
}

fn check(place: Place, caching: bool, plain: bool, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(ops in prop::collection::vec(op(), 1..80))| {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::new(place, caching, plain, &dir);
        for op in ops {
            model.apply(op);
        }
        model.commit();
        model.expect_scan(Bound::Unbounded, Bound::Unbounded, false);
        model.reopen();
        model.expect_scan(Bound::Unbounded, Bound::Unbounded, true);
        // The changelog alone rebuilds the same rows.
        let copy = Stores::key_value::<String, u64>("s").in_memory();
        let mut copy: Box<KvStore<String, u64>> = open(if plain { copy.plain() } else { copy }.build());
        restore(&mut *copy, &model.log);
        model.store = copy;
        model.expect_scan(Bound::Unbounded, Bound::Unbounded, false);
    });
}

#[test]
fn it_is_an_ordered_map() {
    for &place in PLACES {
        for (caching, plain) in [(true, false), (false, false), (true, true), (false, true)] {
            check(place, caching, plain, if place.is_memory() { 300 } else { 24 });
        }
    }
}

//! A store for so many keys against a list of keys by their last use.

use super::*;
use proptest::prelude::*;

const MOST: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Put { key: u8, value: Option<u64> },
    Get { key: u8 },
    Look,
    Commit,
    Abort,
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..7u8, any::<Option<u64>>()).prop_map(|(key, value)| Op::Put { key, value }),
        4 => (0..7u8).prop_map(|key| Op::Get { key }),
        1 => Just(Op::Look),
        2 => Just(Op::Commit),
        1 => Just(Op::Abort),
        1 => Just(Op::Restart),
    ]
}

fn supplier(logged: bool, caching: bool) -> Result<Arc<dyn StoreSupplier>> {
    let rows = match logged {
        true => Stores::lru_map::<String, u64>("s", MOST),
        false => Stores::key_value("s").at_most_unlogged(MOST),
    };
    rows.caching(caching).build()
}

struct Model {
    store: Box<KvStore<String, u64>>,
    /// Whether the changelog is told what goes.
    logged: bool,
    log: Log,
    /// By their last use, the newest last.
    rows: Vec<(Vec<u8>, u64)>,
    committed: Vec<(Vec<u8>, u64)>,
    logged_at_commit: usize,
}

impl Model {
    fn new(logged: bool) -> Self {
        let mut store: Box<KvStore<String, u64>> = open(supplier(logged, false));
        store.attach(Some(ChangelogId(3)), Arc::default());
        Model { store, logged, log: Log::default(), rows: Vec::new(), committed: Vec::new(), logged_at_commit: 0 }
    }

    fn take(&mut self, key: &[u8]) -> Option<u64> {
        let at = self.rows.iter().position(|row| row.0 == key)?;
        Some(self.rows.remove(at).1)
    }

    fn sorted(rows: &[(Vec<u8>, u64)]) -> Vec<(Vec<u8>, u64)> {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    }

    fn look(&mut self) {
        let (mut key, mut seen) = (Vec::new(), Vec::new());
        let mut cursor = self.store.cursor(std::ops::Bound::Unbounded, std::ops::Bound::Unbounded, false);
        while let Some((value, _)) = cursor.next(&mut self.store, &mut key).unwrap() {
            seen.push((key.clone(), value));
        }
        assert_eq!(seen, Self::sorted(&self.rows));
        assert_eq!(self.store.approximate_num_entries(), self.rows.len() as u64);
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put { key, value } => {
                let before = self.log.0.len();
                self.store.put(&[key], value, 7, origin(0)).unwrap();
                self.take(&[key]);
                let mut evicted = None;
                if let Some(value) = value {
                    self.rows.push((vec![key], value));
                    if self.rows.len() > MOST {
                        evicted = Some(self.rows.remove(0).0);
                    }
                }
                self.store.flush(&mut self.log).unwrap();
                // as in Java: what goes is deleted first
                let deleted = evicted.filter(|_| self.logged).map(|key| (key, None, 7));
                let put = (vec![key], value.map(|value| value.to_be_bytes().to_vec()), 7);
                assert_eq!(self.log.0[before..], deleted.into_iter().chain([put]).collect::<Vec<_>>());
            }
            Op::Get { key } => {
                let expected = self.take(&[key]);
                assert_eq!(self.store.get(&[key]).unwrap().map(|row| row.0), expected);
                self.rows.extend(expected.map(|value| (vec![key], value)));
            }
            Op::Look => self.look(),
            Op::Commit => {
                self.store.flush(&mut self.log).unwrap();
                self.store.commit((!self.log.0.is_empty()).then(|| self.log.0.len() as i64 - 1), &[]).unwrap();
                (self.committed, self.logged_at_commit) = (self.rows.clone(), self.log.0.len());
            }
            Op::Abort => {
                self.store.abort();
                self.log.0.truncate(self.logged_at_commit);
                // what was used since is known, what came back is the oldest
                let used = |key: &Vec<u8>| self.rows.iter().position(|row| row.0 == *key);
                let mut rows = self.committed.clone();
                rows.sort_by(|a, b| (used(&a.0), &a.0).cmp(&(used(&b.0), &b.0)));
                self.rows = rows;
                self.look();
            }
            Op::Restart => {
                self.log.0.truncate(self.logged_at_commit);
                self.store = open(supplier(self.logged, false));
                restore(&mut *self.store, &self.log);
                self.store.attach(Some(ChangelogId(3)), Arc::default());
                // the order is that of the last writes; where what went is not deleted, it may be among the newest
                self.rows.clear();
                for (key, value, _) in std::mem::take(&mut self.log.0) {
                    self.take(&key);
                    if let Some(value) = &value {
                        self.rows.push((key.clone(), u64::from_be_bytes(value.as_slice().try_into().unwrap())));
                        self.rows.drain(..self.rows.len().saturating_sub(MOST));
                    }
                    self.log.0.push((key, value, 7));
                }
                self.committed = self.rows.clone();
                self.look();
            }
        }
    }
}

#[test]
fn it_has_the_keys_that_were_used_last() {
    for logged in [false, true] {
        let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(ops in prop::collection::vec(op(), 1..60))| {
            let mut model = Model::new(logged);
            for op in ops {
                model.apply(op);
            }
            model.look();
        });
    }
}

/// The limit holds for what is restored; the changelog keeps what it has.
#[test]
fn a_smaller_limit_holds_at_once() {
    let mut log = Log::default();
    for key in 0..6u8 {
        log.0.push((vec![key], Some(1u64.to_be_bytes().to_vec()), 0));
    }
    let mut store: Box<KvStore<String, u64>> = open(supplier(true, false));
    restore(&mut *store, &log);
    store.attach(Some(ChangelogId(3)), Arc::default());
    assert_eq!(store.approximate_num_entries(), 3);
    assert_eq!((store.get(&[2]).unwrap(), store.get(&[3]).unwrap().map(|row| row.0)), (None, Some(1)));
    store.put(&[6], Some(2), 1, origin(0)).unwrap();
    store.flush(&mut log).unwrap();
    let gone: Vec<_> = log.0[6..].iter().filter(|record| record.1.is_none()).map(|record| record.0[0]).collect();
    assert_eq!((gone, store.approximate_num_entries()), (vec![4], 3), "3 was read");
}

/// A record cache has its own rows beside those of the store, which keeps to its limit when they are written down.
#[test]
fn with_a_cache_keys_go_when_it_is_flushed() {
    for logged in [true, false] {
        let mut store: Box<KvStore<String, u64>> = open(supplier(logged, true));
        store.attach(Some(ChangelogId(3)), Arc::default());
        for key in 0..5u8 {
            store.put(&[key], Some(1), 7, origin(0)).unwrap();
        }
        assert_eq!((store.approximate_num_entries(), store.cached()), (0, 5));
        let (mut log, mut key, mut told) = (Log::default(), Vec::new(), Vec::new());
        while let Some(dirty) = store.pop_dirty(&mut log, &mut key).unwrap() {
            told.push((key[0], dirty.new));
        }
        assert_eq!(told, (0..5).map(|key| (key, Some(1))).collect::<Vec<_>>(), "nothing is said of what goes");
        let gone: Vec<_> = log.0.iter().filter(|record| record.1.is_none()).map(|record| record.0[0]).collect();
        assert_eq!((gone, log.0.len()), if logged { (vec![0, 1], 7) } else { (vec![], 5) });
        assert_eq!(store.approximate_num_entries(), 3);
        store.commit(Some(log.0.len() as i64 - 1), &[]).unwrap();
        let mut rows = Vec::new();
        store.rows(&mut |row| rows.push(row.key[0])).unwrap();
        assert_eq!(rows, [2, 3, 4]);
    }
}

#[test]
fn no_keys_at_all_are_refused() {
    let error = Stores::lru_map::<String, u64>("s", 0).build().err().expect("it makes no sense");
    assert!(error.to_string().contains("store s may have no key"), "{error}");
}

//! A versioned store against a map of times for each key.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const RETENTION: i64 = 100;

#[derive(Clone, Debug)]
enum Op {
    Put { key: u8, time: i64, value: Option<u64> },
    Delete { key: u8, time: i64 },
    Get { key: u8, as_of: i64 },
    Commit,
    PutWhileCommitting { key: u8, time: i64, value: Option<u64> },
    Abort,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, time) = (|| 0..3u8, || prop_oneof![0..400i64, (0..40i64).prop_map(|n| n * 10)]);
    prop_oneof![
        12 => (key(), time(), prop::option::weighted(0.7, any::<u64>())).prop_map(|(key, time, value)| Op::Put { key, time, value }),
        2 => (key(), time()).prop_map(|(key, time)| Op::Delete { key, time }),
        4 => (key(), time()).prop_map(|(key, as_of)| Op::Get { key, as_of }),
        2 => Just(Op::Commit),
        1 => (key(), time(), any::<Option<u64>>()).prop_map(|(key, time, value)| Op::PutWhileCommitting { key, time, value }),
        1 => Just(Op::Abort),
        1 => Just(Op::Reopen),
    ]
}

type Versions = BTreeMap<u8, BTreeMap<i64, Option<u64>>>;

#[derive(Clone)]
struct State {
    versions: Versions,
    time: i64,
    logged: usize,
}

struct Model {
    store: Box<VersionedStore<String, u64>>,
    supplier: Arc<dyn StoreSupplier>,
    env: OpenEnv,
    place: Place,
    log: Log,
    now: State,
    committed: State,
}

fn bytes(key: u8) -> Vec<u8> {
    vec![b'k'; usize::from(key)]
}

impl Model {
    fn new(place: Place, interval: u64, dir: &tempfile::TempDir) -> Self {
        let builder = Stores::versioned_key_value::<String, u64>("v", Duration::from_millis(RETENTION as u64))
            .segment_interval(Duration::from_millis(interval));
        let supplier = if place.is_memory() { builder.in_memory() } else { builder }.build().unwrap();
        let env = place.env(dir);
        let mut store: Box<VersionedStore<String, u64>> = open_in(&*supplier, &env);
        store.attach(Some(ChangelogId(3)), Arc::default());
        let state = State { versions: Versions::new(), time: -1, logged: 0 };
        Model { store, supplier, env, place, log: Log::default(), now: state.clone(), committed: state }
    }

    fn expected(&self, key: u8, as_of: i64) -> Option<VersionedRecord<u64>> {
        let versions = self.now.versions.get(&key)?;
        let (from, value) = versions.range(..=as_of).next_back()?;
        let valid_to = versions.range(as_of + 1..).next().map(|(next, _)| *next);
        if valid_to.is_some() && as_of < self.now.time - RETENTION {
            return None;
        }
        value.map(|value| VersionedRecord { value, timestamp: *from, valid_to })
    }

    fn get(&mut self, key: u8, as_of: i64) {
        // of a deletion that was said twice only the first counts for the end of a version
        let expected = self.expected(key, as_of);
        assert_eq!(self.store.get_as_of(&bytes(key), as_of).unwrap(), expected, "key {key} at {as_of}, time {}", self.now.time);
    }

    fn put(&mut self, key: u8, time: i64, value: Option<u64>) {
        let late = time < self.now.time - RETENTION;
        let next = self.now.versions.get(&key).and_then(|versions| Some(*versions.range(time + 1..).next()?.0));
        let expected = if late { PutResult::TooOld } else { next.map_or(PutResult::Latest, PutResult::ValidTo) };
        let result = self.store.put(&bytes(key), value.as_ref(), time, origin(1), &mut self.log).unwrap();
        assert_eq!(result, expected, "key {key} at {time}, time {}", self.now.time);
        self.took(key, time, value);
    }

    fn took(&mut self, key: u8, time: i64, value: Option<u64>) {
        if time >= self.now.time - RETENTION {
            self.now.time = self.now.time.max(time);
            self.now.versions.entry(key).or_default().insert(time, value);
        }
        self.now.logged += 1;
        assert_eq!(self.log.0.last(), Some(&(bytes(key), value.map(|value| value.to_be_bytes().to_vec()), time)), "every put is logged");
        assert_eq!(self.log.0.len(), self.now.logged);
    }

    fn finish(&mut self, sealed: State) {
        self.store.commit(sealed.logged.checked_sub(1).map(|offset| offset as i64), &[]).unwrap();
        self.committed = sealed;
    }

    /// As in Java, a deletion at the very time of the latest version may be forgotten with it: the model leaves these out.
    fn is_forgotten(&self, op: &Op) -> bool {
        let (Op::Put { key, time, value: None } | Op::PutWhileCommitting { key, time, value: None } | Op::Delete { key, time }) = op else {
            return false;
        };
        let latest = self.now.versions.get(key).and_then(|versions| versions.last_key_value());
        latest.is_some_and(|(from, value)| from == time && value.is_some())
    }

    fn run(&mut self, op: Op) {
        if self.is_forgotten(&op) {
            return;
        }
        match op {
            Op::Put { key, time, value } => self.put(key, time, value),
            Op::Delete { key, time } => {
                let expected = self.expected(key, time).filter(|_| time >= self.now.time - RETENTION);
                assert_eq!(self.store.delete(&bytes(key), time, origin(1), &mut self.log).unwrap(), expected);
                self.took(key, time, None);
            }
            Op::Get { key, as_of } => self.get(key, as_of),
            Op::Commit => {
                self.store.seal().unwrap();
                self.finish(self.now.clone());
            }
            Op::PutWhileCommitting { key, time, value } => {
                self.store.seal().unwrap();
                let sealed = self.now.clone();
                self.put(key, time, value);
                self.finish(sealed);
            }
            Op::Abort => {
                self.store.abort();
                self.now = self.committed.clone();
                self.log.0.truncate(self.now.logged);
            }
            Op::Reopen => {
                if !self.place.is_memory() {
                    // rows on disk do not tell stream time: what is read from the log after them is taken however late it was, as in Java
                    self.store.seal().unwrap();
                    self.finish(self.now.clone());
                }
                // what was logged and not committed is read from the log
                self.store = {
                    let supplier = self.supplier.clone();
                    let old = std::mem::replace(&mut self.store, open_in(&*spare(), &env()));
                    (old as Box<dyn StateStore>).close().unwrap();
                    open_in(&*supplier, &self.env)
                };
                restore(&mut *self.store, &self.log);
                self.store.attach(Some(ChangelogId(3)), Arc::default());
                self.committed = self.now.clone();
                if !self.place.is_memory() && self.now.time >= 0 {
                    self.put(9, self.now.time, Some(0));
                    self.store.seal().unwrap();
                    self.finish(self.now.clone());
                }
            }
        }
    }
}

/// Any store, to have one while the other is closed.
fn spare() -> Arc<dyn StoreSupplier> {
    Stores::versioned_key_value::<String, u64>("spare", Duration::ZERO).in_memory().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_is_a_map_of_times(ops in prop::collection::vec(op(), 1..80), interval in prop::sample::select(vec![1, 7, 30, 100, 1_000])) {
        for place in PLACES {
            let dir = tempfile::tempdir().unwrap();
            let mut model = Model::new(*place, interval, &dir);
            for op in ops.clone() {
                model.run(op);
            }
            for key in 0..3 {
                for as_of in 0..410 {
                    model.get(key, as_of);
                }
            }
        }
    }
}

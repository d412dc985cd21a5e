//! A session store against an ordered map.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

const RETENTION: i64 = 300_000;
const SEGMENT: i64 = RETENTION / 2;

#[derive(Clone, Debug)]
enum Op {
    Put { key: u8, start: i64, length: i64, value: Option<u64> },
    Remove { nth: usize },
    Session { nth: usize, shift: i64 },
    Find { key: u8, earliest_end: i64, latest_start: i64, reverse: bool },
    Between { first: Option<u8>, last: Option<u8>, earliest_end: i64, latest_start: i64, reverse: bool },
    ByEnd { from: i64, to: i64, flush: bool },
    Evict,
    Commit,
    Abort,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, time) = (|| 0..5u8, || (0..60i64).prop_map(|n| n * 17_000));
    let put = (key(), time(), 0..3i64, any::<Option<u64>>());
    let between = (prop::option::of(key()), prop::option::of(key()), time(), time(), any::<bool>());
    prop_oneof![
        10 => put.prop_map(|(key, start, n, value)| Op::Put { key, start, length: n * 60_000, value }),
        3 => any::<usize>().prop_map(|nth| Op::Remove { nth }),
        2 => (any::<usize>(), 0..2i64).prop_map(|(nth, shift)| Op::Session { nth, shift }),
        4 => (key(), time(), time(), any::<bool>())
            .prop_map(|(key, earliest_end, latest_start, reverse)| Op::Find { key, earliest_end, latest_start, reverse }),
        2 => between.prop_map(|(first, last, earliest_end, latest_start, reverse)|
            Op::Between { first, last, earliest_end, latest_start, reverse }),
        2 => (time(), time(), any::<bool>()).prop_map(|(from, to, flush)| Op::ByEnd { from, to, flush }),
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

/// By segment, then by the bytes of key, end and start: the order of a walk over all keys.
type At = (i64, Vec<u8>);

fn place(key: &[u8], start: i64, end: i64) -> At {
    (end / SEGMENT, [key, &end.to_be_bytes(), &start.to_be_bytes()].concat())
}

/// Key, start and end.
fn parts((_, composed): &At) -> (Vec<u8>, i64, i64) {
    let (key, times) = composed.split_at(composed.len() - 16);
    let time = |bytes: &[u8]| i64::from_be_bytes(bytes.try_into().unwrap());
    (key.to_vec(), time(&times[8..]), time(&times[..8]))
}

type Row = (Vec<u8>, i64, i64, u64);

struct Model {
    place: Place,
    by_time: bool,
    store: Box<SessionStore<String, u64>>,
    supplier: Arc<dyn StoreSupplier>,
    env: OpenEnv,
    log: Log,
    logged_at_commit: usize,
    rows: BTreeMap<At, u64>,
    committed: BTreeMap<At, u64>,
    time: i64,
    time_at_commit: i64,
    expired: u64,
}

impl Model {
    fn new(place: Place, caching: bool, by_time: bool, dir: &tempfile::TempDir) -> Self {
        let builder = Stores::session::<String, u64>("w", Duration::from_millis(RETENTION as u64)).caching(caching);
        let builder = if by_time { builder.time_first() } else { builder };
        let supplier = if place.is_memory() { builder.in_memory() } else { builder }.build().unwrap();
        let env = place.env(dir);
        let mut store: Box<SessionStore<String, u64>> = open_in(&*supplier, &env);
        store.attach(Some(ChangelogId(3)), Arc::default());
        let (log, rows, committed) = Default::default();
        Model { place, by_time, store, supplier, env, log, logged_at_commit: 0, rows, committed, time: -1, time_at_commit: -1, expired: 0 }
    }

    fn visible(&self) -> Vec<Row> {
        let rows = self.rows.iter().map(|(place, value)| (parts(place), *value));
        rows.filter(|((_, _, end), _)| *end >= self.time - RETENTION).map(|((key, start, end), value)| (key, start, end, value)).collect()
    }

    fn expected(&self, earliest_end: i64, latest_start: i64, wanted: impl Fn(&[u8]) -> bool) -> Vec<Row> {
        let within = |row: &Row| row.2 >= earliest_end && row.1 <= latest_start && wanted(&row.0);
        self.visible().into_iter().filter(within).collect()
    }

    fn drop_expired(&mut self) {
        let live = (self.time - RETENTION) / SEGMENT;
        self.rows.retain(|(segment, _), _| *segment >= live);
        self.committed = self.rows.clone();
        self.time_at_commit = self.time;
    }

    fn commit(&mut self) {
        self.store.flush(&mut self.log).unwrap();
        self.store.commit((!self.log.0.is_empty()).then(|| self.log.0.len() as i64 - 1), &[]).unwrap();
        self.logged_at_commit = self.log.0.len();
        self.drop_expired();
    }

    fn forget(&mut self) {
        self.log.0.truncate(self.logged_at_commit);
        self.rows = self.committed.clone();
        self.time = self.time_at_commit;
    }

    fn reopen(&mut self) {
        let other = open(Stores::session::<String, u64>("w", Duration::from_secs(300)).in_memory().build());
        std::mem::replace(&mut self.store, other).close().unwrap();
        self.forget();
        self.store = open_in(&*self.supplier, &self.env);
        // Stream time is not kept; a restore finds it again, with the rows that were committed or dropped since.
        self.time = -1;
        if self.env.task_dir.is_none() {
            restore(&mut *self.store, &self.log);
            self.rows.clear();
            for (composed, value, _) in &self.log.0 {
                let (key, start, end) = parts(&(0, composed.clone()));
                self.time = self.time.max(end);
                let place = place(&key, start, end);
                match value {
                    Some(value) => drop(self.rows.insert(place, u64::from_be_bytes(value[..].try_into().unwrap()))),
                    None => drop(self.rows.remove(&place)),
                }
            }
            self.drop_expired();
        }
        self.time_at_commit = self.time;
        self.expired = 0;
        self.store.attach(Some(ChangelogId(3)), Arc::default());
    }

    fn find(&mut self, key: u8, earliest_end: i64, latest_start: i64, reverse: bool) {
        let mut seen = Vec::new();
        let visit = &mut |start, end, value: &u64| {
            seen.push((name(key), start, end, *value));
            Ok(ControlFlow::Continue(()))
        };
        self.store.find_sessions(&name(key), earliest_end, latest_start, reverse, visit).unwrap();
        if reverse {
            seen.reverse();
        }
        assert_eq!(seen, self.expected(earliest_end, latest_start, |of| of == name(key)));
    }

    fn between(&mut self, first: Option<u8>, last: Option<u8>, earliest_end: i64, latest_start: i64, reverse: bool) {
        let (first, last) = (first.map(name), last.map(name));
        let mut seen = Vec::new();
        let visit = &mut |key: &[u8], start, end, value: &u64| {
            seen.push((key.to_vec(), start, end, *value));
            Ok(ControlFlow::Continue(()))
        };
        self.store.find_between(first.as_deref(), last.as_deref(), earliest_end, latest_start, reverse, visit).unwrap();
        if reverse {
            seen.reverse();
        }
        let wanted = |key: &[u8]| first.as_deref().is_none_or(|first| key >= first) && last.as_deref().is_none_or(|last| key <= last);
        assert_eq!(seen, self.expected(earliest_end, latest_start, wanted));
    }

    /// Walks in the order in which the rows lie; the store may be flushed on the way.
    fn by_end(&mut self, from: i64, to: i64, flush: bool) {
        let order = |(key, start, end, _): &Row| match self.place {
            // as bytes: a key that begins with another one may come before it
            Place::Memory | Place::Shared => (*end, [&key[..], &start.to_be_bytes()].concat(), 0, Vec::<u8>::new()),
            #[cfg(feature = "rocksdb")]
            Place::Disk => (*end, Vec::new(), *start, key.clone()),
        };
        let mut expected: Vec<Row> = self.visible().into_iter().filter(|row| self.by_time && (from..=to).contains(&row.2)).collect();
        expected.sort_by_key(order);
        assert_eq!(self.store.first_end(from).unwrap().filter(|end| *end <= to), expected.first().map(|row| row.2));
        let (mut cursor, mut seen, mut key) = (self.store.cursor_by_end(from, to), Vec::new(), Vec::new());
        while let Some((start, end, value)) = cursor.next(&mut self.store, &mut key).unwrap() {
            seen.push((key.clone(), start, end, value));
            if flush && seen.len() == 1 {
                self.store.flush(&mut self.log).unwrap();
            }
        }
        assert_eq!(seen, expected);
    }

    /// A session that is there, if any is.
    fn pick(&self, nth: usize) -> Option<Row> {
        let visible = self.visible();
        (!visible.is_empty()).then(|| visible[nth % visible.len()].clone())
    }

    fn after_a_write(&mut self) {
        if !self.store.caching() {
            self.store.pop_dirty(&mut self.log, &mut Vec::new()).unwrap();
            assert_eq!(self.store.cached(), 0);
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put { key, start, length, value } => {
                let (key, end) = (name(key), start + length);
                let live = end >= self.time - RETENTION;
                assert_eq!(self.store.put(&key, start, end, value, end + 1, origin(start)).unwrap(), live);
                self.expired += u64::from(!live);
                if live {
                    self.time = self.time.max(end);
                    match value {
                        Some(value) => drop(self.rows.insert(place(&key, start, end), value)),
                        None => drop(self.rows.remove(&place(&key, start, end))),
                    }
                }
                self.after_a_write();
            }
            Op::Remove { nth } => {
                let Some((key, start, end, value)) = self.pick(nth) else { return };
                assert_eq!(self.store.remove(&key, start, end, end, origin(start)).unwrap(), Some(value));
                self.rows.remove(&place(&key, start, end));
                self.time = self.time.max(end);
                self.after_a_write();
            }
            Op::Session { nth, shift } => {
                let Some((key, start, end, value)) = self.pick(nth) else { return };
                let expected = if shift == 0 { Some(value) } else { self.rows.get(&place(&key, start, end + shift)).copied() };
                assert_eq!(self.store.fetch_session(&key, start, end + shift).unwrap(), expected);
            }
            Op::Find { key, earliest_end, latest_start, reverse } => self.find(key, earliest_end, latest_start, reverse),
            Op::Between { first, last, earliest_end, latest_start, reverse } => {
                self.between(first, last, earliest_end, latest_start, reverse);
            }
            Op::ByEnd { from, to, flush } => self.by_end(from, to, flush),
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

fn check(place: Place, caching: bool, by_time: bool, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(ops in prop::collection::vec(op(), 1..80))| {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::new(place, caching, by_time, &dir);
        for op in ops {
            model.apply(op);
        }
        model.between(None, None, 0, i64::MAX, false);
        model.commit();
        model.reopen();
        model.between(None, None, 0, i64::MAX, true);
        model.by_end(0, i64::MAX, false);
    });
}

#[test]
fn it_is_an_ordered_map_of_sessions_that_forgets() {
    for &place in PLACES {
        for (caching, by_time) in [(true, false), (false, false), (true, true), (false, true)] {
            check(place, caching, by_time, if place.is_memory() { 300 } else { 12 });
        }
    }
}

//! A window store that retains duplicates, as joins of streams keep their records in, against a list of all that was put.

use super::*;
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::time::Duration;

const RETENTION: i64 = 300_000;
const SEGMENT: i64 = RETENTION / 2;
const NAMES: [&str; 4] = ["", "k", "kk", "other"];

#[derive(Clone, Debug)]
enum Op {
    Append { key: usize, start: i64, value: u64 },
    Range { key: usize, from: i64, to: i64, reverse: bool },
    All { from: i64, to: i64, reverse: bool },
    Walk { key: Option<usize>, reverse: bool },
    Commit,
    Abort,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, start) = (|| 0..NAMES.len(), || (0..30i64).prop_map(|n| n * 34_000));
    prop_oneof![
        10 => (key(), start(), any::<u64>()).prop_map(|(key, start, value)| Op::Append { key, start, value }),
        3 => (key(), start(), start(), any::<bool>()).prop_map(|(key, from, to, reverse)| Op::Range { key, from, to, reverse }),
        2 => (start(), start(), any::<bool>()).prop_map(|(from, to, reverse)| Op::All { from, to, reverse }),
        1 => (prop::option::of(key()), any::<bool>()).prop_map(|(key, reverse)| Op::Walk { key, reverse }),
        2 => Just(Op::Commit),
        1 => Just(Op::Abort),
        1 => Just(Op::Reopen),
    ]
}

type Row = (&'static str, i64, u64);

struct Model {
    store: Box<WindowStore<String, u64>>,
    supplier: Arc<dyn StoreSupplier>,
    env: OpenEnv,
    log: Log,
    /// In the order in which they were put.
    rows: Vec<Row>,
    time: i64,
    /// Records of the changelog, rows and stream time of the last commit.
    committed: (usize, Vec<Row>, i64),
}

impl Model {
    fn new(place: Place, plain: bool, dir: &tempfile::TempDir) -> Self {
        let builder =
            Stores::window::<String, u64>("w", Duration::from_millis(RETENTION as u64), Duration::from_secs(60)).retain_duplicates();
        let builder = if plain { builder.plain() } else { builder };
        let supplier = if place.is_memory() { builder.in_memory() } else { builder }.build().unwrap();
        let env = place.env(dir);
        let mut store: Box<WindowStore<String, u64>> = open_in(&*supplier, &env);
        store.attach(Some(ChangelogId(3)), Arc::default());
        Model { store, supplier, env, log: Log::default(), rows: Vec::new(), time: -1, committed: (0, Vec::new(), -1) }
    }

    /// By segment, key and start, those that are equal as they were put.
    fn visible(&self, from: i64, to: i64, key: Option<usize>) -> Vec<Row> {
        let from = from.max(self.time - RETENTION + 1);
        let is_seen = |row: &&Row| (from..=to).contains(&row.1) && key.is_none_or(|key| row.0 == NAMES[key]);
        let mut rows: Vec<Row> = self.rows.iter().filter(is_seen).copied().collect();
        rows.sort_by_key(|(key, start, _)| (start / SEGMENT, [key.as_bytes(), &start.to_be_bytes()].concat()));
        rows
    }

    fn expect(&self, mut seen: Vec<Row>, reverse: bool, expected: &[Row]) {
        if reverse {
            seen.reverse();
        }
        assert_eq!(seen, expected);
    }

    fn commit(&mut self) {
        self.store.flush(&mut self.log).unwrap();
        self.store.commit((!self.log.0.is_empty()).then(|| self.log.0.len() as i64 - 1), &[]).unwrap();
        self.committed = (self.log.0.len(), self.rows.clone(), self.time);
    }

    fn forget(&mut self) {
        self.log.0.truncate(self.committed.0);
        (self.rows, self.time) = (self.committed.1.clone(), self.committed.2);
    }

    fn reopen(&mut self) {
        let other = open(Stores::window::<String, u64>("w", Duration::from_secs(300), Duration::from_secs(60)).in_memory().build());
        std::mem::replace(&mut self.store, other).close().unwrap();
        self.forget();
        self.store = open_in(&*self.supplier, &self.env);
        if self.env.task_dir.is_none() {
            restore(&mut *self.store, &self.log);
        }
        self.store.attach(Some(ChangelogId(3)), Arc::default());
        // a store on disk is told stream time by its task
        self.store.resume_stream_time(self.time);
        assert_eq!(self.store.observed_stream_time(), self.time);
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Append { key, start, value } => {
                let is_live = start > self.time - RETENTION;
                let put = self.store.append(NAMES[key].as_bytes(), start, &value, start + 1, origin(start), &NO_HEADERS, &mut self.log);
                assert_eq!(put.unwrap(), is_live);
                if is_live {
                    self.time = self.time.max(start);
                    self.rows.push((NAMES[key], start, value));
                }
            }
            Op::Range { key, from, to, reverse } => {
                let mut seen = Vec::new();
                let visit = &mut |start, value: &u64, _| {
                    seen.push((NAMES[key], start, *value));
                    Ok(ControlFlow::Continue(()))
                };
                self.store.fetch_range(NAMES[key].as_bytes(), from, to, reverse, visit).unwrap();
                self.expect(seen, reverse, &self.visible(from, to, Some(key)));
            }
            Op::All { from, to, reverse } => {
                let mut seen = Vec::new();
                let visit = &mut |key: &[u8], start, value: &u64, _| {
                    seen.push((known(key), start, *value));
                    Ok(ControlFlow::Continue(()))
                };
                self.store.fetch_all(from, to, reverse, visit).unwrap();
                self.expect(seen, reverse, &self.visible(from, to, None));
            }
            Op::Walk { key, reverse } => {
                let mut cursor = match key {
                    Some(key) => self.store.cursor(NAMES[key].as_bytes(), 0, i64::MAX, reverse),
                    None => self.store.cursor_all(0, i64::MAX, reverse),
                };
                let (mut found, mut seen) = (Vec::new(), Vec::new());
                while let Some((start, value, _)) = cursor.next(&mut self.store, &mut found).unwrap() {
                    seen.push((known(&found), start, value));
                }
                self.expect(seen, reverse, &self.visible(0, i64::MAX, key));
            }
            Op::Commit => self.commit(),
            Op::Abort => {
                self.store.abort();
                self.forget();
            }
            Op::Reopen => self.reopen(),
        }
    }
}

fn known(key: &[u8]) -> &'static str {
    NAMES.into_iter().find(|name| name.as_bytes() == key).expect("a key that was put")
}

#[test]
fn it_is_a_list_of_all_that_was_put_and_has_not_expired() {
    for &place in PLACES {
        for plain in [true, false] {
            let cases = if place.is_memory() { 300 } else { 24 };
            let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
            proptest!(config, |(ops in prop::collection::vec(op(), 1..80))| {
                let dir = tempfile::tempdir().unwrap();
                let mut model = Model::new(place, plain, &dir);
                for op in ops {
                    model.apply(op);
                }
                model.commit();
                model.reopen();
                model.apply(Op::All { from: 0, to: i64::MAX, reverse: false });
            });
        }
    }
}

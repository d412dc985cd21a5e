//! Stores of a global task: read by other threads while they are written, and found again where they were.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::store::{NoChangelog, Origin, PositionEntry, StateStore};
use streams_state::{CacheBudget, KvReader, KvStore, OpenEnv, SharedResources, StoreSupplier, Stores};

fn supplier() -> Arc<dyn StoreSupplier> {
    Stores::key_value::<String, i64>("rows").without_logging().build().expect("a store")
}

/// On disk where there is an engine for it.
fn open(directory: &tempfile::TempDir) -> Box<KvStore<String, i64>> {
    let env = OpenEnv {
        task_dir: Some(directory.path().to_owned()),
        changelog_topic: "global-topic".into(),
        partition: OpenEnv::GLOBAL,
        shared: SharedResources::default(),
    };
    let store = supplier().open(&env).expect("it opens");
    store.into_any().downcast().expect("the type it was described with")
}

fn reader(store: &KvStore<String, i64>) -> KvReader<String, i64> {
    let reader = store.reader().expect("a global store is shared");
    reader.downcast_ref::<KvReader<String, i64>>().expect("the store's types").clone()
}

fn position(partition: i32, offset: i64) -> PositionEntry {
    PositionEntry { topic: "global-topic".to_owned(), partition, offset }
}

fn put(store: &mut KvStore<String, i64>, key: &str, value: Option<i64>) {
    store.attach(None, Arc::new(CacheBudget::new(0)));
    store.put(key.as_bytes(), value, 7, Origin::default()).expect("a row");
    StateStore::flush(store, &mut NoChangelog).expect("it is written down");
}

#[test]
fn readers_see_what_is_committed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(&directory);
    let (rows, mut buffer) = (reader(&store), Vec::new());
    put(&mut store, "a", Some(1));
    put(&mut store, "b", Some(2));
    assert_eq!(rows.get(b"a", &mut buffer).expect("a read"), None, "it is not committed");
    store.commit(None, &[position(0, 4)]).expect("a commit");
    assert_eq!(rows.get(b"a", &mut buffer).expect("a read"), Some((1, 7)));
    put(&mut store, "a", None);
    put(&mut store, "c", Some(3));
    store.commit(None, &[position(1, 0)]).expect("a commit");
    let page = rows.page(Bound::Unbounded, Bound::Unbounded, false, 10).expect("a walk");
    assert_eq!(page, [(b"b".to_vec(), 2, 7), (b"c".to_vec(), 3, 7)]);
    let page = rows.page(Bound::Unbounded, Bound::Excluded(b"c"), true, 10).expect("a walk");
    assert_eq!(page, [(b"b".to_vec(), 2, 7)]);
    assert_eq!(rows.read_key(b"b").expect("a key"), "b");
    // a reader may outlive the store's closing
    StateStore::close(store).expect("it closes");
    assert_eq!(rows.get(b"c", &mut buffer).expect("a read"), Some((3, 7)));
}

#[test]
fn what_was_read_is_known_when_it_opens_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(&directory);
    assert!(store.reached().is_empty());
    put(&mut store, "a", Some(1));
    store.commit(None, &[position(0, 4), position(2, 9)]).expect("a commit");
    put(&mut store, "a", Some(2));
    store.commit(None, &[position(0, 5)]).expect("a commit");
    assert_eq!(store.reached(), [position(0, 5), position(2, 9)]);
    let durable = StateStore::persistent(&*store);
    StateStore::close(store).expect("it closes");
    let mut again = open(&directory);
    let expected = if durable { vec![position(0, 5), position(2, 9)] } else { Vec::new() };
    assert_eq!(again.reached(), expected);
    again.wipe().expect("nobody reads it");
    assert!(again.reached().is_empty());
}

#[test]
fn any_number_of_threads_read_while_one_writes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(&directory);
    for key in 0..100 {
        put(&mut store, &key.to_string(), Some(0));
    }
    store.commit(None, &[position(0, 0)]).expect("a commit");
    let (rows, stop) = (reader(&store), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // of one key nobody sees an older value after a newer one
                let (mut last, mut buffer, mut n) = ([0; 100], Vec::new(), 0usize);
                while !stop.load(Ordering::Relaxed) {
                    n = (n + 37) % 100;
                    let (value, _) = rows.get(n.to_string().as_bytes(), &mut buffer).expect("a read").expect("it is never deleted");
                    assert!(value >= last[n], "{value} after {}", last[n]);
                    last[n] = value;
                }
            });
        }
        for round in 1..200 {
            for key in 0..100 {
                put(&mut store, &key.to_string(), Some(round));
            }
            store.commit(None, &[position(0, round)]).expect("a commit");
        }
        stop.store(true, Ordering::Relaxed);
    });
}

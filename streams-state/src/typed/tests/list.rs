use super::*;
use crate::serde::{Serde, SerdeContext, StringSerde, Wrote};
use std::collections::BTreeMap;

type Lists = ListStore<String, String>;

fn supplier() -> ListStoreBuilder<String, String> {
    ListStoreBuilder::new("s", StringSerde, StringSerde)
}

fn lists() -> Box<Lists> {
    let mut store: Box<Lists> = open(supplier().in_memory().build());
    store.attach(Some(ChangelogId(3)), Arc::default());
    store
}

fn all(store: &mut Lists) -> Vec<(String, Vec<String>)> {
    let (mut cursor, mut key, mut rows) = (store.cursor(), Vec::new(), Vec::new());
    while let Some(mut list) = cursor.next(store, &mut key).unwrap() {
        let mut items = Vec::new();
        while let Some(item) = list.next(store, &key).unwrap() {
            items.push(item);
        }
        rows.push((store.read_key(&key).unwrap(), items));
    }
    rows
}

#[test]
fn golden_rows_and_changelog() {
    let (mut store, mut log) = (lists(), Log::default());
    store.add(b"k", &"a".to_owned(), 5, origin(1), &mut log).unwrap();
    store.add(b"k", &"bc".to_owned(), 7, origin(2), &mut log).unwrap();
    store.remove(b"k", 9, &mut log).unwrap();
    let list = |bytes: &[u8], time| (b"k".to_vec(), Some(bytes.to_vec()), time);
    assert_eq!(
        log.0,
        [list(b"\x01\0\0\0\x01\0\0\0\x01a", 5), list(b"\x01\0\0\0\x02\0\0\0\x01a\0\0\0\x02bc", 7), (b"k".to_vec(), None, 9)],
        "the whole list each time, then a tombstone"
    );
    assert!(!store.remove_if_present(b"k", 10, &mut log).unwrap());
    assert_eq!(log.0.len(), 3, "nothing is logged where nothing was");
    store.remove(b"k", 11, &mut log).unwrap();
    assert_eq!(log.0.len(), 4, "a blind delete is logged");
}

#[test]
fn a_row_that_is_no_list_is_told() {
    let mut store = lists();
    let log = Log(vec![(b"k".to_vec(), Some(b"\x00".to_vec()), 1), (b"short".to_vec(), Some(b"\x01\0\0\0\x01\0\0\0\x09a".to_vec()), 1)]);
    restore(&mut *store, &log);
    let error = store.add(b"k", &"a".to_owned(), 1, origin(1), &mut Log::default()).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("store s: the row of key \"k\" is not a list")), (ErrorKind::Corrupted, true));
    let (mut cursor, mut key) = (store.cursor(), Vec::new());
    assert_eq!(cursor.next(&mut store, &mut key).err().unwrap().kind(), ErrorKind::Corrupted);
    let mut list = cursor.next(&mut store, &mut key).unwrap().unwrap();
    assert_eq!(list.next(&store, &key).unwrap_err().kind(), ErrorKind::Corrupted, "the item is shorter than it says");
}

#[test]
fn an_item_that_cannot_be_written_names_its_record_and_leaves_the_list() {
    struct Picky;
    impl Serde<String> for Picky {
        fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<String, BoxError> {
            StringSerde.deserialize(cx, bytes)
        }
        fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
            if value == "null" { Ok(Wrote::Null) } else { StringSerde.serialize(cx, value, out) }
        }
    }
    let mut store: Box<Lists> = open(ListStoreBuilder::new("s", StringSerde, Picky).in_memory().build());
    let mut log = Log::default();
    store.add(b"k", &"a".to_owned(), 5, origin(1), &mut log).unwrap();
    let error = store.add(b"k", &"null".to_owned(), 5, origin(8), &mut log).unwrap_err();
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Serde, Some(origin(8))));
    assert_eq!(all(&mut store), [("k".to_owned(), vec!["a".to_owned()])]);
}

#[test]
fn caching_and_illegal_names_are_refused() {
    assert!(supplier().caching(true).build().err().unwrap().to_string().contains("list store s cannot be cached"));
    assert!(ListStoreBuilder::new("no such", StringSerde, StringSerde).build().is_err());
}

/// Adds, deletes, commits, aborts and restarts at random, compared with maps.
#[test]
fn it_is_a_map_of_lists() {
    for place in PLACES {
        for seed in 0..200u64 {
            run(*place, seed);
        }
    }
}

fn run(place: Place, seed: u64) {
    let mut random = seed;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let dir = tempfile::tempdir().unwrap();
    let env = place.env(&dir);
    let supplier = supplier().build().unwrap();
    let (mut log, mut model, mut committed) = (Log::default(), BTreeMap::<String, Vec<String>>::new(), (0, BTreeMap::new()));
    let mut store = open_in::<Lists>(&*supplier, &env);
    store.attach(Some(ChangelogId(3)), Arc::default());
    for step in 0..60 {
        let key = format!("k{}", next(9));
        match next(12) {
            0..6 => {
                let item = "i".repeat(next(40) as usize);
                store.add(key.as_bytes(), &item, step, origin(step), &mut log).unwrap();
                model.entry(key).or_default().push(item);
            }
            6 => {
                store.remove(key.as_bytes(), step, &mut log).unwrap();
                model.remove(&key);
            }
            7 => assert_eq!(store.remove_if_present(key.as_bytes(), step, &mut log).unwrap(), model.remove(&key).is_some()),
            8 => {
                store.commit(Some(log.0.len() as i64 - 1).filter(|offset| *offset >= 0), &[]).unwrap();
                committed = (log.0.len(), model.clone());
            }
            9 => {
                // the changelog of an aborted transaction is not read
                store.abort();
                log.0.truncate(committed.0);
                model = committed.1.clone();
            }
            10 if log.0.len() == committed.0 => {
                store.close().unwrap();
                store = open_in::<Lists>(&*supplier, &env);
                restore(&mut *store, &log);
                store.attach(Some(ChangelogId(3)), Arc::default());
            }
            _ => {
                let mut last = Vec::new();
                assert_eq!(store.last_key(&mut last).unwrap(), !model.is_empty());
                assert_eq!(last, model.keys().last().map_or(&b""[..], |key| key.as_bytes()));
            }
        }
        assert_eq!(all(&mut store), model.clone().into_iter().collect::<Vec<_>>(), "seed {seed}, step {step}, {place:?}");
    }
    store.close().unwrap();
}

//! Rows with headers, and the rows of stores that kept less.

use super::*;

type Row = WithHeaders<u64>;

const TIME: [u8; 8] = MINUTE.to_be_bytes();
const SEVEN: [u8; 8] = 7u64.to_be_bytes();

fn opened<S: 'static>(dir: &Path, supplier: Result<std::sync::Arc<dyn StoreSupplier>>) -> Box<S> {
    supplier.unwrap().open(&env(dir)).unwrap().into_any().downcast().ok().unwrap()
}

fn plain() -> KeyValueStoreBuilder<String, u64> {
    Stores::key_value("counts").plain()
}

fn headed() -> KeyValueStoreBuilder<String, Row> {
    Stores::key_value::<String, u64>("counts").with_headers()
}

fn visits() -> SessionStoreBuilder<String, u64> {
    Stores::session("visits", Duration::from_millis(4 * MINUTE as u64))
}

fn some() -> Headers {
    let mut headers = Headers::new();
    headers.add("h", "x");
    headers
}

/// The rows of a database, without what they stand for.
fn rows(path: &Path) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    dump(path).into_iter().filter(|row| row.0 != "offsets").collect()
}

#[test]
fn rows_lie_where_java_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut store: Box<KvStore<String, Row>> = opened(dir.path(), headed().build());
    store.put(b"k", Some(WithHeaders::new(7, some())), MINUTE, Origin::default()).unwrap();
    store.flush(&mut NoChangelog).unwrap();
    store.commit(Some(3), &[]).unwrap();
    store.close().unwrap();
    let path = counts_dir(dir.path());
    let mut families = DB::list_cf(&Options::default(), &path).unwrap();
    families.sort();
    assert_eq!(families, ["default", "keyValueWithTimestampAndHeaders", "offsets"]);
    let value = [b"\x0a\x02\x02h\x02x", &TIME[..], &SEVEN].concat();
    assert_eq!(rows(&path), [row("keyValueWithTimestampAndHeaders", b"k", &value)]);
    let mut store: Box<KvStore<String, Row>> = opened(dir.path(), headed().build());
    assert_eq!((store.get(b"k").unwrap(), store.committed_offset()), (Some((WithHeaders::new(7, some()), MINUTE)), Some(3)));
    store.close().unwrap();
    for (supplier, kind) in [(Stores::key_value::<String, u64>("counts"), "timestamped"), (plain(), "plain")] {
        let e = supplier.build().unwrap().open(&env(dir.path())).err().unwrap();
        assert_eq!(e.kind(), ErrorKind::Invalid);
        let why = format!("counts has a column family `keyValueWithTimestampAndHeaders`, so it is not a {kind} store as the topology says");
        assert!(e.to_string().contains(&why), "{e}");
    }
}

#[test]
fn rows_of_a_store_that_kept_less_are_taken_over() {
    for builder in [plain(), Stores::key_value("counts")] {
        let dir = tempfile::tempdir().unwrap();
        let mut store: Box<KvStore<String, u64>> = opened(dir.path(), builder.build());
        put(&mut store, "k", 7);
        store.commit(Some(3), &[]).unwrap();
        let time = store.get(b"k").unwrap().unwrap().1;
        store.close().unwrap();
        // once from the other families, once more from its own
        for _ in 0..2 {
            let mut store: Box<KvStore<String, Row>> = opened(dir.path(), headed().build());
            let expected = Some((WithHeaders::new(7, Headers::new()), time));
            assert_eq!((store.get(b"k").unwrap(), store.committed_offset()), (expected, Some(3)));
            store.close().unwrap();
            let value = [&[0][..], &time.to_be_bytes(), &SEVEN].concat();
            assert_eq!(rows(&counts_dir(dir.path())), [row("keyValueWithTimestampAndHeaders", b"k", &value)]);
        }
    }
}

#[test]
fn sessions_keep_headers_and_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store: Box<SessionStore<String, u64>> = opened(dir.path(), visits().build());
    assert!(store.put(b"k", 0, MINUTE, Some(7), MINUTE, Origin::default()).unwrap());
    store.flush(&mut NoChangelog).unwrap();
    store.commit(Some(3), &[]).unwrap();
    store.close().unwrap();
    let mut store: Box<SessionStore<String, Row>> = opened(dir.path(), visits().with_headers().build());
    assert_eq!(store.fetch_session(b"k", 0, MINUTE).unwrap(), Some(WithHeaders::new(7, Headers::new())));
    assert!(store.put(b"l", 0, MINUTE, Some(WithHeaders::new(7, some())), MINUTE, Origin::default()).unwrap());
    store.flush(&mut NoChangelog).unwrap();
    store.commit(Some(4), &[]).unwrap();
    store.close().unwrap();
    let key = |key: &[u8]| [key, &TIME, &[0; 8]].concat();
    let with = [b"\x0a\x02\x02h\x02x", &SEVEN[..]].concat();
    let family = "sessionKeyValueWithHeaders";
    let expected = [row(family, &key(b"k"), &[&[0][..], &SEVEN].concat()), row(family, &key(b"l"), &with)];
    assert_eq!(rows(&dir.path().join("0_1/visits/visits.0")), expected);
    assert!(visits().build().unwrap().open(&env(dir.path())).is_err());
}

#[test]
fn windows_are_taken_over_segment_by_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = windows(dir.path());
    put_window(&mut store, "k", MINUTE);
    put_window(&mut store, "k", 3 * MINUTE);
    store.commit(Some(3), &[]).unwrap();
    store.close().unwrap();
    let builder = Stores::window::<String, u64>("windows", Duration::from_millis(4 * MINUTE as u64), Duration::from_millis(MINUTE as u64));
    let mut store: Box<WindowStore<String, Row>> = opened(dir.path(), builder.with_headers().build());
    for start in [MINUTE, 3 * MINUTE] {
        assert_eq!(store.fetch(b"k", start).unwrap(), Some((WithHeaders::new(1, Headers::new()), start)));
    }
    assert_eq!(store.committed_offset(), Some(3));
    store.close().unwrap();
    let key = [&b"k"[..], &TIME, &[0; 4]].concat();
    let value = [&[0][..], &TIME, &1u64.to_be_bytes()].concat();
    assert_eq!(rows(&dir.path().join("0_1/windows/windows.0")), [row("keyValueWithTimestampAndHeaders", &key, &value)]);
}

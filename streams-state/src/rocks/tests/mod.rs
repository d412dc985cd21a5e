use crate::store::{ChangelogRecord, NoChangelog, Origin, PositionEntry, StateStore};
use crate::*;
use rocksdb::{DB, IteratorMode, Options};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod config_setter;
mod headers;

const MINUTE: i64 = 60_000;

fn env(dir: &Path) -> OpenEnv {
    OpenEnv {
        task_dir: Some(dir.join("0_1")),
        changelog_topic: "app-counts-changelog".into(),
        partition: 1,
        shared: SharedResources::default(),
    }
}

fn try_counts(dir: &Path) -> Result<Box<KvStore<String, u64>>> {
    let store = Stores::key_value::<String, u64>("counts").build()?.open(&env(dir))?;
    Ok(store.into_any().downcast().unwrap())
}

fn counts(dir: &Path) -> Box<KvStore<String, u64>> {
    try_counts(dir).unwrap()
}

fn counts_dir(dir: &Path) -> PathBuf {
    dir.join("0_1/rocksdb/counts")
}

fn windows(dir: &Path) -> Box<WindowStore<String, u64>> {
    let builder = Stores::window::<String, u64>("windows", Duration::from_millis(4 * MINUTE as u64), Duration::from_millis(MINUTE as u64));
    builder.build().unwrap().open(&env(dir)).unwrap().into_any().downcast().unwrap()
}

fn put(store: &mut KvStore<String, u64>, key: &str, value: u64) {
    store.put(key.as_bytes(), Some(value), MINUTE, Origin::default()).unwrap();
    store.flush(&mut NoChangelog).unwrap();
}

fn put_window(store: &mut WindowStore<String, u64>, key: &str, start: i64) {
    assert!(store.put(key.as_bytes(), start, Some(1), start, Origin::default()).unwrap());
    store.flush(&mut NoChangelog).unwrap();
}

fn applied(offset: i64) -> [PositionEntry; 1] {
    [PositionEntry { topic: "in".into(), partition: 1, offset }]
}

/// Everything in a directory's database, by column family.
fn dump(path: &Path) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let families = DB::list_cf(&Options::default(), path).unwrap();
    let db = DB::open_cf_for_read_only(&Options::default(), path, &families, false).unwrap();
    let mut rows = Vec::new();
    for family in &families {
        for row in db.iterator_cf(db.cf_handle(family).unwrap(), IteratorMode::Start) {
            let (key, value) = row.unwrap();
            rows.push((family.clone(), key.into(), value.into()));
        }
    }
    rows
}

fn row(family: &str, key: &[u8], value: &[u8]) -> (String, Vec<u8>, Vec<u8>) {
    (family.into(), key.into(), value.into())
}

#[test]
fn files_are_java_s() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = counts(dir.path());
    assert!(store.persistent());
    assert_eq!(store.committed_offset(), None);
    put(&mut store, "v", 7);
    store.commit(Some(41), &applied(9)).unwrap();
    store.close().unwrap();
    let path = counts_dir(dir.path());
    let mut families = DB::list_cf(&Options::default(), &path).unwrap();
    families.sort();
    assert_eq!(families, ["default", "keyValueWithTimestamp", "offsets"]);
    let position = [&[0, 0, 0, 0, 1, 0, 0, 0, 2][..], b"in", &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]].concat();
    let timestamped = [0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 0, 0, 0, 0, 7];
    let expected = [
        row("keyValueWithTimestamp", b"v", &timestamped),
        row("offsets", b"app-counts-changelog-1", &41i64.to_be_bytes()),
        row("offsets", b"position", &position),
        row("offsets", b"status", &[0; 8]),
    ];
    assert_eq!(dump(&path), expected);
    let mut store = counts(dir.path());
    assert_eq!((store.committed_offset(), store.position().get("in", 1)), (Some(41), Some(9)));
    assert_eq!(store.get(b"v").unwrap(), Some((7, MINUTE)));
    assert_eq!(store.approximate_num_entries(), 1);
}

#[test]
fn a_plain_store_s_rows_get_a_time_when_it_becomes_timestamped_but_not_back() {
    let dir = tempfile::tempdir().unwrap();
    let plain = Stores::key_value::<String, u64>("counts").plain().build().unwrap();
    let mut store: Box<KvStore<String, u64>> = plain.open(&env(dir.path())).unwrap().into_any().downcast().unwrap();
    put(&mut store, "k", 7);
    store.commit(Some(3), &[]).unwrap();
    store.close().unwrap();
    assert_eq!(dump(&counts_dir(dir.path()))[0], row("default", b"k", &7u64.to_be_bytes()));
    let mut store = counts(dir.path());
    assert_eq!((store.get(b"k").unwrap(), store.committed_offset()), (Some((7, -1)), Some(3)));
    store.close().unwrap();
    let e = plain.open(&env(dir.path())).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Invalid);
    assert!(e.to_string().contains("0_1/rocksdb/counts has a column family `keyValueWithTimestamp`, so it is not a plain store"), "{e}");
}

#[test]
fn what_a_dying_java_process_left_open_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    counts(dir.path()).close().unwrap();
    let path = counts_dir(dir.path());
    let families = DB::list_cf(&Options::default(), &path).unwrap();
    let db = DB::open_cf(&Options::default(), &path, &families).unwrap();
    db.put_cf(db.cf_handle("offsets").unwrap(), b"status", 1i64.to_be_bytes()).unwrap();
    drop(db);
    let e = try_counts(dir.path()).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Corrupted);
    assert!(e.to_string().contains("left open by a Java process that died"), "{e}");
}

#[test]
fn java_s_unknown_offset_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = counts(dir.path());
    store.commit(Some(-4), &[]).unwrap();
    store.close().unwrap();
    assert_eq!(counts(dir.path()).committed_offset(), None);
}

#[test]
fn a_wipe_leaves_nothing_and_the_store_works_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = counts(dir.path());
    put(&mut store, "k", 7);
    store.commit(Some(3), &applied(4)).unwrap();
    store.wipe().unwrap();
    assert_eq!((store.get(b"k").unwrap(), store.committed_offset()), (None, None));
    assert!(store.position().is_empty());
    put(&mut store, "k", 8);
    store.commit(Some(1), &[]).unwrap();
    store.close().unwrap();
    assert_eq!(counts(dir.path()).get(b"k").unwrap(), Some((8, MINUTE)));
}

#[test]
fn trouble_names_the_directory_and_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = counts_dir(dir.path());
    let held = counts(dir.path());
    let e = try_counts(dir.path()).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);
    assert!(e.to_string().contains("0_1/rocksdb/counts: another process or store has it open"), "{e}");
    held.close().unwrap();

    std::fs::write(path.join("CURRENT"), "garbage").unwrap();
    let e = try_counts(dir.path()).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Corrupted, "{e}");
    assert!(e.to_string().contains("0_1/rocksdb/counts: its files are damaged: delete the directory"), "{e}");
    let supplier = Stores::key_value::<String, u64>("counts").build().unwrap();
    supplier.destroy(&env(dir.path())).unwrap();
    counts(dir.path()).close().unwrap();
    supplier.destroy(&env(dir.path())).unwrap();
    assert!(!path.exists());
    supplier.destroy(&env(dir.path())).unwrap();

    std::fs::write(&path, "a file in the way").unwrap();
    let e = try_counts(dir.path()).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);
    assert!(e.to_string().contains("could not create the directory"), "{e}");
}

#[test]
fn a_damaged_or_missing_table_is_found() {
    for damage in [|file: &Path| std::fs::write(file, "no table").unwrap(), |file: &Path| std::fs::remove_file(file).unwrap()] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = counts(dir.path());
        put(&mut store, "k", 7);
        store.commit(Some(3), &[]).unwrap();
        store.close().unwrap();
        let files = std::fs::read_dir(counts_dir(dir.path())).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|e| e == "sst")).for_each(|file| damage(&file));
        let e = try_counts(dir.path()).and_then(|mut store| store.get(b"k").map(|_| ())).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupted, "{e}");
    }
}

#[test]
fn window_segments_lie_where_java_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("0_1/windows");
    let segments = || {
        let mut names: Vec<_> = std::fs::read_dir(&base).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let mut store = windows(dir.path());
    put_window(&mut store, "k", MINUTE);
    put_window(&mut store, "k", 5 * MINUTE - 1);
    store.commit(Some(5), &applied(1)).unwrap();
    assert_eq!(segments(), ["windows.0", "windows.240000"]);
    put_window(&mut store, "k", 7 * MINUTE);
    store.commit(Some(6), &applied(2)).unwrap();
    assert_eq!(segments(), ["windows.240000", "windows.360000"], "the first has expired");
    store.close().unwrap();
    let key = [&b"k"[..], &(7 * MINUTE).to_be_bytes(), &[0; 4]].concat();
    let value = [(7 * MINUTE).to_be_bytes(), 1u64.to_be_bytes()].concat();
    let rows = dump(&base.join("windows.360000"));
    assert_eq!(rows[0], row("keyValueWithTimestamp", &key, &value));
    assert_eq!(rows[1], row("offsets", b"app-counts-changelog-1", &6i64.to_be_bytes()));
    let offset = row("offsets", b"app-counts-changelog-1", &6i64.to_be_bytes());
    assert!(dump(&base.join("windows.240000")).contains(&offset), "every live segment says how far it is");
}

#[test]
fn session_segments_lie_where_java_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("0_1/visits");
    let visits = || -> Box<SessionStore<String, u64>> {
        let supplier = Stores::session::<String, u64>("visits", Duration::from_millis(4 * MINUTE as u64)).build().unwrap();
        supplier.open(&env(dir.path())).unwrap().into_any().downcast().ok().unwrap()
    };
    let put = |store: &mut SessionStore<String, u64>, start, end| {
        assert!(store.put(b"k", start, end, Some(1), end, Origin::default()).unwrap());
        store.flush(&mut NoChangelog).unwrap();
    };
    let segments = || {
        let mut names: Vec<_> = std::fs::read_dir(&base).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let mut store = visits();
    put(&mut store, 0, MINUTE);
    put(&mut store, MINUTE, 5 * MINUTE);
    store.commit(Some(5), &applied(1)).unwrap();
    assert_eq!(segments(), ["visits.0", "visits.240000"], "segments go by the ends of sessions");
    put(&mut store, 0, 7 * MINUTE);
    store.commit(Some(6), &applied(2)).unwrap();
    assert_eq!(segments(), ["visits.240000", "visits.360000"], "the first has expired");
    store.close().unwrap();
    let key = [&b"k"[..], &(7 * MINUTE).to_be_bytes(), &0i64.to_be_bytes()].concat();
    let rows = dump(&base.join("visits.360000"));
    assert_eq!(rows[0], row("default", &key, &1u64.to_be_bytes()));
    assert_eq!(rows[1], row("offsets", b"app-counts-changelog-1", &6i64.to_be_bytes()));
    let mut store = visits();
    let mut seen = Vec::new();
    store
        .find_sessions(b"k", 0, i64::MAX, false, &mut |start, end, _| {
            seen.push((start, end));
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(seen, [(MINUTE, 5 * MINUTE), (0, 7 * MINUTE)]);
}

#[test]
fn rows_by_time_lie_where_java_has_them() {
    for indexed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let builder = Stores::window::<String, u64>("windows", Duration::from_millis(4 * MINUTE as u64), Duration::from_secs(60));
        let supplier = builder.time_first(indexed).build().unwrap();
        let open = || -> Box<WindowStore<String, u64>> { supplier.open(&env(dir.path())).unwrap().into_any().downcast().unwrap() };
        let mut store = open();
        put_window(&mut store, "k", MINUTE);
        store.commit(Some(5), &applied(1)).unwrap();
        store.close().unwrap();
        let start = MINUTE.to_be_bytes();
        let base = [&[0][..], &start, b"k", &[0; 4]].concat();
        let index = [&[1][..], b"k", &start, &[0; 4]].concat();
        let value = [start, 1u64.to_be_bytes()].concat();
        let rows = dump(&dir.path().join("0_1/windows/windows.0"));
        let rows: Vec<_> = rows.into_iter().filter(|row| row.0 != "offsets").collect();
        let mut expected = vec![row("default", &base, &value)];
        expected.extend(indexed.then(|| row("default", &index, b"")));
        assert_eq!(rows, expected, "families and rows, indexed: {indexed}");
        let mut store = open();
        assert_eq!((store.fetch(b"k", MINUTE).unwrap(), store.committed_offset()), (Some((1, MINUTE)), Some(5)));
    }
}

#[test]
fn a_segmented_store_stands_at_its_smallest_offset() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = windows(dir.path());
    put_window(&mut store, "k", MINUTE);
    store.commit(Some(5), &[]).unwrap();
    store.close().unwrap();
    let kept = dir.path().join("kept");
    std::fs::rename(dir.path().join("0_1/windows/windows.0"), &kept).unwrap();
    let mut store = windows(dir.path());
    assert_eq!(store.committed_offset(), None, "no segment, no offset");
    put_window(&mut store, "k", 3 * MINUTE);
    store.commit(Some(9), &[]).unwrap();
    store.close().unwrap();
    // As after a crash in the middle of a commit: one segment was written, the other was not.
    std::fs::rename(&kept, dir.path().join("0_1/windows/windows.0")).unwrap();
    let mut store = windows(dir.path());
    assert_eq!(store.committed_offset(), Some(5));
    let mut seen = Vec::new();
    store
        .fetch_range(b"k", 0, i64::MAX, false, &mut |start, _, _| {
            seen.push(start);
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(seen, [MINUTE, 3 * MINUTE]);
    store.wipe().unwrap();
    assert_eq!((store.committed_offset(), store.approximate_num_entries()), (None, 0));
    assert_eq!(std::fs::read_dir(dir.path().join("0_1/windows")).unwrap().count(), 0);
}

#[test]
fn many_stores_stay_within_the_shared_budget() {
    let dir = tempfile::tempdir().unwrap();
    let limits = ResourceLimits { block_cache_bytes: 1 << 20, write_buffer_bytes: 2 << 20, background_threads: 1 };
    let shared = SharedResources::new(limits);
    let supplier = Stores::key_value::<String, Vec<u8>>("counts").build().unwrap();
    let mut stores: Vec<Box<KvStore<String, Vec<u8>>>> = (0..16)
        .map(|task| {
            let env = OpenEnv { task_dir: Some(dir.path().join(format!("0_{task}"))), shared: shared.clone(), ..env(dir.path()) };
            supplier.open(&env).unwrap().into_any().downcast().unwrap()
        })
        .collect();
    assert!(shared.write_buffer_used() < 6 << 20, "16 empty stores take {}", shared.write_buffer_used());
    for round in 0..50u32 {
        for store in &mut stores {
            for n in 0..40u32 {
                store.put(&[round.to_be_bytes(), n.to_be_bytes()].concat(), Some(vec![7; 1000]), 0, Origin::default()).unwrap();
            }
            store.flush(&mut NoChangelog).unwrap();
            store.commit(Some(round.into()), &[]).unwrap();
        }
    }
    // 32 MB were written by keys of 8 and values of 1000 bytes. The budget was raised to what 16 stores need at least, 12.8 MB; what is just
    // being flushed counts beyond it.
    assert!(shared.write_buffer_used() < 20 << 20, "{}", shared.write_buffer_used());
    for store in &mut stores {
        for n in 0..40u32 {
            assert!(store.get(&[3u32.to_be_bytes(), n.to_be_bytes()].concat()).unwrap().is_some());
        }
    }
    assert!(shared.block_cache_used() < 2 << 20, "{}", shared.block_cache_used());
}

/// What a changelog of counts would hold.
fn restore(store: &mut KvStore<String, u64>, records: &[(String, Option<u64>)], from: i64) {
    let bytes: Vec<Option<[u8; 8]>> = records.iter().map(|(_, value)| value.map(u64::to_be_bytes)).collect();
    let mut records = records.iter().zip(&bytes).zip(from..).map(|(((key, _), value), offset)| ChangelogRecord {
        key: key.as_bytes(),
        value: value.as_ref().map(|value| &value[..]),
        timestamp: MINUTE,
        offset,
        headers: &NO_HEADERS,
    });
    store.restore(&mut records, from + bytes.len() as i64).unwrap();
}

#[test]
fn what_is_restored_is_loaded_in_one_go_and_later_records_win() {
    let dir = tempfile::tempdir().unwrap();
    let name = |n: u64| format!("key {n:05}");
    let mut store = counts(dir.path());
    // three rounds, each over the rows of the one before
    for round in 0..3u64 {
        let records: Vec<_> = (0..2000).rev().map(|n| (name(n), (!n.is_multiple_of(round + 2)).then_some(n + round))).collect();
        restore(&mut store, &records, round as i64 * 2000);
        assert_eq!(store.get(name(1999).as_bytes()).unwrap().map(|found| found.0), records[0].1, "it is read before it is settled");
        assert_eq!(store.committed_offset(), (round > 0).then_some(round as i64 * 2000 - 1));
        store.settle().unwrap();
        assert_eq!((store.committed_offset(), store.uncommitted_bytes()), (Some((round as i64 + 1) * 2000 - 1), 0));
    }
    let expected = |n: u64| (!n.is_multiple_of(4)).then_some((n + 2, MINUTE));
    assert!((0..2000).all(|n| store.get(name(n).as_bytes()).unwrap() == expected(n)));
    store.close().unwrap();
    let rows = dump(&counts_dir(dir.path()));
    assert_eq!(rows.iter().filter(|(family, ..)| family == "keyValueWithTimestamp").count(), 1500);

    // changes go on where the log ended; what was restored and not settled is gone with the process
    let mut store = counts(dir.path());
    put(&mut store, &name(4), 1);
    store.commit(Some(6000), &[]).unwrap();
    restore(&mut store, &[(name(4), Some(9))], 6001);
    drop(store);
    let mut store = counts(dir.path());
    assert_eq!((store.get(name(4).as_bytes()).unwrap(), store.committed_offset()), (Some((1, MINUTE)), Some(6000)));
    assert!(!counts_dir(dir.path()).join("loaded.rows").exists());
}

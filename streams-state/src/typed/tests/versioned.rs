use super::*;
use std::time::Duration;

type Versioned = VersionedStore<String, String>;

fn builder(retention_ms: u64) -> VersionedStoreBuilder<String, String> {
    Stores::versioned_key_value("s", Duration::from_millis(retention_ms)).segment_interval(Duration::from_millis(10)).in_memory()
}

fn store(retention_ms: u64) -> Box<Versioned> {
    let mut store: Box<Versioned> = open(builder(retention_ms).build());
    store.attach(Some(ChangelogId(3)), Arc::default());
    store
}

fn put(store: &mut Versioned, log: &mut Log, key: &str, value: Option<&str>, time: i64) -> PutResult {
    store.put(key.as_bytes(), value.map(str::to_owned).as_ref(), time, origin(1), log).unwrap()
}

#[test]
fn puts_tell_until_when_they_are_valid() {
    let (mut store, mut log) = (store(100), Log::default());
    assert_eq!(put(&mut store, &mut log, "k", Some("a"), 50), PutResult::Latest);
    assert_eq!(put(&mut store, &mut log, "k", Some("b"), 20), PutResult::ValidTo(50));
    assert_eq!(put(&mut store, &mut log, "k", None, 120), PutResult::Latest);
    assert_eq!(put(&mut store, &mut log, "k", Some("c"), 60), PutResult::ValidTo(120));
    assert_eq!(put(&mut store, &mut log, "k", Some("late"), 19), PutResult::TooOld);
    let seen = |store: &mut Versioned, time| store.get_as_of(b"k", time).unwrap().map(|r| (r.value, r.timestamp, r.valid_to));
    assert_eq!(seen(&mut store, 20), Some(("b".into(), 20, Some(50))));
    assert_eq!(seen(&mut store, 59), Some(("a".into(), 50, Some(60))));
    assert_eq!(seen(&mut store, 119), Some(("c".into(), 60, Some(120))));
    assert_eq!((seen(&mut store, 120), store.get(b"k").unwrap()), (None, None));
    assert_eq!((store.expired_writes(), store.observed_stream_time(), log.0.len()), (1, 120, 5), "the late one is logged, as Java does");
}

#[test]
fn a_deletion_at_the_time_of_the_latest_version_is_forgotten_with_it_as_in_java() {
    let (mut store, mut log) = (store(100), Log::default());
    put(&mut store, &mut log, "k", Some("a"), 50);
    assert_eq!(put(&mut store, &mut log, "k", None, 50), PutResult::Latest);
    assert_eq!(put(&mut store, &mut log, "k", Some("older"), 20), PutResult::Latest, "nothing tells of the deletion");
    assert_eq!(store.get(b"k").unwrap().map(|r| (r.value, r.timestamp)), Some(("older".into(), 20)));
}

#[test]
fn what_has_expired_goes_from_the_engine() {
    let (mut store, mut log) = (store(20), Log::default());
    for time in (0..200).step_by(5) {
        put(&mut store, &mut log, "k", Some("v"), time);
        put(&mut store, &mut log, "other", Some("v"), 0);
    }
    store.commit(Some(log.0.len() as i64 - 1), &[]).unwrap();
    // the latest two, and the segments of the last 20 ms: 170, 180, 190
    assert_eq!(store.approximate_num_entries(), 2 + 3);
    for time in (200..300).step_by(5) {
        put(&mut store, &mut log, "k", Some("v"), time);
        store.commit(Some(log.0.len() as i64 - 1), &[]).unwrap();
    }
    assert_eq!(store.approximate_num_entries(), 2 + 3, "those that were committed before too");
    assert_eq!(store.get_as_of(b"other", 10).unwrap().map(|r| r.timestamp), Some(0), "the latest version never expires");
}

#[test]
fn a_restore_drops_what_was_late_when_it_was_put() {
    let (mut before, mut log) = (store(20), Log::default());
    for (value, time) in [(Some("a"), 10), (Some("b"), 100), (Some("late"), 50), (Some("c"), 90), (None, 95)] {
        put(&mut before, &mut log, "k", value, time);
    }
    let mut after = store(20);
    restore(&mut *after, &log);
    for time in 0..110 {
        assert_eq!(after.get_as_of(b"k", time).unwrap(), before.get_as_of(b"k", time).unwrap(), "at {time}");
    }
    assert_eq!((after.committed_offset(), after.observed_stream_time(), after.expired_writes()), (Some(4), 100, 0));
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut store, mut log) = (store(20), Log::default());
    let error = store.put(b"k", None, -1, origin(7), &mut log).unwrap_err();
    assert_eq!((error.kind(), error.origin(), log.0.len()), (ErrorKind::Invalid, Some(origin(7)), 0));
    let refused = |builder: VersionedStoreBuilder<String, String>| builder.build().err().unwrap().to_string();
    assert!(refused(builder(1).caching(true)).contains("versioned store s cannot be cached"));
    assert!(refused(builder(1).segment_interval(Duration::ZERO)).contains("segment interval"));
    assert_eq!(builder(5).build().unwrap().kind(), StoreKind::Versioned { history_retention_ms: 5 });
}

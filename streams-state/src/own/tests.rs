use super::*;
use crate::store::{Changelog, ChangelogId, ChangelogRecord, StateStore};
use crate::{CacheBudget, ErrorKind, OpenEnv, OwnStoreBuilder, Result, SharedResources, Stores};
use std::collections::BTreeMap;
use std::fs;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Rows in memory, and as of the last commit in a file, if it has a directory: the offset, then the rows.
#[derive(Default)]
struct Words {
    rows: Rows,
    offset: Option<i64>,
    file: Option<PathBuf>,
}

impl Words {
    fn make(context: &OwnStoreContext) -> Result<Words, BoxError> {
        let mut words = Words { file: context.directory().map(|path| path.join("words")), ..Words::default() };
        let text = words.file.as_ref().and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        let mut lines = text.lines();
        words.offset = lines.next().map(str::parse).transpose()?;
        words.rows = lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect();
        Ok(words)
    }
}

impl OwnStore for Words {
    fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
        match change.value {
            Some(b"wrong") => return Err("no such word".into()),
            Some(b"boom") => panic!("boom"),
            Some(value) => self.rows.insert(change.key.to_vec(), value.to_vec()),
            None => self.rows.remove(change.key),
        };
        Ok(())
    }

    fn commit(&mut self, offset: Option<i64>) -> Result<(), BoxError> {
        if let (Some(file), Some(offset)) = (&self.file, offset) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let rows: String = self.rows.iter().map(|(key, value)| format!("{}={}\n", text(key), text(value))).collect();
            fs::write(file, format!("{offset}\n{rows}"))?;
        }
        Ok(())
    }

    fn committed_offset(&self) -> Option<i64> {
        self.offset
    }

    fn num_entries(&self) -> u64 {
        self.rows.len() as u64
    }
}

#[derive(Default)]
struct Log(Vec<(Vec<u8>, Option<Vec<u8>>, i64)>);

impl Changelog for Log {
    fn log(&mut self, id: ChangelogId, key: &[u8], value: Option<&[u8]>, timestamp: i64, _: &Headers) -> Result<()> {
        assert_eq!(id, ChangelogId(3));
        self.0.push((key.to_vec(), value.map(<[u8]>::to_vec), timestamp));
        Ok(())
    }
}

fn in_directory(path: Option<&Path>) -> OpenEnv {
    let task_dir = path.map(Path::to_owned);
    OpenEnv { task_dir, changelog_topic: "app-s-changelog".into(), partition: 5, shared: SharedResources::default() }
}

fn open(builder: OwnStoreBuilder<Words>, path: Option<&Path>) -> OwnState<Words> {
    let store = builder.build().unwrap().open(&in_directory(path)).unwrap();
    let mut store = *store.into_any().downcast::<OwnState<Words>>().unwrap();
    store.attach(Some(ChangelogId(3)), Arc::new(CacheBudget::new(0)));
    store
}

fn memory() -> OwnState<Words> {
    open(Stores::own("words", Words::make), None)
}

fn put(store: &mut OwnState<Words>, log: &mut Log, key: &str, value: &str) {
    let change = StoreChange::new(key.as_bytes(), Some(value.as_bytes()), 7);
    store.apply(&change).unwrap();
    store.log(&change, log).unwrap();
}

fn rows(store: &mut OwnState<Words>) -> Vec<String> {
    let text = |(key, value): (&Vec<u8>, &Vec<u8>)| String::from_utf8([&key[..], b"=", value].concat()).unwrap();
    store.store().unwrap().rows.iter().map(text).collect()
}

/// Restores what the log has from an offset on.
fn restore(store: &mut OwnState<Words>, log: &Log) -> Result<()> {
    let from = store.committed_offset().map_or(0, |offset| offset + 1) as usize;
    let records = log.0.iter().enumerate().skip(from);
    let record = |(offset, (key, value, timestamp)): (usize, &'_ (Vec<u8>, Option<Vec<u8>>, i64))| {
        (offset as i64, key.clone(), value.clone(), *timestamp)
    };
    let records: Vec<_> = records.map(record).collect();
    let mut records = records.iter().map(|(offset, key, value, timestamp)| ChangelogRecord {
        key,
        value: value.as_deref(),
        timestamp: *timestamp,
        offset: *offset,
        headers: &NO_HEADERS,
    });
    store.restore(&mut records, log.0.len() as i64)?;
    store.settle()
}

#[test]
fn what_is_applied_is_logged_and_restores_the_same() {
    let (mut store, mut log) = (memory(), Log::default());
    put(&mut store, &mut log, "a", "1");
    put(&mut store, &mut log, "b", "2");
    let gone = StoreChange::new(b"a", None, 9);
    store.apply(&gone).unwrap();
    store.log(&gone, &mut log).unwrap();
    assert!(store.apply(&StoreChange::new(b"c", Some(b"wrong"), 0)).unwrap_err().to_string().contains("no such word"));
    assert_eq!((rows(&mut store), store.approximate_num_entries(), store.counters().puts), (vec!["b=2".to_owned()], 1, 4));
    assert_eq!(log.0.last(), Some(&(b"a".to_vec(), None, 9)));
    let mut other = memory();
    restore(&mut other, &log).unwrap();
    assert_eq!((rows(&mut other), other.committed_offset()), (vec!["b=2".to_owned()], Some(2)));
    assert!(!other.must_be_restored());
}

#[test]
fn an_abort_leaves_nothing_that_was_not_committed() {
    let (mut store, mut log) = (memory(), Log::default());
    put(&mut store, &mut log, "a", "1");
    store.seal().unwrap();
    // the task goes on while the commit is made
    put(&mut store, &mut log, "a", "2");
    store.commit(Some(0), &[]).unwrap();
    store.seal().unwrap();
    store.abort();
    assert!(store.must_be_restored(), "it has forgotten what was committed, too");
    assert_eq!((rows(&mut store), store.committed_offset()), (vec![], None));
    log.0.truncate(1);
    restore(&mut store, &log).unwrap();
    store.attach(Some(ChangelogId(3)), Arc::new(CacheBudget::new(0)));
    assert_eq!((rows(&mut store), store.must_be_restored()), (vec!["a=1".to_owned()], false));
    store.abort();
    assert_eq!((rows(&mut store), store.must_be_restored()), (vec!["a=1".to_owned()], false), "nothing was changed since");
}

#[test]
fn a_commit_that_was_begun_does_not_take_what_came_after_it() {
    let (mut store, mut log) = (memory(), Log::default());
    put(&mut store, &mut log, "a", "1");
    store.seal().unwrap();
    store.commit(Some(0), &[]).unwrap();
    store.seal().unwrap();
    put(&mut store, &mut log, "b", "2");
    store.commit(Some(0), &[]).unwrap();
    store.abort();
    assert_eq!(rows(&mut store), Vec::<String>::new());
}

#[test]
fn without_a_changelog_an_abort_empties_it() {
    let mut store = open(Stores::own("words", Words::make).without_logging(), None);
    put(&mut store, &mut Log::default(), "a", "1");
    store.commit(None, &[]).unwrap();
    store.apply(&StoreChange::new(b"a", Some(b"2"), 0)).unwrap();
    store.abort();
    assert_eq!((rows(&mut store), store.must_be_restored()), (vec![], false));
}

#[test]
fn files_keep_their_offset() {
    let directory = tempfile::tempdir().unwrap();
    let words = || Stores::own("words", Words::make).persistent();
    let path = Some(directory.path());
    let mut log = Log::default();
    {
        let mut store = open(words(), path);
        assert!(store.persistent() && directory.path().join("words").is_dir());
        put(&mut store, &mut log, "a", "1");
        store.commit(Some(0), &[]).unwrap();
        put(&mut store, &mut log, "a", "2");
        store.abort();
        assert_eq!((rows(&mut store), store.committed_offset(), store.must_be_restored()), (vec!["a=1".to_owned()], Some(0), false));
        put(&mut store, &mut log, "b", "3");
        Box::new(store).close().unwrap();
    }
    let mut store = open(words(), path);
    assert_eq!((rows(&mut store), store.committed_offset()), (vec!["a=1".to_owned()], Some(0)), "the crash came before the commit");
    restore(&mut store, &log).unwrap();
    assert_eq!(rows(&mut store), ["a=2", "b=3"]);
    drop(store);
    let mut store = open(words(), path);
    assert_eq!((rows(&mut store).len(), store.committed_offset()), (2, Some(2)));
    store.wipe().unwrap();
    assert_eq!((rows(&mut store), store.committed_offset()), (vec![], None));
    drop(store);
    words().build().unwrap().destroy(&in_directory(path)).unwrap();
    assert!(!directory.path().join("words").exists());
}

#[test]
fn files_that_do_not_know_their_offset_are_deleted_where_the_changelog_has_everything() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("words/words");
    for (logged, kept) in [(true, false), (false, true)] {
        let write = || {
            fs::create_dir_all(directory.path().join("words")).unwrap();
            fs::write(&file, "").unwrap();
        };
        write();
        let builder = Stores::own("words", Words::make).persistent();
        let mut store = open(if logged { builder } else { builder.without_logging() }, Some(directory.path()));
        assert_eq!(file.exists(), kept);
        write();
        store.apply(&StoreChange::new(b"a", None, 0)).unwrap();
        store.abort();
        assert_eq!(file.exists(), kept, "after an abort");
    }
}

#[test]
fn errors_name_the_store_and_what_it_was_about() {
    for (value, why) in [("wrong", "no such word"), ("boom", "it panicked: boom")] {
        let log = Log(vec![(b"a".to_vec(), Some(b"1".to_vec()), 0), (b"a".to_vec(), Some(value.into()), 0)]);
        let error = restore(&mut memory(), &log).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UserCode);
        let text = error.to_string();
        assert!(text.contains("store words cannot apply the record at offset 1") && text.contains(why), "{text}");
    }
    let never = Stores::own("never", |context: &OwnStoreContext| -> Result<Words, BoxError> {
        Err(format!("{} of partition {} has no disk", context.name(), context.partition()).into())
    });
    let error = never.build().unwrap().open(&in_directory(None)).err().unwrap();
    assert!(error.to_string().contains("store never could not be made: never of partition 5 has no disk"), "{error}");
    for name in ["", "a/b"] {
        assert_eq!(Stores::own(name, Words::make).build().err().unwrap().kind(), ErrorKind::Invalid);
    }
    assert!(Stores::own("rocksdb", Words::make).build().is_ok());
    assert!(Stores::own("rocksdb", Words::make).persistent().build().err().unwrap().to_string().contains("rocksdb"));
}

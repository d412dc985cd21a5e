//! Buffers: bytes as Java's, order and size, and what a commit keeps and an abort undoes.

use super::*;
use crate::serde::StringSerde;
use crate::{OpenEnv, SharedResources, Stores};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Buffer = ChangeBuffer<String, String>;

/// Key, value, time and headers of a changelog record.
type Logged = (Vec<u8>, Option<Vec<u8>>, i64, Headers);

#[derive(Default)]
struct Log(Vec<Logged>);

impl Changelog for Log {
    fn log(&mut self, _: ChangelogId, key: &[u8], value: Option<&[u8]>, timestamp: i64, headers: &Headers) -> Result<()> {
        self.0.push((key.to_vec(), value.map(<[u8]>::to_vec), timestamp, headers.clone()));
        Ok(())
    }
}

fn buffer() -> Buffer {
    let env = OpenEnv { task_dir: None, changelog_topic: "app-held-changelog".into(), partition: 3, shared: SharedResources::default() };
    let store = Stores::change_buffer("held", StringSerde, StringSerde).build().unwrap().open(&env).unwrap();
    let mut buffer = *store.into_any().downcast::<Buffer>().unwrap();
    buffer.attach(Some(ChangelogId(0)), Arc::new(CacheBudget::new(0)));
    buffer
}

fn put(buffer: &mut Buffer, key: &str, time: i64, old: Option<&str>, new: Option<&str>) {
    let context = RecordContext { timestamp: time, offset: 2, topic: "t", partition: 3, headers: &NO_HEADERS };
    let (old, new) = (old.map(str::to_owned), new.map(str::to_owned));
    buffer.put(key.as_bytes(), time, old.as_ref(), new.as_ref(), &context, Origin::default()).unwrap();
}

fn first(buffer: &Buffer) -> Option<Buffered<String, String>> {
    buffer.first(true, |topic, partition| (topic == "t" && partition == 3).then_some(7), &mut Vec::new()).unwrap()
}

fn flushed(buffer: &mut Buffer) -> Vec<Logged> {
    let mut log = Log::default();
    buffer.flush_at(&mut log, 1000).unwrap();
    log.0
}

fn restore(buffer: &mut Buffer, records: &[Logged]) -> Result<()> {
    let mut offset = -1;
    let mut records = records.iter().map(|(key, value, timestamp, headers)| {
        offset += 1;
        ChangelogRecord { key, value: value.as_deref(), timestamp: *timestamp, offset, headers }
    });
    buffer.restore(&mut records, 10)
}

/// `i64`, `i32` and texts in a row.
fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

const CONTEXT: &[u8] = b"\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x02\0\0\0\x01t\0\0\0\x03\0\0\0\0";
const TIME_5: &[u8] = b"\0\0\0\0\0\0\0\x05";

#[test]
fn changelog_records_are_javas() {
    let mut buffer = buffer();
    put(&mut buffer, "k", 5, None, Some("new"));
    let logged = flushed(&mut buffer);
    let null = b"\xff\xff\xff\xff";
    let mut version = Headers::new();
    version.add("v", [3]);
    assert_eq!(logged, [(b"k".to_vec(), Some(bytes(&[CONTEXT, null, null, b"\0\0\0\x03new", TIME_5])), 1000, version.clone())]);
    // 8 for the time, the key, the value, 8 + 8 + 4 and the topic
    assert_eq!(buffer.bytes(), 8 + 1 + 3 + 20 + 1);

    put(&mut buffer, "k", 5, Some("new"), None);
    let value = bytes(&[CONTEXT, null, b"\0\0\0\x03new", null, TIME_5]);
    assert_eq!(flushed(&mut buffer), [(b"k".to_vec(), Some(value), 1000, version.clone())]);

    put(&mut buffer, "l", 5, Some("old"), Some("n"));
    let value = bytes(&[CONTEXT, b"\0\0\0\x03old", b"\xff\xff\xff\xfe", b"\0\0\0\x01n", TIME_5]);
    assert_eq!(flushed(&mut buffer), [(b"l".to_vec(), Some(value), 1000, version)]);

    buffer.remove(b"k");
    assert_eq!(flushed(&mut buffer), [(b"k".to_vec(), None, 1000, Headers::new())]);
    assert!(flushed(&mut buffer).is_empty());
}

#[test]
fn headers_are_kept_and_counted() {
    let mut buffer = buffer();
    let mut headers = Headers::new();
    headers.add("hé", *b"xyz").push(crate::Header { key: "n".into(), value: None });
    let context = RecordContext { timestamp: 5, offset: 2, topic: "t", partition: 3, headers: &headers };
    buffer.put(b"k", 5, None, Some(&"v".into()), &context, Origin::default()).unwrap();
    let value = flushed(&mut buffer).remove(0).1.unwrap();
    let context = bytes(&[&CONTEXT[..25], b"\0\0\0\x02\0\0\0\x03h\xc3\xa9\0\0\0\x03xyz\0\0\0\x01n\xff\xff\xff\xff"]);
    assert!(value.starts_with(&context), "{}", value.escape_ascii());
    // characters of names, bytes of values
    assert_eq!(buffer.bytes(), 8 + 1 + 1 + 21 + 2 + 3 + 1);
    let emitted = first(&buffer).unwrap();
    assert_eq!((emitted.headers, emitted.origin), (headers, Some(Origin { source: 7, offset: 2 })));
}

#[test]
fn a_change_takes_the_place_of_the_one_before_it_and_keeps_its_time() {
    let mut buffer = buffer();
    put(&mut buffer, "b", 5, Some("0"), Some("1"));
    put(&mut buffer, "a", 5, None, Some("1"));
    put(&mut buffer, "c", 4, None, Some("1"));
    put(&mut buffer, "b", 9, Some("1"), Some("2"));
    let mut order = Vec::new();
    while let Some(Buffered { key, prior, new, timestamp, .. }) = first(&buffer) {
        assert_eq!(buffer.prior(key.as_bytes()).unwrap(), Some(prior.clone()), "it is held back until it is removed");
        buffer.remove(key.as_bytes());
        order.push((key, prior, new, timestamp));
    }
    let row = |key: &str, prior: Option<&str>, new: &str, time| (key.to_owned(), prior.map(str::to_owned), Some(new.to_owned()), time);
    assert_eq!(order, [row("c", None, "1", 4), row("a", None, "1", 5), row("b", Some("0"), "2", 9)]);
    assert_eq!((buffer.len(), buffer.bytes(), buffer.first_time(), buffer.prior(b"b").unwrap()), (0, 0, None, None));
}

#[test]
fn every_version_that_java_wrote_is_read() {
    let change = b"\0\0\0\x03old\0\0\0\x03new";
    let sized = bytes(&[b"\0\0\0\x0e", change]);
    let three = bytes(&[CONTEXT, b"\0\0\0\x02pr", b"\0\0\0\x03old\0\0\0\x03new", TIME_5]);
    let prior = |text: &str| Some(text.to_owned());
    for (version, value, expected) in [
        (None, bytes(&[TIME_5, change]), ("old", 77)),
        (Some(1_u8), bytes(&[TIME_5, CONTEXT, &sized]), ("old", 5)),
        (Some(2), bytes(&[CONTEXT, &sized, b"\0\0\0\x02pr", TIME_5]), ("pr", 5)),
        (Some(2), three.clone(), ("pr", 5)),
        (Some(3), three.clone(), ("pr", 5)),
    ] {
        let mut headers = Headers::new();
        if let Some(version) = version {
            headers.add("v", [version]);
        }
        let mut buffer = buffer();
        restore(&mut buffer, &[(b"k".to_vec(), Some(value), 77, headers)]).unwrap();
        buffer.settle().unwrap();
        let restored = first(&buffer).unwrap();
        assert_eq!((restored.prior, restored.timestamp), (prior(expected.0), expected.1), "version {version:?}");
        assert_eq!((restored.new, buffer.first_time()), (prior("new"), Some(5)));
        assert_eq!((buffer.committed_offset(), flushed(&mut buffer)), (Some(9), vec![]));
    }
}

#[test]
fn what_is_no_buffered_change_is_told_with_its_place() {
    let mut headers = Headers::new();
    headers.add("v", [9]);
    for (value, headers) in [(b"\0".to_vec(), Headers::new()), (b"x".to_vec(), headers)] {
        let error = restore(&mut buffer(), &[(b"k".to_vec(), Some(value), 0, headers)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
        assert!(error.to_string().contains("offset 0 of app-held-changelog, partition 3"), "{error}");
    }
}

#[test]
fn a_commit_with_changes_that_are_not_logged_is_refused() {
    let mut buffer = buffer();
    put(&mut buffer, "k", 5, None, Some("v"));
    assert!(buffer.uncommitted_bytes() > 0);
    assert_eq!(buffer.seal().unwrap_err().kind(), ErrorKind::Invalid);
    flushed(&mut buffer);
    buffer.seal().unwrap();
    buffer.commit(Some(4), &[]).unwrap();
    assert_eq!((buffer.committed_offset(), buffer.uncommitted_bytes()), (Some(4), 0));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, i64, u8),
    Emit,
    /// Whether it succeeds, and what happens while it is under way.
    Commit(bool, Vec<(u8, i64, u8)>),
    Abort,
}

fn step() -> impl Strategy<Value = Step> {
    let put = || (0..6u8, 0..20i64, 0..50u8);
    prop_oneof![
        6 => put().prop_map(|(key, time, value)| Step::Put(key, time, value)),
        3 => Just(Step::Emit),
        2 => (any::<bool>(), prop::collection::vec(put(), 0..3)).prop_map(|(succeeds, meanwhile)| Step::Commit(succeeds, meanwhile)),
        1 => Just(Step::Abort),
    ]
}

/// By key: due time, value.
type Model = BTreeMap<String, (i64, String)>;

fn put_both(buffer: &mut Buffer, model: &mut Model, (key, time, value): (u8, i64, u8)) {
    // keys longer than what fits without an allocation too
    let (key, value) = ("k".repeat(usize::from(key) * 8 + 1), "v".repeat(usize::from(value)));
    put(buffer, &key, time, None, Some(&value));
    model.entry(key).or_insert((time, String::new())).1 = value;
}

fn check(buffer: &Buffer, model: &Model) -> Result<(), TestCaseError> {
    let due = model.iter().map(|(key, (time, _))| (*time, key.clone())).min();
    prop_assert_eq!(first(buffer).map(|row| row.key), due.as_ref().map(|(_, key)| key.clone()));
    prop_assert_eq!((buffer.len(), buffer.first_time()), (model.len(), due.map(|(time, _)| time)));
    prop_assert_eq!(buffer.bytes(), model.iter().map(|(key, (_, value))| (29 + key.len() + value.len()) as u64).sum::<u64>());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_buffer_is_a_map_that_goes_back_to_its_last_commit(steps in prop::collection::vec(step(), 0..60)) {
        let (mut buffer, mut model, mut committed) = (buffer(), Model::new(), Model::new());
        // what the changelog has of commits that succeeded
        let mut log: Vec<Logged> = Vec::new();
        for step in steps {
            match step {
                Step::Put(key, time, value) => put_both(&mut buffer, &mut model, (key, time, value)),
                Step::Emit => if let Some(row) = first(&buffer) {
                    buffer.remove(row.key.as_bytes());
                    model.remove(&row.key);
                },
                Step::Commit(succeeds, meanwhile) => {
                    let logged = flushed(&mut buffer);
                    buffer.seal().unwrap();
                    let sealed = model.clone();
                    for change in meanwhile {
                        put_both(&mut buffer, &mut model, change);
                    }
                    if succeeds {
                        buffer.commit(Some(1), &[]).unwrap();
                        log.extend(logged);
                        committed = sealed;
                    } else {
                        buffer.abort();
                        model = committed.clone();
                    }
                }
                Step::Abort => {
                    buffer.abort();
                    model = committed.clone();
                }
            }
            check(&buffer, &model)?;
        }
        buffer.abort();
        check(&buffer, &committed)?;
        prop_assert_eq!(buffer.uncommitted_bytes(), 0);
        let mut restored = self::buffer();
        restore(&mut restored, &log).unwrap();
        restored.settle().unwrap();
        check(&restored, &committed)?;
        let rows = |mut buffer: Buffer| {
            let mut rows = Vec::new();
            while let Some(row) = first(&buffer) {
                buffer.remove(row.key.as_bytes());
                rows.push(row);
            }
            rows
        };
        prop_assert_eq!(rows(restored), rows(buffer));
    }
}

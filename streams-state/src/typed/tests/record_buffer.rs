use super::*;
use crate::serde::StringSerde;
use std::time::Duration;

type Records = RecordBuffer<String, String>;

fn buffer(grace_ms: u64) -> Box<Records> {
    let mut buffer: Box<Records> =
        open(Stores::record_buffer("s", StringSerde, StringSerde, "join", Duration::from_millis(grace_ms)).build());
    buffer.attach(Some(ChangelogId(3)), Arc::default());
    buffer
}

fn put(buffer: &mut Records, log: &mut Log, key: &str, value: &str, time: i64) -> bool {
    let context = RecordContext { timestamp: time, offset: time + 1_000, topic: "in", partition: 0, headers: &NO_HEADERS };
    buffer.put(key.as_bytes(), &value.to_owned(), &context, origin(1), 77, log).unwrap()
}

fn due(buffer: &mut Records, log: &mut Log) -> Vec<(String, String, i64)> {
    let (mut all, mut row_key) = (Vec::new(), Vec::new());
    while let Some(waiting) = buffer.first_due(|topic, partition| (topic == "in" && partition == 0).then_some(4), &mut row_key).unwrap() {
        assert_eq!(waiting.origin, Some(Origin { source: 4, offset: waiting.timestamp + 1_000 }));
        assert_eq!(Records::record_key(&row_key), waiting.key.as_bytes());
        buffer.remove(&row_key, 78, log).unwrap();
        all.push((waiting.key, waiting.value, waiting.timestamp));
    }
    all
}

fn record(key: &str, value: &str, time: i64) -> (String, String, i64) {
    (key.to_owned(), value.to_owned(), time)
}

#[test]
fn records_leave_by_time_and_key_once_they_waited() {
    let (mut buffer, mut log) = (buffer(10), Log::default());
    for (key, value, time) in [("b", "1", 20), ("a", "2", 20), ("c", "3", 15), ("a", "4", 20)] {
        assert!(put(&mut buffer, &mut log, key, value, time));
        assert_eq!(due(&mut buffer, &mut log), []);
    }
    assert!(put(&mut buffer, &mut log, "d", "5", 29));
    assert_eq!(due(&mut buffer, &mut log), [record("c", "3", 15)]);
    assert!(put(&mut buffer, &mut log, "d", "6", 30));
    assert_eq!(due(&mut buffer, &mut log), [record("a", "2", 20), record("a", "4", 20), record("b", "1", 20)]);
    assert!(!put(&mut buffer, &mut log, "d", "late", 19), "it need not wait");
    assert!(put(&mut buffer, &mut log, "d", "7", 20), "just not late");
    assert_eq!(due(&mut buffer, &mut log), [record("d", "7", 20)]);
}

#[test]
fn changelog_is_javas() {
    let (mut buffer, mut log) = (buffer(0), Log::default());
    put(&mut buffer, &mut log, "k", "v", 7);
    assert_eq!(due(&mut buffer, &mut log).len(), 1);
    let key = b"\0\0\0\0\0\0\0\0\x07k\0\0\0\x01".to_vec();
    let context = b"\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\x03\xef\0\0\0\x02in\0\0\0\0\0\0\0\0";
    let values = b"\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x01v\0\0\0\0\0\0\0\0";
    assert_eq!(log.0, [(key.clone(), Some([&context[..], &values[..]].concat()), 77), (key, None, 78)]);
}

#[test]
fn what_waits_outlasts_a_restart_and_an_abort() {
    let (mut first, mut log) = (buffer(10), Log::default());
    put(&mut first, &mut log, "a", "1", 20);
    put(&mut first, &mut log, "b", "2", 25);
    put(&mut first, &mut log, "a", "0", 16);
    assert_eq!(due(&mut first, &mut log), []);
    let mut second = buffer(10);
    restore(&mut *second, &log);
    assert!(!put(&mut second, &mut log, "c", "late", 14), "stream time is that of the newest row");
    assert!(put(&mut second, &mut log, "a", "3", 20), "a row of the same key and time does not take the place of the first");
    second.abort();
    assert!(put(&mut second, &mut log, "a", "4", 20));
    assert!(put(&mut second, &mut log, "e", "5", 30));
    assert_eq!(due(&mut second, &mut log), [record("a", "0", 16), record("a", "1", 20), record("a", "4", 20)]);
    second.abort();
    assert!(put(&mut second, &mut log, "f", "6", 35));
    let left = due(&mut second, &mut log);
    assert_eq!(left, [record("a", "0", 16), record("a", "1", 20), record("b", "2", 25)], "what an abort undid is there again");
}

#[test]
fn the_changelog_of_another_store_is_told() {
    let log = Log(vec![(b"k".to_vec(), Some(b"v".to_vec()), 1)]);
    let mut records = log.0.iter().map(|(key, value, timestamp)| ChangelogRecord {
        key,
        value: value.as_deref(),
        timestamp: *timestamp,
        offset: 0,
        headers: &NO_HEADERS,
    });
    let error = buffer(1).restore(&mut records, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert!(error.to_string().contains("does the topic belong to another store?"));
}

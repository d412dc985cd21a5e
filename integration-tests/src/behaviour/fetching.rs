//! Reading records.

use super::clients::wait_for;
use super::{Clients, Fixture, PATIENCE};
use std::time::{Duration, Instant};
use streams_core::cluster::ProduceRecord;
use streams_core::{ErrorKind, Header, Headers, TopicPartition};

pub fn records_come_in_order(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    let values: Vec<String> = (0..5_000).map(|i| format!("value {i}")).collect();
    // In two halves, so that reading goes on where it had caught up.
    let mut reader = clients.reader(&topic, 0, 0);
    let mut seen = Vec::new();
    for half in values.chunks(2_500) {
        writer.send(&topic, 0, &half.iter().map(String::as_str).collect::<Vec<_>>());
        writer.flush();
        seen.extend(reader.take(2_500));
    }
    assert!(reader.fetch(10).unwrap().is_empty());
    for (i, record) in seen.iter().enumerate() {
        assert_eq!(record.offset, i as i64);
        assert_eq!(record.value.as_deref(), Some(values[i].as_bytes()));
    }
}

pub fn partitions_are_read_apart(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(2);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a0", "b0"]);
    writer.send(&topic, 1, &["a1"]);
    writer.flush();
    let mut first = clients.reader(&topic, 0, 0);
    let second = first.fetcher.add(&TopicPartition::new(topic.as_str(), 1), 0).unwrap();
    // The one that nobody drains does not hold up the other.
    let fetched = wait_for("the second partition", || {
        first.fetcher.wait(Duration::from_millis(50));
        first.fetcher.fetch(second, 10).unwrap().map(|batch| (batch.len(), batch.record(0).value.map(<[u8]>::to_vec)))
    });
    assert_eq!(fetched, (1, Some(b"a1".to_vec())));
    assert_eq!(first.values(2), ["a0", "b0"]);
}

pub fn keys_values_timestamps_and_headers_come_back(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut headers = Headers::new();
    headers.add("trace", b"1".to_vec()).add("empty", b"".to_vec()).add("trace", b"2".to_vec());
    headers.push(Header { key: "null".to_string(), value: None });
    let mut writer = clients.producer();
    let handle = writer.handle(&topic);
    for (timestamp, headers) in [(1, &Headers::new()), (1_700_000_000_123, &headers), (1_600_000_000_000, &Headers::new())] {
        writer.producer.send(handle, 0, ProduceRecord { key: Some(b"k\0\xff"), value: Some(b"v"), timestamp, headers }).unwrap();
    }
    writer.flush();
    let seen = clients.reader(&topic, 0, 0).take(3);
    assert_eq!(seen.iter().map(|r| r.timestamp).collect::<Vec<_>>(), [1, 1_700_000_000_123, 1_600_000_000_000]);
    assert!(seen.iter().all(|r| r.key.as_deref() == Some(b"k\0\xff") && r.value.as_deref() == Some(b"v")));
    assert_eq!(seen.iter().map(|r| r.headers.clone()).collect::<Vec<_>>(), [Headers::new(), headers, Headers::new()]);
}

pub fn null_and_empty_differ(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    let choices: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"x")];
    for key in choices {
        for value in choices {
            writer.try_send(&topic, 0, key, value).unwrap();
        }
    }
    writer.flush();
    let seen = clients.reader(&topic, 0, 0).take(9);
    for (i, record) in seen.iter().enumerate() {
        assert_eq!((record.key.as_deref(), record.value.as_deref()), (choices[i / 3], choices[i % 3]), "record {i}");
    }
}

pub fn reading_starts_where_it_is_told(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a", "b", "c"]);
    writer.flush();
    assert_eq!(clients.reader(&topic, 0, 1).values(2), ["b", "c"]);
    // From the end: only what comes later.
    let mut tail = clients.reader(&topic, 0, 3);
    tail.reach(3);
    writer.send(&topic, 0, &["d"]);
    writer.flush();
    assert_eq!(tail.values(1), ["d"]);
}

pub fn seeking_back_reads_again(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a", "b", "c", "d"]);
    writer.flush();
    let mut reader = clients.reader(&topic, 0, 0);
    assert_eq!(reader.values(2), ["a", "b"]);
    reader.fetcher.seek(reader.handle, 1).unwrap();
    assert_eq!(reader.values(3), ["b", "c", "d"]);
    reader.fetcher.seek(reader.handle, 3).unwrap();
    assert_eq!(reader.values(1), ["d"]);
}

pub fn position_and_known_end_follow_the_reader(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a", "b", "c"]);
    writer.flush();
    let mut reader = clients.reader(&topic, 0, 0);
    assert_eq!(reader.values(3), ["a", "b", "c"]);
    reader.reach(3);
    let handle = reader.handle;
    wait_for("the end", || {
        assert!(reader.fetch(10).unwrap().is_empty());
        reader.fetcher.wait(Duration::from_millis(50));
        (reader.fetcher.known_end(handle) == Some(3)).then_some(())
    });
    writer.send(&topic, 0, &["d"]);
    writer.flush();
    assert_eq!(reader.values(1), ["d"]);
    reader.reach(4);
}

pub fn an_offset_beyond_the_end_is_corrupted(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a"]);
    writer.flush();
    assert_eq!(clients.reader(&topic, 0, 100).failure(), ErrorKind::Corrupted);
}

pub fn a_deleted_offset_is_corrupted(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a", "b", "c"]);
    writer.flush();
    clients.admin().delete_records(&[(TopicPartition::new(topic.as_str(), 0), 2)]).unwrap();
    let mut reader = clients.reader(&topic, 0, 1);
    assert_eq!(reader.failure(), ErrorKind::Corrupted);
    // The reader can be put right.
    reader.fetcher.seek(reader.handle, 2).unwrap();
    assert_eq!(reader.values(1), ["c"]);
}

pub fn a_missing_topic_is_an_error_of_kind_topology(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let missing = clients.name("missing");
    let mut fetcher = clients.fetcher(false);
    let error = match fetcher.add(&TopicPartition::new(missing.as_str(), 0), 0) {
        Err(error) => error,
        Ok(handle) => wait_for("an error", || {
            fetcher.wait(Duration::from_millis(50));
            fetcher.fetch(handle, 10).err()
        }),
    };
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    assert!(error.to_string().contains(&missing), "{error}");
}

pub fn a_removed_partition_is_not_read(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(2);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a0"]);
    writer.send(&topic, 1, &["a1"]);
    writer.flush();
    let mut reader = clients.reader(&topic, 0, 0);
    let other = reader.fetcher.add(&TopicPartition::new(topic.as_str(), 1), 0).unwrap();
    reader.fetcher.remove(other).unwrap();
    assert_eq!(reader.values(1), ["a0"]);
    assert!(!matches!(reader.fetcher.fetch(other, 10), Ok(Some(_))));
    // It can be added again, from anywhere.
    let again = reader.fetcher.add(&TopicPartition::new(topic.as_str(), 1), 0).unwrap();
    wait_for("the partition", || {
        reader.fetcher.wait(Duration::from_millis(50));
        reader.fetcher.fetch(again, 10).unwrap().map(|batch| assert_eq!(batch.record(0).value, Some(&b"a1"[..])))
    });
}

pub fn a_record_ends_the_wait(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    let mut reader = clients.reader(&topic, 0, 0);
    reader.reach(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            writer.send(&topic, 0, &["a"]);
            writer.flush();
        });
        let start = Instant::now();
        wait_for("the record", || {
            reader.fetcher.wait(2 * PATIENCE);
            (!reader.fetch(1).unwrap().is_empty()).then_some(())
        });
        assert!(start.elapsed() < PATIENCE, "the wait went on for {:?}", start.elapsed());
    });
}

pub fn the_waker_ends_the_wait(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut reader = clients.reader(&topic, 0, 0);
    reader.reach(0);
    let waker = reader.fetcher.waker();
    std::thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            // Waits of the reader may end for other reasons first, so it is called again and again.
            while stopped.recv_timeout(Duration::from_millis(100)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                waker();
            }
        });
        let start = Instant::now();
        for _ in 0..5 {
            reader.fetcher.wait(PATIENCE);
        }
        drop(stop);
        assert!(start.elapsed() < PATIENCE / 2, "five waits took {:?}", start.elapsed());
    });
}

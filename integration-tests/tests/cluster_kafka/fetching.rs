use crate::support::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use streams_core::cluster::ProduceRecord;
use streams_core::{ErrorKind, Headers};

#[test]
fn records_come_back_as_they_were_written() {
    let topic = new_topic(1);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();
    let mut headers = Headers::new();
    headers.add("a", "1").add("a", "").push(streams_core::Header { key: "null".into(), value: None });
    let none = Headers::new();
    let records = [
        ProduceRecord { key: Some(b"k"), value: Some(b"v"), timestamp: TIME, headers: &headers },
        ProduceRecord { key: None, value: None, timestamp: 1, headers: &none },
        ProduceRecord { key: Some(b""), value: Some(b""), timestamp: TIME + 5, headers: &none },
    ];
    for record in records {
        producer.send(handle, 0, record).unwrap();
    }
    producer.flush(WAIT).unwrap();
    assert_eq!(producer.acknowledged(handle, 0), Some(2));

    let mut fetcher = fetcher(false);
    let handle = fetcher.add(&tp(&topic, 0), 0).unwrap();
    let mut seen = 0;
    let deadline = Instant::now() + WAIT;
    while seen < records.len() {
        assert!(Instant::now() < deadline);
        fetcher.wait(Duration::from_millis(100));
        while let Some(batch) = fetcher.fetch(handle, 10).unwrap() {
            for i in 0..batch.len() {
                let (got, sent) = (batch.record(i), &records[seen]);
                assert_eq!((got.key, got.value, got.timestamp, got.offset), (sent.key, sent.value, sent.timestamp, seen as i64));
                assert_eq!(batch.headers(i), *sent.headers);
                seen += 1;
            }
        }
    }
    assert_eq!(fetcher.position(handle).unwrap(), 3);
    assert_eq!(fetcher.known_end(handle), Some(3));
}

#[test]
fn partitions_are_read_apart_and_batches_keep_to_their_size() {
    let topic = new_topic(3);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();
    for partition in 0..3 {
        write(&mut *producer, handle, partition, 100 * (partition as usize + 1));
    }
    let mut fetcher = fetcher(false);
    let handles: Vec<_> = (0..3).map(|p| fetcher.add(&tp(&topic, p), 0).unwrap()).collect();
    // Nobody drains partition 2 until the others are read.
    for p in [1usize, 0, 2] {
        let values = read(&mut *fetcher, handles[p], 100 * (p + 1));
        assert!(values.iter().enumerate().all(|(i, (offset, value))| *offset == i as i64 && *value == format!("v{i}").into_bytes()));
    }
    fetcher.seek(handles[2], 290).unwrap();
    let deadline = Instant::now() + WAIT;
    let mut count = 0;
    while count < 10 {
        assert!(Instant::now() < deadline);
        match fetcher.fetch(handles[2], 3).unwrap() {
            Some(batch) => {
                assert!(batch.len() <= 3);
                assert_eq!(batch.record(0).offset, 290 + count);
                count += batch.len() as i64;
            }
            None => fetcher.wait(Duration::from_millis(50)),
        }
    }
}

#[test]
fn seek_remove_and_add_again_go_on_where_they_are_told() {
    let topic = new_topic(1);
    let mut producer = producer();
    let out = producer.topic(&topic).unwrap();
    write(&mut *producer, out, 0, 1000);
    let p = tp(&topic, 0);
    let mut fetcher = fetcher(false);
    let handle = fetcher.add(&p, 0).unwrap();
    read(&mut *fetcher, handle, 1);
    for offset in [500, 20, 999, 0, 700] {
        fetcher.seek(handle, offset).unwrap();
        assert_eq!(fetcher.position(handle).unwrap(), offset);
        assert_eq!(read(&mut *fetcher, handle, 1)[0].0, offset);
    }
    for offset in [300, 0, 998] {
        let old = fetcher.add(&p, 1).unwrap_err();
        assert_eq!(old.kind(), ErrorKind::Internal);
        fetcher.remove(handle).unwrap();
        assert!(fetcher.fetch(handle, 1).is_err());
        let again = fetcher.add(&p, offset).unwrap();
        assert_eq!(again, handle);
        assert_eq!(read(&mut *fetcher, again, 2)[0].0, offset);
    }
    // A batch outlives its partition and its fetcher.
    fetcher.seek(handle, 990).unwrap();
    let batch = loop {
        if let Some(batch) = fetcher.fetch(handle, 5).unwrap() {
            break batch;
        }
        fetcher.wait(WAIT);
    };
    fetcher.remove(handle).unwrap();
    drop(fetcher);
    assert_eq!(batch.record(0).value, Some(&b"v990"[..]));
}

#[test]
fn a_wait_ends_with_data_with_the_waker_and_with_the_time() {
    let topic = new_topic(1);
    let mut producer = producer();
    let out = producer.topic(&topic).unwrap();
    let mut fetcher = fetcher(false);
    let handle = fetcher.add(&tp(&topic, 0), 0).unwrap();
    // The end of the empty partition is told once.
    eventually("the end is seen", || {
        fetcher.wait(Duration::from_millis(50));
        fetcher.fetch(handle, 1).unwrap();
        fetcher.known_end(handle) == Some(0)
    });
    fetcher.wait(Duration::ZERO);
    let start = Instant::now();
    fetcher.wait(Duration::from_millis(300));
    assert!(start.elapsed() >= Duration::from_millis(290), "{:?}", start.elapsed());

    let wake = fetcher.waker();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        wake();
    });
    let start = Instant::now();
    fetcher.wait(WAIT);
    assert!(start.elapsed() < WAIT / 2);
    thread.join().unwrap();

    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        write(&mut *producer, out, 0, 1);
    });
    let start = Instant::now();
    assert_eq!(read(&mut *fetcher, handle, 1).len(), 1);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    writer.join().unwrap();
}

#[test]
fn an_offset_that_is_gone_is_corrupted_until_a_seek() {
    let topic = new_topic(1);
    let mut producer = producer();
    let out = producer.topic(&topic).unwrap();
    write(&mut *producer, out, 0, 10);
    let p = tp(&topic, 0);
    admin().delete_records(&[(p.clone(), 6)]).unwrap();
    let mut fetcher = fetcher(false);
    let handle = fetcher.add(&p, 2).unwrap();
    let error = loop {
        match fetcher.fetch(handle, 10) {
            Err(e) => break e,
            Ok(batch) => assert!(batch.is_none()),
        }
        fetcher.wait(WAIT);
    };
    assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
    assert!(error.to_string().contains(&topic) && error.to_string().contains("offset 2"), "{error}");
    assert_eq!(fetcher.fetch(handle, 10).err().map(|e| e.kind()), Some(ErrorKind::Corrupted));
    fetcher.seek(handle, 6).unwrap();
    assert_eq!(read(&mut *fetcher, handle, 4)[0].0, 6);
    // Beyond the end.
    fetcher.seek(handle, 100).unwrap();
    let error = loop {
        match fetcher.fetch(handle, 10) {
            Err(e) => break e,
            Ok(batch) => assert!(batch.is_none()),
        }
        fetcher.wait(WAIT);
    };
    assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
}

#[test]
fn a_deleted_topic_is_an_error_of_the_topology() {
    let topic = new_topic(1);
    let options = streams_core::cluster::FetcherOptions {
        client: client("fetcher", &[("metadata.max.age.ms", "500"), ("topic.metadata.propagation.max.ms", "100")]),
        read_committed: false,
        bulk: false,
    };
    let mut fetcher = streams_core::cluster::Cluster::fetcher(&cluster(), options).unwrap();
    let handle = fetcher.add(&tp(&topic, 0), 0).unwrap();
    eventually("the partition is read", || {
        fetcher.wait(Duration::from_millis(50));
        fetcher.fetch(handle, 1).unwrap();
        fetcher.known_end(handle).is_some()
    });
    admin().delete_topics(&[&topic]).unwrap();
    let deadline = Instant::now() + WAIT;
    let error = loop {
        assert!(Instant::now() < deadline);
        match fetcher.fetch(handle, 10) {
            Err(e) => break e,
            Ok(_) => fetcher.wait(Duration::from_millis(100)),
        }
    };
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    assert!(error.to_string().contains(&topic), "{error}");
}

#[test]
fn many_partitions_go_on_where_they_were_when_the_fetcher_makes_room() {
    let topic = new_topic(40);
    let mut producer = producer();
    let out = producer.topic(&topic).unwrap();
    for p in 0..40 {
        write(&mut *producer, out, p, 20);
    }
    let mut fetcher = fetcher(false);
    let mut handles = Vec::new();
    let mut seen = vec![0; 40];
    for p in 0..40 {
        handles.push(fetcher.add(&tp(&topic, p), 0).unwrap());
        // Some records are taken between the additions.
        if let Some(batch) = fetcher.fetch(handles[p as usize / 2], 3).unwrap() {
            seen[p as usize / 2] += batch.len();
        }
    }
    for (p, handle) in handles.iter().enumerate() {
        let values = read(&mut *fetcher, *handle, 20 - seen[p]);
        assert_eq!(values.len(), 20 - seen[p]);
        assert_eq!(values.last().unwrap().0, 19);
    }
}

/// What an earlier reading left in the queue must not keep the news of later records back, and nobody sleeps here who could look by himself.
#[test]
fn a_partition_that_is_read_again_while_it_is_written_does_not_stand_still() {
    let topic = new_topic(2);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut producer = producer();
            let handle = producer.topic(&topic).unwrap();
            while !stop.load(Ordering::Relaxed) {
                for partition in [0, 1] {
                    producer.send(handle, partition, record(b"v")).unwrap();
                }
                std::thread::sleep(Duration::from_micros(20));
            }
        });
        let mut fetcher = fetcher(false);
        let other = fetcher.add(&tp(&topic, 0), 0).unwrap();
        let mut next = 0;
        for round in 0..500 {
            let handle = fetcher.add(&tp(&topic, 1), next).unwrap();
            let (deadline, end) = (Instant::now() + WAIT, next + 5);
            while next < end {
                if Instant::now() > deadline {
                    stop.store(true, Ordering::Relaxed);
                    panic!("round {round}: offset {next} does not come");
                }
                while fetcher.fetch(other, 500).unwrap().is_some() {}
                match fetcher.fetch(handle, 3).unwrap() {
                    Some(batch) => next = batch.record(batch.len() - 1).offset + 1,
                    None => std::thread::sleep(Duration::from_millis(1)),
                }
            }
            fetcher.remove(handle).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
}

use crate::support::*;
use std::time::{Duration, Instant};
use streams_core::ErrorKind;
use streams_core::cluster::{Cluster, ProducerOptions};

#[test]
fn acknowledged_offsets_are_the_greatest_per_partition() {
    let topic = new_topic(3);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();
    assert_eq!(producer.topic(&topic).unwrap(), handle);
    assert_eq!(producer.partitions(handle), 3);
    assert_eq!(producer.acknowledged(handle, 0), None);
    write(&mut *producer, handle, 0, 100);
    write(&mut *producer, handle, 2, 1);
    assert_eq!(producer.acknowledged(handle, 0), Some(99));
    assert_eq!(producer.acknowledged(handle, 1), None);
    assert_eq!(producer.acknowledged(handle, 2), Some(0));
    write(&mut *producer, handle, 2, 20_000);
    assert_eq!(producer.acknowledged(handle, 2), Some(20_000));
}

#[test]
fn what_cannot_be_written_is_told_with_its_place() {
    let topic = new_topic(1);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();

    let mut epoch = record(b"x");
    for timestamp in [0, -1] {
        epoch.timestamp = timestamp;
        let error = producer.send(handle, 0, epoch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains(&format!("{topic}-0")), "{error}");
    }
    let error = producer.send(handle, 7, record(b"x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains(&format!("{topic}-7")), "{error}");

    let big = vec![7; 2_000_000];
    let error = producer.send(handle, 0, record(&big)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    for part in [&format!("{topic}-0"), "2000000", "max.request.size"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    // It is the record's fault, not the producer's.
    write(&mut *producer, handle, 0, 1);

    let error = producer.topic("missing-topic").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    assert!(error.to_string().contains("missing-topic"), "{error}");
}

#[test]
fn a_record_that_the_broker_refuses_is_a_failure_and_the_rest_goes_on() {
    let topic = topic_with(1, &[("max.message.bytes", "1000")]);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();
    producer.send(handle, 0, record(&[1; 5000])).unwrap();
    producer.flush(WAIT).unwrap();
    let failures = producer.take_failures();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].partition, tp(&topic, 0));
    assert!(!failures[0].retriable);
    assert_eq!(failures[0].error.kind(), ErrorKind::Rejected);
    assert!(failures[0].error.to_string().contains("max.message.bytes"), "{}", failures[0].error);
    assert_eq!(producer.acknowledged(handle, 0), None);
    write(&mut *producer, handle, 0, 3);
    assert_eq!(producer.acknowledged(handle, 0), Some(2));
}

#[test]
fn a_topic_that_was_missing_is_found_once_it_is_there() {
    let name = unique("late");
    let mut producer = producer();
    assert_eq!(producer.topic(&name).unwrap_err().kind(), ErrorKind::Topology);
    let topic =
        streams_core::cluster::NewTopic { name: name.clone(), partitions: 2, replication_factor: None, configs: Default::default() };
    admin().create_topics(&[topic]).unwrap();
    let mut handle = None;
    eventually("the topic is seen", || {
        handle = producer.topic(&name).ok();
        handle.is_some()
    });
    let handle = handle.unwrap();
    assert_eq!(producer.partitions(handle), 2);
    write(&mut *producer, handle, 1, 2);
    assert_eq!(producer.acknowledged(handle, 1), Some(1));
}

#[test]
fn a_full_queue_makes_send_wait_and_loses_nothing() {
    let topic = new_topic(1);
    let options = ProducerOptions { client: client("producer", &[("buffer.memory", "65536"), ("linger.ms", "0")]), ..Default::default() };
    let mut producer = cluster().producer(options).unwrap();
    let handle = producer.topic(&topic).unwrap();
    let value = [9; 1000];
    for _ in 0..5000 {
        producer.send(handle, 0, record(&value)).unwrap();
    }
    producer.flush(WAIT).unwrap();
    assert!(producer.take_failures().is_empty());
    assert_eq!(producer.acknowledged(handle, 0), Some(4999));
}

#[test]
fn a_flush_is_not_slower_than_the_broker() {
    let topic = new_topic(1);
    let options = ProducerOptions { client: client("producer", &[("linger.ms", "1000")]), ..Default::default() };
    let mut producer = cluster().producer(options).unwrap();
    let handle = producer.topic(&topic).unwrap();
    write(&mut *producer, handle, 0, 1);
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let start = Instant::now();
            write(&mut *producer, handle, 0, 10);
            start.elapsed()
        })
        .collect();
    times.sort();
    assert!(times[10] < Duration::from_millis(100), "linger.ms must not be waited for: {times:?}");
}

#[test]
fn acknowledgements_that_nobody_asks_for_are_not_counted_and_failures_still_are() {
    let topic = topic_with(1, &[("max.message.bytes", "1000")]);
    let options =
        ProducerOptions { client: client("producer", &[("linger.ms", "5")]), without_acknowledgements: true, ..Default::default() };
    let mut producer = cluster().producer(options).unwrap();
    let handle = producer.topic(&topic).unwrap();
    write(&mut *producer, handle, 0, 5);
    assert_eq!(producer.acknowledged(handle, 0), None);
    producer.send(handle, 0, record(&[1; 5000])).unwrap();
    producer.flush(WAIT).unwrap();
    assert_eq!(producer.take_failures().len(), 1);
}

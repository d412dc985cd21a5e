use crate::support::*;
use std::collections::BTreeMap;
use streams_core::ErrorKind;
use streams_core::cluster::{NewTopic, OffsetSpec};

#[test]
fn topics_are_made_counted_and_deleted() {
    let admin = admin();
    let name = unique("topic");
    let configs = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned()), ("segment.bytes".into(), "2097152".into())]);
    let topic = NewTopic { name: name.clone(), partitions: 5, replication_factor: None, configs };
    assert_eq!(admin.partition_counts(&[&name]).unwrap(), [None]);
    admin.create_topics(std::slice::from_ref(&topic)).unwrap();
    admin.create_topics(&[topic]).unwrap();
    assert_eq!(admin.partition_counts(&["missing-topic", &name]).unwrap(), [None, Some(5)]);
    let configs = &admin.topic_configs(&[&name]).unwrap()[0];
    assert_eq!(configs["cleanup.policy"], "compact");
    assert_eq!(configs["segment.bytes"], "2097152");
    assert!(configs.contains_key("retention.ms"));
    admin.delete_topics(&[&name]).unwrap();
    eventually("the topic is gone", || admin.partition_counts(&[&name]).unwrap() == [None]);
    admin.delete_topics(&[&name]).unwrap();
    assert_eq!(admin.topic_configs(&[&name]).unwrap_err().kind(), ErrorKind::Topology);
}

#[test]
fn a_refused_topic_is_named_with_the_reason() {
    let topic = |partitions, replication_factor, configs: &[(&str, &str)]| NewTopic {
        name: unique("refused"),
        partitions,
        replication_factor,
        configs: configs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
    };
    for topic in [topic(1, Some(3), &[]), topic(1, None, &[("cleanup.policy", "shred")])] {
        let error = admin().create_topics(std::slice::from_ref(&topic)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains(&topic.name), "{error}");
    }
}

#[test]
fn offsets_are_listed_by_every_spec() {
    let topic = new_topic(2);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();
    for i in 0..10 {
        let value = [i as u8];
        let mut record = record(&value);
        record.timestamp = TIME + i * 1000;
        producer.send(handle, 1, record).unwrap();
    }
    producer.flush(WAIT).unwrap();
    let p1 = tp(&topic, 1);
    let specs = [
        (p1.clone(), OffsetSpec::Earliest),
        (p1.clone(), OffsetSpec::Latest),
        (p1.clone(), OffsetSpec::LatestCommitted),
        (p1.clone(), OffsetSpec::Timestamp(TIME + 3500)),
        (p1.clone(), OffsetSpec::Timestamp(TIME + 3000)),
        (p1.clone(), OffsetSpec::Timestamp(TIME + 99_000)),
        (tp(&topic, 0), OffsetSpec::Latest),
        (tp(&topic, 0), OffsetSpec::Timestamp(5)),
    ];
    assert_eq!(admin().list_offsets(&specs).unwrap(), [0, 10, 10, 4, 3, 10, 0, 0]);
    assert!(admin().list_offsets(&[]).unwrap().is_empty());
    let error = admin().list_offsets(&[(tp("missing-topic", 0), OffsetSpec::Latest)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
}

#[test]
fn the_latest_offset_counts_an_open_transaction_and_the_committed_one_does_not() {
    let topic = new_topic(1);
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let handle = producer.topic(&topic).unwrap();
    producer.begin().unwrap();
    producer.send(handle, 0, record(b"open")).unwrap();
    producer.flush(WAIT).unwrap();
    let p = tp(&topic, 0);
    let ends = || admin().list_offsets(&[(p.clone(), OffsetSpec::Latest), (p.clone(), OffsetSpec::LatestCommitted)]).unwrap();
    assert_eq!(ends(), [1, 0]);
    producer.commit(WAIT).unwrap();
    eventually("the marker is written", || ends() == [2, 2]);
}

#[test]
fn records_before_an_offset_are_dropped() {
    let topic = new_topic(1);
    let mut producer = producer();
    let handle = producer.topic(&topic).unwrap();
    write(&mut *producer, handle, 0, 10);
    let p = tp(&topic, 0);
    admin().delete_records(&[(p.clone(), 7)]).unwrap();
    assert_eq!(admin().list_offsets(&[(p.clone(), OffsetSpec::Earliest)]).unwrap(), [7]);
    let error = admin().delete_records(&[(tp("missing-topic", 0), 7)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
}

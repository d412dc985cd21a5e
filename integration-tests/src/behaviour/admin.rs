//! Topics, configs, offsets.

use super::clients::wait_for;
use super::{Clients, Fixture};
use std::collections::BTreeMap;
use streams_core::cluster::{NewTopic, OffsetSpec, ProduceRecord};
use streams_core::{ErrorKind, Headers, TopicPartition};

fn new_topic(name: &str, partitions: i32, configs: &[(&str, &str)]) -> NewTopic {
    let configs: BTreeMap<_, _> = configs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    NewTopic { name: name.to_string(), partitions, replication_factor: None, configs }
}

pub fn making_a_topic_twice_is_no_error(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(3);
    clients.admin().create_topics(&[new_topic(&topic, 5, &[])]).unwrap();
    assert_eq!(clients.admin().partition_counts(&[&topic]).unwrap(), [Some(3)]);
}

pub fn a_missing_topic_has_no_partition_count(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (topic, missing) = (clients.topic(2), clients.name("missing"));
    let counts = clients.admin().partition_counts(&[&missing, &topic, &missing]).unwrap();
    assert_eq!(counts, [None, Some(2), None]);
    // Asking must not have made it.
    assert_eq!(clients.admin().partition_counts(&[&missing]).unwrap(), [None]);
}

pub fn deleting_a_topic_makes_it_missing(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let admin = clients.admin();
    admin.delete_topics(&[&topic]).unwrap();
    wait_for("the topic to go", || (admin.partition_counts(&[&topic]).unwrap() == [None]).then_some(()));
    admin.delete_topics(&[&topic]).unwrap();
}

pub fn configs_are_those_the_topic_was_made_with(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic_with(1, &[("cleanup.policy", "compact,delete"), ("retention.ms", "123456")]);
    let other = clients.topic_with(1, &[("retention.ms", "654321")]);
    let [of_other, configs] = &clients.admin().topic_configs(&[&other, &topic]).unwrap()[..] else { panic!("two were asked for") };
    assert_eq!(of_other.get("retention.ms").map(String::as_str), Some("654321"));
    assert_eq!(configs.get("cleanup.policy").map(String::as_str), Some("compact,delete"));
    assert_eq!(configs.get("retention.ms").map(String::as_str), Some("123456"));
    // Defaults are told as well.
    assert_eq!(configs.get("message.timestamp.type").map(String::as_str), Some("CreateTime"));
}

pub fn a_bad_config_is_rejected_by_name(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    for (key, value) in [("retention.ms", "soon"), ("retention.hours", "5")] {
        let topic = clients.name("bad");
        let error = clients.admin().create_topics(&[new_topic(&topic, 1, &[(key, value)])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains(key), "{error}");
        assert_eq!(clients.admin().partition_counts(&[&topic]).unwrap(), [None]);
    }
}

pub fn offsets_of_both_ends_and_of_a_time(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    let handle = writer.handle(&topic);
    for timestamp in [1_000, 3_000, 2_000, 5_000] {
        let record = ProduceRecord { key: None, value: Some(b"v"), timestamp, headers: &Headers::new() };
        writer.producer.send(handle, 0, record).unwrap();
    }
    writer.flush();
    let offset = |spec| clients.offset(&topic, 0, spec);
    assert_eq!(offset(OffsetSpec::Earliest), 0);
    assert_eq!(offset(OffsetSpec::Latest), 4);
    assert_eq!(offset(OffsetSpec::LatestCommitted), 4);
    assert_eq!(offset(OffsetSpec::Timestamp(0)), 0);
    assert_eq!(offset(OffsetSpec::Timestamp(1_000)), 0);
    assert_eq!(offset(OffsetSpec::Timestamp(1_001)), 1);
    assert_eq!(offset(OffsetSpec::Timestamp(3_001)), 3);
    assert_eq!(offset(OffsetSpec::Timestamp(5_001)), 4);
}

pub fn deleting_records_moves_the_earliest_offset(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(2);
    let mut writer = clients.producer();
    for partition in 0..2 {
        writer.send(&topic, partition, &["a", "b", "c", "d"]);
    }
    writer.flush();
    clients.admin().delete_records(&[(TopicPartition::new(topic.as_str(), 1), 3)]).unwrap();
    assert_eq!(clients.offset(&topic, 0, OffsetSpec::Earliest), 0);
    assert_eq!(clients.offset(&topic, 1, OffsetSpec::Earliest), 3);
    assert_eq!(clients.offset(&topic, 1, OffsetSpec::Latest), 4);
    assert_eq!(clients.reader(&topic, 1, 3).values(1), ["d"]);
    let error = clients.admin().delete_records(&[(TopicPartition::new(topic.as_str(), 1), 5)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
}

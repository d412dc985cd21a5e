//! What the tests share: the broker's address, fresh topics, records in and out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::cluster::{
    Admin, ClientSettings, Cluster, FetchHandle, Fetcher, FetcherOptions, Membership, MembershipOptions, NewTopic, ProduceHandle,
    ProduceRecord, Producer, ProducerOptions,
};
use streams_core::{Headers, TopicPartition};

pub const WAIT: Duration = Duration::from_secs(20);
/// Any time that is not 0.
pub const TIME: i64 = 1_700_000_000_000;

/// The broker of this run.
pub fn cluster() -> KafkaCluster {
    let bootstrap = std::env::var("STREAMS_TEST_BOOTSTRAP")
        .expect("STREAMS_TEST_BOOTSTRAP is not set: these tests need a broker; run `cargo xtask test`, which starts one");
    KafkaCluster::new(bootstrap)
}

/// A name that no other test uses.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{what}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn client(what: &str, values: &[(&str, &str)]) -> ClientSettings {
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    ClientSettings { client_id: unique(what), values }
}

pub fn admin() -> Arc<dyn Admin> {
    cluster().admin(&client("admin", &[])).unwrap()
}

pub fn new_topic(partitions: i32) -> String {
    topic_with(partitions, &[])
}

pub fn topic_with(partitions: i32, configs: &[(&str, &str)]) -> String {
    let name = unique("topic");
    // The records of these tests are old.
    let mut configs: BTreeMap<String, String> = configs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    configs.insert("retention.ms".into(), "-1".into());
    admin().create_topics(&[NewTopic { name: name.clone(), partitions, replication_factor: None, configs }]).unwrap();
    name
}

pub fn producer() -> Box<dyn Producer> {
    cluster().producer(ProducerOptions { client: client("producer", &[("linger.ms", "5")]), ..Default::default() }).unwrap()
}

pub fn transactional(id: &str) -> Box<dyn Producer> {
    let options = ProducerOptions {
        client: client("producer", &[("linger.ms", "5")]),
        transactional_id: Some(id.to_owned()),
        transaction_timeout: Some(Duration::from_secs(10)),
        ..Default::default()
    };
    cluster().producer(options).unwrap()
}

pub fn fetcher(read_committed: bool) -> Box<dyn Fetcher> {
    cluster().fetcher(FetcherOptions { client: client("fetcher", &[]), read_committed, bulk: false }).unwrap()
}

pub fn member(group: &str, topics: &[&str]) -> Box<dyn Membership> {
    member_with(group, topics, &[])
}

pub fn member_with(group: &str, topics: &[&str], values: &[(&str, &str)]) -> Box<dyn Membership> {
    let mut all = vec![("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300")];
    all.extend(values);
    let topics = topics.iter().map(|t| (*t).to_owned()).collect();
    cluster().membership(MembershipOptions { client: client("member", &all), group: group.to_owned(), topics }).unwrap()
}

static NONE: Headers = Headers::new();

pub fn record(value: &[u8]) -> ProduceRecord<'_> {
    ProduceRecord { key: None, value: Some(value), timestamp: TIME, headers: &NONE }
}

/// Writes `count` numbered values into a partition, and waits for them.
pub fn write(producer: &mut dyn Producer, topic: ProduceHandle, partition: i32, count: usize) {
    for i in 0..count {
        producer.send(topic, partition, record(format!("v{i}").as_bytes())).unwrap();
    }
    producer.flush(WAIT).unwrap();
    assert!(producer.take_failures().is_empty());
}

/// Fetches until `count` values came, and returns them with their offsets.
pub fn read(fetcher: &mut dyn Fetcher, handle: FetchHandle, count: usize) -> Vec<(i64, Vec<u8>)> {
    let deadline = Instant::now() + WAIT;
    let mut values = Vec::new();
    while values.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} records came", values.len());
        match fetcher.fetch(handle, 500).unwrap() {
            Some(batch) => values.extend((0..batch.len()).map(|i| {
                let r = batch.record(i);
                (r.offset, r.value.unwrap_or_default().to_vec())
            })),
            None => fetcher.wait(Duration::from_millis(200)),
        }
    }
    values
}

/// Calls until it says yes.
pub fn eventually(what: &str, mut test: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT;
    while !test() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn tp(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition::new(topic, partition)
}

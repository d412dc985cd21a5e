//! A broker that dies and comes back while clients work. Starts a broker of its own, which it may kill.
#![cfg(feature = "kafka")]

use integration_tests::behaviour::PATIENCE;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::cluster::{
    ClientSettings, Cluster, CommittedOffset, FetchHandle, Fetcher, FetcherOptions, GroupEvent, Membership, MembershipOptions, NewTopic,
    ProduceHandle, ProduceRecord, Producer, ProducerOptions,
};
use streams_core::{ErrorKind, Headers, Result, TopicPartition};
use test_broker::{Broker, Options};

const TOPIC: &str = "t";
const SHORT: Duration = Duration::from_millis(500);

fn settings(id: &str) -> ClientSettings {
    ClientSettings { client_id: id.into(), values: BTreeMap::from([("linger.ms".into(), "5".into())]) }
}

fn start() -> (Broker, KafkaCluster) {
    let broker = Broker::start(&Options::default()).unwrap();
    let cluster = KafkaCluster::new(broker.bootstrap());
    let configs = BTreeMap::from([("retention.ms".into(), "-1".into())]);
    let topic = NewTopic { name: TOPIC.into(), partitions: 1, replication_factor: None, configs };
    cluster.admin(&settings("admin")).unwrap().create_topics(&[topic]).unwrap();
    (broker, cluster)
}

fn partition() -> TopicPartition {
    TopicPartition::new(TOPIC, 0)
}

fn send(producer: &mut dyn Producer, topic: ProduceHandle, count: usize) {
    for _ in 0..count {
        let record = ProduceRecord { key: None, value: Some(b"v"), timestamp: 1_700_000_000_000, headers: &Headers::new() };
        producer.send(topic, 0, record).unwrap();
    }
}

fn fetcher(cluster: &KafkaCluster) -> (Box<dyn Fetcher>, FetchHandle) {
    let options = FetcherOptions { client: settings("fetcher"), read_committed: true, bulk: false };
    let mut fetcher = cluster.fetcher(options).unwrap();
    let handle = fetcher.add(&partition(), 0).unwrap();
    (fetcher, handle)
}

/// Reads until so many records came; no fault may be told.
fn read(fetcher: &mut dyn Fetcher, handle: FetchHandle, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = 0;
    while seen < count {
        assert!(Instant::now() < deadline, "{seen} of {count} records came");
        match fetcher.fetch(handle, 100).unwrap() {
            Some(batch) => seen += batch.len(),
            None => fetcher.wait(Duration::from_millis(50)),
        }
    }
    assert_eq!(seen, count);
}

fn join(cluster: &KafkaCluster) -> Box<dyn Membership> {
    let options = MembershipOptions { client: settings("member"), group: "g".into(), topics: vec![TOPIC.into()] };
    let mut member = cluster.membership(options).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline);
        if let Some(event) = member.poll(Duration::from_millis(50)).unwrap() {
            member.acknowledge().unwrap();
            if matches!(event, GroupEvent::Assigned(list) if !list.is_empty()) {
                return member;
            }
        }
    }
}

/// Calls again while the broker is not there.
fn again<T>(what: &str, mut call: impl FnMut() -> Result<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match call() {
            Ok(done) => return done,
            Err(error) => assert!(error.kind() == ErrorKind::Unavailable && Instant::now() < deadline, "{what}: {error}"),
        }
    }
}

/// Polls while the broker is away: nothing but `Unavailable` may be told.
fn poll(member: &mut dyn Membership) {
    match member.poll(Duration::from_millis(50)) {
        Ok(Some(event)) => panic!("{event:?}"),
        Ok(None) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
    }
}

#[test]
fn clients_go_on_when_the_broker_comes_back() {
    let (mut broker, cluster) = start();
    let mut producer = cluster.producer(ProducerOptions { client: settings("producer"), ..Default::default() }).unwrap();
    let topic = producer.topic(TOPIC).unwrap();
    let (mut fetcher, handle) = fetcher(&cluster);
    let mut member = join(&cluster);
    send(&mut *producer, topic, 100);
    producer.flush(PATIENCE).unwrap();
    read(&mut *fetcher, handle, 100);

    broker.kill().unwrap();
    send(&mut *producer, topic, 50);
    let error = producer.flush(SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let offset = CommittedOffset { offset: 100, metadata: String::new() };
    let error = member.commit(&[(partition(), offset.clone())], SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    for _ in 0..10 {
        poll(&mut *member);
        fetcher.wait(Duration::from_millis(50));
        assert!(fetcher.fetch(handle, 100).unwrap().is_none());
    }

    broker.restart().unwrap();
    producer.flush(PATIENCE).unwrap();
    assert!(producer.take_failures().is_empty());
    assert_eq!(producer.acknowledged(topic, 0), Some(149), "every record was written once");
    read(&mut *fetcher, handle, 50);
    again("commit", || {
        poll(&mut *member);
        member.commit(&[(partition(), offset.clone())], Duration::from_secs(5))
    });
    assert_eq!(member.committed(&[partition()], PATIENCE).unwrap(), [Some(offset)]);
}

#[test]
fn a_transaction_whose_end_is_not_known_is_settled_by_the_next_producer() {
    let (mut broker, cluster) = start();
    let transactional = || {
        let options = ProducerOptions {
            client: settings("producer"),
            transactional_id: Some("tx".into()),
            transaction_timeout: Some(Duration::from_secs(60)),
            ..Default::default()
        };
        cluster.producer(options).unwrap()
    };
    let mut member = join(&cluster);
    let token = member.token().unwrap();
    let mut first = transactional();
    first.init_transactions(PATIENCE).unwrap();
    let topic = first.topic(TOPIC).unwrap();
    first.begin().unwrap();
    send(&mut *first, topic, 10);
    first.flush(PATIENCE).unwrap();
    broker.kill().unwrap();
    let start = Instant::now();
    let offsets = [(partition(), CommittedOffset { offset: 1, metadata: String::new() })];
    let error = first.send_offsets(&offsets, &*token, Duration::from_secs(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = first.commit(Duration::from_secs(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = first.abort(Duration::from_secs(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(start.elapsed() < Duration::from_secs(10), "the time-outs must hold: {:?}", start.elapsed());
    let start = Instant::now();
    drop(first);
    assert!(start.elapsed() < Duration::from_secs(3), "dropping must not wait for the broker: {:?}", start.elapsed());

    broker.restart().unwrap();
    let mut second = transactional();
    again("init", || second.init_transactions(Duration::from_secs(5)));
    let topic = second.topic(TOPIC).unwrap();
    second.begin().unwrap();
    send(&mut *second, topic, 3);
    second.commit(PATIENCE).unwrap();
    // The first was not committed: the broker was gone before it was asked.
    assert_eq!(again("committed", || member.committed(&[partition()], PATIENCE)), [None]);
    let (mut fetcher, handle) = fetcher(&cluster);
    read(&mut *fetcher, handle, 3);
}

#[test]
fn no_call_waits_longer_than_it_was_told_for_a_broker_that_hangs() {
    let (mut broker, cluster) = start();
    let mut member = join(&cluster);
    let token = member.token().unwrap();
    let options = ProducerOptions {
        client: settings("producer"),
        transactional_id: Some("tx".into()),
        transaction_timeout: Some(Duration::from_secs(60)),
        ..Default::default()
    };
    let mut producer = cluster.producer(options).unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    let topic = producer.topic(TOPIC).unwrap();
    let (mut fetcher, handle) = fetcher(&cluster);
    let mut quick = settings("admin");
    quick.values.insert("request.timeout.ms".into(), "500".into());
    let admin = cluster.admin(&quick).unwrap();
    admin.partition_counts(&[TOPIC]).unwrap();
    producer.begin().unwrap();
    send(&mut *producer, topic, 1);
    producer.flush(PATIENCE).unwrap();

    broker.pause().unwrap();
    let offsets = [(partition(), CommittedOffset { offset: 1, metadata: String::new() })];
    let bounded = |what: &str, call: &mut dyn FnMut() -> Result<()>| {
        let start = Instant::now();
        let result = call();
        assert!(start.elapsed() < Duration::from_secs(5), "{what} took {:?}", start.elapsed());
        assert!(result.as_ref().err().is_none_or(|e| e.kind() == ErrorKind::Unavailable), "{what}: {result:?}");
        result.is_err()
    };
    assert!(bounded("partition_counts", &mut || admin.partition_counts(&[TOPIC]).map(drop)));
    assert!(bounded("member.commit", &mut || member.commit(&offsets, SHORT)));
    assert!(bounded("committed", &mut || member.committed(&[partition()], SHORT).map(drop)));
    bounded("poll", &mut || member.poll(SHORT).map(drop));
    send(&mut *producer, topic, 1);
    assert!(bounded("flush", &mut || producer.flush(SHORT)));
    assert!(bounded("send_offsets", &mut || producer.send_offsets(&offsets, &*token, SHORT)));
    assert!(bounded("commit", &mut || producer.commit(SHORT)));
    assert!(bounded("abort", &mut || producer.abort(SHORT)));
    bounded("fetch", &mut || fetcher.fetch(handle, 10).map(drop));
    bounded("remove", &mut || fetcher.remove(handle));
    let mut member = Some(member);
    bounded("leave", &mut || member.take().map_or(Ok(()), |m| m.leave(SHORT)));
    let start = Instant::now();
    drop((fetcher, producer, admin));
    assert!(start.elapsed() < Duration::from_secs(5), "dropping took {:?}", start.elapsed());
    broker.resume().unwrap();
    broker.stop().unwrap();
}

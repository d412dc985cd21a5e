//! What tasks write while a commit is under way.

use crate::cluster::embedded::EmbeddedCluster;
use crate::cluster::{ClientSettings, Cluster, ProduceHandle, ProduceRecord, ProducerOptions};
use crate::task::ThreadProducer;
use crate::{Error, ErrorKind, Headers, TopicPartition};
use std::time::Duration;

fn world() -> (EmbeddedCluster, ThreadProducer, ProduceHandle) {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("out", 2).unwrap();
    let options = ProducerOptions {
        client: ClientSettings::default(),
        largest_batch: None,
        transactional_id: None,
        transaction_timeout: None,
        without_acknowledgements: false,
    };
    let mut producer = ThreadProducer::new(cluster.producer(options).unwrap());
    let topic = producer.topic("out").unwrap();
    (cluster, producer, topic)
}

fn record<'a>(key: Option<&'a [u8]>, value: Option<&'a [u8]>, headers: &'a Headers) -> ProduceRecord<'a> {
    ProduceRecord { key, value, timestamp: 7, headers }
}

#[test]
fn what_is_held_comes_later_in_order_and_as_it_was() {
    let (cluster, mut producer, topic) = world();
    let (mut some, none) = (Headers::new(), Headers::new());
    some.add("h", "v");
    producer.hold();
    producer.send(topic, 0, record(Some(b"k"), Some(b"one"), &some)).unwrap();
    producer.send(topic, 1, record(None, Some(b""), &none)).unwrap();
    producer.send(topic, 0, record(Some(b""), None, &none)).unwrap();
    assert!(producer.held_bytes() > 4);
    assert_eq!(cluster.end_offset("out", 0).unwrap(), 0);
    producer.release(|failure| panic!("{failure:?}")).unwrap();
    assert_eq!(producer.held_bytes(), 0);
    producer.send(topic, 0, record(None, Some(b"last"), &none)).unwrap();
    producer.client().flush(Duration::ZERO).unwrap();
    let read = |partition| {
        let records = cluster.read("out", partition, 0).unwrap().into_iter();
        records.map(|r| (r.key, r.value, r.headers)).collect::<Vec<_>>()
    };
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    assert_eq!(read(0), [(bytes("k"), bytes("one"), some), (bytes(""), None, none.clone()), (None, bytes("last"), none.clone())]);
    assert_eq!(read(1), [(None, bytes(""), none)]);
}

#[test]
fn what_is_discarded_never_comes() {
    let (cluster, mut producer, topic) = world();
    let none = Headers::new();
    producer.hold();
    producer.send(topic, 0, record(None, Some(b"one"), &none)).unwrap();
    producer.discard();
    producer.send(topic, 0, record(None, Some(b"two"), &none)).unwrap();
    producer.release(|_| Ok(())).unwrap();
    assert_eq!(cluster.end_offset("out", 0).unwrap(), 1);
}

#[test]
fn a_refused_record_is_asked_about_and_holds_up_no_other() {
    let (cluster, mut producer, topic) = world();
    let none = Headers::new();
    let write = |producer: &mut ThreadProducer| {
        producer.hold();
        producer.send(topic, 1, record(None, Some(&[7; 2 << 20]), &none)).unwrap();
        producer.send(topic, 0, record(None, Some(b"here"), &none)).unwrap();
    };
    write(&mut producer);
    let mut asked = Vec::new();
    producer
        .release(|failure| {
            asked.push(failure.partition);
            Ok(())
        })
        .unwrap();
    assert_eq!((asked, cluster.end_offset("out", 0).unwrap()), (vec![TopicPartition::new("out", 1)], 1));
    write(&mut producer);
    let error = producer.release(|_| Err(Error::new(ErrorKind::Rejected, "no"))).unwrap_err();
    assert_eq!((error.to_string(), cluster.end_offset("out", 0).unwrap()), ("no".to_owned(), 1));
}

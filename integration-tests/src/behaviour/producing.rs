//! Writing records.

use super::clients::Writer;
use super::{Clients, Fixture, PATIENCE};
use streams_core::cluster::OffsetSpec;
use streams_core::{Error, ErrorKind};

pub fn records_are_acknowledged_with_their_offsets(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(2);
    let mut writer = clients.producer();
    let handle = writer.handle(&topic);
    assert_eq!(writer.producer.partitions(handle), 2);
    assert_eq!(writer.producer.acknowledged(handle, 0), None);
    writer.send(&topic, 0, &["a", "b", "c"]);
    writer.flush();
    assert_eq!(writer.producer.acknowledged(handle, 0), Some(2));
    assert_eq!(writer.producer.acknowledged(handle, 1), None);
    assert_eq!(writer.handle(&topic), handle);
    // Another producer counts for itself.
    let mut other = clients.producer();
    other.send(&topic, 0, &["d"]);
    other.flush();
    let other_handle = other.handle(&topic);
    assert_eq!(other.producer.acknowledged(other_handle, 0), Some(3));
    assert_eq!(writer.producer.acknowledged(handle, 0), Some(2));
}

pub fn a_missing_topic_is_an_error_of_kind_topology(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let missing = clients.name("missing");
    let error = clients.producer().producer.topic(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    assert!(error.to_string().contains(&missing), "{error}");
    assert_eq!(clients.admin().partition_counts(&[&missing]).unwrap(), [None]);
}

/// Sends a record that must fail, at once or later; why.
fn refused(writer: &mut Writer, topic: &str, key: Option<&[u8]>, value: &[u8]) -> Error {
    if let Err(error) = writer.try_send(topic, 0, key, Some(value)) {
        return error;
    }
    writer.producer.flush(PATIENCE).unwrap();
    let mut failures = writer.producer.take_failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    let failure = failures.remove(0);
    assert_eq!((&*failure.partition.topic, failure.partition.partition), (topic, 0));
    assert!(!failure.retriable, "{failure:?}");
    failure.error
}

pub fn a_record_too_large_to_send_is_rejected(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.producer_with(&[("max.request.size", "20000")]);
    let error = refused(&mut writer, &topic, None, &[b'x'; 30_000]);
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains(&topic) && error.to_string().contains("max.request.size"), "{error}");
    // The producer goes on.
    writer.send(&topic, 0, &["fits"]);
    writer.flush();
    assert_eq!(clients.offset(&topic, 0, OffsetSpec::Latest), 1);
}

pub fn a_record_too_large_for_the_topic_is_rejected(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic_with(1, &[("max.message.bytes", "10000")]);
    let mut writer = clients.producer();
    let error = refused(&mut writer, &topic, None, &[b'x'; 30_000]);
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains(&topic) && error.to_string().contains("max.message.bytes"), "{error}");
    writer.send(&topic, 0, &["fits"]);
    writer.flush();
    assert_eq!(clients.reader(&topic, 0, 0).values(1), ["fits"]);
}

pub fn a_compacted_topic_takes_no_null_key(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic_with(1, &[("cleanup.policy", "compact")]);
    let mut writer = clients.producer();
    let error = refused(&mut writer, &topic, None, b"no key");
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    writer.try_send(&topic, 0, Some(b"key"), Some(b"with key")).unwrap();
    writer.flush();
    assert_eq!(clients.reader(&topic, 0, 0).values(1), ["with key"]);
}

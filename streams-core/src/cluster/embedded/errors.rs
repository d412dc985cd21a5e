//! What can go wrong, said once.

use crate::{Error, ErrorKind, TopicPartition};
use std::fmt::Display;

#[cold]
pub(super) fn missing_topic(topic: &str) -> Error {
    Error::new(
        ErrorKind::Topology,
        format!("topic `{topic}` does not exist on the embedded cluster: create it before it is read or written"),
    )
}

#[cold]
pub(super) fn missing_partition(partition: &TopicPartition, count: usize) -> Error {
    Error::new(ErrorKind::Topology, format!("partition {partition} does not exist: the topic has {count} partitions, numbered from 0"))
}

#[cold]
pub(super) fn deleted_topic(partition: &TopicPartition) -> Error {
    Error::new(ErrorKind::Topology, format!("topic `{}` was deleted: create it again and restart", partition.topic))
}

#[cold]
pub(super) fn unreachable_cluster(what: impl Display) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{what}: the embedded cluster is unreachable (as a test asked for)"))
}

#[cold]
pub(super) fn rejected(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Rejected, message)
}

#[cold]
pub(super) fn fenced(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Fenced, message)
}

#[cold]
pub(super) fn not_in_state(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Closed, message)
}

#[cold]
pub(super) fn timed_out(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}

//! What travels: records as users see them, and as they are fetched.

use std::fmt;
use std::sync::Arc;
use streams_state::Headers;

/// What a record's key and value types must be. One trait, so that an error names one thing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel in a stream",
    label = "a record's key and value must be `Clone + Send + 'static`",
    note = "derive `Clone`, or wrap it in `Arc<{Self}>`"
)]
pub trait Data: Clone + Send + 'static {}
impl<T: Clone + Send + 'static> Data for T {}

/// A record as a processor sees it: owned, may be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<K, V> {
    /// The key.
    pub key: K,
    /// The value.
    pub value: V,
    /// Event time in milliseconds since 1970.
    pub timestamp: i64,
    /// The headers.
    pub headers: Headers,
}

impl<K, V> Record<K, V> {
    /// The same record with another key.
    #[must_use]
    pub fn with_key<K2>(self, key: K2) -> Record<K2, V> {
        Record { key, value: self.value, timestamp: self.timestamp, headers: self.headers }
    }

    /// The same record with another value.
    #[must_use]
    pub fn with_value<V2>(self, value: V2) -> Record<K, V2> {
        Record { key: self.key, value, timestamp: self.timestamp, headers: self.headers }
    }

    /// The same record at another time, in milliseconds since 1970.
    #[must_use]
    pub fn with_timestamp(self, timestamp: i64) -> Self {
        Record { timestamp, ..self }
    }

    /// The same record with these headers in place of its own.
    #[must_use]
    pub fn with_headers(self, headers: Headers) -> Self {
        Record { headers, ..self }
    }
}

/// An update of a table row.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<V> {
    /// The value before, where a node downstream asked for it.
    pub old: Option<V>,
    /// The value now; `None` is a deletion.
    pub new: Option<V>,
    /// Whether nothing newer is known of the row. Only versioned tables send changes of which that is not so: those that came out of order.
    #[doc(alias = "isLatest")]
    pub is_latest: bool,
}

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// A partition of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        TopicPartition { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A task: one partition of one sub-topology. Printed as Java does, `0_1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    /// Number of the sub-topology.
    pub subtopology: u32,
    /// Number of the input partition.
    pub partition: i32,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.subtopology, self.partition)
    }
}

//! How a topic is written.

use super::SerdeChoice;
use crate::plan::Named;
use crate::{Data, Headers};
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde};

/// Where a partitioner sends a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partitions {
    /// By the hash of the key, as without a partitioner.
    ByKey,
    /// To one partition, counted from 0.
    One(i32),
    /// To several, once to each, however often it is named. To none: as [`Nowhere`](Self::Nowhere).
    Many(Vec<i32>),
    /// Nowhere: the record is dropped, and counted.
    Nowhere,
}

/// Chooses the partition of a record: topic, headers, key, value, number of partitions.
pub type StreamPartitioner<K, V> = Arc<dyn Fn(&str, &Headers, &K, &V, i32) -> Partitions + Send + Sync>;

/// A partitioner that does not ask for headers.
pub(super) fn without_headers<K: 'static, V: 'static>(
    partitioner: impl Fn(&str, &K, &V, i32) -> Partitions + Send + Sync + 'static,
) -> StreamPartitioner<K, V> {
    Arc::new(move |topic: &str, _: &Headers, key: &K, value: &V, partitions| partitioner(topic, key, value, partitions))
}

/// How a topic is written: serdes, partitioner, the name of the node.
pub struct Produced<K, V> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) partitioner: Option<StreamPartitioner<K, V>>,
    pub(crate) extractor_name: Option<Arc<str>>,
    pub(crate) named: Named,
}

impl<K: Data, V: Data> Produced<K, V> {
    fn new(key: SerdeChoice<K>, value: SerdeChoice<V>) -> Self {
        Produced { key, value, partitioner: None, extractor_name: None, named: Named::default() }
    }

    /// With these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self {
        Produced::new(SerdeChoice::given(key), SerdeChoice::given(value))
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        Produced::new(SerdeChoice::default(), SerdeChoice::default())
    }

    /// The key's serde.
    #[must_use]
    pub fn key_serde(mut self, key: impl Serde<K>) -> Self {
        self.key = SerdeChoice::given(key);
        self
    }

    /// The value's serde.
    #[must_use]
    pub fn value_serde(mut self, value: impl Serde<V>) -> Self {
        self.value = SerdeChoice::given(value);
        self
    }

    /// Chooses partitions in place of the key's hash.
    #[must_use]
    pub fn partitioner(mut self, partitioner: impl Fn(&str, &K, &V, i32) -> Partitions + Send + Sync + 'static) -> Self {
        self.partitioner = Some(without_headers(partitioner));
        self
    }

    /// [`partitioner`](Self::partitioner) that sees the record's headers, behind the topic.
    #[must_use]
    pub fn partitioner_with_headers(
        mut self,
        partitioner: impl Fn(&str, &Headers, &K, &V, i32) -> Partitions + Send + Sync + 'static,
    ) -> Self {
        self.partitioner = Some(Arc::new(partitioner));
        self
    }

    /// What `describe()` calls the closure of a computed topic ([`to_computed_with`](crate::KStream::to_computed_with)): the name of its type
    /// by default. Nothing else depends on it.
    #[must_use]
    pub fn extractor_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.extractor_name = Some(name.into());
        self
    }

    /// A name for the sink node.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> Default for Produced<K, V> {
    fn default() -> Self {
        Produced::new(SerdeChoice::by_type(), SerdeChoice::by_type())
    }
}

impl<K, V> fmt::Debug for Produced<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Produced").field("named", &self.named).finish_non_exhaustive()
    }
}

//! How a stream is repartitioned.

use super::produced::without_headers;
use super::{Partitions, SerdeChoice, StreamPartitioner};
use crate::plan::Named;
use crate::{Data, Headers};
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde};

/// How a stream is repartitioned: serdes, number of partitions, partitioner, and the name of the topic.
pub struct Repartitioned<K, V> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) named: Named,
    pub(crate) partitions: Option<i32>,
    pub(crate) partitioner: Option<StreamPartitioner<K, V>>,
}

impl<K: Data, V: Data> Repartitioned<K, V> {
    /// With these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self {
        Repartitioned {
            key: SerdeChoice::given(key),
            value: SerdeChoice::given(value),
            named: Named::default(),
            partitions: None,
            partitioner: None,
        }
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        Repartitioned {
            key: SerdeChoice::default(),
            value: SerdeChoice::default(),
            named: Named::default(),
            partitions: None,
            partitioner: None,
        }
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

    /// A name for the topic: `<application.id>-<name>-repartition`.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }

    /// How many partitions the topic gets; as many as the largest input of its sub-topology by default.
    #[must_use]
    #[doc(alias = "withNumberOfPartitions")]
    pub fn partitions(mut self, partitions: i32) -> Self {
        self.partitions = Some(partitions);
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
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> Default for Repartitioned<K, V> {
    fn default() -> Self {
        Repartitioned {
            key: SerdeChoice::by_type(),
            value: SerdeChoice::by_type(),
            named: Named::default(),
            partitions: None,
            partitioner: None,
        }
    }
}

impl<K, V> fmt::Debug for Repartitioned<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repartitioned").field("named", &self.named).finish_non_exhaustive()
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> From<&str> for Repartitioned<K, V> {
    fn from(name: &str) -> Self {
        Self::default().named(name)
    }
}

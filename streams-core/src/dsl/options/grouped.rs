//! How a stream is grouped.

use super::SerdeChoice;
use crate::Data;
use crate::plan::Named;
use std::fmt;
use streams_state::serde::{DefaultSerde, Serde};

/// How a stream is grouped: serdes of the repartition topic and of the stores behind it, and the name of that topic.
pub struct Grouped<K, V> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) named: Named,
}

impl<K: Data, V: Data> Grouped<K, V> {
    /// With these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self {
        Grouped { key: SerdeChoice::given(key), value: SerdeChoice::given(value), named: Named::default() }
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        Grouped { key: SerdeChoice::default(), value: SerdeChoice::default(), named: Named::default() }
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

    /// A name for the repartition topic (`<application.id>-<name>-repartition`) and its nodes.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> Default for Grouped<K, V> {
    fn default() -> Self {
        Grouped { key: SerdeChoice::by_type(), value: SerdeChoice::by_type(), named: Named::default() }
    }
}

impl<K, V> fmt::Debug for Grouped<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grouped").field("named", &self.named).finish_non_exhaustive()
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> From<&str> for Grouped<K, V> {
    fn from(name: &str) -> Self {
        Self::default().named(name)
    }
}

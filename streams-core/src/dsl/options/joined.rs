//! How a stream is joined with a table.

use super::SerdeChoice;
use crate::Data;
use crate::plan::Named;
use std::fmt;
use std::time::Duration;
use streams_state::serde::{DefaultSerde, Serde};

/// How a stream is joined with a table: serdes for a repartition topic, where one is needed, and the name of the join.
pub struct Joined<K, V> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) named: Named,
    pub(crate) grace: Option<Duration>,
}

impl<K: Data, V: Data> Joined<K, V> {
    /// With these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self {
        Joined { key: SerdeChoice::given(key), value: SerdeChoice::given(value), named: Named::default(), grace: None }
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        Joined { key: SerdeChoice::default(), value: SerdeChoice::default(), named: Named::default(), grace: None }
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

    /// A name for the join's node and its repartition topic.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }

    /// Lets records of the stream wait until stream time has passed them by `grace`, so that changes of the table that come late are still
    /// found; at most the table's history retention. The table must be [versioned](crate::Materialized::versioned). What waits is kept in a
    /// store, `<name of the join>-Buffer`, and what comes later than that is joined at once (KIP-923). Default: records do not wait.
    #[must_use]
    #[doc(alias = "withGracePeriod")]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> Default for Joined<K, V> {
    fn default() -> Self {
        Joined { key: SerdeChoice::by_type(), value: SerdeChoice::by_type(), named: Named::default(), grace: None }
    }
}

impl<K, V> fmt::Debug for Joined<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined").field("named", &self.named).finish_non_exhaustive()
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> From<&str> for Joined<K, V> {
    fn from(name: &str) -> Self {
        Self::default().named(name)
    }
}

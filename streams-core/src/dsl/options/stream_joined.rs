//! How two streams are joined.

use super::SerdeChoice;
use crate::Data;
use crate::plan::Named;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde};

/// How two streams are joined: serdes of their stores, names, logging.
pub struct StreamJoined<K, V1, V2> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) this_value: SerdeChoice<V1>,
    pub(crate) other_value: SerdeChoice<V2>,
    pub(crate) named: Named,
    pub(crate) store_name: Option<Arc<str>>,
    pub(crate) logging: Option<BTreeMap<String, String>>,
    pub(crate) in_memory: bool,
}

impl<K: Data, V1: Data, V2: Data> StreamJoined<K, V1, V2> {
    /// With these serdes.
    pub fn with(key: impl Serde<K>, this_value: impl Serde<V1>, other_value: impl Serde<V2>) -> Self {
        StreamJoined {
            key: SerdeChoice::given(key),
            this_value: SerdeChoice::given(this_value),
            other_value: SerdeChoice::given(other_value),
            named: Named::default(),
            store_name: None,
            logging: Some(BTreeMap::new()),
            in_memory: false,
        }
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        StreamJoined {
            key: SerdeChoice::default(),
            this_value: SerdeChoice::default(),
            other_value: SerdeChoice::default(),
            named: Named::default(),
            store_name: None,
            logging: Some(BTreeMap::new()),
            in_memory: false,
        }
    }

    /// The keys' serde.
    #[must_use]
    pub fn key_serde(mut self, key: impl Serde<K>) -> Self {
        self.key = SerdeChoice::given(key);
        self
    }

    /// The serde of this stream's values.
    #[must_use]
    pub fn value_serde(mut self, value: impl Serde<V1>) -> Self {
        self.this_value = SerdeChoice::given(value);
        self
    }

    /// The serde of the other stream's values.
    #[must_use]
    pub fn other_value_serde(mut self, value: impl Serde<V2>) -> Self {
        self.other_value = SerdeChoice::given(value);
        self
    }

    /// A name for the join's nodes and repartition topics; the stores keep generated names unless [`store_name`](Self::store_name) is given.
    #[must_use]
    #[doc(alias = "withName")]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }

    /// Base of the names of the stores and their changelogs: one for each side, and in left and outer joins one for the records that wait for a
    /// partner.
    #[must_use]
    #[doc(alias = "withStoreName")]
    pub fn store_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.store_name = Some(name.into());
        self
    }

    /// Topic configs for the changelogs.
    #[must_use]
    #[doc(alias = "withLoggingEnabled")]
    pub fn logging(mut self, configs: BTreeMap<String, String>) -> Self {
        self.logging = Some(configs);
        self
    }

    /// No changelogs: the stores are empty after a move or a lost disk.
    #[must_use]
    #[doc(alias = "withLoggingDisabled")]
    pub fn logging_disabled(mut self) -> Self {
        self.logging = None;
        self
    }

    /// Keeps the stores in memory, whatever `default.dsl.store` says.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }
}

impl<K: Data + DefaultSerde, V1: Data + DefaultSerde, V2: Data + DefaultSerde> Default for StreamJoined<K, V1, V2> {
    fn default() -> Self {
        StreamJoined {
            key: SerdeChoice::by_type(),
            this_value: SerdeChoice::by_type(),
            other_value: SerdeChoice::by_type(),
            named: Named::default(),
            store_name: None,
            logging: Some(BTreeMap::new()),
            in_memory: false,
        }
    }
}

impl<K, V1, V2> fmt::Debug for StreamJoined<K, V1, V2> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamJoined").field("named", &self.named).finish_non_exhaustive()
    }
}

/// A name for the stores, as Java's `StreamJoined.as`.
impl<K: Data + DefaultSerde, V1: Data + DefaultSerde, V2: Data + DefaultSerde> From<&str> for StreamJoined<K, V1, V2> {
    fn from(name: &str) -> Self {
        Self::default().store_name(name)
    }
}

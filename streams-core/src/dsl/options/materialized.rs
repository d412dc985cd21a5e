//! How a table is kept.

use super::SerdeChoice;
use crate::Data;
use crate::plan::Named;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{DefaultSerde, Serde};

/// Where a store keeps its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreType {
    /// As `default.dsl.store` says.
    Default,
    RocksDb,
    InMemory,
}

/// How a table is kept: the store's name, serdes, cache, changelog. A `&str` is a name with everything else by default.
pub struct Materialized<K, V> {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) caching: bool,
    pub(crate) logging: Option<BTreeMap<String, String>>,
    pub(crate) retention: Option<Duration>,
    pub(crate) store_type: StoreType,
    /// Name of the operator's node.
    pub(crate) node: Named,
    /// Not given by the user at all, which Java tells apart when it burns names.
    pub(crate) implied: bool,
}

impl<K: Data, V: Data> Materialized<K, V> {
    fn new(key: SerdeChoice<K>, value: SerdeChoice<V>) -> Self {
        Materialized {
            name: None,
            key,
            value,
            caching: true,
            logging: Some(BTreeMap::new()),
            retention: None,
            store_type: StoreType::Default,
            node: Named::default(),
            implied: false,
        }
    }

    /// With these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self {
        Materialized::new(SerdeChoice::given(key), SerdeChoice::given(value))
    }

    /// With the serdes that come with the table.
    pub fn inherited() -> Self {
        Materialized::new(SerdeChoice::default(), SerdeChoice::default())
    }

    pub(crate) fn implied(key: SerdeChoice<K>, value: SerdeChoice<V>) -> Self {
        Materialized { implied: true, ..Materialized::new(key, value) }
    }

    /// A name for the store: it can be queried by it, and its changelog is `<application.id>-<name>-changelog`.
    #[must_use]
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A name for the operator's node.
    #[must_use]
    pub fn node_named(mut self, named: impl Into<Named>) -> Self {
        self.node = named.into();
        self
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

    /// No record cache: every update is written and forwarded at once. On by default.
    #[must_use]
    #[doc(alias = "withCachingDisabled")]
    pub fn caching_disabled(mut self) -> Self {
        self.caching = false;
        self
    }

    /// Topic configs for the changelog, over those of the application's config.
    #[must_use]
    #[doc(alias = "withLoggingEnabled")]
    pub fn logging(mut self, configs: BTreeMap<String, String>) -> Self {
        self.logging = Some(configs);
        self
    }

    /// No changelog: the store is empty after a move or a lost disk.
    #[must_use]
    #[doc(alias = "withLoggingDisabled")]
    pub fn logging_disabled(mut self) -> Self {
        self.logging = None;
        self
    }

    /// How long a windowed store keeps rows, counted in stream time; window size and grace by default, which is also the least.
    #[must_use]
    #[doc(alias = "withRetention")]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Keeps the rows in memory, whatever `default.dsl.store` says.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.store_type = StoreType::InMemory;
        self
    }

    /// Keeps the rows in RocksDB, whatever `default.dsl.store` says.
    #[must_use]
    pub fn rocks_db(mut self) -> Self {
        self.store_type = StoreType::RocksDb;
        self
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> Default for Materialized<K, V> {
    fn default() -> Self {
        Materialized::new(SerdeChoice::by_type(), SerdeChoice::by_type())
    }
}

/// A name for the store. For types without a default serde, such as windowed keys: `Materialized::inherited().named(name)`.
impl<K: Data + DefaultSerde, V: Data + DefaultSerde> From<&str> for Materialized<K, V> {
    fn from(name: &str) -> Self {
        Self::default().named(name)
    }
}

/// Only a name for the operator's node.
impl<K: Data + DefaultSerde, V: Data + DefaultSerde> From<Named> for Materialized<K, V> {
    fn from(named: Named) -> Self {
        Materialized::implied(SerdeChoice::by_type(), SerdeChoice::by_type()).node_named(named)
    }
}

impl<K, V> fmt::Debug for Materialized<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Materialized").field("name", &self.name).field("caching", &self.caching).finish_non_exhaustive()
    }
}

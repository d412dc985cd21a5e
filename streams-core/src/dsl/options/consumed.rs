//! How a topic is read.

use super::SerdeChoice;
use crate::Data;
use crate::config::OffsetReset;
use crate::handlers::TimestampExtractor;
use crate::plan::Named;
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde};

/// How a topic is read: serdes, timestamps, where to begin, the name of the node.
pub struct Consumed<K, V> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) extractor: Option<Arc<dyn TimestampExtractor>>,
    pub(crate) reset: Option<OffsetReset>,
    pub(crate) named: Named,
}

impl<K: Data, V: Data> Consumed<K, V> {
    /// With these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self {
        Consumed { key: SerdeChoice::given(key), value: SerdeChoice::given(value), extractor: None, reset: None, named: Named::default() }
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

    /// Where a record's time comes from; the extractor of the config by default.
    #[must_use]
    pub fn timestamp_extractor(mut self, extractor: impl TimestampExtractor + 'static) -> Self {
        self.extractor = Some(Arc::new(extractor));
        self
    }

    /// Where to begin when the group has no offset; `auto.offset.reset` of the config by default.
    #[must_use]
    #[doc(alias = "withOffsetResetPolicy")]
    pub fn offset_reset(mut self, reset: OffsetReset) -> Self {
        self.reset = Some(reset);
        self
    }

    /// A name for the source node.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde> Default for Consumed<K, V> {
    fn default() -> Self {
        Consumed { key: SerdeChoice::by_type(), value: SerdeChoice::by_type(), extractor: None, reset: None, named: Named::default() }
    }
}

impl<K, V> fmt::Debug for Consumed<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumed").field("reset", &self.reset).field("named", &self.named).finish_non_exhaustive()
    }
}

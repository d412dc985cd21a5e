//! How two streams are joined.

use super::{SerdeChoice, StoreType, serde_settings, store_settings};
use crate::Data;
use crate::plan::Named;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use streams_state::WindowBytesStoreSupplier;
use streams_state::serde::{DefaultSerde, Serde};

/// How two streams are joined: serdes of their stores, names, logging.
pub struct StreamJoined<K, V1, V2> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) this_value: SerdeChoice<V1>,
    pub(crate) other_value: SerdeChoice<V2>,
    pub(crate) named: Named,
    pub(crate) store_name: Option<Arc<str>>,
    pub(crate) logging: Option<BTreeMap<String, String>>,
    pub(crate) store_type: StoreType,
    pub(crate) this_store: Option<WindowBytesStoreSupplier>,
    pub(crate) other_store: Option<WindowBytesStoreSupplier>,
}

impl<K: Data, V1: Data, V2: Data> StreamJoined<K, V1, V2> {
    fn new(key: SerdeChoice<K>, this_value: SerdeChoice<V1>, other_value: SerdeChoice<V2>) -> Self {
        StreamJoined {
            key,
            this_value,
            other_value,
            named: Named::default(),
            store_name: None,
            logging: Some(BTreeMap::new()),
            store_type: StoreType::Default,
            this_store: None,
            other_store: None,
        }
    }

    /// With these serdes.
    pub fn with(key: impl Serde<K>, this_value: impl Serde<V1>, other_value: impl Serde<V2>) -> Self {
        StreamJoined::new(SerdeChoice::given(key), SerdeChoice::given(this_value), SerdeChoice::given(other_value))
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        StreamJoined::new(SerdeChoice::default(), SerdeChoice::default(), SerdeChoice::default())
    }

    serde_settings!("The keys' serde.", this_value: V1, "The serde of this stream's values.");

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

    /// The store of this stream's records: window size and retention must be those of the join, the window's size and that with the grace, and
    /// duplicates must be retained. It goes by its own name, whatever [`store_name`](Self::store_name) says, and so does the store of the records
    /// that wait for a partner, `<name>-left-shared-join-store` or `<name>-outer-shared-join-store`, which lies in memory where this one does.
    /// Its changelog is always written, without the configs of [`logging`](Self::logging), as in Java.
    #[must_use]
    #[doc(alias = "withThisStoreSupplier")]
    pub fn this_store_supplier(mut self, store: WindowBytesStoreSupplier) -> Self {
        self.this_store = Some(store);
        self
    }

    /// The store of the other stream's records; see [`this_store_supplier`](Self::this_store_supplier).
    #[must_use]
    #[doc(alias = "withOtherStoreSupplier")]
    pub fn other_store_supplier(mut self, store: WindowBytesStoreSupplier) -> Self {
        self.other_store = Some(store);
        self
    }

    store_settings!("the stores are empty after a move or a lost disk.");
}

impl<K: Data + DefaultSerde, V1: Data + DefaultSerde, V2: Data + DefaultSerde> Default for StreamJoined<K, V1, V2> {
    fn default() -> Self {
        StreamJoined::new(SerdeChoice::by_type(), SerdeChoice::by_type(), SerdeChoice::by_type())
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

//! How a table is kept.

use super::{SerdeChoice, StoreType, serde_settings, store_settings};
use crate::Data;
use crate::plan::{Named, Plan};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{DefaultSerde, Serde};
use streams_state::{BytesStoreSupplier, KeyValueBytesStoreSupplier, SessionBytesStoreSupplier, WindowBytesStoreSupplier};

/// What of its past a versioned table keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    pub retention: Duration,
    pub segment_interval: Option<Duration>,
}

/// What an operator asks of the store of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    KeyValue,
    Windows { size_ms: i64 },
    Sessions,
}

impl<K, V> Materialized<K, V> {
    /// Refuses versions for a store of `what`, which cannot have them.
    pub(crate) fn refuse_history(&self, plan: &mut Plan, (node, store): (&str, &str), what: &str) {
        if self.history.is_some() {
            plan.error(format!("{node}: store {store} is versioned, and {what} cannot be: leave `versioned` out"));
        }
    }

    /// Refuses a store given that is not of the operator's kind, windows of another length than `size_ms`, and rows that repeat.
    pub(crate) fn check_supplier(&self, plan: &mut Plan, node: &str, needs: Needs) {
        let Some(supplier) = &self.supplier else { return };
        let name = supplier.name();
        let (is, found) = match supplier {
            BytesStoreSupplier::KeyValue(_) => (needs == Needs::KeyValue, "a key-value store"),
            BytesStoreSupplier::Window(_) => (matches!(needs, Needs::Windows { .. }), "a window store"),
            BytesStoreSupplier::Session(_) => (needs == Needs::Sessions, "a session store"),
        };
        if !is {
            let needed = match needs {
                Needs::KeyValue => "a key-value store: `Stores::in_memory_key_value_store(..)` or another of its kind",
                Needs::Windows { .. } => "a window store: `Stores::in_memory_window_store(..)` or another of its kind",
                Needs::Sessions => "a session store: `Stores::in_memory_session_store(..)` or another of its kind",
            };
            plan.error(format!("{node}: store {name} is {found}, but the operator keeps its rows in {needed}"));
        }
        if let (BytesStoreSupplier::Window(store), Needs::Windows { size_ms }) = (supplier, needs) {
            if store.retain_duplicates() {
                plan.error(format!(
                    "{node}: store {name} retains duplicates, but an aggregate has one row per window: give `false` for them"
                ));
            }
            if store.window_size_ms() != size_ms {
                let told = store.window_size_ms();
                plan.error(format!(
                    "{node}: store {name} is for windows of {told} ms, but those of the operator are {size_ms} ms long: give it that size"
                ));
            }
        }
        if self.history.is_some() {
            plan.error(format!("{node}: store {name} has no versions: leave `store` out, or `versioned`"));
        }
    }

    /// How many rows there may be.
    pub(crate) fn most_keys(&self) -> Option<usize> {
        match &self.supplier {
            Some(BytesStoreSupplier::KeyValue(store)) => store.most_keys(),
            _ => None,
        }
    }

    /// Whether rows lie without their times.
    pub(crate) fn is_plain(&self) -> bool {
        self.supplier.as_ref().is_some_and(|store| !store.timestamped())
    }
}

/// How a table is kept: the store's name, serdes, cache, changelog. A `&str` is a name with everything else by default.
pub struct Materialized<K, V> {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) caching: bool,
    pub(crate) logging: Option<BTreeMap<String, String>>,
    pub(crate) retention: Option<Duration>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) store_type: StoreType,
    /// A store that the user has described.
    pub(crate) supplier: Option<BytesStoreSupplier>,
    pub(crate) history: Option<History>,
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
            ttl: None,
            store_type: StoreType::Default,
            supplier: None,
            history: None,
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

    serde_settings!("The key's serde.", value: V, "The value's serde.");

    /// No record cache: every update is written and forwarded at once. On by default.
    #[must_use]
    #[doc(alias = "withCachingDisabled")]
    pub fn caching_disabled(mut self) -> Self {
        self.caching = false;
        self
    }

    store_settings!("the store is empty after a move or a lost disk.");

    /// How long a windowed store keeps rows, counted in stream time; window size and grace by default, which is also the least.
    #[must_use]
    #[doc(alias = "withRetention")]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Deletes rows that nothing has changed for this long, in stream time: the largest time of the records that reached the table. A deletion is a
    /// change as any other: it goes downstream and to the changelog, at the time at which the row expired. Without it rows stay for ever. Java
    /// has no such setting.
    ///
    /// A row expires when stream time is past its own time (of the last record, or the largest of an aggregate) by the time to live, and up to a
    /// sixteenth more; it is then deleted before the next record of the table, at most 64 rows before each. What a record finds under its key
    /// has not expired. A record that is older than that itself when it comes is dropped and counted as late. While no records come
    /// nothing expires. Stream time goes on where it was after a restart.
    ///
    /// For tables read from a topic, made of a stream, and aggregated from grouped or cogrouped streams; and for those that are made of other tables
    /// by key and have a store of their own: by `map_values`, `filter`, `transform_values` and joins. They are kept then, with a second store
    /// `<name>-ttl` of their keys by time, and never restored from their topic. A row made of another one may go before that does, and comes back
    /// when it changes; what is older than the time to live when it comes deletes such a row, and is not counted. Aggregates of grouped tables and
    /// joins by foreign key follow the deletions of the tables that they are made of; windowed tables have a [`retention`](Self::retention).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{Materialized, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let sessions = Materialized::from("clicks").ttl(Duration::from_secs(1600));
    /// builder.stream::<String, i64>("in").group_by_key().count_with(sessions.caching_disabled()).to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (user, at) in [("ann", 0), ("ann", 50_000), ("bob", 1_700_000)] {
    ///     input.pipe_at(user.to_string(), 1, at)?;
    /// }
    /// let changes = driver.output::<String, Option<u64>>("out").read_all()?;
    /// let (ann, bob) = ("ann".to_string(), "bob".to_string());
    /// assert_eq!(changes, [(ann.clone(), Some(1)), (ann.clone(), Some(2)), (ann, None), (bob, Some(1))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Keeps every version of a row for `history_retention` of stream time after another one took its place, and takes changes that come out of
    /// order for what they are: they find their place in the row's history, and operators that follow the newest row leave them out. A
    /// stream that is joined with the table finds the row as it was at the record's time. The store needs a [name](Self::named), and has no
    /// record cache; not for windowed, session and global tables (KIP-889, KIP-914).
    #[must_use]
    #[doc(alias = "persistentVersionedKeyValueStore")]
    pub fn versioned(mut self, history_retention: Duration) -> Self {
        self.history = Some(History { retention: history_retention, segment_interval: None });
        self
    }

    /// [`versioned`](Self::versioned) with the span of time whose versions expire together, in place
    /// of Java's default, a third to a 24th of the history retention.
    #[must_use]
    #[doc(alias = "segmentInterval")]
    pub fn versioned_in_segments(mut self, history_retention: Duration, segment_interval: Duration) -> Self {
        self.history = Some(History { retention: history_retention, segment_interval: Some(segment_interval) });
        self
    }

    /// Keeps the rows in this store, which gives its name and engine too, and its retention where it has one: windows and sessions must be kept
    /// for as long as they take records, and windows must be as long as the operator's. Its kind must be the operator's.
    #[must_use]
    pub fn store(mut self, store: impl Into<BytesStoreSupplier>) -> Self {
        let store = store.into();
        self.name = Some(store.name().clone());
        self.store_type = if store.in_memory() { StoreType::InMemory } else { StoreType::RocksDb };
        self.retention = match &store {
            BytesStoreSupplier::KeyValue(_) => None,
            BytesStoreSupplier::Window(store) => Some(Duration::from_millis(store.retention_ms().unsigned_abs())),
            BytesStoreSupplier::Session(store) => Some(Duration::from_millis(store.retention_ms().unsigned_abs())),
        };
        self.supplier = Some(store);
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

macro_rules! from_suppliers {
    ($($supplier:ty),*) => {$(
        /// A store of one's own, as Java's `Materialized.as(supplier)`.
        impl<K: Data + DefaultSerde, V: Data + DefaultSerde> From<$supplier> for Materialized<K, V> {
            fn from(store: $supplier) -> Self {
                Self::default().store(store)
            }
        }
    )*};
}
from_suppliers!(KeyValueBytesStoreSupplier, WindowBytesStoreSupplier, SessionBytesStoreSupplier);

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

//! How stores are described before they are opened: once per topology, opened once per task.

mod buffer;
mod bytes;
mod key_value;
mod list;
mod own;
mod record_buffer;
mod session;
mod supplier;
mod versioned;
mod window;

pub use buffer::ChangeBufferBuilder;
pub use bytes::{BytesStoreSupplier, KeyValueBytesStoreSupplier, SessionBytesStoreSupplier, WindowBytesStoreSupplier};
pub use key_value::KeyValueStoreBuilder;
pub use list::ListStoreBuilder;
pub use own::OwnStoreBuilder;
pub use record_buffer::RecordBufferBuilder;
pub use session::SessionStoreBuilder;
pub use supplier::{OpenEnv, StoreKind, StoreSupplier, StoreType};
pub use versioned::VersionedStoreBuilder;
pub use window::WindowStoreBuilder;

use crate::engine::Engine;
use crate::keys::Segments;
use crate::keys::time_first::TimeFirst;
use crate::locked::LockedEngine;
use crate::memory::{MemoryEngine, SharedMemoryEngine};
use crate::own::{OwnStore, OwnStoreContext, delete};
use crate::serde::{DefaultSerde, Serde};
use crate::typed::{HeadersOf, Layout, StoreParts, WithHeaders, WithHeadersSerde};
use crate::{BoxError, Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the descriptions of stores begin.
#[derive(Debug)]
pub struct Stores;

impl Stores {
    /// One value per key, with the default serdes of `K` and `V`.
    #[doc(alias = "timestampedKeyValueStoreBuilder")]
    pub fn key_value<K: DefaultSerde, V: DefaultSerde + Clone + Send>(name: impl Into<Arc<str>>) -> KeyValueStoreBuilder<K, V> {
        KeyValueStoreBuilder::new(name.into(), K::default_serde(), V::default_serde())
    }

    /// One value per key, with serdes of your own.
    pub fn key_value_with<K: 'static, V: Clone + Send + 'static>(
        name: impl Into<Arc<str>>,
        keys: impl Serde<K>,
        values: impl Serde<V>,
    ) -> KeyValueStoreBuilder<K, V> {
        KeyValueStoreBuilder::new(name.into(), Arc::new(keys), Arc::new(values))
    }

    /// Values by key and time, with the default serdes of `K` and `V`. A version is kept for `history_retention` of stream time after another
    /// one took its place, and may come as late.
    #[doc(alias = "versionedKeyValueStoreBuilder")]
    #[doc(alias = "persistentVersionedKeyValueStore")]
    pub fn versioned_key_value<K: DefaultSerde, V: DefaultSerde + Clone + Send>(
        name: impl Into<Arc<str>>,
        history_retention: Duration,
    ) -> VersionedStoreBuilder<K, V> {
        VersionedStoreBuilder::new(name.into(), K::default_serde(), V::default_serde(), history_retention)
    }

    /// Values by key and time, with serdes of your own; see [`versioned_key_value`](Self::versioned_key_value).
    pub fn versioned_key_value_with<K: 'static, V: Clone + Send + 'static>(
        name: impl Into<Arc<str>>,
        keys: impl Serde<K>,
        values: impl Serde<V>,
        history_retention: Duration,
    ) -> VersionedStoreBuilder<K, V> {
        VersionedStoreBuilder::new(name.into(), Arc::new(keys), Arc::new(values), history_retention)
    }

    /// Values by key and window start, with the default serdes of `K` and `V`. Windows are `size` long and are kept until stream time has
    /// passed their start by `retention`.
    #[doc(alias = "timestampedWindowStoreBuilder")]
    pub fn window<K: DefaultSerde, V: DefaultSerde + Clone + Send>(
        name: impl Into<Arc<str>>,
        retention: Duration,
        size: Duration,
    ) -> WindowStoreBuilder<K, V> {
        WindowStoreBuilder::new(name.into(), K::default_serde(), V::default_serde(), retention, size)
    }

    /// Values by key and window start, with serdes of your own; see [`window`](Self::window).
    pub fn window_with<K: 'static, V: Clone + Send + 'static>(
        name: impl Into<Arc<str>>,
        keys: impl Serde<K>,
        values: impl Serde<V>,
        retention: Duration,
        size: Duration,
    ) -> WindowStoreBuilder<K, V> {
        WindowStoreBuilder::new(name.into(), Arc::new(keys), Arc::new(values), retention, size)
    }

    /// Values by key and session, with the default serdes of `K` and `V`. Sessions are kept until stream time is past their end by more than
    /// `retention`.
    #[doc(alias = "sessionStoreBuilder")]
    pub fn session<K: DefaultSerde, V: DefaultSerde + Clone + Send>(
        name: impl Into<Arc<str>>,
        retention: Duration,
    ) -> SessionStoreBuilder<K, V> {
        SessionStoreBuilder::new(name.into(), K::default_serde(), V::default_serde(), retention)
    }

    /// Values by key and session, with serdes of your own; see [`session`](Self::session).
    pub fn session_with<K: 'static, V: Clone + Send + 'static>(
        name: impl Into<Arc<str>>,
        keys: impl Serde<K>,
        values: impl Serde<V>,
        retention: Duration,
    ) -> SessionStoreBuilder<K, V> {
        SessionStoreBuilder::new(name.into(), Arc::new(keys), Arc::new(values), retention)
    }

    /// A store of your own kind: `make` makes it for one task, on the files that it has there, if it keeps any.
    ///
    /// # Errors
    /// An error of `make` ends the task that needs the store.
    pub fn own<S: OwnStore>(
        name: impl Into<Arc<str>>,
        make: impl Fn(&OwnStoreContext) -> Result<S, BoxError> + Send + Sync + 'static,
    ) -> OwnStoreBuilder<S> {
        OwnStoreBuilder::new(name.into(), make)
    }

    /// Changes of a table that are held back, for operators that do so.
    pub fn change_buffer<K: 'static, V: Send + 'static>(
        name: impl Into<Arc<str>>,
        keys: impl Serde<K>,
        values: impl Serde<V>,
    ) -> ChangeBufferBuilder<K, V> {
        ChangeBufferBuilder::new(name.into(), Arc::new(keys), Arc::new(values))
    }

    /// Records that wait for a grace period, for operators that let them. Serdes are told `serde_topic`.
    pub fn record_buffer<K: 'static, V: 'static>(
        name: impl Into<Arc<str>>,
        keys: impl Serde<K>,
        values: impl Serde<V>,
        serde_topic: impl Into<Arc<str>>,
        grace: Duration,
    ) -> RecordBufferBuilder<K, V> {
        RecordBufferBuilder::new(name.into(), Arc::new(keys), Arc::new(values), serde_topic.into(), grace)
    }
}

/// What every builder has.
struct Common<K, V> {
    name: Arc<str>,
    keys: Arc<dyn Serde<K>>,
    values: Arc<dyn Serde<V>>,
    in_memory: bool,
    default_engine: bool,
    caching: bool,
    timestamped: bool,
    /// Tells the headers of a value, where rows carry them.
    headers: Option<HeadersOf<V>>,
    time_first: Option<TimeFirst>,
    logging: Option<BTreeMap<String, String>>,
}

impl<K, V> Common<K, V> {
    fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>) -> Self {
        let logging = Some(BTreeMap::new());
        Common {
            name,
            keys,
            values,
            in_memory: false,
            default_engine: false,
            caching: false,
            timestamped: true,
            headers: None,
            time_first: None,
            logging,
        }
    }

    /// The same of values with headers.
    fn with_headers(self) -> Common<K, WithHeaders<V>>
    where
        V: 'static,
    {
        let Common { name, keys, values, in_memory, default_engine, caching, timestamped, headers: _, time_first, logging } = self;
        let values = Arc::new(WithHeadersSerde(values));
        let headers: Option<HeadersOf<WithHeaders<V>>> = Some(|row| &row.headers);
        Common { name, keys, values, in_memory, default_engine, caching, timestamped, headers, time_first, logging }
    }

    /// Rows with headers have Java's three forms only.
    fn check_headers(&self, kept_with_time: bool) -> Result<()> {
        let why = match self.headers {
            Some(_) if kept_with_time && !self.timestamped => "is plain",
            Some(_) if self.time_first.is_some() => "lies by time",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Invalid, format!("store {} {why} and so cannot keep headers: leave one of the two out", self.name)))
    }

    fn persistent(&self) -> bool {
        cfg!(feature = "rocksdb") && !self.in_memory
    }

    /// Where the store lies on disk, if it does: in one database, or in segments.
    fn directory(&self, env: &OpenEnv, segments: Option<Segments>) -> Option<PathBuf> {
        let task = env.task_dir.as_ref().filter(|_| self.persistent())?;
        Some(match segments {
            None => task.join("rocksdb").join(&*self.name),
            Some(_) => task.join(&*self.name),
        })
    }

    fn destroy(&self, env: &OpenEnv, segments: Option<Segments>) -> Result<()> {
        let Some(path) = self.directory(env, segments) else { return Ok(()) };
        delete(&path)
    }

    /// The engine of a task's store: on disk if that is wanted, built in, and the task has a directory.
    fn engine(&self, env: &OpenEnv, segments: Option<Segments>) -> Result<Box<dyn Engine>> {
        #[cfg(feature = "rocksdb")]
        if let Some(path) = self.directory(env, segments) {
            use crate::rocks::{RocksEngine, Rows, SegmentedEngine, Spec};
            let offset_key = format!("{}-{}", env.changelog_topic, env.partition).into_bytes();
            // rows by time carry their times in the column family of plain ones, as Java's
            let rows = match (self.headers.is_some(), self.timestamped && self.time_first.is_none()) {
                (false, false) => Rows::Plain,
                (false, true) => Rows::Timestamped,
                (true, true) => Rows::WithHeaders,
                (true, false) => Rows::SessionsWithHeaders,
            };
            let store = self.name.clone();
            let spec = Spec { store, rows, offset_key, segments, global: env.is_global(), shared: env.shared.clone() };
            return Ok(match segments {
                None => Box::new(RocksEngine::open(path, spec)?),
                Some(segments) => Box::new(SegmentedEngine::open(path, &self.name, segments.interval, spec)?),
            });
        }
        Ok(match segments {
            None if env.is_global() => Box::new(SharedMemoryEngine::default()),
            _ => Box::new(MemoryEngine::default()),
        })
    }

    /// The same for a store whose readers open stores of their own, where there are any.
    fn locked(&self, env: &OpenEnv, engine: Box<dyn Engine>, layout: Layout) -> Box<dyn Engine> {
        match env.is_global() {
            true => Box::new(LockedEngine::new(engine, self.name.clone(), layout, self.time_first.is_some())),
            false => engine,
        }
    }

    fn parts(&self, env: &OpenEnv, engine: Box<dyn Engine>) -> StoreParts<K, V> {
        StoreParts {
            name: self.name.clone(),
            topic: env.changelog_topic.clone(),
            keys: self.keys.clone(),
            values: self.values.clone(),
            timestamped: self.timestamped,
            headers: self.headers,
            caching: self.caching,
            time_first: self.time_first,
            engine,
        }
    }
}

/// The settings that all builders share.
macro_rules! common_settings {
    () => {
        /// Keeps rows in memory: after a restart the whole changelog is read. Default: on disk. Without the crate's feature `rocksdb` every
        /// store is in memory.
        pub fn in_memory(mut self) -> Self {
            self.common.in_memory = true;
            self
        }

        /// Lets the application decide whether rows lie on disk or in memory, as the DSL does (`default.dsl.store`). Default: on disk.
        pub fn default_engine(mut self) -> Self {
            self.common.default_engine = true;
            self
        }

        /// Whether changes wait in the record cache until commit or eviction, so that only the newest of a key is logged and forwarded.
        /// Default: no, as for a store that is built by hand in Java.
        #[doc(alias = "withCachingEnabled")]
        pub fn caching(mut self, caching: bool) -> Self {
            self.common.caching = caching;
            self
        }

        /// Configs for the changelog topic, such as `min.insync.replicas`, beside those that the store demands. Default: none.
        #[doc(alias = "withLoggingEnabled")]
        pub fn logging(mut self, configs: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
            self.common.logging = Some(configs.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
            self
        }

        /// Writes no changelog: what is lost with the disk, or with the process where the store is in memory, stays lost. Default: logged.
        #[doc(alias = "withLoggingDisabled")]
        pub fn without_logging(mut self) -> Self {
            self.common.logging = None;
            self
        }

        /// The store's name.
        pub fn name(&self) -> &str {
            &self.common.name
        }

        /// The serdes of keys and of values.
        pub fn serdes(&self) -> (&Arc<dyn Serde<K>>, &Arc<dyn Serde<V>>) {
            (&self.common.keys, &self.common.values)
        }
    };
}
use common_settings;

/// The setting of stores that may keep times.
macro_rules! plain_setting {
    () => {
        /// Keeps no time beside each value; reads tell -1. Default: with times.
        pub fn plain(mut self) -> Self {
            self.common.timestamped = false;
            self
        }
    };
}
use plain_setting;

/// The setting of stores that may keep headers.
macro_rules! headers_setting {
    ($builder:ident { $($field:ident),* }, $alias:literal, $supplier:literal) => {
        /// Keeps headers beside each value (KIP-1271): rows are [`WithHeaders`], and carry them into the changelog, from which they come back.
        /// Bytes of the changelog are as without. Default: no headers. On disk rows of a store that kept none are taken over, without headers; a
        /// store that has kept some does not open without them.
        #[doc(alias = $alias)]
        #[doc(alias = $supplier)]
        pub fn with_headers(self) -> $builder<K, WithHeaders<V>> {
            let $builder { common, $($field),* } = self;
            $builder { common: common.with_headers(), $($field),* }
        }
    };
}
use headers_setting;

/// Whole milliseconds, at most what a Java `long` holds.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What all suppliers answer alike.
macro_rules! common_answers {
    () => {
        fn name(&self) -> &Arc<str> {
            &self.common.name
        }

        fn persistent(&self) -> bool {
            self.common.persistent()
        }

        fn has_default_engine(&self) -> bool {
            self.common.default_engine
        }

        fn caching(&self) -> bool {
            self.common.caching
        }

        fn logging(&self) -> Option<&BTreeMap<String, String>> {
            self.common.logging.as_ref()
        }

        fn key_type(&self) -> StoreType {
            StoreType::of::<K>()
        }

        fn value_type(&self) -> StoreType {
            StoreType::of::<V>()
        }
    };
}
use common_answers;

//! Window stores described.

use super::key_value::check_name;
use super::{
    Common, OpenEnv, StoreKind, StoreSupplier, StoreType, common_answers, common_settings, headers_setting, millis, plain_setting,
};
use crate::keys::time_first::TimeFirst;
use crate::keys::{Segments, Suffix};
use crate::serde::Serde;
use crate::store::StateStore;
use crate::time_first::TimeFirstEngine;
use crate::typed::{Layout, WindowShape, WindowStore, WithHeaders};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Describes a [`WindowStore`]; made by [`Stores::window`](super::Stores::window).
#[must_use]
pub struct WindowStoreBuilder<K, V> {
    common: Common<K, V>,
    shape: WindowShape,
    /// Whether rows by time have an index by key.
    indexed: bool,
}

impl<K: 'static, V: Clone + Send + 'static> WindowStoreBuilder<K, V> {
    pub(super) fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>, retention: Duration, size: Duration) -> Self {
        let shape = WindowShape { retention: millis(retention), margin: 0, size: millis(size), duplicates: false, by_record_time: false };
        WindowStoreBuilder { common: Common::new(name, keys, values), shape, indexed: false }
    }

    common_settings!();
    plain_setting!();
    headers_setting!(
        WindowStoreBuilder { shape, indexed },
        "timestampedWindowStoreWithHeadersBuilder",
        "persistentTimestampedWindowStoreWithHeaders"
    );

    /// How much longer than the retention windows still change, and are found by [`fetch_open`](WindowStore::fetch_open), though reads find
    /// them no more; down to milliseconds. Default: 0.
    pub fn open_longer(mut self, margin: Duration) -> Self {
        self.shape.margin = millis(margin);
        self
    }

    /// Promises that no window begins after the time of the record that changes it. A store that has nothing on this machine is then restored from
    /// where the windows of its changelog that have not expired begin, which its retention and the times of its records tell (KAFKA-13499).
    /// Default: not promised, and the changelog is read from its beginning.
    pub fn timed_by_records(mut self) -> Self {
        self.shape.by_record_time = true;
        self
    }

    /// Makes a row of every put instead of one per key and window, as stream-stream joins need. Excludes caching. Default: no.
    pub fn retain_duplicates(mut self) -> Self {
        self.shape.duplicates = true;
        self
    }

    /// Lays rows out by time first, so that [`fetch_all`](WindowStore::fetch_all) and its cursor walk by window start and find the windows that
    /// close without looking at others; `indexed` adds an index that finds the windows of one key as fast. Excludes duplicates. Default: by
    /// key. Changelogs are the same.
    #[doc(alias = "RocksDbIndexedTimeOrderedWindowBytesStoreSupplier")]
    pub fn time_first(mut self, indexed: bool) -> Self {
        (self.common.time_first, self.indexed) = (Some(TimeFirst::WINDOW), indexed);
        self
    }

    /// Whether every put is a row of its own.
    pub fn retains_duplicates(&self) -> bool {
        self.shape.duplicates
    }

    fn segments(&self) -> Segments {
        let suffix = if self.common.time_first.is_some() { None } else { Some(Suffix::Window) };
        Segments { interval: self.shape.segment_interval(), suffix, read_by_row: !self.shape.duplicates }
    }

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a name that cannot be part of a topic's and a directory's, a retention shorter than the windows, and
    /// caching or a layout by time together with duplicates; and for headers in a plain store or one that lies by time.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        let (name, shape) = (&self.common.name, self.shape);
        check_name(name)?;
        self.common.check_headers(true)?;
        if shape.retention < shape.size {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "window store {name} keeps its windows for {} ms, less than their size of {} ms: give it a longer retention",
                    shape.retention, shape.size
                ),
            ));
        }
        if shape.duplicates && self.common.caching {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("window store {name} retains duplicates and so cannot be cached: leave one of the two out"),
            ));
        }
        if shape.duplicates && self.common.time_first.is_some() {
            return Err(Error::new(ErrorKind::Invalid, format!("window store {name} retains duplicates and so cannot lie by time")));
        }
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: Clone + Send + 'static> StoreSupplier for WindowStoreBuilder<K, V> {
    common_answers!();

    fn kind(&self) -> StoreKind {
        StoreKind::Window { retention_ms: self.shape.retention }
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, Some(self.segments()))
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let mut engine = self.common.engine(env, Some(self.segments()))?;
        let interval = self.shape.segment_interval();
        if let Some(form) = self.common.time_first {
            engine = Box::new(TimeFirstEngine::new(engine, form, interval, self.indexed));
        }
        let engine = self.common.locked(env, engine, Layout::window(interval));
        let store = WindowStore::open(self.common.parts(env, engine), self.shape);
        if !env.is_global() {
            return Ok(Box::new(store));
        }
        let mut store = store.shared()?;
        store.number_on()?;
        Ok(Box::new(store))
    }
}

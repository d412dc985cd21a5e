//! Window stores.

use super::{UnderTest, key_bytes, unreadable};
use crate::{Data, Result};
use std::fmt;
use std::ops::{ControlFlow, RangeInclusive};
use streams_state::store::StateStore;
use streams_state::{NO_HEADERS, WindowStore};

/// A window store of the topology under test.
pub struct TestWindowStore<K, V>(pub(in crate::testing) UnderTest<WindowStore<K, V>>);

impl<K, V> fmt::Debug for TestWindowStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestWindowStore")
    }
}

impl<K: Data, V: Data> TestWindowStore<K, V> {
    /// The value of a key in the window that begins at `start` (milliseconds); not in a store that retains duplicates.
    ///
    /// # Errors
    /// When the serdes fail, and when the driver is closed.
    pub fn fetch(&self, key: &K, start: i64) -> Result<Option<V>> {
        Ok(self.fetch_with_timestamp(key, start)?.map(|(value, _)| value))
    }

    /// The value of a key in the window that begins at `start` (milliseconds), and its time; -1 in a plain store. Not in a store that retains
    /// duplicates.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_with_timestamp(&self, key: &K, start: i64) -> Result<Option<(V, i64)>> {
        self.0.read(|store| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            Ok(store.fetch(&bytes, start)?)
        })
    }

    /// The windows of a key that begin in a range of time (milliseconds), by their starts: start, value and the value's time.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_range(&self, key: &K, starts: RangeInclusive<i64>) -> Result<Vec<(i64, V, i64)>> {
        self.0.read(|store| {
            let (bytes, mut rows) = (key_bytes(store.name(), |out| store.write_key(key, out))?, Vec::new());
            store.fetch_range(&bytes, *starts.start(), *starts.end(), false, &mut |start, value, timestamp| {
                rows.push((start, value.clone(), timestamp));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(rows)
        })
    }

    /// The windows of all keys that begin in a range of time (milliseconds), as [`all`](Self::all).
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    #[doc(alias = "fetchAll")]
    pub fn fetch_all(&self, starts: RangeInclusive<i64>) -> Result<Vec<(K, i64, V, i64)>> {
        self.fetch_between(None, None, starts)
    }

    /// The windows of the keys from `first` to `last`, both included and by the order of their bytes, that begin in a range of time
    /// (milliseconds); `None` is no limit. As [`all`](Self::all).
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    #[doc(alias = "fetch")]
    pub fn fetch_between(&self, first: Option<&K>, last: Option<&K>, starts: RangeInclusive<i64>) -> Result<Vec<(K, i64, V, i64)>> {
        self.0.read(|store| {
            let bytes = |key| key_bytes(store.name(), |out| store.write_key(key, out));
            let (first, last) = (first.map(bytes).transpose()?, last.map(bytes).transpose()?);
            let mut cursor = store.cursor_between(first.as_deref(), last.as_deref(), *starts.start(), *starts.end(), false);
            let (mut rows, mut key) = (Vec::new(), Vec::new());
            while let Some((start, value, timestamp)) = cursor.next(store, &mut key)? {
                rows.push((store.read_key(&key).map_err(|e| unreadable(store.name(), e))?, start, value, timestamp));
            }
            Ok(rows)
        })
    }

    /// All windows: key, start, value and the value's time (-1 in a plain store), by segment, then by the bytes of key and start.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn all(&self) -> Result<Vec<(K, i64, V, i64)>> {
        self.fetch_all(0..=i64::MAX)
    }

    /// Sets the value of the window that begins at `start` (milliseconds), which is also the value's time, or deletes it with `None`: to fill the
    /// store before a test. A store that retains duplicates gets a row more, if there is a value. `false` when the window has expired.
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, key: &K, value: Option<V>, start: i64) -> Result<bool> {
        self.0.change(|store, origin, log| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            if store.retains_duplicates() {
                return value.map_or(Ok(false), |value| Ok(store.append(&bytes, start, &value, start, origin, &NO_HEADERS, log)?));
            }
            store.set_record_headers(&NO_HEADERS);
            let live = store.put(&bytes, start, value, start, origin)?;
            if !store.caching() {
                store.flush(log)?;
            }
            Ok(live)
        })
    }
}

//! Stores as a test looks at them.

use crate::{Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::fmt;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use streams_state::serde::{Window, Windowed};
use streams_state::store::StoredRow;
use streams_state::{KvStore, SessionStore, VersionedRecord, VersionedStore, WindowStore};

/// A row as it lies in a store's engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRow {
    /// The serialized record key.
    pub key: Vec<u8>,
    /// Where window or session begin, milliseconds; `None` in key-value stores.
    pub start: Option<i64>,
    /// Where the session ends, milliseconds; `None` in other stores.
    pub end: Option<i64>,
    /// The serialized value, behind its eight bytes of time in stores that keep one.
    pub value: Vec<u8>,
}

impl From<StoredRow<'_>> for TestRow {
    fn from(row: StoredRow<'_>) -> Self {
        TestRow { key: row.key.to_vec(), start: row.start, end: row.end, value: row.value.to_vec() }
    }
}

/// A key-value store of the topology under test.
pub struct TestKeyValueStore<K, V>(pub(super) Rc<RefCell<KvStore<K, V>>>);

impl<K, V> fmt::Debug for TestKeyValueStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestKeyValueStore")
    }
}

impl<K: Data, V: Data> TestKeyValueStore<K, V> {
    /// The value of a key.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        let (mut store, mut bytes) = (self.0.borrow_mut(), Vec::new());
        store.write_key(key, &mut bytes).map_err(|e| Error::caused(ErrorKind::Serde, "key", e))?;
        Ok(store.get(&bytes)?.map(|(value, _)| value))
    }

    /// All rows with their times, by the order of the keys' bytes.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn all(&self) -> Result<Vec<(K, V, i64)>> {
        let (mut store, mut rows) = (self.0.borrow_mut(), Vec::new());
        store.scan(Bound::Unbounded, Bound::Unbounded, false, &mut |key, value, timestamp| {
            rows.push((key.to_vec(), value.clone(), timestamp));
            Ok(ControlFlow::Continue(()))
        })?;
        let read = |key: &[u8]| store.read_key(key).map_err(|e| Error::caused(ErrorKind::Serde, "key", e));
        rows.into_iter().map(|(key, value, timestamp)| Ok((read(&key)?, value, timestamp))).collect()
    }
}

/// A versioned store of the topology under test.
pub struct TestVersionedStore<K, V>(pub(super) Rc<RefCell<VersionedStore<K, V>>>);

impl<K, V> fmt::Debug for TestVersionedStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestVersionedStore")
    }
}

impl<K: Data, V: Data> TestVersionedStore<K, V> {
    /// The latest version of a key.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn get(&self, key: &K) -> Result<Option<VersionedRecord<V>>> {
        self.get_as_of(key, i64::MAX)
    }

    /// The version of a key that was valid at `as_of` (milliseconds).
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn get_as_of(&self, key: &K, as_of: i64) -> Result<Option<VersionedRecord<V>>> {
        let (mut store, mut bytes) = (self.0.borrow_mut(), Vec::new());
        store.write_key(key, &mut bytes).map_err(|e| Error::caused(ErrorKind::Serde, "key", e))?;
        Ok(store.get_as_of(&bytes, as_of)?)
    }
}

/// A window store of the topology under test.
pub struct TestWindowStore<K, V>(pub(super) Rc<RefCell<WindowStore<K, V>>>);

impl<K, V> fmt::Debug for TestWindowStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestWindowStore")
    }
}

impl<K: Data, V: Data> TestWindowStore<K, V> {
    /// The value of a key in the window that begins at `start` (milliseconds).
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn fetch(&self, key: &K, start: i64) -> Result<Option<V>> {
        let (mut store, mut bytes) = (self.0.borrow_mut(), Vec::new());
        store.write_key(key, &mut bytes).map_err(|e| Error::caused(ErrorKind::Serde, "key", e))?;
        Ok(store.fetch(&bytes, start)?.map(|(value, _)| value))
    }
}

/// A session store of the topology under test.
pub struct TestSessionStore<K, V>(pub(super) Rc<RefCell<SessionStore<K, V>>>);

impl<K, V> fmt::Debug for TestSessionStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestSessionStore")
    }
}

impl<K: Data, V: Data> TestSessionStore<K, V> {
    /// The value of a key in the session from `start` to `end` (milliseconds).
    ///
    /// # Errors
    /// When the serdes fail.
    #[doc(alias = "fetchSession")]
    pub fn fetch_session(&self, key: &K, start: i64, end: i64) -> Result<Option<V>> {
        let (mut store, mut bytes) = (self.0.borrow_mut(), Vec::new());
        store.write_key(key, &mut bytes).map_err(|e| Error::caused(ErrorKind::Serde, "key", e))?;
        Ok(store.fetch_session(&bytes, start, end)?)
    }

    /// All sessions, by segment, then by the bytes of key, end and start.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn all(&self) -> Result<Vec<(Windowed<K>, V)>> {
        let (mut store, mut rows) = (self.0.borrow_mut(), Vec::new());
        store.find_between(None, None, 0, i64::MAX, false, &mut |key, start, end, value| {
            rows.push((key.to_vec(), Window::new(start, end), value.clone()));
            Ok(ControlFlow::Continue(()))
        })?;
        let read = |key: &[u8]| store.read_key(key).map_err(|e| Error::caused(ErrorKind::Serde, "key", e));
        rows.into_iter().map(|(key, window, value)| Ok((Windowed::new(read(&key)?, window), value))).collect()
    }
}

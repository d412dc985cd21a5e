//! Stores as a test looks at them.

use super::inner::Inner;
use crate::{BoxError, Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::fmt;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use streams_state::serde::{Window, Windowed};
use streams_state::store::{Changelog, Origin, StateStore, StoredRow};
use streams_state::{KvStore, NO_HEADERS, PutResult, SessionStore, VersionedRecord, VersionedStore, WindowStore};

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

/// A store of a driver's topology, and the driver.
pub(super) struct UnderTest<S> {
    store: Rc<RefCell<S>>,
    inner: Rc<RefCell<Inner>>,
    task: usize,
}

impl<S: StateStore> UnderTest<S> {
    pub fn find(inner: &Rc<RefCell<Inner>>, name: &str) -> Option<Self> {
        let (task, store) = inner.borrow_mut().store::<S>(name)?;
        Some(UnderTest { store, inner: inner.clone(), task })
    }

    fn change<R>(&self, change: impl FnOnce(&mut S, Origin, &mut dyn Changelog) -> Result<R>) -> Result<R> {
        self.inner.borrow_mut().change(self.task, |origin, log| change(&mut self.store.borrow_mut(), origin, log))
    }
}

fn key_bytes(write: impl FnOnce(&mut Vec<u8>) -> Result<(), BoxError>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(|e| Error::caused(ErrorKind::Serde, "key", e))?;
    Ok(bytes)
}

/// A key-value store of the topology under test.
pub struct TestKeyValueStore<K, V>(pub(super) UnderTest<KvStore<K, V>>);

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
        let mut store = self.0.store.borrow_mut();
        let bytes = key_bytes(|out| store.write_key(key, out))?;
        Ok(store.get(&bytes)?.map(|(value, _)| value))
    }

    /// Sets the value of a key and its time (which a plain store does not keep), or deletes it with `None`: to fill the store before a test. The
    /// change goes the way of one that the topology makes: to the changelog, and, out of the cache of a table, downstream.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").group_by_key().count_with("counts").to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.key_value_store::<String, u64>("counts").expect("a store").put(&"a".to_string(), Some(41), 0)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// let counts = driver.output::<String, Option<u64>>("out").read_all()?;
    /// assert_eq!(counts, [("a".to_string(), Some(41)), ("a".to_string(), Some(42))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, key: &K, value: Option<V>, timestamp: i64) -> Result<()> {
        self.0.change(|store, origin, log| {
            let bytes = key_bytes(|out| store.write_key(key, out))?;
            store.put(&bytes, value, timestamp, origin)?;
            if !store.caching() {
                store.flush(log)?;
            }
            Ok(())
        })
    }

    /// All rows with their times, by the order of the keys' bytes.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn all(&self) -> Result<Vec<(K, V, i64)>> {
        self.rows(Bound::Unbounded, Bound::Unbounded)
    }

    /// The rows of keys from `from` to `to`, both included, with their times, by the order of the keys' bytes.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn range(&self, from: &K, to: &K) -> Result<Vec<(K, V, i64)>> {
        let bytes = |key| key_bytes(|out| self.0.store.borrow().write_key(key, out));
        self.rows(Bound::Included(&bytes(from)?), Bound::Included(&bytes(to)?))
    }

    fn rows(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Result<Vec<(K, V, i64)>> {
        let (mut store, mut rows) = (self.0.store.borrow_mut(), Vec::new());
        store.scan(from, to, false, &mut |key, value, timestamp| {
            rows.push((key.to_vec(), value.clone(), timestamp));
            Ok(ControlFlow::Continue(()))
        })?;
        let read = |key: &[u8]| store.read_key(key).map_err(|e| Error::caused(ErrorKind::Serde, "key", e));
        rows.into_iter().map(|(key, value, timestamp)| Ok((read(&key)?, value, timestamp))).collect()
    }
}

/// A versioned store of the topology under test.
pub struct TestVersionedStore<K, V>(pub(super) UnderTest<VersionedStore<K, V>>);

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
        let mut store = self.0.store.borrow_mut();
        let bytes = key_bytes(|out| store.write_key(key, out))?;
        Ok(store.get_as_of(&bytes, as_of)?)
    }

    /// Puts a value that is valid from `timestamp` (milliseconds) on, or says with `None` that there is none: to fill the store before a test.
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, key: &K, value: Option<V>, timestamp: i64) -> Result<PutResult> {
        self.0.change(|store, origin, log| {
            let bytes = key_bytes(|out| store.write_key(key, out))?;
            Ok(store.put(&bytes, value.as_ref(), timestamp, origin, log)?)
        })
    }
}

/// A window store of the topology under test.
pub struct TestWindowStore<K, V>(pub(super) UnderTest<WindowStore<K, V>>);

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
        let mut store = self.0.store.borrow_mut();
        let bytes = key_bytes(|out| store.write_key(key, out))?;
        Ok(store.fetch(&bytes, start)?.map(|(value, _)| value))
    }

    /// Sets the value of the window that begins at `start` (milliseconds), which is also the value's time, or deletes it with `None`: to fill the
    /// store before a test. A store that retains duplicates gets a row more, if there is a value. `false` when the window has expired.
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, key: &K, value: Option<V>, start: i64) -> Result<bool> {
        self.0.change(|store, origin, log| {
            let bytes = key_bytes(|out| store.write_key(key, out))?;
            if store.retains_duplicates() {
                return value.map_or(Ok(false), |value| Ok(store.append(&bytes, start, &value, start, origin, &NO_HEADERS, log)?));
            }
            let live = store.put(&bytes, start, value, start, origin)?;
            if !store.caching() {
                store.flush(log)?;
            }
            Ok(live)
        })
    }

    /// All windows: key, start and value, by segment, then by the bytes of key and start.
    ///
    /// # Errors
    /// When the serdes fail.
    #[doc(alias = "fetchAll")]
    pub fn all(&self) -> Result<Vec<(K, i64, V)>> {
        let (mut store, mut rows, mut key) = (self.0.store.borrow_mut(), Vec::new(), Vec::new());
        let mut cursor = store.cursor_all(0, i64::MAX, false);
        while let Some((start, value, _)) = cursor.next(&mut store, &mut key)? {
            let key = store.read_key(&key).map_err(|e| Error::caused(ErrorKind::Serde, "key", e))?;
            rows.push((key, start, value));
        }
        Ok(rows)
    }
}

/// A session store of the topology under test.
pub struct TestSessionStore<K, V>(pub(super) UnderTest<SessionStore<K, V>>);

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
        let mut store = self.0.store.borrow_mut();
        let bytes = key_bytes(|out| store.write_key(key, out))?;
        Ok(store.fetch_session(&bytes, start, end)?)
    }

    /// All sessions, by segment, then by the bytes of key, end and start.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn all(&self) -> Result<Vec<(Windowed<K>, V)>> {
        let (mut store, mut rows) = (self.0.store.borrow_mut(), Vec::new());
        store.find_between(None, None, 0, i64::MAX, false, &mut |key, start, end, value| {
            rows.push((key.to_vec(), Window::new(start, end), value.clone()));
            Ok(ControlFlow::Continue(()))
        })?;
        let read = |key: &[u8]| store.read_key(key).map_err(|e| Error::caused(ErrorKind::Serde, "key", e));
        rows.into_iter().map(|(key, window, value)| Ok((Windowed::new(read(&key)?, window), value))).collect()
    }

    /// Sets the value of a session, whose end is also the value's time, or deletes it with `None`: to fill the store before a test. `false` when
    /// the session has expired.
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, session: &Windowed<K>, value: Option<V>) -> Result<bool> {
        self.0.change(|store, origin, log| {
            let (bytes, Window { start, end }) = (key_bytes(|out| store.write_key(&session.key, out))?, session.window);
            let live = store.put(&bytes, start, end, value, end, origin)?;
            if !store.caching() {
                store.flush(log)?;
            }
            Ok(live)
        })
    }
}

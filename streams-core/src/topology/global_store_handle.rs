//! Global stores as processors read them.

use super::stores::StoreSet;
use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::{BoxError, Data, Result};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;
use streams_state::KvReader;

/// Rows taken at a time by walks.
const PAGE: usize = 256;

/// A global store of a topology: pass it to `.process(..)` to read it there. Any number of processors may; none of them can write it.
pub struct GlobalStoreHandle<K, V> {
    pub(crate) name: Arc<str>,
    pub(crate) plan: SharedPlan,
    pub(crate) types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for GlobalStoreHandle<K, V> {
    fn clone(&self) -> Self {
        GlobalStoreHandle { name: self.name.clone(), plan: self.plan.clone(), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for GlobalStoreHandle<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GlobalStoreHandle({})", self.name)
    }
}

impl<K: Data, V: Data> StoreSet for GlobalStoreHandle<K, V> {
    type Open = ReadOnlyKeyValueStore<K, V>;
    fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
        out.push((self.name.clone(), self.plan.clone()));
    }
    fn open(&self, env: &mut GraphEnv<'_>) -> Result<ReadOnlyKeyValueStore<K, V>> {
        Ok(ReadOnlyKeyValueStore { reader: env.global_store(&self.name)?, buffers: Cell::default() })
    }
}

/// A global store opened for reading in a processor. Every call sees what the global thread has applied by then: a row may change between two
/// calls, and a walk is no snapshot.
///
/// Order is that of the keys' bytes, not of the keys.
pub struct ReadOnlyKeyValueStore<K, V> {
    reader: KvReader<K, V>,
    /// Key and row.
    buffers: Cell<(Vec<u8>, Vec<u8>)>,
}

impl<K, V> fmt::Debug for ReadOnlyKeyValueStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadOnlyKeyValueStore")
    }
}

impl<K: Data, V: Data> ReadOnlyKeyValueStore<K, V> {
    /// The value of a key.
    ///
    /// # Errors
    /// When the key cannot be serialized or the row not be read.
    pub fn get(&self, key: &K) -> Result<Option<V>, BoxError> {
        Ok(self.get_with_timestamp(key)?.map(|(value, _)| value))
    }

    /// The value of a key and its time; -1 in a plain store.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_with_timestamp(&self, key: &K) -> Result<Option<(V, i64)>, BoxError> {
        let (mut bytes, mut row) = self.buffers.take();
        bytes.clear();
        let found = match self.reader.write_key(key, &mut bytes) {
            Ok(true) => self.reader.get(&bytes, &mut row).map_err(BoxError::from),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        self.buffers.set((bytes, row));
        found
    }

    /// All rows.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn all(&self) -> Result<Vec<(K, V)>, BoxError> {
        self.scan(Bound::Unbounded, Bound::Unbounded)
    }

    /// The rows of keys from `from` to `to`, both included, by the order of their bytes.
    ///
    /// # Errors
    /// When a key cannot be serialized or a row not be read.
    pub fn range(&self, from: &K, to: &K) -> Result<Vec<(K, V)>, BoxError> {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        if !(self.reader.write_key(from, &mut low)? && self.reader.write_key(to, &mut high)?) {
            return Err("a range needs keys that are not null".into());
        }
        self.scan(Bound::Included(low), Bound::Included(&high))
    }

    fn scan(&self, mut from: Bound<Vec<u8>>, to: Bound<&[u8]>) -> Result<Vec<(K, V)>, BoxError> {
        let mut rows = Vec::new();
        loop {
            let page = self.reader.page(from.as_ref().map(Vec::as_slice), to, false, PAGE)?;
            let last = page.last().filter(|_| page.len() == PAGE).map(|(key, ..)| key.clone());
            for (key, value, _) in page {
                rows.push((self.reader.read_key(&key)?, value));
            }
            match last {
                Some(last) => from = Bound::Excluded(last),
                None => return Ok(rows),
            }
        }
    }
}

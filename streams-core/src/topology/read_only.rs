//! Stores as processors read them that cannot write them: global ones, and those filled from their topic.

use super::stores::{KeyValueStore, StoreSet, handle};
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

handle!(
    /// A global store of a topology: pass it to `.process(..)` to read it there. Any number of processors may; none of them can write it.
    GlobalStoreHandle, ReadOnlyKeyValueStore, Rows::global
);
handle!(
    /// A store of a topology that is filled from its topic by a processor of its own (KIP-813): pass it to `.process(..)` to read it there. Any
    /// number of processors may, in one sub-topology with it; none of them can write it.
    ReadOnlyStateStoreHandle, ReadOnlyKeyValueStore, Rows::of_task
);

/// A store opened for reading in a processor. Every call sees what has been applied to it by then: by the global thread, where the store is a
/// global one, and else by the processor that fills it. A row may change between two calls, and a walk is no snapshot.
///
/// Order is that of the keys' bytes, not of the keys.
pub struct ReadOnlyKeyValueStore<K, V>(Rows<K, V>);

enum Rows<K, V> {
    Global {
        reader: KvReader<K, V>,
        /// Key and row.
        buffers: Cell<(Vec<u8>, Vec<u8>)>,
    },
    OfTask(KeyValueStore<K, V>),
}

impl<K: Data, V: Data> Rows<K, V> {
    fn global(env: &mut GraphEnv<'_>, name: &Arc<str>) -> Result<ReadOnlyKeyValueStore<K, V>> {
        Ok(ReadOnlyKeyValueStore(Rows::Global { reader: env.global_store(name)?, buffers: Cell::default() }))
    }

    fn of_task(env: &mut GraphEnv<'_>, name: &Arc<str>) -> Result<ReadOnlyKeyValueStore<K, V>> {
        Ok(ReadOnlyKeyValueStore(Rows::OfTask(KeyValueStore::new(env.store(name)?))))
    }
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
        let (reader, buffers) = match &self.0 {
            Rows::Global { reader, buffers } => (reader, buffers),
            Rows::OfTask(store) => return store.get_with_timestamp(key),
        };
        let (mut bytes, mut row) = buffers.take();
        bytes.clear();
        let found = match reader.write_key(key, &mut bytes) {
            Ok(true) => reader.get(&bytes, &mut row).map_err(BoxError::from),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        buffers.set((bytes, row));
        found
    }

    /// All rows.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn all(&self) -> Result<Vec<(K, V)>, BoxError> {
        match &self.0 {
            Rows::Global { reader, .. } => scan(reader, Bound::Unbounded, Bound::Unbounded),
            Rows::OfTask(store) => store.all(),
        }
    }

    /// The rows of keys from `from` to `to`, both included, by the order of their bytes.
    ///
    /// # Errors
    /// When a key cannot be serialized or a row not be read.
    pub fn range(&self, from: &K, to: &K) -> Result<Vec<(K, V)>, BoxError> {
        let reader = match &self.0 {
            Rows::Global { reader, .. } => reader,
            Rows::OfTask(store) => return store.range(from, to),
        };
        let (mut low, mut high) = (Vec::new(), Vec::new());
        if !(reader.write_key(from, &mut low)? && reader.write_key(to, &mut high)?) {
            return Err("a range needs keys that are not null".into());
        }
        scan(reader, Bound::Included(low), Bound::Included(&high))
    }
}

fn scan<K: Data, V: Data>(reader: &KvReader<K, V>, mut from: Bound<Vec<u8>>, to: Bound<&[u8]>) -> Result<Vec<(K, V)>, BoxError> {
    let mut rows = Vec::new();
    loop {
        let page = reader.page(from.as_ref().map(Vec::as_slice), to, false, PAGE)?;
        let last = page.last().filter(|_| page.len() == PAGE).map(|(key, ..)| key.clone());
        for (key, value, _) in page {
            rows.push((reader.read_key(&key)?, value));
        }
        match last {
            Some(last) => from = Bound::Excluded(last),
            None => return Ok(rows),
        }
    }
}

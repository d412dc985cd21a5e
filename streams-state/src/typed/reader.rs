//! A store as others than its writer see it.

use super::codec::Codec;
use crate::engine::SharedRows;
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::{BoxError, NO_HEADERS, Result};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Weak};

/// Lets other threads open a [`KvReader`] for as long as the store is open: holding this one keeps no file open.
pub struct CommittedReader<K, V> {
    rows: Weak<dyn SharedRows>,
    codec: Codec<V>,
    keys: Arc<dyn Serde<K>>,
}

impl<K: 'static, V: 'static> CommittedReader<K, V> {
    pub(crate) fn new(rows: &Arc<dyn SharedRows>, codec: Codec<V>, keys: Arc<dyn Serde<K>>) -> Self {
        CommittedReader { rows: Arc::downgrade(rows), codec, keys }
    }

    /// For one query: its store waits for it before it closes. `None`: it has closed.
    pub fn open(&self) -> Option<KvReader<K, V>> {
        Some(KvReader { rows: self.rows.upgrade()?, codec: self.codec.clone(), keys: self.keys.clone() })
    }
}

impl<K, V> fmt::Debug for CommittedReader<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommittedReader({})", self.codec.store)
    }
}

/// Reads the committed rows of a [`KvStore`](super::KvStore) from any thread, while the store is written by its own: what a global store's
/// readers have. It holds no lock while serdes run.
pub struct KvReader<K, V> {
    rows: Arc<dyn SharedRows>,
    codec: Codec<V>,
    keys: Arc<dyn Serde<K>>,
}

impl<K, V> Clone for KvReader<K, V> {
    fn clone(&self) -> Self {
        KvReader { rows: self.rows.clone(), codec: self.codec.clone(), keys: self.keys.clone() }
    }
}

impl<K, V> fmt::Debug for KvReader<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KvReader({})", self.codec.store)
    }
}

impl<K: 'static, V: 'static> KvReader<K, V> {
    pub(crate) fn new(rows: Arc<dyn SharedRows>, codec: Codec<V>, keys: Arc<dyn Serde<K>>) -> Self {
        KvReader { rows, codec, keys }
    }

    /// The serde of keys.
    pub fn key_serde(&self) -> &Arc<dyn Serde<K>> {
        &self.keys
    }

    /// The topic that the serdes are told.
    pub fn topic(&self) -> &Arc<str> {
        &self.codec.topic
    }

    /// Appends the bytes of `key`; `false` where the serde wrote null, which no row has.
    ///
    /// # Errors
    /// The serde's.
    pub fn write_key(&self, key: &K, out: &mut Vec<u8>) -> Result<bool, BoxError> {
        Ok(self.keys.serialize(&SerdeContext { topic: &self.codec.topic, headers: &NO_HEADERS }, key, out)? == Wrote::Bytes)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// The serde's.
    pub fn read_key(&self, key: &[u8]) -> Result<K, BoxError> {
        self.keys.deserialize(&SerdeContext { topic: &self.codec.topic, headers: &NO_HEADERS }, Some(key))
    }

    /// The value of a serialized key and its time (-1 in plain stores). `row` is written over; give the same one to each call.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn get(&self, key: &[u8], row: &mut Vec<u8>) -> Result<Option<(V, i64)>> {
        row.clear();
        if !self.rows.get(key, row)? {
            return Ok(None);
        }
        let slot = self.codec.decode(key, row)?;
        Ok(slot.value.map(|value| (value, slot.timestamp)))
    }

    /// Up to `most` rows between two serialized keys, by the order of their bytes.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn page(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, most: usize) -> Result<Vec<(Vec<u8>, V, i64)>> {
        let mut found = Vec::new();
        for (key, row) in self.rows.page(from, to, reverse, most)? {
            let slot = self.codec.decode(&key, &row)?;
            found.extend(slot.value.map(|value| (key, value, slot.timestamp)));
        }
        Ok(found)
    }

    /// Rows, roughly.
    pub fn approximate_num_entries(&self) -> u64 {
        self.rows.approximate_num_entries()
    }
}

//! Stores as processors read them that cannot write them: global ones, and those filled from their topic.

use super::stores::{KeyValueRows, KeyValueStore, StoreSet, WithTimestamps, handle, keys_with_prefix};
use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::{BoxError, Data, Result};
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;
use streams_state::KvReader;

/// Rows of a global store taken at a time by walks.
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
/// global one, and else by the processor that fills it. A row may change between two calls, and a walk is no
/// snapshot: it takes up to 256 rows at a time, which are told as they were.
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

    /// Rows in the store, roughly: those written since the last commit are not counted.
    #[doc(alias = "approximateNumEntries")]
    pub fn approximate_num_entries(&self) -> u64 {
        match &self.0 {
            Rows::Global { reader, .. } => reader.approximate_num_entries(),
            Rows::OfTask(store) => store.approximate_num_entries(),
        }
    }

    /// All rows at once.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn all(&self) -> Result<Vec<(K, V)>, BoxError> {
        self.iter().collect()
    }

    /// The rows of keys from `from` to `to`, both included, at once.
    ///
    /// # Errors
    /// When a key cannot be serialized or a row not be read.
    pub fn range(&self, from: &K, to: &K) -> Result<Vec<(K, V)>, BoxError> {
        self.iter_range(Bound::Included(from), Bound::Included(to))?.collect()
    }

    /// A walk over all rows; [`ReadOnlyRows::reversed`] turns it round.
    #[doc(alias = "reverseAll")]
    pub fn iter(&self) -> ReadOnlyRows<K, V> {
        self.walk(Bound::Unbounded, Bound::Unbounded)
    }

    /// A walk over the rows between two keys.
    ///
    /// # Errors
    /// When a key cannot be serialized.
    #[doc(alias = "reverseRange")]
    pub fn iter_range(&self, from: Bound<&K>, to: Bound<&K>) -> Result<ReadOnlyRows<K, V>, BoxError> {
        let reader = match &self.0 {
            Rows::Global { reader, .. } => reader,
            Rows::OfTask(store) => return Ok(ReadOnlyRows(Walk::OfTask(store.iter_range(from, to)?))),
        };
        let bytes = |bound: Bound<&K>| -> Result<Bound<Vec<u8>>, BoxError> {
            let mut out = Vec::new();
            if let Bound::Included(key) | Bound::Excluded(key) = bound
                && !reader.write_key(key, &mut out)?
            {
                return Err("a range needs keys that are not null".into());
            }
            Ok(bound.map(|_| out))
        };
        Ok(self.walk(bytes(from)?, bytes(to)?))
    }

    /// A walk over the rows whose keys' bytes begin with `prefix`.
    #[doc(alias = "prefixScan")]
    pub fn iter_prefix(&self, prefix: &[u8]) -> ReadOnlyRows<K, V> {
        let (from, to) = keys_with_prefix(prefix);
        self.walk(from, to)
    }

    fn walk(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> ReadOnlyRows<K, V> {
        ReadOnlyRows(match &self.0 {
            Rows::Global { reader, .. } => {
                Walk::Global(Pages { reader: reader.clone(), from, to, reverse: false, taken: Taken::default() })
            }
            Rows::OfTask(store) => Walk::OfTask(store.walk(from, to)),
        })
    }
}

/// A walk over rows of a [`ReadOnlyKeyValueStore`].
#[must_use = "a walk does nothing until it is asked for rows"]
pub struct ReadOnlyRows<K, V>(Walk<K, V>);

enum Walk<K, V> {
    Global(Pages<K, V>),
    OfTask(KeyValueRows<K, V>),
}

/// The rows of a global store, some at a time.
struct Pages<K, V> {
    reader: KvReader<K, V>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
    taken: Taken<V>,
}

struct Taken<V> {
    rows: VecDeque<(Vec<u8>, V, i64)>,
    /// Key of the last row that was taken.
    last: Option<Vec<u8>>,
    all: bool,
}

impl<V> Default for Taken<V> {
    fn default() -> Self {
        Taken { rows: VecDeque::new(), last: None, all: false }
    }
}

impl<K: Data, V: Data> Pages<K, V> {
    fn step(&mut self) -> Result<Option<(K, V, i64)>, BoxError> {
        let taken = &mut self.taken;
        if taken.rows.is_empty() && !taken.all {
            let (mut from, mut to) = (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice));
            if let Some(last) = &taken.last {
                *if self.reverse { &mut to } else { &mut from } = Bound::Excluded(last);
            }
            taken.rows = self.reader.page(from, to, self.reverse, PAGE)?.into();
            taken.all = taken.rows.len() < PAGE;
            taken.last = taken.rows.back().map(|(key, ..)| key.clone());
        }
        let Some((key, value, timestamp)) = taken.rows.pop_front() else { return Ok(None) };
        Ok(Some((self.reader.read_key(&key)?, value, timestamp)))
    }
}

impl<K: Data, V: Data> ReadOnlyRows<K, V> {
    /// From the end to the beginning, starting anew.
    pub fn reversed(self) -> Self {
        ReadOnlyRows(match self.0 {
            Walk::Global(pages) => Walk::Global(Pages { reverse: !pages.reverse, taken: Taken::default(), ..pages }),
            Walk::OfTask(rows) => Walk::OfTask(rows.reversed()),
        })
    }

    /// The same rows with their times: key, value, time; -1 in a plain store.
    pub fn with_timestamps(self) -> WithTimestamps<Self> {
        WithTimestamps(self)
    }

    fn step(&mut self) -> Result<Option<(K, V, i64)>, BoxError> {
        match &mut self.0 {
            Walk::Global(pages) => pages.step(),
            Walk::OfTask(rows) => rows.step(),
        }
    }
}

impl<K: Data, V: Data> Iterator for ReadOnlyRows<K, V> {
    type Item = Result<(K, V), BoxError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(|row| row.map(|(key, value, _)| (key, value))).transpose()
    }
}

impl<K: Data, V: Data> Iterator for WithTimestamps<ReadOnlyRows<K, V>> {
    type Item = Result<(K, V, i64), BoxError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.0.step().transpose()
    }
}

impl<K, V> fmt::Debug for ReadOnlyRows<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadOnlyRows")
    }
}

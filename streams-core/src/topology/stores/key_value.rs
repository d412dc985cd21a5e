//! Key-value stores as processors use them.

use super::WithTimestamps;
use crate::topology::ProcessingContext;
use crate::topology::context::check_time;
use crate::{BoxError, Data};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Bound;
use std::rc::Rc;
use streams_state::store::StateStore;
use streams_state::{KvCursor, KvStore, Slot};

/// A key-value store opened in a processor. Each call is complete in itself, so a processor may forward records while it walks a store that
/// a node further down writes.
///
/// Order is that of the keys' bytes, not of the keys. A walk ([`iter`](Self::iter) and its kin) takes a few rows at a time: rows that are
/// changed, added or deleted further on while it lasts are seen as they are then; up to 64 rows were taken before and are told as they were.
pub struct KeyValueStore<K, V> {
    store: Rc<RefCell<KvStore<K, V>>>,
    buffer: Cell<Vec<u8>>,
}

keyed!(KeyValueStore, KvStore);

impl<K: Data, V: Data> KeyValueStore<K, V> {
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
        self.with_key(key, |store, bytes| Ok(store.get(bytes)?))
    }

    /// Sets the value of a key, at the time of the record being processed.
    ///
    /// # Errors
    /// The serdes', and the changelog's.
    pub fn put(&self, ctx: &mut impl ProcessingContext, key: &K, value: V) -> Result<(), BoxError> {
        let timestamp = ctx.cx().timestamp;
        self.update(ctx, key, |slot| *slot = Slot { value: Some(value), timestamp })
    }

    /// Sets the value of a key at a given time.
    ///
    /// # Errors
    /// When the time is negative; else as [`put`](Self::put).
    pub fn put_at(&self, ctx: &mut impl ProcessingContext, key: &K, value: V, timestamp: i64) -> Result<(), BoxError> {
        check_time("a row was put with", timestamp)?;
        self.update(ctx, key, |slot| *slot = Slot { value: Some(value), timestamp })
    }

    /// Sets the value of a key that has none; the answer is the value that it had.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    #[doc(alias = "putIfAbsent")]
    pub fn put_if_absent(&self, ctx: &mut impl ProcessingContext, key: &K, value: V) -> Result<Option<V>, BoxError> {
        let existing = self.get(key)?;
        if existing.is_none() {
            self.put(ctx, key, value)?;
        }
        Ok(existing)
    }

    /// Deletes a key; the answer is the value that it had.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&self, ctx: &mut impl ProcessingContext, key: &K) -> Result<Option<V>, BoxError> {
        let timestamp = ctx.cx().timestamp;
        self.update(ctx, key, |slot| {
            slot.timestamp = timestamp;
            slot.value.take()
        })
    }

    fn update<R>(&self, ctx: &mut impl ProcessingContext, key: &K, change: impl FnOnce(&mut Slot<V>) -> R) -> Result<R, BoxError> {
        let cx = ctx.cx();
        self.with_key(key, |store, bytes| {
            store.set_record_headers(&cx.headers);
            let result = store.update(bytes, cx.origin, change)?;
            if !store.caching() {
                store.flush(&mut *cx.out)?;
            }
            Ok(result)
        })
    }

    /// Sets the values of several keys, at the time of the record being processed.
    ///
    /// # Errors
    /// As [`put`](Self::put); rows before the one that failed are set.
    #[doc(alias = "putAll")]
    pub fn put_all(&self, ctx: &mut impl ProcessingContext, rows: impl IntoIterator<Item = (K, V)>) -> Result<(), BoxError> {
        rows.into_iter().try_for_each(|(key, value)| self.put(ctx, &key, value))
    }

    /// Rows in the store, roughly: those written since the last commit are not counted.
    #[doc(alias = "approximateNumEntries")]
    pub fn approximate_num_entries(&self) -> u64 {
        self.store.borrow().approximate_num_entries()
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

    /// A walk over all rows; [`KeyValueRows::reversed`] turns it round.
    #[doc(alias = "reverseAll")]
    pub fn iter(&self) -> KeyValueRows<K, V> {
        self.walk(Bound::Unbounded, Bound::Unbounded)
    }

    /// A walk over the rows between two keys.
    ///
    /// # Errors
    /// When a key cannot be serialized.
    #[doc(alias = "reverseRange")]
    pub fn iter_range(&self, from: Bound<&K>, to: Bound<&K>) -> Result<KeyValueRows<K, V>, BoxError> {
        let bytes = |bound: Bound<&K>| -> Result<Bound<Vec<u8>>, BoxError> {
            let mut out = Vec::new();
            if let Bound::Included(key) | Bound::Excluded(key) = bound {
                self.store.borrow().write_key(key, &mut out)?;
            }
            Ok(bound.map(|_| out))
        };
        Ok(self.walk(bytes(from)?, bytes(to)?))
    }

    /// A walk over the rows whose keys' bytes begin with `prefix`.
    #[doc(alias = "prefixScan")]
    pub fn iter_prefix(&self, prefix: &[u8]) -> KeyValueRows<K, V> {
        let (from, to) = keys_with_prefix(prefix);
        self.walk(from, to)
    }

    pub(in crate::topology) fn walk(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> KeyValueRows<K, V> {
        KeyValueRows { store: self.store.clone(), from, to, reverse: false, cursor: None, key: Vec::new() }
    }
}

/// The range of the keys that begin with `prefix`.
pub(in crate::topology) fn keys_with_prefix(prefix: &[u8]) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    // the first key behind: the prefix counted up by one; behind 0xff 0xff .. there is none
    let end = prefix.iter().rposition(|byte| *byte != u8::MAX).map(|at| {
        let mut end = prefix[..=at].to_vec();
        end[at] += 1;
        end
    });
    (Bound::Included(prefix.to_vec()), end.map_or(Bound::Unbounded, Bound::Excluded))
}

/// A walk over rows of a [`KeyValueStore`].
#[must_use = "a walk does nothing until it is asked for rows"]
pub struct KeyValueRows<K, V> {
    store: Rc<RefCell<KvStore<K, V>>>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
    cursor: Option<KvCursor<V>>,
    key: Vec<u8>,
}

impl<K: Data, V: Data> KeyValueRows<K, V> {
    /// From the end to the beginning, starting anew.
    pub fn reversed(self) -> Self {
        KeyValueRows { reverse: !self.reverse, cursor: None, ..self }
    }

    /// The same rows with their times: key, value, time; -1 in a plain store.
    pub fn with_timestamps(self) -> WithTimestamps<Self> {
        WithTimestamps(self)
    }

    pub(in crate::topology) fn step(&mut self) -> Result<Option<(K, V, i64)>, BoxError> {
        let mut store = self.store.borrow_mut();
        let cursor = match &mut self.cursor {
            Some(cursor) => cursor,
            none => none.insert(store.cursor(slice(&self.from), slice(&self.to), self.reverse)),
        };
        match cursor.next(&mut store, &mut self.key)? {
            Some((value, timestamp)) => Ok(Some((store.read_key(&self.key)?, value, timestamp))),
            None => Ok(None),
        }
    }
}

impl<K: Data, V: Data> Iterator for KeyValueRows<K, V> {
    type Item = Result<(K, V), BoxError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(|row| row.map(|(key, value, _)| (key, value))).transpose()
    }
}

impl<K: Data, V: Data> Iterator for WithTimestamps<KeyValueRows<K, V>> {
    type Item = Result<(K, V, i64), BoxError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.0.step().transpose()
    }
}

impl<K, V> fmt::Debug for KeyValueRows<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyValueRows")
    }
}

fn slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(|bytes| &**bytes)
}

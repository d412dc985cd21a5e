//! Window stores as processors use them.

use super::WithTimestamps;
use crate::exec::DropReason;
use crate::topology::ProcessingContext;
use crate::{BoxError, Data};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use streams_state::store::StateStore;
use streams_state::{NO_HEADERS, Slot, WindowCursor, WindowStore};

/// A window store opened in a processor: values by key and window start, for as long as its retention. Each call is complete in itself, so a
/// processor may forward records while it walks a store.
///
/// Times are milliseconds. Windows that have expired are neither found nor written; what was not written is counted as late. Walks go by the
/// bytes of keys, and see changes as those of [`KeyValueStore`](super::KeyValueStore) do.
#[doc(alias = "WindowStore")]
pub struct WindowedStore<K, V> {
    store: Rc<RefCell<WindowStore<K, V>>>,
    buffer: Cell<Vec<u8>>,
}

keyed!(WindowedStore, WindowStore);

impl<K: Data, V: Data> WindowedStore<K, V> {
    /// The value of a key in the window that begins at `start`; not in a store that retains duplicates.
    ///
    /// # Errors
    /// When the key cannot be serialized or the row not be read.
    pub fn fetch(&self, key: &K, start: i64) -> Result<Option<V>, BoxError> {
        Ok(self.fetch_with_timestamp(key, start)?.map(|(value, _)| value))
    }

    /// The value of a key in the window that begins at `start`, and its time; -1 in a plain store. Not in a store that retains duplicates.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_with_timestamp(&self, key: &K, start: i64) -> Result<Option<(V, i64)>, BoxError> {
        self.with_key(key, |store, bytes| Ok(store.fetch(bytes, start)?))
    }

    /// A walk over the windows of one key that begin from `from` to `to`, both included.
    ///
    /// # Errors
    /// When the key cannot be serialized.
    #[doc(alias = "backwardFetch")]
    pub fn iter_key(&self, key: &K, from: i64, to: i64) -> Result<WindowRows<K, V>, BoxError> {
        let mut bytes = Vec::new();
        self.store.borrow().write_key(key, &mut bytes)?;
        Ok(self.walk(Some(bytes), from, to))
    }

    /// A walk over the windows of all keys that begin from `from` to `to`, both included.
    #[doc(alias = "fetchAll")]
    #[doc(alias = "backwardFetchAll")]
    pub fn iter_all(&self, from: i64, to: i64) -> WindowRows<K, V> {
        self.walk(None, from, to)
    }

    /// A walk over all windows of all keys.
    #[doc(alias = "all")]
    #[doc(alias = "backwardAll")]
    pub fn iter(&self) -> WindowRows<K, V> {
        self.iter_all(0, i64::MAX)
    }

    /// A walk over the windows of the keys from `first` to `last`, both included and by the order of their bytes, that begin from `from` to
    /// `to`, both included; `None` is no limit.
    ///
    /// # Errors
    /// When a key cannot be serialized.
    #[doc(alias = "fetch")]
    #[doc(alias = "backwardFetch")]
    pub fn iter_between(&self, first: Option<&K>, last: Option<&K>, from: i64, to: i64) -> Result<WindowRows<K, V>, BoxError> {
        let bytes = |key: &K| {
            let mut bytes = Vec::new();
            self.store.borrow().write_key(key, &mut bytes).map(|()| bytes)
        };
        let keys = (first.map(bytes).transpose()?, last.map(bytes).transpose()?);
        Ok(WindowRows { keys, ..self.walk(None, from, to) })
    }

    fn walk(&self, key: Option<Vec<u8>>, from: i64, to: i64) -> WindowRows<K, V> {
        WindowRows { store: self.store.clone(), key, keys: (None, None), from, to, reverse: false, cursor: None, key_out: Vec::new() }
    }

    /// Sets the value of a key in the window that begins at `start`, at the time of the record being processed; in a store that retains
    /// duplicates it is one more. False when the window has expired.
    ///
    /// # Errors
    /// The serdes', and the changelog's.
    pub fn put(&self, ctx: &mut impl ProcessingContext, key: &K, value: V, start: i64) -> Result<bool, BoxError> {
        let timestamp = ctx.cx().timestamp;
        self.put_at(ctx, key, value, start, timestamp)
    }

    /// [`put`](Self::put) at a given time.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_at(&self, ctx: &mut impl ProcessingContext, key: &K, value: V, start: i64, timestamp: i64) -> Result<bool, BoxError> {
        if self.store.borrow().retains_duplicates() {
            let cx = ctx.cx();
            let written = self
                .with_key(key, |store, bytes| Ok(store.append(bytes, start, &value, timestamp, cx.origin, &NO_HEADERS, &mut *cx.out)?))?;
            return Ok(self.late_unless(ctx, written));
        }
        self.update(ctx, key, start, |slot| *slot = Slot { value: Some(value), timestamp })
    }

    /// Deletes the value of a key in the window that begins at `start`; not in a store that retains duplicates. False when the window has
    /// expired.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&self, ctx: &mut impl ProcessingContext, key: &K, start: i64) -> Result<bool, BoxError> {
        let timestamp = ctx.cx().timestamp;
        self.update(ctx, key, start, |slot| *slot = Slot { value: None, timestamp })
    }

    fn update(&self, ctx: &mut impl ProcessingContext, key: &K, start: i64, change: impl FnOnce(&mut Slot<V>)) -> Result<bool, BoxError> {
        let cx = ctx.cx();
        let written = self.with_key(key, |store, bytes| {
            store.set_record_headers(&cx.headers);
            let written = store.update(bytes, start, cx.origin, change)?.is_some();
            if !store.caching() {
                store.flush(&mut *cx.out)?;
            }
            Ok(written)
        })?;
        Ok(self.late_unless(ctx, written))
    }

    fn late_unless(&self, ctx: &mut impl ProcessingContext, written: bool) -> bool {
        if !written {
            ctx.cx().dropped(self.store.borrow().name(), DropReason::Late);
        }
        written
    }
}

/// A walk over rows of a [`WindowedStore`]: key, window start, value.
#[must_use = "a walk does nothing until it is asked for rows"]
pub struct WindowRows<K, V> {
    store: Rc<RefCell<WindowStore<K, V>>>,
    key: Option<Vec<u8>>,
    /// First and last key of a walk over several.
    keys: (Option<Vec<u8>>, Option<Vec<u8>>),
    from: i64,
    to: i64,
    reverse: bool,
    cursor: Option<WindowCursor<V>>,
    key_out: Vec<u8>,
}

impl<K: Data, V: Data> WindowRows<K, V> {
    /// From the newest to the oldest, starting anew.
    pub fn reversed(self) -> Self {
        WindowRows { reverse: !self.reverse, cursor: None, ..self }
    }

    /// The same rows with the times of their values: key, window start, value, time; -1 in a plain store.
    pub fn with_timestamps(self) -> WithTimestamps<Self> {
        WithTimestamps(self)
    }

    fn step(&mut self) -> Result<Option<(K, i64, V, i64)>, BoxError> {
        let mut store = self.store.borrow_mut();
        let cursor = match (&mut self.cursor, &self.key) {
            (Some(cursor), _) => cursor,
            (none, Some(key)) => none.insert(store.cursor(key, self.from, self.to, self.reverse)),
            (none, None) => {
                let (first, last) = (self.keys.0.as_deref(), self.keys.1.as_deref());
                none.insert(store.cursor_between(first, last, self.from, self.to, self.reverse))
            }
        };
        match cursor.next(&mut store, &mut self.key_out)? {
            Some((start, value, timestamp)) => Ok(Some((store.read_key(&self.key_out)?, start, value, timestamp))),
            None => Ok(None),
        }
    }
}

impl<K: Data, V: Data> Iterator for WindowRows<K, V> {
    type Item = Result<(K, i64, V), BoxError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(|row| row.map(|(key, start, value, _)| (key, start, value))).transpose()
    }
}

impl<K: Data, V: Data> Iterator for WithTimestamps<WindowRows<K, V>> {
    type Item = Result<(K, i64, V, i64), BoxError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.0.step().transpose()
    }
}

impl<K, V> fmt::Debug for WindowRows<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WindowRows")
    }
}

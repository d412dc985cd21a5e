//! Stores of rows that another thread writes.

use super::by_time::Recent;
use super::codec::Codec;
use super::core::{Core, StoreParts};
use crate::Result;
use crate::engine::slice;
use crate::keys::time_first::{TimeFirst, times};
use crate::locked::LockedEngine;
use crate::serde::Serde;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

/// Opens stores of the committed rows of one that its own thread writes: what readers of a global [`WindowStore`](super::WindowStore),
/// [`SessionStore`](super::SessionStore) or [`VersionedStore`](super::VersionedStore) have, each a store of its own. No lock is held while serdes
/// run.
pub struct StoreReader<S> {
    store: Arc<str>,
    open: Arc<dyn Fn() -> S + Send + Sync>,
}

impl<S> Clone for StoreReader<S> {
    fn clone(&self) -> Self {
        StoreReader { store: self.store.clone(), open: self.open.clone() }
    }
}

impl<S> fmt::Debug for StoreReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreReader({})", self.store)
    }
}

impl<S> StoreReader<S> {
    /// A store to be read, not written: what is put into it stays there. It sees each commit of the store that it reads as soon as that is through,
    /// and fails with [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) once that is closed.
    pub fn open(&self) -> S {
        (self.open)()
    }
}

/// What such a store is opened from, again and again.
pub(super) struct ReaderParts<K, V> {
    codec: Codec<V>,
    keys: Arc<dyn Serde<K>>,
    time_first: Option<TimeFirst>,
    engine: LockedEngine,
}

impl<K: 'static, V: 'static> ReaderParts<K, V> {
    pub fn reader<S>(self, open: impl Fn(StoreParts<K, V>) -> S + Send + Sync + 'static) -> StoreReader<S> {
        let store = self.codec.store.clone();
        let open = move || {
            let Codec { store, topic, values, timestamped, headers } = self.codec.clone();
            open(StoreParts {
                name: store,
                topic,
                keys: self.keys.clone(),
                values,
                timestamped,
                headers,
                caching: false,
                time_first: self.time_first,
                engine: Box::new(self.engine.clone()),
            })
        };
        StoreReader { store, open: Arc::new(open) }
    }
}

impl<V: Clone + 'static> Core<V> {
    /// For the readers of a store with these serdes, where others may read its engine.
    pub fn for_readers<K, W>(&self, keys: &Arc<dyn Serde<K>>, codec: Codec<W>) -> Option<ReaderParts<K, W>> {
        Some(ReaderParts { codec, keys: keys.clone(), time_first: self.recent.as_ref().map(Recent::form), engine: self.engine.locked()? })
    }

    /// The newest time of a committed row; -1 where there is none.
    pub fn newest_time(&mut self) -> Result<i64> {
        let (mut newest, mut first) = (-1, None);
        if let Some(form) = self.recent.as_ref().map(Recent::form) {
            let ((from, to), mut composed) = (times(0, i64::MAX), Vec::new());
            let cursor = self.engine.scan_by_time(0..=i64::MAX, slice(&from), slice(&to), true)?;
            if cursor.row().is_some_and(|(row, _)| form.read_base(&mut composed, row)) {
                newest = form.time(&composed);
            }
            return Ok(newest);
        }
        // it lies in the newest segment
        let layout = self.layout;
        let mut cursor = self.engine.scan(0..=i64::MAX, Bound::Unbounded, Bound::Unbounded, true)?;
        while let Some((key, _)) = cursor.row() {
            let segment = layout.segment(key);
            if *first.get_or_insert(segment) != segment {
                break;
            }
            newest = newest.max((layout.time)(key));
            cursor.advance()?;
        }
        Ok(newest)
    }
}

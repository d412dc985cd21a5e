//! Window stores as queries see them.

use super::IsolationLevel;
use super::ask::Asked;
use super::key_value::{unreadable, unwritable};
use crate::{Data, Result, Windowed};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{ControlFlow, RangeInclusive};
use streams_state::WindowStore;
use streams_state::serde::Window;

/// The rows of a window store on this instance; see [`KafkaStreams::window_store`](crate::KafkaStreams::window_store). Rows whose retention is over are not
/// there.
#[doc(alias = "ReadOnlyWindowStore")]
pub struct QueryableWindowStore<K, V> {
    asked: Asked,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for QueryableWindowStore<K, V> {
    fn clone(&self) -> Self {
        QueryableWindowStore { asked: self.asked.clone(), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for QueryableWindowStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueryableWindowStore({:?})", self.asked)
    }
}

impl<K: Data + Sync, V: Data> QueryableWindowStore<K, V> {
    pub(super) fn new(asked: Asked) -> Self {
        QueryableWindowStore { asked, types: PhantomData }
    }

    /// The same store, seen so.
    #[must_use]
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.asked.isolation = level;
        self
    }

    /// The value of a key in the window that begins at `start` (milliseconds).
    ///
    /// # Errors
    /// As [`QueryableKeyValueStore::get`](super::QueryableKeyValueStore::get).
    pub fn fetch(&self, key: &K, start: i64) -> Result<Option<V>> {
        Ok(self.fetch_range(key, start..=start)?.into_iter().next().map(|(_, value)| value))
    }

    /// The windows of a key that begin in a range of time (milliseconds), by their starts.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    #[doc(alias = "WindowKeyQuery")]
    pub fn fetch_range(&self, key: &K, starts: RangeInclusive<i64>) -> Result<Vec<(i64, V)>> {
        let key = key.clone();
        let found = self.asked.of_each(move |store: &mut WindowStore<K, V>| {
            let (mut bytes, mut found) = (Vec::new(), Vec::new());
            store.write_key(&key, &mut bytes).map_err(unwritable)?;
            store.fetch_range(&bytes, *starts.start(), *starts.end(), false, &mut |start, value, _| {
                found.push((start, value.clone()));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The windows of all keys that begin in a range of time (milliseconds), partition after partition.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    #[doc(alias = "WindowRangeQuery")]
    #[doc(alias = "fetchAll")]
    pub fn fetch_all(&self, starts: RangeInclusive<i64>) -> Result<Vec<(Windowed<K>, V)>> {
        let found = self.asked.of_each(move |store: &mut WindowStore<K, V>| {
            let mut found = Vec::new();
            store.fetch_all(*starts.start(), *starts.end(), false, &mut |key, start, value, _| {
                found.push((key.to_vec(), start, value.clone()));
                Ok(ControlFlow::Continue(()))
            })?;
            let size = store.window_size_ms();
            let read = |(key, start, value): (Vec<u8>, i64, V)| {
                Ok((Windowed::new(store.read_key(&key).map_err(unreadable)?, Window::new(start, start.saturating_add(size))), value))
            };
            found.into_iter().map(read).collect::<Result<Vec<_>>>()
        })?;
        Ok(found.into_iter().flatten().collect())
    }
}

//! Session stores as queries see them.

use super::IsolationLevel;
use super::ask::Asked;
use super::key_value::unwritable;
use crate::{Data, Result};
use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use streams_state::SessionStore;
use streams_state::serde::Window;

/// The rows of a session store on this instance; see [`KafkaStreams::session_store`](crate::KafkaStreams::session_store). Sessions whose retention is over
/// are not there.
#[doc(alias = "ReadOnlySessionStore")]
pub struct QueryableSessionStore<K, V> {
    asked: Asked,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for QueryableSessionStore<K, V> {
    fn clone(&self) -> Self {
        QueryableSessionStore { asked: self.asked.clone(), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for QueryableSessionStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueryableSessionStore({:?})", self.asked)
    }
}

impl<K: Data + Sync, V: Data> QueryableSessionStore<K, V> {
    pub(super) fn new(asked: Asked) -> Self {
        QueryableSessionStore { asked, types: PhantomData }
    }

    /// The same store, seen so.
    #[must_use]
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.asked.isolation = level;
        self
    }

    /// All sessions of a key, by their ends.
    ///
    /// # Errors
    /// As [`QueryableKeyValueStore::get`](super::QueryableKeyValueStore::get).
    #[doc(alias = "WindowRangeQuery")]
    pub fn fetch(&self, key: &K) -> Result<Vec<(Window, V)>> {
        self.find_sessions(key, 0, i64::MAX)
    }

    /// The sessions of a key that end at `earliest_end` or later and begin at `latest_start` or earlier (milliseconds), by their ends.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    #[doc(alias = "findSessions")]
    pub fn find_sessions(&self, key: &K, earliest_end: i64, latest_start: i64) -> Result<Vec<(Window, V)>> {
        let key = key.clone();
        let found = self.asked.of_each(move |store: &mut SessionStore<K, V>| {
            let (mut bytes, mut found) = (Vec::new(), Vec::new());
            store.write_key(&key, &mut bytes).map_err(unwritable)?;
            store.find_sessions(&bytes, earliest_end, latest_start, false, &mut |start, end, value| {
                found.push((Window::new(start, end), value.clone()));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        })?;
        Ok(found.into_iter().flatten().collect())
    }
}

//! Session stores.

use super::{UnderTest, key_bytes, unreadable};
use crate::{Data, Result};
use std::fmt;
use std::ops::ControlFlow;
use streams_state::serde::{Window, Windowed};
use streams_state::store::StateStore;
use streams_state::{NO_HEADERS, SessionStore};

/// A session store of the topology under test.
pub struct TestSessionStore<K, V>(pub(in crate::testing) UnderTest<SessionStore<K, V>>);

impl<K, V> fmt::Debug for TestSessionStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestSessionStore")
    }
}

impl<K: Data, V: Data> TestSessionStore<K, V> {
    /// The value of a key in the session from `start` to `end` (milliseconds).
    ///
    /// # Errors
    /// When the serdes fail, and when the driver is closed.
    #[doc(alias = "fetchSession")]
    pub fn fetch_session(&self, key: &K, start: i64, end: i64) -> Result<Option<V>> {
        self.0.read(|store| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            Ok(store.fetch_session(&bytes, start, end)?)
        })
    }

    /// All sessions of a key, by their ends.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    pub fn fetch(&self, key: &K) -> Result<Vec<(Window, V)>> {
        self.find_sessions(key, 0, i64::MAX)
    }

    /// The sessions of a key that end at `earliest_end` or later and begin at `latest_start` or earlier (milliseconds), by their ends.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_sessions(&self, key: &K, earliest_end: i64, latest_start: i64) -> Result<Vec<(Window, V)>> {
        self.0.read(|store| {
            let (bytes, mut found) = (key_bytes(store.name(), |out| store.write_key(key, out))?, Vec::new());
            store.find_sessions(&bytes, earliest_end, latest_start, false, &mut |start, end, value| {
                found.push((Window::new(start, end), value.clone()));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        })
    }

    /// The sessions of the keys from `first` to `last`, both included and by the order of their bytes, that end at `earliest_end` or later and
    /// begin at `latest_start` or earlier (milliseconds); `None` is no limit. As [`all`](Self::all).
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_between(&self, first: Option<&K>, last: Option<&K>, earliest_end: i64, latest_start: i64) -> Result<Vec<(Windowed<K>, V)>> {
        self.0.read(|store| {
            let bytes = |key| key_bytes(store.name(), |out| store.write_key(key, out));
            let (first, last, mut found) = (first.map(bytes).transpose()?, last.map(bytes).transpose()?, Vec::new());
            store.find_between(first.as_deref(), last.as_deref(), earliest_end, latest_start, false, &mut |key, start, end, value| {
                found.push((key.to_vec(), Window::new(start, end), value.clone()));
                Ok(ControlFlow::Continue(()))
            })?;
            let read = |key: &[u8]| store.read_key(key).map_err(|e| unreadable(store.name(), e));
            found.into_iter().map(|(key, window, value)| Ok((Windowed::new(read(&key)?, window), value))).collect()
        })
    }

    /// All sessions, by segment, then by the bytes of key, end and start.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    pub fn all(&self) -> Result<Vec<(Windowed<K>, V)>> {
        self.find_between(None, None, 0, i64::MAX)
    }

    /// Sets the value of a session, whose end is also the value's time, or deletes it with `None`: to fill the store before a test. `false` when
    /// the session has expired.
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, session: &Windowed<K>, value: Option<V>) -> Result<bool> {
        self.0.change(|store, origin, log| {
            let (bytes, Window { start, end }) = (key_bytes(store.name(), |out| store.write_key(&session.key, out))?, session.window);
            store.set_record_headers(&NO_HEADERS);
            let live = store.put(&bytes, start, end, value, end, origin)?;
            if !store.caching() {
                store.flush(log)?;
            }
            Ok(live)
        })
    }
}

//! Session stores in processors.

use crate::topology::ProcessingContext;
use crate::{BoxError, Data};
use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;
use std::rc::Rc;
use streams_state::serde::{Window, Windowed};
use streams_state::store::StateStore;

/// A session store opened in a processor: values by key, session start and session end. Each call is complete in itself, so a processor may
/// forward records while it works with a store that a node further down writes.
///
/// The store does not merge sessions: whoever extends one removes it and puts the longer one. A session is there until stream time (the newest
/// end that was put) is past its end by more than the store's retention. What a search gives is a copy: changes made while it is worked on do
/// not show in it.
pub struct SessionStore<K, V> {
    store: Rc<RefCell<streams_state::SessionStore<K, V>>>,
}

impl<K, V> fmt::Debug for SessionStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionStore")
    }
}

impl<K: Data, V: Data> SessionStore<K, V> {
    pub(in crate::topology) fn new(store: Rc<RefCell<streams_state::SessionStore<K, V>>>) -> Self {
        SessionStore { store }
    }

    fn bytes(&self, key: &K) -> Result<Vec<u8>, BoxError> {
        let mut bytes = Vec::new();
        self.store.borrow().write_key(key, &mut bytes)?;
        Ok(bytes)
    }

    /// The value of a session.
    ///
    /// # Errors
    /// When the key cannot be serialized or the row not be read.
    #[doc(alias = "fetchSession")]
    pub fn fetch_session(&self, key: &K, start: i64, end: i64) -> Result<Option<V>, BoxError> {
        let bytes = self.bytes(key)?;
        Ok(self.store.borrow_mut().fetch_session(&bytes, start, end)?)
    }

    /// All sessions of a key, by their ends.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    pub fn fetch(&self, key: &K) -> Result<Vec<(Window, V)>, BoxError> {
        self.find_sessions(key, 0, i64::MAX)
    }

    /// [`fetch`](Self::fetch), the newest first.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "backwardFetch")]
    pub fn fetch_backward(&self, key: &K) -> Result<Vec<(Window, V)>, BoxError> {
        self.find_sessions_backward(key, 0, i64::MAX)
    }

    /// The sessions of a key that end at `earliest_end` or later and begin at `latest_start` or earlier, by their ends.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_sessions(&self, key: &K, earliest_end: i64, latest_start: i64) -> Result<Vec<(Window, V)>, BoxError> {
        self.find(key, earliest_end, latest_start, false)
    }

    /// [`find_sessions`](Self::find_sessions), the newest first.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "backwardFindSessions")]
    pub fn find_sessions_backward(&self, key: &K, earliest_end: i64, latest_start: i64) -> Result<Vec<(Window, V)>, BoxError> {
        self.find(key, earliest_end, latest_start, true)
    }

    fn find(&self, key: &K, earliest_end: i64, latest_start: i64, reverse: bool) -> Result<Vec<(Window, V)>, BoxError> {
        let (bytes, mut found) = (self.bytes(key)?, Vec::new());
        self.store.borrow_mut().find_sessions(&bytes, earliest_end, latest_start, reverse, &mut |start, end, value| {
            found.push((Window::new(start, end), value.clone()));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The sessions of the keys from `first` to `last`, both included and by the order of their bytes, that end at `earliest_end` or later
    /// and begin at `latest_start` or earlier; `None` is no limit. They come by the store's segments of time, within each by key and end.
    /// `find_between(first, last, 0, i64::MAX)` gives all sessions of the keys.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_between(
        &self,
        first: Option<&K>,
        last: Option<&K>,
        earliest_end: i64,
        latest_start: i64,
    ) -> Result<Vec<(Windowed<K>, V)>, BoxError> {
        self.find_keys((first, last), (earliest_end, i64::MAX), latest_start, false)
    }

    /// [`find_between`](Self::find_between) from the end to the beginning.
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "backwardFindSessions")]
    pub fn find_between_backward(
        &self,
        first: Option<&K>,
        last: Option<&K>,
        earliest_end: i64,
        latest_start: i64,
    ) -> Result<Vec<(Windowed<K>, V)>, BoxError> {
        self.find_keys((first, last), (earliest_end, i64::MAX), latest_start, true)
    }

    /// The sessions of all keys that end from `earliest_end` to `latest_end`, both included, ordered as those of
    /// [`find_between`](Self::find_between).
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_ended(&self, earliest_end: i64, latest_end: i64) -> Result<Vec<(Windowed<K>, V)>, BoxError> {
        self.find_keys((None, None), (earliest_end, latest_end), i64::MAX, false)
    }

    fn find_keys(
        &self,
        (first, last): (Option<&K>, Option<&K>),
        (earliest_end, latest_end): (i64, i64),
        latest_start: i64,
        reverse: bool,
    ) -> Result<Vec<(Windowed<K>, V)>, BoxError> {
        let first = first.map(|key| self.bytes(key)).transpose()?;
        let last = last.map(|key| self.bytes(key)).transpose()?;
        let (mut store, mut found) = (self.store.borrow_mut(), Vec::new());
        store.find_between(first.as_deref(), last.as_deref(), earliest_end, latest_start, reverse, &mut |key, start, end, value| {
            if end <= latest_end {
                found.push((key.to_vec(), Window::new(start, end), value.clone()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        found.into_iter().map(|(key, window, value)| Ok((Windowed::new(store.read_key(&key)?, window), value))).collect()
    }

    /// Sets the value of a session; its changelog record has the time of the record being processed. `false` for a session that has expired:
    /// nothing was done.
    ///
    /// # Errors
    /// The serdes', and the changelog's.
    pub fn put(&self, ctx: &mut impl ProcessingContext, session: &Windowed<K>, value: V) -> Result<bool, BoxError> {
        let (bytes, Window { start, end }, cx) = (self.bytes(&session.key)?, session.window, ctx.cx());
        let mut store = self.store.borrow_mut();
        store.set_record_headers(&cx.headers);
        let live = store.put(&bytes, start, end, Some(value), cx.timestamp, cx.origin)?;
        if !store.caching() {
            store.flush(&mut *cx.out)?;
        }
        Ok(live)
    }

    /// Deletes a session; the answer is the value that it had.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn remove(&self, ctx: &mut impl ProcessingContext, session: &Windowed<K>) -> Result<Option<V>, BoxError> {
        let (bytes, Window { start, end }, cx) = (self.bytes(&session.key)?, session.window, ctx.cx());
        let mut store = self.store.borrow_mut();
        store.set_record_headers(&cx.headers);
        let removed = store.remove(&bytes, start, end, cx.timestamp, cx.origin)?;
        if !store.caching() {
            store.flush(&mut *cx.out)?;
        }
        Ok(removed)
    }
}

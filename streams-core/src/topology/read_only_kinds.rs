//! Stores of windows, sessions and versions as processors read them that cannot write them: global ones, and those filled from their topic.

use super::stores::{SessionStore, StoreSet, VersionedKeyValueStore, WindowRows, WindowedStore, handle};
use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::{BoxError, Data, Result};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{Window, Windowed};
use streams_state::{StoreReader, VersionedRecord};

/// A store of its own for the node being built, of the rows of a global one.
fn opened<S: 'static>(env: &mut GraphEnv<'_>, name: &Arc<str>) -> Result<Rc<RefCell<S>>> {
    Ok(Rc::new(RefCell::new(env.global_store::<StoreReader<S>>(name)?.open())))
}

handle!(
    /// A global window store of a topology: pass it to `.process(..)` to read it there. Any number of processors may; none of them can write it.
    GlobalWindowStoreHandle, ReadOnlyWindowStore, |env, name| Ok(ReadOnlyWindowStore(WindowedStore::new(opened(env, name)?)))
);
handle!(
    /// A global session store of a topology: pass it to `.process(..)` to read it there. Any number of processors may; none of them can write it.
    GlobalSessionStoreHandle, ReadOnlySessionStore, |env, name| Ok(ReadOnlySessionStore(SessionStore::new(opened(env, name)?)))
);
handle!(
    /// A global versioned store of a topology: pass it to `.process(..)` to read it there. Any number of processors may; none of them can write it.
    GlobalVersionedStoreHandle, ReadOnlyVersionedStore,
    |env, name| Ok(ReadOnlyVersionedStore(VersionedKeyValueStore::new(opened(env, name)?)))
);

handle!(
    /// A window store of a topology that is filled from its topic by a processor of its own (KIP-813): pass it to `.process(..)` to read it there.
    /// Any number of processors may, in one sub-topology with it; none of them can write it.
    ReadOnlyWindowStoreHandle, ReadOnlyWindowStore, |env: &mut GraphEnv<'_>, name: &Arc<str>| {
        Ok(ReadOnlyWindowStore(WindowedStore::new(env.store(name)?)))
    }
);
handle!(
    /// A session store of a topology that is filled from its topic by a processor of its own (KIP-813): pass it to `.process(..)` to read it there.
    /// Any number of processors may, in one sub-topology with it; none of them can write it.
    ReadOnlySessionStoreHandle, ReadOnlySessionStore, |env: &mut GraphEnv<'_>, name: &Arc<str>| {
        Ok(ReadOnlySessionStore(SessionStore::new(env.store(name)?)))
    }
);
handle!(
    /// A versioned store of a topology that is filled from its topic by a processor of its own (KIP-813): pass it to `.process(..)` to read it there.
    /// Any number of processors may, in one sub-topology with it; none of them can write it.
    ReadOnlyVersionedStoreHandle, ReadOnlyVersionedStore, |env: &mut GraphEnv<'_>, name: &Arc<str>| {
        Ok(ReadOnlyVersionedStore(VersionedKeyValueStore::new(env.store(name)?)))
    }
);

macro_rules! shown {
    ($($store:ident),*) => {$(
        impl<K, V> fmt::Debug for $store<K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($store))
            }
        }
    )*};
}
shown!(ReadOnlyWindowStore, ReadOnlySessionStore, ReadOnlyVersionedStore);

/// A window store opened for reading in a processor. Every call sees what has been applied to it by then, by the global thread, where the store is
/// a global one, and else by the processor that fills it; windows that have expired by that are not found. A walk is no snapshot: it takes up to 64
/// rows at a time, which are told as they were.
pub struct ReadOnlyWindowStore<K, V>(WindowedStore<K, V>);

impl<K: Data, V: Data> ReadOnlyWindowStore<K, V> {
    /// As [`WindowedStore::fetch`].
    ///
    /// # Errors
    /// When the key cannot be serialized or the row not be read.
    pub fn fetch(&self, key: &K, start: i64) -> Result<Option<V>, BoxError> {
        self.0.fetch(key, start)
    }

    /// As [`WindowedStore::fetch_with_timestamp`].
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_with_timestamp(&self, key: &K, start: i64) -> Result<Option<(V, i64)>, BoxError> {
        self.0.fetch_with_timestamp(key, start)
    }

    /// As [`WindowedStore::iter_key`].
    ///
    /// # Errors
    /// When the key cannot be serialized.
    #[doc(alias = "backwardFetch")]
    pub fn iter_key(&self, key: &K, from: i64, to: i64) -> Result<WindowRows<K, V>, BoxError> {
        self.0.iter_key(key, from, to)
    }

    /// As [`WindowedStore::iter_all`].
    #[doc(alias = "fetchAll")]
    #[doc(alias = "backwardFetchAll")]
    pub fn iter_all(&self, from: i64, to: i64) -> WindowRows<K, V> {
        self.0.iter_all(from, to)
    }

    /// As [`WindowedStore::iter`].
    #[doc(alias = "all")]
    #[doc(alias = "backwardAll")]
    pub fn iter(&self) -> WindowRows<K, V> {
        self.0.iter()
    }

    /// As [`WindowedStore::iter_between`].
    ///
    /// # Errors
    /// When a key cannot be serialized.
    pub fn iter_between(&self, first: Option<&K>, last: Option<&K>, from: i64, to: i64) -> Result<WindowRows<K, V>, BoxError> {
        self.0.iter_between(first, last, from, to)
    }
}

/// A session store opened for reading in a processor: see [`ReadOnlyWindowStore`]. What a search gives is a copy.
pub struct ReadOnlySessionStore<K, V>(SessionStore<K, V>);

impl<K: Data, V: Data> ReadOnlySessionStore<K, V> {
    /// As [`SessionStore::fetch_session`].
    ///
    /// # Errors
    /// When the key cannot be serialized or a row not be read.
    #[doc(alias = "fetchSession")]
    pub fn fetch_session(&self, key: &K, start: i64, end: i64) -> Result<Option<V>, BoxError> {
        self.0.fetch_session(key, start, end)
    }

    /// As [`SessionStore::fetch`].
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    pub fn fetch(&self, key: &K) -> Result<Vec<(Window, V)>, BoxError> {
        self.0.fetch(key)
    }

    /// As [`SessionStore::fetch_backward`].
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "backwardFetch")]
    pub fn fetch_backward(&self, key: &K) -> Result<Vec<(Window, V)>, BoxError> {
        self.0.fetch_backward(key)
    }

    /// As [`SessionStore::find_sessions`].
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_sessions(&self, key: &K, earliest_end: i64, latest_start: i64) -> Result<Vec<(Window, V)>, BoxError> {
        self.0.find_sessions(key, earliest_end, latest_start)
    }

    /// As [`SessionStore::find_sessions_backward`].
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "backwardFindSessions")]
    pub fn find_sessions_backward(&self, key: &K, earliest_end: i64, latest_start: i64) -> Result<Vec<(Window, V)>, BoxError> {
        self.0.find_sessions_backward(key, earliest_end, latest_start)
    }

    /// As [`SessionStore::find_between`].
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
        self.0.find_between(first, last, earliest_end, latest_start)
    }

    /// As [`SessionStore::find_between_backward`].
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
        self.0.find_between_backward(first, last, earliest_end, latest_start)
    }

    /// As [`SessionStore::find_ended`].
    ///
    /// # Errors
    /// As [`fetch_session`](Self::fetch_session).
    #[doc(alias = "findSessions")]
    pub fn find_ended(&self, earliest_end: i64, latest_end: i64) -> Result<Vec<(Windowed<K>, V)>, BoxError> {
        self.0.find_ended(earliest_end, latest_end)
    }
}

/// A versioned store opened for reading in a processor: see [`ReadOnlyWindowStore`].
pub struct ReadOnlyVersionedStore<K, V>(VersionedKeyValueStore<K, V>);

impl<K: Data, V: Data> ReadOnlyVersionedStore<K, V> {
    /// The latest version of a key.
    ///
    /// # Errors
    /// When the key cannot be serialized or a row not be read.
    pub fn get(&self, key: &K) -> Result<Option<VersionedRecord<V>>, BoxError> {
        self.0.get(key)
    }

    /// The version of a key that was valid at a time, in milliseconds.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_as_of(&self, key: &K, as_of: i64) -> Result<Option<VersionedRecord<V>>, BoxError> {
        self.0.get_as_of(key, as_of)
    }
}

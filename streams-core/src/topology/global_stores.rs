//! Stores of every kind that each instance has whole: how they are described, and how processors read them.

use super::read_only::GlobalStoreHandle;
use super::stores::{
    KeyValueStoreHandle, SessionStore, SessionStoreHandle, StateStoreBuilder, StoreSet, VersionedKeyValueStore, VersionedStoreHandle,
    WindowRows, WindowStoreHandle, WindowedStore, handle,
};
use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::{BoxError, Data, Result};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{Window, Windowed};
use streams_state::{
    KeyValueStoreBuilder, SessionStoreBuilder, StoreReader, StoreSupplier, VersionedRecord, VersionedStoreBuilder, WindowStoreBuilder,
};

/// The description of a store that every instance can have whole: see [`add_global_store`](crate::StreamsBuilder::add_global_store).
pub trait GlobalStoreBuilder: StateStoreBuilder {
    /// What other processors than the one that keeps the store name it by.
    type Global: StoreSet;
    #[doc(hidden)]
    fn describe(self, plan: &SharedPlan) -> GlobalStore<Self::Handle, Self::Global>;
}

/// A described store with its two handles.
#[doc(hidden)]
pub struct GlobalStore<H, G> {
    pub(crate) supplier: streams_state::Result<Arc<dyn StoreSupplier>>,
    /// For the processor that keeps it.
    pub(crate) own: H,
    pub(crate) global: G,
}

/// The handle of a global store, and that it can be had from a builder.
macro_rules! global_store {
    ($builder:ident, $handle:ident, $global:ident) => {
        impl<K: Data, V: Data> GlobalStoreBuilder for $builder<K, V> {
            type Global = $global<K, V>;
            fn describe(self, plan: &SharedPlan) -> GlobalStore<$handle<K, V>, $global<K, V>> {
                let name: Arc<str> = self.name().into();
                let own = $handle { name: name.clone(), plan: plan.clone(), types: PhantomData };
                let global = $global { name, plan: plan.clone(), types: PhantomData };
                // what was read is committed at once, and its topic is the truth
                GlobalStore { supplier: self.caching(false).without_logging().build(), own, global }
            }
        }
    };
}
global_store!(KeyValueStoreBuilder, KeyValueStoreHandle, GlobalStoreHandle);
global_store!(WindowStoreBuilder, WindowStoreHandle, GlobalWindowStoreHandle);
global_store!(SessionStoreBuilder, SessionStoreHandle, GlobalSessionStoreHandle);
global_store!(VersionedStoreBuilder, VersionedStoreHandle, GlobalVersionedStoreHandle);

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

/// A global window store opened for reading in a processor. Every call sees what the global thread has applied by then, and windows that have
/// expired by what it has applied are not found. A walk is no snapshot: it takes up to 64 rows at a time, which are told as they were.
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

/// A global session store opened for reading in a processor: see [`ReadOnlyWindowStore`]. What a search gives is a copy.
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

/// A global versioned store opened for reading in a processor: see [`ReadOnlyWindowStore`].
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

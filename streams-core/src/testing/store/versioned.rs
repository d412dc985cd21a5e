//! Versioned stores.

use super::{UnderTest, key_bytes};
use crate::{Data, Result};
use std::fmt;
use streams_state::store::StateStore;
use streams_state::{PutResult, VersionedRecord, VersionedStore};

/// A versioned store of the topology under test.
pub struct TestVersionedStore<K, V>(pub(in crate::testing) UnderTest<VersionedStore<K, V>>);

impl<K, V> fmt::Debug for TestVersionedStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestVersionedStore")
    }
}

impl<K: Data, V: Data> TestVersionedStore<K, V> {
    /// The latest version of a key.
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn get(&self, key: &K) -> Result<Option<VersionedRecord<V>>> {
        self.get_as_of(key, i64::MAX)
    }

    /// The version of a key that was valid at `as_of` (milliseconds).
    ///
    /// # Errors
    /// When the serdes fail.
    pub fn get_as_of(&self, key: &K, as_of: i64) -> Result<Option<VersionedRecord<V>>> {
        self.0.read(|store| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            Ok(store.get_as_of(&bytes, as_of)?)
        })
    }

    /// Puts a value that is valid from `timestamp` (milliseconds) on, or says with `None` that there is none: to fill the store before a test.
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, key: &K, value: Option<V>, timestamp: i64) -> Result<PutResult> {
        self.0.change(|store, origin, log| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            Ok(store.put(&bytes, value.as_ref(), timestamp, origin, log)?)
        })
    }
}

//! Stores of the topology's own kind.

use super::UnderTest;
use crate::{Error, ErrorKind, Result};
use std::fmt;
use streams_state::store::StateStore;
use streams_state::{OwnState, OwnStore, StoreChange};

/// A store of the topology's own kind under test.
pub struct TestOwnStore<S>(pub(in crate::testing) UnderTest<OwnState<S>>);

impl<S> fmt::Debug for TestOwnStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestOwnStore")
    }
}

impl<S: OwnStore> TestOwnStore<S> {
    /// Looks at the store.
    ///
    /// # Errors
    /// When it could not be made.
    pub fn read<R>(&self, look: impl FnOnce(&S) -> R) -> Result<R> {
        self.0.read(|store| Ok(look(store.store()?)))
    }

    /// Makes a change at a time in milliseconds, with `None` to nothing: to fill the store before a test. It goes to the changelog, too.
    ///
    /// # Errors
    /// The store's.
    pub fn put(&self, key: &[u8], value: Option<&[u8]>, timestamp: i64) -> Result<()> {
        let change = StoreChange::new(key, value, timestamp);
        self.0.change(|store, _, log| {
            store.apply(&change).map_err(|e| Error::caused(ErrorKind::UserCode, format!("store {}", store.name()), e))?;
            Ok(store.log(&change, log)?)
        })
    }
}

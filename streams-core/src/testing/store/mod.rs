//! Stores as a test looks at them.

mod key_value;
mod own;
mod session;
mod versioned;
mod window;

pub use key_value::TestKeyValueStore;
pub use own::TestOwnStore;
pub use session::TestSessionStore;
pub use versioned::TestVersionedStore;
pub use window::TestWindowStore;

use super::inner::{Inner, driver_closed};
use crate::{BoxError, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use streams_state::store::{Changelog, Origin, StateStore, StoredRow};

/// A row as it lies in a store's engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRow {
    /// The serialized record key.
    pub key: Vec<u8>,
    /// Where window or session begin, milliseconds; `None` in key-value stores.
    pub start: Option<i64>,
    /// Where the session ends, milliseconds; `None` in other stores.
    pub end: Option<i64>,
    /// The serialized value, behind its headers and its eight bytes of time in stores that keep them.
    pub value: Vec<u8>,
}

impl From<StoredRow<'_>> for TestRow {
    fn from(row: StoredRow<'_>) -> Self {
        TestRow { key: row.key.to_vec(), start: row.start, end: row.end, value: row.value.to_vec() }
    }
}

/// A store of a driver's topology, and the driver. The store is the task's, which takes it along when the driver is closed.
pub(in crate::testing) struct UnderTest<S> {
    store: Weak<RefCell<S>>,
    inner: Rc<RefCell<Inner>>,
    task: usize,
}

impl<S: StateStore> UnderTest<S> {
    pub fn find(inner: &Rc<RefCell<Inner>>, name: &str) -> Option<Self> {
        let (task, store) = inner.borrow_mut().store::<S>(name)?;
        Some(UnderTest { store: Rc::downgrade(&store), inner: inner.clone(), task })
    }

    fn read<R>(&self, read: impl FnOnce(&mut S) -> Result<R>) -> Result<R> {
        let store = self.store.upgrade().ok_or_else(driver_closed)?;
        read(&mut store.borrow_mut())
    }

    fn change<R>(&self, change: impl FnOnce(&mut S, Origin, &mut dyn Changelog) -> Result<R>) -> Result<R> {
        let store = self.store.upgrade().ok_or_else(driver_closed)?;
        self.inner.borrow_mut().change(self.task, |origin, log| change(&mut store.borrow_mut(), origin, log))
    }
}

/// The bytes of a key, to ask the store of that name by.
fn key_bytes(store: &str, write: impl FnOnce(&mut Vec<u8>) -> Result<(), BoxError>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(|e| Error::caused(ErrorKind::Serde, format!("store {store}: the key cannot be serialized"), e))?;
    Ok(bytes)
}

#[cold]
fn unreadable(store: &str, cause: BoxError) -> Error {
    Error::caused(ErrorKind::Serde, format!("store {store}: a key cannot be deserialized"), cause)
}

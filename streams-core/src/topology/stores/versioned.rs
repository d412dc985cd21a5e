//! Versioned stores as processors use them.

use crate::exec::DropReason;
use crate::topology::ProcessingContext;
use crate::{BoxError, Data};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use streams_state::store::StateStore;
use streams_state::{PutResult, VersionedRecord, VersionedStore};

/// A versioned store opened in a processor: what each key was, and when. Each call is complete in itself.
///
/// Times are milliseconds. What stream time, the newest time put so far, has passed by more than the history retention is neither put nor found,
/// but for the latest version of a key; what was not put is counted as late.
pub struct VersionedKeyValueStore<K, V> {
    store: Rc<RefCell<VersionedStore<K, V>>>,
    buffer: Cell<Vec<u8>>,
}

keyed!(VersionedKeyValueStore, VersionedStore);

impl<K: Data, V: Data> VersionedKeyValueStore<K, V> {
    /// Puts a value that is valid from `timestamp` on, or, with `None`, says that there was none; the answer is until when it is valid.
    ///
    /// # Errors
    /// The serdes', and the changelog's; and for a time before 1970.
    pub fn put(
        &self,
        ctx: &mut impl ProcessingContext,
        key: &K,
        value: impl Into<Option<V>>,
        timestamp: i64,
    ) -> Result<PutResult, BoxError> {
        let (cx, value) = (ctx.cx(), value.into());
        let result = self.with_key(key, |store, bytes| Ok(store.put(bytes, value.as_ref(), timestamp, cx.origin, &mut *cx.out)?))?;
        if result == PutResult::TooOld {
            ctx.cx().dropped(self.store.borrow().name(), DropReason::Late);
        }
        Ok(result)
    }

    /// Says that there is no value from `timestamp` on; the answer is the version that was valid then.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&self, ctx: &mut impl ProcessingContext, key: &K, timestamp: i64) -> Result<Option<VersionedRecord<V>>, BoxError> {
        let cx = ctx.cx();
        let late = self.store.borrow().expired_writes();
        let existing = self.with_key(key, |store, bytes| Ok(store.delete(bytes, timestamp, cx.origin, &mut *cx.out)?))?;
        if self.store.borrow().expired_writes() > late {
            ctx.cx().dropped(self.store.borrow().name(), DropReason::Late);
        }
        Ok(existing)
    }

    /// The latest version of a key.
    ///
    /// # Errors
    /// When the key cannot be serialized or the row not be read.
    pub fn get(&self, key: &K) -> Result<Option<VersionedRecord<V>>, BoxError> {
        self.with_key(key, |store, bytes| Ok(store.get(bytes)?))
    }

    /// The version of a key that was valid at a time.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_as_of(&self, key: &K, as_of: i64) -> Result<Option<VersionedRecord<V>>, BoxError> {
        self.with_key(key, |store, bytes| Ok(store.get_as_of(bytes, as_of)?))
    }
}

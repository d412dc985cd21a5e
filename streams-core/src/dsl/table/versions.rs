//! Rows of versioned tables: how they are written and looked up.

use super::ValueGetter;
use super::writer::{Rows, TableWriter};
use crate::exec::{Cx, DropReason, Meta};
use crate::handlers::ProductionStage;
use crate::{BoxError, Change, Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::Rc;
use streams_state::serde::{SerdeContext, Wrote};
use streams_state::{PutResult, Slot, VersionedRecord, VersionedStore};

impl<K: Data, V: Data> TableWriter<K, V> {
    /// Whether the rows have versions.
    pub fn is_versioned(&self) -> bool {
        matches!(self.rows, Rows::Versions(_))
    }

    /// Takes a change whose old value is known already: where the store is versioned, the one that it knows may be another.
    pub fn take(&mut self, cx: &mut Cx, key: &K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let Change { old, new, .. } = change;
        let put = |slot: &mut Slot<V>| {
            *slot = Slot { value: new, timestamp: meta.timestamp };
            Ok(true)
        };
        match &self.rows {
            Rows::Newest(_) => self.try_update(cx, key, meta, put),
            Rows::Versions(store) => self.put_version(&store.clone(), cx, (key, meta), Some(old), put),
        }
    }

    /// Puts what `change` makes of the latest version, and forwards it at once. A version that comes too late is dropped.
    pub(super) fn put_version(
        &mut self,
        store: &RefCell<VersionedStore<K, V>>,
        cx: &mut Cx,
        (key, meta): (&K, &Meta<'_>),
        old: Option<Option<V>>,
        change: impl FnOnce(&mut Slot<V>) -> Result<bool, BoxError>,
    ) -> Result<()> {
        self.key_buf.clear();
        match meta.key_bytes.filter(|_| self.pass_key) {
            Some(bytes) => self.key_buf.extend_from_slice(bytes),
            None => {
                let (serde, topic) = (store.borrow().key_serde().clone(), store.borrow().topic().clone());
                match serde.serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.key_buf) {
                    Ok(Wrote::Bytes) => {}
                    Ok(Wrote::Null) => return cx.drop_null_key(&self.name),
                    Err(error) => return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error),
                }
            }
        }
        let (put, old, slot) = {
            let mut store = store.borrow_mut();
            let latest = store.get(&self.key_buf)?;
            let mut slot = latest.map_or(Slot::absent(), |VersionedRecord { value, timestamp, .. }| Slot { value: Some(value), timestamp });
            let old = if self.send_old { old.unwrap_or_else(|| slot.value.clone()) } else { None };
            match change(&mut slot) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return cx.user_error(&self.name, error),
            }
            (store.put(&self.key_buf, slot.value.as_ref(), slot.timestamp, cx.origin, &mut *cx.out)?, old, slot)
        };
        let is_latest = match put {
            PutResult::Latest => true,
            PutResult::ValidTo(_) => false,
            PutResult::TooOld => {
                cx.dropped(&self.name, DropReason::Late);
                return Ok(());
            }
        };
        let meta = Meta { timestamp: slot.timestamp, key_bytes: Some(&self.key_buf), headers: meta.headers };
        self.next.process(cx, key.clone(), Change { old, new: slot.value, is_latest }, &meta)
    }
}

/// Looks rows up in a versioned store.
pub(super) struct VersionedGetter<K, V> {
    pub store: Rc<RefCell<VersionedStore<K, V>>>,
    pub key_buf: Vec<u8>,
}

impl<K: Data, V: Data> VersionedGetter<K, V> {
    fn look(
        &mut self,
        key: &K,
        key_bytes: Option<&[u8]>,
        get: impl FnOnce(&mut VersionedStore<K, V>, &[u8]) -> streams_state::Result<Option<VersionedRecord<V>>>,
        look: &mut dyn FnMut(Option<(&V, i64)>),
    ) -> Result<()> {
        let mut store = self.store.borrow_mut();
        let bytes = match key_bytes {
            Some(bytes) => bytes,
            None => {
                self.key_buf.clear();
                store
                    .write_key(key, &mut self.key_buf)
                    .map_err(|e| Error::caused(ErrorKind::Serde, "cannot serialize the key to look it up in the table", e))?;
                &self.key_buf
            }
        };
        let found = get(&mut store, bytes)?;
        drop(store);
        look(found.as_ref().map(|record| (&record.value, record.timestamp)));
        Ok(())
    }
}

impl<K: Data, V: Data> ValueGetter<K, V> for VersionedGetter<K, V> {
    fn get(&mut self, _: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()> {
        self.look(key, key_bytes, VersionedStore::get, look)
    }

    fn get_as_of(
        &mut self,
        _: &mut Cx,
        key: &K,
        key_bytes: Option<&[u8]>,
        time: i64,
        look: &mut dyn FnMut(Option<(&V, i64)>),
    ) -> Result<()> {
        self.look(key, key_bytes, |store, key| store.get_as_of(key, time), look)
    }
}

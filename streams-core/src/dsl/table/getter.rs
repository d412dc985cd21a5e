//! Looking up a table's row for a join: in its store, or computed from its parent's.

use super::derived::Mapping;
use super::versions::VersionedGetter;
use crate::exec::{Cx, GraphEnv};
use crate::{Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::{KvStore, VersionedStore};

/// Gives the value of a key, and its time, to a closure.
pub(crate) trait ValueGetter<K, V> {
    /// `key_bytes`: the bytes of the key where they are those of the table's key serde. `look` is not called where user code that computes the
    /// row has failed and the processing handler goes on: the record that asked is left out, and counted already.
    fn get(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()>;

    /// The value that a versioned table had at a time; of other tables the newest.
    fn get_as_of(
        &mut self,
        cx: &mut Cx,
        key: &K,
        key_bytes: Option<&[u8]>,
        time: i64,
        look: &mut dyn FnMut(Option<(&V, i64)>),
    ) -> Result<()> {
        let _ = time;
        self.get(cx, key, key_bytes, look)
    }

    /// The value that the table passed on last, where a newer one still waits in its cache: of tables that send old values, and of those that
    /// were told to [`remember`](Self::remember).
    fn get_forwarded(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()> {
        self.get(cx, key, key_bytes, look)
    }

    /// Whether [`get_forwarded`](Self::get_forwarded) may give another row than [`get`](Self::get).
    fn waits(&mut self, _key: &K, _key_bytes: Option<&[u8]>) -> Result<bool> {
        Ok(false)
    }

    /// Has the table remember what it passed on, for [`get_forwarded`](Self::get_forwarded).
    fn remember(&mut self) {}
}

/// Makes getters, one per task.
pub(crate) trait GetterSupplier<K, V>: Send + Sync {
    /// The stores that it reads: they must be connected to the node that uses it.
    fn stores(&self) -> Vec<Arc<str>>;
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<K, V>>>;
}

/// Of a table that is kept.
pub(crate) struct StoreGetterSupplier<K, V> {
    pub store: Arc<str>,
    pub types: PhantomData<fn() -> (K, V)>,
}

impl<K: Data, V: Data> GetterSupplier<K, V> for StoreGetterSupplier<K, V> {
    fn stores(&self) -> Vec<Arc<str>> {
        vec![self.store.clone()]
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<K, V>>> {
        if env.store_is::<VersionedStore<K, V>>(&self.store) {
            return Ok(Box::new(VersionedGetter { store: env.store(&self.store)?, key_buf: Vec::new() }));
        }
        Ok(Box::new(StoreGetter { store: env.store::<KvStore<K, V>>(&self.store)?, key_buf: Vec::new() }))
    }
}

struct StoreGetter<K, V> {
    store: Rc<RefCell<KvStore<K, V>>>,
    key_buf: Vec<u8>,
}

impl<K: Data, V: Data> StoreGetter<K, V> {
    /// Runs `f` with the store and the bytes of the key in it.
    fn with_key<R>(&mut self, key: &K, key_bytes: Option<&[u8]>, f: impl FnOnce(&mut KvStore<K, V>, &[u8]) -> Result<R>) -> Result<R> {
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
        f(&mut store, bytes)
    }
}

impl<K: Data, V: Data> ValueGetter<K, V> for StoreGetter<K, V> {
    fn get(&mut self, _: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()> {
        self.with_key(key, key_bytes, |store, bytes| Ok(store.with(bytes, look)?))
    }
    fn get_forwarded(&mut self, _: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()> {
        self.with_key(key, key_bytes, |store, bytes| Ok(store.with_forwarded(bytes, look)?))
    }
    fn waits(&mut self, key: &K, key_bytes: Option<&[u8]>) -> Result<bool> {
        self.with_key(key, key_bytes, |store, bytes| Ok(store.waits(bytes)))
    }
    fn remember(&mut self) {
        self.store.borrow_mut().set_keep_old(true);
    }
}

/// Of a table that is computed from another one when it is read.
pub(crate) struct MappedGetterSupplier<K, V, VO> {
    pub parent: Arc<dyn GetterSupplier<K, V>>,
    pub map: Mapping<K, V, VO>,
}

impl<K: Data, V: Data, VO: Data> GetterSupplier<K, VO> for MappedGetterSupplier<K, V, VO> {
    fn stores(&self) -> Vec<Arc<str>> {
        self.parent.stores()
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<K, VO>>> {
        Ok(Box::new(MappedGetter { name: env.node_name(), parent: self.parent.make(env)?, map: self.map.clone() }))
    }
}

struct MappedGetter<K, V, VO> {
    /// Of the node that reads.
    name: Arc<str>,
    parent: Box<dyn ValueGetter<K, V>>,
    map: Mapping<K, V, VO>,
}

/// Looks into a getter in one of its ways.
type Get<'a, K, V> = &'a mut dyn FnMut(&mut dyn ValueGetter<K, V>, &mut Cx, &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()>;

impl<K, V, VO> MappedGetter<K, V, VO> {
    fn mapped(&mut self, cx: &mut Cx, key: &K, look: &mut dyn FnMut(Option<(&VO, i64)>), get: Get<'_, K, V>) -> Result<()> {
        let (map, mut failed) = (&self.map, None);
        get(&mut *self.parent, cx, &mut |row| match row.and_then(|(value, _)| map(key, value)).transpose() {
            Ok(mapped) => look(mapped.as_ref().zip(row.map(|(_, timestamp)| timestamp))),
            Err(error) => failed = Some(error),
        })?;
        failed.map_or(Ok(()), |error| cx.user_error(&self.name, error))
    }
}

impl<K, V, VO> ValueGetter<K, VO> for MappedGetter<K, V, VO> {
    fn get(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        self.mapped(cx, key, look, &mut |parent, cx, look| parent.get(cx, key, key_bytes, look))
    }
    fn get_as_of(
        &mut self,
        cx: &mut Cx,
        key: &K,
        key_bytes: Option<&[u8]>,
        time: i64,
        look: &mut dyn FnMut(Option<(&VO, i64)>),
    ) -> Result<()> {
        self.mapped(cx, key, look, &mut |parent, cx, look| parent.get_as_of(cx, key, key_bytes, time, look))
    }
    fn get_forwarded(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        self.mapped(cx, key, look, &mut |parent, cx, look| parent.get_forwarded(cx, key, key_bytes, look))
    }
    fn waits(&mut self, key: &K, key_bytes: Option<&[u8]>) -> Result<bool> {
        self.parent.waits(key, key_bytes)
    }
    fn remember(&mut self) {
        self.parent.remember();
    }
}

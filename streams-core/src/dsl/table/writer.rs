//! A node's own table store: put a change in, forward what comes out.

use super::ttl::{Expiry, Ttl};
use crate::dsl::folder::with_change;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta};
use crate::handlers::ProductionStage;
use crate::{BoxError, Change, Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Wrote};
use streams_state::{Dirty, Evicted, KvStore, NO_HEADERS, Slot, VersionedStore};

/// Where a table's rows are kept.
pub(super) enum Rows<K, V> {
    /// The newest of each.
    Newest(Rc<RefCell<KvStore<K, V>>>),
    Versions(Rc<RefCell<VersionedStore<K, V>>>),
}

/// Writes a table's store and forwards its changes: at once without a cache, at flush and eviction with one.
pub(crate) struct TableWriter<K, V> {
    pub name: Arc<str>,
    pub(super) rows: Rows<K, V>,
    caching: bool,
    /// Whether old values are passed on.
    pub(super) send_old: bool,
    /// The bytes that travel with keys are those of the store's key serde.
    pub(super) pass_key: bool,
    pub(super) key_buf: Vec<u8>,
    out_key: Vec<u8>,
    index: usize,
    /// Where rows expire.
    expiry: Option<Expiry>,
    /// What comes too late where rows expire deletes its row, which is no longer what the tables have that this one is made of.
    follows: bool,
    pub(super) next: Edge<K, Change<V>>,
}

impl<K: Data, V: Data> TableWriter<K, V> {
    /// `key_bytes`: canonical id of the serde whose bytes come with the keys.
    pub fn new(
        env: &mut GraphEnv<'_>,
        store: &str,
        keep_old: bool,
        key_bytes: Option<std::any::TypeId>,
        next: Edge<K, Change<V>>,
    ) -> Result<Self> {
        let (rows, caching, canonical) = if env.store_is::<VersionedStore<K, V>>(store) {
            let store = env.store::<VersionedStore<K, V>>(store)?;
            let canonical = store.borrow().key_serde().canonical_id();
            (Rows::Versions(store), false, canonical)
        } else {
            let store = env.store::<KvStore<K, V>>(store)?;
            let (caching, canonical) = {
                let mut store = store.borrow_mut();
                // a join may have asked for it already
                if keep_old {
                    store.set_keep_old(true);
                }
                (store.caching(), store.key_serde().canonical_id())
            };
            (Rows::Newest(store), caching, canonical)
        };
        let pass_key = key_bytes.is_some() && key_bytes == canonical;
        let (name, index) = (env.node_name(), env.next_maintained());
        let (key_buf, out_key) = (Vec::new(), Vec::new());
        Ok(TableWriter { name, rows, caching, send_old: keep_old, pass_key, key_buf, out_key, index, expiry: None, follows: false, next })
    }

    /// The same where rows may expire.
    pub fn expiring(mut self, env: &mut GraphEnv<'_>, ttl: Option<&Arc<Ttl>>) -> Result<Self> {
        self.expiry = ttl.map(|ttl| ttl.open(env)).transpose()?;
        Ok(self)
    }

    /// The same of a table that is made of others: what comes too late is a change of theirs, after which the row is not what it was here.
    pub fn following(self, env: &mut GraphEnv<'_>, ttl: Option<&Arc<Ttl>>) -> Result<Self> {
        Ok(TableWriter { follows: true, ..self.expiring(env, ttl)? })
    }

    /// Changes the row of `key`. A record whose key is null in bytes is dropped.
    #[inline]
    pub fn update(&mut self, cx: &mut Cx, key: &K, meta: &Meta<'_>, change: impl FnOnce(&mut Slot<V>)) -> Result<()> {
        self.try_update(cx, key, meta, |slot| {
            change(slot);
            Ok(true)
        })
    }

    /// The same where `change` may leave the slot as it was: it says `false` then, or fails, and the processing handler decides.
    #[inline]
    pub fn try_update(
        &mut self,
        cx: &mut Cx,
        key: &K,
        meta: &Meta<'_>,
        change: impl FnOnce(&mut Slot<V>) -> Result<bool, BoxError>,
    ) -> Result<()> {
        let late = self.expiry.is_some() && !self.expire(cx, meta)?;
        if late && !self.follows {
            cx.dropped(&self.name, DropReason::Late);
            return Ok(());
        }
        let change = |slot: &mut Slot<V>| match late {
            false => change(slot),
            true if slot.value.is_none() => Ok(false),
            true => {
                *slot = Slot { value: None, timestamp: meta.timestamp };
                Ok(true)
            }
        };
        let changed = {
            let store = match &self.rows {
                Rows::Newest(store) => store,
                Rows::Versions(store) => return self.put_version(&store.clone(), cx, (key, meta), None, change),
            };
            let mut store = store.borrow_mut();
            let bytes = match meta.key_bytes {
                Some(bytes) if self.pass_key => bytes,
                _ => {
                    self.key_buf.clear();
                    let wrote = {
                        let topic = store.topic().clone();
                        store.key_serde().serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.key_buf)
                    };
                    match wrote {
                        Ok(Wrote::Bytes) => &self.key_buf,
                        Ok(Wrote::Null) => return cx.drop_null_key(&self.name),
                        Err(error) => {
                            let topic = store.topic().clone();
                            return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error);
                        }
                    }
                }
            };
            store.set_record_headers(meta.headers);
            match &mut self.expiry {
                None => store.update_if(bytes, cx.origin, |slot| with_change(change(slot)))?,
                Some(expiry) => expiry.update(cx, &mut store, bytes, change)?,
            }
        };
        match changed {
            Ok(true) => {
                cx.touched = self.index;
                if self.caching { Ok(()) } else { self.flush(cx) }
            }
            Ok(false) => Ok(()),
            Err(error) => cx.user_error(&self.name, error),
        }
    }

    /// Deletes rows whose time has come by a record's time. `false`: it is too late itself.
    #[inline(never)]
    fn expire(&mut self, cx: &mut Cx, meta: &Meta<'_>) -> Result<bool> {
        let Some(expiry) = &mut self.expiry else { return Ok(true) };
        let in_time = expiry.observe(cx, meta);
        if let Some(due) = expiry.take_due(cx)?
            && let Rows::Newest(store) = &self.rows
        {
            let mut store = store.borrow_mut();
            // no record made this change
            store.set_record_headers(&NO_HEADERS);
            for due in &due {
                store.update_if(&due.key, cx.origin, |slot| ((), expiry.delete(due, slot)))?;
            }
            drop(store);
            cx.touched = self.index;
            if !self.caching {
                self.flush(cx)?;
            }
        }
        Ok(in_time)
    }

    /// Looks at the row of `key`.
    pub fn look<R>(&mut self, key: &K, look: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        self.key_buf.clear();
        let wrote = match &self.rows {
            Rows::Newest(store) => store.borrow().write_key(key, &mut self.key_buf),
            Rows::Versions(store) => store.borrow().write_key(key, &mut self.key_buf),
        };
        wrote.map_err(|e| Error::caused(ErrorKind::Serde, format!("node {}: key", self.name), e))?;
        match &self.rows {
            Rows::Newest(store) => Ok(store.borrow_mut().with(&self.key_buf, look)?),
            Rows::Versions(store) => {
                let latest = store.borrow_mut().get(&self.key_buf)?;
                Ok(look(latest.as_ref().map(|latest| (&latest.value, latest.timestamp))))
            }
        }
    }

    pub fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        let Rows::Newest(store) = &self.rows else { return Ok(()) };
        let store = store.clone();
        loop {
            // the borrow ends here: a node downstream may read this very store
            let popped = store.borrow_mut().pop_dirty(&mut *cx.out, &mut self.out_key);
            match popped? {
                Some(dirty) => self.forward(cx, &store, dirty)?,
                None => return Ok(()),
            }
        }
    }

    pub fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        let Rows::Newest(store) = &self.rows else { return Ok(false) };
        let store = store.clone();
        let evicted = store.borrow_mut().evict_one(&mut *cx.out, &mut self.out_key);
        match evicted? {
            Evicted::Nothing => Ok(false),
            Evicted::Clean => Ok(true),
            Evicted::Dirty(dirty) => self.forward(cx, &store, dirty).map(|()| true),
        }
    }

    fn forward(&mut self, cx: &mut Cx, store: &RefCell<KvStore<K, V>>, dirty: Dirty<V>) -> Result<()> {
        let key = store
            .borrow()
            .read_key(&self.out_key)
            .map_err(|e| Error::caused(ErrorKind::Serde, format!("node {}: a key of its store cannot be read back", self.name), e))?;
        let meta = Meta { timestamp: dirty.timestamp, headers: &dirty.headers, key_bytes: Some(&self.out_key) };
        let change = Change { old: dirty.old.filter(|_| self.send_old), new: dirty.new, is_latest: true };
        cx.on_behalf_of(dirty.origin, |cx| self.next.process(cx, key, change, &meta))
    }
}

//! A node's own window store: put a change in, forward what comes out.

use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta};
use crate::handlers::ProductionStage;
use crate::{Change, Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Windowed, Wrote};
use streams_state::{Dirty, Evicted, NO_HEADERS, Slot, WindowStore};

/// Writes a windowed table's store and forwards its changes: at once without a cache, at flush and eviction with one.
pub(crate) struct WindowWriter<K, V> {
    pub name: Arc<str>,
    store: Rc<RefCell<WindowStore<K, V>>>,
    caching: bool,
    pass_key: bool,
    key_buf: Vec<u8>,
    out_key: Vec<u8>,
    index: usize,
    next: Edge<Windowed<K>, Change<V>>,
}

impl<K: Data, V: Data> WindowWriter<K, V> {
    pub fn new(
        env: &mut GraphEnv<'_>,
        store: &str,
        keep_old: bool,
        key_bytes: Option<std::any::TypeId>,
        next: Edge<Windowed<K>, Change<V>>,
    ) -> Result<Self> {
        let store = env.store::<WindowStore<K, V>>(store)?;
        let (caching, pass_key) = {
            let mut store = store.borrow_mut();
            store.set_keep_old(keep_old);
            (store.caching(), key_bytes.is_some() && key_bytes == store.key_serde().canonical_id())
        };
        let (name, index) = (env.node_name(), env.next_maintained());
        Ok(WindowWriter { name, store, caching, pass_key, key_buf: Vec::new(), out_key: Vec::new(), index, next })
    }

    /// Calls `change` for each of the windows' rows. `false` for a record whose key is null in bytes: nothing was done.
    #[inline]
    pub fn update(
        &mut self,
        cx: &mut Cx,
        key: &K,
        meta: &Meta<'_>,
        starts: impl Iterator<Item = i64>,
        mut change: impl FnMut(&mut Slot<V>),
    ) -> Result<()> {
        {
            let mut store = self.store.borrow_mut();
            let bytes = match meta.key_bytes {
                Some(bytes) if self.pass_key => bytes,
                _ => {
                    self.key_buf.clear();
                    let topic = store.topic().clone();
                    match store.key_serde().serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.key_buf) {
                        Ok(Wrote::Bytes) => &self.key_buf,
                        Ok(Wrote::Null) => return cx.drop_null_key(&self.name),
                        Err(error) => return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error),
                    }
                }
            };
            for start in starts {
                if store.update(bytes, start, cx.origin, &mut change)?.is_none() {
                    // open for a node that has just begun, but gone from a store that knows a later time
                    cx.dropped(&self.name, DropReason::Late);
                }
            }
        }
        cx.touched = self.index;
        if self.caching { Ok(()) } else { self.flush(cx) }
    }

    pub fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        loop {
            let popped = self.store.borrow_mut().pop_dirty(&mut *cx.out, &mut self.out_key);
            match popped? {
                Some(dirty) => self.forward(cx, dirty)?,
                None => return Ok(()),
            }
        }
    }

    pub fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        let evicted = self.store.borrow_mut().evict_one(&mut *cx.out, &mut self.out_key);
        match evicted? {
            Evicted::Nothing => Ok(false),
            Evicted::Clean => Ok(true),
            Evicted::Dirty(dirty) => self.forward(cx, dirty).map(|()| true),
        }
    }

    fn forward(&mut self, cx: &mut Cx, dirty: Dirty<V>) -> Result<()> {
        let key = self
            .store
            .borrow()
            .read_windowed_key(&self.out_key)
            .map_err(|e| Error::caused(ErrorKind::Serde, format!("node {}: a key of its store cannot be read back", self.name), e))?;
        // the topic form of a windowed key differs from the store's, so its bytes do not travel
        let meta = Meta { timestamp: dirty.timestamp, headers: &NO_HEADERS, key_bytes: None };
        // a change that a cache held back is still that of the record that made it
        let around = std::mem::replace(&mut cx.origin, dirty.origin);
        self.next.process(cx, key, Change { old: dirty.old, new: dirty.new }, &meta)?;
        cx.origin = around;
        Ok(())
    }
}

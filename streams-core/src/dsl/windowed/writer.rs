//! A node's own window store: put a change in, forward what comes out.

use super::finals::Closing;
use crate::dsl::folder::{atomically, with_change};
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta};
use crate::handlers::ProductionStage;
use crate::{BoxError, Change, Data, Error, ErrorKind, Headers, Result};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Window, Windowed, Wrote};
use streams_state::store::{Origin, StateStore};
use streams_state::{Dirty, Evicted, Slot, WindowStore};

/// Writes a windowed table's store and forwards its changes: at once without a cache, at flush and eviction with one.
pub(crate) struct WindowWriter<K, V> {
    pub name: Arc<str>,
    store: Rc<RefCell<WindowStore<K, V>>>,
    caching: bool,
    /// Rows are written without being forwarded: that comes when their windows close.
    at_close: bool,
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
        (keep_old, at_close): (bool, bool),
        key_bytes: Option<std::any::TypeId>,
        next: Edge<Windowed<K>, Change<V>>,
    ) -> Result<Self> {
        let store = env.store::<WindowStore<K, V>>(store)?;
        let (caching, pass_key) = {
            let mut store = store.borrow_mut();
            store.set_keep_old(keep_old && !at_close);
            (store.caching(), key_bytes.is_some() && key_bytes == store.key_serde().canonical_id())
        };
        let (name, index) = (env.node_name(), env.next_maintained());
        Ok(WindowWriter { name, store, caching, at_close, pass_key, key_buf: Vec::new(), out_key: Vec::new(), index, next })
    }

    /// Calls `change` for each of the windows' rows. Where it may fail, either all of them change or none, and the processing handler decides.
    #[inline]
    pub fn update(
        &mut self,
        cx: &mut Cx,
        key: &K,
        meta: &Meta<'_>,
        starts: impl Iterator<Item = i64> + Clone,
        may_fail: bool,
        mut change: impl FnMut(&mut Slot<V>) -> Result<(), BoxError>,
    ) -> Result<()> {
        if !may_fail && !self.caching && !self.at_close && starts.clone().nth(1).is_some() {
            // a processor behind may read the store: each row is told before the next one changes
            let Some(bytes) = self.take_key(cx, key, meta)? else { return Ok(()) };
            for start in starts {
                self.put(cx, &bytes, start, &mut change)?;
            }
            self.give_back(bytes);
            return Ok(());
        }
        {
            let mut store = self.store.borrow_mut();
            let bytes = match meta.key_bytes {
                Some(bytes) if self.pass_key => bytes,
                _ if serialize(&self.name, cx, &store, key, meta, &mut self.key_buf)? => &self.key_buf,
                _ => return Ok(()),
            };
            store.set_record_headers(meta.headers);
            let mut rehearsed = None;
            if may_fail && starts.clone().nth(1).is_some() {
                match rehearse(&mut store, bytes, starts.clone(), &mut change)? {
                    Ok(slots) => rehearsed = Some(slots.into_iter()),
                    Err(error) => return cx.user_error(&self.name, error),
                }
            }
            for start in starts {
                let done = rehearsed.as_mut().and_then(Iterator::next);
                let changed = store.update_if(bytes, start, cx.origin, |slot| {
                    with_change(match done {
                        Some(done) => {
                            *slot = done;
                            Ok(true)
                        }
                        None => atomically(may_fail, slot, &mut change).map(|()| true),
                    })
                })?;
                match changed {
                    Some(Ok(_)) => {}
                    // open for a node that has just begun, but gone from a store that knows a later time
                    None => cx.dropped(&self.name, DropReason::Late),
                    Some(Err(error)) => return cx.user_error(&self.name, error),
                }
            }
        }
        cx.touched = self.index;
        self.written(cx)
    }

    /// The bytes of the record's key, for [`walk_back`](Self::walk_back) and [`put`](Self::put); give them back afterwards. `None` for a record
    /// that is left out.
    pub fn take_key(&mut self, cx: &mut Cx, key: &K, meta: &Meta<'_>) -> Result<Option<Vec<u8>>> {
        self.store.borrow_mut().set_record_headers(meta.headers);
        let mut buffer = std::mem::take(&mut self.key_buf);
        match meta.key_bytes.filter(|_| self.pass_key) {
            Some(bytes) => {
                buffer.clear();
                buffer.extend_from_slice(bytes);
            }
            None => {
                if !serialize(&self.name, cx, &self.store.borrow(), key, meta, &mut buffer)? {
                    return Ok(None);
                }
            }
        }
        Ok(Some(buffer))
    }

    pub fn give_back(&mut self, key: Vec<u8>) {
        self.key_buf = key;
    }

    /// Visits the windows of a key that begin in `[from, to]`, newest first: start, value and its time.
    pub fn walk_back(&mut self, key: &[u8], (from, to): (i64, i64), visit: &mut dyn FnMut(i64, &V, i64) -> ControlFlow<()>) -> Result<()> {
        Ok(self.store.borrow_mut().fetch_open(key, from, to, true, &mut |start, value, at| Ok(visit(start, value, at)))?)
    }

    /// What `change`, which may fail, makes of the windows' rows; nothing is written.
    pub fn rehearse(
        &self,
        key: &[u8],
        starts: impl Iterator<Item = i64>,
        change: impl FnMut(&mut Slot<V>) -> Result<(), BoxError>,
    ) -> Result<Result<Vec<Slot<V>>, BoxError>> {
        rehearse(&mut self.store.borrow_mut(), key, starts, change)
    }

    /// Changes one window's row; without a cache it is forwarded before this returns.
    pub fn put(&mut self, cx: &mut Cx, key: &[u8], start: i64, change: impl FnOnce(&mut Slot<V>) -> Result<(), BoxError>) -> Result<()> {
        let changed = self.store.borrow_mut().update_if(key, start, cx.origin, |slot| with_change(change(slot).map(|()| true)))?;
        match changed {
            Some(Ok(_)) => {}
            None => cx.dropped(&self.name, DropReason::Late),
            Some(Err(error)) => return cx.user_error(&self.name, error),
        }
        cx.touched = self.index;
        self.written(cx)
    }

    /// Whether changes are held back.
    pub fn caching(&self) -> bool {
        self.caching
    }

    /// No window that begins before it is taken.
    pub fn oldest_visible(&self) -> i64 {
        self.store.borrow().oldest_visible()
    }

    pub fn read_key(&self, key: &[u8]) -> Result<K> {
        self.store.borrow().read_key(key).map_err(|e| self.unreadable(e))
    }

    /// Changes the row of a window that was open when the change came. It waits to be flushed.
    pub fn merge_open(
        &mut self,
        key: &[u8],
        start: i64,
        (origin, headers): (Origin, &Headers),
        change: impl FnOnce(&mut Slot<V>),
    ) -> Result<()> {
        let mut store = self.store.borrow_mut();
        store.set_record_headers(headers);
        Ok(store.update_open(key, start, origin, change)?)
    }

    /// Where a flush brings more rows into the cache than it may hold: forwards them.
    pub fn keep_within_budget(&mut self, cx: &mut Cx) -> Result<()> {
        if cx.budget.over() {
            self.flush(cx)?;
            while cx.budget.over() && self.evict(cx)? {}
        }
        Ok(())
    }

    /// This store's cache is the first to be asked for room.
    pub fn touch(&self, cx: &mut Cx) {
        cx.touched = self.index;
    }

    fn unreadable(&self, error: BoxError) -> Error {
        Error::caused(ErrorKind::Serde, format!("node {}: a key of its store cannot be read back", self.name), error)
    }

    #[inline]
    fn written(&mut self, cx: &mut Cx) -> Result<()> {
        match (self.caching, self.at_close) {
            (true, _) => Ok(()),
            (false, false) => self.flush(cx),
            (false, true) => Ok(self.store.borrow_mut().flush(&mut *cx.out)?),
        }
    }

    pub fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        if self.at_close {
            return Ok(self.store.borrow_mut().flush(&mut *cx.out)?);
        }
        loop {
            let popped = self.store.borrow_mut().pop_dirty(&mut *cx.out, &mut self.out_key);
            match popped? {
                Some(dirty) => self.forward(cx, dirty)?,
                None => return Ok(()),
            }
        }
    }

    pub fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        if self.at_close {
            return Ok(self.store.borrow_mut().evict(&mut *cx.out)?);
        }
        let evicted = self.store.borrow_mut().evict_one(&mut *cx.out, &mut self.out_key);
        match evicted? {
            Evicted::Nothing => Ok(false),
            Evicted::Clean => Ok(true),
            Evicted::Dirty(dirty) => self.forward(cx, dirty).map(|()| true),
        }
    }

    fn forward(&mut self, cx: &mut Cx, dirty: Dirty<V>) -> Result<()> {
        let key = self.store.borrow().read_windowed_key(&self.out_key).map_err(|e| self.unreadable(e))?;
        // the topic form of a windowed key differs from the store's, so its bytes do not travel
        let meta = Meta { timestamp: dirty.timestamp, headers: &dirty.headers, key_bytes: None };
        let change = Change { old: dirty.old, new: dirty.new, is_latest: true };
        cx.on_behalf_of(dirty.origin, |cx| self.next.process(cx, key, change, &meta))
    }
}

impl<K: Data, V: Data> Closing for WindowWriter<K, V> {
    /// By window start and key, with the headers of the record that closed them.
    fn forward_closed(&mut self, cx: &mut Cx, (from, to): (i64, i64), meta: &Meta<'_>) -> Result<()> {
        let mut cursor = self.store.borrow_mut().cursor_all(from, to, false);
        loop {
            let (key, value, timestamp) = {
                let mut store = self.store.borrow_mut();
                let Some((start, value, timestamp)) = cursor.next(&mut store, &mut self.out_key)? else { return Ok(()) };
                let key = store.read_key(&self.out_key).map_err(|e| self.unreadable(e))?;
                (Windowed::new(key, Window::new(start, start.saturating_add(store.window_size_ms()))), value, timestamp)
            };
            let meta = Meta { timestamp, key_bytes: None, ..*meta };
            self.next.process(cx, key, Change { old: None, new: Some(value), is_latest: true }, &meta)?;
        }
    }

    fn first_from(&mut self, from: i64) -> Result<Option<i64>> {
        let mut first = None;
        self.store.borrow_mut().fetch_all(from, i64::MAX, false, &mut |_, start, _, _| {
            first = Some(start);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(first)
    }
}

/// What `change` makes of the rows of a key's windows. Both errors: of the store, and of `change`.
fn rehearse<K: Data, V: Data>(
    store: &mut WindowStore<K, V>,
    key: &[u8],
    starts: impl Iterator<Item = i64>,
    mut change: impl FnMut(&mut Slot<V>) -> Result<(), BoxError>,
) -> Result<Result<Vec<Slot<V>>, BoxError>> {
    let mut slots = Vec::new();
    for start in starts {
        let mut slot = store
            .with(key, start, |row| row.map_or(Slot::absent(), |(value, timestamp)| Slot { value: Some(value.clone()), timestamp }))?;
        if let Err(error) = change(&mut slot) {
            return Ok(Err(error));
        }
        slots.push(slot);
    }
    Ok(Ok(slots))
}

/// Writes a key as the store does. `false`: it is null, or the handler said to leave the record out.
fn serialize<K: Data, V: Data>(
    node: &str,
    cx: &mut Cx,
    store: &WindowStore<K, V>,
    key: &K,
    meta: &Meta<'_>,
    out: &mut Vec<u8>,
) -> Result<bool> {
    out.clear();
    let topic = store.topic();
    match store.key_serde().serialize(&SerdeContext { topic, headers: meta.headers }, key, out) {
        Ok(Wrote::Bytes) => Ok(true),
        Ok(Wrote::Null) => cx.drop_null_key(node).map(|()| false),
        Err(error) => cx.serialization_error(node, topic, ProductionStage::Key, cx.origin, error).map(|()| false),
    }
}

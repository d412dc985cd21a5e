//! A node's own session store: take sessions out, put one in, forward what comes of it.

use crate::dsl::windowed::Closing;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta};
use crate::handlers::ProductionStage;
use crate::{BoxError, Change, Data, Error, ErrorKind, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Window, Windowed, Wrote};
use streams_state::store::StateStore;
use streams_state::{Dirty, Evicted, SessionStore};

/// Writes the store of a table of sessions and forwards its changes: at once without a cache, at flush and eviction with one.
pub(super) struct SessionWriter<K, A> {
    pub name: Arc<str>,
    store: Rc<RefCell<SessionStore<K, A>>>,
    caching: bool,
    /// Rows are written without being forwarded: that comes when their sessions close.
    at_close: bool,
    pass_key: bool,
    key_buf: Vec<u8>,
    out_key: Vec<u8>,
    index: usize,
    next: Edge<Windowed<K>, Change<A>>,
}

impl<K: Data, A: Data> SessionWriter<K, A> {
    pub fn new(
        env: &mut GraphEnv<'_>,
        store: &str,
        (keep_old, at_close): (bool, bool),
        key_bytes: Option<TypeId>,
        next: Edge<Windowed<K>, Change<A>>,
    ) -> Result<Self> {
        let store = env.store::<SessionStore<K, A>>(store)?;
        let (caching, pass_key) = {
            let mut store = store.borrow_mut();
            store.set_keep_old(keep_old && !at_close);
            (store.caching(), key_bytes.is_some() && key_bytes == store.key_serde().canonical_id())
        };
        let (name, index) = (env.node_name(), env.next_maintained());
        Ok(SessionWriter { name, store, caching, at_close, pass_key, key_buf: Vec::new(), out_key: Vec::new(), index, next })
    }

    /// The bytes of the record's key, in a buffer to be [given back](Self::give_back). `None` for a record that is left out.
    pub fn key_bytes(&mut self, cx: &mut Cx, key: &K, meta: &Meta<'_>) -> Result<Option<Vec<u8>>> {
        let mut bytes = std::mem::take(&mut self.key_buf);
        bytes.clear();
        self.store.borrow_mut().set_record_headers(meta.headers);
        if let Some(passed) = meta.key_bytes.filter(|_| self.pass_key) {
            bytes.extend_from_slice(passed);
            return Ok(Some(bytes));
        }
        let store = self.store.borrow();
        match store.key_serde().serialize(&SerdeContext { topic: store.topic(), headers: meta.headers }, key, &mut bytes) {
            Ok(Wrote::Bytes) => Ok(Some(bytes)),
            Ok(Wrote::Null) => cx.drop_null_key(&self.name).map(|()| None),
            Err(error) => cx.serialization_error(&self.name, store.topic(), ProductionStage::Key, cx.origin, error).map(|()| None),
        }
    }

    pub fn give_back(&mut self, bytes: Vec<u8>) {
        self.key_buf = bytes;
    }

    /// Tells the sessions of a key that end at `earliest_end` or later and begin at `latest_start` or earlier, by their ends.
    pub fn find(&mut self, key: &[u8], earliest_end: i64, latest_start: i64, mut found: impl FnMut(Window, &A)) -> Result<()> {
        let visit = &mut |start, end, value: &A| {
            found(Window::new(start, end), value);
            Ok(ControlFlow::Continue(()))
        };
        Ok(self.store.borrow_mut().find_sessions(key, earliest_end, latest_start, false, visit)?)
    }

    /// Deletes a session and hands out what it had. `time` is that of the record which does it.
    pub fn take(&mut self, cx: &Cx, key: &[u8], session: Window, time: i64) -> Result<Option<A>> {
        Ok(self.store.borrow_mut().remove(key, session.start, session.end, time, cx.origin)?)
    }

    /// Puts a session that was not [found](Self::find), or was [taken](Self::take), at the time of the record which does it.
    pub fn put(&mut self, cx: &mut Cx, key: &[u8], session: Window, value: Option<A>, time: i64) -> Result<()> {
        if !self.store.borrow_mut().put_new(key, session.start, session.end, value, time, cx.origin)? {
            // open for a node that has just begun, but gone from a store that knows a later time
            cx.dropped(&self.name, DropReason::Late);
        }
        self.written(cx)
    }

    /// Forwards what was written, unless a cache holds it back.
    pub fn written(&mut self, cx: &mut Cx) -> Result<()> {
        cx.touched = self.index;
        if self.caching { Ok(()) } else { self.flush(cx) }
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

    fn unreadable(&self, error: BoxError) -> Error {
        Error::caused(ErrorKind::Serde, format!("node {}: a key of its store cannot be read back", self.name), error)
    }

    fn forward(&mut self, cx: &mut Cx, dirty: Dirty<A>) -> Result<()> {
        let key = self.store.borrow().read_windowed_key(&self.out_key).map_err(|e| self.unreadable(e))?;
        // the time of a session is its end, and so is that of its deletion; the changelog has the time of the record
        let meta = Meta { timestamp: key.window.end, headers: &dirty.headers, key_bytes: None };
        let change = Change { old: dirty.old, new: dirty.new, is_latest: true };
        cx.on_behalf_of(dirty.origin, |cx| self.next.process(cx, key, change, &meta))
    }
}

impl<K: Data, A: Data> Closing for SessionWriter<K, A> {
    /// By session end, at the time of which each is told, with the headers of the record that closed them.
    fn forward_closed(&mut self, cx: &mut Cx, (from, to): (i64, i64), meta: &Meta<'_>) -> Result<()> {
        let mut cursor = self.store.borrow_mut().cursor_by_end(from, to);
        loop {
            let (key, value) = {
                let mut store = self.store.borrow_mut();
                let Some((start, end, value)) = cursor.next(&mut store, &mut self.out_key)? else { return Ok(()) };
                let key = store.read_key(&self.out_key).map_err(|e| self.unreadable(e))?;
                (Windowed::new(key, Window::new(start, end)), value)
            };
            let meta = Meta { timestamp: key.window.end, key_bytes: None, ..*meta };
            self.next.process(cx, key, Change { old: None, new: Some(value), is_latest: true }, &meta)?;
        }
    }

    fn first_from(&mut self, from: i64) -> Result<Option<i64>> {
        Ok(self.store.borrow_mut().first_end(from)?)
    }
}

//! What left and outer joins know of records that have not met a partner.

use super::Joiner;
use super::join_side::JoinOf;
use crate::dsl::windows::JoinWindows;
use crate::exec::{Cx, Edge, GraphEnv, Meta, StreamTime};
use crate::{Data, Error, ErrorKind, Result};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{LeftOrRight, Side, SideKey, SideKeySerde};
use streams_state::store::Changelog;
use streams_state::{ListStore, NO_HEADERS};

type UnmatchedStore<K, L, R> = ListStore<SideKey<K>, LeftOrRight<L, R>>;

/// What both sides of one join have seen.
struct JoinTime {
    stream_time: Cell<StreamTime>,
    /// No row in the store is to be looked for before the window of this time has closed: the time of the last row that was looked at, or an
    /// earlier one that came since.
    looked_at: Cell<i64>,
    /// Where that time is kept.
    looked_at_index: usize,
    /// The store may have rows.
    waiting: Cell<bool>,
}

impl JoinTime {
    /// Where nothing is known of an earlier time, the first record that is not out of order looks into the store.
    fn new(env: &mut GraphEnv<'_>, store: &str) -> Self {
        let stream_time = Cell::new(StreamTime::of(env, store));
        let (looked_at_index, looked_at) = env.kept_beyond_java(store, "looked at");
        JoinTime { stream_time, looked_at: Cell::new(looked_at.unwrap_or(i64::MAX)), looked_at_index, waiting: Cell::new(true) }
    }

    fn set_looked_at(&self, cx: &mut Cx, time: i64) {
        self.looked_at.set(time);
        cx.kept.set(self.looked_at_index, time);
    }
}

/// What [`Unmatched`] is made from.
#[derive(Clone)]
pub(super) struct UnmatchedSpec {
    pub store: Arc<str>,
    pub windows: JoinWindows,
    /// Records of both sides wait, not only those of the left one.
    pub both_sides: bool,
}

impl UnmatchedSpec {
    pub fn open<K: Data, L: Data, R: Data>(&self, env: &mut GraphEnv<'_>) -> Result<Unmatched<K, L, R>> {
        Ok(Unmatched {
            name: env.node_name(),
            store: env.store::<UnmatchedStore<K, L, R>>(&self.store)?,
            time: env.shared(&self.store, |env| JoinTime::new(env, &self.store)),
            windows: self.windows,
            both_sides: self.both_sides,
            row_key: Vec::new(),
        })
    }
}

/// The records that wait for a partner, as one side of the join sees them.
pub(super) struct Unmatched<K, L, R> {
    name: Arc<str>,
    store: Rc<RefCell<UnmatchedStore<K, L, R>>>,
    time: Rc<JoinTime>,
    windows: JoinWindows,
    both_sides: bool,
    row_key: Vec<u8>,
}

impl<K: Data, L: Data, R: Data> Unmatched<K, L, R> {
    /// Takes note of a record of either side.
    pub fn advance(&self, cx: &mut Cx, timestamp: i64) {
        let mut stream_time = self.time.stream_time.get();
        stream_time.observe(cx, timestamp);
        self.time.stream_time.set(stream_time);
    }

    /// The greatest time of any record of either side.
    pub fn stream_time(&self) -> i64 {
        self.time.stream_time.get().get()
    }

    /// Lets a record wait for the end of its window.
    pub fn wait<S: JoinOf<L, R>>(&mut self, cx: &mut Cx, key: &[u8], value: S::Mine, timestamp: i64) -> Result<()> {
        self.time.set_looked_at(cx, self.time.looked_at.get().min(timestamp));
        self.time.waiting.set(true);
        SideKeySerde::compose(&mut self.row_key, timestamp, S::SIDE, key);
        let (row_key, item) = (&self.row_key, S::wrap(value));
        Ok(self.store.borrow_mut().add(row_key, &item, timestamp, cx.origin, &mut *cx.out)?)
    }

    /// The records of a side with this key and time, if any wait, have met a partner.
    pub fn found_partner(&mut self, side: Side, time: i64, key: &[u8], now: i64, log: &mut dyn Changelog) -> streams_state::Result<()> {
        if self.time.waiting.get() && (self.both_sides || side == Side::Left) {
            SideKeySerde::compose(&mut self.row_key, time, side, key);
            self.store.borrow_mut().remove_if_present(&self.row_key, now, log)?;
        }
        Ok(())
    }

    /// Emits the records whose window, with grace, has closed; where the joiner fails and the handler goes on, such a record has no result.
    /// `after_ms`: the end of the window of the record that is worked on.
    pub fn emit_closed<VO: Data>(
        &mut self,
        cx: &mut Cx,
        meta: &Meta<'_>,
        after_ms: i64,
        pass_key: bool,
        joiner: &Joiner<K, L, R, VO>,
        next: &mut Edge<K, VO>,
    ) -> Result<()> {
        let time = &self.time;
        let never_looked = time.looked_at.get() == i64::MAX && time.waiting.get();
        if meta.timestamp < self.stream_time() || !(never_looked || self.closed(time.looked_at.get(), after_ms)) {
            return Ok(());
        }
        time.set_looked_at(cx, i64::MAX);
        if time.waiting.get() { self.look(cx, meta, pass_key, joiner, next) } else { Ok(()) }
    }

    /// Whether a window that ends so much after a time is closed, with its grace.
    fn closed(&self, time: i64, after_ms: i64) -> bool {
        time.saturating_add(after_ms).saturating_add(self.windows.grace_ms) < self.stream_time()
    }

    /// Walks the rows, oldest first, until those of both sides have to wait on. As Java, it then looks again only when the window of the last
    /// row that it has seen is closed, so that not every record has to pay for a walk; in a left join that is the newest row.
    fn look<VO: Data>(
        &mut self,
        cx: &mut Cx,
        meta: &Meta<'_>,
        pass_key: bool,
        joiner: &Joiner<K, L, R, VO>,
        next: &mut Edge<K, VO>,
    ) -> Result<()> {
        let mut row_key = std::mem::take(&mut self.row_key);
        let mut cursor = self.store.borrow_mut().cursor();
        let (mut left_waits, mut right_waits) = (false, false);
        loop {
            let Some(mut list) = cursor.next(&mut self.store.borrow_mut(), &mut row_key)? else {
                self.time.waiting.set(left_waits || right_waits);
                break;
            };
            let (timestamp, side, key_bytes) = SideKeySerde::split(&row_key).ok_or_else(|| no_key(&row_key))?;
            self.time.set_looked_at(cx, timestamp);
            if left_waits && right_waits {
                break;
            }
            // a record of the right side looks back in time
            let (waits, after_ms) = match side {
                Side::Left => (&mut left_waits, self.windows.after_ms),
                Side::Right => (&mut right_waits, self.windows.before_ms),
            };
            if !self.closed(timestamp, after_ms) {
                *waits = true;
                if !self.both_sides && self.store.borrow_mut().last_key(&mut row_key)? {
                    let last = SideKeySerde::split(&row_key).ok_or_else(|| no_key(&row_key))?;
                    self.time.set_looked_at(cx, last.0);
                    break;
                }
                // Java takes each item for a row of its own, and so sees here already that both sides wait
                if left_waits && right_waits && list.remaining() > 1 {
                    break;
                }
                continue;
            }
            let key = self.store.borrow().read_key(&row_key).map_err(unreadable)?.key;
            // the store has no place for headers, and those of the record that closes the window are not this one's
            let waited = Meta { timestamp, key_bytes: Some(key_bytes).filter(|_| pass_key), headers: &NO_HEADERS };
            loop {
                let Some(value) = list.next(&self.store.borrow(), &row_key)? else { break };
                let joined = match &value {
                    LeftOrRight::Left(value) => joiner(&key, Some(value), None),
                    LeftOrRight::Right(value) => joiner(&key, None, Some(value)),
                };
                match joined {
                    Some(Ok(joined)) => next.process(cx, key.clone(), joined, &waited)?,
                    Some(Err(error)) => cx.user_error(&self.name, error)?,
                    None => {}
                }
            }
            self.store.borrow_mut().remove(&row_key, meta.timestamp, &mut *cx.out)?;
        }
        self.row_key = row_key;
        Ok(())
    }
}

#[cold]
fn no_key(bytes: &[u8]) -> Error {
    let message =
        format!("the store of a join has a key of {} bytes, too few for time and side; wipe the store to restore it", bytes.len());
    Error::new(ErrorKind::Corrupted, message)
}

#[cold]
fn unreadable(cause: crate::BoxError) -> Error {
    Error::caused(ErrorKind::Serde, "a key in the store of a join cannot be read; was its serde changed?", cause)
}

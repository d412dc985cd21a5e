//! Rows that go when nothing has changed them for a time.
//!
//! Beside the table's store lies one of its keys by the time of their rows, so that what has expired is found without looking at the rest.
//! Times are cut into sixteenths of the time to live: a row that changes often is noted once in each.

use super::node::key_value_builder;
use crate::dsl::folder::with_change;
use crate::dsl::options::Materialized;
use crate::dsl::windows::millis;
use crate::exec::{Cx, GraphEnv, Meta};
use crate::plan::{Plan, Target};
use crate::topology::TopologyError;
use crate::{BoxError, Data, Result};
use std::cell::RefCell;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;
use streams_state::{KvStore, Slot, StoreSupplier};

/// How many rows go before each record at most.
const ROWS_PER_RECORD: usize = 64;

/// The time to live of a table's rows, and the store of its keys by time.
pub(crate) struct Ttl {
    ttl_ms: i64,
    /// Length of a slice of time.
    slice_ms: i64,
    keys: Arc<dyn StoreSupplier>,
}

impl Ttl {
    /// Takes the time to live out of `materialized`, where there is one; what finds one there afterwards refuses it.
    pub fn take<K: Data, V: Data>(
        plan: &mut Plan,
        (node, store): (&str, &Arc<str>),
        materialized: &mut Materialized<K, V>,
    ) -> Option<Arc<Ttl>> {
        let ttl_ms = millis(materialized.ttl.take()?);
        if materialized.history.is_some() {
            plan.error(format!("{node}: the rows of store {store} cannot have a `ttl`: it is versioned, and forgets by its history retention; leave one of the two out"));
        }
        if materialized.most_keys().is_some() {
            plan.error(format!("{node}: the rows of store {store} cannot have a `ttl`: it forgets rows by their number, without telling; leave one of the two out"));
        }
        if ttl_ms == 0 {
            plan.error(format!("{node}: rows of store {store} cannot live for less than a millisecond: give a longer `ttl`"));
        }
        let (keys, nothing) = (Vec::<u8>::default_serde(), Vec::<u8>::default_serde());
        let builder = key_value_builder(format!("{store}-ttl").into(), materialized, keys, nothing).caching(true).plain();
        match builder.build() {
            Ok(keys) => Some(Arc::new(Ttl { ttl_ms, slice_ms: (ttl_ms / 16).max(1), keys })),
            Err(error) => {
                plan.error(format!("the store of {node}: {error}"));
                None
            }
        }
    }

    /// The store of keys by time.
    pub fn supplier(&self) -> &Arc<dyn StoreSupplier> {
        &self.keys
    }

    /// Adds it to the topology and connects it to `node`.
    pub fn write(&self, target: &mut Target<'_>, node: &str) -> Result<(), TopologyError> {
        target.builder.add_store_of(node, &self.keys)
    }

    pub fn open(self: &Arc<Ttl>, env: &mut GraphEnv<'_>) -> Result<Expiry> {
        let (time, _) = env.kept_number(self.keys.name());
        Ok(Expiry { ttl: self.clone(), keys: env.store(self.keys.name())?, time, done: 0, key: Vec::new() })
    }
}

/// Tells that a time to live does not go with this kind of table.
pub(crate) fn refuse_ttl<K, V>(plan: &mut Plan, (node, store): (&str, &str), materialized: &Materialized<K, V>, why: &str) {
    if materialized.ttl.is_some() {
        plan.error(format!("{node}: the rows of store {store} cannot have a `ttl`: {why}"));
    }
}

/// A key whose time has come, and its slice of time.
pub(super) struct Due {
    slice: i64,
    pub key: Vec<u8>,
}

/// What a node knows of the times of its table's rows.
pub(crate) struct Expiry {
    ttl: Arc<Ttl>,
    /// `slice i64 | key`, one for each row.
    keys: Rc<RefCell<KvStore<Vec<u8>, Vec<u8>>>>,
    /// Number of the stream time among what is committed with the offsets: that of all nodes that write the table.
    time: usize,
    /// The first slice that may have keys whose time has come.
    done: i64,
    /// Bytes of a key in `keys`.
    key: Vec<u8>,
}

impl Expiry {
    fn slice(&self, timestamp: i64) -> i64 {
        timestamp.max(0) / self.ttl.slice_ms
    }

    /// The first slice whose rows live.
    fn live_from(&self, cx: &Cx) -> i64 {
        cx.kept.get(self.time).map_or(0, |time| time.saturating_sub(self.ttl.ttl_ms).max(0) / self.ttl.slice_ms)
    }

    /// Takes a record's time into account. `false`: what it would make of a row would have expired already.
    pub(super) fn observe(&mut self, cx: &mut Cx, meta: &Meta<'_>) -> bool {
        if cx.kept.get(self.time).is_none_or(|time| time < meta.timestamp) {
            cx.kept.set(self.time, meta.timestamp);
        }
        self.slice(meta.timestamp) >= self.live_from(cx)
    }

    /// The next keys whose time has come, which are forgotten here; `None` when there are none.
    pub(super) fn take_due(&mut self, cx: &Cx) -> Result<Option<Vec<Due>>> {
        let live_from = self.live_from(cx);
        if live_from <= self.done {
            return Ok(None);
        }
        let (from, to, mut due) = (self.done.to_be_bytes(), live_from.to_be_bytes(), Vec::new());
        let mut keys = self.keys.borrow_mut();
        keys.scan(Bound::Included(&from), Bound::Excluded(&to), false, &mut |noted, _, _| {
            if let Some((slice, key)) = noted.split_first_chunk() {
                due.push(Due { slice: i64::from_be_bytes(*slice), key: key.to_vec() });
            }
            Ok(if due.len() < ROWS_PER_RECORD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        self.done = match due.last() {
            Some(last) if due.len() == ROWS_PER_RECORD => last.slice,
            _ => live_from,
        };
        for due in &due {
            note(&mut self.key, due.slice, &due.key);
            keys.put(&self.key, None, self.end(due.slice), cx.origin)?;
        }
        Ok(Some(due).filter(|due| !due.is_empty()))
    }

    /// When the rows of a slice expire.
    fn end(&self, slice: i64) -> i64 {
        slice.saturating_add(1).saturating_mul(self.ttl.slice_ms).saturating_add(self.ttl.ttl_ms)
    }

    /// Deletes a row whose time has come, unless it has changed since it was noted; the answer is whether it did.
    pub(super) fn delete<V>(&self, due: &Due, slot: &mut Slot<V>) -> bool {
        let expired = slot.value.is_some() && self.slice(slot.timestamp) == due.slice;
        if expired {
            *slot = Slot { value: None, timestamp: self.end(due.slice) };
        }
        expired
    }

    /// Changes a row as `change` does, if it does, and notes its time. A row that has expired and is still there is none.
    pub(super) fn update<K: Data, V: Data>(
        &mut self,
        cx: &Cx,
        store: &mut KvStore<K, V>,
        key: &[u8],
        change: impl FnOnce(&mut Slot<V>) -> Result<bool, BoxError>,
    ) -> Result<Result<bool, BoxError>> {
        let live_from = self.live_from(cx);
        let slice_of = |slot: &Slot<V>| slot.value.is_some().then(|| self.slice(slot.timestamp));
        let (answer, before, after, timestamp) = store.update_if(key, cx.origin, |slot| {
            let before = slice_of(slot);
            let expired = before.filter(|slice| *slice < live_from).map(|_| std::mem::replace(slot, Slot::absent()));
            let (answer, changed) = with_change(change(slot));
            let (after, timestamp) = (slice_of(slot), slot.timestamp);
            if !changed && let Some(expired) = expired {
                *slot = expired;
            }
            ((answer, before, after, timestamp), changed)
        })?;
        if !matches!(answer, Ok(true)) {
            return Ok(answer);
        }
        let mut keys = self.keys.borrow_mut();
        if let Some(slice) = before.filter(|_| before != after) {
            note(&mut self.key, slice, key);
            keys.put(&self.key, None, timestamp, cx.origin)?;
        }
        if let Some(slice) = after {
            note(&mut self.key, slice, key);
            // also where the row was in this slice before: after a crash, at least once, the two stores need not know the same
            keys.update_if(&self.key, cx.origin, |slot| {
                let is_new = slot.value.is_none();
                if is_new {
                    *slot = Slot { value: Some(Vec::new()), timestamp };
                }
                ((), is_new)
            })?;
        }
        Ok(answer)
    }
}

fn note(out: &mut Vec<u8>, slice: i64, key: &[u8]) {
    out.clear();
    out.extend_from_slice(&slice.to_be_bytes());
    out.extend_from_slice(key);
}

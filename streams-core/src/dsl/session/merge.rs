//! The node behind all aggregations by session: finds the sessions that a record is near to and makes one of them.

use super::table::SessionTable;
use super::writer::SessionWriter;
use crate::dsl::folder::Folder;
use crate::dsl::windowed::Finals;
use crate::dsl::windows::{EmitStrategy, SessionWindows};
use crate::exec::{Cx, DropReason, GraphEnv, Maintain, Meta, NodeFactory, Process, StreamTime, operator};
use crate::{BoxError, Change, Data, Result};
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use streams_state::serde::{Window, Windowed};

/// What becomes of records, and of sessions that turn out to be one.
pub(crate) struct Folders<K, V, A> {
    pub add: Folder<K, V, A>,
    /// Makes one aggregate of two. `None` before the first session.
    pub merge: Folder<K, A, A>,
}

impl<K, V, A> Clone for Folders<K, V, A> {
    fn clone(&self) -> Self {
        Folders { add: self.add.clone(), merge: self.merge.clone() }
    }
}

impl<K, V, A> Folders<K, V, A> {
    fn may_fail(&self) -> bool {
        self.add.may_fail || self.merge.may_fail
    }

    /// The aggregate of sessions and a record between them.
    fn fold(&self, key: &K, sessions: impl Iterator<Item = A>, value: V) -> Result<Option<A>, BoxError> {
        let mut aggregate = None;
        for other in sessions {
            self.merge.call(key, other, &mut aggregate)?;
        }
        self.add.call(key, value, &mut aggregate)?;
        Ok(aggregate)
    }
}

/// The node that folds records into the sessions of `table`'s store.
pub(crate) fn session_aggregate_factory<K: Data, V: Data, A: Data>(
    folders: Folders<K, V, A>,
    (windows, emit): (SessionWindows, EmitStrategy),
    table: &Arc<SessionTable>,
    key_bytes: Option<TypeId>,
) -> Arc<dyn NodeFactory> {
    let flags = table.clone();
    operator::<K, V, Windowed<K>, Change<A>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let keep_old = flags.old_values.load(Ordering::Relaxed);
        let store = flags.supplier.name();
        let writer = SessionWriter::new(env, store, (keep_old, emit.at_close), key_bytes, next)?;
        let finals = emit.at_close.then(|| Finals::new(env, store));
        let (folders, stream_time) = (folders.clone(), StreamTime::of_node(env));
        Ok(env.maintained(SessionAggregate {
            folders,
            windows,
            stream_time,
            writer,
            finals,
            met: Vec::new(),
            others: Vec::new(),
            values: PhantomData,
        }))
    }))
}

struct SessionAggregate<K, V, A> {
    folders: Folders<K, V, A>,
    windows: SessionWindows,
    /// Of the records that came here: Java's rule, per node.
    stream_time: StreamTime,
    writer: SessionWriter<K, A>,
    finals: Option<Finals>,
    /// The sessions that the record at hand is near to; kept for its memory.
    met: Vec<Window>,
    /// Their aggregates, likewise.
    others: Vec<A>,
    values: PhantomData<fn(V)>,
}

impl<K: Data, V: Data, A: Data> Process<K, V> for SessionAggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let time = meta.timestamp;
        self.stream_time.observe(cx, time);
        self.tell(cx, meta)?;
        let Some(bytes) = self.writer.key_bytes(cx, &key, meta)? else { return Ok(()) };
        let result = self.merge(cx, &key, &bytes, value, time);
        self.writer.give_back(bytes);
        result
    }
}

impl<K: Data, V: Data, A: Data> SessionAggregate<K, V, A> {
    /// Forwards the sessions that have closed since the last time.
    fn tell(&mut self, cx: &mut Cx, meta: &Meta<'_>) -> Result<()> {
        let Some(finals) = &mut self.finals else { return Ok(()) };
        let closed = self.stream_time.get().saturating_sub(self.windows.open_ms());
        let Some(told) = finals.told_before(closed) else { return Ok(()) };
        // a session that ends just then still takes records
        let to = closed.saturating_sub(1);
        if to < 0 {
            return Ok(());
        }
        finals.tell(cx, &mut self.writer, (told.max(0), to), closed, meta)
    }

    fn merge(&mut self, cx: &mut Cx, key: &K, bytes: &[u8], value: V, time: i64) -> Result<()> {
        let (gap, alone) = (self.windows.gap_ms, Window::new(time, time));
        let mut merged = alone;
        self.met.clear();
        self.others.clear();
        let (met, others, may_fail) = (&mut self.met, &mut self.others, self.folders.may_fail());
        self.writer.find(bytes, time.saturating_sub(gap), time.saturating_add(gap), |session, aggregate| {
            merged = Window::new(merged.start.min(session.start), merged.end.max(session.end));
            met.push(session);
            if may_fail {
                others.push(aggregate.clone());
            }
        })?;
        // a closed session is not found, but one that is found may have closed since where the store keeps them longer
        if merged.end < self.stream_time.get().saturating_sub(self.windows.open_ms()) {
            cx.dropped(&self.writer.name, DropReason::Late);
            return Ok(());
        }
        // what may fail does so before anything is written
        let mut value = Some(value);
        let mut fold = |others: &mut Vec<A>| match value.take() {
            Some(value) => self.folders.fold(key, others.drain(..), value),
            None => Ok(None),
        };
        let made = match may_fail.then(|| fold(&mut self.others)).transpose() {
            Ok(made) => made,
            Err(error) => return cx.user_error(&self.writer.name, error),
        };
        for session in &self.met {
            let other = self.writer.take(cx, bytes, *session, time)?;
            self.others.extend(other.filter(|_| made.is_none()));
            if merged != alone {
                self.writer.written(cx)?;
            }
        }
        let aggregate = match made.map_or_else(|| fold(&mut self.others), Ok) {
            Ok(aggregate) => aggregate,
            Err(error) => return cx.user_error(&self.writer.name, error),
        };
        if let Some(finals) = &mut self.finals {
            finals.changed(merged.end);
        }
        self.writer.put(cx, bytes, merged, aggregate, time)
    }
}

impl<K: Data, V: Data, A: Data> Maintain for SessionAggregate<K, V, A> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}

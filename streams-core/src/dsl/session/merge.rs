//! The node behind all aggregations by session: finds the sessions that a record is near to and makes one of them.

use super::table::SessionTable;
use super::writer::SessionWriter;
use crate::dsl::grouped::Folder;
use crate::dsl::windowed::Finals;
use crate::dsl::windows::{EmitStrategy, SessionWindows};
use crate::exec::{Cx, DropReason, GraphEnv, Maintain, Meta, NodeFactory, Process, StreamTime, operator};
use crate::{Change, Data, Result};
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use streams_state::serde::{Window, Windowed};

/// Makes one aggregate of two, in place. `None` before the first session.
pub(crate) type Merger<K, A> = Arc<dyn Fn(&K, &mut Option<A>, A) + Send + Sync>;

/// What becomes of records, and of sessions that turn out to be one.
pub(crate) struct Folders<K, V, A> {
    pub add: Folder<K, V, A>,
    pub merge: Merger<K, A>,
}

impl<K, V, A> Clone for Folders<K, V, A> {
    fn clone(&self) -> Self {
        Folders { add: self.add.clone(), merge: self.merge.clone() }
    }
}

impl<K, V, A> Folders<K, V, A> {
    pub fn new(
        add: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) + Send + Sync + 'static,
    ) -> Self {
        Folders { add: Arc::new(add), merge: Arc::new(merge) }
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
        Ok(env.maintained(SessionAggregate { folders, windows, stream_time, writer, finals, met: Vec::new(), values: PhantomData }))
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
        let met = &mut self.met;
        self.writer.find(bytes, time.saturating_sub(gap), time.saturating_add(gap), |session| {
            merged = Window::new(merged.start.min(session.start), merged.end.max(session.end));
            met.push(session);
        })?;
        // a closed session is not found, but one that is found may have closed since where the store keeps them longer
        if merged.end < self.stream_time.get().saturating_sub(self.windows.open_ms()) {
            cx.dropped(&self.writer.name, DropReason::Late);
            return Ok(());
        }
        let mut aggregate = None;
        for session in &self.met {
            if let Some(other) = self.writer.take(cx, bytes, *session, time)? {
                (self.folders.merge)(key, &mut aggregate, other);
            }
            if merged != alone {
                self.writer.written(cx)?;
            }
        }
        (self.folders.add)(key, value, &mut aggregate);
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

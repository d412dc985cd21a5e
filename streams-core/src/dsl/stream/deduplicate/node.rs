//! The node that leaves repetitions out.

use super::seen::Seen;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, Process};
use crate::handlers::ProductionStage;
use crate::partitioner::murmur2;
use crate::{BoxError, Data, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::WindowStore;
use streams_state::serde::{Serde, SerdeContext, Wrote};
use streams_state::store::{Origin, StateStore};

/// Writes the id of a record.
pub(super) type WriteId<K, V> = Arc<dyn Fn(&SerdeContext<'_>, &K, &V, &mut Vec<u8>) -> Result<Wrote, BoxError> + Send + Sync>;

/// What such a node is made from.
pub(super) struct Spec<K, V> {
    pub store: Arc<str>,
    pub key_serde: Arc<dyn Serde<K>>,
    /// Whether the bytes that travel with the key are those of `key_serde`.
    pub pass_key: bool,
    /// Without it, the key is the id.
    pub id: Option<WriteId<K, V>>,
    pub within_ms: i64,
    pub grace_ms: i64,
    pub pass_late: bool,
}

impl<K: Data, V: Data> Spec<K, V> {
    /// Milliseconds of the spans that have a row each.
    fn span_ms(&self) -> i64 {
        self.within_ms.saturating_add(1)
    }

    pub fn open(&self, env: &mut GraphEnv<'_>, key_bytes: Option<TypeId>, next: Edge<K, V>) -> Result<Edge<K, V>> {
        let (time, stream_time) = env.kept_number(&self.store);
        let spec = Spec {
            store: self.store.clone(),
            key_serde: self.key_serde.clone(),
            pass_key: key_bytes.is_some() && key_bytes == self.key_serde.canonical_id(),
            id: self.id.clone(),
            ..*self
        };
        Ok(Box::new(Deduplicate {
            name: env.node_name(),
            spec,
            store: env.store(&self.store)?,
            time,
            stream_time: stream_time.unwrap_or(-1),
            run: env.now(),
            at: Origin { source: u32::MAX, offset: -1 },
            ordinal: 0,
            id: Vec::new(),
            next,
        }))
    }
}

struct Deduplicate<K, V> {
    name: Arc<str>,
    spec: Spec<K, V>,
    /// A row for each record that was passed on, by its id and its [span](Self::span_start).
    store: Rc<RefCell<WindowStore<Vec<u8>, Seen>>>,
    /// Number of the stream time among what is committed with the offsets: after a restart the ids that are gone are those of the same times.
    time: usize,
    stream_time: i64,
    run: i64,
    /// The input record that the last record came from, and how many came from it before.
    at: Origin,
    ordinal: i32,
    /// Bytes of the record's id, kept for their capacity.
    id: Vec<u8>,
    next: Edge<K, V>,
}

/// What became of writing a record's id.
enum Id {
    Written,
    /// It has none: nothing can repeat it.
    None,
    /// It could not be written, or has no key, and is left out.
    LeftOut,
}

impl<K: Data, V: Data> Deduplicate<K, V> {
    /// Writes key and id: `length of the key u32 | key | id`, or only the key.
    fn write_id(&mut self, cx: &mut Cx, key: &K, value: &V, meta: &Meta<'_>) -> Result<Id> {
        let topic = self.store.borrow().topic().clone();
        let serde_cx = SerdeContext { topic: &topic, headers: meta.headers };
        let (id, prefix) = (&mut self.id, if self.spec.id.is_some() { 4 } else { 0 });
        id.clear();
        id.resize(prefix, 0);
        match meta.key_bytes.filter(|_| self.spec.pass_key) {
            Some(bytes) => id.extend_from_slice(bytes),
            None => match self.spec.key_serde.serialize(&serde_cx, key, id) {
                Ok(Wrote::Bytes) => {}
                Ok(Wrote::Null) => return cx.drop_null_key(&self.name).map(|()| Id::LeftOut),
                Err(error) => {
                    return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error).map(|()| Id::LeftOut);
                }
            },
        }
        let Some(write) = &self.spec.id else { return Ok(Id::Written) };
        let length = (id.len() - prefix) as u32;
        id[..prefix].copy_from_slice(&length.to_be_bytes());
        match write(&serde_cx, key, value, id) {
            Ok(Wrote::Bytes) => Ok(Id::Written),
            Ok(Wrote::Null) => Ok(Id::None),
            Err(error) => cx.user_error(&self.name, error).map(|()| Id::LeftOut),
        }
    }

    fn number(&mut self, cx: &Cx, time: i64) -> Seen {
        self.ordinal = if self.at == cx.origin { self.ordinal.wrapping_add(1) } else { 0 };
        self.at = cx.origin;
        let topic = cx.inputs.get(cx.origin.source as usize).map_or(0, |input| murmur2(input.topic.as_bytes()));
        Seen { run: self.run, topic, offset: cx.origin.offset, ordinal: self.ordinal, time }
    }

    /// Where the span of a time begins. Two times of one span are near enough for a repetition, so each has one row at most, which is found
    /// without a walk; and what a time may repeat lies in its span or the one before or behind it.
    fn span_start(&self, time: i64) -> i64 {
        time - time % self.spec.span_ms()
    }

    /// Keeps the id, unless it is there already.
    fn is_new(&self, cx: &mut Cx, record: Seen) -> Result<bool> {
        let (own, span, mut store) = (self.span_start(record.time), self.spec.span_ms(), self.store.borrow_mut());
        let (latest, mut undone) = (store.observed_stream_time(), [None; 3]);
        for (start, undone) in [own, own - span, own.saturating_add(span)].into_iter().zip(&mut undone) {
            // nothing lies behind the latest row: records in order look at two spans, or one
            if start < 0 || start > latest {
                continue;
            }
            let near = |seen: &&Seen| seen.time.abs_diff(record.time) < span.unsigned_abs();
            match store.with(&self.id, start, |row| row.map(|(seen, _)| seen).filter(near).map(|seen| seen.counts_against(&record)))? {
                Some(true) => return Ok(false),
                // a record that is to come once more
                Some(false) => *undone = Some(start),
                None => {}
            }
        }
        for start in undone.into_iter().flatten().filter(|start| *start != own) {
            store.put(&self.id, start, None, record.time, cx.origin)?;
        }
        // of a record that is too late to be kept nothing is
        store.put(&self.id, own, Some(record), record.time, cx.origin)?;
        store.flush(&mut *cx.out)?;
        Ok(true)
    }
}

impl<K: Data, V: Data> Process<K, V> for Deduplicate<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let record = self.number(cx, meta.timestamp);
        if meta.timestamp > self.stream_time {
            self.stream_time = meta.timestamp;
            cx.kept.set(self.time, meta.timestamp);
        }
        match self.write_id(cx, &key, &value, meta)? {
            Id::Written => {}
            Id::None => return self.next.process(cx, key, value, meta),
            Id::LeftOut => return Ok(()),
        }
        if !self.spec.pass_late && meta.timestamp < self.stream_time.saturating_sub(self.spec.grace_ms) {
            cx.dropped(&self.name, DropReason::Late);
            return Ok(());
        }
        if self.is_new(cx, record)? {
            self.next.process(cx, key, value, meta)
        } else {
            cx.dropped(&self.name, DropReason::Duplicate);
            Ok(())
        }
    }
}

//! The node of `suppress`.

use crate::exec::{Cx, Edge, GraphEnv, Maintain, Meta, Process, StreamTime};
use crate::handlers::ProductionStage;
use crate::{Change, Data, Error, ErrorKind, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Wrote};
use streams_state::{Buffered, ChangeBuffer, RecordContext};

/// When a buffer gives changes up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long after its time a change is emitted.
    pub wait_ms: i64,
    pub max_records: u64,
    pub max_bytes: u64,
    /// What a full buffer does: emit its oldest changes, or fail.
    pub emit_early: bool,
}

/// Tells the end of a key's window.
type WindowEnd<K> = Option<fn(&K) -> i64>;

pub(super) struct Suppress<K, V> {
    name: Arc<str>,
    buffer: Rc<RefCell<ChangeBuffer<K, V>>>,
    limits: Limits,
    /// Final results are due by the end of their window. None was emitted before, so the deletion of one says nothing.
    window_end: WindowEnd<K>,
    old_values: bool,
    /// The bytes that travel with keys are those of the buffer's key serde.
    pass_key: bool,
    /// Of the changes that came here: Java's rule, per node.
    stream_time: StreamTime,
    key_buf: Vec<u8>,
    out_key: Vec<u8>,
    next: Edge<K, Change<V>>,
}

impl<K: Data, V: Data> Suppress<K, V> {
    pub fn new(
        env: &mut GraphEnv<'_>,
        buffer: &str,
        (limits, window_end): (Limits, WindowEnd<K>),
        old_values: bool,
        key_bytes: Option<TypeId>,
        next: Edge<K, Change<V>>,
    ) -> Result<Self> {
        let buffer = env.store::<ChangeBuffer<K, V>>(buffer)?;
        let pass_key = key_bytes.is_some() && key_bytes == buffer.borrow().key_serde().canonical_id();
        let (name, stream_time, key_buf, out_key) = (env.node_name(), StreamTime::of_node(env), Vec::new(), Vec::new());
        Ok(Suppress { name, buffer, limits, window_end, old_values, pass_key, stream_time, key_buf, out_key, next })
    }

    /// Puts a change into the buffer. A change whose key is null in bytes is dropped.
    fn hold_back(&mut self, cx: &mut Cx, key: &K, change: &Change<V>, meta: &Meta<'_>) -> Result<()> {
        let mut buffer = self.buffer.borrow_mut();
        let bytes = match meta.key_bytes {
            Some(bytes) if self.pass_key => bytes,
            _ => {
                self.key_buf.clear();
                let topic = buffer.topic().clone();
                match buffer.key_serde().serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.key_buf) {
                    Ok(Wrote::Bytes) => &self.key_buf,
                    Ok(Wrote::Null) => return cx.drop_null_key(&self.name),
                    Err(error) => return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error),
                }
            }
        };
        let (topic, partition) = match cx.inputs.get(cx.origin.source as usize) {
            Some(input) => (&*input.topic, input.partition),
            None => ("", -1),
        };
        let context = RecordContext { timestamp: meta.timestamp, offset: cx.origin.offset, topic, partition, headers: meta.headers };
        let time = self.window_end.map_or(meta.timestamp, |end| end(key));
        Ok(buffer.put(bytes, time, change.old.as_ref(), change.new.as_ref(), &context, cx.origin)?)
    }

    fn is_full(&self) -> bool {
        let buffer = self.buffer.borrow();
        buffer.len() as u64 > self.limits.max_records || buffer.bytes() > self.limits.max_bytes
    }

    /// Emits the change that is due first. It leaves the buffer behind that: who looks the row up meanwhile finds what it was.
    fn emit_first(&mut self, cx: &mut Cx) -> Result<()> {
        let inputs = &cx.inputs;
        let input = |topic: &str, partition| {
            let at = inputs.iter().position(|input| *input.topic == *topic && input.partition == partition)?;
            u32::try_from(at).ok()
        };
        let first = self.buffer.borrow().first(self.old_values, input, &mut self.out_key)?;
        if let Some(Buffered { key, prior, new, timestamp, origin, headers }) = first
            && (new.is_some() || self.window_end.is_none())
        {
            // an error behind this one names the record that the change came from
            let (around, in_hand) = (cx.origin, cx.in_hand);
            cx.origin = origin.unwrap_or(around);
            cx.in_hand = in_hand.or(Some(around));
            let meta = Meta { timestamp, headers: &headers, key_bytes: Some(&self.out_key).filter(|_| self.pass_key).map(Vec::as_slice) };
            self.next.process(cx, key, Change { old: prior, new, is_latest: true }, &meta)?;
            (cx.origin, cx.in_hand) = (around, in_hand);
        }
        self.buffer.borrow_mut().remove(&self.out_key);
        Ok(())
    }

    #[cold]
    fn too_full(&self) -> Error {
        let buffer = self.buffer.borrow();
        let limit = |limit: u64| if limit == u64::MAX { "no limit".to_owned() } else { format!("limit {limit}") };
        Error::new(
            ErrorKind::UserCode,
            format!(
                "node {}: its buffer is full with {} records ({}) and {} bytes ({}): allow it more, or `emit_early_when_full()`",
                self.name,
                buffer.len(),
                limit(self.limits.max_records),
                buffer.bytes(),
                limit(self.limits.max_bytes)
            ),
        )
    }
}

impl<K: Data, V: Data> Process<K, Change<V>> for Suppress<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let stream_time = self.stream_time.observe(cx, meta.timestamp);
        self.hold_back(cx, &key, &change, meta)?;
        let due = stream_time.saturating_sub(self.limits.wait_ms);
        while self.buffer.borrow().first_time().is_some_and(|time| time <= due) {
            self.emit_first(cx)?;
        }
        if !self.is_full() {
            return Ok(());
        }
        if !self.limits.emit_early {
            return Err(self.too_full());
        }
        while self.is_full() && !self.buffer.borrow().is_empty() {
            self.emit_first(cx)?;
        }
        Ok(())
    }
}

impl<K: Data, V: Data> Maintain for Suppress<K, V> {
    /// Writes what was held back and what was emitted to the changelog; nothing is emitted by it.
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        Ok(self.buffer.borrow_mut().flush_at(&mut *cx.out, cx.wall_clock)?)
    }
}

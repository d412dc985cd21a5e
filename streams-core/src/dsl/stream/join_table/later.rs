//! Joins of a stream with a versioned table, that wait for the table to catch up.

use super::Form;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::handlers::ProductionStage;
use crate::{Data, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Wrote};
use streams_state::{RecordBuffer, RecordContext, Waiting};

/// Holds records back until stream time has passed them by the grace period, and joins them then. Records that come later than that are joined
/// at once.
pub(super) struct JoinLater<K, V> {
    name: Arc<str>,
    join: Edge<K, V>,
    form: Form,
    buffer: Rc<RefCell<RecordBuffer<K, V>>>,
    /// The bytes that travel with keys are those of the buffer's key serde.
    pass_key: bool,
    key_buf: Vec<u8>,
    row_key: Vec<u8>,
}

impl<K: Data, V: Data> JoinLater<K, V> {
    pub fn new(env: &mut GraphEnv<'_>, join: Edge<K, V>, form: Form, buffer: &str, key_bytes: Option<TypeId>) -> Result<Self> {
        let buffer = env.store::<RecordBuffer<K, V>>(buffer)?;
        let pass_key = key_bytes.is_some() && key_bytes == buffer.borrow().key_serde().canonical_id();
        Ok(JoinLater { name: env.node_name(), join, form, buffer, pass_key, key_buf: Vec::new(), row_key: Vec::new() })
    }

    /// Joins the records that have waited. Each leaves the buffer behind that, so that an error leaves it there.
    fn join_due(&mut self, cx: &mut Cx) -> Result<()> {
        loop {
            let inputs = &cx.inputs;
            let input = |topic: &str, partition| {
                let at = inputs.iter().position(|input| *input.topic == *topic && input.partition == partition)?;
                u32::try_from(at).ok()
            };
            let first = self.buffer.borrow_mut().first_due(input, &mut self.row_key)?;
            let Some(Waiting { key, value, timestamp, origin, headers }) = first else { return Ok(()) };
            // an error behind this one names the record that waited
            let (around, in_hand) = (cx.origin, cx.in_hand);
            cx.origin = origin.unwrap_or(around);
            cx.in_hand = in_hand.or(Some(around));
            let key_bytes = Some(RecordBuffer::<K, V>::record_key(&self.row_key)).filter(|_| self.pass_key);
            self.join.process(cx, key, value, &Meta { timestamp, headers: &headers, key_bytes })?;
            (cx.origin, cx.in_hand) = (around, in_hand);
            self.buffer.borrow_mut().remove(&self.row_key, cx.wall_clock, &mut *cx.out)?;
        }
    }
}

impl<K: Data, V: Data> Process<K, V> for JoinLater<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let waits = {
            let mut buffer = self.buffer.borrow_mut();
            let bytes = match meta.key_bytes {
                Some(bytes) if self.pass_key => bytes,
                _ => {
                    self.key_buf.clear();
                    let topic = buffer.topic().clone();
                    let serde_cx = SerdeContext { topic: &topic, headers: meta.headers };
                    match buffer.key_serde().serialize(&serde_cx, &key, &mut self.key_buf) {
                        Ok(Wrote::Bytes) => &self.key_buf,
                        // no change of the table can give it a row
                        Ok(Wrote::Null) if self.form == Form::Left => {
                            drop(buffer);
                            return self.join.process(cx, key, value, meta);
                        }
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
            buffer.put(bytes, &value, &context, cx.origin, cx.wall_clock, &mut *cx.out)?
        };
        if waits { self.join_due(cx) } else { self.join.process(cx, key, value, meta) }
    }
}

//! The other table's side: keeps the subscriptions, and answers them when they come and whenever a row changes.

use super::wire::{Answer, Header, Instruction, Subscription, after_prefix, write_prefix};
use crate::dsl::table::ValueGetter;
use crate::exec::{Cx, DropReason, Edge, Meta, Process};
use crate::handlers::ProductionStage;
use crate::murmur3::Hash;
use crate::{Change, Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use std::sync::Arc;
use streams_state::KvStore;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// `length of foreign key | foreign key | key` -> the subscription as it was read.
pub(super) type SubscriptionStore = Rc<RefCell<KvStore<Vec<u8>, Vec<u8>>>>;

/// Reads and writes the keys in subscriptions and their store.
pub(super) struct Keys<K, KO> {
    pub keys: Arc<dyn Serde<K>>,
    pub foreign_keys: Arc<dyn Serde<KO>>,
    pub key_topic: Arc<str>,
    pub foreign_key_topic: Arc<str>,
    /// The bytes that come with foreign keys are those of their serde.
    pub pass_foreign_key: bool,
}

impl<K: Data, KO: Data> Keys<K, KO> {
    /// Appends the beginning of a key of the store. False where the handler said to skip the record.
    fn write(&self, cx: &mut Cx, name: &str, foreign_key: &KO, meta: &Meta<'_>, out: &mut Vec<u8>) -> Result<bool> {
        out.clear();
        let wrote = write_prefix(out, |out| match meta.key_bytes.filter(|_| self.pass_foreign_key) {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(Wrote::Bytes)
            }
            None => self.foreign_keys.serialize(&SerdeContext { topic: &self.foreign_key_topic, headers: meta.headers }, foreign_key, out),
        });
        match wrote {
            Ok(Wrote::Bytes) => Ok(true),
            Ok(Wrote::Null) => cx.drop_null_key(name).map(|()| false),
            Err(error) => cx.serialization_error(name, &self.foreign_key_topic, ProductionStage::Key, cx.origin, error).map(|()| false),
        }
    }

    /// The key of the row that asks.
    fn read(&self, name: &str, bytes: &[u8], meta: &Meta<'_>) -> Result<K> {
        let cx = SerdeContext { topic: &self.key_topic, headers: meta.headers };
        let read = self.keys.deserialize(&cx, Some(bytes));
        read.map_err(|e| Error::caused(ErrorKind::Serde, format!("node {name}: the key in a subscription cannot be read"), e))
    }
}

/// A subscription on its way to be answered.
#[derive(Clone)]
pub(super) struct Question<K> {
    key: K,
    hash: Option<Hash>,
    instruction: Instruction,
    partition: Option<i32>,
}

/// Keeps and forgets subscriptions.
pub(super) struct Receive<K, KO> {
    pub name: Arc<str>,
    pub store: SubscriptionStore,
    pub keys: Keys<K, KO>,
    /// Of the subscriptions that are kept.
    pub version: u8,
    pub key_buf: Vec<u8>,
    pub next: Edge<Option<KO>, Question<K>>,
}

impl<K: Data, KO: Data> Process<Option<KO>, Subscription> for Receive<K, KO> {
    fn process(&mut self, cx: &mut Cx, foreign_key: Option<KO>, mut subscription: Subscription, meta: &Meta<'_>) -> Result<()> {
        let Header { hash, instruction, partition, .. } = subscription.header;
        match &foreign_key {
            Some(foreign_key) => {
                if !self.keys.write(cx, &self.name, foreign_key, meta, &mut self.key_buf)? {
                    return Ok(());
                }
                self.key_buf.extend_from_slice(subscription.key());
                let keep = matches!(instruction, Instruction::Answer | Instruction::AnswerIfFound);
                let kept = keep.then(|| subscription.in_version(self.version));
                let mut store = self.store.borrow_mut();
                store.write_through(&self.key_buf, kept, meta.timestamp, cx.origin, meta.headers, &mut *cx.out)?;
            }
            // of a row without a foreign key, which is answered with null
            None if instruction == Instruction::Answer => {}
            None => return cx.drop_null_key(&self.name),
        }
        let key = self.keys.read(&self.name, subscription.key(), meta)?;
        self.next.process(cx, foreign_key, Question { key, hash, instruction, partition }, meta)
    }
}

/// Answers a subscription as it comes.
pub(super) struct Respond<K, KO, VO> {
    pub rows: Box<dyn ValueGetter<KO, VO>>,
    pub pass_foreign_key: bool,
    pub next: Edge<K, Answer<VO>>,
}

impl<K: Data, KO: Data, VO: Data> Process<Option<KO>, Question<K>> for Respond<K, KO, VO> {
    fn process(&mut self, cx: &mut Cx, foreign_key: Option<KO>, question: Question<K>, meta: &Meta<'_>) -> Result<()> {
        let Question { key, hash, instruction, partition } = question;
        if instruction == Instruction::Delete {
            return Ok(());
        }
        let (mut value, mut timestamp, mut found, mut looked) = (None, meta.timestamp, false, foreign_key.is_none());
        if let Some(foreign_key) = &foreign_key {
            self.rows.get_forwarded(cx, foreign_key, meta.key_bytes.filter(|_| self.pass_foreign_key), &mut |row| {
                looked = true;
                if let Some((row, at)) = row {
                    timestamp = at.max(meta.timestamp);
                    value = (instruction != Instruction::DeleteAndAnswer).then(|| row.clone());
                    found = true;
                }
            })?;
        }
        if !looked || (instruction == Instruction::AnswerIfFound && !found) {
            return Ok(());
        }
        self.next.process(cx, key, Answer { hash, value, partition }, &Meta { timestamp, ..meta.with_new_key() })
    }
}

/// Answers all subscriptions of a row that has changed.
pub(super) struct Broadcast<K, KO, VO> {
    pub name: Arc<str>,
    /// Changes that came out of order are left out.
    pub versioned: bool,
    pub store: SubscriptionStore,
    pub keys: Keys<K, KO>,
    pub prefix: Vec<u8>,
    pub end: Vec<u8>,
    pub next: Edge<K, Answer<VO>>,
}

impl<K: Data, KO: Data, VO: Data> Process<KO, Change<VO>> for Broadcast<K, KO, VO> {
    fn process(&mut self, cx: &mut Cx, foreign_key: KO, change: Change<VO>, meta: &Meta<'_>) -> Result<()> {
        if self.versioned && !change.is_latest {
            cx.dropped(&self.name, DropReason::OutOfOrder);
            return Ok(());
        }
        if !self.keys.write(cx, &self.name, &foreign_key, meta, &mut self.prefix)? {
            return Ok(());
        }
        let to = if after_prefix(&self.prefix, &mut self.end) { Bound::Excluded(&*self.end) } else { Bound::Unbounded };
        let (name, keys, next, prefix) = (&self.name, &self.keys, &mut self.next, self.prefix.len());
        let mut failed = None;
        let mut answer = |row: &[u8], subscription: &[u8]| -> Result<()> {
            let Header { hash, partition, .. } = Header::read(subscription)
                .map_err(|e| Error::caused(ErrorKind::Serde, format!("node {name}: a subscription in its store cannot be read"), e))?;
            let key_bytes = row.get(prefix..).unwrap_or_default();
            let key = keys.read(name, key_bytes, meta)?;
            let meta = Meta { key_bytes: Some(key_bytes), ..*meta };
            next.process(cx, key, Answer { hash, value: change.new.clone(), partition }, &meta)
        };
        // only the sink of the answers follows, so the store may stay borrowed
        self.store.borrow_mut().scan(Bound::Included(&self.prefix[..]), to, false, &mut |row, subscription, _| match answer(
            row,
            subscription,
        ) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) => {
                failed = Some(error);
                Ok(ControlFlow::Break(()))
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}

/// Counts an answer that is for a row which has changed meanwhile: the newer row gets one of its own.
pub(super) fn stale(cx: &mut Cx) {
    cx.metrics.dropped.reason(DropReason::Stale).add(1);
}

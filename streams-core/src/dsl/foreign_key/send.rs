//! The side of the table that is joined: says to which foreign keys its rows belong.

use super::wire::{Header, Instruction};
use crate::dsl::options::KeyPartitioner;
use crate::exec::{Cx, DropReason, Edge, Meta, OutTopic, Process, SendTo};
use crate::handlers::ProductionStage;
use crate::murmur3::{Hash, murmur3};
use crate::{BoxError, Change, Data, Result};
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// Finds the foreign key of a row; `None` where it has none.
pub(super) type Extractor<K, V, KO> = Arc<dyn Fn(&K, &V) -> Result<Option<KO>, BoxError> + Send + Sync>;

/// What a row tells the other table's side.
#[derive(Clone)]
pub(super) struct Request<KO> {
    hash: Option<Hash>,
    instruction: Instruction,
    foreign_key: Option<KO>,
}

/// Makes requests of changes.
pub(super) struct Subscribe<K, V, KO> {
    pub name: Arc<str>,
    pub extract: Extractor<K, V, KO>,
    /// Changes that came out of order are left out.
    pub versioned: bool,
    /// A left join, and an inner one that was told to.
    pub answers_all: bool,
    /// The topics that serdes are told where the bytes are only compared.
    pub foreign_key_topic: Arc<str>,
    pub value_topic: Arc<str>,
    pub foreign_keys: Arc<dyn Serde<KO>>,
    pub values: Arc<dyn Serde<V>>,
    pub buffer: Vec<u8>,
    pub other_buffer: Vec<u8>,
    pub next: Edge<K, Request<KO>>,
}

impl<K: Data, V: Data, KO: Data> Process<K, Change<V>> for Subscribe<K, V, KO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        if self.versioned && !change.is_latest {
            cx.dropped(&self.name, DropReason::OutOfOrder);
            return Ok(());
        }
        // a row whose key could not be told has none: the handler was asked when it came
        let old = change.old.as_ref().and_then(|value| (self.extract)(&key, value).ok().flatten());
        let (new, told) = match change.new.as_ref().map(|value| (self.extract)(&key, value)) {
            Some(Ok(new)) => (new, true),
            Some(Err(error)) => {
                cx.user_error(&self.name, error)?;
                (None, false)
            }
            None => (None, true),
        };
        let moved = match (&old, &new) {
            (Some(old), Some(new)) => match self.differ(old, new, meta) {
                Ok(moved) => moved,
                Err(error) => {
                    let topic = self.foreign_key_topic.clone();
                    return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error);
                }
            },
            _ => true,
        };
        let (leave, ask) = match self.answers_all {
            true if change.old.is_none() && change.new.is_none() => (None, None),
            // always one answer, for the row may have been joined with null before
            true => (old.filter(|_| moved).map(|old| (Instruction::Delete, old)), Some((Instruction::Answer, new))),
            false => {
                if change.new.is_some() && new.is_none() && told {
                    cx.dropped(&self.name, DropReason::NullKey);
                }
                match (old, new) {
                    (None, None) => (None, None),
                    (Some(old), None) => (None, Some((Instruction::DeleteAndAnswer, Some(old)))),
                    (None, new) => (None, Some((Instruction::AnswerIfFound, new))),
                    // the other partition may have answered before, so this one must answer in any case
                    (Some(old), new) if moved => (Some((Instruction::Delete, old)), Some((Instruction::Answer, new))),
                    (Some(_), new) => (None, Some((Instruction::AnswerIfFound, new))),
                }
            }
        };
        let Some((instruction, foreign_key)) = ask else { return Ok(()) };
        let hash = match &change.new {
            Some(value) => match self.hash(value, meta) {
                Ok(hash) => Some(hash),
                Err(error) => {
                    let topic = self.value_topic.clone();
                    return cx.serialization_error(&self.name, &topic, ProductionStage::Value, cx.origin, error);
                }
            },
            None => None,
        };
        if let Some((instruction, foreign_key)) = leave {
            self.next.process(cx, key.clone(), Request { hash, instruction, foreign_key: Some(foreign_key) }, meta)?;
        }
        self.next.process(cx, key, Request { hash, instruction, foreign_key }, meta)
    }
}

impl<K: Data, V: Data, KO: Data> Subscribe<K, V, KO> {
    /// Keys are equal where their bytes are.
    fn differ(&mut self, old: &KO, new: &KO, meta: &Meta<'_>) -> Result<bool, BoxError> {
        let cx = SerdeContext { topic: &self.foreign_key_topic, headers: meta.headers };
        self.buffer.clear();
        self.other_buffer.clear();
        let wrote = self.foreign_keys.serialize(&cx, old, &mut self.buffer)?;
        Ok(wrote != self.foreign_keys.serialize(&cx, new, &mut self.other_buffer)? || self.buffer != self.other_buffer)
    }

    fn hash(&mut self, value: &V, meta: &Meta<'_>) -> Result<Hash, BoxError> {
        self.buffer.clear();
        self.values.serialize(&SerdeContext { topic: &self.value_topic, headers: meta.headers }, value, &mut self.buffer)?;
        Ok(murmur3(&self.buffer))
    }
}

/// Writes requests as subscriptions, under their foreign keys.
pub(super) struct SubscriptionSink<K, KO> {
    pub name: Arc<str>,
    pub topic: OutTopic,
    pub topic_name: Arc<str>,
    /// The topic that the serde of keys is told, for they stand in the value.
    pub key_topic: Arc<str>,
    pub keys: Arc<dyn Serde<K>>,
    pub foreign_keys: Arc<dyn Serde<KO>>,
    pub partitioner: Option<KeyPartitioner<KO>>,
    pub pass_key: bool,
    /// Of the subscriptions.
    pub version: u8,
    pub key_buf: Vec<u8>,
    pub value_buf: Vec<u8>,
}

impl<K: Data, KO: Data> Process<K, Request<KO>> for SubscriptionSink<K, KO> {
    fn process(&mut self, cx: &mut Cx, key: K, request: Request<KO>, meta: &Meta<'_>) -> Result<()> {
        let mut foreign_key = None;
        if let Some(key) = &request.foreign_key {
            self.key_buf.clear();
            let serde_cx = SerdeContext { topic: &self.topic_name, headers: meta.headers };
            match self.foreign_keys.serialize(&serde_cx, key, &mut self.key_buf) {
                Ok(Wrote::Bytes) => foreign_key = Some(&*self.key_buf),
                Ok(Wrote::Null) => {}
                Err(error) => return cx.serialization_error(&self.name, &self.topic_name, ProductionStage::Key, cx.origin, error),
            }
        }
        self.value_buf.clear();
        Header::begin(self.version, request.hash.as_ref(), request.instruction, &mut self.value_buf);
        match meta.key_bytes.filter(|_| self.pass_key) {
            Some(bytes) => self.value_buf.extend_from_slice(bytes),
            None => {
                let serde_cx = SerdeContext { topic: &self.key_topic, headers: meta.headers };
                match self.keys.serialize(&serde_cx, &key, &mut self.value_buf) {
                    Ok(Wrote::Bytes) => {}
                    Ok(Wrote::Null) => return cx.drop_null_key(&self.name),
                    Err(error) => return cx.serialization_error(&self.name, &self.topic_name, ProductionStage::Value, cx.origin, error),
                }
            }
        }
        if self.version > 0 {
            self.value_buf.extend_from_slice(&cx.task_id.partition.to_be_bytes());
        }
        let partitions = cx.out.partitions(self.topic);
        let chosen =
            self.partitioner.as_ref().zip(request.foreign_key.as_ref()).and_then(|(choose, key)| choose(&self.topic_name, key, partitions));
        let to = match (chosen, foreign_key) {
            (Some(partition), _) => SendTo::Partition(partition),
            (None, Some(bytes)) => SendTo::HashOf(self.foreign_keys.partition_bytes(bytes)),
            // a row of a left join without a foreign key: any partition answers
            (None, None) => SendTo::KeyHash,
        };
        let sent = cx.out.send(self.topic, to, foreign_key, Some(&self.value_buf), meta.timestamp, meta.headers);
        sent.map_err(|e| e.at(format!("node {}", self.name)))
    }
}

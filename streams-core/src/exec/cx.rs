//! What every node of a task sees, and where its outputs go.

use super::facts::TaskFacts;
use super::globals::GlobalStores;
use super::kept::KeptNumbers;
use super::timers::{PunctuationType, TimerId, Timers};
use crate::cluster::RawRecord;
use crate::handlers::{ErrorContext, Handlers, ProductionContext, ProductionResponse, ProductionStage, Response, SourceRecord};
use crate::metrics::{DropReason, TaskMetrics};
use crate::{BoxError, Error, ErrorKind, Headers, Result};
use std::sync::Arc;
use std::time::Duration;
use streams_state::store::{Changelog, Origin};
use streams_state::{CacheBudget, NO_HEADERS};

/// What travels beside key and value: one pointer on every edge, copied where a node changes it.
#[derive(Clone, Copy)]
pub(crate) struct Meta<'r> {
    /// Event time in milliseconds.
    pub timestamp: i64,
    /// The bytes the key came from, while the key is unchanged and its serde is canonical.
    pub key_bytes: Option<&'r [u8]>,
    pub headers: &'r Headers,
}

impl<'r> Meta<'r> {
    /// The same record under another key.
    pub fn with_new_key(&self) -> Meta<'r> {
        Meta { key_bytes: None, ..*self }
    }
}

/// A topic that the task writes to; an index into its collector's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OutTopic(pub u32);

/// Which partition a record goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendTo<'a> {
    /// By the hash of its key bytes, as Java's default partitioner; without a key, in turn.
    KeyHash,
    /// By the hash of these bytes.
    HashOf(&'a [u8]),
    /// This one.
    Partition(i32),
}

/// Where a task's outputs go: the record collector in production, a list in the driver's tests.
pub(crate) trait Collector: Changelog {
    /// The index of a topic by its full name; asks the cluster the first time.
    fn topic(&mut self, name: &str) -> Result<OutTopic>;
    fn partitions(&self, topic: OutTopic) -> i32;
    fn send(
        &mut self,
        topic: OutTopic,
        to: SendTo<'_>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: &Headers,
    ) -> Result<()>;
    /// The greatest offset that the changelog of a store (by its index) has acknowledged.
    fn acknowledged(&self, store: usize) -> Option<i64>;
}

/// What every node of a task sees.
pub struct Cx {
    pub(crate) out: Box<dyn Collector>,
    pub(crate) handlers: Arc<Handlers>,
    /// The task's input partitions; `origin.source` is an index.
    pub(crate) inputs: Vec<crate::TopicPartition>,
    /// Largest timestamp of any record of the task; `i64::MIN` before the first.
    pub(crate) stream_time: i64,
    /// Wall clock in milliseconds, as the task was told last.
    pub(crate) wall_clock: i64,
    /// The record being worked on: one that came before, where a change that was held back goes on.
    pub(crate) origin: Origin,
    /// The record in hand, where `origin` is another one.
    pub(crate) in_hand: Option<Origin>,
    pub(crate) timestamp: i64,
    /// Those of the record that user code works on: what it deletes in a store has them.
    pub(crate) headers: Headers,
    pub(crate) in_record: bool,
    /// Whether `origin` is what user code may be told: also while a change that a cache held back goes on.
    pub(crate) record_known: bool,
    pub(crate) task_id: crate::TaskId,
    pub(crate) application_id: Arc<str>,
    pub(crate) facts: Arc<TaskFacts>,
    pub(crate) commit_requested: bool,
    pub(crate) timers: Timers,
    pub(crate) metrics: Arc<TaskMetrics>,
    pub(crate) budget: Arc<CacheBudget>,
    /// Numbers of nodes that are committed with the offsets.
    pub(crate) kept: KeptNumbers,
    pub(crate) globals: Arc<GlobalStores>,
    /// The maintained node whose cache was written last: the first to be asked to evict.
    pub(crate) touched: usize,
}

impl Cx {
    /// Runs user code with a record of this time and with these headers.
    #[inline]
    pub(crate) fn with_record<R>(&mut self, timestamp: i64, headers: &Headers, f: impl FnOnce(&mut Cx) -> R) -> R {
        let around = (self.timestamp, std::mem::replace(&mut self.headers, headers.clone()));
        self.timestamp = timestamp;
        let result = f(self);
        (self.timestamp, self.headers) = around;
        result
    }

    /// Counts a record that a node leaves out, and says so.
    #[cold]
    pub(crate) fn dropped(&mut self, node: &str, reason: DropReason) {
        let dropped = self.metrics.dropped.reason(reason);
        dropped.add(1);
        let count = dropped.get();
        // the 1st, 2nd, 4th, 8th ... of each reason: a limited rate that needs no clock
        if count.is_power_of_two() {
            let (at, reason) = (self.place(), reason.label());
            tracing::warn!(target: "streams::task", task = %self.task_id, node, reason, count, "record skipped: {at}");
        }
    }

    /// Counts an input record that is left out before any node has seen it.
    #[cold]
    pub(crate) fn dropped_input(&mut self, record: Origin, reason: DropReason) {
        self.origin = record;
        self.in_record = true;
        self.dropped("", reason);
        self.in_record = false;
    }

    /// Does something on behalf of an earlier record: a change that a cache held back is still that of the record that made it.
    #[inline]
    pub(crate) fn on_behalf_of<R>(&mut self, origin: Origin, f: impl FnOnce(&mut Cx) -> R) -> R {
        let around = (self.origin, self.record_known);
        (self.origin, self.record_known) = (origin, true);
        let result = f(self);
        (self.origin, self.record_known) = around;
        result
    }

    /// Schedules a punctuation of a maintained node.
    pub(crate) fn schedule(
        &mut self,
        node: usize,
        kind: PunctuationType,
        interval: Duration,
        start: Option<i64>,
    ) -> Result<TimerId, BoxError> {
        let now = kind.of(self.stream_time, self.wall_clock);
        self.timers.add(node, kind, interval, start, now)
    }

    /// Leaves out a record that has no key.
    #[cold]
    pub(crate) fn drop_null_key(&mut self, node: &str) -> Result<()> {
        self.dropped(node, DropReason::NullKey);
        Ok(())
    }

    fn place(&self) -> String {
        match self.inputs.get(self.origin.source as usize) {
            Some(input) if self.in_record => format!("topic {}, partition {}, offset {}", input.topic, input.partition, self.origin.offset),
            _ => "outside of a record (punctuation or flush)".to_owned(),
        }
    }

    /// The input record that `origin` names; its bytes are gone by now.
    fn source_record(&self, origin: Origin) -> Option<SourceRecord<'_>> {
        let input = self.inputs.get(origin.source as usize)?;
        Some(SourceRecord {
            topic: &input.topic,
            partition: input.partition,
            offset: origin.offset,
            timestamp: self.timestamp,
            headers: &NO_HEADERS,
            key: None,
            value: None,
        })
    }

    /// User code failed at `node`: the processing handler decides. An error of a node downstream, which was decided about already, passes.
    #[cold]
    pub(crate) fn user_error(&mut self, node: &str, error: BoxError) -> Result<()> {
        let error = match error.downcast::<Error>() {
            Ok(ours) => return Err(*ours),
            Err(error) => Error::caused(ErrorKind::UserCode, "user code failed", error),
        };
        let context = ErrorContext { task: self.task_id, node, source: self.source_record(self.origin).filter(|_| self.in_record) };
        match self.handlers.processing.handle(&context, &error) {
            Response::Resume => {
                self.dropped(node, DropReason::Processing);
                Ok(())
            }
            _ => {
                let place = context.to_string();
                Err(error.at(place))
            }
        }
    }

    /// A record cannot be read: the deserialization handler decides.
    #[cold]
    pub(crate) fn undecodable(&mut self, node: &str, what: &str, record: &RawRecord<'_>, headers: &Headers, error: BoxError) -> Result<()> {
        let error = Error::caused(ErrorKind::Serde, format!("cannot deserialize the {what}"), error);
        let source = self.source_record(self.origin).map(|source| SourceRecord { headers, key: record.key, value: record.value, ..source });
        let context = ErrorContext { task: self.task_id, node, source };
        match self.handlers.deserialization.handle(&context, &error) {
            Response::Resume => {
                self.dropped(node, DropReason::Deserialization);
                Ok(())
            }
            _ => {
                let place = context.to_string();
                Err(error.at(place))
            }
        }
    }

    /// A key or value could not be serialized for `topic` at `node`: the production handler decides.
    #[cold]
    pub(crate) fn serialization_error(
        &mut self,
        node: &str,
        topic: &str,
        stage: ProductionStage,
        origin: Origin,
        error: BoxError,
    ) -> Result<()> {
        let what = if stage == ProductionStage::Key { "key" } else { "value" };
        let error = Error::caused(ErrorKind::Serde, format!("cannot serialize the {what}"), error);
        let context = ProductionContext {
            topic,
            partition: None,
            stage,
            retriable: false,
            task: Some(self.task_id),
            node: Some(node),
            source: self.source_record(origin),
        };
        match self.handlers.production.handle(&context, &error) {
            ProductionResponse::Resume => {
                self.dropped(node, DropReason::Production);
                Ok(())
            }
            _ => {
                let place = context.to_string();
                Err(error.at(place))
            }
        }
    }
}

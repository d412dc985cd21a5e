//! The record collector: what a task writes, on its way to the thread's producer.

use super::producer::SharedProducer;
use super::settings::TaskEnv;
use crate::cluster::{ProduceHandle, ProduceRecord};
use crate::exec::{Collector, OutTopic, SendTo};
use crate::handlers::{Handlers, ProductionContext, ProductionResponse, ProductionStage};
use crate::metrics::{DropReason, TaskMetrics};
use crate::partitioner::partition_for_key;
use crate::topology::Subtopology;
use crate::{Error, ErrorKind, Headers, Result, TaskId};
use std::collections::HashMap;
use std::sync::Arc;
use streams_state::store::{Changelog, ChangelogId};

/// Records without a key go to one partition for a while, then to the next, so that batches fill.
const RECORDS_BEFORE_NEXT_PARTITION: u32 = 500;

struct Out {
    name: Arc<str>,
    handle: ProduceHandle,
    partitions: i32,
    without_key: u32,
}

pub(super) struct RecordCollector {
    task: TaskId,
    producer: SharedProducer,
    topics: Vec<Out>,
    by_name: HashMap<Arc<str>, u32>,
    /// By the store's index in the sub-topology; `None` for a store without a changelog.
    changelogs: Vec<Option<OutTopic>>,
    handlers: Handlers,
    metrics: Arc<TaskMetrics>,
}

impl RecordCollector {
    pub fn new(task: TaskId, subtopology: &Subtopology, env: &TaskEnv) -> Result<Self> {
        let mut collector = RecordCollector {
            task,
            producer: env.producer.clone(),
            topics: Vec::new(),
            by_name: HashMap::new(),
            changelogs: Vec::new(),
            handlers: env.settings.handlers.clone(),
            metrics: env.metrics(task),
        };
        for (store, log) in subtopology.changelogs.iter().enumerate() {
            let name = subtopology.restored_from(store, &env.application_id).filter(|_| log.is_written());
            let changelog = name.map(|name| collector.topic(&name)).transpose()?;
            collector.changelogs.push(changelog);
        }
        Ok(collector)
    }

    #[cold]
    fn refused(&self, topic: OutTopic, partition: i32, error: Error) -> Result<()> {
        // only a matter of this record is the handler's business
        if error.kind() != ErrorKind::Rejected {
            return Err(error);
        }
        let context = ProductionContext {
            topic: &self.topics[topic.0 as usize].name,
            partition: Some(partition),
            stage: ProductionStage::Send,
            retriable: false,
            task: Some(self.task),
            node: None,
            source: None,
        };
        match self.handlers.production.handle(&context, &error) {
            ProductionResponse::Resume if !self.changelogs.contains(&Some(topic)) => {
                self.metrics.dropped.reason(DropReason::Production).add(1);
                Ok(())
            }
            _ => {
                let place = context.to_string();
                Err(error.at(place))
            }
        }
    }
}

impl Collector for RecordCollector {
    fn topic(&mut self, name: &str) -> Result<OutTopic> {
        if let Some(&index) = self.by_name.get(name) {
            return Ok(OutTopic(index));
        }
        let mut producer = self.producer.borrow_mut();
        let handle = producer.topic(name)?;
        let partitions = producer.partitions(handle);
        let index = self.topics.len() as u32;
        let name: Arc<str> = name.into();
        self.by_name.insert(name.clone(), index);
        self.topics.push(Out { name, handle, partitions, without_key: 0 });
        Ok(OutTopic(index))
    }

    fn partitions(&self, topic: OutTopic) -> i32 {
        self.topics[topic.0 as usize].partitions
    }

    #[inline]
    fn send(
        &mut self,
        topic: OutTopic,
        to: SendTo<'_>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: &Headers,
    ) -> Result<()> {
        let out = &mut self.topics[topic.0 as usize];
        let partition = match (to, key) {
            (SendTo::Partition(partition), _) => partition,
            (SendTo::HashOf(bytes), _) => partition_for_key(bytes, out.partitions),
            (SendTo::KeyHash, Some(key)) => partition_for_key(key, out.partitions),
            (SendTo::KeyHash, None) => {
                out.without_key = out.without_key.wrapping_add(1);
                (out.without_key / RECORDS_BEFORE_NEXT_PARTITION) as i32 % out.partitions
            }
        };
        let handle = out.handle;
        let sent = self.producer.borrow_mut().send(handle, partition, ProduceRecord { key, value, timestamp, headers });
        sent.or_else(|error| self.refused(topic, partition, error))
    }

    fn acknowledged(&self, store: usize) -> Option<i64> {
        let topic = self.changelogs.get(store).copied().flatten()?;
        self.producer.borrow().acknowledged(self.topics[topic.0 as usize].handle, self.task.partition)
    }
}

impl Changelog for RecordCollector {
    fn log(
        &mut self,
        changelog: ChangelogId,
        key: &[u8],
        value: Option<&[u8]>,
        timestamp: i64,
        headers: &Headers,
    ) -> streams_state::Result<()> {
        let Some(topic) = self.changelogs.get(changelog.0 as usize).copied().flatten() else { return Ok(()) };
        let to = SendTo::Partition(self.task.partition);
        self.send(topic, to, Some(key), value, timestamp, headers).map_err(|e| {
            let name = &self.topics[topic.0 as usize].name;
            streams_state::Error::caused(streams_state::ErrorKind::Changelog, format!("changelog {name}"), e)
        })
    }
}

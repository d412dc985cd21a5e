//! Writing records: straight to the logs; a queue holds them only while the cluster is unreachable.

mod queue;
mod transactional;

use super::Shared;
use super::errors::{deleted_topic, missing_partition, rejected};
use super::group::EmbeddedToken;
use super::log::record_size;
use super::partition::{AppendError, Partition};
use super::settings;
use super::topics::Topic;
use crate::cluster::{
    CommitFailed, CommitToken, CommittedOffset, DeliveryFailure, ProduceHandle, ProduceRecord, Producer, ProducerOptions, Waker,
};
use crate::{Error, ErrorKind, Result, TopicPartition};
use hashbrown::HashMap;
use queue::Queue;
use std::sync::Arc;
use std::time::Duration;
use transactional::Transactional;

pub(super) struct EmbeddedProducer {
    shared: Arc<Shared>,
    names: HashMap<String, ProduceHandle>,
    targets: Vec<Target>,
    max_request: usize,
    queue: Queue,
    failures: Vec<DeliveryFailure>,
    transactional: Option<Transactional>,
    committing: Option<Committing>,
}

/// A commit that was started. It is made when somebody asks what became of it: the time in between is a commit's way to a cluster.
struct Committing {
    offsets: Vec<(TopicPartition, CommittedOffset)>,
    token: Option<EmbeddedToken>,
    timeout: Duration,
}

struct Target {
    name: Arc<str>,
    partitions: Vec<Destination>,
}

struct Destination {
    partition: Arc<Partition>,
    acknowledged: Option<i64>,
    /// The number of the transaction that this partition was last added to; 0 is none.
    transaction: u64,
}

impl Target {
    fn new(topic: &Topic) -> Self {
        let destination = |p: &Arc<Partition>| Destination { partition: p.clone(), acknowledged: None, transaction: 0 };
        Target { name: topic.name.clone(), partitions: topic.partitions.iter().map(destination).collect() }
    }
}

impl EmbeddedProducer {
    pub(super) fn new(shared: Arc<Shared>, options: ProducerOptions) -> Result<Self> {
        let transactional = options.transactional_id.map(|id| {
            let timeout = options.transaction_timeout.unwrap_or(Duration::from_secs(60));
            Transactional::new(id, timeout)
        });
        Ok(EmbeddedProducer {
            names: HashMap::new(),
            targets: Vec::new(),
            max_request: settings::bytes(&options.client, "max.request.size", 1024 * 1024)?,
            queue: Queue::new(
                settings::bytes(&options.client, "buffer.memory", 32 * 1024 * 1024)?,
                settings::millis(&options.client, "delivery.timeout.ms", Duration::from_secs(120))?,
                settings::millis(&options.client, "max.block.ms", Duration::from_secs(60))?,
            ),
            failures: Vec::new(),
            transactional,
            committing: None,
            shared,
        })
    }

    fn fail(&mut self, partition: TopicPartition, retriable: bool, error: Error) {
        if let Some(transactional) = &mut self.transactional {
            transactional.spoil(&error);
        }
        self.failures.push(DeliveryFailure { partition, retriable, error });
    }

    /// Hands a record to its log. An error concerns the producer; what concerns the record is in `failures`.
    #[inline]
    fn deliver(&mut self, topic: ProduceHandle, partition: i32, record: &ProduceRecord<'_>) -> Result {
        let target = &mut self.targets[topic.0 as usize];
        let destination = &mut target.partitions[partition as usize];
        let shared = &*self.shared;
        let refused = shared.faults.refuses(&target.name).or_else(|| Some((destination.partition.check(record).err()?, false)));
        if let Some((error, retriable)) = refused {
            let id = destination.partition.id.clone();
            self.fail(id, retriable, error);
            return Ok(());
        }
        let writer = match &mut self.transactional {
            None => None,
            Some(transactional) => Some(transactional.writer_for(destination, shared)?),
        };
        match destination.partition.append(writer, record, &*shared.options.clock) {
            Ok(offset) => {
                destination.acknowledged = Some(offset);
                Ok(())
            }
            Err(AppendError::Deleted) => self.deliver_anew(topic, partition, record),
            Err(AppendError::Fenced) => Err(self.fence()),
        }
    }

    /// The topic was deleted since its handle was given out: writes to the one that has its name now, if there is one.
    #[cold]
    fn deliver_anew(&mut self, topic: ProduceHandle, partition: i32, record: &ProduceRecord<'_>) -> Result {
        let target = &mut self.targets[topic.0 as usize];
        if let Some(found) = self.shared.topics.find(&target.name).filter(|t| t.partitions.len() > partition as usize) {
            *target = Target::new(&found);
            return self.deliver(topic, partition, record);
        }
        let id = TopicPartition::new(target.name.clone(), partition);
        let error = deleted_topic(&id);
        self.fail(id, false, error);
        Ok(())
    }

    /// Hands over what waited for the cluster; what waited for too long fails.
    fn serve_queue(&mut self) -> Result {
        if self.queue.is_empty() {
            return Ok(());
        }
        let now = self.shared.now();
        while let Some(late) = self.queue.take_expired(now) {
            let target = &self.targets[late.topic.0 as usize];
            let id = TopicPartition::new(target.name.clone(), late.partition);
            let error = late.timed_out(&id, self.queue.delivery_timeout());
            self.fail(id, true, error);
        }
        while self.shared.faults.reachable()
            && let Some(next) = self.queue.pop()
        {
            self.deliver(next.topic, next.partition, &next.record())?;
        }
        Ok(())
    }

    /// Queues a record until the cluster is back; waits while the queue is full.
    #[cold]
    fn enqueue(&mut self, topic: ProduceHandle, partition: i32, record: &ProduceRecord<'_>, size: usize) -> Result {
        self.serve_queue()?;
        if self.shared.faults.reachable() {
            return self.deliver(topic, partition, record);
        }
        if !self.queue.has_room(size) {
            self.shared
                .await_reachable(format_args!("writing to topic `{}`", self.targets[topic.0 as usize].name), self.queue.max_block())?;
            self.serve_queue()?;
            return self.deliver(topic, partition, record);
        }
        self.queue.push(topic, partition, record, size, self.shared.now());
        Ok(())
    }
}

impl Producer for EmbeddedProducer {
    fn topic(&mut self, name: &str) -> Result<ProduceHandle> {
        if let Some(handle) = self.names.get(name) {
            return Ok(*handle);
        }
        self.shared.faults.check(format_args!("topic `{name}`"))?;
        let topic = self.shared.topics.get(name)?;
        let handle = ProduceHandle(self.targets.len() as u32);
        self.targets.push(Target::new(&topic));
        self.names.insert(name.to_string(), handle);
        Ok(handle)
    }

    fn partitions(&self, topic: ProduceHandle) -> i32 {
        self.targets.get(topic.0 as usize).map_or(0, |t| t.partitions.len() as i32)
    }

    fn send(&mut self, topic: ProduceHandle, partition: i32, record: ProduceRecord<'_>) -> Result<()> {
        let Some(target) = self.targets.get(topic.0 as usize) else {
            return Err(Error::new(ErrorKind::Internal, format!("produce handle {} is of another producer", topic.0)));
        };
        if partition < 0 || partition as usize >= target.partitions.len() {
            return Err(missing_partition(&TopicPartition::new(target.name.clone(), partition), target.partitions.len()));
        }
        if let Some(transactional) = &self.transactional {
            transactional.check_open()?;
        }
        let size = record_size(&record);
        if size > self.max_request {
            return Err(rejected(format!(
                "a record of {size} bytes for topic `{}` is too large to send, the producer's limit is {}: raise `max.request.size` (and the \
                 topic's `max.message.bytes`), or write less",
                target.name, self.max_request
            )));
        }
        if self.queue.is_empty() && self.shared.faults.reachable() {
            self.deliver(topic, partition, &record)
        } else {
            self.enqueue(topic, partition, &record, size)
        }
    }

    fn poll(&mut self) {
        // A fenced producer says so at the next call that can.
        let _ = self.serve_queue();
    }

    fn flush(&mut self, timeout: Duration) -> Result<()> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let reached = self.shared.await_reachable("flushing the producer", timeout);
        self.serve_queue()?;
        if self.queue.is_empty() { Ok(()) } else { reached }
    }

    fn take_failures(&mut self) -> Vec<DeliveryFailure> {
        std::mem::take(&mut self.failures)
    }

    fn acknowledged(&self, topic: ProduceHandle, partition: i32) -> Option<i64> {
        let partitions = &self.targets.get(topic.0 as usize)?.partitions;
        partitions.get(usize::try_from(partition).ok()?)?.acknowledged
    }

    fn init_transactions(&mut self, timeout: Duration) -> Result<()> {
        self.shared.await_reachable("initialising transactions", timeout)?;
        let shared = self.shared.clone();
        self.transactional()?.init(&shared)
    }

    fn begin(&mut self) -> Result<()> {
        self.transactional()?.begin()
    }

    fn send_offsets(&mut self, offsets: &[(TopicPartition, CommittedOffset)], token: &dyn CommitToken, timeout: Duration) -> Result<()> {
        self.shared.await_reachable("adding offsets to a transaction", timeout)?;
        let (token, shared) = (own_token(token)?, self.shared.clone());
        self.transactional()?.send_offsets(offsets, token, &shared)
    }

    fn commit(&mut self, timeout: Duration) -> Result<()> {
        self.transactional()?.check_open()?;
        self.flush(timeout)?;
        self.shared.await_reachable("committing a transaction", timeout)?;
        let shared = self.shared.clone();
        self.transactional()?.end(true, &shared)
    }

    fn abort(&mut self, timeout: Duration) -> Result<()> {
        self.transactional()?.check_open()?;
        self.shared.await_reachable("aborting a transaction", timeout)?;
        self.queue.clear();
        let shared = self.shared.clone();
        self.transactional()?.end(false, &shared)
    }

    fn start_commit(
        &mut self,
        offsets: &[(TopicPartition, CommittedOffset)],
        token: Option<&dyn CommitToken>,
        timeout: Duration,
        wake: Waker,
    ) -> Result<()> {
        let token = token.map(own_token).transpose()?.cloned();
        self.committing = Some(Committing { offsets: offsets.to_vec(), token, timeout });
        self.shared.faults.commit_begins(wake);
        Ok(())
    }

    fn commit_ended(&mut self, wait: Duration) -> Option<Result<(), CommitFailed>> {
        if self.committing.is_some() && !self.shared.faults.commit_may_end(wait) {
            return None;
        }
        let Committing { offsets, token, timeout } = self.committing.take()?;
        let flushed = self.flush(timeout).map_err(CommitFailed::NotFlushed);
        let added = flushed.and_then(|()| match &token {
            Some(token) => {
                let added = token.renewed().and_then(|token| self.send_offsets(&offsets, &*token, timeout));
                added.map_err(CommitFailed::Refused)
            }
            None => Ok(()),
        });
        Some(added.and_then(|()| self.commit(timeout).map_err(CommitFailed::Unknown)))
    }
}

fn own_token(token: &dyn CommitToken) -> Result<&EmbeddedToken> {
    let of_another = || Error::new(ErrorKind::Internal, "the commit token is of another cluster's group member");
    token.as_any().downcast_ref().ok_or_else(of_another)
}

//! What tests and examples do with a cluster without making clients.

use super::EmbeddedCluster;
use super::errors::{deleted_topic, rejected};
use super::log::{Compaction, Log, Read};
use super::partition::AppendError;
use crate::cluster::{CommittedOffset, NewTopic, ProduceRecord, RecordBatch};
use crate::partitioner::partition_for_key;
use crate::{Headers, Result, TopicPartition};
use std::collections::BTreeMap;

/// A record with bytes of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRecord {
    /// The partition.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Milliseconds since 1970; -1 when the record has none.
    pub timestamp: i64,
    /// Key bytes; `None` is Kafka's null.
    pub key: Option<Vec<u8>>,
    /// Value bytes; `None` is Kafka's null.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Headers,
}

impl EmbeddedCluster {
    /// Makes a topic with default configs. One that exists already is no error.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result {
        self.create_topic_with(name, partitions, &[])
    }

    /// Makes a topic with configs by Kafka's names. One that exists already is no error.
    pub fn create_topic_with(&self, name: &str, partitions: i32, configs: &[(&str, &str)]) -> Result {
        let configs: BTreeMap<_, _> = configs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        self.shared.topics.create(&NewTopic { name: name.to_string(), partitions, replication_factor: None, configs })?;
        self.shared.groups.topics_changed();
        Ok(())
    }

    /// The names of all topics, in order.
    pub fn topic_names(&self) -> Vec<String> {
        self.shared.topics.all().iter().map(|t| t.name.to_string()).collect()
    }

    /// Writes a record; its partition and offset. Without a partition, the key's as Java's producer computes it; without a key, 0.
    pub fn produce(
        &self,
        topic: &str,
        partition: Option<i32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
    ) -> Result<(i32, i64)> {
        self.produce_with_headers(topic, partition, key, value, timestamp, &Headers::new())
    }

    /// The same with headers.
    pub fn produce_with_headers(
        &self,
        topic: &str,
        partition: Option<i32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: &Headers,
    ) -> Result<(i32, i64)> {
        let count = self.shared.topics.get(topic)?.partitions.len() as i32;
        let number = partition.unwrap_or_else(|| key.map_or(0, |key| partition_for_key(key, count)));
        let partition = self.shared.topics.partition(&TopicPartition::new(topic, number))?;
        let record = ProduceRecord { key, value, timestamp, headers };
        partition.check(&record)?;
        match partition.append(None, &record, &*self.shared.options.clock) {
            Ok(offset) => Ok((number, offset)),
            Err(AppendError::Deleted | AppendError::Fenced) => Err(deleted_topic(&partition.id)),
        }
    }

    /// Every record of a partition from `from` on, those of open and aborted transactions included.
    pub fn read(&self, topic: &str, partition: i32, from: i64) -> Result<Vec<OwnedRecord>> {
        self.read_as(topic, partition, from, false)
    }

    /// Every record of a partition from `from` on that a read_committed reader sees.
    pub fn read_committed(&self, topic: &str, partition: i32, from: i64) -> Result<Vec<OwnedRecord>> {
        self.read_as(topic, partition, from, true)
    }

    /// Every record of all partitions that a read_committed reader sees, partition by partition.
    pub fn read_topic(&self, topic: &str) -> Result<Vec<OwnedRecord>> {
        let mut all = Vec::new();
        for partition in &self.shared.topics.get(topic)?.partitions {
            let start = partition.log()?.start();
            all.extend(self.read_committed(topic, partition.id.partition, start)?);
        }
        Ok(all)
    }

    fn read_as(&self, topic: &str, number: i32, from: i64, committed: bool) -> Result<Vec<OwnedRecord>> {
        let partition = self.shared.topics.partition(&TopicPartition::new(topic, number))?;
        let mut records = Vec::new();
        let mut next = from;
        loop {
            let found = partition.log()?.read(next, usize::MAX, committed);
            match found {
                Read::Nothing(_) => return Ok(records),
                Read::OutOfRange { start, end } => {
                    return Err(rejected(format!("offset {next} of partition {} is not in its log, {start} to {end}", partition.id)));
                }
                Read::Records(slice) => {
                    next = slice.next_offset();
                    records.extend((0..slice.len()).map(|i| owned(&slice, i, number)));
                }
            }
        }
    }

    /// The offset of the next record of a partition.
    pub fn end_offset(&self, topic: &str, partition: i32) -> Result<i64> {
        self.on_log(topic, partition, Log::end)
    }

    /// The last stable offset: where a read_committed reader has to stop.
    pub fn stable_offset(&self, topic: &str, partition: i32) -> Result<i64> {
        self.on_log(topic, partition, Log::stable_end)
    }

    /// Bytes of keys, values and headers that a topic holds.
    pub fn topic_bytes(&self, topic: &str) -> Result<usize> {
        self.shared.topics.get(topic)?.partitions.iter().map(|p| Ok(p.log()?.bytes())).sum()
    }

    fn on_log<T>(&self, topic: &str, partition: i32, ask: impl FnOnce(&Log) -> T) -> Result<T> {
        let partition = self.shared.topics.partition(&TopicPartition::new(topic, partition))?;
        let log = partition.log()?;
        Ok(ask(&log))
    }

    /// What a group has committed for a partition; transactions that are open do not count.
    pub fn committed_offset(&self, group: &str, topic: &str, partition: i32) -> Option<CommittedOffset> {
        self.shared.groups.get(group).offset(&TopicPartition::new(topic, partition))
    }

    /// Applies retention and compaction to every topic, as brokers do from time to time. `now`: the wall clock in milliseconds.
    pub fn maintain(&self, now: i64) {
        for topic in self.shared.topics.all() {
            let config = &topic.config;
            for partition in &topic.partitions {
                let Ok(mut log) = partition.log() else { continue };
                if config.compact {
                    log.compact(&Compaction {
                        before: if config.compaction_lag_ms > 0 { now.saturating_sub(config.compaction_lag_ms) } else { i64::MAX },
                        now,
                        delete_retention: config.delete_retention_ms,
                    });
                }
                if config.delete {
                    log.retain(config.retention_ms.map(|ms| now.saturating_sub(ms)), config.retention_bytes);
                }
            }
        }
        self.shared.transactions.expire(self.shared.now());
    }

    /// Cuts every client off, or lets them back: calls fail with `Unavailable` when their time is over, fetches return nothing, producers
    /// queue. It is the cluster that is away: afterwards nobody is thrown out of a group for having been silent.
    pub fn set_reachable(&self, reachable: bool) {
        if reachable {
            self.shared.groups.forgive(self.shared.now());
        }
        self.shared.faults.set_reachable(reachable);
        // What was written before the cut is news to readers that have not seen it.
        for topic in self.shared.topics.all().iter().filter(|_| reachable) {
            topic.partitions.iter().for_each(|p| p.notify());
        }
    }

    /// Lets the next `count` records that clients write to `topic` fail: `retriable` as if the cluster had not answered in time, otherwise
    /// as if it had refused them. 0 ends it.
    pub fn fail_produces(&self, topic: &str, count: usize, retriable: bool) {
        self.shared.faults.fail_produces(topic, count, retriable);
    }

    /// Lets the replies to the next `count` transaction commits get lost: the commit is done, and the producer is told `Unavailable`.
    pub fn lose_commit_replies(&self, count: usize) {
        self.shared.faults.lose_replies(count);
    }

    /// Keeps transactions from being committed, or lets them go on: as on a cluster that takes its time.
    pub fn hold_commits(&self, hold: bool) {
        self.shared.faults.hold_commits(hold);
    }

    /// How many commits have begun, and wait, since they are held.
    pub fn commits_held(&self) -> usize {
        self.shared.faults.commits_held()
    }
}

fn owned(batch: &dyn RecordBatch, index: usize, partition: i32) -> OwnedRecord {
    let record = batch.record(index);
    OwnedRecord {
        partition,
        offset: record.offset,
        timestamp: record.timestamp,
        key: record.key.map(<[u8]>::to_vec),
        value: record.value.map(<[u8]>::to_vec),
        headers: batch.headers(index),
    }
}

//! Records that wait for the cluster to come back.

use crate::cluster::{ProduceHandle, ProduceRecord};
use crate::{Error, Headers, TopicPartition, cluster::embedded::errors::timed_out};
use std::collections::VecDeque;
use std::time::Duration;

pub(super) struct Queue {
    records: VecDeque<Queued>,
    bytes: usize,
    limit: usize,
    delivery_timeout: Duration,
    max_block: Duration,
}

pub(super) struct Queued {
    pub topic: ProduceHandle,
    pub partition: i32,
    key: Option<Box<[u8]>>,
    value: Option<Box<[u8]>>,
    timestamp: i64,
    headers: Headers,
    size: usize,
    deadline: Duration,
}

impl Queue {
    pub(super) fn new(limit: usize, delivery_timeout: Duration, max_block: Duration) -> Self {
        Queue { records: VecDeque::new(), bytes: 0, limit, delivery_timeout, max_block }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn has_room(&self, size: usize) -> bool {
        self.records.is_empty() || self.bytes + size <= self.limit
    }

    pub(super) fn delivery_timeout(&self) -> Duration {
        self.delivery_timeout
    }

    pub(super) fn max_block(&self) -> Duration {
        self.max_block
    }

    pub(super) fn push(&mut self, topic: ProduceHandle, partition: i32, record: &ProduceRecord<'_>, size: usize, now: Duration) {
        self.bytes += size;
        self.records.push_back(Queued {
            topic,
            partition,
            key: record.key.map(Into::into),
            value: record.value.map(Into::into),
            timestamp: record.timestamp,
            headers: record.headers.clone(),
            size,
            deadline: now.saturating_add(self.delivery_timeout),
        });
    }

    pub(super) fn pop(&mut self) -> Option<Queued> {
        let next = self.records.pop_front()?;
        self.bytes -= next.size;
        Some(next)
    }

    pub(super) fn take_expired(&mut self, now: Duration) -> Option<Queued> {
        if self.records.front()?.deadline <= now { self.pop() } else { None }
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }
}

impl Queued {
    pub(super) fn record(&self) -> ProduceRecord<'_> {
        ProduceRecord { key: self.key.as_deref(), value: self.value.as_deref(), timestamp: self.timestamp, headers: &self.headers }
    }

    pub(super) fn timed_out(&self, partition: &TopicPartition, timeout: Duration) -> Error {
        timed_out(format!(
            "a record for partition {partition} could not be written within {} ms (`delivery.timeout.ms`): the cluster is unreachable",
            timeout.as_millis()
        ))
    }
}

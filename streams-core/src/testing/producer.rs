//! A producer that keeps what it is given.

use crate::cluster::{CommitFailed, CommitToken, CommittedOffset, DeliveryFailure, ProduceHandle, ProduceRecord, Producer, Waker};
use crate::task::{SharedProducer, ThreadProducer};
use crate::{Error, ErrorKind, Headers, Result, TopicPartition};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A record that was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub topic: Arc<str>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub timestamp: i64,
    pub headers: Headers,
}

/// What all topologies of a driver wrote and nobody took yet.
pub(super) type WrittenRecords = Arc<Mutex<VecDeque<Written>>>;

#[derive(Default)]
pub(super) struct CapturingProducer {
    topics: Vec<(Arc<str>, i64)>,
    by_name: HashMap<Arc<str>, u32>,
    /// `None` keeps nothing.
    written: Option<WrittenRecords>,
}

impl CapturingProducer {
    pub fn shared(written: &WrittenRecords) -> SharedProducer {
        ThreadProducer::shared(Box::new(CapturingProducer { written: Some(written.clone()), ..Default::default() }))
    }

    /// One that only counts offsets.
    pub fn discarding() -> SharedProducer {
        ThreadProducer::shared(Box::new(CapturingProducer::default()))
    }
}

/// Transactions have nothing to commit to here.
fn no_transactions() -> Result<()> {
    Err(Error::new(ErrorKind::Internal, "the test driver's producer has no transactions"))
}

impl Producer for CapturingProducer {
    fn topic(&mut self, name: &str) -> Result<ProduceHandle> {
        if let Some(&index) = self.by_name.get(name) {
            return Ok(ProduceHandle(index));
        }
        let (index, name): (u32, Arc<str>) = (self.topics.len() as u32, name.into());
        self.by_name.insert(name.clone(), index);
        self.topics.push((name, -1));
        Ok(ProduceHandle(index))
    }
    fn partitions(&self, _: ProduceHandle) -> i32 {
        1
    }
    fn send(&mut self, topic: ProduceHandle, _: i32, record: ProduceRecord<'_>) -> Result<()> {
        let (name, offset) = &mut self.topics[topic.0 as usize];
        *offset += 1;
        let Some(written) = &self.written else { return Ok(()) };
        written.lock().unwrap_or_else(PoisonError::into_inner).push_back(Written {
            topic: name.clone(),
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            timestamp: record.timestamp,
            headers: record.headers.clone(),
        });
        Ok(())
    }
    fn poll(&mut self) {}
    fn flush(&mut self, _: Duration) -> Result<()> {
        Ok(())
    }
    fn take_failures(&mut self) -> Vec<DeliveryFailure> {
        Vec::new()
    }
    fn acknowledged(&self, topic: ProduceHandle, _: i32) -> Option<i64> {
        Some(self.topics[topic.0 as usize].1).filter(|&offset| offset >= 0)
    }
    fn init_transactions(&mut self, _: Duration) -> Result<()> {
        no_transactions()
    }
    fn begin(&mut self) -> Result<()> {
        no_transactions()
    }
    fn send_offsets(&mut self, _: &[(TopicPartition, CommittedOffset)], _: &dyn CommitToken, _: Duration) -> Result<()> {
        no_transactions()
    }
    fn commit(&mut self, _: Duration) -> Result<()> {
        no_transactions()
    }
    fn abort(&mut self, _: Duration) -> Result<()> {
        no_transactions()
    }
    fn start_commit(&mut self, _: &[(TopicPartition, CommittedOffset)], _: Option<&dyn CommitToken>, _: Duration, _: Waker) -> Result<()> {
        no_transactions()
    }
    fn commit_ended(&mut self, _: Duration) -> Option<Result<(), CommitFailed>> {
        None
    }
}

//! The producer of tasks that write nothing: nothing follows the processor of a global store, and its store has no changelog.

use crate::cluster::{CommitFailed, CommitToken, CommittedOffset, DeliveryFailure, ProduceHandle, ProduceRecord, Producer, Waker};
use crate::{Error, ErrorKind, Result, TopicPartition};
use std::time::Duration;

pub(super) struct NoProducer;

#[cold]
fn nothing_is_written<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Internal, "the task of a global store was to write records"))
}

impl Producer for NoProducer {
    fn topic(&mut self, _: &str) -> Result<ProduceHandle> {
        nothing_is_written()
    }
    fn partitions(&self, _: ProduceHandle) -> i32 {
        0
    }
    fn send(&mut self, _: ProduceHandle, _: i32, _: ProduceRecord<'_>) -> Result<()> {
        nothing_is_written()
    }
    fn poll(&mut self) {}
    fn flush(&mut self, _: Duration) -> Result<()> {
        Ok(())
    }
    fn take_failures(&mut self) -> Vec<DeliveryFailure> {
        Vec::new()
    }
    fn acknowledged(&self, _: ProduceHandle, _: i32) -> Option<i64> {
        None
    }
    fn init_transactions(&mut self, _: Duration) -> Result<()> {
        nothing_is_written()
    }
    fn begin(&mut self) -> Result<()> {
        nothing_is_written()
    }
    fn send_offsets(&mut self, _: &[(TopicPartition, CommittedOffset)], _: &dyn CommitToken, _: Duration) -> Result<()> {
        nothing_is_written()
    }
    fn commit(&mut self, _: Duration) -> Result<()> {
        nothing_is_written()
    }
    fn abort(&mut self, _: Duration) -> Result<()> {
        nothing_is_written()
    }
    fn start_commit(&mut self, _: &[(TopicPartition, CommittedOffset)], _: Option<&dyn CommitToken>, _: Duration, _: Waker) -> Result<()> {
        nothing_is_written()
    }
    fn commit_ended(&mut self, _: Duration) -> Option<Result<(), CommitFailed>> {
        None
    }
}

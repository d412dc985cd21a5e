//! Reading partitions: straight from their logs, nothing is queued in between.

use super::Shared;
use super::errors::not_in_state;
use super::log::Read;
use super::partition::Partition;
use super::signal::Signal;
use crate::cluster::{FetchHandle, Fetcher, RecordBatch, Waker};
use crate::{Error, ErrorKind, Result, TopicPartition};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct EmbeddedFetcher {
    shared: Arc<Shared>,
    committed: bool,
    signal: Arc<Signal>,
    /// By handle; a removed one leaves a hole that the next `add` fills.
    readers: Vec<Option<Reader>>,
}

struct Reader {
    partition: Arc<Partition>,
    next: i64,
    known_end: Option<i64>,
}

impl EmbeddedFetcher {
    pub(super) fn new(shared: Arc<Shared>, committed: bool) -> Self {
        EmbeddedFetcher { shared, committed, signal: Arc::default(), readers: Vec::new() }
    }

    fn reader(&mut self, handle: FetchHandle) -> Result<&mut Reader> {
        self.readers.get_mut(handle.0 as usize).and_then(Option::as_mut).ok_or_else(|| removed(handle))
    }
}

impl Fetcher for EmbeddedFetcher {
    fn add(&mut self, partition: &TopicPartition, offset: i64) -> Result<FetchHandle> {
        let partition = self.shared.topics.partition(partition)?;
        partition.watch(&self.signal);
        self.signal.raise();
        let reader = Some(Reader { partition, next: offset, known_end: None });
        let at = match self.readers.iter().position(Option::is_none) {
            Some(free) => {
                self.readers[free] = reader;
                free
            }
            None => {
                self.readers.push(reader);
                self.readers.len() - 1
            }
        };
        Ok(FetchHandle(at as u32))
    }

    fn remove(&mut self, handle: FetchHandle) -> Result<()> {
        let reader = self.readers.get_mut(handle.0 as usize).and_then(Option::take).ok_or_else(|| removed(handle))?;
        reader.partition.unwatch(&self.signal);
        Ok(())
    }

    fn seek(&mut self, handle: FetchHandle, offset: i64) -> Result<()> {
        self.reader(handle)?.next = offset;
        self.signal.raise();
        Ok(())
    }

    fn fetch(&mut self, handle: FetchHandle, max: usize) -> Result<Option<Box<dyn RecordBatch>>> {
        let committed = self.committed;
        let reader = self.readers.get_mut(handle.0 as usize).and_then(Option::as_mut).ok_or_else(|| removed(handle))?;
        if !self.shared.faults.reachable() {
            return Ok(None);
        }
        let mut log = reader.partition.log()?;
        if committed && log.stable_end() < log.end() && log.stable_end() <= reader.next {
            // Somebody's transaction is in the way, and its time may be over.
            drop(log);
            self.shared.transactions.expire(self.shared.now());
            log = reader.partition.log()?;
        }
        let end = log.end();
        reader.known_end = Some(end);
        match log.read(reader.next, max, committed) {
            Read::Nothing(position) => {
                reader.next = reader.next.max(position);
                Ok(None)
            }
            Read::OutOfRange { start, end } => Err(Error::new(
                ErrorKind::Corrupted,
                format!(
                    "offset {} of partition {} is not in the log, which spans {start} to {end}: records were deleted, or the topic was made \
                     anew",
                    reader.next, reader.partition.id
                ),
            )),
            Read::Records(slice) => {
                drop(log);
                reader.next = slice.next_offset();
                if reader.next < end {
                    self.signal.raise();
                }
                Ok(Some(Box::new(slice)))
            }
        }
    }

    fn wait(&mut self, timeout: Duration) {
        if self.shared.options.blocking {
            self.signal.wait(timeout);
        }
    }

    fn waker(&self) -> Waker {
        let signal = self.signal.clone();
        Arc::new(move || signal.raise())
    }

    fn position(&mut self, handle: FetchHandle) -> Result<i64> {
        let committed = self.committed;
        let reader = self.reader(handle)?;
        // Remembered, so that deleting what lies before the position does not put this reader out of range.
        reader.next = reader.partition.log()?.position(reader.next, committed);
        Ok(reader.next)
    }

    fn known_end(&mut self, handle: FetchHandle) -> Option<i64> {
        self.reader(handle).ok()?.known_end
    }
}

impl Drop for EmbeddedFetcher {
    fn drop(&mut self) {
        for reader in self.readers.drain(..).flatten() {
            reader.partition.unwatch(&self.signal);
        }
    }
}

#[cold]
fn removed(handle: FetchHandle) -> Error {
    not_in_state(format!("fetch handle {} was removed: add the partition again", handle.0))
}

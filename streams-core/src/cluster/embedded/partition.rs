//! A partition: its log behind its own lock, and who wants to know when it grows.

use super::config::TopicConfig;
use super::errors::{deleted_topic, rejected};
use super::log::{FencedWriter, Identity, Log, record_size};
use super::signal::Signal;
use crate::cluster::ProduceRecord;
use crate::time::Clock;
use crate::{Error, Result, TopicPartition};
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use std::sync::Arc;

pub(super) struct Partition {
    pub id: TopicPartition,
    pub config: Arc<TopicConfig>,
    state: Mutex<State>,
}

struct State {
    log: Log,
    watchers: Vec<Arc<Signal>>,
    deleted: bool,
}

/// Why a record was not appended.
pub(super) enum AppendError {
    /// The topic is gone.
    Deleted,
    /// The writer's epoch is over.
    Fenced,
}

impl Partition {
    pub(super) fn new(id: TopicPartition, config: Arc<TopicConfig>) -> Self {
        Partition { id, config, state: Mutex::new(State { log: Log::new(), watchers: Vec::new(), deleted: false }) }
    }

    /// What a broker refuses before it looks at the log.
    #[inline]
    pub(super) fn check(&self, record: &ProduceRecord<'_>) -> Result {
        let size = record_size(record);
        if size > self.config.max_message_bytes || (self.config.compact && record.key.is_none()) {
            return Err(self.refusal(record, size));
        }
        Ok(())
    }

    #[cold]
    fn refusal(&self, record: &ProduceRecord<'_>, size: usize) -> Error {
        let limit = self.config.max_message_bytes;
        if size > limit {
            return rejected(format!(
                "a record of {size} bytes is too large for topic `{}`, which takes at most {limit}: raise its config `max.message.bytes`, \
                 or write less",
                self.id.topic
            ));
        }
        debug_assert!(record.key.is_none());
        rejected(format!("topic `{}` is compacted, so a record without a key cannot be kept: give it a key", self.id.topic))
    }

    /// Appends a checked record and wakes readers; its offset. `writer`: the transaction it belongs to.
    #[inline]
    pub(super) fn append(&self, writer: Option<Identity>, record: &ProduceRecord<'_>, clock: &dyn Clock) -> Result<i64, AppendError> {
        let timestamp = if self.config.log_append_time { clock.now_ms() } else { record.timestamp };
        let mut state = self.state.lock();
        if state.deleted {
            return Err(AppendError::Deleted);
        }
        let offset = match writer {
            None => state.log.append(timestamp, record),
            Some(writer) => match state.log.append_transactional(writer, timestamp, record) {
                Ok(offset) => offset,
                Err(FencedWriter) => return Err(AppendError::Fenced),
            },
        };
        state.notify();
        Ok(offset)
    }

    /// Appends many records under one lock; `append` is called with a function that appends one.
    pub(super) fn append_many(&self, append: impl FnOnce(&mut dyn FnMut(&ProduceRecord<'_>))) -> Result {
        let mut state = self.state.lock();
        if state.deleted {
            return Err(deleted_topic(&self.id));
        }
        append(&mut |record| {
            state.log.append(record.timestamp, record);
        });
        state.notify();
        Ok(())
    }

    /// Ends a transaction here.
    pub(super) fn write_marker(&self, writer: Identity, commit: bool) {
        let mut state = self.state.lock();
        state.log.write_marker(writer, commit);
        state.notify();
    }

    /// The log; an error when the topic was deleted.
    pub(super) fn log(&self) -> Result<MappedMutexGuard<'_, Log>> {
        let state = self.state.lock();
        if state.deleted {
            return Err(deleted_topic(&self.id));
        }
        Ok(MutexGuard::map(state, |s| &mut s.log))
    }

    /// From now on `signal` is raised when there is something new.
    pub(super) fn watch(&self, signal: &Arc<Signal>) {
        self.state.lock().watchers.push(signal.clone());
    }

    pub(super) fn unwatch(&self, signal: &Arc<Signal>) {
        let mut state = self.state.lock();
        if let Some(at) = state.watchers.iter().position(|w| Arc::ptr_eq(w, signal)) {
            state.watchers.swap_remove(at);
        }
    }

    /// Lets every reader look again.
    pub(super) fn notify(&self) {
        self.state.lock().notify();
    }

    /// Drops the records; whoever still has this partition is told that it is gone.
    pub(super) fn delete(&self) {
        let mut state = self.state.lock();
        state.deleted = true;
        state.log = Log::new();
        state.notify();
    }
}

impl State {
    #[inline]
    fn notify(&self) {
        for watcher in &self.watchers {
            watcher.raise();
        }
    }
}

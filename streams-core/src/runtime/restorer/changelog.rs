//! One changelog partition, or input in its place, read into one store.

use super::Parts;
use super::search::Search;
use super::source::{Range, SourceRow, SourceRows};
use crate::cluster::{FetchHandle, Fetcher, RecordBatch};
use crate::metrics::RestoreMetrics;
use crate::runtime::listener::{RestoreEvent, RestoreListener, tell};
use crate::{Error, ErrorKind, Headers, Result, TopicPartition};
use std::sync::Arc;
use std::time::Instant;
use streams_state::store::{ChangelogRecord, StateStore};

/// Records taken from the reader in one go.
const BATCH: usize = 4_000;
/// Which part of a restore may be lost by a crash, at most.
const SETTLED_IN: i64 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Nothing,
    Something,
    /// The store was wiped; the log has to be planned anew.
    Wiped,
}

pub(super) struct Changelog {
    /// Index of the store in its task.
    pub store: usize,
    partition: TopicPartition,
    handle: Option<FetchHandle>,
    /// Where to go on reading.
    next: i64,
    /// The end of the log when the restore began, uncommitted records included; of an input, what was committed. Compared with positions: the
    /// last records before it may be transaction markers, so "last offset + 1" need never reach it.
    end: i64,
    /// How an input is read.
    source: Option<SourceRows>,
    /// While it looks for where to begin.
    search: Option<Search>,
    /// How many offsets the store's engine may be behind.
    stretch: i64,
    restored: u64,
    /// Where it stood when it was last asked whether it gets on.
    stood_at: i64,
    metrics: Arc<RestoreMetrics>,
    done: bool,
}

impl Changelog {
    /// Decides where to begin: behind what the store has, or at the log's beginning. A log that lasts and in which nothing was ever written is
    /// not the one that the store comes from.
    #[allow(clippy::too_many_arguments)]
    pub fn begin(
        index: usize,
        partition: TopicPartition,
        source: Option<SourceRows>,
        store: &mut dyn StateStore,
        Range { earliest, end, limit }: Range,
        lasts: bool,
        metrics: Arc<RestoreMetrics>,
        listener: Option<&RestoreListener>,
    ) -> Result<Self> {
        let next = match store.committed_offset() {
            Some(offset) if (earliest..=end).contains(&(offset + 1)) => offset + 1,
            // the input's beginning was deleted, and nothing of it is needed
            Some(offset) if source.is_some() && (limit..=end).contains(&(offset + 1)) => offset + 1,
            Some(offset) if lasts && end == 0 && source.is_none() => {
                return Err(Error::new(
                    ErrorKind::Topology,
                    format!(
                        "changelog {partition} is empty, and store {} on this machine stands at its offset {offset}: the topic was deleted and \
                         made again, or this is another cluster. Without the changelog no other instance has this state. Bring the topic's records \
                         back; or delete the task's directory in `state.dir`, and the store begins with nothing",
                        store.name()
                    ),
                ));
            }
            Some(offset) => {
                let why = match offset + 1 > end {
                    true => "beyond the changelog's end (was the topic deleted and made again?)",
                    false => "before the changelog's beginning (its records were deleted meanwhile)",
                };
                tracing::warn!(
                    target: "streams::restore",
                    "store {} stands at offset {offset} of {partition}, which is {why}: it has offsets {earliest} to {end}; \
                     the store is wiped and restored from the beginning",
                    store.name()
                );
                store.wipe()?;
                earliest
            }
            None => {
                if store.approximate_num_entries() > 0 {
                    tracing::warn!(
                        target: "streams::restore",
                        "store {} has rows and does not know their offset in {partition}; it is wiped and restored from the beginning",
                        store.name()
                    );
                    store.wipe()?;
                }
                earliest
            }
        };
        let end = limit;
        // keys of an input need not be those of the store
        let search = if source.is_none() { Search::of(store, next, end) } else { None };
        metrics.remaining.set((end - next).max(0));
        let mut log = Changelog {
            store: index,
            partition,
            handle: None,
            next: search.as_ref().map_or(next, Search::from),
            end,
            source,
            search,
            stretch: 0,
            restored: 0,
            stood_at: next,
            metrics,
            done: next >= end,
        };
        if log.search.is_none() {
            log.start_at(next, store, listener);
        }
        if log.done {
            tell(listener, &RestoreEvent::End { changelog: &log.partition, store: store.name(), total: 0 });
        }
        Ok(log)
    }

    /// It is known where to begin.
    fn start_at(&mut self, next: i64, store: &dyn StateStore, listener: Option<&RestoreListener>) {
        (self.next, self.search, self.stretch) = (next, None, (self.end - next) / SETTLED_IN);
        self.metrics.remaining.set(self.remaining());
        tell(listener, &RestoreEvent::Start { changelog: &self.partition, store: store.name(), start: next, end: self.end });
    }

    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    pub fn restored(&self) -> u64 {
        self.restored
    }

    /// Offsets still to be read; markers count, too.
    pub fn remaining(&self) -> i64 {
        (self.end - self.next).max(0)
    }

    /// The offset that it has not got beyond since the last call, if it is reading at all.
    pub fn stands_still(&mut self) -> Option<i64> {
        let before = std::mem::replace(&mut self.stood_at, self.next);
        (self.is_reading() && before == self.next).then_some(self.next)
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    pub fn is_reading(&self) -> bool {
        self.handle.is_some()
    }

    /// Applies one batch if there is one. Takes one of `room` when it begins to read, and lets the store hold back `hold` bytes.
    pub fn step(
        &mut self,
        store: &mut dyn StateStore,
        fetcher: &mut dyn Fetcher,
        room: &mut usize,
        hold: usize,
        parts: &Parts,
    ) -> Result<Read> {
        if self.done {
            return Ok(Read::Nothing);
        }
        let listener = parts.listener.as_ref();
        let handle = match self.handle {
            Some(handle) => handle,
            None if *room == 0 => return Ok(Read::Nothing),
            None => {
                *room -= 1;
                *self.handle.insert(fetcher.add(&self.partition, self.next)?)
            }
        };
        let read = match &self.search {
            Some(_) => self.search_on(handle, store, fetcher, parts),
            None => self.advance(handle, store, fetcher, hold, listener),
        };
        match read {
            Ok(read) => {
                if self.next >= self.end {
                    fetcher.remove(handle)?;
                    (self.handle, self.done) = (None, true);
                    tell(listener, &RestoreEvent::End { changelog: &self.partition, store: store.name(), total: self.restored });
                    return Ok(Read::Something);
                }
                Ok(read)
            }
            // the offset is no longer in the log, or the store's files are damaged: both are cured by beginning anew
            Err(error) if error.kind() == ErrorKind::Corrupted => {
                tracing::warn!(
                    target: "streams::restore",
                    "store {} at offset {} of {}: {error}; it is wiped and restored from the beginning",
                    store.name(), self.next, self.partition
                );
                store.wipe()?;
                Ok(Read::Wiped)
            }
            Err(error) => Err(error.at(format!("store {}, changelog {}, offset {}", store.name(), self.partition, self.next))),
        }
    }

    /// Looks for where to begin, at the end of the log.
    fn search_on(&mut self, handle: FetchHandle, store: &dyn StateStore, fetcher: &mut dyn Fetcher, parts: &Parts) -> Result<Read> {
        let Some(search) = &mut self.search else { return Ok(Read::Nothing) };
        let batch = fetcher.fetch(handle, BATCH)?;
        if let Some(batch) = &batch {
            search.look_at(&**batch);
        }
        let position = fetcher.position(handle)?;
        if position >= self.end {
            let start = search.found(&self.partition, &*parts.admin)?;
            fetcher.seek(handle, start)?;
            self.start_at(start, store, parts.listener.as_ref());
        } else if position > self.next {
            self.next = position;
        } else {
            return Ok(Read::Nothing);
        }
        Ok(Read::Something)
    }

    fn advance(
        &mut self,
        handle: FetchHandle,
        store: &mut dyn StateStore,
        fetcher: &mut dyn Fetcher,
        hold: usize,
        listener: Option<&RestoreListener>,
    ) -> Result<Read> {
        let Some(batch) = fetcher.fetch(handle, BATCH)? else {
            let position = fetcher.position(handle)?;
            if position <= self.next {
                return Ok(Read::Nothing);
            }
            // nothing but markers and aborted records: the store need not read them again
            let position = if self.source.is_some() { position.min(self.end) } else { position };
            store.restore(&mut std::iter::empty(), position)?;
            self.next = position;
            self.settle(store, hold)?;
            return Ok(Read::Something);
        };
        let count = match self.source {
            Some(_) => (0..batch.len()).take_while(|index| batch.record(*index).offset < self.end).count(),
            None => batch.len(),
        };
        // what lies beyond what was committed is left to the task
        let after = if count < batch.len() { self.end } else { batch.record(count - 1).offset + 1 };
        // further when markers follow and nothing is queued behind them
        let next = fetcher.position(handle)?.max(after);
        let next = if self.source.is_some() { next.min(self.end) } else { next };
        let begun = Instant::now();
        self.apply(&*batch, count, store, after)?;
        if next > after {
            store.restore(&mut std::iter::empty(), next)?;
        }
        self.next = next;
        self.settle(store, hold)?;
        self.metrics.time.add(begun.elapsed());
        self.restored += count as u64;
        self.metrics.records.add(count as u64);
        self.metrics.remaining.set(self.remaining());
        let event = RestoreEvent::Batch { changelog: &self.partition, store: store.name(), end_offset: after - 1, records: count as u64 };
        tell(listener, &event);
        Ok(Read::Something)
    }

    /// Takes what the store holds back to its engine, if that is enough or all.
    fn settle(&self, store: &mut dyn StateStore, hold: usize) -> Result<()> {
        let settled = store.committed_offset().map_or(0, |offset| offset + 1);
        if self.next >= self.end || self.next - settled >= self.stretch || store.uncommitted_bytes() > hold {
            store.settle()?;
        }
        Ok(())
    }

    /// Applies the first `count` records.
    fn apply(&mut self, batch: &dyn RecordBatch, count: usize, store: &mut dyn StateStore, next: i64) -> Result<()> {
        let headers: Vec<Headers> = (0..count).map(|index| batch.headers(index)).collect();
        if let Some(source) = &mut self.source {
            let rows = headers.iter().enumerate().filter_map(|(index, headers)| source.row(&self.partition, &batch.record(index), headers));
            let rows: Vec<SourceRow<'_>> = rows.collect();
            let mut records = rows.iter().map(|row| ChangelogRecord {
                key: &row.key,
                value: row.value.as_deref(),
                timestamp: row.timestamp,
                offset: row.offset,
                headers: row.headers,
            });
            store.restore(&mut records, next)?;
            return Ok(());
        }
        if let Some(bad) = (0..batch.len()).map(|index| batch.record(index)).find(|record| record.key.is_none()) {
            return Err(Error::new(
                ErrorKind::Rejected,
                format!(
                    "the changelog record at offset {} of {} has no key: somebody else wrote to the topic; reset the application or remove the record",
                    bad.offset, self.partition
                ),
            ));
        }
        let mut records = headers.iter().enumerate().map(|(index, headers)| {
            let record = batch.record(index);
            ChangelogRecord {
                key: record.key.unwrap_or_default(),
                value: record.value,
                timestamp: record.timestamp,
                offset: record.offset,
                headers,
            }
        });
        store.restore(&mut records, next)?;
        Ok(())
    }

    /// Stops reading before the end.
    pub fn suspend(&mut self, store: &mut dyn StateStore, fetcher: &mut dyn Fetcher, listener: Option<&RestoreListener>) {
        if let Some(handle) = self.handle.take() {
            if let Err(error) = store.settle() {
                tracing::warn!(target: "streams::restore", "{}: {error}; its last records are read again next time", self.partition);
                store.abort();
            }
            if let Err(error) = fetcher.remove(handle) {
                tracing::debug!(target: "streams::restore", "{}: {error}", self.partition);
            }
            if self.search.is_none() {
                tell(listener, &RestoreEvent::Suspended { changelog: &self.partition, store: store.name(), total: self.restored });
            }
        }
    }
}

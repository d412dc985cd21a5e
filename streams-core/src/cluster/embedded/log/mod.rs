//! The log of one partition: append, read, truncate. No I/O, no clock, no waiting; the caller holds the partition's lock.

mod batch;
mod chunk;
mod maintain;
mod transactions;

pub(super) use batch::Slice;
pub(super) use chunk::{Chunk, record_size};
pub(super) use maintain::Compaction;
pub(super) use transactions::{FencedWriter, Identity};

use crate::cluster::ProduceRecord;
use std::collections::VecDeque;
use std::sync::Arc;
use transactions::Transactions;

/// A tail below this many bytes is merged into its predecessor instead of becoming a chunk, so that a reader who keeps pace with the
/// writer does not leave a chunk per record.
const SMALL_BYTES: usize = 16 * 1024;

/// What a read at an offset finds.
pub(super) enum Read {
    /// Records, from the first that is visible.
    Records(Slice),
    /// Nothing up to this offset: the next read may start there.
    Nothing(i64),
    /// The log has no such offset: it spans `start..=end`.
    OutOfRange { start: i64, end: i64 },
}

/// The log of a partition.
///
/// Records lie in sealed chunks, shared with their readers, and one tail that only the writer sees. A read that reaches into the tail
/// seals it: no copy, no lock while the records are used.
pub(super) struct Log {
    start: i64,
    end: i64,
    sealed: VecDeque<Arc<Chunk>>,
    tail: Chunk,
    transactions: Transactions,
}

impl Log {
    /// An empty log; its first offset is 0.
    pub(super) fn new() -> Self {
        Log { start: 0, end: 0, sealed: VecDeque::new(), tail: Chunk::new(0, 0), transactions: Transactions::default() }
    }

    /// The first offset that may be read.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// The offset of the next record.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// The last stable offset: everything before it is decided. Deleting the first records of an open transaction does not decide it.
    pub(super) fn stable_end(&self) -> i64 {
        self.transactions.stable_end(self.end).max(self.start)
    }

    /// Bytes of keys, values and headers that are held.
    pub(super) fn bytes(&self) -> usize {
        self.sealed.iter().map(|c| c.size()).sum::<usize>() + self.tail.size()
    }

    /// Appends a record that is committed at once; its offset.
    #[inline]
    pub(super) fn append(&mut self, timestamp: i64, record: &ProduceRecord<'_>) -> i64 {
        let offset = self.end;
        let size = record_size(record);
        if !self.tail.has_room(size, offset) {
            self.seal();
        }
        self.tail.push(offset, timestamp, record);
        self.end = offset + 1;
        offset
    }

    /// Appends a record that waits for its producer's commit; its offset.
    pub(super) fn append_transactional(
        &mut self,
        writer: Identity,
        timestamp: i64,
        record: &ProduceRecord<'_>,
    ) -> Result<i64, FencedWriter> {
        self.transactions.wrote(writer, self.end)?;
        Ok(self.append(timestamp, record))
    }

    /// Writes the marker that ends a producer's transaction; it takes an offset.
    pub(super) fn write_marker(&mut self, writer: Identity, commit: bool) {
        self.transactions.settle(writer, commit);
        self.end += 1;
    }

    /// Up to `max` records from the first visible one at or after `from`.
    pub(super) fn read(&mut self, from: i64, max: usize, committed: bool) -> Read {
        if from < self.start || from > self.end {
            return Read::OutOfRange { start: self.start, end: self.end };
        }
        let limit = if committed { self.stable_end() } else { self.end };
        let mut from = from;
        loop {
            if from >= limit {
                return Read::Nothing(from);
            }
            if !self.tail.is_empty() && from > self.last_sealed() && from <= self.tail.last_offset() {
                self.seal();
            }
            let at = self.sealed.partition_point(|c| c.last_offset() < from);
            let Some(chunk) = self.sealed.get(at) else { return Read::Nothing(limit) };
            let first = chunk.index_of(from);
            let offset = chunk.offset(first);
            if offset >= limit {
                return Read::Nothing(limit);
            }
            let mut stop = limit;
            if committed {
                if let Some(end) = self.transactions.end_of_aborted(offset) {
                    from = end;
                    continue;
                }
                stop = self.transactions.next_aborted(offset, limit);
            }
            let last = chunk.index_of(stop).min(first.saturating_add(max.max(1)));
            return Read::Records(Slice::new(chunk.clone(), first..last));
        }
    }

    /// Where a reader stands that was handed everything before `next`: behind what is not data, if no data follows.
    pub(super) fn position(&mut self, next: i64, committed: bool) -> i64 {
        match self.read(next, 1, committed) {
            Read::Nothing(position) => position.max(next),
            _ => next,
        }
    }

    /// The first offset at or after `time`; the end when there is none.
    pub(super) fn offset_for_time(&self, time: i64) -> i64 {
        for chunk in self.chunks().filter(|c| c.max_timestamp() >= time) {
            let found = (chunk.index_of(self.start)..chunk.len()).find(|i| chunk.timestamp(*i) >= time);
            if let Some(index) = found {
                return chunk.offset(index);
            }
        }
        self.end
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.sealed.iter().map(|c| &**c).chain((!self.tail.is_empty()).then_some(&self.tail))
    }

    fn last_sealed(&self) -> i64 {
        self.sealed.back().map_or(-1, |c| c.last_offset())
    }

    /// Makes the tail readable and begins a new one.
    fn seal(&mut self) {
        if self.tail.size() <= SMALL_BYTES
            && let Some(last) = self.sealed.back_mut().and_then(Arc::get_mut)
            && last.has_room_for(&self.tail)
        {
            last.copy_from(&self.tail, 0..self.tail.len());
            self.tail.reset(self.end);
            return;
        }
        self.merge_small();
        let room = if self.tail.size() > SMALL_BYTES { self.tail.size().next_power_of_two() } else { 0 };
        let tail = std::mem::replace(&mut self.tail, Chunk::new(self.end, room));
        self.sealed.push_back(Arc::new(tail));
    }

    /// Joins the last sealed chunk to the one before when it is small and no reader holds that one.
    fn merge_small(&mut self) {
        let Some(at) = self.sealed.len().checked_sub(2) else { return };
        let last = self.sealed[at + 1].clone();
        if last.size() <= SMALL_BYTES
            && let Some(before) = Arc::get_mut(&mut self.sealed[at])
            && before.has_room_for(&last)
        {
            before.copy_from(&last, 0..last.len());
            self.sealed.pop_back();
        }
    }
}

#[cfg(test)]
mod tests;

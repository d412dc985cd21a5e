//! What makes a log shorter: records deleted on request, retention, compaction.

use super::{Chunk, Log};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How to compact.
pub(in crate::cluster::embedded) struct Compaction {
    /// Records younger than this time (their timestamp, in milliseconds) stay as they are.
    pub before: i64,
    /// The wall clock, in milliseconds.
    pub now: i64,
    /// How long a tombstone stays after the first compaction, in milliseconds.
    pub delete_retention: i64,
}

impl Log {
    /// Drops the records before `offset`; the first offset afterwards.
    pub(in crate::cluster::embedded) fn delete_before(&mut self, offset: i64) -> i64 {
        self.start = self.start.max(offset.min(self.end));
        while self.sealed.front().is_some_and(|c| c.last_offset() < self.start) {
            self.sealed.pop_front();
        }
        if !self.tail.is_empty() && self.tail.last_offset() < self.start {
            self.tail.reset(self.end);
        }
        self.transactions.forget_before(self.start);
        self.start
    }

    /// Drops the oldest records as long as they are older than `oldest` (their timestamp), or the log holds more than `bytes`.
    pub(in crate::cluster::embedded) fn retain(&mut self, oldest: Option<i64>, bytes: Option<usize>) {
        let limit = self.stable_end();
        if let Some(oldest) = oldest {
            let mut keep = limit;
            let _ = self.each_before(limit, |chunk, index| {
                if chunk.timestamp(index) < oldest {
                    return ControlFlow::Continue(());
                }
                keep = chunk.offset(index);
                ControlFlow::Break(())
            });
            self.delete_before(keep);
        }
        if let Some(bytes) = bytes {
            let mut held = self.bytes();
            let mut keep = self.start;
            for chunk in self.chunks() {
                if held <= bytes || chunk.last_offset() >= limit {
                    break;
                }
                held -= chunk.size();
                keep = chunk.last_offset() + 1;
            }
            self.delete_before(keep);
        }
    }

    /// Keeps the last record of each key; offsets stay. Aborted records go, tombstones go when their time is over, undecided records and
    /// the last record of the log stay.
    pub(in crate::cluster::embedded) fn compact(&mut self, how: &Compaction) {
        let mut limit = self.stable_end().min(self.chunks().last().map_or(0, Chunk::last_offset));
        let mut last: HashMap<Vec<u8>, i64> = HashMap::new();
        let mut young = None;
        let _ = self.each_before(limit, |chunk, index| {
            let offset = chunk.offset(index);
            if chunk.timestamp(index) >= how.before {
                young = Some(offset);
                return ControlFlow::Break(());
            }
            if self.transactions.end_of_aborted(offset).is_none()
                && let Some(key) = chunk.key(index)
            {
                match last.get_mut(key) {
                    Some(known) => *known = offset,
                    None => drop(last.insert(key.to_vec(), offset)),
                }
            }
            ControlFlow::Continue(())
        });
        limit = young.unwrap_or(limit);
        if !self.tail.is_empty() {
            self.seal();
        }
        let mut kept: VecDeque<Arc<Chunk>> = VecDeque::with_capacity(self.sealed.len());
        for chunk in std::mem::take(&mut self.sealed) {
            if chunk.base() >= limit {
                kept.push_back(chunk);
                continue;
            }
            let expired = chunk.horizon.is_some_and(|horizon| horizon <= how.now);
            let keeps = |index: usize| {
                let offset = chunk.offset(index);
                offset >= limit
                    || (offset >= self.start
                        && self.transactions.end_of_aborted(offset).is_none()
                        && chunk.key(index).is_some_and(|key| last.get(key) == Some(&offset))
                        && !(expired && chunk.is_tombstone(index)))
            };
            let mut copy = Chunk::new(chunk.base(), 0);
            copy.copy_from(&chunk, (0..chunk.len()).filter(|i| keeps(*i)));
            copy.horizon = chunk.horizon.or_else(|| Some(how.now.saturating_add(how.delete_retention)));
            copy.shrink();
            match kept.back_mut().and_then(Arc::get_mut) {
                _ if copy.is_empty() => {}
                Some(before) if before.has_room_for(&copy) => before.copy_from(&copy, 0..copy.len()),
                _ => kept.push_back(Arc::new(copy)),
            }
        }
        self.sealed = kept;
        self.transactions.forget_before(limit);
    }

    /// Calls `visit` with each record that may be read and lies before `limit`, in order.
    fn each_before(&self, limit: i64, mut visit: impl FnMut(&Chunk, usize) -> ControlFlow<()>) -> ControlFlow<()> {
        for chunk in self.chunks() {
            for index in chunk.index_of(self.start)..chunk.index_of(limit) {
                visit(chunk, index)?;
            }
        }
        ControlFlow::Continue(())
    }
}

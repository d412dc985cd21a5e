//! What transactions leave in one partition: which records are not decided yet, which were aborted, who may still write.

use hashbrown::HashMap;
use std::ops::Range;

/// A transactional producer in one of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster::embedded) struct Identity {
    pub id: i64,
    pub epoch: i32,
}

/// The writer's epoch is over.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cluster::embedded) struct FencedWriter;

/// Records that one producer has written and not yet committed or aborted.
struct Open {
    writer: Identity,
    runs: Vec<Range<i64>>,
}

#[derive(Default)]
pub(super) struct Transactions {
    /// Few: one per producer that is within a transaction on this partition.
    open: Vec<Open>,
    /// Sorted, apart from each other.
    aborted: Vec<Range<i64>>,
    /// The epoch that a producer has here since its last marker.
    epochs: HashMap<i64, i32>,
}

impl Transactions {
    /// Notes that `writer` wrote `offset`.
    pub(super) fn wrote(&mut self, writer: Identity, offset: i64) -> Result<(), FencedWriter> {
        if let Some(open) = self.open.iter_mut().find(|o| o.writer.id == writer.id) {
            if open.writer != writer {
                return Err(FencedWriter);
            }
            match open.runs.last_mut() {
                Some(run) if run.end == offset => run.end += 1,
                _ => open.runs.push(offset..offset + 1),
            }
            return Ok(());
        }
        if self.epochs.get(&writer.id).is_some_and(|epoch| *epoch > writer.epoch) {
            return Err(FencedWriter);
        }
        self.open.push(Open { writer, runs: std::iter::once(offset..offset + 1).collect() });
        Ok(())
    }

    /// Ends the transaction of a producer; from now on only `writer`'s epoch and later ones may write.
    pub(super) fn settle(&mut self, writer: Identity, commit: bool) {
        self.epochs.insert(writer.id, writer.epoch);
        let Some(at) = self.open.iter().position(|o| o.writer.id == writer.id) else { return };
        let open = self.open.swap_remove(at);
        if !commit {
            self.aborted.extend(open.runs);
            self.aborted.sort_unstable_by_key(|r| r.start);
            self.aborted.dedup_by(|next, kept| {
                let touches = next.start == kept.end;
                if touches {
                    kept.end = next.end;
                }
                touches
            });
        }
    }

    /// The first offset that is not decided yet; `end` when all are.
    pub(super) fn stable_end(&self, end: i64) -> i64 {
        self.open.iter().filter_map(|o| o.runs.first()).map(|r| r.start).min().unwrap_or(end)
    }

    /// Where the aborted run that holds `offset` ends.
    pub(super) fn end_of_aborted(&self, offset: i64) -> Option<i64> {
        let after = self.aborted.partition_point(|r| r.start <= offset);
        self.aborted[..after].last().map(|r| r.end).filter(|end| *end > offset)
    }

    /// Where the first aborted run after `offset` begins, if it does before `limit`; else `limit`.
    pub(super) fn next_aborted(&self, offset: i64, limit: i64) -> i64 {
        let after = self.aborted.partition_point(|r| r.start <= offset);
        self.aborted.get(after).map_or(limit, |r| r.start.min(limit))
    }

    /// Forgets the aborted runs before `offset`: their records are gone.
    pub(super) fn forget_before(&mut self, offset: i64) {
        self.aborted.retain(|r| r.end > offset);
    }
}

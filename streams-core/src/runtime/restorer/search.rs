//! Where the rows of a window store that have not expired begin in its changelog (KAFKA-13499): topics keep windows for a day longer than stores,
//! and longer still until they are compacted. The last records tell how far stream time is, and the cluster finds the first record of a time.

use crate::cluster::{Admin, OffsetSpec, RecordBatch};
use crate::{ErrorKind, Result, TopicPartition};
use streams_state::store::{Lifetime, StateStore};

/// Shorter logs are read from their beginning.
pub(super) const WORTH_IT: i64 = 10_000;
/// Offsets at a log's end that are read to learn of stream time.
pub(super) const TAIL: i64 = 1_000;

pub(super) struct Search {
    earliest: i64,
    end: i64,
    lifetime: Lifetime,
    /// No row before this time is left.
    expired_before: i64,
    /// A record was older than its row, so times of records tell nothing.
    misdated: bool,
}

impl Search {
    /// For a store that has nothing yet and whose log, between these offsets, may have more than is needed.
    pub fn of(store: &dyn StateStore, earliest: i64, end: i64) -> Option<Self> {
        let lifetime = store.lifetime()?;
        let pays = store.committed_offset().is_none() && end - earliest >= WORTH_IT;
        pays.then_some(Search { earliest, end, lifetime, expired_before: 0, misdated: false })
    }

    /// Where to begin to look.
    pub fn from(&self) -> i64 {
        self.end - TAIL
    }

    pub fn look_at(&mut self, batch: &dyn RecordBatch) {
        for index in 0..batch.len() {
            let record = batch.record(index);
            let key = record.key.unwrap_or_default();
            self.misdated |= (self.lifetime.time)(key) > record.timestamp;
            self.expired_before = self.expired_before.max(self.lifetime.expired_before(key));
        }
    }

    /// The offset to restore from: the beginning where there is nothing to go by.
    pub fn found(&self, partition: &TopicPartition, admin: &dyn Admin) -> Result<i64> {
        if self.misdated || self.expired_before <= 0 {
            return Ok(self.earliest);
        }
        match admin.list_offsets(&[(partition.clone(), OffsetSpec::Timestamp(self.expired_before))]) {
            Ok(offsets) => Ok(offsets.first().map_or(self.earliest, |offset| (*offset).clamp(self.earliest, self.end))),
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                tracing::debug!(target: "streams::restore", "{error}; {partition} is restored from its beginning");
                Ok(self.earliest)
            }
            Err(error) => Err(error),
        }
    }
}

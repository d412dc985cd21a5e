//! The life of a versioned store.

use super::VersionedStore;
use crate::Result;
use crate::store::{Changelog, ChangelogId, ChangelogRecord, PositionEntry, StateStore, StoreCounters};
use crate::typed::CacheBudget;
use crate::typed::answers::core_answers;
use std::sync::Arc;

impl<K: 'static, V: Send + 'static> StateStore for VersionedStore<K, V> {
    core_answers!();

    fn attach(&mut self, changelog: Option<ChangelogId>, budget: Arc<CacheBudget>) {
        self.changelog = changelog;
        self.core.attach(Some(budget));
    }

    /// Puts the versions again, in their order, against the stream time that they make.
    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
        let (refused, puts) = (self.expiry.refused, self.core.counters.puts);
        for record in records {
            self.put_bytes(record.key, record.value, record.timestamp)?;
        }
        (self.expiry.refused, self.core.counters.puts) = (refused, puts);
        self.core.restore(&mut std::iter::empty(), next_offset, |_| ())
    }

    fn settle(&mut self) -> Result<()> {
        self.drop_expired()?;
        self.expiry.settled();
        self.core.settle(i64::MIN)
    }

    fn wipe(&mut self) -> Result<()> {
        self.expiry.wiped();
        self.segments = None;
        self.core.wipe()
    }

    fn seal(&mut self) -> Result<()> {
        self.drop_expired()?;
        self.core.seal()?;
        self.expiry.sealed();
        Ok(())
    }

    fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry]) -> Result<()> {
        if !self.core.pending.is_sealed() {
            self.seal()?;
        }
        self.core.commit(offset, position, i64::MIN)?;
        self.expiry.committed();
        Ok(())
    }

    fn abort(&mut self) {
        self.expiry.aborted();
        self.segments = None;
        self.core.abort();
    }

    fn approximate_num_entries(&self) -> u64 {
        self.core.engine.approximate_num_entries()
    }
    fn stream_time(&self) -> Option<i64> {
        Some(self.expiry.stream_time)
    }

    fn resume_stream_time(&mut self, time: i64) {
        self.expiry.resumed(time);
    }
}

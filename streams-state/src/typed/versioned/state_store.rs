//! The life of a versioned store.

use super::VersionedStore;
use crate::Result;
use crate::store::{Changelog, ChangelogId, ChangelogRecord, PositionEntry, StateStore, StoreCounters};
use crate::typed::CacheBudget;
use crate::typed::answers::core_answers;
use std::any::Any;
use std::sync::Arc;

impl<K: 'static, V: Send + 'static> VersionedStore<K, V> {
    /// To be read by others while it is written. Nobody commits stream time for it: it is the newest at which a version begins or ends.
    pub(crate) fn shared(mut self) -> Result<Self> {
        let mut newest = -1;
        self.core.rows(0..=0, &mut |composed, row| {
            // of a latest version its beginning, of others the end of the newest, each the first of the row
            if let Some((time, _)) = row.split_first_chunk().filter(|_| composed.len() >= size_of::<i64>()) {
                newest = newest.max(i64::from_be_bytes(*time));
            }
        })?;
        self.expiry.share(newest);
        Ok(self)
    }
}

impl<K: 'static, V: Send + 'static> StateStore for VersionedStore<K, V> {
    core_answers!();

    fn reader(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        let (parts, shape, time) = (self.core.for_readers(&self.keys, self.core.codec.of(&self.values))?, self.shape, self.expiry.told()?);
        Some(Arc::new(parts.reader(move |parts| {
            let mut store = VersionedStore::open(parts, shape);
            store.expiry.follow(time.clone());
            store
        })))
    }

    fn committed_reader(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.reader()
    }

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

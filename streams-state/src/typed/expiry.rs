//! What stores that forget have in common: stream time, what of it a commit or an abort leaves, and the life of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Stream time of a store and what it lets go. The store does not write it: one that was just opened knows only what it was restored from,
/// as in Java, until it is told.
pub(super) struct Expiry {
    /// Milliseconds of stream time for which rows are kept.
    pub retention: i64,
    /// Milliseconds of a segment.
    interval: i64,
    /// The newest time written; -1 before the first.
    pub stream_time: i64,
    /// Stream time as of the last commit, to go back to.
    committed: i64,
    /// Stream time of what the commit under way writes.
    sealed: i64,
    /// Writes refused so far.
    pub refused: u64,
    /// Stream time as of the last commit, for those who read the store on other threads.
    told: Option<Arc<AtomicI64>>,
    /// The same in a store of theirs, which has no time of its own.
    followed: Option<Arc<AtomicI64>>,
}

impl Expiry {
    pub fn new(retention: i64, interval: i64) -> Self {
        Expiry { retention, interval, stream_time: -1, committed: -1, sealed: -1, refused: 0, told: None, followed: None }
    }

    /// Stream time, which decides what is seen.
    #[inline]
    pub fn now(&self) -> i64 {
        match &self.followed {
            None => self.stream_time,
            Some(time) => time.load(Ordering::Acquire),
        }
    }

    /// Others read the store from now on; stream time has come to `time`.
    pub fn share(&mut self, time: i64) {
        self.told = Some(Arc::default());
        self.resumed(time);
    }

    /// What [`follow`](Self::follow) takes.
    pub fn told(&self) -> Option<Arc<AtomicI64>> {
        self.told.clone()
    }

    /// Goes by the time of the store that is read.
    pub fn follow(&mut self, time: Arc<AtomicI64>) {
        self.followed = Some(time);
    }

    pub fn follows(&self) -> bool {
        self.followed.is_some()
    }

    fn tell(&self) {
        if let Some(told) = &self.told {
            told.store(self.committed, Ordering::Release);
        }
    }

    #[inline]
    pub fn observe(&mut self, time: i64) {
        self.stream_time = self.stream_time.max(time);
    }

    /// Stream time had come so far by the last commit.
    pub fn resumed(&mut self, time: i64) {
        (self.stream_time, self.committed) = (self.stream_time.max(time), self.committed.max(time));
        self.tell();
    }

    /// The first segment that has not expired at a stream time.
    pub fn live_from(&self, time: i64) -> i64 {
        time.saturating_sub(self.retention) / self.interval
    }

    /// What was restored is settled from here on; answers with the first live segment.
    pub fn settled(&mut self) -> i64 {
        self.committed = self.stream_time;
        self.tell();
        self.live_from(self.stream_time)
    }

    pub fn sealed(&mut self) {
        self.sealed = self.stream_time;
    }

    /// The first live segment of the commit under way. What came meanwhile may be undone: no segment expires by it.
    pub fn sealed_live_from(&self) -> i64 {
        self.live_from(self.sealed)
    }

    pub fn committed(&mut self) {
        self.committed = self.sealed;
        self.tell();
    }

    pub fn aborted(&mut self) {
        self.stream_time = self.committed;
    }

    pub fn wiped(&mut self) {
        (self.stream_time, self.committed) = (-1, -1);
        self.tell();
    }
}

/// Span of a segment in milliseconds: Java's `max(retention / 2, 60 s)`.
pub(super) fn segment_interval(retention: i64) -> i64 {
    (retention / 2).max(60_000)
}

/// [`StateStore`](crate::store::StateStore) for a store of a `core` and an `expiry`; `$time` reads the time of a row from its key, `$row`
/// makes what is shown of it, `$shape` tells the shape that a reader's store has, too, `$by_record_time` whether no row is younger than the
/// record that changes it, and `$forget` what else is to be forgotten with changes that are taken back.
macro_rules! expiring_store {
    ($store:ident, $time:path, $row:path, $shape:expr, $by_record_time:expr, $forget:expr) => {
        impl<K: 'static, V: Clone + Send + 'static> $store<K, V> {
            /// To be read by others while it is written. Nobody commits stream time for it: it is that of the newest row.
            pub(crate) fn shared(mut self) -> Result<Self> {
                let newest = self.core.newest_time()?;
                self.expiry.share(newest);
                Ok(self)
            }
        }

        impl<K: 'static, V: Clone + Send + 'static> StateStore for $store<K, V> {
            crate::typed::answers::core_answers!();

            fn attach(&mut self, changelog: Option<ChangelogId>, budget: Arc<CacheBudget>) {
                self.core.changelog = changelog;
                self.core.attach(Some(budget));
            }

            fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
                let expiry = &mut self.expiry;
                self.core.restore(records, next_offset, |composed| expiry.observe($time(composed)))
            }

            fn settle(&mut self) -> Result<()> {
                let live_from = self.expiry.settled();
                self.core.settle(live_from)
            }

            fn wipe(&mut self) -> Result<()> {
                self.expiry.wiped();
                $forget(self);
                self.core.wipe()
            }

            fn seal(&mut self) -> Result<()> {
                self.core.seal()?;
                self.expiry.sealed();
                Ok(())
            }

            fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry]) -> Result<()> {
                if !self.core.pending.is_sealed() {
                    self.seal()?;
                }
                self.core.commit(offset, position, self.expiry.sealed_live_from())?;
                self.expiry.committed();
                Ok(())
            }

            fn abort(&mut self) {
                self.expiry.aborted();
                $forget(self);
                self.core.abort();
            }

            fn approximate_num_entries(&self) -> u64 {
                self.core.engine.approximate_num_entries()
            }

            fn rows(&mut self, visit: &mut dyn FnMut(StoredRow<'_>)) -> Result<bool> {
                let from = self.oldest_visible();
                self.core.rows(0..=i64::MAX, &mut |key, value| match $row(key, value) {
                    Some(row) if $time(key) >= from => visit(row),
                    _ => (),
                })?;
                Ok(true)
            }

            fn reader(&self) -> Option<Arc<dyn std::any::Any + Send + Sync>> {
                let (parts, shape, time) = (self.core.for_readers(&self.keys, self.core.codec.clone())?, $shape(self), self.expiry.told()?);
                Some(Arc::new(parts.reader(move |parts| {
                    let mut store = $store::open(parts, shape);
                    store.expiry.follow(time.clone());
                    store
                })))
            }

            fn committed_reader(&self) -> Option<Arc<dyn std::any::Any + Send + Sync>> {
                self.reader()
            }

            fn stream_time(&self) -> Option<i64> {
                Some(self.expiry.stream_time)
            }

            fn resume_stream_time(&mut self, time: i64) {
                self.expiry.resumed(time);
            }

            fn lifetime(&self) -> Option<Lifetime> {
                $by_record_time(self).then_some(Lifetime { kept_ms: self.expiry.retention, time: $time })
            }
        }
    };
}
pub(super) use expiring_store;

//! The record cache's limit, shared by the stores of a thread.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that the record caches of one thread may hold together: `statestore.cache.max.bytes` divided by the threads.
///
/// Stores only count. Whoever owns the thread's tasks evicts, between records, while [`over`](Self::over) says so.
#[derive(Debug, Default)]
pub struct CacheBudget {
    used: AtomicUsize,
    limit: AtomicUsize,
}

impl CacheBudget {
    /// A budget of `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        CacheBudget { used: AtomicUsize::new(0), limit: AtomicUsize::new(limit) }
    }

    /// Bytes in use: entries with their places in the caches' lists, and of values what they have elsewhere, as long as when last serialized.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Bytes allowed.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// Changes the limit, as when threads are added or removed.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// Whether something must be evicted.
    #[inline]
    pub fn over(&self) -> bool {
        self.used.load(Relaxed) > self.limit.load(Relaxed)
    }

    #[inline]
    pub(crate) fn add(&self, bytes: usize) {
        self.used.fetch_add(bytes, Relaxed);
    }

    #[inline]
    pub(crate) fn sub(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
    }
}

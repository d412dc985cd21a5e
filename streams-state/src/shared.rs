//! What all stores of a process share, so that many tasks do not multiply memory and threads.

use std::fmt;
use std::sync::Arc;

/// Limits of the durable engine, for the whole process. In-memory stores are not under them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimits {
    /// Bytes of decoded blocks kept in memory. Indexes and filters, about 1.5 bytes per row, come on top. Default: 32 MiB.
    pub block_cache_bytes: usize,
    /// Bytes of written rows kept in memory before the engine flushes some store. Default: 32 MiB. Raised by itself where there
    /// are more stores (from about forty) than it could hold.
    pub write_buffer_bytes: usize,
    /// Threads that compact; as many again flush. Default: 2.
    pub background_threads: u16,
}

impl Default for ResourceLimits {
    fn default() -> Self {
        ResourceLimits { block_cache_bytes: 32 << 20, write_buffer_bytes: 32 << 20, background_threads: 2 }
    }
}

/// One per process: the memory budgets and background threads of the durable engine. Cloning shares.
#[derive(Clone)]
pub struct SharedResources(Arc<Inner>);

struct Inner {
    limits: ResourceLimits,
    #[cfg(feature = "rocksdb")]
    rocks: crate::rocks::Shared,
}

impl SharedResources {
    /// Resources within these limits.
    pub fn new(limits: ResourceLimits) -> Self {
        SharedResources(Arc::new(Inner {
            limits,
            #[cfg(feature = "rocksdb")]
            rocks: crate::rocks::Shared::new(&limits, None),
        }))
    }

    /// Resources within these limits, for databases whose options `setter` has changed.
    #[cfg(feature = "rocksdb")]
    pub fn with_config_setter(limits: ResourceLimits, setter: crate::rocks::RocksDbConfigSetter) -> Self {
        SharedResources(Arc::new(Inner { limits, rocks: crate::rocks::Shared::new(&limits, Some(setter)) }))
    }

    /// The limits.
    pub fn limits(&self) -> ResourceLimits {
        self.0.limits
    }

    /// Bytes in the block cache.
    pub fn block_cache_used(&self) -> usize {
        #[cfg(feature = "rocksdb")]
        return self.0.rocks.block_cache_used();
        #[cfg(not(feature = "rocksdb"))]
        0
    }

    /// Bytes of written rows that the engine has not flushed yet.
    pub fn write_buffer_used(&self) -> usize {
        #[cfg(feature = "rocksdb")]
        return self.0.rocks.write_buffer_used();
        #[cfg(not(feature = "rocksdb"))]
        0
    }

    #[cfg(feature = "rocksdb")]
    pub(crate) fn rocks(&self) -> &crate::rocks::Shared {
        &self.0.rocks
    }
}

impl Default for SharedResources {
    fn default() -> Self {
        Self::new(ResourceLimits::default())
    }
}

impl fmt::Debug for SharedResources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedResources").field(&self.0.limits).finish()
    }
}

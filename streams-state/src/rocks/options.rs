//! Settings of the databases, and what they share.

use crate::shared::ResourceLimits;
use rocksdb::{BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, Env, LogLevel, Options, WriteBufferManager};

/// Rows of plain stores; exists, empty, in the others too.
pub(super) const PLAIN_CF: &str = "default";
/// Rows of timestamped stores.
pub(super) const TIMESTAMPED_CF: &str = "keyValueWithTimestamp";
/// Offset, status and position (KIP-1035).
pub(super) const OFFSETS_CF: &str = "offsets";

/// Rows in memory per store before they are flushed; the process's budget usually flushes earlier.
const WRITE_BUFFER: usize = 16 << 20;
/// Memory is taken in pieces of this size: small, so that many small stores stay small.
const ARENA_BLOCK: usize = 64 << 10;
const OFFSETS_WRITE_BUFFER: usize = 256 << 10;
const OFFSETS_ARENA_BLOCK: usize = 4 << 10;
/// Log that may wait for a flush, and so be replayed at the next start.
const MAX_LOG: u64 = 64 << 20;
/// Files that one database keeps open.
const MAX_OPEN_FILES: i32 = 256;
/// The newest table format that the RocksDB of Java 4.0 can read is 6; nothing here needs more than 5.
const FORMAT_VERSION: i32 = 5;

/// Block cache, write-buffer budget and threads, one set per process.
pub(crate) struct Shared {
    cache: Cache,
    buffers: WriteBufferManager,
    env: Option<Env>,
}

impl Shared {
    pub fn new(limits: &ResourceLimits) -> Self {
        let threads = i32::from(limits.background_threads.max(1));
        // Without the environment of its own RocksDB takes the process's default one, which works as well.
        let env = Env::new().ok().map(|mut env| {
            env.set_low_priority_background_threads(threads);
            env.set_high_priority_background_threads(threads);
            env
        });
        Shared {
            cache: Cache::new_lru_cache(limits.block_cache_bytes),
            buffers: WriteBufferManager::new_write_buffer_manager(limits.write_buffer_bytes, false),
            env,
        }
    }

    pub fn block_cache_used(&self) -> usize {
        self.cache.get_usage()
    }

    pub fn write_buffer_used(&self) -> usize {
        self.buffers.get_usage()
    }

    /// Options of a database.
    pub(super) fn database(&self) -> Options {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        if let Some(env) = &self.env {
            options.set_env(env);
        }
        options.set_write_buffer_manager(&self.buffers);
        options.set_atomic_flush(true);
        options.set_max_total_wal_size(MAX_LOG);
        options.set_max_open_files(MAX_OPEN_FILES);
        options.set_allow_concurrent_memtable_write(false);
        options.set_enable_write_thread_adaptive_yield(false);
        options.set_avoid_unnecessary_blocking_io(true);
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        options.set_log_level(LogLevel::Warn);
        options.set_keep_log_file_num(1);
        options.set_max_log_file_size(1 << 20);
        options
    }

    /// The column families of a store.
    pub(super) fn families(&self, timestamped: bool) -> Vec<ColumnFamilyDescriptor> {
        let mut families = vec![ColumnFamilyDescriptor::new(PLAIN_CF, self.rows())];
        if timestamped {
            families.push(ColumnFamilyDescriptor::new(TIMESTAMPED_CF, self.rows()));
        }
        families.push(ColumnFamilyDescriptor::new(OFFSETS_CF, self.offsets()));
        families
    }

    fn rows(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        table.set_block_size(4 << 10);
        table.set_bloom_filter(10.0, false);
        table.set_optimize_filters_for_memory(true);
        // Indexes and filters count in the cache's budget; those of the newest files stay in it.
        table.set_cache_index_and_filter_blocks(true);
        table.set_cache_index_and_filter_blocks_with_high_priority(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_format_version(FORMAT_VERSION);
        let mut options = Options::default();
        options.set_block_based_table_factory(&table);
        options.set_write_buffer_size(WRITE_BUFFER);
        options.set_arena_block_size(ARENA_BLOCK);
        options.set_compression_type(DBCompressionType::None);
        options
    }

    fn offsets(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        table.set_format_version(FORMAT_VERSION);
        let mut options = Options::default();
        options.set_block_based_table_factory(&table);
        options.set_write_buffer_size(OFFSETS_WRITE_BUFFER);
        options.set_arena_block_size(OFFSETS_ARENA_BLOCK);
        options.set_compression_type(DBCompressionType::None);
        options
    }
}

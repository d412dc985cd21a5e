//! Settings of the databases, and what they share.

use super::Spec;
use super::config_setter::RocksDbConfigSetter;
use super::rows::PLAIN_CF;
use crate::keys::{Segments, Suffix, session, window};
use crate::shared::ResourceLimits;
use crate::{Error, ErrorKind, Result, SharedResources, panic_text};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompactionStyle, DBCompressionType, Env, LogLevel, Options, SliceTransform,
    WriteBufferManager,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Offset, status and position (KIP-1035).
pub(super) const OFFSETS_CF: &str = "offsets";

/// Rows in memory per store before they are flushed; the process's budget may flush earlier.
const WRITE_BUFFER: usize = 16 << 20;
/// The same for a segment of a window store, of which there are several per store.
const SEGMENT_WRITE_BUFFER: usize = 4 << 20;
/// Share of the write buffer that holds a filter of its keys. Most reads that reach the engine are for keys it does not have, and without the
/// filter each of them walks the whole skip list: 3.1 us per new key against 1.6.
const MEMTABLE_BLOOM: f64 = 0.02;
/// Memory is taken in pieces of this size: small, so that many small stores stay small.
const ARENA_BLOCK: usize = 64 << 10;
/// Files of a segment from which on some are merged. Twice RocksDB's and Java's number: most reads are for one record key, and filters tell which
/// files have it.
const FILES_OF_SEGMENT: i32 = 8;
const SMALL_WRITE_BUFFER: usize = 256 << 10;
const SMALL_ARENA_BLOCK: usize = 4 << 10;
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
    buffer_limit: usize,
    /// What the open databases need at least.
    reserved: AtomicUsize,
    env: Option<Env>,
    setter: Option<RocksDbConfigSetter>,
}

/// What an open database needs of the write-buffer budget even when it is empty, given back when dropped.
pub(super) struct Reservation {
    shared: SharedResources,
    bytes: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shared.rocks().reserve(self.bytes, AtomicUsize::fetch_sub);
    }
}

/// How the files of a segment lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Levels {
    /// All in level 0, each searched by itself.
    Wanted,
    /// In Java's levels, as Java has left them.
    Found,
}

/// Files of a segment are merged by size, as in Java: it is written once, and goes as a whole.
///
/// A record key that is the beginning of a longer one has rows of the latter between its own. Filters allow for that, and so does a walk through a
/// file; but where a level has several files, RocksDB ends a walk that a filter may cut short at the first row of another record key. So there are
/// filters of record keys only where there is one level.
fn lie_as_segments_do(segments: Segments, levels: Levels, options: &mut Options) {
    options.set_compaction_style(DBCompactionStyle::Universal);
    if levels == Levels::Found {
        return;
    }
    options.set_num_levels(1);
    if let Some(suffix) = segments.suffix {
        options.set_prefix_extractor(record_keys(suffix));
        options.set_memtable_whole_key_filtering(segments.read_by_row);
    }
}

/// Tells RocksDB the record key of a row's key.
fn record_keys(suffix: Suffix) -> SliceTransform {
    fn before<const SUFFIX: usize>(key: &[u8]) -> &[u8] {
        &key[..key.len() - SUFFIX]
    }
    fn has<const SUFFIX: usize>(key: &[u8]) -> bool {
        key.len() >= SUFFIX
    }
    const WINDOW: usize = window::SUFFIX;
    const SESSION: usize = session::SUFFIX;
    match suffix {
        Suffix::Window => SliceTransform::create("streams.record-key.window", before::<WINDOW>, Some(has::<WINDOW>)),
        Suffix::Session => SliceTransform::create("streams.record-key.session", before::<SESSION>, Some(has::<SESSION>)),
    }
}

fn write_buffer(spec: &Spec) -> usize {
    if spec.segments.is_some() { SEGMENT_WRITE_BUFFER } else { WRITE_BUFFER }
}

impl Shared {
    pub fn new(limits: &ResourceLimits, setter: Option<RocksDbConfigSetter>) -> Self {
        let threads = i32::from(limits.background_threads.max(1));
        // Without the environment of its own RocksDB takes the process's default one, which works as well.
        let env = Env::new().ok().map(|mut env| {
            env.set_low_priority_background_threads(threads);
            env.set_high_priority_background_threads(threads);
            env
        });
        Shared {
            cache: Cache::new_hyper_clock_cache(limits.block_cache_bytes, 0),
            buffers: WriteBufferManager::new_write_buffer_manager(limits.write_buffer_bytes, false),
            buffer_limit: limits.write_buffer_bytes,
            reserved: AtomicUsize::new(0),
            env,
            setter,
        }
    }

    /// Raises the budget where there are so many databases that their empty buffers alone would use it up: RocksDB would then flush at every
    /// write.
    pub(super) fn open_one(spec: &Spec) -> Reservation {
        let filter = (write_buffer(spec) as f64 * MEMTABLE_BLOOM) as usize;
        let reservation = Reservation { shared: spec.shared.clone(), bytes: 2 * filter + 2 * ARENA_BLOCK };
        spec.shared.rocks().reserve(reservation.bytes, AtomicUsize::fetch_add);
        reservation
    }

    fn reserve(&self, bytes: usize, change: impl FnOnce(&AtomicUsize, usize, Ordering) -> usize) {
        change(&self.reserved, bytes, Ordering::Relaxed);
        self.buffers.set_buffer_size(self.buffer_limit.max(self.reserved.load(Ordering::Relaxed)));
    }

    pub fn block_cache_used(&self) -> usize {
        self.cache.get_usage()
    }

    pub fn write_buffer_used(&self) -> usize {
        self.buffers.get_usage()
    }

    fn let_user_change(&self, store: &str, options: &mut Options) -> Result<()> {
        let Some(setter) = &self.setter else { return Ok(()) };
        catch_unwind(AssertUnwindSafe(|| setter(store, options))).map_err(|panic| {
            let text = format!("store {store}: the RocksDB config setter panicked: {}", panic_text(&*panic));
            Error::new(ErrorKind::UserCode, text)
        })
    }

    /// Options of a database.
    pub(super) fn database(&self, store: &str) -> Result<Options> {
        let mut options = Options::default();
        if let Some(env) = &self.env {
            options.set_env(env);
        }
        options.set_write_buffer_manager(&self.buffers);
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
        self.let_user_change(store, &mut options)?;
        // rows and their offset are at one commit only with these
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_atomic_flush(true);
        Ok(options)
    }

    /// The column families of a store, those that were `found` in it included.
    pub(super) fn families(&self, spec: &Spec, levels: Levels, found: &[String]) -> Result<Vec<ColumnFamilyDescriptor>> {
        let rows = spec.rows.family();
        let older = spec.rows.taken_over().iter().map(|(family, _)| *family);
        let empty = older.filter(|family| *family == PLAIN_CF || found.iter().any(|found| found == family));
        let mut families: Vec<_> = empty.map(|family| ColumnFamilyDescriptor::new(family, self.small())).collect();
        families.push(ColumnFamilyDescriptor::new(rows, self.rows(spec, levels)?));
        families.push(ColumnFamilyDescriptor::new(OFFSETS_CF, self.small()));
        Ok(families)
    }

    /// Of the family that the rows are in.
    pub(super) fn rows(&self, spec: &Spec, levels: Levels) -> Result<Options> {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        table.set_block_size(4 << 10);
        table.set_bloom_filter(10.0, false);
        table.set_optimize_filters_for_memory(true);
        // Indexes and filters stay in memory, about 1.5 bytes per row, as in Java. In the block cache they would be read and checked again
        // for each lookup once they outgrow it: 100 us instead of 1.
        table.set_cache_index_and_filter_blocks(false);
        table.set_format_version(FORMAT_VERSION);
        let mut options = Options::default();
        options.set_write_buffer_size(write_buffer(spec));
        options.set_arena_block_size(ARENA_BLOCK);
        options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM);
        options.set_memtable_whole_key_filtering(true);
        options.set_compression_type(DBCompressionType::None);
        if let Some(segments) = spec.segments {
            options.set_level_zero_file_num_compaction_trigger(FILES_OF_SEGMENT);
            let has_filters = levels == Levels::Wanted && segments.suffix.is_some();
            table.set_whole_key_filtering(!has_filters || segments.read_by_row);
        }
        options.set_block_based_table_factory(&table);
        self.let_user_change(&spec.store, &mut options)?;
        if let Some(segments) = spec.segments {
            lie_as_segments_do(segments, levels, &mut options);
        }
        Ok(options)
    }

    /// For families of a few rows, or none.
    fn small(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        table.set_format_version(FORMAT_VERSION);
        let mut options = Options::default();
        options.set_block_based_table_factory(&table);
        options.set_write_buffer_size(SMALL_WRITE_BUFFER);
        options.set_arena_block_size(SMALL_ARENA_BLOCK);
        options.set_compression_type(DBCompressionType::None);
        options
    }
}

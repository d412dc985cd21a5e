//! What a task needs of any store, whatever its type.

use crate::{CacheBudget, Headers, Result};
use std::any::Any;
use std::sync::Arc;

/// Which changelog of the task a store writes to; an index that the task hands out when it opens its stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangelogId(pub u32);

/// Where a store's changes go before they reach its engine: the task's record collector.
pub trait Changelog {
    /// Sends one change. `value: None` is a tombstone. `timestamp` is in milliseconds.
    fn log(&mut self, changelog: ChangelogId, key: &[u8], value: Option<&[u8]>, timestamp: i64, headers: &Headers) -> Result<()>;
}

/// Changes of a store that is not logged.
#[derive(Debug)]
pub struct NoChangelog;

impl Changelog for NoChangelog {
    fn log(&mut self, _: ChangelogId, _: &[u8], _: Option<&[u8]>, _: i64, _: &Headers) -> Result<()> {
        Ok(())
    }
}

/// One record read back from a changelog.
#[derive(Clone, Copy, Debug)]
pub struct ChangelogRecord<'a> {
    /// The store's key; a changelog record without one is corrupt.
    pub key: &'a [u8],
    /// `None` deletes.
    pub value: Option<&'a [u8]>,
    /// Milliseconds.
    pub timestamp: i64,
    /// Position in the changelog partition.
    pub offset: i64,
    /// The record's headers.
    pub headers: &'a Headers,
}

/// The record that last touched an entry: named when its late serialization fails. `source` is an index of the task's input partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Index of the input partition in the task.
    pub source: u32,
    /// Offset of the record.
    pub offset: i64,
}

/// What a store did since it joined its thread: plain numbers, to be published now and then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// Rows looked up by key, those that were then changed included.
    pub gets: u64,
    /// Those of `gets` that neither the record cache nor the uncommitted buffer could answer.
    pub engine_reads: u64,
    /// Rows written or deleted.
    pub puts: u64,
    /// Walks over rows.
    pub ranges: u64,
}

/// A row as it lies in a store's engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRow<'a> {
    /// The serialized record key.
    pub key: &'a [u8],
    /// Where window or session begin, milliseconds; `None` in point stores.
    pub start: Option<i64>,
    /// Where the session ends, milliseconds; `None` in other stores.
    pub end: Option<i64>,
    /// The row: the serialized value, behind its headers and its time in stores that keep them.
    pub value: &'a [u8],
}

/// How long the rows of a store live: what its changelog has of older ones need not be restored.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Milliseconds of stream time, which is the time of the newest row. A row that stream time has passed by as much is gone.
    pub kept_ms: i64,
    /// Reads the time of a row from its changelog key; not more than the timestamp of the record.
    pub time: fn(&[u8]) -> i64,
}

impl Lifetime {
    /// The time before which no row is left behind a changelog record of this key.
    pub fn expired_before(&self, key: &[u8]) -> i64 {
        (self.time)(key).saturating_sub(self.kept_ms).saturating_add(1)
    }
}

/// A typed store seen without its types, between opening and closing. It may change threads whenever no graph holds it.
///
/// Life: opened by its supplier; `restore` until the changelog's end and `settle`; then attached to a task's graph, written through its typed face and
/// committed by `seal` and `commit`; at last `close`.
pub trait StateStore: Any + Send {
    /// The store's name, unique in its topology.
    fn name(&self) -> &str;

    /// Whether rows outlive the process.
    fn persistent(&self) -> bool;

    /// The changelog offset (of the last applied record) that the engine's rows stand at; `None` when nothing was ever committed.
    fn committed_offset(&self) -> Option<i64>;

    /// Applies records of the changelog; with them the store stands at `next_offset - 1`. The last value of each key waits in the uncommitted
    /// buffer until [`settle`](Self::settle), which makes a bulk load of many calls.
    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()>;

    /// Takes what was restored to the engine, with the offset that it stands for. What is not settled is read from the changelog once more.
    fn settle(&mut self) -> Result<()>;

    /// Empties the store, rows and offset: the changelog no longer reaches back to where it stands.
    fn wipe(&mut self) -> Result<()>;

    /// Joins a thread: changes go to `changelog` from now on, and the record cache is counted in `budget`.
    fn attach(&mut self, changelog: Option<ChangelogId>, budget: Arc<CacheBudget>);

    /// Leaves its thread: the record cache is counted nowhere.
    fn detach(&mut self);

    /// Begins a commit of everything as it is now; [`commit`](Self::commit) ends it, and what changes in between waits for the next. Called
    /// again, it begins anew. Entries that are dirty in the cache must have been flushed before.
    fn seal(&mut self) -> Result<()>;

    /// Writes what was sealed to the engine in one batch, with the offset of the last record acknowledged by the changelog and the
    /// input position. A store that is not sealed is sealed first. `offset: None` keeps the stored one.
    fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry]) -> Result<()>;

    /// Serializes what the cache still holds to the changelog and the uncommitted buffer, emitting nothing: for stores that no node forwards
    /// from, and after their nodes have forwarded.
    fn flush(&mut self, log: &mut dyn Changelog) -> Result<()>;

    /// Gives up the least recently used cache entry the same way; false when the cache is empty.
    fn evict(&mut self, log: &mut dyn Changelog) -> Result<bool>;

    /// Forgets everything that was not committed: cache and uncommitted rows.
    fn abort(&mut self);

    /// Whether [`abort`](Self::abort) took more than what was not committed: the store has to be restored before it is used again.
    fn must_be_restored(&self) -> bool {
        false
    }

    /// Bytes that wait for `commit`.
    fn uncommitted_bytes(&self) -> usize;

    /// Rows in the engine, roughly.
    fn approximate_num_entries(&self) -> u64;

    /// Bytes that it holds back from those downstream, for buffers of suppressed tables.
    fn buffered_bytes(&self) -> u64 {
        0
    }

    /// What it did since it joined its thread.
    fn counters(&self) -> StoreCounters;

    /// The largest time written, where what the store keeps and shows depends on it: -1 before the first. `None` for other stores.
    fn stream_time(&self) -> Option<i64> {
        None
    }

    /// Goes on with a stream time that was committed beside the store, unless a larger one is known from its changelog.
    fn resume_stream_time(&mut self, _time: i64) {}

    /// How long rows live, for a store whose rows are never younger than the records that change them. `None` for other stores.
    fn lifetime(&self) -> Option<Lifetime> {
        None
    }

    /// How far input has been applied to the engine's rows; empty where the store does not know.
    fn reached(&self) -> Vec<PositionEntry> {
        Vec::new()
    }

    /// What other threads read the committed rows with, while this store is written: a [`KvReader`](crate::KvReader) of the store's types, or a
    /// [`StoreReader`](crate::StoreReader) of a window, session or versioned store. `None` where that is not possible; a store of these kinds that
    /// is opened for [`OpenEnv::GLOBAL`](crate::OpenEnv::GLOBAL) always has one.
    fn reader(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    /// Visits the committed rows that have not expired: by segment, within it by key. `false` where there are none to be seen so, as in buffers of
    /// changes.
    fn rows(&mut self, visit: &mut dyn FnMut(StoredRow<'_>)) -> Result<bool> {
        let _ = visit;
        Ok(false)
    }

    /// What queries read the committed rows with, without asking the store's thread: a [`CommittedReader`](crate::CommittedReader) of a key-value
    /// store's types; of other kinds the [`reader`](Self::reader). `None` where the engine or the store's kind does not let them.
    fn committed_reader(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    /// Makes everything committed durable and releases files.
    fn close(self: Box<Self>) -> Result<()>;

    /// For the typed face.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// A store that can be read as it stands at its last commit.
pub trait ReadCommitted {
    /// Reads without what is cached and what waits for a commit, both of which are laid aside meanwhile. `read` must not change the store.
    fn read_committed<R>(&mut self, read: impl FnOnce(&mut Self) -> R) -> R;
}

/// How far an input partition has been applied to a store: part of the position that queries compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionEntry {
    /// Input topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Offset of the last record applied.
    pub offset: i64,
}

//! The world of the restorer's tests: a scripted log, a store on a pretended disk, a clock that is turned by hand.

use super::super::{OpenedStore, RestoredFrom, TaskStores};
use crate::cluster::{Admin, FetchHandle, Fetcher, NewTopic, OffsetSpec, RawRecord, RecordBatch, Waker};
use crate::time::Clock;
use crate::topology::{ReadRow, SourceChangelog, TopicName};
use crate::{BoxError, Error, ErrorKind, Headers, Result, TaskId, TopicPartition};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use streams_state::store::{Changelog, ChangelogRecord, Lifetime, PositionEntry, StateStore, StoreCounters};

/// What a store has on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Disk {
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    pub offset: Option<i64>,
    pub opened: u32,
    pub closed: u32,
    pub wiped: u32,
    pub settled: u32,
    /// What is held back counts as more than any limit.
    pub heavy: bool,
}

pub(super) struct FakeStore {
    pub disk: Arc<Mutex<Disk>>,
    pub kept_ms: Option<i64>,
    /// Restored and not settled: the disk as it will be.
    ahead: Option<Disk>,
}

impl StateStore for FakeStore {
    fn name(&self) -> &str {
        "counts"
    }
    fn persistent(&self) -> bool {
        true
    }
    fn committed_offset(&self) -> Option<i64> {
        self.disk.lock().offset
    }
    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> streams_state::Result<()> {
        let disk = self.ahead.get_or_insert_with(|| self.disk.lock().clone());
        for record in records {
            match record.value {
                Some(value) => disk.rows.insert(record.key.to_vec(), value.to_vec()),
                None => disk.rows.remove(record.key),
            };
        }
        disk.offset = Some(next_offset - 1);
        Ok(())
    }
    fn settle(&mut self) -> streams_state::Result<()> {
        let mut disk = self.disk.lock();
        if let Some(ahead) = self.ahead.take() {
            (disk.rows, disk.offset) = (ahead.rows, ahead.offset);
            disk.settled += 1;
        }
        Ok(())
    }
    fn wipe(&mut self) -> streams_state::Result<()> {
        self.ahead = None;
        let mut disk = self.disk.lock();
        disk.rows.clear();
        disk.offset = None;
        disk.wiped += 1;
        Ok(())
    }
    fn attach(&mut self, _: Option<streams_state::store::ChangelogId>, _: Arc<streams_state::CacheBudget>) {}
    fn detach(&mut self) {}
    fn seal(&mut self) -> streams_state::Result<()> {
        Ok(())
    }
    fn commit(&mut self, _: Option<i64>, _: &[PositionEntry]) -> streams_state::Result<()> {
        Ok(())
    }
    fn flush(&mut self, _: &mut dyn Changelog) -> streams_state::Result<()> {
        Ok(())
    }
    fn evict(&mut self, _: &mut dyn Changelog) -> streams_state::Result<bool> {
        Ok(false)
    }
    fn abort(&mut self) {
        self.ahead = None;
    }
    fn uncommitted_bytes(&self) -> usize {
        self.ahead.as_ref().map_or(0, |ahead| if ahead.heavy { usize::MAX } else { 0 })
    }
    fn approximate_num_entries(&self) -> u64 {
        self.disk.lock().rows.len() as u64
    }
    fn counters(&self) -> StoreCounters {
        StoreCounters::default()
    }
    fn lifetime(&self) -> Option<Lifetime> {
        self.kept_ms.map(|kept_ms| Lifetime { kept_ms, time: time_of })
    }
    fn close(self: Box<Self>) -> streams_state::Result<()> {
        self.disk.lock().closed += 1;
        Ok(())
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// The time of a row: what its key has behind `@`.
pub(super) fn time_of(key: &[u8]) -> i64 {
    std::str::from_utf8(key).ok().and_then(|key| key.split_once('@')).map_or(0, |(_, time)| time.parse().unwrap())
}

/// One changelog partition: `None` is a transaction marker or an aborted record.
#[derive(Clone, Default)]
pub(super) struct Log {
    pub first: i64,
    pub records: Vec<Option<(Option<&'static str>, &'static str)>>,
}

impl Log {
    pub fn end(&self) -> i64 {
        self.first + self.records.len() as i64
    }

    fn first_of(&self, time: i64) -> i64 {
        let found = self.records.iter().position(|r| r.is_some_and(|(key, _)| time_of(key.unwrap_or_default().as_bytes()) >= time));
        found.map_or(self.end(), |index| self.first + index as i64)
    }
}

#[derive(Default)]
pub(super) struct World {
    pub log: Mutex<Log>,
    pub disk: Arc<Mutex<Disk>>,
    pub away: AtomicBool,
    pub damaged: AtomicBool,
    /// The reader is told once that its offset is gone.
    pub truncated: AtomicBool,
    pub fetched_from: Mutex<Vec<i64>>,
    /// The log is an input of the task, and what the group has committed of it.
    pub is_input: AtomicBool,
    pub committed: Mutex<Option<i64>>,
    pub asked_for_committed: AtomicU64,
    /// A transaction may change what is committed.
    pub undecided: AtomicBool,
    /// The input has no such partition.
    pub no_such_input: AtomicBool,
    /// How long the store's rows live, if they are not kept for good.
    pub kept_ms: Mutex<Option<i64>>,
    /// Records are so much older than their rows.
    pub older_ms: AtomicU64,
    pub time_ms: AtomicU64,
    pub cleaned: AtomicU64,
}

pub(super) struct Batch(Vec<(i64, Option<&'static str>, &'static str)>, i64);

impl RecordBatch for Batch {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn record(&self, index: usize) -> RawRecord<'_> {
        let (offset, key, value) = self.0[index];
        let value = (value != "null").then_some(value.as_bytes());
        let timestamp = time_of(key.unwrap_or_default().as_bytes()) - self.1;
        RawRecord { key: key.map(str::as_bytes), value, timestamp, offset }
    }
    fn headers(&self, _: usize) -> Headers {
        Headers::new()
    }
}

pub(super) struct FakeFetcher(pub Arc<World>, pub i64);

impl Fetcher for FakeFetcher {
    fn add(&mut self, _: &TopicPartition, offset: i64) -> Result<FetchHandle> {
        self.1 = offset;
        self.0.fetched_from.lock().push(offset);
        Ok(FetchHandle(0))
    }
    fn remove(&mut self, _: FetchHandle) -> Result<()> {
        Ok(())
    }
    fn seek(&mut self, _: FetchHandle, offset: i64) -> Result<()> {
        self.1 = offset;
        Ok(())
    }
    /// Two records at a time.
    fn fetch(&mut self, _: FetchHandle, _: usize) -> Result<Option<Box<dyn RecordBatch>>> {
        if self.0.truncated.swap(false, Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Corrupted, "offset out of range"));
        }
        let log = self.0.log.lock();
        let mut batch = Vec::new();
        while self.1 < log.end() && batch.len() < 2 {
            if let Some((key, value)) = log.records[(self.1 - log.first) as usize] {
                batch.push((self.1, key, value));
            }
            self.1 += 1;
        }
        let older = self.0.older_ms.load(Ordering::Relaxed) as i64;
        Ok((!batch.is_empty()).then(|| Box::new(Batch(batch, older)) as Box<dyn RecordBatch>))
    }
    fn wait(&mut self, _: Duration) {}
    fn waker(&self) -> Waker {
        Arc::new(|| {})
    }
    fn position(&mut self, _: FetchHandle) -> Result<i64> {
        Ok(self.1)
    }
    fn known_end(&mut self, _: FetchHandle) -> Option<i64> {
        None
    }
}

impl Admin for World {
    fn partition_counts(&self, topics: &[&str]) -> Result<Vec<Option<i32>>> {
        Ok(vec![Some(if self.no_such_input.load(Ordering::Relaxed) { 0 } else { 1 }); topics.len()])
    }
    fn topic_ids(&self, _: &[&str]) -> Result<Vec<Option<String>>> {
        Ok(Vec::new())
    }
    fn create_topics(&self, _: &[NewTopic]) -> Result<()> {
        Ok(())
    }
    fn delete_topics(&self, _: &[&str]) -> Result<()> {
        Ok(())
    }
    fn topic_configs(&self, _: &[&str]) -> Result<Vec<BTreeMap<String, String>>> {
        Ok(Vec::new())
    }
    fn list_offsets(&self, partitions: &[(TopicPartition, OffsetSpec)]) -> Result<Vec<i64>> {
        if self.away.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "no broker answers"));
        }
        let log = self.log.lock();
        let offset = |spec: &OffsetSpec| match spec {
            OffsetSpec::Earliest => log.first,
            OffsetSpec::Timestamp(time) => log.first_of(*time),
            _ => log.end(),
        };
        Ok(partitions.iter().map(|(_, spec)| offset(spec)).collect())
    }
    fn committed_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>> {
        assert_eq!(group, "app");
        self.asked_for_committed.fetch_add(1, Ordering::Relaxed);
        if self.undecided.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "a transaction is open"));
        }
        Ok(vec![*self.committed.lock(); partitions.len()])
    }
    fn delete_records(&self, _: &[(TopicPartition, i64)]) -> Result<()> {
        Ok(())
    }
}

impl Clock for World {
    fn now_ms(&self) -> i64 {
        0
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.time_ms.load(Ordering::Relaxed))
    }
}

/// Rows whose bytes are not those of the input; what begins with `?` cannot be read, and `!` is a serde that panics.
struct UpperCase;

impl ReadRow for UpperCase {
    fn read(
        &self,
        topic: &str,
        record: &RawRecord<'_>,
        _: &Headers,
        key: &mut Vec<u8>,
        value: &mut Vec<u8>,
    ) -> std::result::Result<bool, BoxError> {
        assert_eq!(topic, "input");
        key.extend(record.key.ok_or("no key")?);
        let Some(bytes) = record.value else { return Ok(false) };
        assert!(bytes[0] != b'!', "what a user's serde may do");
        if bytes[0] == b'?' {
            return Err("no value of ours".into());
        }
        value.extend(bytes.to_ascii_uppercase());
        Ok(true)
    }
}

pub(super) struct Stores(pub Arc<World>);

impl TaskStores for Stores {
    fn open(&self, _: TaskId) -> Result<Vec<OpenedStore>> {
        if self.0.damaged.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Corrupted, "bad block"));
        }
        self.0.disk.lock().opened += 1;
        let store = Box::new(FakeStore { disk: self.0.disk.clone(), kept_ms: *self.0.kept_ms.lock(), ahead: None });
        let (topic, source) = match self.0.is_input.load(Ordering::Relaxed) {
            true => {
                let topic = TopicName::External("input".into());
                ("input", Some(SourceChangelog { topic, extractor: None, row: Arc::new(UpperCase) }))
            }
            false => ("app-counts-changelog", None),
        };
        Ok(vec![OpenedStore { store, changelog: Some(RestoredFrom { partition: TopicPartition::new(topic, 0), source }) }])
    }
    fn wipe(&self, _: TaskId) -> Result<()> {
        self.0.damaged.store(false, Ordering::Relaxed);
        *self.0.disk.lock() = Disk::default();
        Ok(())
    }
    fn closed(&self, _: TaskId) {}
    fn clean(&self) {
        self.0.cleaned.fetch_add(1, Ordering::Relaxed);
    }
}

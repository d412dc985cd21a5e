//! The buffer of a suppressed table: changes of rows that are held back, in the order in which they are due.
//!
//! Rows lie in memory, as in Java; the changelog makes them outlast the process. A change reaches the changelog with the commit that covers it,
//! one record for each key that was touched; a row that has left the buffer is a tombstone.

pub(crate) mod format;
mod rows;
#[cfg(test)]
mod tests;

pub use format::RecordContext;

use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, PositionEntry, StateStore, StoreCounters};
use crate::{BoxError, CacheBudget, Error, ErrorKind, Headers, NO_HEADERS, Result};
use format::{Parsed, Unreadable, Values};
use rows::Rows;
use std::any::Any;
use std::sync::Arc;

/// What a buffer is opened from.
pub(crate) struct BufferParts<K, V> {
    pub name: Arc<str>,
    pub topic: Arc<str>,
    pub partition: i32,
    pub keys: Arc<dyn Serde<K>>,
    pub values: Arc<dyn Serde<V>>,
}

/// Changes of a table's rows that are held back: at most one for each key, the newest, which keeps the time of the first.
#[doc(alias = "InMemoryTimeOrderedKeyValueChangeBuffer")]
pub struct ChangeBuffer<K, V> {
    parts: BufferParts<K, V>,
    rows: Rows,
    changelog: Option<ChangelogId>,
    /// The header that tells the version of a changelog record.
    version: Headers,
    /// The wall clock at the last flush: the time of changelog records, as in Java.
    clock: i64,
    offset: Option<i64>,
    /// Changelog offset of the last restored record until it is settled.
    restored: Option<i64>,
    counters: StoreCounters,
    old: Vec<u8>,
    new: Vec<u8>,
    row: Vec<u8>,
}

/// A change that leaves the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffered<K, V> {
    /// The row's key.
    pub key: K,
    /// The row's value before the first of the changes that were held back, if it was asked for.
    pub prior: Option<V>,
    /// The row's value now; `None` is a deletion.
    pub new: Option<V>,
    /// Time of the last change.
    pub timestamp: i64,
    /// The record that made the last change, if its input partition is one of the task's.
    pub origin: Option<Origin>,
    /// The headers of that record.
    pub headers: Headers,
}

impl<K: 'static, V: Send + 'static> ChangeBuffer<K, V> {
    pub(crate) fn open(parts: BufferParts<K, V>) -> Self {
        let mut version = Headers::new();
        version.add("v", [3]);
        ChangeBuffer {
            parts,
            rows: Rows::default(),
            changelog: None,
            version,
            clock: 0,
            offset: None,
            restored: None,
            counters: StoreCounters::default(),
            old: Vec::new(),
            new: Vec::new(),
            row: Vec::new(),
        }
    }

    /// The serde of keys.
    pub fn key_serde(&self) -> &Arc<dyn Serde<K>> {
        &self.parts.keys
    }

    /// The topic that the serdes are told: the buffer's changelog.
    pub fn topic(&self) -> &Arc<str> {
        &self.parts.topic
    }

    /// Appends the bytes of `key`.
    ///
    /// # Errors
    /// The serde's, and an error when it wrote null: no table has a null key.
    pub fn write_key(&self, key: &K, out: &mut Vec<u8>) -> Result<(), BoxError> {
        match self.parts.keys.serialize(&SerdeContext { topic: &self.parts.topic, headers: &NO_HEADERS }, key, out)? {
            Wrote::Bytes => Ok(()),
            Wrote::Null => Err(format!("buffer {} cannot have a null key", self.parts.name).into()),
        }
    }

    /// Holds a change back. A change of a row that is held back already takes its place, and keeps its time; `time` is when the change is due
    /// otherwise. `origin` is the record that made it.
    ///
    /// # Errors
    /// The value serde's.
    pub fn put(
        &mut self,
        key: &[u8],
        time: i64,
        old: Option<&V>,
        new: Option<&V>,
        context: &RecordContext<'_>,
        origin: Origin,
    ) -> Result<()> {
        self.counters.puts += 1;
        let (mut old_bytes, mut new_bytes) = (std::mem::take(&mut self.old), std::mem::take(&mut self.new));
        let written = self.value_bytes(old, context.headers, &mut old_bytes).and_then(|has_old| {
            let has_new = self.value_bytes(new, context.headers, &mut new_bytes)?;
            let old = has_old.then_some(&old_bytes[..]);
            let (time, prior) = match self.rows.get(key) {
                Some(row) => (row.time, self.parsed(key, &row.bytes)?.values.prior),
                None => (time, old),
            };
            let values = Values { prior, old, new: has_new.then_some(&new_bytes[..]) };
            self.row.clear();
            Ok((time, format::write(context, values, time, key, &mut self.row)))
        });
        (self.old, self.new) = (old_bytes, new_bytes);
        let (time, size) = written.map_err(|e| e.with_origin(origin))?;
        self.rows.put(key, time, &self.row, size);
        Ok(())
    }

    /// Whether the value has bytes.
    fn value_bytes(&self, value: Option<&V>, headers: &Headers, out: &mut Vec<u8>) -> Result<bool> {
        out.clear();
        let Some(value) = value else { return Ok(false) };
        match self.parts.values.serialize(&SerdeContext { topic: &self.parts.topic, headers }, value, out) {
            Ok(wrote) => Ok(wrote == Wrote::Bytes),
            Err(e) => Err(Error::caused(ErrorKind::Serde, format!("buffer {}: cannot serialize a value", self.parts.name), e)),
        }
    }

    /// Rows that are held back.
    #[doc(alias = "numRecords")]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is held back.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// What the rows count for, as Java estimates it: the bytes of key, values, time, and of what is kept of the record.
    #[doc(alias = "bufferSize")]
    pub fn bytes(&self) -> u64 {
        self.rows.size()
    }

    /// When the first row is due.
    #[doc(alias = "minTimestamp")]
    pub fn first_time(&self) -> Option<i64> {
        self.rows.first().map(|(time, _)| time)
    }

    /// The row that is due first, and its key's bytes in `key_out`. `input` tells the index of an input partition. The row stays until it is
    /// [removed](Self::remove): while it goes downstream, who looks it up finds the value that the table had before.
    ///
    /// # Errors
    /// The serdes'.
    pub fn first(
        &self,
        with_prior: bool,
        input: impl FnOnce(&str, i32) -> Option<u32>,
        key_out: &mut Vec<u8>,
    ) -> Result<Option<Buffered<K, V>>> {
        let Some((_, key)) = self.rows.first() else { return Ok(None) };
        let Some(row) = self.rows.get(key) else { return Ok(None) };
        key_out.clear();
        key_out.extend_from_slice(key);
        let Parsed { timestamp, offset, topic, partition, headers, values, .. } = self.parsed(key, &row.bytes)?;
        let cx = SerdeContext { topic: &self.parts.topic, headers: &headers };
        let key = self.parts.keys.deserialize(&cx, Some(key)).map_err(|e| self.unreadable("a key", e))?;
        let value = |bytes: Option<&[u8]>| bytes.map(|bytes| self.value(&headers, bytes)).transpose();
        let prior = if with_prior { value(values.prior)? } else { None };
        let new = value(values.new)?;
        let origin = input(topic, partition).map(|source| Origin { source, offset });
        Ok(Some(Buffered { key, prior, new, timestamp, origin, headers }))
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &[u8]) {
        self.counters.puts += 1;
        self.rows.remove(key);
    }

    /// The value before the first change that is held back for a key: `None` where nothing is held back, `Some(None)` where there was no value.
    ///
    /// # Errors
    /// The value serde's.
    #[doc(alias = "priorValueForBuffered")]
    pub fn prior(&mut self, key: &[u8]) -> Result<Option<Option<V>>> {
        self.counters.gets += 1;
        let Some(row) = self.rows.get(key) else { return Ok(None) };
        let prior = self.parsed(key, &row.bytes)?.values.prior;
        prior.map(|bytes| self.value(&NO_HEADERS, bytes)).transpose().map(Some)
    }

    fn value(&self, headers: &Headers, bytes: &[u8]) -> Result<V> {
        let cx = SerdeContext { topic: &self.parts.topic, headers };
        self.parts.values.deserialize(&cx, Some(bytes)).map_err(|e| self.unreadable("a value", e))
    }

    #[cold]
    fn unreadable(&self, what: &str, error: BoxError) -> Error {
        let message = format!("buffer {}: {what} that was held back cannot be read again", self.parts.name);
        Error::caused(ErrorKind::Serde, message, error)
    }

    fn parsed<'a>(&self, key: &[u8], bytes: &'a [u8]) -> Result<Parsed<'a>> {
        format::read(bytes).map_err(|Unreadable(why)| {
            let message = format!("buffer {}: the row of key {} is damaged: {why}", self.parts.name, key.escape_ascii());
            Error::new(ErrorKind::Corrupted, message)
        })
    }

    /// Writes what changed since the last time to the changelog; `now_ms` is the time of the records.
    ///
    /// # Errors
    /// The changelog's.
    pub fn flush_at(&mut self, log: &mut dyn Changelog, now_ms: i64) -> Result<()> {
        self.clock = now_ms;
        let (changelog, version) = (self.changelog, &self.version);
        self.rows.log(|key, row| match changelog {
            Some(id) => log.log(id, key, row, now_ms, if row.is_some() { version } else { &NO_HEADERS }),
            None => Ok(()),
        })
    }

    fn restore_one(&mut self, record: &ChangelogRecord<'_>) -> Result<()> {
        let Some(value) = record.value else {
            self.rows.remove(record.key);
            return Ok(());
        };
        let (topic, partition) = (&*self.parts.topic, self.parts.partition);
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        let prior = match self.rows.get(record.key) {
            Some(row) => Some(self.parsed(record.key, &row.bytes)?.values.prior),
            None => None,
        };
        let converted = format::convert(record, value, (topic, partition), prior, &mut row);
        let (time, size) = converted.map_err(|Unreadable(why)| {
            let message = format!(
                "buffer {}: the record at offset {} of {topic}, partition {partition}, is no buffered change: {why}; does the topic belong to another store?",
                self.parts.name, record.offset
            );
            Error::new(ErrorKind::Corrupted, message)
        })?;
        self.rows.put(record.key, time, &row, size);
        self.row = row;
        Ok(())
    }
}

impl<K: 'static, V: Send + 'static> StateStore for ChangeBuffer<K, V> {
    fn name(&self) -> &str {
        &self.parts.name
    }

    fn persistent(&self) -> bool {
        false
    }

    fn committed_offset(&self) -> Option<i64> {
        self.offset
    }

    /// Reads every version that Java has written. A row is due when its record says so; Java leaves it at the time that an earlier record of the
    /// key had, even if the row was emitted and held back anew between them.
    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
        for record in records {
            self.restore_one(&record)?;
        }
        self.restored = Some(next_offset - 1);
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        if let Some(offset) = self.restored.take() {
            self.rows.seal();
            self.rows.written();
            self.offset = Some(offset);
        }
        Ok(())
    }

    fn wipe(&mut self) -> Result<()> {
        (self.rows, self.offset, self.restored) = (Rows::default(), None, None);
        Ok(())
    }

    fn attach(&mut self, changelog: Option<ChangelogId>, _: Arc<CacheBudget>) {
        self.changelog = changelog;
        self.counters = StoreCounters::default();
    }

    fn detach(&mut self) {}

    fn seal(&mut self) -> Result<()> {
        if self.changelog.is_some() && self.rows.is_unlogged() {
            let message = format!("buffer {} was committed with changes that are not in its changelog; flush it first", self.parts.name);
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.rows.seal();
        Ok(())
    }

    fn commit(&mut self, offset: Option<i64>, _: &[PositionEntry]) -> Result<()> {
        if !self.rows.is_sealed() {
            self.seal()?;
        }
        self.rows.written();
        self.restored = None;
        self.offset = self.offset.max(offset);
        Ok(())
    }

    fn flush(&mut self, log: &mut dyn Changelog) -> Result<()> {
        self.flush_at(log, self.clock)
    }

    fn evict(&mut self, _: &mut dyn Changelog) -> Result<bool> {
        Ok(false)
    }

    fn abort(&mut self) {
        self.rows.abort();
        self.restored = None;
    }

    fn uncommitted_bytes(&self) -> usize {
        self.rows.uncommitted_bytes()
    }

    fn approximate_num_entries(&self) -> u64 {
        self.rows.len() as u64
    }

    fn buffered_bytes(&self) -> u64 {
        self.rows.size()
    }

    fn counters(&self) -> StoreCounters {
        self.counters
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

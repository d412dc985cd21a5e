//! Records that wait until stream time has passed them by a grace period.

use super::answers::core_answers;
use super::budget::CacheBudget;
use super::codec::Shown;
use super::core::{Core, StoreParts};
use super::layout::Layout;
use super::list::{Row, RowSerde};
use crate::buffer::RecordContext;
use crate::buffer::format::{self, Unreadable, Values};
use crate::engine::slice;
use crate::keys::time_first;
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, PositionEntry, StateStore, StoreCounters};
use crate::{BoxError, Error, ErrorKind, Headers, NO_HEADERS, Result};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

/// Bytes behind a change in the changelog, always 0: where the buffers of suppressed tables have a time.
const TRAILER: usize = 8;

/// Records in the order of their times, then of the bytes of their keys: what a join of a stream with a table holds back for a grace period.
///
/// Rows are Java's: `0x00 | time i64 | K | sequence i32`, and the record with its context. A change is one changelog record, at once. A Java
/// process cannot read them back, its own neither; this store can.
#[doc(alias = "RocksDBTimeOrderedKeyValueBuffer")]
pub struct RecordBuffer<K, V> {
    /// Of rows; its changelog is never set, since a row is not quite what is logged.
    core: Core<Row>,
    changelog: Option<ChangelogId>,
    keys: Arc<dyn Serde<K>>,
    values: Arc<dyn Serde<V>>,
    serde_topic: Arc<str>,
    grace: i64,
    /// The newest time of any record put; where it is not known, that of the newest row, which is as new unless the grace period is 0.
    stream_time: Option<i64>,
    /// No row is older; not known where `None`.
    oldest: Option<i64>,
    /// Rows up to this one are gone, so that nobody walks over what an engine keeps of them.
    behind: Option<Vec<u8>>,
    sequence: i32,
    row: Vec<u8>,
    composed: Vec<u8>,
}

/// A record that leaves a [`RecordBuffer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting<K, V> {
    /// Its key.
    pub key: K,
    /// Its value.
    pub value: V,
    /// Its time in milliseconds.
    pub timestamp: i64,
    /// The record of the task's input that it was made of, if its partition is one of the task's.
    pub origin: Option<Origin>,
    /// Its headers.
    pub headers: Headers,
}

impl<K: 'static, V: 'static> RecordBuffer<K, V> {
    pub(crate) fn open(parts: StoreParts<K, V>, serde_topic: Arc<str>, grace: i64) -> Self {
        let (parts, values) = parts.of_rows(RowSerde);
        let (core, keys) = Core::new(parts, Layout::POINT);
        RecordBuffer {
            core,
            changelog: None,
            keys,
            values,
            serde_topic,
            grace,
            stream_time: None,
            oldest: None,
            behind: None,
            sequence: 0,
            row: Vec::new(),
            composed: Vec::new(),
        }
    }

    /// The serde of keys.
    pub fn key_serde(&self) -> &Arc<dyn Serde<K>> {
        &self.keys
    }

    /// The topic that the serdes are told: the name of the node, as in Java.
    pub fn topic(&self) -> &Arc<str> {
        &self.serde_topic
    }

    /// Takes a record that has to wait. `false`: it need not, stream time has passed it by more than the grace period. `origin` is the record
    /// that is worked on, `now_ms` the time of the changelog's record.
    ///
    /// # Errors
    /// The value serde's, and the changelog's.
    pub fn put(
        &mut self,
        key: &[u8],
        value: &V,
        context: &RecordContext<'_>,
        origin: Origin,
        now_ms: i64,
        log: &mut dyn Changelog,
    ) -> Result<bool> {
        let (time, stream_time) = (context.timestamp, self.stream_time()?);
        if stream_time.saturating_sub(self.grace) > time {
            return Ok(false);
        }
        let mut bytes = std::mem::take(&mut self.row);
        bytes.clear();
        let wrote = self.values.serialize(&SerdeContext { topic: &self.serde_topic, headers: context.headers }, value, &mut bytes);
        let new = match wrote {
            Ok(wrote) => (wrote == Wrote::Bytes).then_some(&bytes[..]),
            Err(e) => {
                let message = format!("buffer {}: the value of key {} cannot be written", self.core.codec.store, Shown(key));
                return Err(Error::caused(ErrorKind::Serde, message, e).with_origin(origin));
            }
        };
        let mut row = Vec::with_capacity(bytes.len() + 64);
        format::write(context, Values { prior: None, old: None, new }, 0, key, &mut row);
        self.row = bytes;
        self.compose_new(key, time)?;
        if let Some(id) = self.changelog {
            log.log(id, &self.composed, Some(&row), now_ms, &NO_HEADERS)?;
        }
        self.core.put_unlogged(&self.composed, Some(&row[..row.len() - TRAILER]));
        self.core.counters.puts += 1;
        self.stream_time = Some(stream_time.max(time));
        self.oldest = self.oldest.map(|oldest| oldest.min(time));
        self.behind = self.behind.take().filter(|behind| *behind < self.composed);
        Ok(true)
    }

    /// A key that no row has. Java counts from 1 again after a restart, and writes over rows that still wait.
    fn compose_new(&mut self, key: &[u8], time: i64) -> Result<()> {
        loop {
            self.sequence = self.sequence.wrapping_add(1) & i32::MAX;
            self.composed.clear();
            time_first::compose(&mut self.composed, key, time, self.sequence);
            self.row.clear();
            if !self.core.read_row(&self.composed, &mut self.row)? {
                return Ok(());
            }
        }
    }

    /// The first record that has waited for the grace period, and its row's key in `row_key`. `input` tells the index of an input partition. It
    /// stays until it is [removed](Self::remove).
    ///
    /// # Errors
    /// The serdes', and [`ErrorKind::Corrupted`] when the row is damaged.
    pub fn first_due(&mut self, input: impl FnOnce(&str, i32) -> Option<u32>, row_key: &mut Vec<u8>) -> Result<Option<Waiting<K, V>>> {
        let due = self.stream_time()?.saturating_sub(self.grace);
        if due < 0 || self.oldest.is_some_and(|oldest| oldest > due) {
            return Ok(None);
        }
        let mut row = std::mem::take(&mut self.row);
        let time = self.read_end(false, row_key, &mut row)?;
        self.oldest = Some(time.unwrap_or(i64::MAX));
        let result = match time.filter(|time| *time <= due) {
            Some(_) => self.waiting(row_key, &row, input).map(Some),
            None => Ok(None),
        };
        self.row = row;
        result
    }

    fn waiting(&self, row_key: &[u8], row: &[u8], input: impl FnOnce(&str, i32) -> Option<u32>) -> Result<Waiting<K, V>> {
        let Some((_, key)) = time_first::split(row_key) else { return Err(self.damaged(row_key, "its key is too short")) };
        let parsed = format::read_untimed(row).map_err(|Unreadable(why)| self.damaged(row_key, why))?;
        let cx = SerdeContext { topic: &self.serde_topic, headers: &parsed.headers };
        let unreadable = |what: &str, e: BoxError| {
            let message = format!("buffer {}: {what} that waits cannot be read again", self.core.codec.store);
            Error::caused(ErrorKind::Serde, message, e)
        };
        let key = self.keys.deserialize(&cx, Some(key)).map_err(|e| unreadable("a key", e))?;
        let value = self.values.deserialize(&cx, parsed.values.new).map_err(|e| unreadable("a value", e))?;
        let origin = input(parsed.topic, parsed.partition).map(|source| Origin { source, offset: parsed.offset });
        Ok(Waiting { key, value, timestamp: parsed.timestamp, origin, headers: parsed.headers })
    }

    /// Takes a row out. `now_ms` is the time of the changelog's record.
    ///
    /// # Errors
    /// The changelog's.
    pub fn remove(&mut self, row_key: &[u8], now_ms: i64, log: &mut dyn Changelog) -> Result<()> {
        if let Some(id) = self.changelog {
            log.log(id, row_key, None, now_ms, &NO_HEADERS)?;
        }
        self.core.put_unlogged(row_key, None);
        self.core.counters.puts += 1;
        self.oldest = None;
        let behind = self.behind.get_or_insert_default();
        behind.clear();
        behind.extend_from_slice(row_key);
        Ok(())
    }

    /// The key of the record in a row's key.
    pub fn record_key(row_key: &[u8]) -> &[u8] {
        time_first::split(row_key).map_or(&[], |(_, key)| key)
    }

    fn stream_time(&mut self) -> Result<i64> {
        if let Some(time) = self.stream_time {
            return Ok(time);
        }
        let time = self.read_end(true, &mut Vec::new(), &mut Vec::new())?.unwrap_or(-1);
        self.stream_time = Some(time);
        Ok(time)
    }

    /// Reads the oldest row, or the newest, and tells its time.
    fn read_end(&mut self, newest: bool, row_key: &mut Vec<u8>, row: &mut Vec<u8>) -> Result<Option<i64>> {
        self.core.counters.ranges += 1;
        let from = match self.behind.take().filter(|_| !newest) {
            Some(behind) => Bound::Excluded(behind),
            None => Bound::Unbounded,
        };
        let mut found = false;
        self.core.scan(0..=0, slice(&from), Bound::Unbounded, newest, |_| true, &mut |key, value, _| {
            row_key.clear();
            row_key.extend_from_slice(key);
            row.clear();
            row.extend_from_slice(value.bytes());
            found = true;
            Ok(ControlFlow::Break(()))
        })?;
        if let Bound::Excluded(behind) = from {
            self.behind = Some(behind);
        }
        match found.then(|| time_first::split(row_key)) {
            Some(Some((time, _))) => Ok(Some(time)),
            Some(None) => Err(self.damaged(row_key, "its key is too short")),
            None => Ok(None),
        }
    }

    /// Forgets what is known of the rows.
    fn look_again(&mut self) {
        (self.stream_time, self.oldest, self.behind) = (None, None, None);
    }

    #[cold]
    fn damaged(&self, row_key: &[u8], why: &str) -> Error {
        let message = format!("buffer {}: the row {} is damaged: {why}", self.core.codec.store, Shown(row_key));
        Error::new(ErrorKind::Corrupted, message)
    }

    fn restore_one(&mut self, record: &ChangelogRecord<'_>) -> Result<()> {
        let row = match record.value {
            None => Some(None),
            Some(value) => value.len().checked_sub(TRAILER).map(|length| Some(&value[..length])),
        };
        match row.filter(|_| time_first::split(record.key).is_some()) {
            Some(row) => self.core.put_unlogged(record.key, row),
            None => {
                let message = format!(
                    "buffer {}: the record at offset {} of {} is no record that waits; does the topic belong to another store?",
                    self.core.codec.store, record.offset, self.core.codec.topic
                );
                return Err(Error::new(ErrorKind::Corrupted, message));
            }
        }
        Ok(())
    }
}

impl<K: 'static, V: 'static> StateStore for RecordBuffer<K, V> {
    core_answers!();

    fn attach(&mut self, changelog: Option<ChangelogId>, budget: Arc<CacheBudget>) {
        self.changelog = changelog;
        self.core.attach(Some(budget));
    }

    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
        self.look_again();
        for record in records {
            self.restore_one(&record)?;
        }
        self.core.restore(&mut std::iter::empty(), next_offset, |_| ())
    }

    fn settle(&mut self) -> Result<()> {
        self.core.settle(i64::MIN)
    }

    fn wipe(&mut self) -> Result<()> {
        self.look_again();
        self.core.wipe()
    }

    fn seal(&mut self) -> Result<()> {
        self.core.seal()
    }

    fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry]) -> Result<()> {
        if !self.core.pending.is_sealed() {
            self.seal()?;
        }
        self.core.commit(offset, position, i64::MIN)
    }

    fn abort(&mut self) {
        self.look_again();
        self.core.abort();
    }

    fn approximate_num_entries(&self) -> u64 {
        self.core.engine.approximate_num_entries()
    }
}

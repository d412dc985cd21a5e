//! The versioned store: what each key was, and when.

mod put;
mod row;
mod state_store;

use super::codec::Shown;
use super::core::{Core, StoreParts};
use super::expiry::Expiry;
use super::layout::Layout;
use super::list::{Row, RowSerde};
use crate::position::Position;
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::{Changelog, ChangelogId, Origin};
use crate::{BoxError, Error, ErrorKind, NO_HEADERS, Result};
use row::{SegmentRow, span};
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

/// The segment that has the latest value of each key: behind all others in the order of the bytes.
const LATEST: i64 = -1;

/// How long a versioned store keeps what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VersionedShape {
    /// Milliseconds of stream time for which a version is kept after another one took its place.
    pub retention: i64,
    /// Milliseconds of a segment; at least 1.
    pub interval: i64,
}

/// One version of a key's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedRecord<V> {
    /// The value.
    pub value: V,
    /// Milliseconds from which on it is valid.
    pub timestamp: i64,
    /// Milliseconds until which, itself excluded, it is valid; `None`: it is the latest.
    #[doc(alias = "validTo")]
    pub valid_to: Option<i64>,
}

/// What became of a version that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutResult {
    /// It is the latest of its key.
    #[doc(alias = "PUT_RETURN_CODE_VALID_TO_UNDEFINED")]
    Latest,
    /// A newer one is there already: it is valid until then, in milliseconds.
    ValidTo(i64),
    /// It was not put: stream time has passed it by more than the history retention.
    #[doc(alias = "PUT_RETURN_CODE_NOT_PUT")]
    TooOld,
}

/// Values by key and time (KIP-889). A version is valid from its time until that of the next one of its key; versions may come in any order, as
/// long as stream time, the newest time put so far, has not passed them by more than the *history retention*. Older versions are forgotten by
/// whole segments; the latest one of a key never is.
///
/// Rows are Java's: `segment i64 | K`, in segment -1 `valid from i64 | V` of the latest version, in all others the older versions that ended in
/// the segment's span of time. A change is one changelog record with the version's time, in the order of the puts, and a restore puts them
/// again. It has no record cache.
///
/// Stream time is not stored, so a store that was just opened knows nothing of it, as in Java; a store restored from the whole changelog does.
#[doc(alias = "VersionedKeyValueStore")]
#[doc(alias = "RocksDBVersionedStore")]
pub struct VersionedStore<K, V> {
    /// Of rows; its changelog is never set, since a row is not what is logged.
    core: Core<Row>,
    changelog: Option<ChangelogId>,
    keys: Arc<dyn Serde<K>>,
    values: Arc<dyn Serde<V>>,
    shape: VersionedShape,
    expiry: Expiry,
    /// The segments that may have rows; not known after opening and aborting.
    segments: Option<BTreeSet<i64>>,
    composed: Vec<u8>,
    row: Vec<u8>,
    written: Vec<u8>,
    value: Vec<u8>,
}

impl<K: 'static, V: 'static> VersionedStore<K, V> {
    /// `timestamped` and `caching` of `parts` are not for versioned stores.
    pub(crate) fn open(parts: StoreParts<K, V>, shape: VersionedShape) -> Self {
        let (parts, values) = parts.of_rows(RowSerde);
        let (core, keys) = Core::new(parts, Layout::POINT);
        VersionedStore {
            core,
            changelog: None,
            keys,
            values,
            shape,
            expiry: Expiry::new(shape.retention, shape.interval),
            segments: None,
            composed: Vec::new(),
            row: Vec::new(),
            written: Vec::new(),
            value: Vec::new(),
        }
    }

    /// The serde of keys.
    pub fn key_serde(&self) -> &Arc<dyn Serde<K>> {
        &self.keys
    }

    /// The topic that the serdes are told: the store's changelog.
    pub fn topic(&self) -> &Arc<str> {
        &self.core.codec.topic
    }

    /// Appends the bytes of `key`.
    ///
    /// # Errors
    /// The serde's, and an error when it wrote null: no store has a null key.
    pub fn write_key(&self, key: &K, out: &mut Vec<u8>) -> Result<(), BoxError> {
        match self.keys.serialize(&SerdeContext { topic: self.topic(), headers: &NO_HEADERS }, key, out)? {
            Wrote::Bytes => Ok(()),
            Wrote::Null => Err(format!("store {} cannot have a null key", self.core.codec.store).into()),
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// The serde's.
    pub fn read_key(&self, key: &[u8]) -> Result<K, BoxError> {
        self.keys.deserialize(&SerdeContext { topic: self.topic(), headers: &NO_HEADERS }, Some(key))
    }

    /// Puts a value that is valid from `timestamp` on, or, with `None`, says that there was none from then on. The attempt is logged in any
    /// case, and counted where it comes too late. `origin` is the record that is worked on.
    ///
    /// # Errors
    /// The serde's and the changelog's; [`ErrorKind::Invalid`] for a time before 1970; and [`ErrorKind::Corrupted`] when a row is damaged.
    pub fn put(&mut self, key: &[u8], value: Option<&V>, timestamp: i64, origin: Origin, log: &mut dyn Changelog) -> Result<PutResult> {
        if timestamp < 0 {
            let message = format!("store {}: a version of key {} has the time {timestamp}, before 1970", self.core.codec.store, Shown(key));
            return Err(Error::new(ErrorKind::Invalid, message).with_origin(origin));
        }
        let mut bytes = std::mem::take(&mut self.value);
        bytes.clear();
        let cx = SerdeContext { topic: &self.core.codec.topic, headers: &NO_HEADERS };
        let wrote = value.map_or(Ok(Wrote::Null), |value| self.values.serialize(&cx, value, &mut bytes));
        let result = match wrote {
            Ok(wrote) => {
                let value = (wrote == Wrote::Bytes).then_some(&bytes[..]);
                self.put_bytes(key, value, timestamp).and_then(|result| {
                    if let Some(id) = self.changelog {
                        log.log(id, key, value, timestamp, &NO_HEADERS)?;
                    }
                    Ok(result)
                })
            }
            Err(e) => {
                let message = format!("store {}: the value of key {} cannot be written", self.core.codec.store, Shown(key));
                Err(Error::caused(ErrorKind::Serde, message, e).with_origin(origin))
            }
        };
        self.value = bytes;
        result
    }

    fn put_bytes(&mut self, key: &[u8], value: Option<&[u8]>, timestamp: i64) -> Result<PutResult> {
        self.core.counters.puts += 1;
        if timestamp < self.oldest() {
            self.expiry.refused += 1;
            return Ok(PutResult::TooOld);
        }
        self.expiry.observe(timestamp);
        self.insert(key, value, timestamp)
    }

    /// Says that there is no value from `timestamp` on; the answer is the version that was valid then, `None` also where it came too late.
    ///
    /// # Errors
    /// As [`put`](Self::put), and the serde's.
    pub fn delete(&mut self, key: &[u8], timestamp: i64, origin: Origin, log: &mut dyn Changelog) -> Result<Option<VersionedRecord<V>>> {
        let existing = if timestamp < self.oldest() { None } else { self.get_as_of(key, timestamp)? };
        self.put(key, None, timestamp, origin, log)?;
        Ok(existing)
    }

    /// The latest version of a key.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<VersionedRecord<V>>> {
        self.with_row(|store, row| match store.read_latest(key, row)? {
            Some(timestamp) => store.record(key, row.get(8..).unwrap_or_default(), timestamp, None).map(Some),
            None => Ok(None),
        })
    }

    /// The version of a key that was valid at `as_of`. Times that stream time has passed by more than the history retention find nothing, but
    /// the latest version where it is as old.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn get_as_of(&mut self, key: &[u8], as_of: i64) -> Result<Option<VersionedRecord<V>>> {
        self.with_row(|store, row| {
            if let Some(timestamp) = store.read_latest(key, row)?.filter(|from| *from <= as_of) {
                return store.record(key, row.get(8..).unwrap_or_default(), timestamp, None).map(Some);
            }
            if as_of < store.oldest() {
                return Ok(None);
            }
            for segment in store.segments_from(as_of)? {
                if !store.read_segment(segment, key, row)? {
                    continue;
                }
                let Some((next, min)) = span(row) else { return Err(store.damaged(key)) };
                if next <= as_of {
                    return Ok(None);
                }
                if min > as_of {
                    continue;
                }
                let found = SegmentRow::read(row).and_then(|versions| Some((versions.find(as_of)?, versions)));
                let Some((found, versions)) = found else { return Err(store.damaged(key)) };
                let version = versions.versions[found.index];
                return version.value.map(|value| store.record(key, value, version.from, Some(found.to))).transpose();
            }
            Ok(None)
        })
    }

    /// Milliseconds of stream time for which versions are kept, and may come late.
    pub fn history_retention_ms(&self) -> i64 {
        self.shape.retention
    }

    /// The newest time put since the store was opened; -1 before the first.
    pub fn observed_stream_time(&self) -> i64 {
        self.expiry.now()
    }

    /// Puts refused so far because they came too late.
    pub fn expired_writes(&self) -> u64 {
        self.expiry.refused
    }

    /// How far input has been applied to the committed rows.
    pub fn position(&self) -> &Position {
        self.core.position()
    }

    fn with_row<R>(&mut self, f: impl FnOnce(&mut Self, &mut Vec<u8>) -> Result<R>) -> Result<R> {
        let mut row = std::mem::take(&mut self.row);
        let result = f(self, &mut row);
        self.row = row;
        result
    }

    fn record(&self, key: &[u8], value: &[u8], timestamp: i64, valid_to: Option<i64>) -> Result<VersionedRecord<V>> {
        match self.values.deserialize(&SerdeContext { topic: self.topic(), headers: &NO_HEADERS }, Some(value)) {
            Ok(value) => Ok(VersionedRecord { value, timestamp, valid_to }),
            Err(e) => {
                let store = &self.core.codec.store;
                let message = format!("store {store}: a value of key {} cannot be read; was its serde changed?", Shown(key));
                Err(Error::caused(ErrorKind::Serde, message, e))
            }
        }
    }

    #[cold]
    fn damaged(&self, key: &[u8]) -> Error {
        let message = format!("store {}: a row of key {} is damaged; wipe the store to restore it", self.core.codec.store, Shown(key));
        Error::new(ErrorKind::Corrupted, message)
    }

    /// The oldest time that can be put and looked up.
    fn oldest(&self) -> i64 {
        self.expiry.now().saturating_sub(self.shape.retention)
    }

    fn live_from(&self) -> i64 {
        self.expiry.live_from(self.expiry.now())
    }

    fn segment_of(&self, time: i64) -> i64 {
        time / self.shape.interval
    }

    fn compose(&mut self, segment: i64, key: &[u8]) {
        self.composed.clear();
        self.composed.extend_from_slice(&segment.to_be_bytes());
        self.composed.extend_from_slice(key);
    }

    /// Writes the row of the latest version over what `row` holds and tells when it began.
    fn read_latest(&mut self, key: &[u8], row: &mut Vec<u8>) -> Result<Option<i64>> {
        match self.read_segment(LATEST, key, row)? {
            true => match row.split_first_chunk() {
                Some((from, _)) => Ok(Some(i64::from_be_bytes(*from))),
                None => Err(self.damaged(key)),
            },
            false => Ok(None),
        }
    }

    fn read_segment(&mut self, segment: i64, key: &[u8], row: &mut Vec<u8>) -> Result<bool> {
        row.clear();
        self.compose(segment, key);
        self.core.read_row(&self.composed, row)
    }

    /// The segments that can have versions that ended after `time`, newest first.
    fn segments_from(&mut self, time: i64) -> Result<Vec<i64>> {
        let from = self.segment_of(time).max(self.live_from());
        if self.expiry.follows() {
            // another store writes them
            self.segments = None;
        }
        Ok(self.known_segments()?.range(from..).rev().copied().collect())
    }

    /// The segments that may have rows: Java forgets those of an earlier life of the process until they are written to.
    fn known_segments(&mut self) -> Result<&mut BTreeSet<i64>> {
        if self.segments.is_none() {
            let (mut segments, mut from) = (BTreeSet::new(), 0_i64);
            loop {
                let mut found = None;
                let bytes = from.to_be_bytes();
                self.core.scan(0..=0, Bound::Included(&bytes), Bound::Excluded(&END), false, |_| true, &mut |key, _, _| {
                    found = key.first_chunk().map(|segment| i64::from_be_bytes(*segment));
                    Ok(ControlFlow::Break(()))
                })?;
                let Some(segment) = found else { break };
                segments.insert(segment);
                let Some(behind) = segment.checked_add(1) else { break };
                from = behind;
            }
            self.segments = Some(segments);
        }
        Ok(self.segments.get_or_insert_default())
    }

    /// Deletes the rows of segments that have expired.
    fn drop_expired(&mut self) -> Result<()> {
        let live_from = self.live_from();
        let expired: Vec<i64> = self.known_segments()?.range(..live_from).copied().collect();
        for segment in expired {
            let (from, to) = (segment.to_be_bytes(), (segment + 1).to_be_bytes());
            let mut keys = Vec::new();
            self.core.scan(0..=0, Bound::Included(&from), Bound::Excluded(&to), false, |_| true, &mut |key, _, _| {
                keys.push(key.to_vec());
                Ok(ControlFlow::Continue(()))
            })?;
            for key in keys {
                self.core.put_unlogged(&key, None);
            }
            self.known_segments()?.remove(&segment);
        }
        Ok(())
    }
}

/// Behind all segments but that of the latest versions.
const END: [u8; 8] = [0x80, 0, 0, 0, 0, 0, 0, 0];

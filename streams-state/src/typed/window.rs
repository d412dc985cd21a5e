//! The window store: one value per key and window start, or several, for a limited time.

use super::budget::CacheBudget;
use super::core::{Core, StoreParts};
use super::expiry::{Expiry, expiring_store, segment_interval};
use super::key_value::{common, read_committed};
use super::layout::Layout;
use super::{Dirty, Evicted, Slot};
use crate::keys::window;
use crate::position::Position;
use crate::serde::{Serde, SerdeContext, Window, Windowed, Wrote};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Lifetime, Origin, PositionEntry, StateStore, StoreCounters, StoredRow};
use crate::{BoxError, Error, ErrorKind, Headers, NO_HEADERS, Result};
use std::sync::Arc;

/// How long a window store keeps what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowShape {
    /// Milliseconds of stream time for which a window is kept.
    pub retention: i64,
    /// Milliseconds for which a window still changes, and is found by who changes it, after reads find it no more.
    pub margin: i64,
    /// Length of a window in milliseconds.
    pub size: i64,
    /// Whether every put is a row of its own.
    pub duplicates: bool,
    /// Whether no window begins after the time of the record that changes it.
    pub by_record_time: bool,
}

impl WindowShape {
    /// Span of a segment in milliseconds.
    pub fn segment_interval(&self) -> i64 {
        segment_interval(self.retention)
    }
}

/// Values by key and window start, with their times unless the store is plain, kept until stream time has passed them by the retention.
///
/// Row and changelog keys are `K | start i64 | sequence i32`, as Java's. Reads and writes beyond the retention find nothing, to the
/// millisecond; rows go from disk by whole segments, when a commit finds them expired. Stream time is the newest window start written. It is
/// not among the rows: tasks keep it with the offsets they commit, and tell it to a store that was opened.
///
/// A store that *retains duplicates* makes a row of every [`append`](Self::append); its other writing calls are refused.
#[doc(alias = "TimestampedWindowStore")]
pub struct WindowStore<K, V> {
    pub(super) core: Core<V>,
    keys: Arc<dyn Serde<K>>,
    shape: WindowShape,
    sequence: i32,
    expiry: Expiry,
    pub(super) lower: Vec<u8>,
    pub(super) upper: Vec<u8>,
}

read_committed!(WindowStore);

impl<K: 'static, V: Clone + Send + 'static> WindowStore<K, V> {
    pub(crate) fn open(parts: StoreParts<K, V>, shape: WindowShape) -> Self {
        let interval = shape.segment_interval();
        let (core, keys) = Core::new(parts, Layout::window(interval));
        let (lower, upper) = (Vec::new(), Vec::new());
        let kept = shape.retention.saturating_add(shape.margin);
        WindowStore { core, keys, shape, sequence: 0, expiry: Expiry::new(kept, interval), lower, upper }
    }

    common!();

    /// Changes the value of a window in place and marks it dirty, like [`KvStore::update`](super::KvStore::update). `None` when the window
    /// has expired: `f` was not called, the attempt is counted.
    ///
    /// # Errors
    /// When the row cannot be read, or the store retains duplicates.
    #[inline]
    pub fn update<R>(&mut self, key: &[u8], start: i64, origin: Origin, f: impl FnOnce(&mut Slot<V>) -> R) -> Result<Option<R>> {
        self.update_if(key, start, origin, |slot| (f(slot), true))
    }

    /// The same where `f` says whether it changed anything.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    #[inline]
    pub fn update_if<R>(&mut self, key: &[u8], start: i64, origin: Origin, f: impl FnOnce(&mut Slot<V>) -> (R, bool)) -> Result<Option<R>> {
        if self.shape.duplicates {
            return Err(self.refused("retains duplicates: it can only be appended to"));
        }
        if start < self.oldest_open() {
            self.expiry.refused += 1;
            return Ok(None);
        }
        window::compose(&mut self.lower, key, start, 0);
        let mut changed = false;
        let result = self.core.update_if(&self.lower, origin, |slot| {
            let result = f(slot);
            changed = result.1;
            result
        })?;
        if changed {
            self.expiry.observe(start);
        }
        Ok(Some(result))
    }

    /// [`update`](Self::update) of a window that had not expired when the change came, whatever was written since: for changes that were held
    /// back before they came to the store.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn update_open<R>(&mut self, key: &[u8], start: i64, origin: Origin, f: impl FnOnce(&mut Slot<V>) -> R) -> Result<R> {
        if self.shape.duplicates {
            return Err(self.refused("retains duplicates: it can only be appended to"));
        }
        window::compose(&mut self.lower, key, start, 0);
        let result = self.core.update_if(&self.lower, origin, |slot| (f(slot), true))?;
        self.expiry.observe(start);
        Ok(result)
    }

    /// Sets or, with `None`, deletes the value of a window. `false` when the window has expired; the attempt is counted.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn put(&mut self, key: &[u8], start: i64, value: Option<V>, timestamp: i64, origin: Origin) -> Result<bool> {
        Ok(self.update(key, start, origin, |slot| *slot = Slot { value, timestamp })?.is_some())
    }

    /// Adds a row beside those that the window already has, and its changelog record with it. `timestamp` is the record's time. `false` when
    /// the window has expired; the attempt is counted.
    ///
    /// # Errors
    /// The serde's and the changelog's; and when the store does not retain duplicates.
    pub fn append(
        &mut self,
        key: &[u8],
        start: i64,
        value: &V,
        timestamp: i64,
        origin: Origin,
        headers: &Headers,
        log: &mut dyn Changelog,
    ) -> Result<bool> {
        if !self.shape.duplicates {
            return Err(self.refused("does not retain duplicates: it cannot be appended to"));
        }
        if start < self.oldest_open() {
            self.expiry.refused += 1;
            return Ok(false);
        }
        self.expiry.observe(start);
        if self.sequence == 0 {
            // every append is a record of the changelog: what lies in the store has numbers up to its offset
            self.sequence = self.core.engine.committed_offset().map_or(0, |last| (last.wrapping_add(1) & 0x7fff_ffff) as i32);
        }
        self.sequence = self.sequence.wrapping_add(1) & 0x7fff_ffff;
        window::compose(&mut self.lower, key, start, self.sequence);
        self.core.append(&self.lower, Some(value), timestamp, origin, headers, log)?;
        Ok(true)
    }

    /// Numbers of rows that are taken back count no more: their records may never have come to the changelog, and after a restart numbers begin behind its offset.
    fn forget_numbers(&mut self) {
        if self.core.changelog.is_some() {
            self.sequence = 0;
        }
    }

    /// Goes on behind the numbers of the rows, where there is no changelog that tells them.
    pub(crate) fn number_on(&mut self) -> Result<()> {
        let mut last = 0;
        if self.shape.duplicates {
            self.core.rows(0..=i64::MAX, &mut |composed, _| {
                last = composed.last_chunk().map_or(last, |number| i32::from_be_bytes(*number).max(last));
            })?;
        }
        self.sequence = last;
        Ok(())
    }

    /// Looks at the value of a window and its time (-1 in plain stores). In a store that retains duplicates use
    /// [`fetch_range`](Self::fetch_range).
    ///
    /// # Errors
    /// When the row cannot be read.
    #[inline]
    pub fn with<R>(&mut self, key: &[u8], start: i64, f: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        if self.is_expired(start) {
            return Ok(f(None));
        }
        window::compose(&mut self.lower, key, start, 0);
        self.core.with(&self.lower, f)
    }

    /// The same as [`KvStore::with_forwarded`](super::KvStore::with_forwarded).
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn with_forwarded<R>(&mut self, key: &[u8], start: i64, f: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        if self.is_expired(start) {
            return Ok(f(None));
        }
        window::compose(&mut self.lower, key, start, 0);
        self.core.with_forwarded(&self.lower, f)
    }

    /// Whether a newer value than that of [`with_forwarded`](Self::with_forwarded) waits.
    pub fn waits(&mut self, key: &[u8], start: i64) -> bool {
        window::compose(&mut self.lower, key, start, 0);
        !self.is_expired(start) && self.core.waits(&self.lower)
    }

    /// A copy of the value of a window and its time.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn fetch(&mut self, key: &[u8], start: i64) -> Result<Option<(V, i64)>> {
        self.with(key, start, |found| found.map(|(value, timestamp)| (value.clone(), timestamp)))
    }

    /// Splits the key that [`pop_dirty`](Self::pop_dirty) and [`evict_one`](Self::evict_one) hand out into record key and window start.
    ///
    /// # Errors
    /// When the bytes are not a window's key.
    pub fn split_key(composed: &[u8]) -> Result<(&[u8], i64)> {
        window::split(composed)
            .ok_or_else(|| Error::new(ErrorKind::Invalid, format!("{} bytes are too few for the key of a window", composed.len())))
    }

    /// Reads such a key. The window ends `window_size` after its start, clamped to `i64::MAX`.
    ///
    /// # Errors
    /// The key serde's, and when the bytes are not a window's key.
    pub fn read_windowed_key(&self, composed: &[u8]) -> Result<Windowed<K>, BoxError> {
        let (key, start) = Self::split_key(composed)?;
        Ok(Windowed::new(self.read_key(key)?, Window::new(start, start.saturating_add(self.shape.size))))
    }

    /// Milliseconds of stream time for which windows are kept.
    pub fn retention_ms(&self) -> i64 {
        self.shape.retention
    }

    /// Length of a window in milliseconds.
    pub fn window_size_ms(&self) -> i64 {
        self.shape.size
    }

    /// Whether every put is a row of its own.
    pub fn retains_duplicates(&self) -> bool {
        self.shape.duplicates
    }

    /// The newest window start written, as far as the store was told of what was before it was opened; -1 before the first.
    pub fn observed_stream_time(&self) -> i64 {
        self.expiry.now()
    }

    /// Writes refused so far because their window had expired.
    pub fn expired_writes(&self) -> u64 {
        self.expiry.refused
    }

    /// Windows that begin before it have expired.
    #[inline]
    pub fn oldest_visible(&self) -> i64 {
        self.expiry.now().saturating_sub(self.shape.retention).saturating_add(1)
    }

    /// Windows that begin before it do not change any more.
    #[inline]
    pub(super) fn oldest_open(&self) -> i64 {
        self.oldest_visible().saturating_sub(self.shape.margin)
    }

    #[inline]
    fn is_expired(&self, start: i64) -> bool {
        start < self.oldest_visible()
    }

    #[cold]
    fn refused(&self, why: &str) -> Error {
        Error::new(ErrorKind::Invalid, format!("store {} {why}", self.core.codec.store))
    }
}

expiring_store!(
    WindowStore,
    window::start,
    window::row,
    |store: &Self| store.shape,
    |store: &Self| store.shape.by_record_time,
    |store: &mut Self| store.forget_numbers()
);

//! The session store: values by key and by a start and end that grow with them, for a limited time.

use super::budget::CacheBudget;
use super::by_time::Span;
use super::core::{Core, StoreParts};
use super::expiry::{Expiry, expiring_store, segment_interval};
use super::key_value::{common, read_committed};
use super::layout::Layout;
use super::session_cursor::SessionCursor;
use super::{Dirty, Evicted, Slot};
use crate::keys::session;
use crate::position::Position;
use crate::serde::{Serde, SerdeContext, Window, Windowed, Wrote};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Lifetime, Origin, PositionEntry, StateStore, StoreCounters, StoredRow};
use crate::{BoxError, Error, ErrorKind, Headers, NO_HEADERS, Result};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

/// How long a session store keeps what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionShape {
    /// Milliseconds of stream time for which a session is kept.
    pub retention: i64,
}

impl SessionShape {
    /// Span of a segment in milliseconds.
    pub fn segment_interval(&self) -> i64 {
        segment_interval(self.retention)
    }
}

/// Values by key, session start and session end (both inclusive), kept until stream time is past the end by more than the retention.
///
/// Row and changelog keys are `K | end i64 | start i64`, as Java's; rows carry no time. Retention holds to the millisecond, whether a row is
/// in the cache or below it: reads and writes beyond it find nothing. Rows go from disk by whole segments, by their ends, when a commit finds
/// them expired. Stream time is the newest session end written or removed. It is not among the rows: tasks keep it with the offsets
/// they commit, and tell it to a store that was opened.
///
/// Changes go the way of [`KvStore`](super::KvStore)'s. The store does not merge sessions: whoever extends one removes it and puts the longer
/// one.
pub struct SessionStore<K, V> {
    pub(super) core: Core<V>,
    keys: Arc<dyn Serde<K>>,
    expiry: Expiry,
    lower: Vec<u8>,
    upper: Vec<u8>,
}

/// What [`SessionStore::find_sessions`] visits sessions with: start, end, value.
pub type VisitSession<'a, V> = &'a mut dyn FnMut(i64, i64, &V) -> Result<ControlFlow<()>>;

/// What [`SessionStore::find_between`] visits sessions with: record key, start, end, value.
pub type VisitKeyedSession<'a, V> = &'a mut dyn FnMut(&[u8], i64, i64, &V) -> Result<ControlFlow<()>>;

read_committed!(SessionStore);

impl<K: 'static, V: Clone + Send + 'static> SessionStore<K, V> {
    pub(crate) fn open(parts: StoreParts<K, V>, shape: SessionShape) -> Self {
        let interval = shape.segment_interval();
        let (mut core, keys) = Core::new(parts, Layout::session(interval));
        core.forget_deleted = true;
        SessionStore { core, keys, expiry: Expiry::new(shape.retention, interval), lower: Vec::new(), upper: Vec::new() }
    }

    common!();

    /// Changes the value of a session in place and marks it dirty, like [`KvStore::update`](super::KvStore::update). `None` when the session
    /// has expired: `f` was not called, the attempt is counted. The time that `f` sets is the one of the changelog record.
    ///
    /// # Errors
    /// When the row cannot be read.
    #[inline]
    pub fn update<R>(&mut self, key: &[u8], start: i64, end: i64, origin: Origin, f: impl FnOnce(&mut Slot<V>) -> R) -> Result<Option<R>> {
        if self.is_expired(end) {
            self.expiry.refused += 1;
            return Ok(None);
        }
        session::compose(&mut self.lower, key, start, end);
        let result = self.core.update_if(&self.lower, origin, |slot| (f(slot), true))?;
        self.expiry.observe(end);
        Ok(Some(result))
    }

    /// Sets or, with `None`, deletes the value of a session. `timestamp` is the time of the changelog record. `false` when the session has
    /// expired; the attempt is counted.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn put(&mut self, key: &[u8], start: i64, end: i64, value: Option<V>, timestamp: i64, origin: Origin) -> Result<bool> {
        Ok(self.update(key, start, end, origin, |slot| *slot = Slot { value, timestamp })?.is_some())
    }

    /// [`put`](Self::put) of a session of which is known that it is not there, as [`find_sessions`](Self::find_sessions) has told: the store
    /// does not look for it again.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn put_new(&mut self, key: &[u8], start: i64, end: i64, value: Option<V>, timestamp: i64, origin: Origin) -> Result<bool> {
        if !self.is_expired(end) {
            session::compose(&mut self.lower, key, start, end);
            self.core.known_absent(&self.lower);
        }
        self.put(key, start, end, value, timestamp, origin)
    }

    /// Deletes a session and hands out what it had. A session that is not there, or has expired, is left alone.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn remove(&mut self, key: &[u8], start: i64, end: i64, timestamp: i64, origin: Origin) -> Result<Option<V>> {
        if self.is_expired(end) {
            return Ok(None);
        }
        session::compose(&mut self.lower, key, start, end);
        let removed = self.core.take(&self.lower, timestamp, origin)?;
        if removed.is_some() {
            self.expiry.observe(end);
        }
        Ok(removed)
    }

    /// Looks at the value of a session.
    ///
    /// # Errors
    /// When the row cannot be read.
    #[inline]
    pub fn with<R>(&mut self, key: &[u8], start: i64, end: i64, f: impl FnOnce(Option<&V>) -> R) -> Result<R> {
        if self.is_expired(end) {
            return Ok(f(None));
        }
        session::compose(&mut self.lower, key, start, end);
        self.core.with(&self.lower, |found| f(found.map(|(value, _)| value)))
    }

    /// A copy of the value of a session.
    ///
    /// # Errors
    /// When the row cannot be read.
    #[doc(alias = "fetchSession")]
    #[expect(clippy::redundant_closure_for_method_calls, reason = "`Option::cloned` alone would be ambiguous")]
    pub fn fetch_session(&mut self, key: &[u8], start: i64, end: i64) -> Result<Option<V>> {
        self.with(key, start, end, |found| found.cloned())
    }

    /// Visits all sessions of a key; see [`find_sessions`](Self::find_sessions).
    ///
    /// # Errors
    /// As `find_sessions`.
    pub fn fetch(&mut self, key: &[u8], reverse: bool, visit: VisitSession<'_, V>) -> Result<()> {
        self.find_sessions(key, 0, i64::MAX, reverse, visit)
    }

    /// Visits the sessions of a key that end at `earliest_end` or later and begin at `latest_start` or earlier: by end, then start, and
    /// backwards where `reverse`, until `visit` breaks off.
    ///
    /// # Errors
    /// When a row cannot be read, and those of `visit`.
    #[doc(alias = "findSessions")]
    #[doc(alias = "backwardFindSessions")]
    pub fn find_sessions(
        &mut self,
        key: &[u8],
        earliest_end: i64,
        latest_start: i64,
        reverse: bool,
        visit: VisitSession<'_, V>,
    ) -> Result<()> {
        self.core.counters.ranges += 1;
        let from = earliest_end.max(self.oldest_visible()).max(0);
        let (mut lower, mut upper) = (std::mem::take(&mut self.lower), std::mem::take(&mut self.upper));
        session::compose(&mut lower, key, 0, from);
        session::compose(&mut upper, key, latest_start, i64::MAX);
        // Between two sessions of one key lie only rows of it and of longer keys that begin with it.
        let length = key.len() + session::SUFFIX;
        let within = |composed: &[u8]| {
            composed.len() == length && session::split(composed).is_some_and(|(_, start, end)| end >= from && start <= latest_start)
        };
        let segments = self.core.segments(from, i64::MAX);
        let (first, last) = (Bound::Included(&lower[..]), Bound::Included(&upper[..]));
        let result = self.core.scan_key(segments, first, last, reverse, within, &mut |composed, value, _| match session::split(composed) {
            Some((_, start, end)) => visit(start, end, value),
            None => Ok(ControlFlow::Continue(())),
        });
        (self.lower, self.upper) = (lower, upper);
        result
    }

    /// Visits the sessions of the keys from `first` to `last`, both included and each open-ended where `None`, that end at `earliest_end` or
    /// later and begin at `latest_start` or earlier: by segment, within it by the bytes of key, end and start; backwards where `reverse`;
    /// until `visit` breaks off.
    ///
    /// # Errors
    /// When a row cannot be read, and those of `visit`.
    #[doc(alias = "findSessions")]
    #[doc(alias = "backwardFindSessions")]
    pub fn find_between(
        &mut self,
        first: Option<&[u8]>,
        last: Option<&[u8]>,
        earliest_end: i64,
        latest_start: i64,
        reverse: bool,
        visit: VisitKeyedSession<'_, V>,
    ) -> Result<()> {
        self.core.counters.ranges += 1;
        let from = earliest_end.max(self.oldest_visible()).max(0);
        let within = |composed: &[u8]| {
            session::split(composed).is_some_and(|(key, start, end)| {
                end >= from && start <= latest_start && first.is_none_or(|first| key >= first) && last.is_none_or(|last| key <= last)
            })
        };
        let segments = self.core.segments(from, i64::MAX);
        let beyond = last.map(session::upper_bound);
        // a session's key is not less than the record key that it begins with
        let lower = first.map_or(Bound::Unbounded, Bound::Included);
        let upper = beyond.as_deref().map_or(Bound::Unbounded, Bound::Included);
        self.core.scan_between(segments, lower, upper, reverse, within, &mut |composed, value, _| match session::split(composed) {
            Some((key, start, end)) => visit(key, start, end, value),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// The sessions that end in `[from, to]`, by end, then start and key (in memory: by end, then key): a walk that borrows the store only while it
    /// takes the next rows. Nothing in a store whose rows do not lie by time.
    #[doc(alias = "findSessions")]
    pub fn cursor_by_end(&mut self, from: i64, to: i64) -> SessionCursor<V> {
        self.core.counters.ranges += 1;
        SessionCursor::new(from.max(self.oldest_visible()), to)
    }

    /// The end of the first of the sessions that end at `from` or later, in a store whose rows lie by time.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn first_end(&mut self, from: i64) -> Result<Option<i64>> {
        let from = from.max(self.oldest_visible());
        let mut first = None;
        self.core.scan_by_time(Span { from, to: i64::MAX, reverse: false, behind: None }, &mut |composed, _, _| {
            first = Some(session::end(composed));
            Ok(ControlFlow::Break(()))
        })?;
        Ok(first)
    }

    /// Splits the key that [`pop_dirty`](Self::pop_dirty) and [`evict_one`](Self::evict_one) hand out into record key, session start and end.
    ///
    /// # Errors
    /// When the bytes are not a session's key.
    pub fn split_key(composed: &[u8]) -> Result<(&[u8], i64, i64)> {
        session::split(composed)
            .ok_or_else(|| Error::new(ErrorKind::Invalid, format!("{} bytes are too few for the key of a session", composed.len())))
    }

    /// Reads such a key.
    ///
    /// # Errors
    /// The key serde's, and when the bytes are not a session's key.
    pub fn read_windowed_key(&self, composed: &[u8]) -> Result<Windowed<K>, BoxError> {
        let (key, start, end) = Self::split_key(composed)?;
        Ok(Windowed::new(self.read_key(key)?, Window::new(start, end)))
    }

    /// Milliseconds of stream time for which sessions are kept.
    pub fn retention_ms(&self) -> i64 {
        self.expiry.retention
    }

    /// The newest session end written, as far as the store was told of what was before it was opened; -1 before the first.
    pub fn observed_stream_time(&self) -> i64 {
        self.expiry.now()
    }

    /// Writes refused so far because their session had expired.
    pub fn expired_writes(&self) -> u64 {
        self.expiry.refused
    }

    #[inline]
    fn oldest_visible(&self) -> i64 {
        self.expiry.now().saturating_sub(self.expiry.retention)
    }

    #[inline]
    fn is_expired(&self, end: i64) -> bool {
        end < self.oldest_visible()
    }
}

// the record that makes a session longer may be older than its end
expiring_store!(
    SessionStore,
    session::end,
    session::row,
    |store: &Self| SessionShape { retention: store.expiry.retention },
    |_: &Self| false,
    |_: &mut Self| ()
);

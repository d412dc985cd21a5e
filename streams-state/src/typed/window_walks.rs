//! Walks through the rows of a window store.

use super::by_time::Span;
use super::window::WindowStore;
use super::window_cursor::WindowCursor;
use crate::Result;
use crate::keys::window;
use std::ops::{Bound, ControlFlow};

/// What [`WindowStore::fetch_all`] visits rows with: record key, window start, value, its time.
pub type VisitWindow<'a, V> = &'a mut dyn FnMut(&[u8], i64, &V, i64) -> Result<ControlFlow<()>>;

impl<K: 'static, V: Clone + Send + 'static> WindowStore<K, V> {
    /// Visits the rows of one key with window starts in `[from, to]`, oldest first or, where `reverse`, newest first, until `visit` breaks
    /// off. `visit` gets window start, value and its time.
    ///
    /// # Errors
    /// When a row cannot be read, and those of `visit`.
    pub fn fetch_range(
        &mut self,
        key: &[u8],
        from: i64,
        to: i64,
        reverse: bool,
        visit: &mut dyn FnMut(i64, &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.fetch_from(key, (from.max(self.oldest_visible()), to), reverse, visit)
    }

    /// The same of the windows that can still be changed, with those that reads find no more.
    ///
    /// # Errors
    /// As [`fetch_range`](Self::fetch_range).
    pub fn fetch_open(
        &mut self,
        key: &[u8],
        from: i64,
        to: i64,
        reverse: bool,
        visit: &mut dyn FnMut(i64, &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.fetch_from(key, (from.max(self.oldest_open()), to), reverse, visit)
    }

    fn fetch_from(
        &mut self,
        key: &[u8],
        (from, to): (i64, i64),
        reverse: bool,
        visit: &mut dyn FnMut(i64, &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.core.counters.ranges += 1;
        if from > to {
            return Ok(());
        }
        let (mut lower, mut upper) = (std::mem::take(&mut self.lower), std::mem::take(&mut self.upper));
        window::compose(&mut lower, key, from, 0);
        window::compose(&mut upper, key, to, i32::MAX);
        let result =
            self.walk_key(key.len(), Bound::Included(&lower), Bound::Included(&upper), (from, to), reverse, &mut |composed, value, at| {
                visit(window::start(composed), value, at)
            });
        (self.lower, self.upper) = (lower, upper);
        result
    }

    pub(super) fn walk_key(
        &mut self,
        key_len: usize,
        lower: Bound<&[u8]>,
        upper: Bound<&[u8]>,
        (from, to): (i64, i64),
        reverse: bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        // Between two windows of one key lie only rows of it and of longer keys that begin with it.
        let length = key_len + window::SUFFIX;
        let segments = self.core.segments(from, to);
        self.core.scan_key(segments, lower, upper, reverse, |composed| composed.len() == length, visit)
    }

    /// Visits the rows of all keys with window starts in `[from, to]`: by segment, within it by the bytes of key and window start, or by
    /// window start and key in a store whose rows lie by time; backwards where `reverse`; until `visit` breaks off.
    ///
    /// # Errors
    /// When a row cannot be read, and those of `visit`.
    pub fn fetch_all(&mut self, from: i64, to: i64, reverse: bool, visit: VisitWindow<'_, V>) -> Result<()> {
        self.core.counters.ranges += 1;
        let from = from.max(self.oldest_visible());
        if from > to {
            return Ok(());
        }
        if self.core.recent.is_some() {
            return self.core.scan_by_time(Span { from, to, reverse, behind: None }, &mut |composed, value, timestamp| {
                let (key, start) = Self::split_key(composed)?;
                visit(key, start, value, timestamp)
            });
        }
        let within = |composed: &[u8]| window::split(composed).is_some_and(|(_, start)| (from..=to).contains(&start));
        let segments = self.core.segments(from, to);
        self.core.scan_by_segment(segments, reverse, within, &mut |composed, value, timestamp| match window::split(composed) {
            Some((key, start)) => visit(key, start, value, timestamp),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// [`fetch_range`](Self::fetch_range) as a walk that borrows the store only while it takes the next rows.
    pub fn cursor(&mut self, key: &[u8], from: i64, to: i64, reverse: bool) -> WindowCursor<V> {
        self.core.counters.ranges += 1;
        WindowCursor::of_key(key, from.max(self.oldest_visible()), to, reverse)
    }

    /// [`fetch_all`](Self::fetch_all) as a walk that borrows the store only while it takes the next rows.
    pub fn cursor_all(&mut self, from: i64, to: i64, reverse: bool) -> WindowCursor<V> {
        self.core.counters.ranges += 1;
        WindowCursor::of_all(from.max(self.oldest_visible()), to, reverse)
    }

    /// The same of the keys from `first` to `last`, both included and by the order of their bytes; `None` is no limit.
    pub fn cursor_between(&mut self, first: Option<&[u8]>, last: Option<&[u8]>, from: i64, to: i64, reverse: bool) -> WindowCursor<V> {
        self.core.counters.ranges += 1;
        WindowCursor::of_keys(first, last, from.max(self.oldest_visible()), to, reverse)
    }
}

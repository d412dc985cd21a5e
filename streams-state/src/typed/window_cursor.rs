//! Walks over a window store in small steps.

use super::by_time::Span;
use super::kv_cursor::CHUNK;
use super::small::SmallBytes;
use super::window::WindowStore;
use crate::Result;
use crate::keys::window;
use std::collections::VecDeque;
use std::ops::{Bound, ControlFlow};

/// A walk that borrows the [`WindowStore`] only while it takes the next rows, so that its user may change the store on the way. Changes
/// beyond the rows already taken are seen.
pub struct WindowCursor<V> {
    /// The key whose windows are walked; `None` for all keys.
    key: Option<Vec<u8>>,
    /// The first and last of them that are told.
    first: Option<Vec<u8>>,
    last_key: Option<Vec<u8>>,
    from: i64,
    to: i64,
    reverse: bool,
    /// The last row taken.
    last: Option<SmallBytes>,
    taken: VecDeque<(SmallBytes, V, i64)>,
    done: bool,
}

impl<V: Clone + Send + 'static> WindowCursor<V> {
    pub(super) fn of_key(key: &[u8], from: i64, to: i64, reverse: bool) -> Self {
        WindowCursor { key: Some(key.to_vec()), ..Self::of_all(from, to, reverse) }
    }

    pub(super) fn of_all(from: i64, to: i64, reverse: bool) -> Self {
        Self::of_keys(None, None, from, to, reverse)
    }

    pub(super) fn of_keys(first: Option<&[u8]>, last: Option<&[u8]>, from: i64, to: i64, reverse: bool) -> Self {
        let (first, last_key) = (first.map(<[u8]>::to_vec), last.map(<[u8]>::to_vec));
        WindowCursor { key: None, first, last_key, from, to, reverse, last: None, taken: VecDeque::new(), done: from > to }
    }

    /// The next window start, value and its time, the record key in `key_out`. `store` must be the one that made the cursor.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn next<K: 'static>(&mut self, store: &mut WindowStore<K, V>, key_out: &mut Vec<u8>) -> Result<Option<(i64, V, i64)>> {
        if self.taken.is_empty() && !self.done {
            match self.key.take() {
                Some(key) => {
                    self.fill_key(store, &key)?;
                    self.key = Some(key);
                }
                None => self.fill_all(store)?,
            }
        }
        let Some((composed, value, timestamp)) = self.taken.pop_front() else { return Ok(None) };
        let (key, start) = WindowStore::<K, V>::split_key(&composed)?;
        key_out.clear();
        key_out.extend_from_slice(key);
        Ok(Some((start, value, timestamp)))
    }

    fn fill_key<K: 'static>(&mut self, store: &mut WindowStore<K, V>, key: &[u8]) -> Result<()> {
        let (mut first, mut end) = (Vec::new(), Vec::new());
        window::compose(&mut first, key, self.from, 0);
        window::compose(&mut end, key, self.to, i32::MAX);
        let (mut lower, mut upper) = (Bound::Included(&first[..]), Bound::Included(&end[..]));
        let last = self.last.take();
        if let Some(last) = &last {
            *(if self.reverse { &mut upper } else { &mut lower }) = Bound::Excluded(last);
        }
        let taken = &mut self.taken;
        store.walk_key(key.len(), lower, upper, (self.from, self.to), self.reverse, &mut |composed, value, timestamp| {
            Ok(take(taken, composed, value, timestamp))
        })?;
        self.done = self.taken.len() < CHUNK;
        self.last = self.taken.back().map(|row| row.0.clone());
        Ok(())
    }

    /// Goes on within the segment of the last row, then into the ones behind it.
    fn fill_all<K: 'static>(&mut self, store: &mut WindowStore<K, V>) -> Result<()> {
        let (from, to, reverse) = (self.from, self.to, self.reverse);
        let (first_key, last_key) = (self.first.as_deref(), self.last_key.as_deref());
        let told = |key: &[u8]| first_key.is_none_or(|first| key >= first) && last_key.is_none_or(|last| key <= last);
        if store.core.recent.is_some() {
            let taken = &mut self.taken;
            store.core.scan_by_time(Span { from, to, reverse, behind: self.last.as_deref() }, &mut |composed, value, timestamp| {
                let told = window::split(composed).is_some_and(|(key, _)| told(key));
                Ok(if told { take(taken, composed, value, timestamp) } else { ControlFlow::Continue(()) })
            })?;
            self.done = self.taken.len() < CHUNK;
            self.last = self.taken.back().map(|row| row.0.clone());
            return Ok(());
        }
        let (mut first, mut end) = store.core.segments(from, to).into_inner();
        let within = |composed: &[u8]| window::split(composed).is_some_and(|(key, start)| (from..=to).contains(&start) && told(key));
        // a row's key is not less than the record key that it begins with
        let least = first_key.map_or(Bound::Unbounded, Bound::Included);
        let beyond_last = last_key.map(window::upper_bound);
        let most = beyond_last.as_deref().map_or(Bound::Unbounded, Bound::Included);
        let segment_of = store.core.segment_fn();
        let taken = &mut self.taken;
        if let Some(last) = self.last.take() {
            let segment = segment_of(&last);
            let beyond = Bound::Excluded(&*last);
            let (lower, upper) = if reverse { (least, beyond) } else { (beyond, most) };
            let here = |composed: &[u8]| within(composed) && segment_of(composed) == segment;
            store.core.scan(segment..=segment, lower, upper, reverse, here, &mut |composed, value, timestamp| {
                Ok(take(taken, composed, value, timestamp))
            })?;
            *(if reverse { &mut end } else { &mut first }) = if reverse { segment - 1 } else { segment + 1 };
        }
        if taken.len() < CHUNK && first <= end {
            let ahead = |composed: &[u8]| within(composed) && (first..=end).contains(&segment_of(composed));
            store.core.scan_between(first..=end, least, most, reverse, ahead, &mut |composed, value, timestamp| {
                Ok(take(taken, composed, value, timestamp))
            })?;
        }
        self.done = self.taken.len() < CHUNK;
        self.last = self.taken.back().map(|row| row.0.clone());
        Ok(())
    }
}

fn take<V: Clone>(taken: &mut VecDeque<(SmallBytes, V, i64)>, composed: &[u8], value: &V, timestamp: i64) -> ControlFlow<()> {
    taken.push_back((composed.into(), value.clone(), timestamp));
    if taken.len() < CHUNK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

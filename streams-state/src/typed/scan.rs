//! Walks over the rows of a store: cache, buffer and engine as one.

use super::core::Core;
use super::merge::{Either, Sources};
use crate::Result;
use std::ops::{Bound, ControlFlow, RangeInclusive};

impl<V: Clone + 'static> Core<V> {
    /// Walks the rows between two keys in byte order. Committed rows that `accept` refuses are passed over, and so must be the others by
    /// `visit`.
    pub fn scan(
        &mut self,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        accept: impl Fn(&[u8]) -> bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.cache.ensure_sorted();
        self.pending.ensure_sorted();
        let sources = Sources {
            cache: &self.cache,
            pending: &self.pending,
            codec: &self.codec,
            cached: Either::new(self.cache.range(from, to), reverse).filter(|(key, _)| accept(key)),
            buffered: Either::new(self.pending.range(from, to), reverse).filter(|(key, _)| accept(key)),
            committed: self.engine.scan(segments, from, to, reverse)?,
        };
        sources.walk(|a, b| if reverse { b.cmp(a) } else { a.cmp(b) }, &accept, visit)
    }

    /// The same of rows of one record key: the bounds differ only in what they have behind it, and `accept` takes rows of no other.
    pub fn scan_key(
        &mut self,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        accept: impl Fn(&[u8]) -> bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.cache.ensure_by_key(self.layout.suffix);
        self.pending.ensure_by_key(self.layout.suffix);
        let committed = match (reverse, from, to) {
            (false, Bound::Included(from), Bound::Included(to)) => self.engine.scan_key(segments, from, to)?,
            _ => self.engine.scan(segments, from, to, reverse)?,
        };
        let (cache, pending) = (&self.cache, &self.pending);
        let sources = Sources {
            cache,
            pending,
            codec: &self.codec,
            cached: Either::new(cache.range_of_key(from, to), reverse).map(|i| (cache.get(i).key(), i)).filter(|(key, _)| accept(key)),
            buffered: Either::new(pending.range_of_key(from, to), reverse).map(|i| (pending.row(i).0, i)).filter(|(key, _)| accept(key)),
            committed,
        };
        sources.walk(|a, b| if reverse { b.cmp(a) } else { a.cmp(b) }, &accept, visit)
    }

    /// Walks rows by segment and, within it, by key. Only rows that `accept` takes are visited.
    pub fn scan_by_segment(
        &mut self,
        segments: RangeInclusive<i64>,
        reverse: bool,
        accept: impl Fn(&[u8]) -> bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.scan_between(segments, Bound::Unbounded, Bound::Unbounded, reverse, accept, visit)
    }

    /// The same between two keys.
    pub fn scan_between(
        &mut self,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        accept: impl Fn(&[u8]) -> bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.cache.ensure_sorted();
        self.pending.ensure_sorted();
        let segment = self.segment_fn();
        let order = |a: &[u8], b: &[u8]| (segment(a), a).cmp(&(segment(b), b));
        let sorted = |keys: &mut dyn Iterator<Item = _>| {
            let mut keys: Vec<(&[u8], u32)> = keys.filter(|&(key, _): &(&[u8], u32)| accept(key)).collect();
            keys.sort_by(|a, b| order(a.0, b.0));
            Either::new(keys.into_iter(), reverse)
        };
        let sources = Sources {
            cache: &self.cache,
            pending: &self.pending,
            codec: &self.codec,
            cached: sorted(&mut self.cache.range(from, to)),
            buffered: sorted(&mut self.pending.range(from, to)),
            committed: self.engine.scan(segments, from, to, reverse)?,
        };
        sources.walk(|a, b| if reverse { order(b, a) } else { order(a, b) }, &accept, visit)
    }
}

//! Walks by time, in stores whose rows lie so.

use super::core::{Core, hash_of};
use super::small::SmallBytes;
use crate::Result;
use crate::engine::slice;
use crate::keys::{time_first, window};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

/// Keys by window start.
type Keys = BTreeMap<i64, BTreeSet<SmallBytes>>;

/// The windows that changed since the last commit, by start and key: cache and buffer know them by key only. What the engine has lies by time
/// there.
#[derive(Default)]
pub(super) struct Recent {
    keys: Keys,
    /// Those that the commit under way writes.
    sealed: Keys,
}

impl Recent {
    #[inline]
    pub fn changed(&mut self, composed: &[u8]) {
        let Some((key, start)) = window::split(composed) else { return };
        let keys = self.keys.entry(start).or_default();
        if !keys.contains(key) {
            keys.insert(key.into());
        }
    }

    /// A commit begins, or begins anew.
    pub fn seal(&mut self) {
        for (start, mut keys) in std::mem::take(&mut self.keys) {
            self.sealed.entry(start).or_default().append(&mut keys);
        }
    }

    /// What was sealed is in the engine.
    pub fn written(&mut self) {
        self.sealed.clear();
    }

    pub fn clear(&mut self) {
        self.keys.clear();
        self.sealed.clear();
    }
}

/// Where a walk begins, where it ends, and in which direction.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    pub from: i64,
    pub to: i64,
    pub reverse: bool,
    /// The row (its composed key) behind which it goes on.
    pub behind: Option<&'a [u8]>,
}

/// The keys of a span, in the order of the walk.
fn keys_of<'a>(keys: &'a Keys, span: &Span<'a>) -> Box<dyn Iterator<Item = (i64, &'a [u8])> + 'a> {
    let behind = span.behind.and_then(window::split).map(|(key, start)| (start, key));
    let reverse = span.reverse;
    let of_start = move |(&start, keys): (&i64, &'a BTreeSet<SmallBytes>)| -> Box<dyn Iterator<Item = (i64, &'a [u8])> + 'a> {
        let edge = match behind {
            Some((at, key)) if at == start => Bound::Excluded(key),
            _ => Bound::Unbounded,
        };
        let (lower, upper) = if reverse { (Bound::Unbounded, edge) } else { (edge, Bound::Unbounded) };
        let keys = keys.range::<[u8], _>((lower, upper)).map(move |key| (start, &**key));
        if reverse { Box::new(keys.rev()) } else { Box::new(keys) }
    };
    if span.from > span.to {
        return Box::new(std::iter::empty());
    }
    let starts = keys.range(span.from..=span.to);
    if reverse { Box::new(starts.rev().flat_map(of_start)) } else { Box::new(starts.flat_map(of_start)) }
}

impl<V: Clone + 'static> Core<V> {
    /// Visits the rows of a span by window start, then key. `visit` gets the composed key, the value and its time.
    pub fn scan_by_time(&mut self, mut span: Span<'_>, visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>) -> Result<()> {
        if let Some((_, at)) = span.behind.and_then(window::split) {
            (span.from, span.to) = if span.reverse { (span.from, span.to.min(at)) } else { (span.from.max(at), span.to) };
        }
        if span.from > span.to {
            return Ok(());
        }
        let Some(recent) = &self.recent else { return Ok(()) };
        let (mut lower, mut upper) = time_first::times(span.from, span.to);
        if let Some(behind) = span.behind {
            let mut row = Vec::with_capacity(behind.len() + 1);
            time_first::base(&mut row, behind);
            *(if span.reverse { &mut upper } else { &mut lower }) = Bound::Excluded(row);
        }
        let segments = self.segments(span.from, span.to);
        let (mut newer, mut sealed) = (keys_of(&recent.keys, &span).peekable(), keys_of(&recent.sealed, &span).peekable());
        let mut committed = self.engine.scan_by_time(segments, slice(&lower), slice(&upper), span.reverse)?;
        let mut composed = Vec::new();
        loop {
            let in_engine = committed.row().and_then(|(key, _)| window::split(key)).map(|(key, start)| (start, key));
            let all = [newer.peek().copied(), sealed.peek().copied(), in_engine];
            let next = all.into_iter().flatten().reduce(|a, b| if (b < a) != span.reverse && a != b { b } else { a });
            let Some((start, key)) = next else { return Ok(()) };
            window::compose(&mut composed, key, start, 0);
            let is_next = |at: Option<(i64, &[u8])>| at == Some((start, key));
            let (of_newer, of_sealed, of_engine) = (is_next(all[0]), is_next(all[1]), is_next(all[2]));
            let flow = {
                let hash = hash_of(&self.hasher, &composed);
                let kept;
                let found = if let Some(i) = self.cache.find(hash, &composed) {
                    let slot = &self.cache.get(i).slot;
                    slot.value.as_ref().map(|value| (value, slot.timestamp))
                } else {
                    let row = match self.pending.get(hash, &composed) {
                        Some(row) => row,
                        None => committed.row().filter(|_| of_engine).map(|(_, row)| row),
                    };
                    kept = row.map(|row| self.codec.decode(&composed, row)).transpose()?;
                    kept.as_ref().and_then(|slot| slot.value.as_ref().map(|value| (value, slot.timestamp)))
                };
                found.map(|(value, at)| visit(&composed, value, at)).transpose()?
            };
            if flow.is_some_and(|flow| flow.is_break()) {
                return Ok(());
            }
            if of_newer {
                newer.next();
            }
            if of_sealed {
                sealed.next();
            }
            if of_engine {
                committed.advance()?;
            }
        }
    }
}

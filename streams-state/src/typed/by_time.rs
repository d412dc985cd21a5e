//! Walks by time, in stores whose rows lie so.

use super::core::{Core, hash_of};
use super::small::SmallBytes;
use crate::Result;
use crate::engine::slice;
use crate::keys::time_first::{TimeFirst, times};
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

/// The rows that changed since the last commit, by time, as the engine keys them: cache and buffer know them by record key only. What the engine has
/// lies by time there.
pub(super) struct Recent {
    form: TimeFirst,
    rows: BTreeSet<SmallBytes>,
    /// Those that the commit under way writes.
    sealed: BTreeSet<SmallBytes>,
    row: Vec<u8>,
}

impl Recent {
    pub fn new(form: TimeFirst) -> Self {
        Recent { form, rows: BTreeSet::new(), sealed: BTreeSet::new(), row: Vec::new() }
    }

    pub fn form(&self) -> TimeFirst {
        self.form
    }

    /// All that it knows, which it forgets.
    pub fn take(&mut self) -> Self {
        let form = self.form;
        std::mem::replace(self, Recent::new(form))
    }

    #[inline]
    pub fn changed(&mut self, composed: &[u8]) {
        self.row.clear();
        self.form.base(&mut self.row, composed);
        if !self.rows.contains(&self.row[..]) {
            self.rows.insert(self.row[..].into());
        }
    }

    /// A commit begins, or begins anew.
    pub fn seal(&mut self) {
        self.sealed.append(&mut self.rows);
    }

    /// What was sealed is in the engine.
    pub fn written(&mut self) {
        self.sealed.clear();
    }

    pub fn clear(&mut self) {
        self.rows.clear();
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

/// Row keys between the bounds, in the order of the walk.
fn keys_of<'a>(
    rows: &'a BTreeSet<SmallBytes>,
    from: Bound<&[u8]>,
    to: Bound<&[u8]>,
    reverse: bool,
) -> Box<dyn Iterator<Item = &'a [u8]> + 'a> {
    let rows = rows.range::<[u8], _>((from, to)).map(|row| &**row);
    if reverse { Box::new(rows.rev()) } else { Box::new(rows) }
}

impl<V: Clone + 'static> Core<V> {
    /// Visits the rows of a span in the order of their keys in the engine: by window start, then key, or by session end. `visit` gets the composed
    /// key, the value and its time.
    pub fn scan_by_time(&mut self, mut span: Span<'_>, visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>) -> Result<()> {
        let Some(recent) = &self.recent else { return Ok(()) };
        let form = recent.form;
        if let Some(at) = span.behind.map(|behind| form.time(behind)) {
            (span.from, span.to) = if span.reverse { (span.from, span.to.min(at)) } else { (span.from.max(at), span.to) };
        }
        if span.from > span.to || span.to < 0 {
            return Ok(());
        }
        let (mut lower, mut upper) = times(span.from, span.to);
        if let Some(behind) = span.behind {
            let mut row = Vec::with_capacity(behind.len() + 1);
            form.base(&mut row, behind);
            *(if span.reverse { &mut upper } else { &mut lower }) = Bound::Excluded(row);
        }
        let segments = self.segments(span.from, span.to);
        let (from, to) = (slice(&lower), slice(&upper));
        let mut newer = keys_of(&recent.rows, from, to, span.reverse).peekable();
        let mut sealed = keys_of(&recent.sealed, from, to, span.reverse).peekable();
        let mut committed = self.engine.scan_by_time(segments, from, to, span.reverse)?;
        let mut composed = Vec::new();
        loop {
            let all = [newer.peek().copied(), sealed.peek().copied(), committed.row().map(|(row, _)| row)];
            let Some(first) = all.into_iter().flatten().reduce(|a, b| if (b < a) != span.reverse && a != b { b } else { a }) else {
                return Ok(());
            };
            let [of_newer, of_sealed, of_engine] = all.map(|row| row == Some(first));
            form.read_base(&mut composed, first);
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

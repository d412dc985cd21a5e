//! Rows of windows and sessions by time first, as Java lays them out where windows are told when they close: those that end next lie side by side,
//! and an index finds those of one key. A layer over an engine: what lies above knows ordinary keys.

use crate::Result;
use crate::engine::{Cursor, Engine, Row, Stand, slice};
use crate::keys::time_first::{self, TimeFirst};
use crate::position::Position;
use std::cell::RefCell;
use std::ops::{Bound, Range, RangeInclusive};

pub(crate) struct TimeFirstEngine {
    inner: Box<dyn Engine>,
    form: TimeFirst,
    /// Milliseconds of a segment.
    interval: i64,
    indexed: bool,
    key: RefCell<Vec<u8>>,
    /// The rows of the last walk by key, kept for their capacity.
    found: Found,
}

#[derive(Default)]
struct Found {
    bytes: Vec<u8>,
    rows: Vec<(Range<usize>, Range<usize>)>,
}

impl Found {
    fn clear(&mut self) {
        self.bytes.clear();
        self.rows.clear();
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.rows.push((at..middle, middle..self.bytes.len()));
    }
}

impl TimeFirstEngine {
    /// Over `inner`, whose segments span `interval` milliseconds. Without an index the rows of one key are found by looking at those of all.
    pub fn new(inner: Box<dyn Engine>, form: TimeFirst, interval: i64, indexed: bool) -> Self {
        TimeFirstEngine { inner, form, interval: interval.max(1), indexed, key: RefCell::default(), found: Found::default() }
    }

    /// The rows of one key, by its index.
    fn find_indexed(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<()> {
        let entry = |composed: &[u8]| {
            let mut key = Vec::with_capacity(composed.len() + 1);
            time_first::index(&mut key, composed);
            key
        };
        let (from, to) = (from.map(entry), to.map(entry));
        let mut cursor = self.inner.scan(segments, slice(&from), slice(&to), reverse)?;
        let mut keys = Found::default();
        while let Some((row, _)) = cursor.row() {
            if let Some(composed) = self.form.read_index(row) {
                keys.add(composed, &[]);
            }
            cursor.advance()?;
        }
        drop(cursor);
        let mut value = Vec::new();
        for (key, _) in keys.rows {
            let composed = &keys.bytes[key];
            value.clear();
            // Java leaves the entries of deleted rows behind
            if self.get(self.form.time(composed) / self.interval, composed, &mut value)? {
                self.found.add(composed, &value);
            }
        }
        Ok(())
    }

    /// The rows between two keys, by looking at all rows of the segments; in `order` within each.
    fn find_all(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<()> {
        let (least, most) = time_first::times(0, i64::MAX);
        let mut cursor = self.inner.scan(segments, slice(&least), slice(&most), false)?;
        let mut composed = Vec::new();
        while let Some((row, value)) = cursor.row() {
            if self.form.read_base(&mut composed, row) && is_within(&composed, from, to) {
                self.found.add(&composed, value);
            }
            cursor.advance()?;
        }
        drop(cursor);
        let Found { bytes, rows } = &mut self.found;
        let (form, interval) = (self.form, self.interval);
        let place = |key: &Range<usize>| (form.time(&bytes[key.clone()]) / interval, &bytes[key.clone()]);
        rows.sort_by(|a, b| place(&a.0).cmp(&place(&b.0)));
        if reverse {
            rows.reverse();
        }
        Ok(())
    }
}

fn is_within(key: &[u8], from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    let after = match from {
        Bound::Included(from) => key >= from,
        Bound::Excluded(from) => key > from,
        Bound::Unbounded => true,
    };
    after
        && match to {
            Bound::Included(to) => key <= to,
            Bound::Excluded(to) => key < to,
            Bound::Unbounded => true,
        }
}

/// Whether both bounds are rows of the same record key.
fn is_one_key(form: TimeFirst, from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    let key = |bound| match bound {
        Bound::Included(composed) | Bound::Excluded(composed) => form.key(composed),
        Bound::Unbounded => None,
    };
    key(from).is_some() && key(from) == key(to)
}

impl Engine for TimeFirstEngine {
    fn persistent(&self) -> bool {
        self.inner.persistent()
    }

    fn get(&self, segment: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let mut base = self.key.borrow_mut();
        base.clear();
        self.form.base(&mut base, key);
        self.inner.get(segment, &base, out)
    }

    fn scan(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        self.found.clear();
        match self.indexed && is_one_key(self.form, from, to) {
            true => self.find_indexed(segments, from, to, reverse)?,
            false => self.find_all(segments, from, to, reverse)?,
        }
        Ok(Box::new(FoundCursor { found: &self.found, at: 0 }))
    }

    fn scan_by_time(
        &mut self,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
    ) -> Result<Box<dyn Cursor + '_>> {
        self.inner.scan(segments, from, to, reverse)
    }

    /// Keys become longer, so those of a commit are held once more.
    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        let (mut keys, mut all) = (Vec::new(), Vec::new());
        for Row { segment, key, value } in rows {
            if self.indexed {
                let at = keys.len();
                time_first::index(&mut keys, key);
                all.push((segment, at..keys.len(), value.map(|_| &[][..])));
            }
            let at = keys.len();
            self.form.base(&mut keys, key);
            all.push((segment, at..keys.len(), value));
        }
        let mut rows = all.into_iter().map(|(segment, key, value)| Row { segment, key: &keys[key], value });
        self.inner.write(&mut rows, stand)
    }

    fn committed_offset(&self) -> Option<i64> {
        self.inner.committed_offset()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }

    fn approximate_num_entries(&self) -> u64 {
        self.inner.approximate_num_entries() / if self.indexed { 2 } else { 1 }
    }

    fn wipe(&mut self) -> Result<()> {
        self.inner.wipe()
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.inner.close()
    }
}

struct FoundCursor<'a> {
    found: &'a Found,
    at: usize,
}

impl Cursor for FoundCursor<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        let (key, value) = self.found.rows.get(self.at)?;
        Some((&self.found.bytes[key.clone()], &self.found.bytes[value.clone()]))
    }

    fn advance(&mut self) -> Result<()> {
        self.at += 1;
        Ok(())
    }
}

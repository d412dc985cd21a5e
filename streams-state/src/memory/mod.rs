//! The engine that keeps rows in memory: what in-memory stores use, and tests.

mod shared;
mod table;

pub(crate) use shared::SharedMemoryEngine;

use crate::Result;
use crate::engine::{Cursor, Engine, Row, Stand, slice};
use crate::position::Position;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};
use table::Table;

/// Rows per segment.
#[derive(Default)]
pub(crate) struct MemoryEngine {
    segments: BTreeMap<i64, Table>,
    offset: Option<i64>,
    position: Position,
}

impl Engine for MemoryEngine {
    fn persistent(&self) -> bool {
        false
    }

    fn get(&self, segment: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        match self.segments.get(&segment).and_then(|rows| rows.get(key)) {
            Some(row) => out.extend_from_slice(row),
            None => return Ok(false),
        }
        Ok(true)
    }

    fn scan(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        if segments.is_empty() {
            return Ok(Box::new(MemoryCursor { at: None, rest: std::iter::empty() }));
        }
        let (from, to) = (from.map(<[u8]>::to_vec), to.map(<[u8]>::to_vec));
        for (_, rows) in self.segments.range_mut(segments.clone()) {
            rows.ensure_sorted();
        }
        let rows = self.segments.range(segments).flat_map(move |(_, rows)| rows.range(slice(&from), slice(&to)));
        Ok(match reverse {
            false => Box::new(MemoryCursor::start(rows)),
            true => Box::new(MemoryCursor::start(rows.rev())),
        })
    }

    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        for Row { segment, key, value } in rows {
            self.segments.entry(segment).or_default().put(key, value);
        }
        if self.segments.first_key_value().is_some_and(|(&first, _)| first < stand.live_from) {
            self.segments = self.segments.split_off(&stand.live_from);
        }
        self.offset = stand.offset.or(self.offset);
        if let Some(position) = stand.position {
            self.position = position.clone();
        }
        Ok(())
    }

    fn committed_offset(&self) -> Option<i64> {
        self.offset
    }

    fn position(&self) -> Position {
        self.position.clone()
    }

    fn approximate_num_entries(&self) -> u64 {
        self.segments.values().map(|rows| rows.len() as u64).sum()
    }

    fn wipe(&mut self) -> Result<()> {
        *self = MemoryEngine::default();
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

struct MemoryCursor<'a, I> {
    at: Option<(&'a [u8], &'a [u8])>,
    rest: I,
}

impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])>> MemoryCursor<'a, I> {
    fn start(mut rows: I) -> Self {
        MemoryCursor { at: rows.next(), rest: rows }
    }
}

impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])>> Cursor for MemoryCursor<'a, I> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.at
    }

    fn advance(&mut self) -> Result<()> {
        self.at = self.rest.next();
        Ok(())
    }
}

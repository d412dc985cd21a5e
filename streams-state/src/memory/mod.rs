//! The engine that keeps rows in memory: what in-memory stores use, and tests.

use crate::Result;
use crate::engine::{Cursor, Engine, Row, Stand};
use crate::position::Position;
use crate::typed::small::SmallBytes;
use crate::typed::view::is_empty;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};

/// Ordered rows per segment.
#[derive(Default)]
pub(crate) struct MemoryEngine {
    segments: BTreeMap<i64, BTreeMap<SmallBytes, SmallBytes>>,
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

    fn scan(&self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        if is_empty(from, to) || segments.is_empty() {
            return Ok(Box::new(MemoryCursor { at: None, rest: std::iter::empty() }));
        }
        let (from, to) = (from.map(SmallBytes::from), to.map(SmallBytes::from));
        let rows = self.segments.range(segments).flat_map(move |(_, rows)| rows.range((from.clone(), to.clone())));
        Ok(match reverse {
            false => Box::new(MemoryCursor::start(rows)),
            true => Box::new(MemoryCursor::start(rows.rev())),
        })
    }

    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        for Row { segment, key, value } in rows {
            match value {
                Some(value) => {
                    let rows = self.segments.entry(segment).or_default();
                    match rows.get_mut(key) {
                        Some(row) => *row = value.into(),
                        None => drop(rows.insert(key.into(), value.into())),
                    }
                }
                None => {
                    if let Some(rows) = self.segments.get_mut(&segment) {
                        rows.remove(key);
                    }
                }
            }
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
    at: Option<(&'a SmallBytes, &'a SmallBytes)>,
    rest: I,
}

impl<'a, I: Iterator<Item = (&'a SmallBytes, &'a SmallBytes)>> MemoryCursor<'a, I> {
    fn start(mut rows: I) -> Self {
        MemoryCursor { at: rows.next(), rest: rows }
    }
}

impl<'a, I: Iterator<Item = (&'a SmallBytes, &'a SmallBytes)>> Cursor for MemoryCursor<'a, I> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.at.map(|(key, row)| (&**key, &**row))
    }

    fn advance(&mut self) -> Result<()> {
        self.at = self.rest.next();
        Ok(())
    }
}

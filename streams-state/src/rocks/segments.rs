//! Window stores: a database per span of time, in `<task>/<store>/<store>.<first millisecond>`.

use super::Spec;
use super::cursor::RocksCursor;
use super::database::Database;
use super::error::refused_io;
use super::segment::Segment;
use crate::Result;
use crate::engine::{Cursor, Engine, Row, Stand, slice};
use crate::position::Position;
use rocksdb::WriteBatch;
use std::collections::{BTreeMap, btree_map};
use std::ops::{Bound, RangeInclusive};
use std::path::PathBuf;

pub(crate) struct SegmentedEngine {
    segments: BTreeMap<i64, Segment>,
    /// `<task>/<store>`.
    path: PathBuf,
    name: String,
    /// Milliseconds of a segment.
    interval: i64,
    spec: Spec,
    offset: Option<i64>,
    position: Position,
}

impl SegmentedEngine {
    pub fn open(path: PathBuf, name: &str, interval: i64, spec: Spec) -> Result<Self> {
        std::fs::create_dir_all(&path).map_err(|e| refused_io(&path, "create the directory", e))?;
        let mut engine = SegmentedEngine {
            segments: BTreeMap::new(),
            path,
            name: name.to_owned(),
            interval,
            spec,
            offset: None,
            position: Position::default(),
        };
        for id in engine.on_disk()? {
            let database = engine.open_segment(id)?;
            // A segment without an offset was created by a commit that never came through, and is empty.
            if let Some(offset) = database.offset()? {
                engine.offset = Some(engine.offset.map_or(offset, |least| least.min(offset)));
            }
            let position = database.position()?;
            if !engine.spec.global {
                engine.position.merge(&position);
            } else if !position.is_empty() {
                // a global store goes on behind its position: what one of them lacks is to be read again
                engine.position = if engine.position.is_empty() { position } else { engine.position.least(&position) };
            }
            engine.segments.insert(id, Segment::of(database));
        }
        Ok(engine)
    }

    fn on_disk(&self) -> Result<Vec<i64>> {
        let list = |e| refused_io(&self.path, "list the directory", e);
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(list)? {
            let file = entry.map_err(list)?.file_name();
            let start = file.to_str().and_then(|file| file.strip_prefix(&self.name)?.strip_prefix('.')?.parse::<i64>().ok());
            ids.extend(start.map(|start| start / self.interval));
        }
        Ok(ids)
    }

    fn segment_path(&self, id: i64) -> PathBuf {
        self.path.join(format!("{}.{}", self.name, id.saturating_mul(self.interval)))
    }

    fn open_segment(&self, id: i64) -> Result<Database> {
        Database::open(&self.segment_path(id), &self.spec)
    }

    fn live(&mut self, id: i64) -> Result<&Database> {
        if !self.segments.contains_key(&id) {
            let database = self.open_segment(id)?;
            self.segments.insert(id, Segment::of(database));
        }
        // Just made sure of.
        Ok(self.segments[&id].database())
    }

    fn drop_before(&mut self, live_from: i64) -> Result<()> {
        while let Some(oldest) = self.segments.first_entry().filter(|oldest| *oldest.key() < live_from) {
            oldest.remove().into_owner().destroy()?;
        }
        Ok(())
    }
}

impl Engine for SegmentedEngine {
    fn persistent(&self) -> bool {
        true
    }

    fn get(&self, segment: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        match self.segments.get(&segment) {
            Some(segment) => segment.database().get(key, out),
            None => Ok(false),
        }
    }

    fn scan(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        if segments.is_empty() {
            return Ok(Box::new(Chain {
                databases: Vec::new(),
                at: None,
                from: from.map(<[u8]>::to_vec),
                to: to.map(<[u8]>::to_vec),
                reverse,
            }));
        }
        // Taken from the end.
        let mut databases: Vec<_> = self.segments.range(segments).map(|(_, segment)| segment.database()).collect();
        if !reverse {
            databases.reverse();
        }
        let mut chain = Chain { databases, at: None, from: from.map(<[u8]>::to_vec), to: to.map(<[u8]>::to_vec), reverse };
        chain.settle()?;
        Ok(Box::new(chain))
    }

    fn scan_key<'a>(&'a mut self, segments: RangeInclusive<i64>, from: &'a [u8], to: &'a [u8]) -> Result<Box<dyn Cursor + 'a>> {
        let ahead = if segments.is_empty() { btree_map::RangeMut::default() } else { self.segments.range_mut(segments) };
        let mut chain = KeyChain { ahead, at: None, from, to };
        chain.settle()?;
        Ok(Box::new(chain))
    }

    /// One batch per segment: after a crash between two of them the smallest offset counts, and rows are written again as they were.
    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        let mut batches: BTreeMap<i64, WriteBatch> = BTreeMap::new();
        for row in rows {
            let batch = batches.entry(row.segment).or_default();
            self.live(row.segment)?.add(batch, row.key, row.value)?;
        }
        for (id, segment) in self.segments.range_mut(stand.live_from..) {
            segment.database().write(batches.remove(id).unwrap_or_default(), stand)?;
            segment.written();
        }
        self.drop_before(stand.live_from)?;
        self.offset = stand.offset.or(self.offset);
        if let Some(position) = stand.position {
            self.position.clone_from(position);
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
        self.segments.values().map(|segment| segment.database().approximate_num_entries()).sum()
    }

    fn wipe(&mut self) -> Result<()> {
        while let Some((_, segment)) = self.segments.pop_first() {
            segment.into_owner().destroy()?;
        }
        (self.offset, self.position) = (None, Position::default());
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.segments.into_values().try_for_each(|segment| segment.into_owner().close())
    }
}

/// One database after the other.
struct Chain<'a> {
    databases: Vec<&'a Database>,
    at: Option<RocksCursor<'a>>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
}

impl Chain<'_> {
    /// Goes on to the next database that has a row, if this one has none left.
    fn settle(&mut self) -> Result<()> {
        while self.at.as_ref().is_none_or(|at| at.row().is_none()) {
            let Some(next) = self.databases.pop() else { return Ok(()) };
            self.at = Some(next.scan(slice(&self.from), slice(&self.to), self.reverse)?);
        }
        Ok(())
    }
}

impl Cursor for Chain<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.at.as_ref()?.row()
    }

    fn advance(&mut self) -> Result<()> {
        if let Some(at) = &mut self.at {
            at.advance()?;
        }
        self.settle()
    }
}

/// The rows of one record key in one segment after the other.
struct KeyChain<'a> {
    ahead: btree_map::RangeMut<'a, i64, Segment>,
    at: Option<&'a mut Segment>,
    from: &'a [u8],
    to: &'a [u8],
}

impl KeyChain<'_> {
    /// Goes on to the next segment that has a row, if this one has none left.
    fn settle(&mut self) -> Result<()> {
        while self.row().is_none() {
            let Some((_, next)) = self.ahead.next() else {
                self.at = None;
                return Ok(());
            };
            next.seek(self.from)?;
            self.at = Some(next);
        }
        Ok(())
    }
}

impl Cursor for KeyChain<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.at.as_ref()?.row().filter(|(key, _)| *key <= self.to)
    }

    fn advance(&mut self) -> Result<()> {
        if let Some(at) = &mut self.at {
            at.advance()?;
        }
        self.settle()
    }
}

//! How rows come from the buffer to the engine: by commits, and by restores.

use super::Core;
use crate::engine::{Row, Stand};
use crate::position::Position;
use crate::store::{ChangelogRecord, PositionEntry};
use crate::typed::codec::Shown;
use crate::{Error, ErrorKind, Result};

/// Rows from which on they are loaded as a file of their own. The tests have few.
const LOAD_FROM: usize = if cfg!(test) { 5 } else { 10_000 };

impl<V: Clone + 'static> Core<V> {
    pub fn seal(&mut self) -> Result<()> {
        if self.cache.has_dirty() {
            let message = format!("store {} was committed with changes left in its cache; flush it first", self.codec.store);
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.pending.seal();
        if let Some(recent) = &mut self.recent {
            recent.seal();
        }
        Ok(())
    }

    /// Writes what was sealed.
    pub fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry], live_from: i64) -> Result<()> {
        self.write(offset, position, live_from, false)
    }

    fn write(&mut self, offset: Option<i64>, position: &[PositionEntry], live_from: i64, bulk: bool) -> Result<()> {
        let mut ahead = self.position.clone();
        let moved = ahead.advance(position);
        // the log of one producer may end before what another, now gone, has written
        let offset = offset.filter(|offset| Some(*offset) > self.engine.committed_offset());
        let stand = Stand { offset, position: moved.then_some(&ahead), live_from };
        let segment = self.segment_fn();
        let rows = self.pending.sorted().map(|(key, value)| Row { segment: segment(key), key, value });
        let mut live = rows.filter(|row| row.segment >= live_from);
        match bulk {
            true => self.engine.load(&mut live, stand)?,
            false => self.engine.write(&mut live, stand)?,
        }
        drop(live);
        self.pending.written();
        if let Some(recent) = &mut self.recent {
            recent.written();
        }
        self.restored = None;
        self.cache.shrink();
        self.position = ahead;
        Ok(())
    }

    pub fn abort(&mut self) {
        self.cache.clear();
        self.pending.clear();
        if let Some(recent) = &mut self.recent {
            recent.clear();
        }
        self.restored = None;
    }

    /// Takes changelog records into the buffer.
    pub fn restore(
        &mut self,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
        next_offset: i64,
        mut seen: impl FnMut(&[u8]),
    ) -> Result<()> {
        self.cache.clear();
        for record in records {
            if record.key.len() < self.layout.suffix {
                let message = format!(
                    "store {}: the key {} at offset {} of {} is too short for it; does the topic belong to another store?",
                    self.codec.store,
                    Shown(record.key),
                    record.offset,
                    self.codec.topic
                );
                return Err(Error::new(ErrorKind::Corrupted, message));
            }
            self.row.clear();
            if let Some(value) = record.value {
                self.codec.convert(&record, value, &mut self.row)?;
            }
            seen(record.key);
            self.pending.put(self.hash(record.key), record.key, record.value.is_some().then_some(&self.row[..]));
            if let Some(limit) = &mut self.limit {
                limit.make_room((record.key, record.value.is_some()), (&mut self.pending, &self.hasher), &mut |_| Ok(()))?;
            }
        }
        self.restored = Some(next_offset - 1);
        Ok(())
    }

    /// Takes what was restored to the engine.
    pub fn settle(&mut self, live_from: i64) -> Result<()> {
        match self.restored {
            Some(offset) => self.write(Some(offset), &[], live_from, self.pending.len() >= LOAD_FROM),
            None => Ok(()),
        }
    }

    pub fn wipe(&mut self) -> Result<()> {
        self.abort();
        if let Some(limit) = &mut self.limit {
            limit.clear();
        }
        self.position = Position::default();
        self.engine.wipe()
    }

    pub fn position(&self) -> &Position {
        &self.position
    }
}

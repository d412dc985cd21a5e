//! Point stores: one database in `<task>/rocksdb/<store>`.

use super::Spec;
use super::database::Database;
use crate::engine::{Cursor, Engine, Row, Stand};
use crate::position::Position;
use crate::{Error, ErrorKind, Result};
use rocksdb::WriteBatch;
use std::ops::{Bound, RangeInclusive};
use std::path::PathBuf;

pub(crate) struct RocksEngine {
    /// Absent only after a wipe that could not open it again.
    database: Option<Database>,
    path: PathBuf,
    spec: Spec,
    offset: Option<i64>,
    position: Position,
}

impl RocksEngine {
    pub fn open(path: PathBuf, spec: Spec) -> Result<Self> {
        let database = Database::open(&path, &spec)?;
        let (offset, position) = (database.offset()?, database.position()?);
        Ok(RocksEngine { database: Some(database), path, spec, offset, position })
    }

    fn database(&self) -> Result<&Database> {
        self.database.as_ref().ok_or_else(|| Error::new(ErrorKind::Io, format!("{} is closed: wiping it failed", self.path.display())))
    }
}

impl Engine for RocksEngine {
    fn persistent(&self) -> bool {
        true
    }

    fn get(&self, _: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.database()?.get(key, out)
    }

    fn scan(&mut self, _: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        Ok(Box::new(self.database()?.scan(from, to, reverse)?))
    }

    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        let database = self.database()?;
        let mut batch = WriteBatch::default();
        for row in rows {
            database.add(&mut batch, row.key, row.value)?;
        }
        database.write(batch, stand)?;
        self.offset = stand.offset.or(self.offset);
        if let Some(position) = stand.position {
            self.position.clone_from(position);
        }
        Ok(())
    }

    fn load(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        self.database()?.load(rows, &self.spec)?;
        self.write(&mut std::iter::empty(), stand)
    }

    fn committed_offset(&self) -> Option<i64> {
        self.offset
    }

    fn position(&self) -> Position {
        self.position.clone()
    }

    fn approximate_num_entries(&self) -> u64 {
        self.database.as_ref().map_or(0, Database::approximate_num_entries)
    }

    fn wipe(&mut self) -> Result<()> {
        if let Some(database) = self.database.take() {
            database.destroy()?;
        }
        (self.offset, self.position) = (None, Position::default());
        self.database = Some(Database::open(&self.path, &self.spec)?);
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.database.map_or(Ok(()), Database::close)
    }
}

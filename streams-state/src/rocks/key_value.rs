//! Point stores: one database in `<task>/rocksdb/<store>`.

use super::Spec;
use super::database::Database;
use crate::engine::{Cursor, Engine, Row, SharedRows, Stand};
use crate::position::Position;
use crate::{Error, ErrorKind, Result};
use rocksdb::WriteBatch;
use std::ops::{Bound, RangeInclusive};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long queries may hold up a store that is wiped: each reads a row or a page of rows.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct RocksEngine {
    /// Absent only after a wipe that could not open it again.
    database: Option<Arc<Database>>,
    path: PathBuf,
    spec: Spec,
    offset: Option<i64>,
    position: Position,
}

impl RocksEngine {
    pub fn open(path: PathBuf, spec: Spec) -> Result<Self> {
        let database = Database::open(&path, &spec)?;
        let (offset, position) = (database.offset()?, database.position()?);
        Ok(RocksEngine { database: Some(Arc::new(database)), path, spec, offset, position })
    }

    /// The database itself, once the queries that read it just now are through.
    fn sole(mut database: Arc<Database>, patience: Duration) -> std::result::Result<Database, Arc<Database>> {
        let begun = Instant::now();
        loop {
            database = match Arc::try_unwrap(database) {
                Ok(database) => return Ok(database),
                Err(shared) if begun.elapsed() >= patience => return Err(shared),
                Err(shared) => shared,
            };
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn database(&self) -> Result<&Database> {
        self.database.as_deref().ok_or_else(|| Error::new(ErrorKind::Io, format!("{} is closed: wiping it failed", self.path.display())))
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
        self.database.as_ref().map_or(0, |database| database.approximate_num_entries())
    }

    fn wipe(&mut self) -> Result<()> {
        match self.database.take().map(|database| Self::sole(database, PATIENCE)) {
            Some(Ok(database)) => database.destroy()?,
            Some(Err(shared)) => {
                self.database = Some(shared);
                return Err(Error::new(ErrorKind::Invalid, format!("{} cannot be wiped while others read it", self.path.display())));
            }
            None => {}
        }
        (self.offset, self.position) = (None, Position::default());
        self.database = Some(Arc::new(Database::open(&self.path, &self.spec)?));
        Ok(())
    }

    fn shared(&self) -> Option<Arc<dyn SharedRows>> {
        // RocksDB lets any number of threads read while one writes, and needs no lock for it: a reader holds the database itself
        self.database.clone().map(|database| database as Arc<dyn SharedRows>)
    }

    fn close(self: Box<Self>) -> Result<()> {
        match self.database.map(|database| Self::sole(database, PATIENCE / 10)) {
            Some(Ok(database)) => database.close(),
            // a global store's: it closes with its last reader
            Some(Err(shared)) => shared.flush(),
            None => Ok(()),
        }
    }
}

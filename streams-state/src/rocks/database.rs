//! One RocksDB: rows in one column family, what they stand for in another.

use super::Spec;
use super::cursor::RocksCursor;
use super::error::{refused, refused_io};
use super::options::{Levels, OFFSETS_CF, Reservation, Shared};
use crate::engine::{Cursor, OwnedRow, Row, SharedRows, Stand};
use crate::position::Position;
use crate::store::PositionEntry;
use crate::{Error, ErrorKind, Result};
use rocksdb::{
    AsColumnFamilyRef, DB, FlushOptions, IngestExternalFileOptions, IteratorMode, Options, ReadOptions, SstFileWriter, WriteBatch,
    WriteOptions,
};
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// 0 says that the rows are those of some commit, as they always are here; a Java process writes 1 while it has the store open.
const STATUS: &[u8] = b"status";
const STATUS_CLEAN: i64 = 0;
const POSITION: &[u8] = b"position";
/// Java's "known, but at no offset".
const UNKNOWN_OFFSET: i64 = -4;
/// A file of rows on its way into the database. One that a crash has left is written over by the next.
const LOADED: &str = "loaded.rows";
/// Rows moved at a time when a store comes to keep more beside its values.
const MOVE_AT_ONCE: usize = 10_000;

pub(super) struct Database {
    db: DB,
    path: PathBuf,
    rows: &'static str,
    offset_key: Vec<u8>,
    global: bool,
    reads: ReadOptions,
    levels: Levels,
    _reserved: Reservation,
}

impl Database {
    /// Opens or creates the database in `path`.
    pub fn open(path: &Path, spec: &Spec) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|e| refused_io(path, "create the directory", e))?;
        let shared = spec.shared.rocks();
        let options = shared.database(&spec.store)?;
        let found = refuse_other_families(path, &options, spec)?;
        let open = |levels| Ok(DB::open_cf_descriptors(&options, path, shared.families(spec, levels, &found)?));
        let (opened, levels) = match open(Levels::Wanted)? {
            Err(e) if has_more_levels(&e) => (open(Levels::Found)?, Levels::Found),
            opened => (opened, Levels::Wanted),
        };
        let db = opened.map_err(|e| refused(path, "open", e))?;
        let database = Database {
            db,
            path: path.to_owned(),
            rows: spec.rows.family(),
            offset_key: spec.offset_key.clone(),
            global: spec.global,
            reads: ReadOptions::default(),
            levels,
            _reserved: Shared::open_one(spec),
        };
        database.check_status()?;
        for (family, front) in spec.rows.taken_over() {
            database.take_over(family, front)?;
        }
        Ok(database)
    }

    /// A Java process that died left rows that no transaction may ever have committed.
    fn check_status(&self) -> Result<()> {
        match self.number(STATUS)? {
            Some(STATUS_CLEAN) => Ok(()),
            Some(_) => Err(Error::new(
                ErrorKind::Corrupted,
                format!(
                    "{} was left open by a Java process that died, so its rows may never have been committed: delete the directory, the store \
                     is rebuilt from its changelog",
                    self.path.display()
                ),
            )),
            None => {
                let mut batch = WriteBatch::default();
                batch.put_cf(self.family(OFFSETS_CF)?, STATUS, STATUS_CLEAN.to_be_bytes());
                self.write_batch(batch)
            }
        }
    }

    /// Rows of a store that kept less beside its values get `front` before them, as in Java, which does it row by row.
    fn take_over(&self, family: &str, front: &[u8]) -> Result<()> {
        let Some(older) = self.db.cf_handle(family) else { return Ok(()) };
        let rows = self.family(self.rows)?;
        loop {
            let mut batch = WriteBatch::default();
            for row in self.db.iterator_cf(older, IteratorMode::Start).take(MOVE_AT_ONCE) {
                let (key, value) = row.map_err(|e| refused(&self.path, "read", e))?;
                batch.put_cf(rows, &key, [front, &*value].concat());
                batch.delete_cf(older, &key);
            }
            if batch.is_empty() {
                return Ok(());
            }
            self.write_batch(batch)?;
        }
    }

    fn family(&self, name: &str) -> Result<&impl AsColumnFamilyRef> {
        self.db
            .cf_handle(name)
            .ok_or_else(|| Error::new(ErrorKind::Corrupted, format!("{} has no column family {name}", self.path.display())))
    }

    pub fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        match self.db.get_pinned_cf_opt(self.family(self.rows)?, key, &self.reads) {
            Ok(Some(row)) => out.extend_from_slice(&row),
            Ok(None) => return Ok(false),
            Err(e) => return Err(refused(&self.path, "read", e)),
        }
        Ok(true)
    }

    pub fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<RocksCursor<'_>> {
        let mut reads = ReadOptions::default();
        reads.set_total_order_seek(true);
        // RocksDB's lower bound is inclusive, its upper one exclusive: the next larger key turns one into the other.
        match from {
            Bound::Included(key) => reads.set_iterate_lower_bound(key),
            Bound::Excluded(key) => reads.set_iterate_lower_bound(successor(key)),
            Bound::Unbounded => {}
        }
        match to {
            Bound::Included(key) => reads.set_iterate_upper_bound(successor(key)),
            Bound::Excluded(key) => reads.set_iterate_upper_bound(key),
            Bound::Unbounded => {}
        }
        RocksCursor::new(self.db.raw_iterator_cf_opt(self.family(self.rows)?, reads), &self.path, reverse).start()
    }

    /// A walk to be told where to begin, which may leave out rows of other record keys than that of the row it begins at.
    pub fn walk_keys(&self) -> Result<RocksCursor<'_>> {
        Ok(RocksCursor::new(self.db.raw_iterator_cf_opt(self.family(self.rows)?, ReadOptions::default()), &self.path, false))
    }

    /// Adds a row to a batch for [`write`](Self::write).
    pub fn add(&self, batch: &mut WriteBatch, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        let rows = self.family(self.rows)?;
        match value {
            Some(value) => batch.put_cf(rows, key, value),
            None => batch.delete_cf(rows, key),
        }
        Ok(())
    }

    /// Writes rows and what they stand for in one go.
    pub fn write(&self, mut batch: WriteBatch, stand: Stand<'_>) -> Result<()> {
        let offsets = self.family(OFFSETS_CF)?;
        if let Some(offset) = stand.offset {
            batch.put_cf(offsets, &self.offset_key, offset.to_be_bytes());
        }
        if let Some(position) = stand.position {
            batch.put_cf(offsets, POSITION, position.to_bytes());
            if self.global {
                // Java's global stores keep, per partition, the offset to go on at
                for (topic, partition, offset) in position.entries() {
                    batch.put_cf(offsets, format!("{topic}-{partition}"), (offset + 1).to_be_bytes());
                }
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.write_batch(batch)
    }

    /// Adds rows, each key greater than the one before it, as a file of their own: unlike a batch's they are not logged, sorted in memory and
    /// flushed.
    pub fn load(&self, rows: &mut dyn Iterator<Item = Row<'_>>, spec: &Spec) -> Result<()> {
        let failed = |e| refused(&self.path, "load rows into", e);
        let path = self.path.join(LOADED);
        let options = spec.shared.rocks().rows(spec, self.levels)?;
        let mut file = SstFileWriter::create(&options);
        file.open(&path).map_err(failed)?;
        let mut empty = true;
        for row in rows {
            empty = false;
            match row.value {
                Some(value) => file.put(row.key, value),
                None => file.delete(row.key),
            }
            .map_err(failed)?;
        }
        if empty {
            return Ok(());
        }
        file.finish().map_err(failed)?;
        drop(file);
        let mut how = IngestExternalFileOptions::default();
        how.set_move_files(true);
        how.set_snapshot_consistency(false);
        self.db.ingest_external_file_cf_opts(self.family(self.rows)?, &how, vec![path]).map_err(failed)
    }

    fn write_batch(&self, batch: WriteBatch) -> Result<()> {
        let mut writes = WriteOptions::default();
        writes.set_sync(false);
        self.db.write_opt(batch, &writes).map_err(|e| refused(&self.path, "write to", e))
    }

    pub fn offset(&self) -> Result<Option<i64>> {
        Ok(self.number(&self.offset_key)?.filter(|&offset| offset != UNKNOWN_OFFSET))
    }

    fn number(&self, key: &[u8]) -> Result<Option<i64>> {
        let Some(bytes) = self.meta(key)? else { return Ok(None) };
        match bytes.as_slice().try_into() {
            Ok(bytes) => Ok(Some(i64::from_be_bytes(bytes))),
            Err(_) => Err(Error::new(
                ErrorKind::Corrupted,
                format!("{}: {} has {} bytes, not 8", self.path.display(), String::from_utf8_lossy(key), bytes.len()),
            )),
        }
    }

    fn meta(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.db.get_cf(self.family(OFFSETS_CF)?, key).map_err(|e| refused(&self.path, "read", e))
    }

    pub fn position(&self) -> Result<Position> {
        let mut position = match self.meta(POSITION)? {
            Some(bytes) => Position::from_bytes(&bytes)?,
            None => Position::default(),
        };
        if self.global {
            position.advance(&self.java_offsets()?);
        }
        Ok(position)
    }

    /// How far a Java process has brought a global store: what it restores does not move the position.
    fn java_offsets(&self) -> Result<Vec<PositionEntry>> {
        let mut entries = Vec::new();
        for row in self.db.iterator_cf(self.family(OFFSETS_CF)?, IteratorMode::Start) {
            let (key, value) = row.map_err(|e| refused(&self.path, "read", e))?;
            let parsed = || {
                let (topic, partition) = std::str::from_utf8(&key).ok()?.rsplit_once('-')?;
                Some((topic.to_owned(), partition.parse::<i32>().ok()?, i64::from_be_bytes(<[u8; 8]>::try_from(&value[..]).ok()?)))
            };
            let Some((topic, partition, next)) = parsed() else { continue };
            if next > 0 {
                entries.push(PositionEntry { topic, partition, offset: next - 1 });
            }
        }
        Ok(entries)
    }

    pub fn approximate_num_entries(&self) -> u64 {
        let estimate = |family| self.db.property_int_value_cf(family, rocksdb::properties::ESTIMATE_NUM_KEYS).ok().flatten();
        self.family(self.rows).ok().and_then(estimate).unwrap_or(0)
    }

    /// Writes everything to files that are synced, so that the next process has no log to replay.
    pub fn flush(&self) -> Result<()> {
        let families = [self.family(self.rows)?, self.family(OFFSETS_CF)?];
        self.db.flush_cfs_opt(&families, &FlushOptions::default()).map_err(|e| refused(&self.path, "flush", e))
    }

    /// Flushes and closes.
    pub fn close(self) -> Result<()> {
        self.flush()?;
        self.db.cancel_all_background_work(true);
        Ok(())
    }

    /// Removes the database with its directory.
    pub fn destroy(self) -> Result<()> {
        self.db.cancel_all_background_work(true);
        let path = self.path.clone();
        drop(self);
        DB::destroy(&Options::default(), &path).map_err(|e| refused(&path, "delete", e))?;
        match std::fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(refused_io(&path, "delete the directory", e)),
            _ => Ok(()),
        }
    }
}

impl SharedRows for Database {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        Database::get(self, key, out)
    }

    fn page(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, most: usize) -> Result<Vec<OwnedRow>> {
        let (mut cursor, mut rows) = (self.scan(from, to, reverse)?, Vec::new());
        while rows.len() < most
            && let Some((key, value)) = cursor.row()
        {
            rows.push((key.to_vec(), value.to_vec()));
            cursor.advance()?;
        }
        Ok(rows)
    }

    fn approximate_num_entries(&self) -> u64 {
        Database::approximate_num_entries(self)
    }
}

/// Whether a database could not be opened because files of it lie in levels that it was not to have.
fn has_more_levels(error: &rocksdb::Error) -> bool {
    error.kind() == rocksdb::ErrorKind::InvalidArgument && error.as_ref().contains("more levels than")
}

/// The least key greater than `key`.
fn successor(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// A database with rows of another kind must not be opened: they would be missed, or read as what they are not. The column families that it has.
fn refuse_other_families(path: &Path, options: &Options, spec: &Spec) -> Result<Vec<String>> {
    if !path.join("CURRENT").exists() {
        return Ok(Vec::new());
    }
    let found = DB::list_cf(options, path).map_err(|e| refused(path, "open", e))?;
    let known = |family: &str| {
        [OFFSETS_CF, spec.rows.family()].contains(&family) || spec.rows.taken_over().iter().any(|(older, _)| *older == family)
    };
    match found.iter().find(|family| !known(family)) {
        None => Ok(found),
        Some(family) => Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "{} has a column family `{family}`, so it is not a {} as the topology says: change the store back, or delete the directory and \
                 let the store be rebuilt from its changelog",
                path.display(),
                spec.rows.kind()
            ),
        )),
    }
}

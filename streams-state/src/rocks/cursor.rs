//! Walks over databases.

use super::error::refused;
use crate::Result;
use crate::engine::Cursor;
use rocksdb::{DB, DBRawIteratorWithThreadMode};
use std::path::Path;

/// The rows of one database between the bounds that its iterator was made with.
pub(super) struct RocksCursor<'a> {
    iterator: DBRawIteratorWithThreadMode<'a, DB>,
    path: &'a Path,
    reverse: bool,
}

impl<'a> RocksCursor<'a> {
    pub fn start(mut iterator: DBRawIteratorWithThreadMode<'a, DB>, path: &'a Path, reverse: bool) -> Result<Self> {
        if reverse {
            iterator.seek_to_last();
        } else {
            iterator.seek_to_first();
        }
        let cursor = RocksCursor { iterator, path, reverse };
        cursor.check()?;
        Ok(cursor)
    }

    /// An iterator that failed looks like one at its end.
    fn check(&self) -> Result<()> {
        if self.iterator.valid() {
            return Ok(());
        }
        self.iterator.status().map_err(|e| refused(self.path, "read", e))
    }
}

impl Cursor for RocksCursor<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.iterator.item()
    }

    fn advance(&mut self) -> Result<()> {
        if self.iterator.valid() {
            if self.reverse { self.iterator.prev() } else { self.iterator.next() }
        }
        self.check()
    }
}

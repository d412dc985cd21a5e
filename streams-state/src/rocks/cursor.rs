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
    /// At no row yet.
    pub fn new(iterator: DBRawIteratorWithThreadMode<'a, DB>, path: &'a Path, reverse: bool) -> Self {
        RocksCursor { iterator, path, reverse }
    }

    pub fn start(mut self) -> Result<Self> {
        if self.reverse {
            self.iterator.seek_to_last();
        } else {
            self.iterator.seek_to_first();
        }
        self.check()?;
        Ok(self)
    }

    /// Goes to the first row from `key` on.
    pub fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.iterator.seek(key);
        self.check()
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

//! What lies below the typed stores: ordered bytes, written by whole commits.

use crate::locked::LockedEngine;
use crate::{Error, ErrorKind, Result, position::Position};
use std::ops::{Bound, RangeInclusive};
use std::sync::Arc;

/// Rows of one store. Point stores have the single segment 0; window stores have one per span of time, so that old ones go as a whole.
pub(crate) trait Engine: Send {
    /// Whether rows outlive the process.
    fn persistent(&self) -> bool;

    /// Appends the row of `key` to `out` and says whether there is one.
    fn get(&self, segment: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool>;

    /// Rows between the bounds: by segment, within it by key; backwards where `reverse`.
    fn scan(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>>;

    /// The rows of one record key, from the one bound to the other, both included: by segment, within it by key. The bounds differ only in
    /// what a row's key has behind the record's; rows of longer record keys may lie between them, and are told or not.
    fn scan_key<'a>(&'a mut self, segments: RangeInclusive<i64>, from: &'a [u8], to: &'a [u8]) -> Result<Box<dyn Cursor + 'a>> {
        self.scan(segments, Bound::Included(from), Bound::Included(to), false)
    }

    /// Rows between the bounds by time, then key; backwards where `reverse`. Only engines whose rows lie so can do it, and the bounds are of
    /// their own row keys (`keys::time_first`), which the cursor tells.
    fn scan_by_time(
        &mut self,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
    ) -> Result<Box<dyn Cursor + '_>> {
        let _ = (segments, from, to, reverse);
        Err(Error::new(ErrorKind::Invalid, "the rows of this store do not lie by time"))
    }

    /// Writes rows and what they stand for, all or nothing (per segment, for an engine of several databases).
    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()>;

    /// The same for many rows, each key greater than the one before it. Only what is read from a changelog may be written so: after a crash
    /// rows may be there whose [`Stand`] is not, and the changelog has them again.
    fn load(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        self.write(rows, stand)
    }

    /// The changelog offset of the last [`Stand`].
    fn committed_offset(&self) -> Option<i64>;

    /// The position of the last [`Stand`].
    fn position(&self) -> Position;

    /// Rows, roughly.
    fn approximate_num_entries(&self) -> u64;

    /// Removes rows, offset and position.
    fn wipe(&mut self) -> Result<()>;

    /// The rows for readers on other threads, where the engine lets them read while it is written. They see a write once it is through.
    fn shared(&self) -> Option<Arc<dyn SharedRows>> {
        None
    }

    /// The same of an engine that is read as a whole: what stores for other threads are opened over.
    fn locked(&self) -> Option<LockedEngine> {
        None
    }

    /// Makes everything written durable and releases files.
    fn close(self: Box<Self>) -> Result<()>;
}

/// Committed rows of a point store, read by any number of threads while one writes.
pub(crate) trait SharedRows: Send + Sync {
    /// Appends the row of `key` to `out` and says whether there is one.
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool>;

    /// Up to `most` rows between the bounds, in order; backwards where `reverse`.
    fn page(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, most: usize) -> Result<Vec<OwnedRow>>;

    /// Rows, roughly.
    fn approximate_num_entries(&self) -> u64;
}

/// Key and value of a row.
pub(crate) type OwnedRow = (Vec<u8>, Vec<u8>);

/// A row to write; `value: None` deletes it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub segment: i64,
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// What an engine's rows stand for once a write is through.
#[derive(Clone, Copy)]
pub(crate) struct Stand<'a> {
    /// Changelog offset of the last applied record; `None` leaves the stored one.
    pub offset: Option<i64>,
    /// Input position; `None` leaves the stored one.
    pub position: Option<&'a Position>,
    /// Segments below this one have expired and go.
    pub live_from: i64,
}

/// Rows in order.
pub(crate) trait Cursor {
    /// The row it stands on; `None` at the end.
    fn row(&self) -> Option<(&[u8], &[u8])>;

    /// Goes to the next row.
    fn advance(&mut self) -> Result<()>;
}

/// A walk over copies of rows, some at a time, that holds nothing between them.
pub(crate) struct PageCursor<F> {
    /// Gives the rows behind the one of the key; `None` at the beginning.
    more: F,
    /// How many rows a page has unless it is the last.
    full: usize,
    page: Vec<OwnedRow>,
    at: usize,
}

impl<F: FnMut(Option<&[u8]>) -> Result<Vec<OwnedRow>>> PageCursor<F> {
    pub fn start(full: usize, mut more: F) -> Result<Self> {
        let page = more(None)?;
        Ok(PageCursor { more, full, page, at: 0 })
    }
}

impl<F: FnMut(Option<&[u8]>) -> Result<Vec<OwnedRow>>> Cursor for PageCursor<F> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.page.get(self.at).map(|(key, value)| (&key[..], &value[..]))
    }

    fn advance(&mut self) -> Result<()> {
        self.at += 1;
        if self.at >= self.page.len() && self.page.len() >= self.full {
            self.page = (self.more)(self.page.last().map(|(key, _)| &key[..]))?;
            self.at = 0;
        }
        Ok(())
    }
}

/// Borrows a bound.
pub(crate) fn slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

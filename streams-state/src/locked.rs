//! An engine that other threads read while one writes: what global stores are kept in whose rows lie in segments, or are of several versions.
//!
//! There is one lock around the engine, held for a row, for a page of a walk and for the write of a commit. Rows are copied under it; serdes and
//! other user code never run there. So a reader finds a commit whole or not at all, unless its walk is longer than a page.

use crate::engine::{Cursor, Engine, OwnedRow, PageCursor, Row, Stand, slice};
use crate::position::Position;
use crate::typed::Layout;
use crate::{Error, ErrorKind, Result};
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows taken at a time.
const PAGE: usize = 64;

/// The writer's side, and the readers': a clone is one of these, and is not written to.
#[derive(Clone)]
pub(crate) struct LockedEngine {
    /// `None` once the writer has closed it.
    engine: Arc<Mutex<Option<Box<dyn Engine>>>>,
    store: Arc<str>,
    layout: Layout,
    /// Whether walks by key have all their rows from the beginning, as those of rows by time do: a page would cost as much.
    whole: bool,
}

/// What a walk goes over.
struct Walk {
    segments: RangeInclusive<i64>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
    by_time: bool,
    most: usize,
}

impl LockedEngine {
    pub fn new(engine: Box<dyn Engine>, store: Arc<str>, layout: Layout, whole: bool) -> Self {
        LockedEngine { engine: Arc::new(Mutex::new(Some(engine))), store, layout, whole }
    }

    /// A panic under it can only come from the engine, which then answers for itself.
    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Engine>>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, f: impl FnOnce(&mut dyn Engine) -> Result<R>) -> Result<R> {
        match self.lock().as_mut() {
            Some(engine) => f(&mut **engine),
            None => Err(Error::new(ErrorKind::Invalid, format!("store {} is closed: its application has ended", self.store))),
        }
    }

    /// What an engine knows without reading; that of an empty one after the end.
    fn known<R: Default>(&self, f: impl FnOnce(&dyn Engine) -> R) -> R {
        self.lock().as_ref().map(|engine| f(&**engine)).unwrap_or_default()
    }

    /// The rows of a walk that come behind `last`.
    fn page(&self, walk: &Walk, last: Option<&[u8]>) -> Result<Vec<OwnedRow>> {
        let (mut rows, all) = (Vec::new(), walk.segments.clone());
        let (mut from, mut to) = (slice(&walk.from), slice(&walk.to));
        let Some(last) = last else {
            self.with(|engine| walk.take(engine, all, from, to, &mut rows))?;
            return Ok(rows);
        };
        *(if walk.reverse { &mut to } else { &mut from }) = Bound::Excluded(last);
        if walk.by_time {
            self.with(|engine| walk.take(engine, all, from, to, &mut rows))?;
            return Ok(rows);
        }
        // on within the segment of the last row, then into those behind it
        let segment = self.layout.segment(last);
        let behind = if walk.reverse { *all.start()..=segment - 1 } else { segment + 1..=*all.end() };
        self.with(|engine| {
            walk.take(engine, segment..=segment, from, to, &mut rows)?;
            walk.take(engine, behind, slice(&walk.from), slice(&walk.to), &mut rows)
        })?;
        Ok(rows)
    }

    fn walk(&self, walk: Walk) -> Result<Box<dyn Cursor + '_>> {
        let most = walk.most;
        Ok(Box::new(PageCursor::start(most, move |last| self.page(&walk, last))?))
    }
}

impl Walk {
    fn take(
        &self,
        engine: &mut dyn Engine,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        rows: &mut Vec<OwnedRow>,
    ) -> Result<()> {
        if segments.is_empty() {
            return Ok(());
        }
        let cursor = match self.by_time {
            true => engine.scan_by_time(segments, from, to, self.reverse)?,
            false => engine.scan(segments, from, to, self.reverse)?,
        };
        copy(cursor, self.most, rows)
    }
}

fn copy(mut cursor: Box<dyn Cursor + '_>, most: usize, rows: &mut Vec<OwnedRow>) -> Result<()> {
    while let Some((key, value)) = cursor.row().filter(|_| rows.len() < most) {
        rows.push((key.to_vec(), value.to_vec()));
        cursor.advance()?;
    }
    Ok(())
}

impl Engine for LockedEngine {
    fn persistent(&self) -> bool {
        self.known(|engine| engine.persistent())
    }

    fn get(&self, segment: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.with(|engine| engine.get(segment, key, out))
    }

    fn scan(&mut self, segments: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        let (from, to, most) = (from.map(<[u8]>::to_vec), to.map(<[u8]>::to_vec), if self.whole { usize::MAX } else { PAGE });
        self.walk(Walk { segments, from, to, reverse, by_time: false, most })
    }

    /// The rows of one key are few enough for a copy.
    fn scan_key<'a>(&'a mut self, segments: RangeInclusive<i64>, from: &'a [u8], to: &'a [u8]) -> Result<Box<dyn Cursor + 'a>> {
        let mut rows = Vec::new();
        self.with(|engine| copy(engine.scan_key(segments, from, to)?, usize::MAX, &mut rows))?;
        let mut rows = Some(rows);
        Ok(Box::new(PageCursor::start(usize::MAX, move |_| Ok(rows.take().unwrap_or_default()))?))
    }

    fn scan_by_time(
        &mut self,
        segments: RangeInclusive<i64>,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
    ) -> Result<Box<dyn Cursor + '_>> {
        let (from, to) = (from.map(<[u8]>::to_vec), to.map(<[u8]>::to_vec));
        self.walk(Walk { segments, from, to, reverse, by_time: true, most: PAGE })
    }

    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        self.with(|engine| engine.write(rows, stand))
    }

    fn load(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        self.with(|engine| engine.load(rows, stand))
    }

    fn committed_offset(&self) -> Option<i64> {
        self.known(|engine| engine.committed_offset())
    }

    fn position(&self) -> Position {
        self.known(|engine| engine.position())
    }

    fn approximate_num_entries(&self) -> u64 {
        self.known(|engine| engine.approximate_num_entries())
    }

    fn wipe(&mut self) -> Result<()> {
        self.with(|engine| engine.wipe())
    }

    fn locked(&self) -> Option<LockedEngine> {
        Some(self.clone())
    }

    /// Readers find it closed from now on, and keep no files open.
    fn close(self: Box<Self>) -> Result<()> {
        let engine = self.lock().take();
        match engine {
            Some(engine) => engine.close(),
            None => Ok(()),
        }
    }
}

//! The list store: values of one key side by side, in the order in which they came.

use super::answers::core_answers;
use super::budget::CacheBudget;
use super::codec::Shown;
use super::core::{Core, StoreParts};
use super::layout::Layout;
use super::small::SmallBytes;
use crate::engine::slice;
use crate::position::Position;
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, PositionEntry, StateStore, StoreCounters, StoredRow};
use crate::{BoxError, Error, ErrorKind, NO_HEADERS, Result};
use std::collections::VecDeque;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

/// A list that has nothing in it: its form (each item has its length before it) and the number of its items.
const EMPTY: [u8; 5] = [1, 0, 0, 0, 0];

/// A row as it is: the list is read item by item.
#[derive(Clone)]
pub(crate) struct Row(SmallBytes);

impl Row {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Rows are written past the codec.
pub(super) struct RowSerde;

impl Serde<Row> for RowSerde {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Row, BoxError> {
        Ok(Row(bytes.unwrap_or_default().into()))
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &Row, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.extend_from_slice(&value.0);
        Ok(Wrote::Bytes)
    }
}

/// Values of one key side by side, without times: what left and outer joins of streams keep until it meets a partner or its window closes.
///
/// Rows are lists in Java's bytes, `01 | count i32 | { length i32 | item }*`, and each change is one changelog record with the whole list.
/// It has no record cache.
#[doc(alias = "ListValueStore")]
pub struct ListStore<K, V> {
    core: Core<Row>,
    keys: Arc<dyn Serde<K>>,
    items: Arc<dyn Serde<V>>,
    row: Vec<u8>,
}

impl<K: 'static, V: 'static> ListStore<K, V> {
    /// `timestamped` and `caching` of `parts` are not for lists.
    pub(crate) fn open(parts: StoreParts<K, V>) -> Self {
        let (parts, items) = parts.of_rows(RowSerde);
        let (core, keys) = Core::new(parts, Layout::POINT);
        ListStore { core, keys, items, row: Vec::new() }
    }

    /// The serde of keys.
    pub fn key_serde(&self) -> &Arc<dyn Serde<K>> {
        &self.keys
    }

    /// Reads a key.
    ///
    /// # Errors
    /// The serde's.
    pub fn read_key(&self, key: &[u8]) -> Result<K, BoxError> {
        self.keys.deserialize(&SerdeContext { topic: &self.core.codec.topic, headers: &NO_HEADERS }, Some(key))
    }

    /// Adds an item to the list of `key`. `timestamp` is that of the changelog record, `origin` the record that is worked on.
    ///
    /// # Errors
    /// The serde's and the changelog's, and [`ErrorKind::Corrupted`] when the row that stands there is no list.
    pub fn add(&mut self, key: &[u8], item: &V, timestamp: i64, origin: Origin, log: &mut dyn Changelog) -> Result<()> {
        self.row.clear();
        if !self.core.read_row(key, &mut self.row)? {
            self.row.extend_from_slice(&EMPTY);
        }
        let Some(count) = count(&self.row).and_then(|count| i32::try_from(count).ok()?.checked_add(1)) else {
            return Err(self.corrupt(key));
        };
        self.row[1..EMPTY.len()].copy_from_slice(&count.to_be_bytes());
        let at = self.row.len();
        self.row.extend_from_slice(&[0; 4]);
        let cx = SerdeContext { topic: &self.core.codec.topic, headers: &NO_HEADERS };
        let length = match self.items.serialize(&cx, item, &mut self.row) {
            Ok(Wrote::Bytes) => i32::try_from(self.row.len() - at - 4).map_err(|_| "it has more than 2 GiB".into()),
            Ok(Wrote::Null) => Err("its serde wrote null, which cannot be part of a list".into()),
            Err(e) => Err(e),
        };
        match length {
            Ok(length) => self.row[at..at + 4].copy_from_slice(&length.to_be_bytes()),
            Err(e) => return Err(self.unwritable(key, origin, e)),
        }
        self.core.put_row(key, Some(&self.row), timestamp, log)
    }

    /// Deletes the list of `key`, whether there is one or not.
    ///
    /// # Errors
    /// The changelog's.
    pub fn remove(&mut self, key: &[u8], timestamp: i64, log: &mut dyn Changelog) -> Result<()> {
        self.core.put_row(key, None, timestamp, log)
    }

    /// Deletes the list of `key` if there is one, and says so.
    ///
    /// # Errors
    /// When the row cannot be read, and the changelog's.
    pub fn remove_if_present(&mut self, key: &[u8], timestamp: i64, log: &mut dyn Changelog) -> Result<bool> {
        self.row.clear();
        let present = self.core.read_row(key, &mut self.row)?;
        if present {
            self.core.put_row(key, None, timestamp, log)?;
        }
        Ok(present)
    }

    /// Writes the last key, in the order of the bytes, over what `key_out` holds; `false` when the store is empty.
    ///
    /// # Errors
    /// When the engine cannot be read.
    pub fn last_key(&mut self, key_out: &mut Vec<u8>) -> Result<bool> {
        key_out.clear();
        let mut found = false;
        self.core.scan(0..=0, Bound::Unbounded, Bound::Unbounded, true, |_| true, &mut |key, _, _| {
            key_out.extend_from_slice(key);
            found = true;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// A walk over all lists in the order of the bytes of their keys. It borrows the store only while it takes the next rows, so that its
    /// user may change the store on the way. Changes beyond the rows already taken are seen.
    pub fn cursor(&mut self) -> ListCursor {
        self.core.counters.ranges += 1;
        ListCursor { from: Bound::Unbounded, taken: VecDeque::new(), chunk: FIRST_CHUNK, done: false }
    }

    /// How far input has been applied to the committed rows.
    pub fn position(&self) -> &Position {
        self.core.position()
    }

    #[cold]
    fn corrupt(&self, key: &[u8]) -> Error {
        let message = format!("store {}: the row of key {} is not a list; wipe the store to restore it", self.core.codec.store, Shown(key));
        Error::new(ErrorKind::Corrupted, message)
    }

    #[cold]
    fn unwritable(&self, key: &[u8], origin: Origin, cause: BoxError) -> Error {
        let message = format!("store {}: the value of key {} cannot be written", self.core.codec.store, Shown(key));
        Error::caused(ErrorKind::Serde, message, cause).with_origin(origin)
    }

    #[cold]
    fn unreadable(&self, key: &[u8], cause: BoxError) -> Error {
        let message = format!("store {}: a value of key {} cannot be read; was its serde changed?", self.core.codec.store, Shown(key));
        Error::caused(ErrorKind::Serde, message, cause)
    }
}

/// The number of items of a row that is a list.
fn count(row: &[u8]) -> Option<usize> {
    match row.split_first_chunk::<5>()? {
        ([1, count @ ..], _) => usize::try_from(i32::from_be_bytes(*count)).ok(),
        _ => None,
    }
}

/// Rows that a cursor takes at first, mostly to see that the first ones still have to wait, and at most.
const FIRST_CHUNK: usize = 4;
const MOST: usize = 64;

/// A walk over a [`ListStore`] in small steps; see [`ListStore::cursor`].
pub struct ListCursor {
    from: Bound<Vec<u8>>,
    taken: VecDeque<(SmallBytes, Row)>,
    chunk: usize,
    done: bool,
}

impl ListCursor {
    /// The next list, its key in `key_out`. `store` must be the one that made the cursor.
    ///
    /// # Errors
    /// When a row cannot be read, and [`ErrorKind::Corrupted`] when it is no list.
    pub fn next<K: 'static, V: 'static>(&mut self, store: &mut ListStore<K, V>, key_out: &mut Vec<u8>) -> Result<Option<List>> {
        if self.taken.is_empty() && !self.done {
            self.fill(store)?;
        }
        let Some((key, row)) = self.taken.pop_front() else { return Ok(None) };
        key_out.clear();
        key_out.extend_from_slice(&key);
        match count(&row.0) {
            Some(left) => Ok(Some(List { row: row.0, at: EMPTY.len(), left })),
            None => Err(store.corrupt(&key)),
        }
    }

    fn fill<K: 'static, V: 'static>(&mut self, store: &mut ListStore<K, V>) -> Result<()> {
        let (taken, chunk) = (&mut self.taken, self.chunk);
        store.core.scan(0..=0, slice(&self.from), Bound::Unbounded, false, |_| true, &mut |key, row, _| {
            taken.push_back((key.into(), row.clone()));
            Ok(if taken.len() < chunk { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        self.done = self.taken.len() < chunk;
        self.chunk = (chunk * 2).min(MOST);
        if let Some((last, _)) = self.taken.back() {
            self.from = Bound::Excluded(last.to_vec());
        }
        Ok(())
    }
}

/// One list, read item by item.
pub struct List {
    row: SmallBytes,
    at: usize,
    left: usize,
}

impl List {
    /// How many items are still to be read.
    pub fn remaining(&self) -> usize {
        self.left
    }

    /// The next item. `store` must be the one that it came from, `key` is for messages.
    ///
    /// # Errors
    /// The serde's, and [`ErrorKind::Corrupted`] when the row ends too early.
    pub fn next<K: 'static, V: 'static>(&mut self, store: &ListStore<K, V>, key: &[u8]) -> Result<Option<V>> {
        if self.left == 0 {
            return Ok(None);
        }
        let item = self.row.get(self.at..).and_then(|rest| {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            rest.get(..usize::try_from(i32::from_be_bytes(*length)).ok()?)
        });
        let Some(item) = item else { return Err(store.corrupt(key)) };
        let cx = SerdeContext { topic: &store.core.codec.topic, headers: &NO_HEADERS };
        let value = store.items.deserialize(&cx, Some(item)).map_err(|e| store.unreadable(key, e))?;
        self.at += 4 + item.len();
        self.left -= 1;
        Ok(Some(value))
    }
}

impl<K: 'static, V: 'static> StateStore for ListStore<K, V> {
    core_answers!();

    fn attach(&mut self, changelog: Option<ChangelogId>, budget: Arc<CacheBudget>) {
        self.core.changelog = changelog;
        self.core.attach(Some(budget));
    }

    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
        self.core.restore(records, next_offset, |_| ())
    }

    fn settle(&mut self) -> Result<()> {
        self.core.settle(i64::MIN)
    }

    fn wipe(&mut self) -> Result<()> {
        self.core.wipe()
    }

    fn seal(&mut self) -> Result<()> {
        self.core.seal()
    }

    fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry]) -> Result<()> {
        if !self.core.pending.is_sealed() {
            self.seal()?;
        }
        self.core.commit(offset, position, i64::MIN)
    }

    fn abort(&mut self) {
        self.core.abort();
    }

    fn approximate_num_entries(&self) -> u64 {
        self.core.engine.approximate_num_entries()
    }

    fn rows(&mut self, visit: &mut dyn FnMut(StoredRow<'_>)) -> Result<bool> {
        self.core.rows(0..=0, &mut |key, value| visit(StoredRow { key, start: None, end: None, value }))?;
        Ok(true)
    }
}

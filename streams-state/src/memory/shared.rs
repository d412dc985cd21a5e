//! Rows in memory that other threads read while one writes: what a global store in memory is kept in.
//!
//! Rows lie in shards by the hash of their key, each under a lock of its own that is held for one row: for a copy of its bytes by a reader, for
//! a swap by the writer. Serdes and other user code never run under it. One lock around all rows would be enough for one stream thread; with
//! several, its counter is the one cache line that they all write, and a batch of the writer would hold them all up.

use super::table::Table;
use crate::Result;
use crate::engine::{Cursor, Engine, OwnedRow, PageCursor, Row, SharedRows, Stand, slice};
use crate::position::Position;
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

const SHARDS: usize = 16;

/// On cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
struct Shard(RwLock<Table>);

impl Shard {
    /// A panic elsewhere cannot leave a table half changed: nothing but its own code runs under the lock.
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Shards {
    shards: [Shard; SHARDS],
    hasher: RandomState,
}

impl Shards {
    fn of(&self, key: &[u8]) -> &Shard {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        // the table takes the low bits of a hash of its own
        &self.shards[(hasher.finish() >> 32) as usize % SHARDS]
    }
}

impl SharedRows for Shards {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        match self.of(key).read().get(key) {
            Some(row) => out.extend_from_slice(row),
            None => return Ok(false),
        }
        Ok(true)
    }

    fn page(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, most: usize) -> Result<Vec<OwnedRow>> {
        let mut rows: Vec<OwnedRow> = Vec::new();
        for shard in &self.shards {
            let mut table = shard.write();
            table.ensure_sorted();
            let range = table.range(from, to).map(|(key, value)| (key.to_vec(), value.to_vec()));
            if reverse { rows.extend(range.rev().take(most)) } else { rows.extend(range.take(most)) }
        }
        rows.sort_unstable_by(|a, b| if reverse { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        rows.truncate(most);
        Ok(rows)
    }

    fn approximate_num_entries(&self) -> u64 {
        self.shards.iter().map(|shard| shard.read().len() as u64).sum()
    }
}

/// The writer's side.
#[derive(Default)]
pub(crate) struct SharedMemoryEngine {
    rows: Arc<Shards>,
    offset: Option<i64>,
    position: Position,
}

impl Engine for SharedMemoryEngine {
    fn persistent(&self) -> bool {
        false
    }

    fn get(&self, _: i64, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.rows.get(key, out)
    }

    fn scan(&mut self, _: RangeInclusive<i64>, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Result<Box<dyn Cursor + '_>> {
        let (from, to) = (from.map(<[u8]>::to_vec), to.map(<[u8]>::to_vec));
        Ok(Box::new(PageCursor::start(PAGE, move |last| {
            let (mut from, mut to) = (slice(&from), slice(&to));
            if let Some(last) = last {
                *(if reverse { &mut to } else { &mut from }) = Bound::Excluded(last);
            }
            self.rows.page(from, to, reverse, PAGE)
        })?))
    }

    fn write(&mut self, rows: &mut dyn Iterator<Item = Row<'_>>, stand: Stand<'_>) -> Result<()> {
        for Row { key, value, .. } in rows {
            self.rows.of(key).write().put(key, value);
        }
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
        self.rows.approximate_num_entries()
    }

    fn wipe(&mut self) -> Result<()> {
        self.rows.shards.iter().for_each(|shard| *shard.write() = Table::default());
        (self.offset, self.position) = (None, Position::default());
        Ok(())
    }

    fn shared(&self) -> Option<Arc<dyn SharedRows>> {
        Some(self.rows.clone())
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Rows taken at a time.
const PAGE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn stand(position: Option<&Position>) -> Stand<'_> {
        Stand { offset: None, position, live_from: i64::MIN }
    }

    #[test]
    fn rows_are_walked_in_order_over_all_shards() {
        let (mut engine, mut model) = (SharedMemoryEngine::default(), BTreeMap::new());
        for n in 0..1_000u32 {
            let key = (n.wrapping_mul(2_654_435_761) % 700).to_be_bytes().to_vec();
            let value = (n % 5 > 0).then(|| n.to_le_bytes().to_vec());
            engine.write(&mut std::iter::once(Row { segment: 0, key: &key, value: value.as_deref() }), stand(None)).expect("a write");
            match value {
                Some(value) => drop(model.insert(key, value)),
                None => drop(model.remove(&key)),
            }
        }
        assert_eq!(engine.approximate_num_entries(), model.len() as u64);
        let (low, high) = (100u32.to_be_bytes(), 600u32.to_be_bytes());
        for reverse in [false, true] {
            let mut cursor = engine.scan(0..=0, Bound::Excluded(&low), Bound::Included(&high), reverse).expect("a walk");
            let mut seen = Vec::new();
            while let Some((key, value)) = cursor.row() {
                seen.push((key.to_vec(), value.to_vec()));
                cursor.advance().expect("the next row");
            }
            let mut expected: Vec<OwnedRow> =
                model.range((Bound::Excluded(low.to_vec()), Bound::Included(high.to_vec()))).map(|(k, v)| (k.clone(), v.clone())).collect();
            if reverse {
                expected.reverse();
            }
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn readers_see_whole_rows_while_they_change() {
        let mut engine = SharedMemoryEngine::default();
        let rows = engine.shared().expect("it is shared");
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut row = Vec::new();
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        row.clear();
                        if rows.get(b"key", &mut row).expect("a read") {
                            assert!(row.iter().all(|byte| *byte == row[0]), "half of a row: {row:?}");
                        }
                    }
                });
            }
            for n in 0..20_000usize {
                let value = vec![n as u8; 1 + n % 100];
                engine.write(&mut std::iter::once(Row { segment: 0, key: b"key", value: Some(&value) }), stand(None)).expect("a write");
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}

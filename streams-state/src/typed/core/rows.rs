//! Whole rows, past the cache.

use super::Core;
use crate::store::Changelog;
use crate::{NO_HEADERS, Result};
use std::ops::{Bound, RangeInclusive};

impl<V: Clone + 'static> Core<V> {
    /// Visits the committed rows of some segments, as they lie in the engine.
    pub fn rows(&mut self, segments: RangeInclusive<i64>, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<()> {
        let mut cursor = self.engine.scan(segments, Bound::Unbounded, Bound::Unbounded, false)?;
        while let Some((key, row)) = cursor.row() {
            visit(key, row);
            cursor.advance()?;
        }
        Ok(())
    }

    /// Appends the row of `key` to `out`, past the cache, and says whether there is one.
    pub fn read_row(&mut self, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.counters.gets += 1;
        match self.pending.get(self.hash(key), key) {
            Some(row) => {
                out.extend_from_slice(row.unwrap_or_default());
                Ok(row.is_some())
            }
            None => {
                self.counters.engine_reads += 1;
                self.engine.get(self.segment_fn()(key), key, out)
            }
        }
    }

    /// Puts or, with `None`, deletes a whole row past the cache, with its own changelog record.
    pub fn put_row(&mut self, key: &[u8], row: Option<&[u8]>, timestamp: i64, log: &mut dyn Changelog) -> Result<()> {
        if let Some(id) = self.changelog {
            log.log(id, key, row.map(|row| self.codec.bare(row)), timestamp, &NO_HEADERS)?;
        }
        self.put_unlogged(key, row);
        self.counters.puts += 1;
        Ok(())
    }

    /// The same without a record of its own: for stores that log something else than rows.
    pub fn put_unlogged(&mut self, key: &[u8], row: Option<&[u8]>) {
        self.pending.put(self.hash(key), key, row);
    }
}

//! Walks over a point store in small steps.

use super::key_value::KvStore;
use super::small::SmallBytes;
use crate::Result;
use crate::engine::slice;
use std::collections::VecDeque;
use std::ops::{Bound, ControlFlow};

/// A walk over a [`KvStore`] in small steps; see [`KvStore::cursor`].
pub struct KvCursor<V> {
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
    taken: VecDeque<(SmallBytes, V, i64)>,
    done: bool,
}

/// Rows that a cursor takes at a time.
pub(super) const CHUNK: usize = 64;

impl<V: Clone + Send + 'static> KvCursor<V> {
    pub(super) fn new(from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, reverse: bool) -> Self {
        KvCursor { from, to, reverse, taken: VecDeque::new(), done: false }
    }

    /// The next value and its time, its key in `key_out`. `store` must be the one that made the cursor.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn next<K: 'static>(&mut self, store: &mut KvStore<K, V>, key_out: &mut Vec<u8>) -> Result<Option<(V, i64)>> {
        if self.taken.is_empty() && !self.done {
            self.fill(store)?;
        }
        let Some((key, value, timestamp)) = self.taken.pop_front() else { return Ok(None) };
        key_out.clear();
        key_out.extend_from_slice(&key);
        Ok(Some((value, timestamp)))
    }

    fn fill<K: 'static>(&mut self, store: &mut KvStore<K, V>) -> Result<()> {
        let taken = &mut self.taken;
        store.core.scan(0..=0, slice(&self.from), slice(&self.to), self.reverse, |_| true, &mut |key, value, timestamp| {
            taken.push_back((key.into(), value.clone(), timestamp));
            Ok(if taken.len() < CHUNK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        self.done = self.taken.len() < CHUNK;
        if let Some((last, ..)) = self.taken.back() {
            let beyond = Bound::Excluded(last.to_vec());
            *(if self.reverse { &mut self.to } else { &mut self.from }) = beyond;
        }
        Ok(())
    }
}

//! A walk over a session store by time that borrows it only while it takes the next rows.

use super::by_time::Span;
use super::kv_cursor::CHUNK;
use super::session::SessionStore;
use super::small::SmallBytes;
use crate::Result;
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// The sessions that end in a range, whatever happens to the store in between; made by
/// [`SessionStore::cursor_by_end`](super::SessionStore::cursor_by_end).
pub struct SessionCursor<V> {
    from: i64,
    to: i64,
    /// The last row taken.
    last: Option<SmallBytes>,
    taken: VecDeque<(SmallBytes, V)>,
    done: bool,
}

impl<V: Clone + Send + 'static> SessionCursor<V> {
    pub(super) fn new(from: i64, to: i64) -> Self {
        SessionCursor { from, to, last: None, taken: VecDeque::new(), done: from > to }
    }

    /// The next session's start, end and value, its record key in `key_out`. `store` must be the one that made the cursor.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn next<K: 'static>(&mut self, store: &mut SessionStore<K, V>, key_out: &mut Vec<u8>) -> Result<Option<(i64, i64, V)>> {
        if self.taken.is_empty() && !self.done {
            let span = Span { from: self.from, to: self.to, reverse: false, behind: self.last.as_deref() };
            let taken = &mut self.taken;
            store.core.scan_by_time(span, &mut |composed, value, _| {
                taken.push_back((composed.into(), value.clone()));
                Ok(if taken.len() < CHUNK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })?;
            self.done = self.taken.len() < CHUNK;
            self.last = self.taken.back().map(|row| row.0.clone());
        }
        let Some((composed, value)) = self.taken.pop_front() else { return Ok(None) };
        let (key, start, end) = SessionStore::<K, V>::split_key(&composed)?;
        key_out.clear();
        key_out.extend_from_slice(key);
        Ok(Some((start, end, value)))
    }
}

//! Aggregations by session.

mod aggregate;
mod count;
mod merge;
mod reduce;
mod table;
mod top_n;
mod writer;

use super::grouped::KGroupedStream;
use super::windows::SessionWindows;
use std::fmt;

/// A grouped stream cut into sessions; every result is a table by key and session.
///
/// A session that grows changes its window, which is part of the table's key: the row of the old window is deleted, then the new one is
/// there. So does every session that is merged into another one.
#[must_use = "sessions do nothing until they are aggregated"]
pub struct SessionWindowedKStream<K, V> {
    pub(crate) grouped: KGroupedStream<K, V>,
    pub(crate) windows: SessionWindows,
}

impl<K, V> fmt::Debug for SessionWindowedKStream<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionWindowedKStream({:?}, {:?})", self.grouped, self.windows)
    }
}

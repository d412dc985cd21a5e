//! A byte-ordered view of a hash table's keys, kept only while someone scans.

use super::small::SmallBytes;
use std::collections::{BTreeMap, btree_map};
use std::ops::Bound;

/// Changes that an unused view takes part in before it is given up, per key it holds.
const PATIENCE: usize = 4;

/// Key to slab index. Absent until the first scan, then kept in step with the table, and dropped when the scans stop.
#[derive(Default)]
pub(crate) struct SortedView {
    keys: Option<BTreeMap<SmallBytes, u32>>,
    idle: usize,
}

impl SortedView {
    /// Called before a scan.
    pub fn ensure<'a>(&mut self, all: impl FnOnce() -> Box<dyn Iterator<Item = (&'a [u8], u32)> + 'a>) {
        self.idle = 0;
        if self.keys.is_none() {
            self.keys = Some(all().map(|(key, i)| (key.into(), i)).collect());
        }
    }

    #[inline]
    pub fn inserted(&mut self, key: &[u8], i: u32) {
        if let Some(keys) = &mut self.keys {
            keys.insert(key.into(), i);
            self.changed();
        }
    }

    #[inline]
    pub fn removed(&mut self, key: &[u8]) {
        if let Some(keys) = &mut self.keys {
            keys.remove(key);
            self.changed();
        }
    }

    #[cold]
    fn changed(&mut self) {
        self.idle += 1;
        if self.keys.as_ref().is_some_and(|keys| self.idle > 1024 + keys.len() * PATIENCE) {
            self.keys = None;
        }
    }

    pub fn clear(&mut self) {
        if let Some(keys) = &mut self.keys {
            keys.clear();
        }
    }

    /// The keys between the bounds. Empty before [`ensure`](Self::ensure), and when `from` is beyond `to`.
    pub fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range<'_> {
        match &self.keys {
            Some(keys) if !is_empty(from, to) => Range(Some(keys.range::<[u8], _>((from, to)))),
            _ => Range(None),
        }
    }
}

/// Whether nothing can lie between the bounds; `BTreeMap::range` panics on some of these.
pub(crate) fn is_empty<T: PartialOrd>(from: Bound<T>, to: Bound<T>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        _ => false,
    }
}

/// Keys in byte order, from either end.
pub(crate) struct Range<'a>(Option<btree_map::Range<'a, SmallBytes, u32>>);

impl<'a> Iterator for Range<'a> {
    type Item = (&'a [u8], u32);
    fn next(&mut self) -> Option<Self::Item> {
        self.0.as_mut()?.next().map(|(key, i)| (&**key, *i))
    }
}

impl DoubleEndedIterator for Range<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.as_mut()?.next_back().map(|(key, i)| (&**key, *i))
    }
}

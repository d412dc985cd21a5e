//! The record cache: typed values by key bytes, with what must still be emitted.
//!
//! An update touches one table slot and one entry, nothing else: the orders in which entries were used and written are stamps in the entry,
//! and only eviction and draining pay for sorting by them.

mod entry;
mod eviction;
mod slab;

use super::budget::CacheBudget;
use super::key_view::{KeyView, OfOneKey};
use super::small::SmallBytes;
use super::view::{Range, SortedView};
use super::{Hash, Slot};
use crate::Headers;
use crate::store::Origin;
pub(crate) use entry::Entry;
use entry::entry_size;
use eviction::EvictionOrder;
use hashbrown::HashTable;
use slab::Slab;
use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::Arc;

/// Places from which on unused ones are worth giving back. The tests have few.
const SHRINK_FROM: usize = if cfg!(test) { 4 } else { 4096 };
/// In place of an index, while entries move.
const GONE: u32 = u32::MAX;

pub(crate) struct RecordCache<V> {
    /// Those of the record that entries are written for.
    pub headers: Headers,
    index: HashTable<u32>,
    slab: Slab<V>,
    free: Vec<u32>,
    stamp: u64,
    /// Entries in the order in which they became dirty; some may be clean, gone or reused by now.
    dirty: Vec<(u64, u32)>,
    /// What a drain has still to visit, last first: stamp of the last write, stamp of becoming dirty, index.
    drain: Vec<(u64, u64, u32)>,
    order: EvictionOrder,
    view: SortedView,
    by_key: KeyView,
    charged: usize,
    budget: Option<Arc<CacheBudget>>,
}

impl<V> RecordCache<V> {
    pub fn new() -> Self {
        RecordCache {
            headers: Headers::new(),
            index: HashTable::new(),
            slab: Slab::default(),
            free: Vec::new(),
            stamp: 0,
            dirty: Vec::new(),
            drain: Vec::new(),
            order: EvictionOrder::default(),
            view: SortedView::default(),
            by_key: KeyView::default(),
            charged: 0,
            budget: None,
        }
    }

    /// Counts in `budget` from now on, or in none: then nothing is ever evicted.
    pub fn attach(&mut self, budget: Option<Arc<CacheBudget>>) {
        if let Some(budget) = &self.budget {
            budget.sub(self.charged);
        }
        if let Some(budget) = &budget {
            budget.add(self.charged);
        }
        self.budget = budget;
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    #[inline]
    pub fn get(&self, i: u32) -> &Entry<V> {
        &self.slab[i]
    }

    #[inline]
    pub fn get_mut(&mut self, i: u32) -> &mut Entry<V> {
        &mut self.slab[i]
    }

    /// Finds an entry and notes the access.
    #[inline]
    pub fn find(&mut self, hash: Hash, key: &[u8]) -> Option<u32> {
        let slab = &self.slab;
        let i = *self.index.find(hash.0, |&i| *slab[i].key == *key)?;
        self.stamp += 1;
        self.slab[i].used = self.stamp;
        Some(i)
    }

    /// Adds an entry that is not there yet. `value_bytes` is the size of its value serialized, or an estimate.
    pub fn insert(&mut self, hash: Hash, key: &[u8], slot: Slot<V>, existed: bool, value_bytes: usize, evictable: bool) -> u32 {
        self.stamp += 1;
        let mut entry = Entry::new(key, hash.0, slot, existed, self.stamp);
        if evictable {
            entry.set_size(entry_size::<V>(&entry.key, value_bytes));
        }
        let size = entry.size();
        let i = match self.free.pop() {
            Some(i) => {
                self.slab[i] = entry;
                i
            }
            None => self.slab.push(entry),
        };
        let slab = &self.slab;
        self.index.insert_unique(hash.0, i, |&i| slab[i].hash);
        self.view.inserted(key, i);
        self.by_key.inserted(i, |i| slab[i].key());
        if evictable {
            self.order.came(self.stamp, i);
            self.charge(0, size);
        }
        i
    }

    #[inline]
    fn charge(&mut self, before: usize, after: usize) {
        if before == after {
            return;
        }
        self.charged = self.charged + after - before;
        if let Some(budget) = &self.budget {
            budget.add(after);
            budget.sub(before);
        }
    }

    /// Takes the measure of a value that has just been serialized.
    #[inline]
    pub fn resize(&mut self, i: u32, value_bytes: usize) {
        let entry = &mut self.slab[i];
        let before = entry.size();
        if before != 0 {
            entry.set_size(entry_size::<V>(&entry.key, value_bytes));
            let after = entry.size();
            self.charge(before, after);
        }
    }

    /// Notes a write.
    #[inline]
    pub fn mark_dirty(&mut self, i: u32, origin: Origin) {
        self.stamp += 1;
        let entry = &mut self.slab[i];
        entry.written = self.stamp;
        entry.set_origin(origin);
        if entry.dirty_since == 0 {
            entry.dirty_since = self.stamp;
            self.dirty.push((self.stamp, i));
        }
        if !(self.headers.is_empty() && entry.headers.is_empty()) {
            self.replace_headers(i, self.headers.clone());
        }
    }

    /// Hands out the headers of the record that wrote last.
    #[inline]
    pub fn mark_clean(&mut self, i: u32) -> Headers {
        let entry = &mut self.slab[i];
        entry.dirty_since = 0;
        if entry.headers.is_empty() { Headers::new() } else { self.replace_headers(i, Headers::new()) }
    }

    #[cold]
    fn replace_headers(&mut self, i: u32, headers: Headers) -> Headers {
        let entry = &mut self.slab[i];
        let before = entry.header_bytes();
        let headers = std::mem::replace(&mut entry.headers, headers);
        let after = entry.header_bytes();
        self.charge(before, after);
        headers
    }

    /// The next dirty entry, still dirty, in the order of the last writes as they stood when this drain began. Entries that become dirty
    /// meanwhile follow after it.
    pub fn next_dirty(&mut self) -> Option<u32> {
        loop {
            while let Some((_, since, i)) = self.drain.pop() {
                if self.slab[i].dirty_since == since {
                    return Some(i);
                }
            }
            if self.dirty.is_empty() {
                return None;
            }
            let slab = &self.slab;
            let stamped = self.dirty.drain(..).map(|(since, i)| (slab[i].written, since, i));
            self.drain.extend(stamped.filter(|&(_, since, i)| slab[i].dirty_since == since));
            self.drain.sort_unstable_by_key(|&(written, ..)| Reverse(written));
        }
    }

    pub fn has_dirty(&self) -> bool {
        let drained = self.drain.iter().map(|&(_, since, i)| (since, i));
        drained.chain(self.dirty.iter().copied()).any(|(since, i)| self.slab[i].dirty_since == since)
    }

    /// The least recently used entry. It leaves the order of eviction: the caller removes it.
    pub fn least_recent(&mut self) -> Option<u32> {
        self.order.first(&mut self.slab)
    }

    /// Removes an entry and returns its value.
    pub fn remove(&mut self, i: u32) -> Option<V> {
        self.mark_clean(i);
        let slab = &self.slab;
        self.by_key.removed(i, |i| slab[i].key());
        let entry = &mut self.slab[i];
        let (hash, size) = (entry.hash, entry.size());
        let key = std::mem::replace(&mut entry.key, SmallBytes::EMPTY);
        let value = entry.slot.value.take();
        entry.old = None;
        entry.queued = 0;
        entry.set_size(0);
        if let Ok(found) = self.index.find_entry(hash, |&found| found == i) {
            found.remove();
        }
        self.free.push(i);
        self.view.removed(&key);
        self.charge(size, 0);
        value
    }

    /// Gives back the memory of entries that are gone, where those are most: the stores of a thread share one limit, and each may have had
    /// all of it for a while. Nothing may be dirty.
    pub fn shrink(&mut self) {
        let live = self.index.len();
        if self.slab.len() < SHRINK_FROM || live > self.slab.len() / 2 {
            return;
        }
        let mut moved = vec![GONE; self.slab.len()];
        self.index.iter().for_each(|&i| moved[i as usize] = i);
        let mut slab = Slab::default();
        for (entry, to) in std::mem::take(&mut self.slab).into_iter().zip(&mut moved) {
            if *to != GONE {
                *to = slab.push(entry);
            }
        }
        self.index.iter_mut().for_each(|i| *i = moved[*i as usize]);
        self.index.shrink_to(live + live / 4, |&i| slab[i].hash);
        let still = |&(stamp, i): &(u64, u32)| {
            let i = moved[i as usize];
            (i != GONE && slab[i].queued == stamp).then_some((stamp, i))
        };
        self.order.keep(still);
        (self.free, self.dirty, self.drain) = (Vec::new(), Vec::new(), Vec::new());
        (self.view, self.by_key) = (SortedView::default(), KeyView::default());
        self.slab = slab;
    }

    /// Forgets everything, the dirty included.
    pub fn clear(&mut self) {
        self.index.clear();
        self.slab.clear();
        self.free.clear();
        self.dirty.clear();
        self.drain.clear();
        self.order.clear();
        self.view.clear();
        self.by_key.clear();
        if let Some(budget) = &self.budget {
            budget.sub(self.charged);
        }
        self.charged = 0;
    }

    /// Makes [`range`](Self::range) see all entries.
    pub fn ensure_sorted(&mut self) {
        let (index, slab) = (&self.index, &self.slab);
        self.view.ensure(|| Box::new(index.iter().map(|&i| (slab[i].key(), i))));
    }

    /// Makes [`range_of_key`](Self::range_of_key) see all entries. Keys have `suffix` bytes behind the record key.
    pub fn ensure_by_key(&mut self, suffix: usize) {
        let slab = &self.slab;
        self.by_key.ensure(suffix, self.index.iter().copied(), |i| slab[i].key());
    }

    /// [`range`](Self::range) between two entries of one record key.
    pub fn range_of_key(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> OfOneKey<'_> {
        self.by_key.range(from, to, |i| self.get(i).key())
    }

    pub fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range<'_> {
        self.view.range(from, to)
    }
}

impl<V> Drop for RecordCache<V> {
    fn drop(&mut self) {
        self.attach(None);
    }
}

#[cfg(test)]
mod tests;

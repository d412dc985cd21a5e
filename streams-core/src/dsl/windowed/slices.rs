//! Partial aggregates of hopping windows whose aggregates can be merged: a record changes one *slice* of time, and when the cache is
//! flushed each window takes what its slices have become since the last time. Between two starts and ends of windows all records have the
//! same windows, so slices lie between these: one or two for each advance.
//!
//! Slices hold only what no commit covers yet. Rows of the store, its changelog and what is forwarded are those of whole windows.

use super::writer::WindowWriter;
use crate::dsl::windows::TimeWindows;
use crate::exec::{Cx, Meta};
use crate::{Data, Headers, Result};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::sync::Arc;
use streams_state::Slot;
use streams_state::store::Origin;

/// Makes one aggregate of two, in place. It cannot fail: it is called when the records that the parts are made of are gone.
pub(super) type Merger<K, A> = Arc<dyn Fn(&K, &mut Option<A>, A) + Send + Sync>;

pub(super) struct Slices<K, A> {
    merge: Merger<K, A>,
    windows: TimeWindows,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// In the order in which keys came.
    keys: Vec<OfKey<A>>,
    bytes: usize,
    /// Records so far.
    records: u64,
    /// Windows that are to change: start, number of the last record, index of the key. Kept for its capacity.
    changes: Vec<(i64, u64, usize)>,
}

/// The slices of a key, by start.
struct OfKey<A> {
    hash: u64,
    key: Box<[u8]>,
    slices: Vec<Slice<A>>,
}

/// What the records of a slice came to for which the same windows were open.
struct Slice<A> {
    start: i64,
    /// The first window that takes them.
    first: i64,
    value: Option<A>,
    timestamp: i64,
    /// The last record: when it came, which it was, and its headers.
    changed: u64,
    origin: Origin,
    headers: Headers,
}

impl<K: Data, A: Data> Slices<K, A> {
    pub fn new(merge: Merger<K, A>, windows: TimeWindows) -> Self {
        let (index, hasher) = (HashTable::new(), DefaultHashBuilder::default());
        Slices { merge, windows, index, hasher, keys: Vec::new(), bytes: 0, records: 0, changes: Vec::new() }
    }

    /// Bytes that it takes, without what values have elsewhere.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the slice of a record of this key whose first open window is `first`.
    #[inline]
    pub fn update<R>(&mut self, key: &[u8], first: i64, origin: Origin, meta: &Meta<'_>, change: impl FnOnce(&mut Option<A>) -> R) -> R {
        let hash = self.hasher.hash_one(key);
        let keys = &mut self.keys;
        let at = match self.index.find(hash, |&at| *keys[at as usize].key == *key).copied() {
            Some(at) => at as usize,
            None => {
                keys.push(OfKey { hash, key: key.into(), slices: Vec::new() });
                self.bytes += key.len() + size_of::<OfKey<A>>();
                let at = keys.len() - 1;
                self.index.insert_unique(hash, at as u32, |&at| keys[at as usize].hash);
                at
            }
        };
        let (start, slices) = (slice_start(&self.windows, meta.timestamp), &mut keys[at].slices);
        // records come in order, more or less
        let behind = slices.iter().rposition(|slice| (slice.start, slice.first) <= (start, first)).map_or(0, |before| before + 1);
        let known = behind > 0 && (slices[behind - 1].start, slices[behind - 1].first) == (start, first);
        if !known {
            let headers = Headers::new();
            slices.insert(behind, Slice { start, first, value: None, timestamp: meta.timestamp, changed: 0, origin, headers });
            self.bytes += size_of::<Slice<A>>();
        }
        let slice = &mut slices[if known { behind - 1 } else { behind }];
        let answer = change(&mut slice.value);
        self.records += 1;
        (slice.timestamp, slice.changed, slice.origin) = (slice.timestamp.max(meta.timestamp), self.records, origin);
        if !(meta.headers.is_empty() && slice.headers.is_empty()) {
            slice.headers = meta.headers.clone();
        }
        answer
    }

    /// Gives every window what its slices have. What is changed lies in the writer's store then, to be flushed, in the order of the records
    /// that changed it last, as if each had changed its windows itself: a window's last change comes before the one that closes it.
    pub fn settle(&mut self, cx: &mut Cx, writer: &mut WindowWriter<K, A>) -> Result<()> {
        self.index.clear();
        self.bytes = 0;
        let (size, advance, merge) = (self.windows.size_ms, self.windows.advance_ms, &*self.merge);
        let keys = std::mem::take(&mut self.keys);
        let mut typed = Vec::with_capacity(keys.len());
        self.changes.clear();
        for (at, OfKey { key, slices, .. }) in keys.iter().enumerate() {
            typed.push(writer.read_key(key)?);
            let of_key = self.changes.len();
            for slice in slices {
                let last = self.windows.edges(slice.start).1;
                let starts = std::iter::successors(Some(slice.first), |start| start.checked_add(advance));
                self.changes.extend(starts.take_while(|start| *start <= last).map(|start| (start, slice.changed, at)));
            }
            // slices side by side have most of their windows in common: the last record of any counts
            self.changes[of_key..].sort_unstable_by_key(|&(start, changed, _)| (start, Reverse(changed)));
            let mut known = None;
            let mut kept = of_key;
            for n in of_key..self.changes.len() {
                if known.replace(self.changes[n].0) != Some(self.changes[n].0) {
                    self.changes[kept] = self.changes[n];
                    kept += 1;
                }
            }
            self.changes.truncate(kept);
        }
        self.changes.sort_unstable_by_key(|&(start, changed, _)| (changed, start));
        for &(start, changed, at) in &self.changes {
            let OfKey { key, slices, .. } = &keys[at];
            let begin = slices.partition_point(|slice| slice.start < start);
            let within = slices[begin..].iter().take_while(|slice| slice.start.saturating_sub(size) < start);
            let takes = within.filter(|slice| slice.first <= start);
            let Some(newest) = takes.clone().find(|slice| slice.changed == changed) else { continue };
            writer.merge_open(key, start, (newest.origin, &newest.headers), |slot: &mut Slot<A>| {
                for slice in takes {
                    let Some(value) = slice.value.clone() else { continue };
                    match &mut slot.value {
                        none @ None => *none = Some(value),
                        some => merge(&typed[at], some, value),
                    }
                    slot.timestamp = slot.timestamp.max(slice.timestamp);
                }
            })?;
            writer.keep_within_budget(cx)?;
        }
        writer.touch(cx);
        Ok(())
    }
}

/// Where the slice of a time begins: at the last start or end of a window up to it.
fn slice_start(windows: &TimeWindows, timestamp: i64) -> i64 {
    let since_start = timestamp % windows.advance_ms;
    let end = windows.size_ms % windows.advance_ms;
    timestamp - since_start + if since_start >= end { end } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn all_times_of_a_slice_have_the_same_windows() {
        for (size, advance) in [(60, 5), (10, 3), (10, 7), (7, 7), (5, 1), (9, 4)] {
            let ms = Duration::from_millis;
            let windows = TimeWindows::hopping(ms(size), ms(advance)).no_grace();
            let mut slices = Vec::new();
            for time in 0..200 {
                let start = slice_start(&windows, time);
                assert!((0..=time).contains(&start) && start <= time);
                assert_eq!(
                    windows.starts(start).collect::<Vec<_>>(),
                    windows.starts(time).collect::<Vec<_>>(),
                    "{size} by {advance}, {time}"
                );
                slices.push(start);
            }
            slices.dedup();
            assert!(slices.len() as u64 <= 2 * 200 / advance + 2, "at most two for each advance");
        }
    }
}

//! Which entry has not been used for the longest time.

use super::slab::Slab;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Stamp of the last access as far as it is known here, and index.
type Queued = (u64, u32);

/// The order of eviction. It is put right only when someone asks for the first.
#[derive(Default)]
pub(super) struct EvictionOrder {
    /// Entries not used since they came, which is cheap.
    young: VecDeque<Queued>,
    /// Those that were.
    seen: BinaryHeap<Reverse<Queued>>,
}

impl EvictionOrder {
    /// An entry is there, with a stamp greater than all before.
    #[inline]
    pub fn came(&mut self, stamp: u64, i: u32) {
        self.young.push_back((stamp, i));
    }

    /// Takes the least recently used entry out of the order.
    pub fn first<V>(&mut self, slab: &mut Slab<V>) -> Option<u32> {
        loop {
            let young = self.young.front().copied();
            let seen = self.seen.peek().map(|Reverse(item)| *item);
            let (stamp, i) = match (young, seen) {
                (Some(young), Some(seen)) if seen < young => self.seen.pop()?.0,
                (Some(_), _) => self.young.pop_front()?,
                (None, _) => self.seen.pop()?.0,
            };
            let entry = &mut slab[i];
            if entry.queued != stamp {
                continue;
            }
            if entry.used == stamp {
                return Some(i);
            }
            entry.queued = entry.used;
            self.seen.push(Reverse((entry.used, i)));
        }
    }

    /// Keeps what `still` says is there, where it says that it is.
    pub fn keep(&mut self, still: impl Fn(&Queued) -> Option<Queued>) {
        self.young = self.young.iter().filter_map(&still).collect();
        self.seen = self.seen.iter().filter_map(|Reverse(item)| still(item)).map(Reverse).collect();
    }

    pub fn clear(&mut self) {
        self.young.clear();
        self.seen.clear();
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.young.len() + self.seen.len()
    }
}

//! A view of a hash table's keys by record key, kept only while someone looks for the rows of one.

use super::view::is_empty;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::{BTreeMap, btree_map};
use std::hash::BuildHasher;
use std::ops::{Bound, RangeBounds};

/// Changes that an unused view takes part in before it is given up, per record key it holds.
const PATIENCE: usize = 4;

/// Record key to slab indices, ordered by what keys have behind it. Like [`SortedView`](super::view::SortedView) it is absent until the first
/// look, then kept in step with the table, and dropped when the looks stop.
///
/// It has no copies of keys: whoever calls says what the key of an index is.
#[derive(Default)]
pub(crate) struct KeyView {
    groups: Option<Groups>,
    idle: usize,
}

struct Groups {
    /// Bytes behind the record key, 16 at most.
    suffix: usize,
    table: HashTable<Group>,
    hasher: RandomState,
}

struct Group {
    hash: u64,
    rows: Rows,
}

/// Mostly a record key has one row.
enum Rows {
    One(u128, u32),
    More(BTreeMap<u128, u32>),
}

impl Rows {
    fn any(&self) -> Option<u32> {
        match self {
            Rows::One(_, i) => Some(*i),
            Rows::More(rows) => rows.values().next().copied(),
        }
    }
}

impl Groups {
    /// Record key and the number that what is behind it makes.
    fn split<'a>(&self, key: &'a [u8]) -> (&'a [u8], u128) {
        split(key, self.suffix)
    }

    fn insert<'a>(&mut self, key: &[u8], i: u32, key_of: impl Fn(u32) -> &'a [u8]) {
        let (record_key, place) = self.split(key);
        let (hash, suffix) = (self.hasher.hash_one(record_key), self.suffix);
        match self.table.entry(hash, |group| is_of(group, record_key, suffix, &key_of), |group| group.hash) {
            Entry::Vacant(entry) => drop(entry.insert(Group { hash, rows: Rows::One(place, i) })),
            Entry::Occupied(mut entry) => {
                let rows = &mut entry.get_mut().rows;
                match rows {
                    Rows::One(first, at) => *rows = Rows::More(BTreeMap::from([(*first, *at), (place, i)])),
                    Rows::More(rows) => drop(rows.insert(place, i)),
                }
            }
        }
    }

    fn remove<'a>(&mut self, key: &[u8], key_of: impl Fn(u32) -> &'a [u8]) {
        let (record_key, place) = self.split(key);
        let (hash, suffix) = (self.hasher.hash_one(record_key), self.suffix);
        let Ok(mut entry) = self.table.find_entry(hash, |group| is_of(group, record_key, suffix, &key_of)) else { return };
        let empty = match &mut entry.get_mut().rows {
            Rows::One(..) => true,
            Rows::More(rows) => {
                rows.remove(&place);
                rows.is_empty()
            }
        };
        if empty {
            entry.remove();
        }
    }
}

fn split(key: &[u8], suffix: usize) -> (&[u8], u128) {
    let (record_key, behind) = key.split_at(key.len().saturating_sub(suffix));
    (record_key, behind.iter().fold(0, |number, byte| number << 8 | u128::from(*byte)))
}

fn is_of<'a>(group: &Group, record_key: &[u8], suffix: usize, key_of: impl Fn(u32) -> &'a [u8]) -> bool {
    group.rows.any().is_some_and(|i| split(key_of(i), suffix).0 == record_key)
}

impl KeyView {
    /// Called before a look. `suffix` is always the same.
    pub fn ensure<'a>(&mut self, suffix: usize, all: impl Iterator<Item = u32>, key_of: impl Fn(u32) -> &'a [u8]) {
        self.idle = 0;
        if self.groups.is_none() {
            let mut groups = Groups { suffix, table: HashTable::new(), hasher: RandomState::default() };
            all.for_each(|i| groups.insert(key_of(i), i, &key_of));
            self.groups = Some(groups);
        }
    }

    #[inline]
    pub fn inserted<'a>(&mut self, i: u32, key_of: impl Fn(u32) -> &'a [u8]) {
        if let Some(groups) = &mut self.groups {
            groups.insert(key_of(i), i, key_of);
            self.changed();
        }
    }

    /// To be called while the key of `i` can still be told.
    #[inline]
    pub fn removed<'a>(&mut self, i: u32, key_of: impl Fn(u32) -> &'a [u8]) {
        if let Some(groups) = &mut self.groups {
            groups.remove(key_of(i), key_of);
            self.changed();
        }
    }

    fn changed(&mut self) {
        self.idle += 1;
        if self.groups.as_ref().is_some_and(|groups| self.idle > 1024 + groups.table.len() * PATIENCE) {
            self.groups = None;
        }
    }

    pub fn clear(&mut self) {
        if let Some(groups) = &mut self.groups {
            groups.table.clear();
        }
    }

    /// The rows between the bounds, whose record key is the same. Empty before [`ensure`](Self::ensure).
    pub fn range<'a>(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, key_of: impl Fn(u32) -> &'a [u8]) -> OfOneKey<'_> {
        let (Bound::Included(key) | Bound::Excluded(key), Some(groups)) = (from, &self.groups) else { return OfOneKey::None };
        let (record_key, _) = groups.split(key);
        let hash = groups.hasher.hash_one(record_key);
        let Some(group) = groups.table.find(hash, |group| is_of(group, record_key, groups.suffix, &key_of)) else {
            return OfOneKey::None;
        };
        let bounds = (from.map(|key| groups.split(key).1), to.map(|key| groups.split(key).1));
        match &group.rows {
            Rows::One(place, i) if bounds.contains(place) => OfOneKey::One(*i),
            Rows::More(rows) if !is_empty(bounds.0, bounds.1) => OfOneKey::More(rows.range(bounds)),
            _ => OfOneKey::None,
        }
    }
}

/// Rows of a record key in the order of their keys, from either end.
pub(crate) enum OfOneKey<'a> {
    None,
    One(u32),
    More(btree_map::Range<'a, u128, u32>),
}

impl OfOneKey<'_> {
    fn take_with(&mut self, next: impl FnOnce(&mut btree_map::Range<'_, u128, u32>) -> Option<u32>) -> Option<u32> {
        match self {
            OfOneKey::None => None,
            OfOneKey::One(i) => {
                let i = *i;
                *self = OfOneKey::None;
                Some(i)
            }
            OfOneKey::More(rows) => next(rows),
        }
    }
}

impl Iterator for OfOneKey<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        self.take_with(|rows| rows.next().map(|(_, i)| *i))
    }
}

impl DoubleEndedIterator for OfOneKey<'_> {
    fn next_back(&mut self) -> Option<u32> {
        self.take_with(|rows| rows.next_back().map(|(_, i)| *i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUFFIX: usize = 2;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        // record keys that begin with one another
        (prop::collection::vec(0..2u8, 0..4), prop::array::uniform2(0..4u8))
            .prop_map(|(record_key, behind)| [record_key, behind.to_vec()].concat())
    }

    fn bound() -> impl Strategy<Value = Bound<[u8; SUFFIX]>> {
        (prop::array::uniform2(0..5u8), any::<bool>())
            .prop_map(|(behind, included)| if included { Bound::Included(behind) } else { Bound::Excluded(behind) })
    }

    #[derive(Clone, Debug)]
    enum Op {
        Insert(Vec<u8>),
        Remove(prop::sample::Index),
        Clear,
        Look { record_key: Vec<u8>, from: Bound<[u8; SUFFIX]>, to: Bound<[u8; SUFFIX]>, reverse: bool },
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            6 => key().prop_map(Op::Insert),
            2 => any::<prop::sample::Index>().prop_map(Op::Remove),
            1 => Just(Op::Clear),
            6 => (prop::collection::vec(0..2u8, 0..4), bound(), bound(), any::<bool>())
                .prop_map(|(record_key, from, to, reverse)| Op::Look { record_key, from, to, reverse }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn it_finds_the_rows_of_a_record_key_in_order(ops in prop::collection::vec(op(), 1..200)) {
            let (mut view, mut slab) = (KeyView::default(), Vec::<Vec<u8>>::new());
            let mut live = BTreeMap::<Vec<u8>, u32>::new();
            for op in ops {
                match op {
                    Op::Insert(key) if live.contains_key(&key) => {}
                    Op::Insert(key) => {
                        slab.push(key.clone());
                        let i = slab.len() as u32 - 1;
                        live.insert(key, i);
                        view.inserted(i, |i| &slab[i as usize]);
                    }
                    Op::Remove(_) if live.is_empty() => {}
                    Op::Remove(which) => {
                        let key = which.get(&live.keys().cloned().collect::<Vec<_>>()).clone();
                        view.removed(live[&key], |i| &slab[i as usize]);
                        let i = live.remove(&key).unwrap();
                        // as tables do: nobody may look at it again
                        slab[i as usize] = b"gone for ever".to_vec();
                    }
                    Op::Clear => {
                        view.clear();
                        live.clear();
                    }
                    Op::Look { record_key, from, to, reverse } => {
                        view.ensure(SUFFIX, live.values().copied(), |i| &slab[i as usize]);
                        let whole = |behind: [u8; SUFFIX]| [&record_key[..], &behind].concat();
                        let (from, to) = (from.map(whole), to.map(whole));
                        let inside = |key: &[u8]| {
                            key.len() == record_key.len() + SUFFIX && key.starts_with(&record_key) && (from.clone(), to.clone()).contains(&key.to_vec())
                        };
                        let mut expected: Vec<u32> = live.iter().filter(|(key, _)| inside(key)).map(|(_, i)| *i).collect();
                        let found = view.range(from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice), |i| &slab[i as usize]);
                        let found: Vec<u32> = if reverse { found.rev().collect() } else { found.collect() };
                        if reverse {
                            expected.reverse();
                        }
                        prop_assert_eq!(found, expected);
                    }
                }
            }
        }
    }
}

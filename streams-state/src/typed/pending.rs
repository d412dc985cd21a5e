//! The uncommitted buffer: serialized rows that wait for the commit that covers them.

use super::Hash;
use super::key_view::{KeyView, OfOneKey};
use super::view::{Range, SortedView};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::ops::Bound;

/// Length that marks a deletion.
const DELETED: u32 = u32::MAX;
/// Marks a row that has not been put since it was sealed.
const UNCHANGED: u32 = u32::MAX;
/// Unused bytes from which on the arena may be rewritten.
const COMPACT_AT: usize = 64 * 1024;
/// What an emptied buffer may keep for the next commit interval. More goes back: a thread's buffers have one limit together, and the next
/// commit's rows may be another store's.
const KEEP: usize = 256 * 1024;

/// One row: where its bytes lie in the arena, value right behind the key at first, elsewhere once it has outgrown its place.
struct Row {
    hash: u64,
    key_at: usize,
    value_at: usize,
    key_len: u32,
    value_len: u32,
    /// Bytes reserved at `value_at`.
    room: u32,
    /// Where `sealed_values` keeps what the commit under way writes.
    sealed_value: u32,
}

/// A value that was put over while a commit is under way that writes it.
struct SealedValue {
    at: usize,
    len: u32,
}

/// Rows by key, in one growing block of memory: no allocation per row.
///
/// A commit may take a while, and rows are put meanwhile. [`seal`](Self::seal) marks what it writes: reads see the newest rows,
/// [`sorted`](Self::sorted) the sealed ones, and [`written`](Self::written) leaves those that came later.
pub(crate) struct Pending {
    arena: Vec<u8>,
    rows: Vec<Row>,
    index: HashTable<u32>,
    view: SortedView,
    by_key: KeyView,
    unused: usize,
    /// How many rows, from the first, the commit under way writes.
    sealed: Option<usize>,
    sealed_values: Vec<SealedValue>,
}

impl Pending {
    pub fn new() -> Self {
        Pending {
            arena: Vec::new(),
            rows: Vec::new(),
            index: HashTable::new(),
            view: SortedView::default(),
            by_key: KeyView::default(),
            unused: 0,
            sealed: None,
            sealed_values: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes that this buffer occupies for its rows.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.arena.len() + self.rows.len() * size_of::<Row>()
    }

    /// The row of `key`: `None` when the buffer does not know it, `Some(None)` when it is deleted here.
    #[inline]
    pub fn get(&self, hash: Hash, key: &[u8]) -> Option<Option<&[u8]>> {
        if self.rows.is_empty() {
            return None;
        }
        let (rows, arena) = (&self.rows, &self.arena);
        let i = self.index.find(hash.0, |&i| rows[i as usize].key(arena) == key)?;
        Some(rows[*i as usize].value(arena))
    }

    /// Puts or, with `None`, deletes.
    pub fn put(&mut self, hash: Hash, key: &[u8], value: Option<&[u8]>) {
        let (rows, arena) = (&mut self.rows, &mut self.arena);
        match self.index.entry(hash.0, |&i| rows[i as usize].key(arena) == key, |&i| rows[i as usize].hash) {
            Entry::Occupied(found) => {
                let i = *found.get() as usize;
                let row = &mut rows[i];
                if row.sealed_value == UNCHANGED && self.sealed.is_some_and(|sealed| i < sealed) {
                    row.sealed_value = self.sealed_values.len() as u32;
                    self.sealed_values.push(SealedValue { at: row.value_at, len: row.value_len });
                    row.room = 0;
                }
                self.unused += row.replace(arena, value);
                if self.unused > COMPACT_AT && self.unused > self.arena.len() / 2 && self.sealed.is_none() {
                    self.compact();
                }
            }
            Entry::Vacant(place) => {
                let i = rows.len() as u32;
                let key_at = arena.len();
                arena.extend_from_slice(key);
                let value_at = arena.len();
                arena.extend_from_slice(value.unwrap_or_default());
                let room = (arena.len() - value_at) as u32;
                let value_len = if value.is_some() { room } else { DELETED };
                rows.push(Row { hash: hash.0, key_at, value_at, key_len: key.len() as u32, value_len, room, sealed_value: UNCHANGED });
                place.insert(i);
                self.view.inserted(key, i);
                self.by_key.inserted(i, |i| rows[i as usize].key(arena));
            }
        }
    }

    #[cold]
    fn compact(&mut self) {
        let mut arena = Vec::with_capacity(self.arena.len() - self.unused);
        for row in &mut self.rows {
            let key_at = arena.len();
            arena.extend_from_slice(row.key(&self.arena));
            let value_at = arena.len();
            arena.extend_from_slice(row.value(&self.arena).unwrap_or_default());
            (row.key_at, row.value_at, row.room) = (key_at, value_at, (arena.len() - value_at) as u32);
        }
        (self.arena, self.unused) = (arena, 0);
    }

    /// The rows of the commit under way, without one all rows. Ordered by key: engines take them fastest so, and the order is the same in
    /// every run.
    pub fn sorted(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let rows = &self.rows[..self.sealed.unwrap_or(self.rows.len())];
        let key = |i: u32| rows[i as usize].key(&self.arena);
        // Keys mostly differ in the bytes behind their common beginning, and then one comparison of numbers tells.
        let first = rows.first().map_or(&[][..], |row| row.key(&self.arena));
        let common = |most: usize, row: &Row| first[..most].iter().zip(row.key(&self.arena)).take_while(|(a, b)| a == b).count();
        let skip = rows.iter().fold(first.len(), common);
        let number = |row: &Row| prefix(row.key(&self.arena).get(skip..).unwrap_or_default());
        let mut order: Vec<(u64, u32)> = rows.iter().zip(0..).map(|(row, i)| (number(row), i)).collect();
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))));
        order.into_iter().map(|(_, i)| {
            let row = &rows[i as usize];
            let value = match self.sealed_values.get(row.sealed_value as usize) {
                Some(sealed) => value_at(&self.arena, sealed.at, sealed.len),
                None => row.value(&self.arena),
            };
            (row.key(&self.arena), value)
        })
    }

    /// Begins a commit, or begins it anew, of all rows as they are now.
    pub fn seal(&mut self) {
        self.forget_sealed_values();
        self.sealed = Some(self.rows.len());
    }

    pub fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    fn forget_sealed_values(&mut self) {
        if !self.sealed_values.is_empty() {
            self.sealed_values.clear();
            self.rows.iter_mut().for_each(|row| row.sealed_value = UNCHANGED);
        }
    }

    /// The commit is over: what [`sorted`](Self::sorted) gave is in the engine, and what was put since then remains.
    pub fn written(&mut self) {
        let sealed = self.sealed.unwrap_or(self.rows.len());
        if sealed == self.rows.len() && self.sealed_values.is_empty() {
            return self.clear();
        }
        let (arena, rows) = (std::mem::take(&mut self.arena), std::mem::take(&mut self.rows));
        self.clear();
        for (i, row) in rows.iter().enumerate() {
            if i >= sealed || row.sealed_value != UNCHANGED {
                self.put(Hash(row.hash), row.key(&arena), row.value(&arena));
            }
        }
    }

    /// Key and value of a row found by [`range`](Self::range).
    #[inline]
    pub fn row(&self, i: u32) -> (&[u8], Option<&[u8]>) {
        let row = &self.rows[i as usize];
        (row.key(&self.arena), row.value(&self.arena))
    }

    pub fn clear(&mut self) {
        if self.arena.capacity() > KEEP {
            (self.arena, self.rows, self.index) = (Vec::new(), Vec::new(), HashTable::new());
        }
        self.arena.clear();
        self.rows.clear();
        self.index.clear();
        self.view.clear();
        self.by_key.clear();
        (self.unused, self.sealed) = (0, None);
        self.sealed_values.clear();
    }

    /// Makes [`range`](Self::range) see all rows.
    pub fn ensure_sorted(&mut self) {
        let (rows, arena) = (&self.rows, &self.arena);
        self.view.ensure(|| Box::new(rows.iter().zip(0..).map(|(row, i)| (row.key(arena), i))));
    }

    /// Makes [`range_of_key`](Self::range_of_key) see all rows. Keys have `suffix` bytes behind the record key.
    pub fn ensure_by_key(&mut self, suffix: usize) {
        let (rows, arena) = (&self.rows, &self.arena);
        self.by_key.ensure(suffix, 0..rows.len() as u32, |i| rows[i as usize].key(arena));
    }

    /// [`range`](Self::range) between two rows of one record key.
    pub fn range_of_key(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> OfOneKey<'_> {
        self.by_key.range(from, to, |i| self.row(i).0)
    }

    pub fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range<'_> {
        self.view.range(from, to)
    }
}

impl Row {
    #[inline]
    fn key<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        &arena[self.key_at..self.key_at + self.key_len as usize]
    }

    #[inline]
    fn value<'a>(&self, arena: &'a [u8]) -> Option<&'a [u8]> {
        value_at(arena, self.value_at, self.value_len)
    }

    /// Returns how many bytes of the arena are lost by it.
    fn replace(&mut self, arena: &mut Vec<u8>, value: Option<&[u8]>) -> usize {
        let Some(value) = value else {
            self.value_len = DELETED;
            return 0;
        };
        let mut lost = 0;
        if value.len() > self.room as usize {
            lost = self.room as usize;
            (self.value_at, self.room) = (arena.len(), value.len() as u32);
            arena.extend_from_slice(value);
        } else {
            arena[self.value_at..self.value_at + value.len()].copy_from_slice(value);
        }
        self.value_len = value.len() as u32;
        lost
    }
}

#[inline]
fn value_at(arena: &[u8], at: usize, len: u32) -> Option<&[u8]> {
    match len {
        DELETED => None,
        len => Some(&arena[at..at + len as usize]),
    }
}

/// The first eight bytes as a number whose order is theirs; where two are equal the bytes must be compared.
#[inline]
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let n = key.len().min(8);
    bytes[..n].copy_from_slice(&key[..n]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn hash(key: &[u8]) -> Hash {
        // Bad on purpose: keys collide.
        Hash(key.len() as u64 % 3)
    }

    /// Keys that differ only behind their first eight bytes, and some that do not.
    fn key() -> impl Strategy<Value = Vec<u8>> {
        (prop::sample::select(vec!["", "common beginning ", "common"]), 0..40u8)
            .prop_map(|(text, n)| [text.as_bytes(), &[n / 7; 9], &[n]].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn it_is_a_map(puts in prop::collection::vec((key(), prop::option::of(prop::collection::vec(any::<u8>(), 0..3000))), 0..300)) {
            let (mut pending, mut model) = (Pending::new(), BTreeMap::new());
            for round in puts.chunks(150) {
                for (key, value) in round {
                    pending.put(hash(key), key, value.as_deref());
                    model.insert(key.clone(), value.clone());
                    prop_assert_eq!(pending.get(hash(key), key), Some(value.as_deref()));
                }
                let rows: Vec<_> = pending.sorted().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
                prop_assert_eq!(rows, model.clone().into_iter().collect::<Vec<_>>());
                for (key, value) in &model {
                    prop_assert_eq!(pending.get(hash(key), key), Some(value.as_deref()));
                }
                let live: usize = model.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len) + size_of::<Row>()).sum();
                prop_assert!(pending.bytes() >= live, "the limit sees what is there");
                pending.clear();
                prop_assert_eq!((pending.bytes(), pending.get(hash(b"x"), b"x")), (0, None));
                model.clear();
            }
        }
    }

    type Put = (Vec<u8>, Option<Vec<u8>>);

    fn puts() -> impl Strategy<Value = Vec<Put>> {
        prop::collection::vec((key(), prop::option::of(prop::collection::vec(any::<u8>(), 0..20))), 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_commit_writes_what_was_sealed_and_leaves_what_came_later(rounds in prop::collection::vec((puts(), puts(), any::<bool>()), 1..5)) {
            // what the engine has, and what a reader should see
            let (mut pending, mut engine, mut latest) = (Pending::new(), BTreeMap::new(), BTreeMap::new());
            for (before, meanwhile, succeeds) in rounds {
                pending.ensure_sorted();
                let put = |pending: &mut Pending, latest: &mut BTreeMap<_, _>, puts: Vec<Put>| {
                    for (key, value) in puts {
                        pending.put(hash(&key), &key, value.as_deref());
                        latest.insert(key, value);
                    }
                };
                put(&mut pending, &mut latest, before);
                pending.seal();
                let sealed = latest.clone();
                put(&mut pending, &mut latest, meanwhile);
                if succeeds {
                    engine.extend(pending.sorted().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))));
                    pending.written();
                    prop_assert_eq!(&engine, &sealed);
                }
                for (key, value) in &latest {
                    let seen = pending.get(hash(key), key).map(|found| found.map(<[u8]>::to_vec));
                    prop_assert_eq!(seen.unwrap_or_else(|| engine.get(key).cloned().flatten()), value.clone());
                }
                let walked = pending.range(Bound::Unbounded, Bound::Unbounded).map(|(key, _)| key.to_vec()).collect::<Vec<_>>();
                prop_assert!(walked.is_sorted() && walked.len() == pending.len(), "the ordered view has what the table has");
            }
        }
    }

    #[test]
    fn what_a_large_commit_needed_goes_back() {
        let mut pending = Pending::new();
        for n in 0..10_000u32 {
            pending.put(Hash(u64::from(n)), &n.to_be_bytes(), Some(&[7; 100]));
        }
        assert!(pending.arena.capacity() > KEEP);
        pending.clear();
        assert_eq!((pending.arena.capacity(), pending.rows.capacity(), pending.index.capacity()), (0, 0, 0));
    }

    #[test]
    fn a_row_that_grows_does_not_grow_the_buffer_without_end() {
        let mut pending = Pending::new();
        let value = vec![7; 10_000];
        pending.put(hash(b"other"), b"other", Some(b"stays"));
        for len in 0..10_000 {
            pending.put(hash(b"key"), b"key", Some(&value[..len]));
        }
        assert!(pending.bytes() < 200_000, "{}", pending.bytes());
        assert_eq!(pending.get(hash(b"key"), b"key"), Some(Some(&value[..9_999])));
        assert_eq!(pending.get(hash(b"other"), b"other"), Some(Some(&b"stays"[..])));
    }
}

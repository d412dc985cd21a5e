//! Rows by key: a hash table, with a byte-ordered view while someone scans.

use crate::typed::small::SmallBytes;
use crate::typed::view::SortedView;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};
use std::ops::Bound;

struct Row {
    hash: u64,
    key: SmallBytes,
    value: SmallBytes,
}

#[derive(Default)]
pub(super) struct Table {
    index: HashTable<u32>,
    slab: Vec<Row>,
    free: Vec<u32>,
    view: SortedView,
    hasher: RandomState,
}

impl Table {
    fn hash(&self, key: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        self.index.find(hash, |&i| *self.slab[i as usize].key == *key).copied()
    }

    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.find(self.hash(key), key).map(|i| &*self.slab[i as usize].value)
    }

    /// Puts or, with `None`, deletes.
    pub fn put(&mut self, key: &[u8], value: Option<&[u8]>) {
        let hash = self.hash(key);
        match (self.find(hash, key), value) {
            (Some(i), Some(value)) => self.slab[i as usize].value = value.into(),
            (None, Some(value)) => self.insert(Row { hash, key: key.into(), value: value.into() }),
            (Some(i), None) => self.remove(hash, i),
            (None, None) => {}
        }
    }

    fn insert(&mut self, row: Row) {
        let hash = row.hash;
        let i = match self.free.pop() {
            Some(i) => {
                self.slab[i as usize] = row;
                i
            }
            None => {
                self.slab.push(row);
                (self.slab.len() - 1) as u32
            }
        };
        let slab = &self.slab;
        self.index.insert_unique(hash, i, |&i| slab[i as usize].hash);
        self.view.inserted(&self.slab[i as usize].key, i);
    }

    fn remove(&mut self, hash: u64, i: u32) {
        if let Ok(found) = self.index.find_entry(hash, |&found| found == i) {
            found.remove();
        }
        let row = &mut self.slab[i as usize];
        row.value = SmallBytes::EMPTY;
        let key = std::mem::replace(&mut row.key, SmallBytes::EMPTY);
        self.free.push(i);
        self.view.removed(&key);
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Makes [`range`](Self::range) see all rows.
    pub fn ensure_sorted(&mut self) {
        let (index, slab) = (&self.index, &self.slab);
        self.view.ensure(|| Box::new(index.iter().map(|&i| (&*slab[i as usize].key, i))));
    }

    /// Rows between the bounds, in byte order.
    pub fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> + use<'_> {
        self.view.range(from, to).map(|(key, i)| (key, &*self.slab[i as usize].value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_deleted_row_is_used_again() {
        let mut table = Table::default();
        table.ensure_sorted();
        for n in 0..1000u32 {
            table.put(&n.to_be_bytes(), Some(b"value"));
            if n >= 10 {
                table.put(&(n - 10).to_be_bytes(), None);
                table.put(&(n - 10).to_be_bytes(), None);
            }
        }
        assert_eq!((table.len(), table.slab.len()), (10, 11));
        // By now the view has been given up: nobody scanned.
        table.ensure_sorted();
        let keys: Vec<_> = table.range(Bound::Unbounded, Bound::Unbounded).map(|(key, _)| key.to_vec()).collect();
        assert_eq!(keys, (990..1000u32).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!((table.get(&989u32.to_be_bytes()), table.get(&999u32.to_be_bytes())), (None, Some(&b"value"[..])));
    }
}

//! Entries by their index.

use super::Entry;
use std::ops::{Index, IndexMut};

/// Entries of a piece.
const PIECE: usize = 256;

/// Entries in pieces that stay where they are when more come. One list would be copied each time that it grows, which takes twice its memory for
/// as long as the allocator keeps the old one, and in all stores at once where they are equally full.
pub(super) struct Slab<V>(Vec<Vec<Entry<V>>>);

impl<V> Default for Slab<V> {
    fn default() -> Self {
        Slab(Vec::new())
    }
}

impl<V> Slab<V> {
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * PIECE + last.len())
    }

    /// Adds an entry; the answer is its index.
    pub fn push(&mut self, entry: Entry<V>) -> u32 {
        let i = self.len() as u32;
        match self.0.last_mut() {
            Some(last) if last.len() < PIECE => last.push(entry),
            // the first piece grows as it is needed: there are stores of a few rows
            last => {
                let mut piece = Vec::with_capacity(if last.is_some() { PIECE } else { 4 });
                piece.push(entry);
                self.0.push(piece);
            }
        }
        i
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.0.iter().map(Vec::capacity).sum()
    }
}

impl<V> Index<u32> for Slab<V> {
    type Output = Entry<V>;

    #[inline]
    fn index(&self, i: u32) -> &Entry<V> {
        &self.0[i as usize / PIECE][i as usize % PIECE]
    }
}

impl<V> IndexMut<u32> for Slab<V> {
    #[inline]
    fn index_mut(&mut self, i: u32) -> &mut Entry<V> {
        &mut self.0[i as usize / PIECE][i as usize % PIECE]
    }
}

impl<V> IntoIterator for Slab<V> {
    type Item = Entry<V>;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<Entry<V>>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

//! A value with what the cache knows of it.

use crate::store::Origin;
use crate::typed::Slot;
use crate::typed::small::SmallBytes;
use crate::{Header, Headers};

/// What an update touches lies in the first cache line and the start of the second. With small values there are two, which takes care.
#[repr(C, align(64))]
pub(crate) struct Entry<V> {
    pub(super) key: SmallBytes,
    /// Stamp of the last access.
    pub(super) used: u64,
    /// Stamp of the last write.
    pub(super) written: u64,
    /// Stamp under which the entry became dirty; 0 while it is clean.
    pub(super) dirty_since: u64,
    /// The record that wrote last: its offset, and its input partition.
    offset: i64,
    source: u32,
    /// What the entry counts for, and in the lowest bit whether a row lies below it.
    counted: u32,
    pub slot: Slot<V>,
    /// The value before the first change since the last drain, where a node downstream wants it.
    pub old: Option<V>,
    /// That record's headers, until the entry is clean again.
    pub(super) headers: Headers,
    pub(super) hash: u64,
    /// Stamp under which it stands in the order of eviction.
    pub(super) queued: u64,
}

const EXISTED: u32 = 1;

impl<V> Entry<V> {
    pub(super) fn new(key: &[u8], hash: u64, slot: Slot<V>, existed: bool, stamp: u64) -> Self {
        Entry {
            key: key.into(),
            used: stamp,
            written: 0,
            dirty_since: 0,
            offset: 0,
            source: 0,
            counted: u32::from(existed),
            slot,
            old: None,
            headers: Headers::new(),
            hash,
            queued: stamp,
        }
    }

    #[inline]
    pub fn dirty(&self) -> bool {
        self.dirty_since != 0
    }

    #[inline]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The record that wrote last.
    #[inline]
    pub fn origin(&self) -> Origin {
        Origin { source: self.source, offset: self.offset }
    }

    #[inline]
    pub(super) fn set_origin(&mut self, origin: Origin) {
        (self.source, self.offset) = (origin.source, origin.offset);
    }

    /// Whether a row lies below this entry.
    #[inline]
    pub fn existed(&self) -> bool {
        self.counted & EXISTED != 0
    }

    #[inline]
    pub fn set_existed(&mut self, existed: bool) {
        self.counted = self.counted & !EXISTED | u32::from(existed);
    }

    /// What the entry counts for without its headers, in bytes. An entry that counts for nothing is never evicted.
    #[inline]
    pub(super) fn size(&self) -> usize {
        (self.counted & !EXISTED) as usize
    }

    #[inline]
    pub(super) fn set_size(&mut self, bytes: usize) {
        self.counted = u32::try_from(bytes).unwrap_or(u32::MAX) & !EXISTED | self.counted & EXISTED;
    }

    /// What the headers count for.
    pub(super) fn header_bytes(&self) -> usize {
        let bytes = |header: &Header| header.key.len() + header.value.as_ref().map_or(0, Vec::len) + size_of::<Header>();
        if self.size() == 0 { 0 } else { self.headers.iter().map(bytes).sum() }
    }
}

/// Of an entry in the index, in the order of eviction, and among the dirty.
const PLACES: usize = 8 + 16 + 16;

/// The memory that an entry takes: of what its value has elsewhere, as many bytes as it has serialized.
#[inline]
pub(super) fn entry_size<V>(key: &SmallBytes, value_bytes: usize) -> usize {
    let value = if std::mem::needs_drop::<V>() { value_bytes } else { 0 };
    size_of::<Entry<V>>() + PLACES + key.on_heap() + value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_a_number_takes_two_cache_lines() {
        assert_eq!((size_of::<Entry<u64>>(), size_of::<Entry<i32>>()), (128, 128));
    }

    #[test]
    fn what_it_counts_for_and_whether_it_existed_do_not_touch_each_other() {
        let mut entry = Entry::new(b"k", 7, Slot { value: Some(1_u64), timestamp: 0 }, true, 1);
        entry.set_size(1_001);
        assert_eq!((entry.size(), entry.existed()), (1_000, true));
        entry.set_existed(false);
        assert_eq!((entry.size(), entry.existed()), (1_000, false));
        entry.set_size(usize::MAX);
        assert_eq!((entry.size(), entry.existed()), (u32::MAX as usize - 1, false));
    }

    #[test]
    fn an_entry_counts_for_the_memory_that_it_takes() {
        let (short, long) = (SmallBytes::from(&b"short"[..]), SmallBytes::from(&[7; 100][..]));
        assert_eq!((entry_size::<u64>(&short, 8), entry_size::<u64>(&long, 8)), (168, 268));
        assert_eq!(entry_size::<String>(&short, 1_000), size_of::<Entry<String>>() + 40 + 1_000);
    }
}

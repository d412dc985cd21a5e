//! A value with what the cache knows of it.

use crate::Headers;
use crate::store::Origin;
use crate::typed::Slot;
use crate::typed::small::SmallBytes;

/// Counted per entry beside key and value. Java counts three references, flags and the record context, about as much.
const ENTRY_OVERHEAD: usize = 64;

/// What an update touches lies in the first cache line and the start of the second.
#[repr(C, align(64))]
pub(crate) struct Entry<V> {
    pub(super) key: SmallBytes,
    /// Stamp of the last access.
    pub(super) used: u64,
    /// Stamp of the last write.
    pub(super) written: u64,
    /// Stamp under which the entry became dirty; 0 while it is clean.
    pub(super) dirty_since: u64,
    /// The record that wrote last.
    pub origin: Origin,
    /// That record's headers, until the entry is clean again.
    pub(super) headers: Headers,
    pub slot: Slot<V>,
    /// The value before the first change since the last drain, where a node downstream wants it.
    pub old: Option<V>,
    pub(super) hash: u64,
    /// Stamp under which it stands in the order of eviction.
    pub(super) queued: u64,
    pub(super) size: u32,
    /// Bytes of the headers, counted apart.
    pub(super) header_bytes: u32,
    /// Whether a row lies below this entry.
    pub existed: bool,
}

impl<V> Entry<V> {
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
}

/// What an entry counts for.
#[inline]
pub(super) fn entry_size(key: &[u8], value_bytes: usize) -> u32 {
    u32::try_from(key.len() + value_bytes + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
}

//! A run of records: one arena of bytes and one index. Written through `&mut`, shared read-only once it is sealed.

use crate::cluster::{ProduceRecord, RawRecord};
use crate::{Header, Headers};

/// A chunk takes no more records beyond this; a single larger record gets a chunk of its own.
const FULL_BYTES: usize = 256 * 1024;
const FULL_RECORDS: usize = 16 * 1024;
/// The length that stands for null.
const NULL: u32 = u32::MAX;

/// Where a record lies: key, value and headers follow each other from `start` to the next record's `start`.
#[derive(Clone, Copy)]
struct Entry {
    timestamp: i64,
    start: u32,
    key: u32,
    value: u32,
    /// Offset less the chunk's base: offsets may have gaps (markers, compaction).
    delta: u32,
}

/// Consecutive records of one partition.
pub(in crate::cluster::embedded) struct Chunk {
    base: i64,
    max_timestamp: i64,
    /// When tombstones in here may go, in milliseconds; set by the first compaction that saw them.
    pub(super) horizon: Option<i64>,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Chunk {
    /// An empty chunk; `room` is how many bytes it is made for.
    pub(super) fn new(base: i64, room: usize) -> Self {
        let room = room.min(FULL_BYTES);
        Chunk { base, max_timestamp: i64::MIN, horizon: None, bytes: Vec::with_capacity(room), entries: Vec::new() }
    }

    /// Whether a record of `size` bytes at `offset` may be appended.
    pub(super) fn has_room(&self, size: usize, offset: i64) -> bool {
        self.entries.is_empty()
            || (self.bytes.len() + size <= FULL_BYTES && self.entries.len() < FULL_RECORDS && offset - self.base < i64::from(u32::MAX))
    }

    /// Whether all of `other`, which follows this chunk, may be appended.
    pub(super) fn has_room_for(&self, other: &Chunk) -> bool {
        self.horizon == other.horizon
            && self.bytes.len() + other.bytes.len() <= FULL_BYTES
            && self.entries.len() + other.entries.len() <= FULL_RECORDS
            && other.last_offset() - self.base < i64::from(u32::MAX)
    }

    /// Appends a record. The caller has asked `has_room`.
    pub(super) fn push(&mut self, offset: i64, timestamp: i64, record: &ProduceRecord<'_>) {
        if self.entries.is_empty() {
            self.base = offset;
        }
        let start = self.bytes.len() as u32;
        for part in [record.key, record.value].into_iter().flatten() {
            self.bytes.extend_from_slice(part);
        }
        if !record.headers.is_empty() {
            encode_headers(record.headers, &mut self.bytes);
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        let length = |part: Option<&[u8]>| part.map_or(NULL, |p| p.len() as u32);
        self.entries.push(Entry {
            timestamp,
            start,
            key: length(record.key),
            value: length(record.value),
            delta: (offset - self.base) as u32,
        });
    }

    /// Appends the records `which` of another chunk as they are. The caller has asked `has_room_for`.
    pub(super) fn copy_from(&mut self, other: &Chunk, which: impl Iterator<Item = usize>) {
        for index in which {
            let entry = other.entries[index];
            let offset = other.offset(index);
            if self.entries.is_empty() {
                self.base = offset;
            }
            let start = self.bytes.len() as u32;
            self.bytes.extend_from_slice(&other.bytes[entry.start as usize..other.end_of(index)]);
            self.max_timestamp = self.max_timestamp.max(entry.timestamp);
            self.entries.push(Entry { start, delta: (offset - self.base) as u32, ..entry });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(in crate::cluster::embedded) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of keys, values and headers.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Offset of the first record, or of the record to come.
    pub(super) fn base(&self) -> i64 {
        self.base
    }

    /// Offset of the last record; `base - 1` when there is none.
    pub(super) fn last_offset(&self) -> i64 {
        self.entries.last().map_or(self.base - 1, |e| self.base + i64::from(e.delta))
    }

    /// The greatest timestamp in here.
    pub(super) fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    pub(in crate::cluster::embedded) fn offset(&self, index: usize) -> i64 {
        self.base + i64::from(self.entries[index].delta)
    }

    pub(super) fn timestamp(&self, index: usize) -> i64 {
        self.entries[index].timestamp
    }

    pub(super) fn key(&self, index: usize) -> Option<&[u8]> {
        let entry = &self.entries[index];
        slice(&self.bytes, entry.start as usize, entry.key)
    }

    pub(super) fn is_tombstone(&self, index: usize) -> bool {
        self.entries[index].value == NULL
    }

    /// Index of the first record at or after `offset`; `len()` when there is none.
    pub(super) fn index_of(&self, offset: i64) -> usize {
        let delta = offset - self.base;
        self.entries.partition_point(|e| i64::from(e.delta) < delta)
    }

    #[inline]
    pub(in crate::cluster::embedded) fn record(&self, index: usize) -> RawRecord<'_> {
        let entry = &self.entries[index];
        let key = entry.start as usize;
        let value = key + length(entry.key);
        RawRecord {
            key: slice(&self.bytes, key, entry.key),
            value: slice(&self.bytes, value, entry.value),
            timestamp: entry.timestamp,
            offset: self.base + i64::from(entry.delta),
        }
    }

    pub(in crate::cluster::embedded) fn headers(&self, index: usize) -> Headers {
        let entry = &self.entries[index];
        let start = entry.start as usize + length(entry.key) + length(entry.value);
        decode_headers(&self.bytes[start..self.end_of(index)])
    }

    fn end_of(&self, index: usize) -> usize {
        self.entries.get(index + 1).map_or(self.bytes.len(), |next| next.start as usize)
    }

    /// Gives back memory that was set aside and not used.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// Forgets the records and keeps the memory.
    pub(super) fn reset(&mut self, base: i64) {
        self.base = base;
        self.max_timestamp = i64::MIN;
        self.horizon = None;
        self.bytes.clear();
        self.entries.clear();
    }
}

#[inline]
fn length(field: u32) -> usize {
    if field == NULL { 0 } else { field as usize }
}

#[inline]
fn slice(bytes: &[u8], start: usize, field: u32) -> Option<&[u8]> {
    (field != NULL).then(|| &bytes[start..start + field as usize])
}

/// Bytes that a record takes in an arena.
pub(in crate::cluster::embedded) fn record_size(record: &ProduceRecord<'_>) -> usize {
    let headers = if record.headers.is_empty() {
        0
    } else {
        record.headers.iter().map(|h| 8 + h.key.len() + h.value.as_ref().map_or(0, Vec::len)).sum()
    };
    record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len) + headers
}

fn encode_headers(headers: &Headers, out: &mut Vec<u8>) {
    for header in headers.iter() {
        out.extend_from_slice(&(header.key.len() as u32).to_le_bytes());
        out.extend_from_slice(header.key.as_bytes());
        let value = header.value.as_deref();
        out.extend_from_slice(&value.map_or(NULL, |v| v.len() as u32).to_le_bytes());
        out.extend_from_slice(value.unwrap_or_default());
    }
}

fn decode_headers(mut bytes: &[u8]) -> Headers {
    let next = |bytes: &mut &[u8]| -> Option<Option<Vec<u8>>> {
        let (size, rest) = bytes.split_first_chunk::<4>()?;
        let size = u32::from_le_bytes(*size);
        let (field, rest) = rest.split_at_checked(length(size))?;
        *bytes = rest;
        Some((size != NULL).then(|| field.to_vec()))
    };
    std::iter::from_fn(|| {
        let key = String::from_utf8(next(&mut bytes)??).ok()?;
        Some(Header { key, value: next(&mut bytes)? })
    })
    .collect()
}

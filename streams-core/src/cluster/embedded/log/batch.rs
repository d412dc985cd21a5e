//! What a reader is handed: a slice of a sealed chunk, without copying.

use super::Chunk;
use crate::Headers;
use crate::cluster::{RawRecord, RecordBatch};
use std::ops::Range;
use std::sync::Arc;

/// Records of one chunk; holding it keeps the chunk in memory.
pub(in crate::cluster::embedded) struct Slice {
    chunk: Arc<Chunk>,
    range: Range<usize>,
}

impl Slice {
    /// `range` is not empty and lies within the chunk.
    pub(super) fn new(chunk: Arc<Chunk>, range: Range<usize>) -> Self {
        Slice { chunk, range }
    }

    /// The offset after the last record.
    pub(in crate::cluster::embedded) fn next_offset(&self) -> i64 {
        self.chunk.offset(self.range.end - 1) + 1
    }
}

impl RecordBatch for Slice {
    fn len(&self) -> usize {
        self.range.len()
    }

    #[inline]
    fn record(&self, index: usize) -> RawRecord<'_> {
        self.chunk.record(self.range.start + index)
    }

    fn headers(&self, index: usize) -> Headers {
        self.chunk.headers(self.range.start + index)
    }
}

//! The records of one input that wait to be processed.

use crate::cluster::RecordBatch;
use crate::exec::Cx;
use crate::handlers::{TimestampContext, TimestampExtractor};
use crate::metrics::DropReason;
use crate::{Result, TopicPartition};
use std::collections::VecDeque;
use std::sync::Arc;
use streams_state::store::Origin;

/// A queue of fetched batches, read record by record. The time of the record at its head is made once.
pub(super) struct RecordQueue {
    pub input: TopicPartition,
    /// Index of the input in the task.
    index: u32,
    /// Index of the topic among the sub-topology's sources.
    pub source: usize,
    /// The topic was deleted: there is nothing to commit for it any more.
    pub deleted: bool,
    /// The cluster has nothing more than what is queued, as far as known.
    pub caught_up: bool,
    extractor: Arc<dyn TimestampExtractor>,
    batches: VecDeque<Box<dyn RecordBatch>>,
    /// Index of the head in the first batch.
    at: usize,
    len: usize,
    head_time: Option<i64>,
    head_offset: i64,
    /// Largest time of any record that left the queue.
    time: Option<i64>,
    last_offset: Option<i64>,
    /// Records left without being processed, and nobody was told.
    skipped: bool,
}

impl RecordQueue {
    pub fn new(input: TopicPartition, index: usize, source: usize, extractor: Arc<dyn TimestampExtractor>, time: Option<i64>) -> Self {
        RecordQueue {
            input,
            index: index as u32,
            source,
            deleted: false,
            caught_up: false,
            extractor,
            batches: VecDeque::new(),
            at: 0,
            len: 0,
            head_time: None,
            head_offset: -1,
            time,
            last_offset: None,
            skipped: false,
        }
    }

    /// The queue of another input of the same source.
    pub fn of_same_source(&self, input: TopicPartition, index: usize) -> Self {
        RecordQueue::new(input, index, self.source, self.extractor.clone(), None)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn push(&mut self, batch: Box<dyn RecordBatch>) {
        self.len += batch.len();
        self.batches.push_back(batch);
        self.caught_up = false;
    }

    /// The head and its index in its batch.
    #[inline]
    pub fn head(&self) -> Option<(&dyn RecordBatch, usize)> {
        self.batches.front().map(|batch| (&**batch, self.at))
    }

    /// The time of the record at the head; records without a valid one leave here, counted.
    #[inline]
    pub fn head_time(&mut self, cx: &mut Cx) -> Result<Option<i64>> {
        if self.head_time.is_some() {
            return Ok(self.head_time);
        }
        while let Some(batch) = self.batches.front() {
            let record = batch.record(self.at);
            let context = TimestampContext {
                topic: &self.input.topic,
                partition: self.input.partition,
                partition_time: self.time.unwrap_or(-1),
                now_ms: cx.wall_clock,
            };
            let time = self.extractor.extract(&record, &context)?;
            self.head_offset = record.offset;
            if time >= 0 {
                self.head_time = Some(time);
                return Ok(self.head_time);
            }
            cx.dropped_input(Origin { source: self.index, offset: record.offset }, DropReason::InvalidTimestamp);
            self.skipped = true;
            self.step();
        }
        Ok(None)
    }

    /// The head was processed.
    #[inline]
    pub fn advance(&mut self, time: i64) {
        self.time = Some(self.time.map_or(time, |t| t.max(time)));
        self.step();
    }

    #[inline]
    fn step(&mut self) {
        let Some(batch) = self.batches.front() else { return };
        self.last_offset = Some(self.head_offset);
        self.head_time = None;
        self.len -= 1;
        self.at += 1;
        if self.at == batch.len() {
            self.batches.pop_front();
            self.at = 0;
        }
    }

    /// Whether records without a valid time have left since the last call: they are to be committed although nothing was processed.
    pub fn take_skipped(&mut self) -> bool {
        std::mem::take(&mut self.skipped)
    }

    /// Partition time: the largest time of any record that left the queue.
    pub fn time(&self) -> Option<i64> {
        self.time
    }

    pub fn last_offset(&self) -> Option<i64> {
        self.last_offset
    }

    /// The offset to go on at after everything that left the queue; `None` while nothing did.
    pub fn next_offset(&self) -> Option<i64> {
        let last = self.last_offset?;
        Some(self.head().map_or(last + 1, |(batch, at)| batch.record(at).offset))
    }
}

//! Restoring from a topic that the task reads, in the place of a changelog.
//!
//! The records of the topic become rows as they did when the task processed them: by the source's extractor and serdes. One that cannot be
//! read was left out then (or the task would not have committed what follows), and is left out again.

use super::{Parts, RestoredFrom};
use crate::cluster::{OffsetSpec, RawRecord};
use crate::error::panic_text;
use crate::handlers::{TimestampContext, TimestampExtractor};
use crate::time::Clock;
use crate::topology::SourceChangelog;
use crate::{BoxError, Headers, Result, TopicPartition};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a store is restored from: the offsets that are there, and the one to stop at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub earliest: i64,
    /// The end of the log.
    pub end: i64,
    /// Where the restore ends: the end of a changelog; of an input, what the group has committed.
    pub limit: i64,
}

/// The ranges of logs, in their order; `None` for an input partition that does not exist because the task's other inputs have more.
pub(super) fn ranges(logs: &[(usize, RestoredFrom)], parts: &Parts) -> Result<Vec<Option<Range>>> {
    if logs.is_empty() {
        return Ok(Vec::new());
    }
    let there = inputs_there(logs, parts)?;
    let partitions: Vec<&TopicPartition> =
        logs.iter().zip(&there).filter_map(|((_, log), there)| there.then_some(&log.partition)).collect();
    let asked: Vec<(TopicPartition, OffsetSpec)> =
        partitions.iter().flat_map(|p| [((*p).clone(), OffsetSpec::Earliest), ((*p).clone(), OffsetSpec::Latest)]).collect();
    let offsets = if asked.is_empty() { Vec::new() } else { parts.admin.list_offsets(&asked)? };
    let inputs: Vec<TopicPartition> = logs
        .iter()
        .zip(&there)
        .filter(|((_, log), there)| **there && log.source.is_some())
        .map(|((_, log), _)| log.partition.clone())
        .collect();
    let committed = if inputs.is_empty() { Vec::new() } else { parts.admin.committed_offsets(&parts.group, &inputs)? };
    let (mut offsets, mut committed) = (offsets.chunks_exact(2), committed.into_iter());
    let range = |((_, log), there): (&(usize, RestoredFrom), &bool)| {
        if !*there {
            return None;
        }
        let &[earliest, end] = offsets.next()? else { return None };
        let limit = match log.source {
            // without an offset the task begins as if it had processed nothing
            Some(_) => committed.next().flatten().unwrap_or(0).min(end),
            None => end,
        };
        Some(Range { earliest, end, limit })
    };
    Ok(logs.iter().zip(&there).map(range).collect())
}

/// Whether each log is there, which inputs may not be.
fn inputs_there(logs: &[(usize, RestoredFrom)], parts: &Parts) -> Result<Vec<bool>> {
    let topics: Vec<&str> = logs.iter().filter(|(_, log)| log.source.is_some()).map(|(_, log)| &*log.partition.topic).collect();
    let counts = if topics.is_empty() { Vec::new() } else { parts.admin.partition_counts(&topics)? };
    let mut counts = counts.into_iter();
    let is_there = |(_, log): &(usize, RestoredFrom)| match log.source {
        Some(_) => counts.next().flatten().is_none_or(|count| log.partition.partition < count),
        None => true,
    };
    Ok(logs.iter().map(is_there).collect())
}

/// Makes rows of records.
pub(super) struct SourceRows {
    source: SourceChangelog,
    extractor: Arc<dyn TimestampExtractor>,
    clock: Arc<dyn Clock>,
    /// The largest time seen.
    time: i64,
}

/// A row as its store takes it; without a value it is a deletion.
pub(super) struct SourceRow<'a> {
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
    pub timestamp: i64,
    pub offset: i64,
    /// The record's, for stores that keep them.
    pub headers: &'a Headers,
}

impl SourceRows {
    pub fn new(source: SourceChangelog, parts: &Parts) -> Self {
        let extractor = source.extractor.clone().unwrap_or_else(|| parts.timestamp_extractor.clone());
        SourceRows { source, extractor, clock: parts.clock.clone(), time: -1 }
    }

    /// `None`: the record was left out when it was processed.
    pub fn row<'a>(&mut self, partition: &TopicPartition, record: &RawRecord<'_>, headers: &'a Headers) -> Option<SourceRow<'a>> {
        let read = catch_unwind(AssertUnwindSafe(|| self.read(partition, record, headers)));
        match read.unwrap_or_else(|panic| Err(panic_text(&*panic).into())) {
            Ok(row) => row,
            Err(error) => {
                tracing::debug!(
                    target: "streams::restore",
                    "the record at offset {} of {partition} cannot be read, and was left out when it was processed: {error}",
                    record.offset
                );
                None
            }
        }
    }

    fn read<'a>(
        &mut self,
        partition: &TopicPartition,
        record: &RawRecord<'_>,
        headers: &'a Headers,
    ) -> Result<Option<SourceRow<'a>>, BoxError> {
        let context = TimestampContext {
            topic: &partition.topic,
            partition: partition.partition,
            partition_time: self.time,
            now_ms: self.clock.now_ms(),
        };
        // an extractor that asks for the partition's time had one then; the newest that is known here is as near as can be
        let timestamp = self.extractor.extract(record, &context).unwrap_or_else(|_| self.time.max(0));
        if timestamp < 0 {
            return Ok(None);
        }
        self.time = self.time.max(timestamp);
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let is_there = self.source.row.read(&partition.topic, record, headers, &mut key, &mut value)?;
        Ok(Some(SourceRow { key, value: is_there.then_some(value), timestamp, offset: record.offset, headers }))
    }
}

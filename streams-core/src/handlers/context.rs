//! What a handler is told about a failure.

use crate::{Headers, TaskId};
use std::fmt;

/// The input record that was being processed, as it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct SourceRecord<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its time in milliseconds since 1970; -1 when it has none.
    pub timestamp: i64,
    /// Its headers.
    pub headers: &'a Headers,
    /// Its key's bytes; `None` where it is null, or where they are gone by the time of the failure.
    pub key: Option<&'a [u8]>,
    /// Its value's bytes; `None` where it is null, or where they are gone by the time of the failure.
    pub value: Option<&'a [u8]>,
}

impl fmt::Display for SourceRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "topic {}, partition {}, offset {}", self.topic, self.partition, self.offset)
    }
}

/// Where processing failed. Printed: `task 0_1, node KSTREAM-MAP-0000000001, topic orders, partition 3, offset 42`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "ErrorHandlerContext")]
pub struct ErrorContext<'a> {
    /// The task.
    pub task: TaskId,
    /// The node of the topology that failed; the source node when a record could not be read.
    pub node: &'a str,
    /// The record it failed on; `None` in a punctuation.
    pub source: Option<SourceRecord<'a>>,
}

impl fmt::Display for ErrorContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}, node {}", self.task, self.node)?;
        match &self.source {
            Some(source) => write!(f, ", {source}"),
            None => f.write_str(", punctuation"),
        }
    }
}

/// What is to happen after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// Leave the record out and go on; it is counted as dropped, and its offset is committed.
    #[doc(alias = "CONTINUE")]
    Resume,
    /// Fail the thread; its uncaught-error policy decides what follows.
    Fail,
}

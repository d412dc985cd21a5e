//! What user code is told of a record beside its key and value.

use crate::Headers;
use crate::exec::{Cx, Meta};

/// Where the record being processed stands in its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordMetadata<'a> {
    /// The topic it was read from.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl<'a> RecordMetadata<'a> {
    pub(crate) fn of(cx: &'a Cx) -> Option<Self> {
        let input = cx.inputs.get(cx.origin.source as usize).filter(|_| cx.record_known)?;
        Some(RecordMetadata { topic: &input.topic, partition: input.partition, offset: cx.origin.offset })
    }
}

/// What a record has beside its key and value, for closures that choose its topic ([`KStream::to_computed`](crate::KStream::to_computed)).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RecordContext<'a> {
    /// Where the input record stands that it was made of, or that made the change which a cache held back; `None` for one that a punctuation
    /// has made.
    pub source: Option<RecordMetadata<'a>>,
    /// Its own time in milliseconds since 1970, with which it is written.
    pub timestamp: i64,
    /// Its own headers, with which it is written.
    pub headers: &'a Headers,
}

impl<'a> RecordContext<'a> {
    pub(crate) fn of(cx: &'a Cx, meta: &Meta<'a>) -> Self {
        RecordContext { source: RecordMetadata::of(cx), timestamp: meta.timestamp, headers: meta.headers }
    }
}

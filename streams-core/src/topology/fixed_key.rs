//! Records whose keys are fixed, and what user code that takes them may do.

use super::context::{FORWARDED, ProcessingContext, check_time, common_context, no_child, punctuations};
use super::record_context::RecordMetadata;
use crate::exec::{Cx, Meta, Outlets, PunctuationType, TimerId};
use crate::metrics::UserMetrics;
use crate::{BoxError, Data, TaskId};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A record whose key is fixed. Its lifetime keeps it from being stored away; take its parts where that is wanted.
pub struct FixedKeyRecord<'r, K, V> {
    pub(crate) key: K,
    pub(crate) value: V,
    pub(crate) meta: Meta<'r>,
}

impl<'r, K, V> FixedKeyRecord<'r, K, V> {
    /// The key.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// Event time in milliseconds.
    pub fn timestamp(&self) -> i64 {
        self.meta.timestamp
    }

    /// The headers.
    pub fn headers(&self) -> &crate::Headers {
        self.meta.headers
    }

    /// The same record with another value.
    pub fn map_value<VO>(self, f: impl FnOnce(V) -> VO) -> FixedKeyRecord<'r, K, VO> {
        FixedKeyRecord { key: self.key, value: f(self.value), meta: self.meta }
    }

    /// The same record with this value.
    pub fn with_value<VO>(self, value: VO) -> FixedKeyRecord<'r, K, VO> {
        self.map_value(|_| value)
    }

    /// The same record at another time.
    #[must_use]
    pub fn with_timestamp(mut self, timestamp: i64) -> Self {
        self.meta.timestamp = timestamp;
        self
    }

    /// The same record with these headers.
    #[must_use]
    pub fn with_headers<'h>(self, headers: &'h crate::Headers) -> FixedKeyRecord<'h, K, V>
    where
        'r: 'h,
    {
        FixedKeyRecord { key: self.key, value: self.value, meta: Meta { headers, ..self.meta } }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for FixedKeyRecord<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedKeyRecord").field("key", &self.key).field("value", &self.value).finish_non_exhaustive()
    }
}

/// What a [`FixedKeyProcessor`](super::FixedKeyProcessor) may do.
pub struct FixedKeyContext<'a, K, V> {
    pub(crate) cx: &'a mut Cx,
    pub(crate) next: &'a mut Outlets<K, V>,
    /// The node's index among the maintained ones.
    pub(crate) index: usize,
    /// The node's name.
    pub(crate) node: &'a str,
}

impl<K: Data, V: Data> FixedKeyContext<'_, K, V> {
    /// Sends a record to the nodes that follow; returns when all of them have processed it.
    ///
    /// # Errors
    /// When the record's time is negative; and those of the nodes that follow, already decided about: pass them on with `?`.
    #[inline]
    pub fn forward(&mut self, record: FixedKeyRecord<'_, K, V>) -> Result<(), BoxError> {
        check_time(FORWARDED, record.meta.timestamp)?;
        self.next.forward(self.cx, record.key, record.value, &record.meta).map_err(Into::into)
    }

    /// Sends a record to one of the nodes that follow, by its name.
    ///
    /// # Errors
    /// As [`forward`](Self::forward); and when no node of that name follows this one.
    pub fn forward_to(&mut self, child: &str, record: FixedKeyRecord<'_, K, V>) -> Result<(), BoxError> {
        check_time(FORWARDED, record.meta.timestamp)?;
        match self.next.forward_to(child, self.cx, record.key, record.value, &record.meta) {
            Some(result) => result.map_err(Into::into),
            None => Err(no_child(child, self.next.names())),
        }
    }

    common_context!();
    punctuations!();
}

impl<K, V> ProcessingContext for FixedKeyContext<'_, K, V> {
    fn cx(&mut self) -> &mut Cx {
        self.cx
    }
}

impl<K, V> fmt::Debug for FixedKeyContext<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FixedKeyContext(task {})", self.cx.task_id)
    }
}

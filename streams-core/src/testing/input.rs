//! Topics that a test writes to.

use super::inner::Inner;
use super::producer::Written;
use crate::{Error, ErrorKind, Headers, Record, Result};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// An input topic of a [`TopologyTestDriver`](super::TopologyTestDriver). Records get the topic's own time unless they bring one; it begins
/// at the driver's wall clock, and stands still unless it is moved.
///
/// ```
/// # use std::time::Duration;
/// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
/// let builder = StreamsBuilder::new();
/// builder.stream::<(), i64>("in").to("out");
/// let driver = TopologyTestDriver::new(&builder.build()?)?;
/// let mut input = driver.input::<(), i64>("in").start_timestamp(1_000).auto_advance(Duration::from_millis(10));
/// input.pipe_values([1, 2])?;
/// input.advance_time(Duration::from_secs(1));
/// input.pipe_value(3)?;
/// let times: Vec<i64> = driver.output::<(), i64>("out").read_records()?.iter().map(|record| record.timestamp).collect();
/// assert_eq!(times, [1_000, 1_010, 2_020]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TestInputTopic<K, V> {
    inner: Rc<RefCell<Inner>>,
    topic: Arc<str>,
    key: Arc<dyn Serde<K>>,
    value: Arc<dyn Serde<V>>,
    time_ms: i64,
    auto_advance_ms: i64,
}

impl<K, V> fmt::Debug for TestInputTopic<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestInputTopic({})", self.topic)
    }
}

impl<K: 'static, V: 'static> TestInputTopic<K, V> {
    pub(super) fn new(inner: Rc<RefCell<Inner>>, topic: &str, key: Arc<dyn Serde<K>>, value: Arc<dyn Serde<V>>) -> Self {
        let time_ms = inner.borrow().now_ms;
        TestInputTopic { inner, topic: topic.into(), key, value, time_ms, auto_advance_ms: 0 }
    }

    /// Where the topic's time begins, in milliseconds since 1970.
    #[must_use]
    #[doc(alias = "startTimestamp")]
    pub fn start_timestamp(mut self, timestamp: i64) -> Self {
        self.time_ms = timestamp;
        self
    }

    /// Moves the topic's time by so much after each record that brings none.
    #[must_use]
    pub fn auto_advance(mut self, by: Duration) -> Self {
        self.auto_advance_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self
    }

    /// Moves the topic's time.
    pub fn advance_time(&mut self, by: Duration) {
        self.time_ms = self.time_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Writes a record at the topic's time, and runs everything that follows from it.
    ///
    /// # Errors
    /// The serdes', and those of the topology's nodes that no handler took.
    pub fn pipe(&mut self, key: K, value: V) -> Result<()> {
        let timestamp = self.next_time();
        self.pipe_at(key, value, timestamp)
    }

    /// Writes a record without a key (null) at the topic's time.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    #[doc(alias = "pipeInput")]
    pub fn pipe_value(&mut self, value: V) -> Result<()> {
        let (timestamp, headers) = (self.next_time(), Headers::new());
        let value = bytes(&*self.value, &SerdeContext { topic: &self.topic, headers: &headers }, &value)?;
        self.pipe_bytes(None, value, timestamp, headers)
    }

    /// Writes several records without keys.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    #[doc(alias = "pipeValueList")]
    pub fn pipe_values(&mut self, values: impl IntoIterator<Item = V>) -> Result<()> {
        values.into_iter().try_for_each(|value| self.pipe_value(value))
    }

    /// The time of the next record.
    fn next_time(&mut self) -> i64 {
        let next = self.time_ms.saturating_add(self.auto_advance_ms);
        std::mem::replace(&mut self.time_ms, next)
    }

    /// Writes a record at a time of its own, in milliseconds.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    pub fn pipe_at(&mut self, key: K, value: V, timestamp: i64) -> Result<()> {
        self.pipe_record(Record { key, value, timestamp, headers: Headers::new() })
    }

    /// Writes a whole record.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    pub fn pipe_record(&mut self, record: Record<K, V>) -> Result<()> {
        let cx = SerdeContext { topic: &self.topic, headers: &record.headers };
        let key = bytes(&*self.key, &cx, &record.key)?;
        let value = bytes(&*self.value, &cx, &record.value)?;
        self.pipe_bytes(key, value, record.timestamp, record.headers)
    }

    /// Writes several whole records.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    #[doc(alias = "pipeRecordList")]
    pub fn pipe_records(&mut self, records: impl IntoIterator<Item = Record<K, V>>) -> Result<()> {
        records.into_iter().try_for_each(|record| self.pipe_record(record))
    }

    /// Writes a record of bytes as they are; `None` is null.
    ///
    /// # Errors
    /// Those of the topology's nodes that no handler took.
    pub fn pipe_bytes(&mut self, key: Option<Vec<u8>>, value: Option<Vec<u8>>, timestamp: i64, headers: Headers) -> Result<()> {
        self.inner.borrow_mut().pipe(Written { topic: self.topic.clone(), key, value, timestamp, headers })
    }

    /// Writes several records.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    #[doc(alias = "pipeKeyValueList")]
    pub fn pipe_all(&mut self, records: impl IntoIterator<Item = (K, V)>) -> Result<()> {
        records.into_iter().try_for_each(|(key, value)| self.pipe(key, value))
    }
}

fn bytes<T: 'static>(serde: &dyn Serde<T>, cx: &SerdeContext<'_>, value: &T) -> Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    match serde.serialize(cx, value, &mut out) {
        Ok(Wrote::Bytes) => Ok(Some(out)),
        Ok(Wrote::Null) => Ok(None),
        Err(error) => Err(Error::caused(ErrorKind::Serde, format!("topic {}: cannot serialize", cx.topic), error)),
    }
}

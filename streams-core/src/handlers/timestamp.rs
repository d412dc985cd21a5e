//! Where the time of a record comes from.

use crate::cluster::RawRecord;
use crate::config::TimestampPolicy;
use crate::metrics::{LogLimiter, NotLogged};
use crate::serde::{DefaultSerde, Serde, SerdeContext};
use crate::{Error, ErrorKind, Headers, Result};
use std::sync::Arc;

/// Where a record stands whose time is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TimestampContext<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// The greatest time seen in that partition before it, in milliseconds; -1 while none was seen.
    pub partition_time: i64,
    /// The wall clock in milliseconds, as the thread last read it.
    pub now_ms: i64,
}

/// Gives a record its time, which windows, joins and the choice of the next record go by.
///
/// It runs for every record on the stream thread, before the record is deserialized. A closure of the same signature is an extractor. One
/// that panics fails the thread.
pub trait TimestampExtractor: Send + Sync {
    /// The record's time in milliseconds since 1970. A negative time drops the record: it is counted and logged.
    ///
    /// # Errors
    /// An error fails the thread.
    fn extract(&self, record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64>;
}

impl<F: Fn(&RawRecord<'_>, &TimestampContext<'_>) -> Result<i64> + Send + Sync> TimestampExtractor for F {
    #[inline]
    fn extract(&self, record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64> {
        self(record, context)
    }
}

/// The record's own time; a record without a valid one fails the thread. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailOnInvalidTimestamp;

impl TimestampExtractor for FailOnInvalidTimestamp {
    #[inline]
    fn extract(&self, record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64> {
        if record.timestamp >= 0 { Ok(record.timestamp) } else { Err(invalid(record, context)) }
    }
}

#[cold]
fn invalid(record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Error {
    let TimestampContext { topic, partition, .. } = context;
    let RawRecord { offset, timestamp, .. } = record;
    let message = format!(
        "topic {topic}, partition {partition}, offset {offset}: the record's timestamp {timestamp} is negative: choose what becomes \
         of such records with default.timestamp.extractor, or with `Consumed::timestamp_extractor` for one topic"
    );
    Error::new(ErrorKind::Serde, message)
}

/// The record's own time; a record without a valid one is logged, at a limited rate, and dropped.
#[derive(Debug, Default)]
pub struct LogAndSkipOnInvalidTimestamp(LogLimiter);

impl TimestampExtractor for LogAndSkipOnInvalidTimestamp {
    #[inline]
    fn extract(&self, record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64> {
        if record.timestamp < 0 {
            self.0.log(|n| {
                let TimestampContext { topic, partition, .. } = context;
                let RawRecord { offset, timestamp, .. } = record;
                let more = NotLogged(n);
                tracing::warn!(
                    target: "streams::task",
                    "a record is left out because its timestamp {timestamp} is negative: \
                     topic {topic}, partition {partition}, offset {offset}{more}"
                );
            });
        }
        Ok(record.timestamp)
    }
}

/// The record's own time; one without a valid time gets the greatest seen in its partition.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsePartitionTimeOnInvalidTimestamp;

impl TimestampExtractor for UsePartitionTimeOnInvalidTimestamp {
    /// # Errors
    /// The partition's first record has no valid time.
    #[inline]
    fn extract(&self, record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64> {
        match (record.timestamp, context.partition_time) {
            (own @ 0.., _) => Ok(own),
            (_, seen @ 0..) => Ok(seen),
            _ => Err(invalid(record, context).at("no earlier record of the partition has a time to use")),
        }
    }
}

/// The time of processing, whatever the record says.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "WallclockTimestampExtractor")]
pub struct WallClockTimestamp;

impl TimestampExtractor for WallClockTimestamp {
    #[inline]
    fn extract(&self, _: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64> {
        Ok(context.now_ms)
    }
}

/// A time that stands in the value: made by [`timestamp_of_value`] and [`timestamp_of_value_with`].
pub struct ValueTimestamp<V, F> {
    serde: Arc<dyn Serde<V>>,
    time: F,
}

/// Reads the value with its default serde to take the time out of it. The value is read twice that way, here and by the source.
///
/// Where the value cannot be read, the record keeps its own time (else its partition's, else the wall clock), and the source's
/// deserialization handler decides about it.
pub fn timestamp_of_value<V: DefaultSerde, F: Fn(&V) -> i64 + Send + Sync>(time: F) -> ValueTimestamp<V, F> {
    timestamp_of_value_with(V::default_serde(), time)
}

/// The same with a serde. It sees no headers.
pub fn timestamp_of_value_with<V: 'static, F: Fn(&V) -> i64 + Send + Sync>(serde: Arc<dyn Serde<V>>, time: F) -> ValueTimestamp<V, F> {
    ValueTimestamp { serde, time }
}

impl<V: 'static, F: Fn(&V) -> i64 + Send + Sync> TimestampExtractor for ValueTimestamp<V, F> {
    fn extract(&self, record: &RawRecord<'_>, context: &TimestampContext<'_>) -> Result<i64> {
        let headers = Headers::new();
        let value = self.serde.deserialize(&SerdeContext { topic: context.topic, headers: &headers }, record.value);
        Ok(match value {
            Ok(value) => (self.time)(&value),
            Err(_) => [record.timestamp, context.partition_time].into_iter().find(|t| *t >= 0).unwrap_or(context.now_ms),
        })
    }
}

impl From<TimestampPolicy> for Arc<dyn TimestampExtractor> {
    fn from(policy: TimestampPolicy) -> Self {
        match policy {
            TimestampPolicy::FailOnInvalid => Arc::new(FailOnInvalidTimestamp),
            TimestampPolicy::LogAndSkipOnInvalid => Arc::new(LogAndSkipOnInvalidTimestamp::default()),
            TimestampPolicy::UsePartitionTimeOnInvalid => Arc::new(UsePartitionTimeOnInvalidTimestamp),
            TimestampPolicy::WallClock => Arc::new(WallClockTimestamp),
        }
    }
}

//! Windowed aggregations.

mod aggregate;
mod count;
mod finals;
mod fold;
mod late;
mod mergeable;
mod other;
mod reduce;
mod slices;
mod sliding;
mod table;
mod top_n;
mod writer;

pub(crate) use aggregate::window_aggregate_factory;
pub(crate) use finals::{Closing, Finals};
pub(crate) use table::{WindowedTable, window_supplier};

use crate::Data;
use crate::dsl::grouped::KGroupedStream;
use crate::dsl::windows::{Cut, EmitStrategy, WindowKind};
use std::fmt;

/// A grouped stream cut into windows; every result is a table by key and window.
#[must_use = "windows do nothing until they are aggregated"]
pub struct TimeWindowedKStream<K, V> {
    pub(crate) grouped: KGroupedStream<K, V>,
    pub(crate) windows: Cut,
    emit: EmitStrategy,
}

impl<K, V> fmt::Debug for TimeWindowedKStream<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeWindowedKStream({:?}, {:?})", self.grouped, self.windows)
    }
}

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    pub(crate) fn new(grouped: &KGroupedStream<K, V>, windows: Cut) -> Self {
        TimeWindowedKStream { grouped: grouped.clone(), windows, emit: EmitStrategy::default() }
    }

    /// Says when results are forwarded: see [`EmitStrategy`].
    #[doc(alias = "emitStrategy")]
    pub fn emit_strategy(mut self, strategy: EmitStrategy) -> Self {
        self.emit = strategy;
        self
    }
}

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// Cuts the stream into windows: tumbling or hopping ones ([`TimeWindows`](crate::TimeWindows)), such that slide with the records
    /// ([`SlidingWindows`](crate::SlidingWindows)), or sessions ([`SessionWindows`](crate::SessionWindows)).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder
    ///     .stream::<String, i64>("in")
    ///     .group_by_key()
    ///     .windowed_by(TimeWindows::tumbling(Duration::from_secs(10)).no_grace())
    ///     .count()
    ///     .to_stream()
    ///     .map(|windowed, count| (format!("{}@{}", windowed.key, windowed.window.start), count))
    ///     .to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// input.pipe_at("a".to_string(), 1, 3_000)?;
    /// input.pipe_at("a".to_string(), 1, 12_000)?;
    /// let out = driver.output::<String, Option<u64>>("out").read_all()?;
    /// assert_eq!(out, [("a@0".to_string(), Some(1)), ("a@10000".to_string(), Some(1))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "windowedBy")]
    pub fn windowed_by<W: WindowKind>(&self, windows: W) -> W::Windowed<K, V> {
        windows.cut(self)
    }
}

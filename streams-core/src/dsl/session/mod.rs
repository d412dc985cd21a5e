//! Aggregations by session.

mod aggregate;
mod count;
mod fold;
mod late;
mod merge;
mod reduce;
mod table;
mod top_n;
mod writer;

pub(crate) use merge::{Folders, session_aggregate_factory};
pub(crate) use table::{SessionTable, session_supplier};

use super::grouped::KGroupedStream;
use super::windows::{EmitStrategy, SessionWindows};
use std::fmt;

/// A grouped stream cut into sessions; every result is a table by key and session.
///
/// A session that grows changes its window, which is part of the table's key: the row of the old window is deleted, then the new one is
/// there. So does every session that is merged into another one.
#[must_use = "sessions do nothing until they are aggregated"]
pub struct SessionWindowedKStream<K, V> {
    pub(crate) grouped: KGroupedStream<K, V>,
    pub(crate) windows: SessionWindows,
    emit: EmitStrategy,
}

impl<K, V> SessionWindowedKStream<K, V> {
    pub(crate) fn new(grouped: KGroupedStream<K, V>, windows: SessionWindows) -> Self {
        SessionWindowedKStream { grouped, windows, emit: EmitStrategy::default() }
    }

    /// Says when results are forwarded: see [`EmitStrategy`]. With [`on_window_close`](EmitStrategy::on_window_close) a session is told once, when
    /// stream time is past its end by more than gap and grace: by end, then start and key (in memory by end, then key), at the time of its end.
    /// There are no deletions of sessions that grew.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{EmitStrategy, SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(2));
    /// let grouped = builder.stream::<String, i64>("in").group_by_key().windowed_by(visits);
    /// let counts = grouped.emit_strategy(EmitStrategy::on_window_close()).count();
    /// counts.to_stream().map(|windowed, count| (windowed.to_string(), count)).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<u64>>("out"));
    /// for at in [1_000, 5_000, 12_000] {
    ///     input.pipe_at("a".to_string(), 1, at)?;
    /// }
    /// assert_eq!(output.read_all()?, [], "the first session still takes records");
    /// input.pipe_at("another".to_string(), 1, 12_001)?;
    /// assert_eq!(output.read_all()?, [("[a@1000/5000]".to_string(), Some(2))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "emitStrategy")]
    pub fn emit_strategy(mut self, strategy: EmitStrategy) -> Self {
        self.emit = strategy;
        self
    }
}

impl<K, V> fmt::Debug for SessionWindowedKStream<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionWindowedKStream({:?}, {:?})", self.grouped, self.windows)
    }
}

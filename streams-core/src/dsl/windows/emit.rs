//! When a windowed aggregation tells its results.

/// When the results of windows are forwarded (KIP-825): at every change, or once, when the window closes.
///
/// ```
/// # use std::time::Duration;
/// # use streams_core::{EmitStrategy, StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
/// let builder = StreamsBuilder::new();
/// let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(2));
/// let counts = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).emit_strategy(EmitStrategy::on_window_close()).count();
/// counts.to_stream().map(|windowed, count| (windowed.window.start, count)).to("out");
///
/// let driver = TopologyTestDriver::new(&builder.build()?)?;
/// let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<i64, Option<u64>>("out"));
/// for at in [1_000, 8_000, 11_000, 9_000] {
///     input.pipe_at("a".to_string(), 1, at)?;
/// }
/// assert_eq!(output.read_all()?, [], "the first window still takes records for two seconds");
/// input.pipe_at("another".to_string(), 1, 12_000)?;
/// assert_eq!(output.read_all()?, [(0, Some(3))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmitStrategy {
    pub(crate) at_close: bool,
}

impl EmitStrategy {
    /// Every change of a window is forwarded, as far as the record cache lets it through. The default.
    #[doc(alias = "onWindowUpdate")]
    pub const fn on_window_update() -> Self {
        EmitStrategy { at_close: false }
    }

    /// The result of a window is forwarded once, when stream time has passed its end and the grace: by window, then key. How far that went is
    /// committed with the offsets, so that no result is told again after a restart. A window closes only when a later record comes.
    ///
    /// Time windows, sliding windows and sessions can do it; the latter two have no record cache then.
    #[doc(alias = "onWindowClose")]
    pub const fn on_window_close() -> Self {
        EmitStrategy { at_close: true }
    }
}

//! Windows of the user's making, and the one without an end.

use std::fmt;
use std::time::Duration;
use streams_state::serde::Window;

/// Windows of your own, such as those of a calendar: says which windows a record belongs to. Pass a value of such a type to
/// [`windowed_by`](crate::KGroupedStream::windowed_by).
///
/// Rows and topics carry a window's start only, so that keys of results end [`size`](Self::size) after their start, whatever end
/// [`windows_for`](Self::windows_for) told; the latter says until when a window takes records.
///
/// ```
/// # use std::time::Duration;
/// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
/// use streams_core::{Window, Windows};
///
/// /// The quarters of each hour, but for the last.
/// struct Lessons;
///
/// impl Windows for Lessons {
///     fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
///         const QUARTER: i64 = 15 * 60 * 1000;
///         let start = timestamp / QUARTER * QUARTER;
///         if start / QUARTER % 4 != 3 {
///             found(Window::new(start, start + QUARTER));
///         }
///     }
///     fn size(&self) -> Duration {
///         Duration::from_secs(15 * 60)
///     }
///     fn grace(&self) -> Duration {
///         Duration::ZERO
///     }
/// }
///
/// let builder = StreamsBuilder::new();
/// let counts = builder.stream::<String, i64>("in").group_by_key().windowed_by(Lessons).count();
/// counts.to_stream().select_key(|windowed, _| windowed.window.start / 60_000).to("out");
/// let driver = TopologyTestDriver::new(&builder.build()?)?;
/// let mut input = driver.input::<String, i64>("in");
/// for minute in [1, 2, 31, 46, 61] {
///     input.pipe_at("a".to_string(), 1, minute * 60_000)?;
/// }
/// let counts = driver.output::<i64, Option<u64>>("out").read_map()?;
/// assert_eq!(counts, [(0, Some(2)), (30, Some(1)), (60, Some(1))].into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "windowsFor")]
pub trait Windows: Send + Sync + 'static {
    /// Calls `found` with each window that holds a record of this time (milliseconds), in the order in which they are to be aggregated. A
    /// record without a window is left out and counted. The same time must always give the same windows.
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window));

    /// The length of the longest window: rows are kept for it and the grace. Whole milliseconds, at least one.
    fn size(&self) -> Duration;

    /// How long, in stream time, a window still takes records after its end.
    #[doc(alias = "gracePeriodMs")]
    fn grace(&self) -> Duration;
}

/// One window per key, from a start on and without an end: an aggregation that only takes records from then on, and never forgets.
///
/// ```
/// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
/// use streams_core::UnlimitedWindows;
/// let builder = StreamsBuilder::new();
/// let windows = UnlimitedWindows::start_on(10_000);
/// let counts = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).count();
/// counts.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
/// let driver = TopologyTestDriver::new(&builder.build()?)?;
/// let mut input = driver.input::<String, i64>("in");
/// for at in [9_000, 10_000, 999_000] {
///     input.pipe_at("a".to_string(), 1, at)?;
/// }
/// assert_eq!(driver.output::<i64, Option<u64>>("out").read_map()?, [(10_000, Some(2))].into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnlimitedWindows {
    start_ms: i64,
}

impl UnlimitedWindows {
    /// From 1970 on.
    #[doc(alias = "of")]
    pub const fn new() -> Self {
        UnlimitedWindows { start_ms: 0 }
    }

    /// From this time on, in milliseconds since 1970; times before 1970 count as 1970.
    #[doc(alias = "startOn")]
    pub const fn start_on(start_ms: i64) -> Self {
        UnlimitedWindows { start_ms: if start_ms > 0 { start_ms } else { 0 } }
    }
}

impl Windows for UnlimitedWindows {
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
        if timestamp >= self.start_ms {
            found(Window::new(self.start_ms, i64::MAX));
        }
    }

    fn size(&self) -> Duration {
        Duration::from_millis(i64::MAX.unsigned_abs())
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }
}

impl fmt::Debug for dyn Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Windows({:?}, {:?})", self.size(), self.grace())
    }
}

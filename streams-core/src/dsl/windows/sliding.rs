//! Sliding windows: every record looks back over a fixed span.

use super::millis;
use std::time::Duration;

/// Windows of one length that slide with the records (KIP-450): there is one for each different set of records whose times lie at most the
/// time difference apart. A window is `[start, start + difference]`, both ends included.
///
/// Each record ends one window, and begins one right after itself as soon as there are later records for it, so there are at most two windows
/// for each time that a key has records at. *Grace* is how long, in stream time, a window still takes records after its end.
///
/// ```
/// # use std::time::Duration;
/// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
/// use streams_core::SlidingWindows;
/// # let builder = StreamsBuilder::new();
/// let windows = SlidingWindows::within(Duration::from_secs(60)).grace(Duration::from_secs(5));
/// let counts = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).count();
/// counts.to_stream().select_key(|windowed, _| windowed.window.end).to("out");
///
/// let driver = TopologyTestDriver::new(&builder.build()?)?;
/// let mut input = driver.input::<String, i64>("in");
/// for at in [100_000, 130_000, 165_000] {
///     input.pipe_at("a".to_string(), 1, at)?;
/// }
/// let counts = driver.output::<i64, Option<u64>>("out").read_map()?;
/// // what each record sees of the minute before it
/// assert_eq!([100_000, 130_000, 165_000].map(|end| counts[&end]), [Some(1), Some(2), Some(2)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlidingWindows {
    pub(crate) difference_ms: i64,
    pub(crate) grace_ms: i64,
}

/// Sliding windows whose grace has not been said yet.
#[derive(Clone, Copy, Debug)]
#[must_use = "say how late records may come: `.grace(..)` or `.no_grace()`"]
pub struct SlidingWithoutGrace {
    difference_ms: i64,
}

impl SlidingWithoutGrace {
    /// Records may come this late.
    pub fn grace(self, grace: Duration) -> SlidingWindows {
        SlidingWindows { difference_ms: self.difference_ms, grace_ms: millis(grace) }
    }

    /// A window is closed as soon as stream time has passed its end.
    pub fn no_grace(self) -> SlidingWindows {
        self.grace(Duration::ZERO)
    }
}

impl SlidingWindows {
    /// Records of a window are at most this far apart.
    #[doc(alias = "ofTimeDifferenceAndGrace")]
    #[doc(alias = "ofTimeDifferenceWithNoGrace")]
    pub fn within(difference: Duration) -> SlidingWithoutGrace {
        SlidingWithoutGrace { difference_ms: millis(difference) }
    }

    /// How long rows must be kept: to make the windows of the latest record that is still taken, those of its predecessors are looked at,
    /// which begin up to twice the difference earlier.
    pub(crate) fn retention_ms(&self) -> i64 {
        self.difference_ms.saturating_mul(2).saturating_add(self.grace_ms)
    }
}

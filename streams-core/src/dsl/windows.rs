//! Windows: how time is cut.

mod emit;
mod kind;
mod other;
mod session;
mod sliding;

pub use emit::EmitStrategy;
pub(crate) use kind::Cut;
pub use kind::WindowKind;
pub use other::{UnlimitedWindows, Windows};
pub use session::{SessionWindows, SessionsWithoutGrace};
pub use sliding::{SlidingWindows, SlidingWithoutGrace};

use std::time::Duration;

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Windows of one length, aligned to 1970: side by side (tumbling) or overlapping (hopping). A window holds `[start, start + size)`.
///
/// *Grace* is how long, in stream time, a window still takes records after its end; a later record is dropped and counted. There is no
/// default for it on purpose: without grace every record that comes out of order across a window's end is lost to it.
///
/// ```
/// use std::time::Duration;
/// use streams_core::TimeWindows;
/// let tumbling = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(2));
/// let hopping = TimeWindows::hopping(Duration::from_secs(60), Duration::from_secs(5)).no_grace();
/// # let _ = (tumbling, hopping);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindows {
    pub(crate) size_ms: i64,
    pub(crate) advance_ms: i64,
    pub(crate) grace_ms: i64,
}

/// Windows whose grace has not been said yet.
#[derive(Clone, Copy, Debug)]
#[must_use = "say how late records may come: `.grace(..)` or `.no_grace()`"]
pub struct WithoutGrace {
    size_ms: i64,
    advance_ms: i64,
}

impl WithoutGrace {
    /// Records may come this late.
    pub fn grace(self, grace: Duration) -> TimeWindows {
        TimeWindows { size_ms: self.size_ms, advance_ms: self.advance_ms, grace_ms: millis(grace) }
    }

    /// A window is closed as soon as stream time reaches its end.
    pub fn no_grace(self) -> TimeWindows {
        self.grace(Duration::ZERO)
    }
}

impl TimeWindows {
    /// Windows side by side: each record is in exactly one.
    #[doc(alias = "ofSizeAndGrace")]
    #[doc(alias = "ofSizeWithNoGrace")]
    pub fn tumbling(size: Duration) -> WithoutGrace {
        WithoutGrace { size_ms: millis(size), advance_ms: millis(size) }
    }

    /// Windows of `size` that begin every `advance`: each record is in about `size / advance` of them.
    #[doc(alias = "advanceBy")]
    pub fn hopping(size: Duration, advance: Duration) -> WithoutGrace {
        WithoutGrace { size_ms: millis(size), advance_ms: millis(advance) }
    }

    /// Starts of the windows that hold `timestamp`, oldest first.
    pub(crate) fn starts(&self, timestamp: i64) -> impl Iterator<Item = i64> + Clone + use<> {
        let first = (timestamp - self.size_ms + self.advance_ms).max(0) / self.advance_ms * self.advance_ms;
        let advance = self.advance_ms;
        std::iter::successors(Some(first), move |start| start.checked_add(advance)).take_while(move |&start| start <= timestamp)
    }

    /// The first and the last of the starts that [`starts`](Self::starts) gives.
    pub(crate) fn edges(&self, timestamp: i64) -> (i64, i64) {
        let first = (timestamp - self.size_ms + self.advance_ms).max(0) / self.advance_ms * self.advance_ms;
        (first, timestamp / self.advance_ms * self.advance_ms)
    }

    /// What is wrong with them, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.size_ms <= 0 {
            return Err(format!("windows of {} ms: the size must be at least 1 ms", self.size_ms));
        }
        if self.advance_ms <= 0 || self.advance_ms > self.size_ms {
            return Err(format!("windows of {} ms that advance by {} ms: advance by 1 ms up to the size", self.size_ms, self.advance_ms));
        }
        Ok(())
    }
}

/// Which records of two streams meet: those whose times differ by at most so much. Bounds are inclusive.
///
/// ```
/// use std::time::Duration;
/// use streams_core::JoinWindows;
/// let windows = JoinWindows::within(Duration::from_secs(10)).grace(Duration::from_secs(5));
/// // the other record comes one to ten seconds later
/// let follows = JoinWindows::within(Duration::from_secs(10)).at_least_after(Duration::from_secs(1));
/// # let _ = (windows, follows);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinWindows {
    pub(crate) before_ms: i64,
    pub(crate) after_ms: i64,
    pub(crate) grace_ms: i64,
}

impl JoinWindows {
    /// The other record may be this much older or younger. No grace.
    #[doc(alias = "ofTimeDifferenceWithNoGrace")]
    #[doc(alias = "ofTimeDifferenceAndGrace")]
    pub fn within(difference: Duration) -> Self {
        JoinWindows { before_ms: millis(difference), after_ms: millis(difference), grace_ms: 0 }
    }

    /// The other record may be this much older.
    #[must_use]
    pub fn before(mut self, before: Duration) -> Self {
        self.before_ms = millis(before);
        self
    }

    /// The other record must be younger by at least this, where it may be older otherwise: the same bound as [`before`](Self::before), and the
    /// call that comes last counts. In Java `before` with a negative difference.
    ///
    /// Records are kept for as long as the window is, and the grace, as in Java. Give a grace of more than `least`: else a record may be gone before
    /// its last partners come.
    #[must_use]
    #[doc(alias = "before")]
    pub fn at_least_after(mut self, least: Duration) -> Self {
        self.before_ms = -millis(least);
        self
    }

    /// The other record may be this much younger.
    #[must_use]
    pub fn after(mut self, after: Duration) -> Self {
        self.after_ms = millis(after);
        self
    }

    /// The other record must be older by at least this, where it may be younger otherwise: the same bound as [`after`](Self::after), and the call
    /// that comes last counts. In Java `after` with a negative difference.
    ///
    /// As to the grace, see [`at_least_after`](Self::at_least_after).
    #[must_use]
    #[doc(alias = "after")]
    pub fn at_least_before(mut self, least: Duration) -> Self {
        self.after_ms = -millis(least);
        self
    }

    /// How long beyond the window records are kept for late ones, in stream time.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace_ms = millis(grace);
        self
    }

    pub(crate) fn size_ms(&self) -> i64 {
        self.before_ms.saturating_add(self.after_ms)
    }

    /// Whether two records of one time meet.
    pub(crate) fn has_same_time(&self) -> bool {
        self.before_ms >= 0 && self.after_ms >= 0
    }

    /// What is wrong with them, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (from, to) = (self.before_ms.saturating_neg(), self.after_ms);
        if from <= to {
            return Ok(());
        }
        Err(format!("windows that begin {from} ms and end {to} ms after a record hold no other: let them end no earlier than they begin"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_joins_may_lie_beside_a_record() {
        let secs = Duration::from_secs;
        let windows = JoinWindows::within(secs(10)).at_least_after(secs(2));
        assert_eq!((windows.before_ms, windows.after_ms, windows.size_ms(), windows.has_same_time()), (-2_000, 10_000, 8_000, false));
        assert_eq!(windows.after(secs(2)).check(), Ok(()), "of one moment");
        let wrong = windows.after(secs(1)).check().unwrap_err();
        assert!(wrong.contains("begin 2000 ms and end 1000 ms after"), "{wrong}");
        assert!(JoinWindows::within(secs(1)).at_least_before(secs(2)).check().is_err());
        assert!(JoinWindows::within(secs(1)).before(secs(2)).at_least_before(secs(2)).check().is_ok());
    }

    #[test]
    fn starts_are_javas() {
        let secs = Duration::from_secs;
        let starts = |w: TimeWindows, t| w.starts(t).collect::<Vec<_>>();
        let tumbling = TimeWindows::tumbling(secs(10)).no_grace();
        assert_eq!(starts(tumbling, 0), [0]);
        assert_eq!(starts(tumbling, 9_999), [0]);
        assert_eq!(starts(tumbling, 10_000), [10_000]);
        let hopping = TimeWindows::hopping(secs(10), secs(5)).no_grace();
        assert_eq!(starts(hopping, 3_000), [0]);
        assert_eq!(starts(hopping, 12_000), [5_000, 10_000]);
    }
}

//! The kinds of windows there are, as `windowed_by` takes them.

use super::{SlidingWindows, TimeWindows, Windows, millis};
use crate::Data;
use crate::dsl::cogrouped::{CogroupedKStream, TimeWindowedCogroupedKStream};
use crate::dsl::grouped::KGroupedStream;
use crate::dsl::windowed::TimeWindowedKStream;
use std::sync::Arc;

/// What [`KGroupedStream::windowed_by`] and [`CogroupedKStream::windowed_by`] take: [`TimeWindows`], [`SlidingWindows`],
/// [`SessionWindows`](crate::SessionWindows), [`UnlimitedWindows`](crate::UnlimitedWindows), and [`Windows`] of your own.
pub trait WindowKind {
    /// The stream cut into these windows.
    type Windowed<K: Data, V: Data>;

    /// Cogrouped streams cut into these windows.
    type Cogrouped<K: Data, A: Data>;

    #[doc(hidden)]
    fn cut<K: Data, V: Data>(self, grouped: &KGroupedStream<K, V>) -> Self::Windowed<K, V>;

    #[doc(hidden)]
    fn cut_cogrouped<K: Data, A: Data>(self, cogrouped: &CogroupedKStream<K, A>) -> Self::Cogrouped<K, A>;
}

/// [`WindowKind`] for windows whose rows lie in a window store; `$cut` makes a [`Cut`] of them.
macro_rules! in_window_store {
    ($cut:expr) => {
        type Windowed<K: Data, V: Data> = TimeWindowedKStream<K, V>;
        type Cogrouped<K: Data, A: Data> = TimeWindowedCogroupedKStream<K, A>;

        fn cut<K: Data, V: Data>(self, grouped: &KGroupedStream<K, V>) -> TimeWindowedKStream<K, V> {
            TimeWindowedKStream::new(grouped, $cut(self))
        }

        fn cut_cogrouped<K: Data, A: Data>(self, cogrouped: &CogroupedKStream<K, A>) -> TimeWindowedCogroupedKStream<K, A> {
            TimeWindowedCogroupedKStream::new(cogrouped, $cut(self))
        }
    };
}

impl WindowKind for TimeWindows {
    in_window_store!(Cut::Time);
}

impl WindowKind for SlidingWindows {
    in_window_store!(Cut::Sliding);
}

impl<W: Windows> WindowKind for W {
    in_window_store!(|windows| Cut::Other(Arc::new(windows)));
}

/// Windows whose rows lie in a window store.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    Time(TimeWindows),
    Sliding(SlidingWindows),
    Other(Arc<dyn Windows>),
}

impl Cut {
    /// What is wrong with them, if anything.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Cut::Time(windows) => windows.check(),
            Cut::Other(windows) if millis(windows.size()) == 0 => Err("windows of 0 ms: the size must be at least 1 ms".to_owned()),
            Cut::Sliding(_) | Cut::Other(_) => Ok(()),
        }
    }

    /// From a window's start to its end.
    pub fn size_ms(&self) -> i64 {
        match self {
            Cut::Time(windows) => windows.size_ms,
            Cut::Sliding(windows) => windows.difference_ms,
            Cut::Other(windows) => millis(windows.size()),
        }
    }

    /// The least retention of the store, and what asks for it.
    pub fn needed_retention(&self) -> (i64, &'static str) {
        match self {
            Cut::Time(windows) => (windows.size_ms.saturating_add(windows.grace_ms), "size and grace need"),
            Cut::Sliding(windows) => (windows.retention_ms(), "twice the time difference and the grace need"),
            Cut::Other(windows) => (millis(windows.size()).saturating_add(millis(windows.grace())), "size and grace need"),
        }
    }

    pub fn grace_ms(&self) -> i64 {
        match self {
            Cut::Time(windows) => windows.grace_ms,
            Cut::Sliding(windows) => windows.grace_ms,
            Cut::Other(windows) => millis(windows.grace()),
        }
    }

    /// How far stream time must be past a window's end for the window to take no more records: that long or longer.
    pub fn closes_after_ms(&self) -> i64 {
        match self {
            Cut::Time(_) | Cut::Other(_) => self.grace_ms(),
            // the end belongs to the window
            Cut::Sliding(windows) => windows.grace_ms.saturating_add(1),
        }
    }

    /// Whether a record of this time comes too late for all of its windows. `closed`: stream time less the grace.
    pub fn is_late(&self, timestamp: i64, closed: i64) -> bool {
        match self {
            Cut::Time(windows) => windows.edges(timestamp).1.saturating_add(windows.size_ms) <= closed,
            Cut::Sliding(windows) => timestamp.saturating_add(windows.difference_ms) < closed,
            Cut::Other(windows) => {
                let (mut any, mut open) = (false, false);
                windows.windows_for(timestamp, &mut |window| (any, open) = (true, open || window.end > closed));
                any && !open
            }
        }
    }

    /// Whether their results may be told once, at the end.
    pub fn can_be_final(&self) -> bool {
        !matches!(self, Cut::Other(_))
    }

    /// Whether the window of a record never begins after it.
    pub fn begin_by_record_time(&self) -> bool {
        !matches!(self, Cut::Other(_))
    }

    /// How long rows must be visible where that is longer than Java keeps them: with a difference of 0, Java hides rows that it still needs.
    pub fn visible_ms(&self) -> i64 {
        match self {
            Cut::Time(_) | Cut::Other(_) => 0,
            Cut::Sliding(windows) => windows.difference_ms.saturating_add(windows.grace_ms).saturating_add(1),
        }
    }

    /// How much longer than they are visible rows are needed. The latest record that a sliding window takes may be `difference + 1` before the
    /// window closed, and the window begins right behind a record before it, whose own row begins another difference earlier. Where Java's
    /// store shows that row no more, the window is not made; its cache shows it for as long as it happens to be there.
    pub fn margin_ms(&self) -> u64 {
        match self {
            Cut::Time(_) | Cut::Other(_) => 0,
            Cut::Sliding(_) => 2,
        }
    }
}

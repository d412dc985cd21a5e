//! Session windows: as long as records keep coming.

use super::{WindowKind, millis};
use crate::Data;
use crate::dsl::cogrouped::{CogroupedKStream, SessionWindowedCogroupedKStream};
use crate::dsl::grouped::KGroupedStream;
use crate::dsl::session::SessionWindowedKStream;
use std::time::Duration;

/// Windows that last as long as a key's records keep coming: a record at most `gap` away from a session is part of it, and one that is so
/// near to several merges them. A session's window is `[start, end]`, the times of its first and last record, both included.
///
/// *Grace* is how long, in stream time, a session still takes records once it can no longer go on: it closes when stream time is past its end
/// by more than gap and grace. A record that would end up in a session that is closed by then is dropped and counted. There is no default
/// for it on purpose: without grace a record that comes out of order may be lost.
///
/// ```
/// use std::time::Duration;
/// use streams_core::SessionWindows;
/// let visits = SessionWindows::with_gap(Duration::from_secs(300)).grace(Duration::from_secs(60));
/// # let _ = visits;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionWindows {
    pub(crate) gap_ms: i64,
    pub(crate) grace_ms: i64,
}

/// Session windows whose grace has not been said yet.
#[derive(Clone, Copy, Debug)]
#[must_use = "say how late records may come: `.grace(..)` or `.no_grace()`"]
pub struct SessionsWithoutGrace {
    gap_ms: i64,
}

impl SessionsWithoutGrace {
    /// Records may come this late.
    pub fn grace(self, grace: Duration) -> SessionWindows {
        SessionWindows { gap_ms: self.gap_ms, grace_ms: millis(grace) }
    }

    /// A session is closed as soon as stream time is past its end by more than the gap.
    pub fn no_grace(self) -> SessionWindows {
        self.grace(Duration::ZERO)
    }
}

impl SessionWindows {
    /// Sessions end when no record comes for this long; records exactly so far apart are still one session. Whole milliseconds.
    #[doc(alias = "ofInactivityGapAndGrace")]
    #[doc(alias = "ofInactivityGapWithNoGrace")]
    pub fn with_gap(gap: Duration) -> SessionsWithoutGrace {
        SessionsWithoutGrace { gap_ms: millis(gap) }
    }

    /// How far stream time is past the end of a session that has just not closed yet.
    pub(crate) fn open_ms(&self) -> i64 {
        self.gap_ms.saturating_add(self.grace_ms)
    }

    /// The same of one that has closed: the end belongs to the session.
    pub(crate) fn closes_after_ms(&self) -> i64 {
        self.open_ms().saturating_add(1)
    }
}

impl WindowKind for SessionWindows {
    type Windowed<K: Data, V: Data> = SessionWindowedKStream<K, V>;
    type Cogrouped<K: Data, A: Data> = SessionWindowedCogroupedKStream<K, A>;

    fn cut<K: Data, V: Data>(self, grouped: &KGroupedStream<K, V>) -> SessionWindowedKStream<K, V> {
        SessionWindowedKStream::new(grouped.clone(), self)
    }

    fn cut_cogrouped<K: Data, A: Data>(self, cogrouped: &CogroupedKStream<K, A>) -> SessionWindowedCogroupedKStream<K, A> {
        SessionWindowedCogroupedKStream { cogrouped: cogrouped.clone(), windows: self }
    }
}

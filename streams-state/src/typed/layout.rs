//! How the keys of a kind of store are made.

use crate::keys::{session, window};

/// What a key has behind the record's, and where in it stands the time by which rows lie in segments.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Span of a segment in milliseconds; 0 for point stores, whose rows all lie in segment 0.
    pub interval: i64,
    /// Bytes behind the record key.
    pub suffix: usize,
    pub time: fn(&[u8]) -> i64,
}

impl Layout {
    pub const POINT: Self = Layout { interval: 0, suffix: 0, time: |_| 0 };

    /// The segment of a key.
    #[inline]
    pub fn segment(&self, key: &[u8]) -> i64 {
        if self.interval == 0 { 0 } else { (self.time)(key) / self.interval }
    }

    /// Segments of `interval` milliseconds by the starts of windows.
    pub fn window(interval: i64) -> Self {
        Layout { interval, suffix: window::SUFFIX, time: window::start }
    }

    /// Segments of `interval` milliseconds by the ends of sessions.
    pub fn session(interval: i64) -> Self {
        Layout { interval, suffix: session::SUFFIX, time: session::end }
    }
}

//! The clock that the runtime reads and hands down, so that a test or a simulation can turn it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where time comes from. Operators and tasks never read a clock: the stream thread reads this one and tells them.
pub trait Clock: Send + Sync {
    /// Wall clock, milliseconds since 1970; may jump either way. Punctuation by wall clock and record timestamps use it.
    fn now_ms(&self) -> i64;
    /// Time since some fixed moment; never goes back. Intervals and time-outs use it.
    fn monotonic(&self) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn new() -> Self {
        SystemClock(Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

//! Logging that stays readable when every record has the same fault.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Lets through a number of log lines per interval and counts the rest, which the first line of the next interval then tells. May be
/// shared by threads; a line more or less at the border of two intervals does not matter, so it takes no lock.
#[derive(Debug)]
pub struct LogLimiter {
    burst: u64,
    interval: Duration,
    start: Instant,
    /// Number of the running interval, from 1.
    current: AtomicU64,
    logged: AtomicU64,
    suppressed: AtomicU64,
}

impl LogLimiter {
    /// At most `burst` lines per `interval`.
    pub fn new(burst: u64, interval: Duration) -> Self {
        LogLimiter {
            burst,
            interval: interval.max(Duration::from_millis(1)),
            start: Instant::now(),
            current: AtomicU64::new(0),
            logged: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }

    /// Calls `log` if a line may be written now, with how many were not written since the last one.
    pub fn log(&self, log: impl FnOnce(u64)) {
        if let Some(suppressed) = self.allow_at(self.start.elapsed()) {
            log(suppressed);
        }
    }

    /// Whether a line may be written `elapsed` after the start.
    fn allow_at(&self, elapsed: Duration) -> Option<u64> {
        let interval = (elapsed.as_millis() / self.interval.as_millis()) as u64 + 1;
        if self.current.swap(interval, Relaxed) != interval {
            self.logged.store(0, Relaxed);
        }
        if self.logged.fetch_add(1, Relaxed) < self.burst {
            return Some(self.suppressed.swap(0, Relaxed));
        }
        self.suppressed.fetch_add(1, Relaxed);
        None
    }
}

impl Default for LogLimiter {
    /// 10 lines per 10 seconds.
    fn default() -> Self {
        LogLimiter::new(10, Duration::from_secs(10))
    }
}

/// ` (7 more like it were not logged)`, or nothing.
pub(crate) struct NotLogged(pub u64);

impl std::fmt::Display for NotLogged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => Ok(()),
            n => write!(f, " ({n} more like it were not logged)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_a_burst_through_and_tells_the_rest_later() {
        let limit = LogLimiter::new(2, Duration::from_secs(10));
        let at = |s| limit.allow_at(Duration::from_secs(s));
        assert_eq!([at(0), at(1), at(2), at(9)], [Some(0), Some(0), None, None]);
        assert_eq!([at(10), at(11), at(12)], [Some(2), Some(0), None]);
        assert_eq!(at(95), Some(1), "also after intervals without a line");
    }

    #[test]
    fn calls_only_when_allowed() {
        let limit = LogLimiter::new(1, Duration::from_secs(3600));
        let mut lines = 0;
        for _ in 0..100 {
            limit.log(|_| lines += 1);
        }
        assert_eq!(lines, 1);
        assert_eq!(NotLogged(3).to_string(), " (3 more like it were not logged)");
        assert_eq!(NotLogged(0).to_string(), "");
    }
}

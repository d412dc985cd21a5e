//! The numbers themselves: written by one thread, read by any, without locks and without locked instructions.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Whether a metric only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows (and begins at 0 again with its owner).
    Counter,
    /// It is a current value.
    Gauge,
}

/// Something with a value to be read.
pub(super) trait Cell {
    const KIND: MetricKind;
    fn value(&self) -> f64;
}

/// A number of events. `add` is a plain addition, so **one thread** may write; it costs what adding to a `u64` in memory costs.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `n` more. Only the owning thread may call it.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// Takes over a total that the owning thread counts in a field of its own, say once per batch.
    #[inline]
    pub fn set(&self, total: u64) {
        self.0.store(total, Relaxed);
    }

    /// Counts `n` more, from any thread. Costs a locked instruction: for rare events.
    pub fn add_shared(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// The number so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Cell for Counter {
    const KIND: MetricKind = MetricKind::Counter;
    fn value(&self) -> f64 {
        self.get() as f64
    }
}

/// A current value.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Sets it.
    #[inline]
    pub fn set(&self, value: i64) {
        self.0.store(value, Relaxed);
    }

    /// Sets it to a size or a count.
    #[inline]
    pub fn set_size(&self, value: usize) {
        self.set(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Adds to it, from any thread.
    pub fn add_shared(&self, change: i64) {
        self.0.fetch_add(change, Relaxed);
    }

    /// The value.
    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

impl Cell for Gauge {
    const KIND: MetricKind = MetricKind::Gauge;
    fn value(&self) -> f64 {
        self.get() as f64
    }
}

/// Time spent in all, kept in nanoseconds and shown in seconds. **One thread** may write.
#[derive(Debug, Default)]
pub struct Seconds(Counter);

impl Seconds {
    /// Adds time. Only the owning thread may call it.
    #[inline]
    pub fn add(&self, time: Duration) {
        self.0.add(time.as_nanos() as u64);
    }

    /// The time so far.
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.0.get())
    }
}

impl Cell for Seconds {
    const KIND: MetricKind = MetricKind::Counter;
    fn value(&self) -> f64 {
        self.get().as_secs_f64()
    }
}

/// The longest time of the running minute and the one before (in which anything was recorded), shown in seconds. **One thread** may write.
#[derive(Debug, Default)]
pub struct LongestSeconds {
    minute: AtomicU64,
    running: AtomicU64,
    before: AtomicU64,
}

impl LongestSeconds {
    /// Takes in a time measured at `now`, which is any clock that never goes back. Only the owning thread may call it.
    pub fn record(&self, time: Duration, now: Duration) {
        let minute = now.as_secs() / 60;
        let nanos = time.as_nanos() as u64;
        let running = self.running.load(Relaxed);
        if self.minute.load(Relaxed) == minute {
            self.running.store(running.max(nanos), Relaxed);
        } else {
            self.minute.store(minute, Relaxed);
            self.before.store(running, Relaxed);
            self.running.store(nanos, Relaxed);
        }
    }

    /// The longest time.
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.running.load(Relaxed).max(self.before.load(Relaxed)))
    }
}

impl Cell for LongestSeconds {
    const KIND: MetricKind = MetricKind::Gauge;
    fn value(&self) -> f64 {
        self.get().as_secs_f64()
    }
}

/// A moment, kept in milliseconds since 1970 and shown in seconds.
#[derive(Debug, Default)]
pub struct Moment(Gauge);

impl Moment {
    /// Sets it, in milliseconds since 1970.
    pub fn set_ms(&self, ms: i64) {
        self.0.set(ms);
    }
}

impl Cell for Moment {
    const KIND: MetricKind = MetricKind::Gauge;
    fn value(&self) -> f64 {
        self.0.get() as f64 / 1000.0
    }
}

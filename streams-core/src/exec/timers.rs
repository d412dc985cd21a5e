//! Punctuation: when a node wants to be called between records.

use std::time::Duration;

/// Which clock a punctuation follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PunctuationType {
    /// The largest timestamp the task has seen. It moves only while records arrive.
    StreamTime,
    /// The clock on the wall. Ticks that were missed are skipped.
    WallClockTime,
}

/// A punctuation of a processor, told back to it when it fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(pub(crate) u32);

struct Timer {
    /// Index of the maintained node to call.
    node: usize,
    id: TimerId,
    kind: PunctuationType,
    interval_ms: i64,
    /// `NEVER` once it is cancelled, or has come to the end of time.
    next: i64,
}

/// The punctuations of a task.
pub(crate) struct Timers {
    timers: Vec<Timer>,
    next_stream: i64,
    next_wall: i64,
}

const NEVER: i64 = i64::MAX;

impl Default for Timers {
    fn default() -> Self {
        Timers { timers: Vec::new(), next_stream: NEVER, next_wall: NEVER }
    }
}

impl Timers {
    /// Stream-time punctuations are anchored at time 0, so the first record fires them (Java); wall-clock ones first fire after one
    /// interval.
    pub fn add(&mut self, node: usize, kind: PunctuationType, interval: Duration, start: Option<i64>, now: i64) -> TimerId {
        let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
        let id = TimerId(self.timers.len() as u32);
        let first = match (kind, start) {
            (PunctuationType::StreamTime, start) => start.unwrap_or(0),
            (PunctuationType::WallClockTime, None) => now.saturating_add(interval_ms),
            // anchored: the first tick of the grid that is not in the past
            (PunctuationType::WallClockTime, Some(start)) => tick_after(start, interval_ms, now.saturating_sub(1)),
        };
        self.timers.push(Timer { node, id, kind, interval_ms, next: first });
        self.refresh();
        id
    }

    pub fn cancel(&mut self, id: TimerId) {
        if let Some(timer) = self.timers.get_mut(id.0 as usize) {
            timer.next = NEVER;
        }
        self.refresh();
    }

    /// Whether a stream-time punctuation is due: the one question asked per record.
    #[inline]
    pub fn stream_due(&self, stream_time: i64) -> bool {
        stream_time >= self.next_stream
    }

    pub fn next_wall_clock(&self) -> Option<i64> {
        (self.next_wall != NEVER).then_some(self.next_wall)
    }

    /// The next punctuation of that kind which is due, already moved on to its next time.
    pub fn take_due(&mut self, kind: PunctuationType, time: i64) -> Option<(usize, TimerId)> {
        // `time` may be `NEVER` itself: records can have any time
        let due = self.timers.iter_mut().filter(|t| t.kind == kind && t.next <= time && t.next != NEVER).min_by_key(|t| t.next)?;
        due.next = tick_after(due.next, due.interval_ms, time);
        let found = (due.node, due.id);
        self.refresh();
        Some(found)
    }

    /// All that were asked for: kind, interval, and whether they were cancelled.
    pub fn scheduled(&self) -> impl Iterator<Item = (TimerId, PunctuationType, Duration, bool)> {
        let interval = |timer: &Timer| Duration::from_millis(timer.interval_ms.unsigned_abs());
        self.timers.iter().map(move |timer| (timer.id, timer.kind, interval(timer), timer.next == NEVER))
    }

    fn refresh(&mut self) {
        let next = |kind| self.timers.iter().filter(|t| t.kind == kind).map(|t| t.next).min().unwrap_or(NEVER);
        (self.next_stream, self.next_wall) = (next(PunctuationType::StreamTime), next(PunctuationType::WallClockTime));
    }
}

/// The first tick of the grid that begins at `start` which is after `time`; `NEVER` where time ends before it.
fn tick_after(start: i64, interval_ms: i64, time: i64) -> i64 {
    let (first, interval) = (i128::from(start), i128::from(interval_ms));
    let passed = (i128::from(time) - first).div_euclid(interval) + 1;
    i64::try_from(first + passed.max(0) * interval).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_reached_once() {
        let mut timers = Timers::default();
        for start in [None, Some(i64::MIN), Some(i64::MAX - 1)] {
            timers.add(0, PunctuationType::StreamTime, Duration::from_millis(10), start, 0);
        }
        let fired = std::iter::from_fn(|| timers.take_due(PunctuationType::StreamTime, i64::MAX)).take(10).count();
        assert_eq!(fired, 3, "each of them once");
        assert_eq!(timers.take_due(PunctuationType::StreamTime, i64::MAX), None);
    }

    #[test]
    fn anchored_wall_clock_ticks_stay_on_their_grid() {
        let first = |start, now| {
            let mut timers = Timers::default();
            timers.add(0, PunctuationType::WallClockTime, Duration::from_millis(10), Some(start), now);
            timers.next_wall_clock()
        };
        assert_eq!([first(3, 20), first(3, 23), first(3, 24), first(50, 20)], [Some(23), Some(23), Some(33), Some(50)]);
        assert_eq!(first(i64::MIN, 0), Some(2), "the grid of the least number goes through -8 and 2");
    }

    #[test]
    fn stream_time_fires_on_the_first_record_and_then_on_the_grid() {
        let mut timers = Timers::default();
        let id = timers.add(3, PunctuationType::StreamTime, Duration::from_millis(10), None, 0);
        assert!(timers.stream_due(25));
        assert_eq!(timers.take_due(PunctuationType::StreamTime, 25), Some((3, id)));
        assert_eq!(timers.take_due(PunctuationType::StreamTime, 25), None);
        assert!(!timers.stream_due(29));
        assert!(timers.stream_due(30));
    }

    #[test]
    fn wall_clock_skips_missed_ticks() {
        let mut timers = Timers::default();
        timers.add(0, PunctuationType::WallClockTime, Duration::from_millis(10), None, 100);
        assert_eq!(timers.next_wall_clock(), Some(110));
        assert!(timers.take_due(PunctuationType::WallClockTime, 155).is_some());
        assert_eq!(timers.next_wall_clock(), Some(160));
        timers.cancel(TimerId(0));
        assert_eq!(timers.next_wall_clock(), None);
    }
}

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
    next: i64,
    cancelled: bool,
}

/// The punctuations of a task.
#[derive(Default)]
pub(crate) struct Timers {
    timers: Vec<Timer>,
    next_stream: i64,
    next_wall: i64,
}

const NEVER: i64 = i64::MAX;

impl Timers {
    pub fn new() -> Self {
        Timers { timers: Vec::new(), next_stream: NEVER, next_wall: NEVER }
    }

    /// Stream-time punctuations are anchored at time 0, so the first record fires them (Java); wall-clock ones first fire after one
    /// interval.
    pub fn add(&mut self, node: usize, kind: PunctuationType, interval: Duration, start: Option<i64>, now: i64) -> TimerId {
        let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
        let id = TimerId(self.timers.len() as u32);
        let first = match (kind, start) {
            (PunctuationType::StreamTime, start) => start.unwrap_or(0),
            (PunctuationType::WallClockTime, None) => now.saturating_add(interval_ms),
            // anchored: the first tick of the grid that is not in the past
            (PunctuationType::WallClockTime, Some(start)) if start >= now => start,
            (PunctuationType::WallClockTime, Some(start)) => {
                let missed = (now - start).div_euclid(interval_ms) + i64::from((now - start).rem_euclid(interval_ms) != 0);
                start.saturating_add(missed.saturating_mul(interval_ms))
            }
        };
        self.timers.push(Timer { node, id, kind, interval_ms, next: first, cancelled: false });
        self.refresh();
        id
    }

    pub fn cancel(&mut self, id: TimerId) {
        if let Some(timer) = self.timers.get_mut(id.0 as usize) {
            timer.cancelled = true;
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
        let due = self.timers.iter_mut().filter(|t| t.kind == kind && !t.cancelled && t.next <= time).min_by_key(|t| t.next)?;
        let following = due.next.saturating_add(due.interval_ms);
        due.next = if time >= following {
            let missed = (time - due.next) / due.interval_ms;
            due.next.saturating_add((missed + 1).saturating_mul(due.interval_ms))
        } else {
            following
        };
        let found = (due.node, due.id);
        self.refresh();
        Some(found)
    }

    fn refresh(&mut self) {
        let next = |kind| self.timers.iter().filter(|t| t.kind == kind && !t.cancelled).map(|t| t.next).min().unwrap_or(NEVER);
        (self.next_stream, self.next_wall) = (next(PunctuationType::StreamTime), next(PunctuationType::WallClockTime));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_time_fires_on_the_first_record_and_then_on_the_grid() {
        let mut timers = Timers::new();
        let id = timers.add(3, PunctuationType::StreamTime, Duration::from_millis(10), None, 0);
        assert!(timers.stream_due(25));
        assert_eq!(timers.take_due(PunctuationType::StreamTime, 25), Some((3, id)));
        assert_eq!(timers.take_due(PunctuationType::StreamTime, 25), None);
        assert!(!timers.stream_due(29));
        assert!(timers.stream_due(30));
    }

    #[test]
    fn wall_clock_skips_missed_ticks() {
        let mut timers = Timers::new();
        timers.add(0, PunctuationType::WallClockTime, Duration::from_millis(10), None, 100);
        assert_eq!(timers.next_wall_clock(), Some(110));
        assert!(timers.take_due(PunctuationType::WallClockTime, 155).is_some());
        assert_eq!(timers.next_wall_clock(), Some(160));
        timers.cancel(TimerId(0));
        assert_eq!(timers.next_wall_clock(), None);
    }
}

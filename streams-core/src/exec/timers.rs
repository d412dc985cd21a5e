//! Punctuation: when a node wants to be called between records.

use crate::BoxError;
use std::time::Duration;

/// Which clock a punctuation follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PunctuationType {
    /// The largest timestamp the task has seen. It moves only while records arrive.
    StreamTime,
    /// The clock on the wall. Ticks that were missed are skipped.
    WallClockTime,
}

impl PunctuationType {
    /// What this clock shows.
    pub(super) fn of(self, stream_time: i64, wall_clock: i64) -> i64 {
        match self {
            PunctuationType::StreamTime => stream_time,
            PunctuationType::WallClockTime => wall_clock,
        }
    }
}

/// A punctuation of a processor, told back to it when it fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(pub(crate) u32);

impl TimerId {
    /// No punctuation has it.
    pub(super) const NONE: TimerId = TimerId(u32::MAX);
}

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
    /// Without a start, stream-time punctuations are anchored at time 0, so the first record fires them (Java), and wall-clock ones first fire
    /// after one interval. With one they keep to the grid that begins there: at its start if that is not past, else at the next tick *after*
    /// `now`, what the clock shows (`i64::MIN` where stream time is not known).
    pub fn add(
        &mut self,
        node: usize,
        kind: PunctuationType,
        interval: Duration,
        start: Option<i64>,
        now: i64,
    ) -> Result<TimerId, BoxError> {
        let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        if interval_ms < 1 {
            return Err(format!("a punctuation was scheduled every {interval:?}: the interval must be at least 1 ms").into());
        }
        let first = match (kind, start) {
            (_, Some(start)) if start < 0 => {
                let way_out = "give a start of 0 or later, or leave it out with `schedule`";
                return Err(format!("a punctuation was scheduled to start at {start} ms, before 1970: {way_out}").into());
            }
            (_, Some(start)) if start < now => tick_after(start, interval_ms, now),
            (_, Some(start)) => start,
            (PunctuationType::StreamTime, None) => 0,
            (PunctuationType::WallClockTime, None) => now.saturating_add(interval_ms),
        };
        let id = TimerId(self.timers.len() as u32);
        self.timers.push(Timer { node, id, kind, interval_ms, next: first });
        self.refresh();
        Ok(id)
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

    const TEN: Duration = Duration::from_millis(10);

    fn add(timers: &mut Timers, kind: PunctuationType, start: Option<i64>, now: i64) -> TimerId {
        timers.add(3, kind, TEN, start, now).expect("it can be scheduled")
    }

    #[test]
    fn the_end_of_time_is_reached_once() {
        let mut timers = Timers::default();
        for start in [None, Some(0), Some(i64::MAX - 1)] {
            add(&mut timers, PunctuationType::StreamTime, start, i64::MIN);
        }
        let fired = std::iter::from_fn(|| timers.take_due(PunctuationType::StreamTime, i64::MAX)).take(10).count();
        assert_eq!(fired, 3, "each of them once");
        assert_eq!(timers.take_due(PunctuationType::StreamTime, i64::MAX), None);
    }

    #[test]
    fn anchored_ticks_stay_on_their_grid() {
        let first = |kind, start, now| {
            let mut timers = Timers::default();
            add(&mut timers, kind, Some(start), now);
            timers.timers[0].next
        };
        for kind in [PunctuationType::WallClockTime, PunctuationType::StreamTime] {
            let firsts = [first(kind, 3, 20), first(kind, 3, 23), first(kind, 3, 24), first(kind, 50, 20), first(kind, 20, 20)];
            assert_eq!(firsts, [23, 33, 33, 50, 20], "{kind:?}: a tick of now counts only where the grid begins");
        }
        assert_eq!(first(PunctuationType::StreamTime, 0, i64::MIN), 0, "the first record, whatever its time");
    }

    #[test]
    fn what_cannot_be_scheduled() {
        let mut timers = Timers::default();
        let mut refused = |interval, start| {
            let error = timers.add(0, PunctuationType::WallClockTime, interval, start, 0).expect_err("it must be refused");
            error.to_string()
        };
        assert_eq!(
            refused(Duration::from_micros(999), None),
            "a punctuation was scheduled every 999µs: the interval must be at least 1 ms"
        );
        assert!(refused(TEN, Some(-1)).contains("start at -1 ms, before 1970: give a start of 0 or later"));
        assert_eq!(timers.next_wall_clock(), None);
    }

    #[test]
    fn stream_time_fires_on_the_first_record_and_then_on_the_grid() {
        let mut timers = Timers::default();
        let id = add(&mut timers, PunctuationType::StreamTime, None, i64::MIN);
        assert!(timers.stream_due(25));
        assert_eq!(timers.take_due(PunctuationType::StreamTime, 25), Some((3, id)));
        assert_eq!(timers.take_due(PunctuationType::StreamTime, 25), None);
        assert!(!timers.stream_due(29));
        assert!(timers.stream_due(30));
    }

    #[test]
    fn wall_clock_skips_missed_ticks() {
        let mut timers = Timers::default();
        add(&mut timers, PunctuationType::WallClockTime, None, 100);
        assert_eq!(timers.next_wall_clock(), Some(110));
        assert!(timers.take_due(PunctuationType::WallClockTime, 155).is_some());
        assert_eq!(timers.next_wall_clock(), Some(160));
        timers.cancel(TimerId(0));
        assert_eq!(timers.next_wall_clock(), None);
    }
}

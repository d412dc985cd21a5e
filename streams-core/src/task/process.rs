//! Records and punctuations run through a task's graph. What fails there is named, and the processing handler is asked about panics.

use super::Task;
use crate::error::panic_text;
use crate::exec::PunctuationType;
use crate::handlers::{ErrorContext, Response, SourceRecord};
use crate::metrics::DropReason;
use crate::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use streams_state::NO_HEADERS;
use streams_state::store::Origin;

impl Task {
    /// Runs up to `max_records` queued records through the graph, by their time; 0 when none can be run now. An error or a panic of user
    /// code leaves the graph half-changed: the task must be closed with `clean: false`.
    pub fn process(&mut self, now_ms: i64, max_records: usize) -> Result<usize> {
        self.graph.cx_mut().wall_clock = now_ms;
        self.caught(|task| {
            let mut done = 0;
            while done < max_records {
                let Some(input) = task.choose(now_ms)? else { break };
                // records of one input follow each other without asking again while there is no other to compare with
                let run = if task.queues.len() == 1 { max_records - done } else { 1 };
                let (more, left_out) = task.run(input, run)?;
                done += more;
                if left_out {
                    break;
                }
            }
            Ok(done)
        })
        .inspect(|&done| {
            self.metrics.records_processed.add(done as u64);
            let skipped = self.queues.iter_mut().fold(false, |any, queue| queue.take_skipped() | any);
            self.changed |= done > 0 || skipped;
        })
    }

    /// The input to take the next record of: the one with the smallest time, once all inputs have one or need not be waited for.
    fn choose(&mut self, now_ms: i64) -> Result<Option<usize>> {
        let (mut chosen, mut smallest, mut all_there) = (None, i64::MAX, true);
        for (index, queue) in self.queues.iter_mut().enumerate() {
            match queue.head_time(self.graph.cx_mut())? {
                Some(time) if chosen.is_none() || time < smallest => (chosen, smallest) = (Some(index), time),
                Some(_) => {}
                None => all_there = false,
            }
        }
        if chosen.is_none() || all_there || self.waited_enough(now_ms) {
            if all_there || chosen.is_none() {
                self.idle_since_ms = None;
            }
            return Ok(chosen);
        }
        Ok(None)
    }

    /// `max.task.idle.ms`: 0 waits for what the cluster is known to have, more also for producers, none for nothing.
    fn waited_enough(&mut self, now_ms: i64) -> bool {
        let Some(idle_ms) = self.settings.max_task_idle_ms else { return true };
        if self.queues.iter().any(|q| q.is_empty() && !q.caught_up) {
            return false;
        }
        let since = *self.idle_since_ms.get_or_insert(now_ms);
        let enough = now_ms.saturating_sub(since) >= idle_ms;
        if enough && idle_ms > 0 {
            self.metrics.enforced.add(1);
        }
        enough
    }

    /// Runs up to `max` records of one input, and no further than one that is left out. That is committed at once: of many bad records each
    /// takes back only what came after the one before it.
    fn run(&mut self, input: usize, max: usize) -> Result<(usize, bool)> {
        let queue = &mut self.queues[input];
        let (mut done, mut left_out) = (0, false);
        while done < max && !left_out {
            let Some(timestamp) = queue.head_time(self.graph.cx_mut())? else { break };
            let Some((batch, index)) = queue.head() else { break };
            let record = batch.record(index);
            if self.skip.is_empty() || !self.skip.contains(&(input, record.offset)) {
                let headers = batch.headers(index);
                self.graph.process(queue.source, input as u32, &record, &headers, timestamp)?;
            } else {
                let record = Origin { source: input as u32, offset: record.offset };
                let cx = self.graph.cx_mut();
                cx.dropped_input(record, DropReason::Processing);
                (cx.commit_requested, left_out) = (true, true);
            }
            queue.advance(timestamp);
            done += 1;
        }
        Ok((done, left_out))
    }

    /// Fires the wall-clock punctuations that are due.
    pub fn punctuate(&mut self, now_ms: i64) -> Result<bool> {
        self.graph.cx_mut().wall_clock = now_ms;
        let fired = self.caught(|task| task.graph.punctuate(PunctuationType::WallClockTime, now_ms))?;
        self.changed |= fired;
        if fired {
            self.metrics.punctuations.add(1);
        }
        Ok(fired)
    }

    /// Turns a panic of user code into an error that names the record, and asks the processing handler about it.
    pub(super) fn caught<R>(&mut self, run: impl FnOnce(&mut Task) -> Result<R>) -> Result<R> {
        match catch_unwind(AssertUnwindSafe(|| run(self))) {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(self.placed(error)),
            Err(panic) => Err(self.panicked(&panic_text(&*panic))),
        }
    }

    #[cold]
    fn placed(&self, error: Error) -> Error {
        // handlers have placed what went through them
        if error.to_string().starts_with(&format!("task {}", self.id)) { error } else { error.at(self.place()) }
    }

    fn place(&self) -> String {
        let cx = self.graph.cx();
        match cx.inputs.get(cx.origin.source as usize) {
            Some(input) if cx.in_record => {
                format!("task {}, topic {}, partition {}, offset {}", self.id, input.topic, input.partition, cx.origin.offset)
            }
            _ => format!("task {}", self.id),
        }
    }

    #[cold]
    fn panicked(&mut self, text: &str) -> Error {
        let cx = self.graph.cx();
        let error = Error::new(ErrorKind::UserCode, format!("user code panicked: {text}"));
        let source = cx.inputs.get(cx.origin.source as usize).filter(|_| cx.in_record).map(|input| SourceRecord {
            topic: &input.topic,
            partition: input.partition,
            offset: cx.origin.offset,
            timestamp: cx.timestamp,
            headers: &NO_HEADERS,
            key: None,
            value: None,
        });
        // to leave out the record in hand would not help where it only set off what another one had left in a buffer
        let in_record = source.is_some() && cx.in_hand.is_none_or(|record| record == cx.origin);
        let context = ErrorContext { task: self.id, node: "(panic)", source };
        // a handler may panic too
        let ask = || catch_unwind(AssertUnwindSafe(|| self.settings.handlers.processing.handle(&context, &error))).ok();
        if in_record && ask() == Some(Response::Resume) {
            self.poisoned = Some((cx.origin.source as usize, cx.origin.offset));
        }
        error.at(self.place())
    }
}

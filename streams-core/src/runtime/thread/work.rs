//! The loop's work: fetch, process, punctuate.

use super::StreamThread;
use super::slots::{Running, Slot};
use crate::{ErrorKind, Result, TaskId};
use std::time::Duration;

pub(super) const FIRST_CHUNK: usize = 256;
const LARGEST_CHUNK: usize = 4_096;
/// The group, and the other tasks, wait about this long for one task.
const CHUNK_TAKES: Duration = Duration::from_millis(20);

impl StreamThread {
    /// Hands fetched records to the tasks that have room.
    pub(super) fn fetch(&mut self) -> Result<bool> {
        let (before, max) = (self.now(), self.shared.settings.max_poll_records);
        let (mut worked, mut fetched, mut out_of_range) = (false, 0, Vec::new());
        for (id, slot) in &mut self.slots {
            let Slot::Running(running) = slot else { continue };
            let Running { task, inputs, .. } = &mut **running;
            let several = inputs.len() > 1;
            for (index, input) in inputs.iter_mut().enumerate() {
                if !task.wants(index) {
                    continue;
                }
                match self.fetcher.fetch(input.handle, max) {
                    Ok(Some(batch)) => {
                        worked = true;
                        fetched += batch.len();
                        if several && input.caught_up_at.take().is_some() {
                            task.set_caught_up(index, false);
                        }
                        task.add(index, batch);
                    }
                    // only a task that chooses between inputs asks whether one has an end
                    Ok(None) if several => {
                        let end = self.fetcher.known_end(input.handle);
                        if end != input.caught_up_at {
                            let caught_up = match end {
                                Some(end) => self.fetcher.position(input.handle)? >= end,
                                None => false,
                            };
                            input.caught_up_at = end.filter(|_| caught_up);
                            task.set_caught_up(index, caught_up);
                        }
                    }
                    Ok(None) => {}
                    Err(error) if error.kind() == ErrorKind::Corrupted => out_of_range.push((*id, index, error)),
                    Err(error) => return Err(error.at(format!("task {id}, input {}", input.partition))),
                }
            }
        }
        self.metrics.polls.add(1);
        self.metrics.poll_time.add(self.now().saturating_sub(before));
        self.metrics.poll_records.add(fetched as u64);
        for (id, index, error) in out_of_range {
            tracing::warn!(target: "streams::thread", task = %id, "{error}");
            self.reset_input(id, index)?;
            worked = true;
        }
        Ok(worked)
    }

    /// The offset to read is no longer (or not yet) in the log: the reset policy says where to go on.
    fn reset_input(&mut self, id: TaskId, index: usize) -> Result<()> {
        let Some(Slot::Running(running)) = self.slots.get(&id) else { return Ok(()) };
        let Some(input) = running.inputs.get(index) else { return Ok(()) };
        let (partition, handle) = (input.partition.clone(), input.handle);
        let position = self.fetcher.position(handle)?;
        let offset = match self.reset_offsets(std::slice::from_ref(&partition)) {
            Ok(offsets) => offsets.first().copied().unwrap_or_default(),
            // asked again when the next fetch fails
            Err(error) if error.kind() == ErrorKind::Unavailable => return Ok(()),
            Err(error) => return Err(error.at(format!("task {id}"))),
        };
        let between = offset.saturating_sub(position);
        tracing::warn!(
            target: "streams::thread",
            task = %id,
            "{partition} no longer has offset {position}: reading goes on at {offset} by its reset policy; {} offsets were {}",
            between.unsigned_abs(),
            if between >= 0 { "deleted before they were read" } else { "there already and are read again" },
        );
        self.fetcher.seek(handle, offset)
    }

    /// One chunk of each task.
    pub(super) fn process(&mut self) -> Result<bool> {
        let (mut worked, mut failed) = (false, Vec::new());
        let clock = self.shared.clock.clone();
        for (id, slot) in &mut self.slots {
            let Slot::Running(running) = slot else { continue };
            let before = clock.monotonic();
            match running.task.process(clock.now_ms(), self.chunk) {
                Ok(0) => {}
                Ok(records) => {
                    worked = true;
                    self.totals.records += records as u64;
                    let took = clock.monotonic().saturating_sub(before);
                    self.metrics.process_time.add(took);
                    running.task.took(took);
                    self.chunk = next_chunk(self.chunk, records, took);
                }
                Err(error) => failed.push((*id, error)),
            }
        }
        worked |= !failed.is_empty();
        self.tasks_failed(failed)?;
        Ok(worked)
    }

    pub(super) fn punctuate(&mut self) -> Result<bool> {
        let clock = self.shared.clock.clone();
        let wall = clock.now_ms();
        let (mut worked, mut failed) = (false, Vec::new());
        for (id, slot) in &mut self.slots {
            let Slot::Running(running) = slot else { continue };
            if running.task.next_wall_clock().is_none_or(|at| at > wall) {
                continue;
            }
            let before = clock.monotonic();
            let fired = running.task.punctuate(wall);
            self.metrics.punctuate_time.add(clock.monotonic().saturating_sub(before));
            match fired {
                Ok(true) => {
                    worked = true;
                    self.totals.punctuations += 1;
                }
                Ok(false) => {}
                Err(error) => failed.push((*id, error)),
            }
        }
        worked |= !failed.is_empty();
        self.tasks_failed(failed)?;
        Ok(worked)
    }
}

fn next_chunk(chunk: usize, records: usize, took: Duration) -> usize {
    if took > CHUNK_TAKES {
        (chunk / 2).max(1)
    } else if records >= chunk && took < CHUNK_TAKES / 4 {
        (chunk * 2).min(LARGEST_CHUNK)
    } else {
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_follows_how_long_records_take() {
        let ms = Duration::from_millis;
        assert_eq!(next_chunk(256, 256, ms(1)), 512);
        assert_eq!(next_chunk(256, 10, ms(1)), 256, "there were no more");
        assert_eq!(next_chunk(256, 256, ms(10)), 256);
        assert_eq!(next_chunk(256, 3, ms(300)), 128);
        assert_eq!((next_chunk(1, 1, ms(9_000)), next_chunk(4_096, 4_096, ms(0))), (1, 4_096));
    }
}

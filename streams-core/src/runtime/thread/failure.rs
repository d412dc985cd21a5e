//! What becomes of a task that fails.

use super::commit::ATTEMPT;
use super::slots::{History, Resting, Slot};
use super::{StreamThread, Trouble};
use crate::runtime::restorer::Command;
use crate::{Error, ErrorKind, Result, TaskId};

/// A task whose state is thrown away more often than this has another fault.
const RESETS: u32 = 3;

/// The error with the task's name, where it does not say it already.
fn of_task(id: TaskId, error: Error) -> Error {
    let task = format!("task {id}");
    if error.to_string().contains(&task) { error } else { error.at(task) }
}

impl StreamThread {
    /// By the error's kind: the task goes on from an earlier point, or the error ends the thread. Exactly once, what the other tasks did since
    /// the last commit goes with it: they share a transaction.
    pub(super) fn task_failed(&mut self, id: TaskId, error: Error) -> Result<()> {
        let left_out = self.leave_out_poisoned(id);
        self.handle_failure(id, error, left_out)
    }

    /// The same for several tasks that failed in one round. What the first takes along must not take the others' poisoned records along.
    pub(super) fn tasks_failed(&mut self, failed: Vec<(TaskId, Error)>) -> Result<()> {
        let left_out: Vec<bool> = failed.iter().map(|(id, _)| self.leave_out_poisoned(*id)).collect();
        let mut first = Ok(());
        for ((id, error), left_out) in failed.into_iter().zip(left_out) {
            let result = self.handle_failure(id, error, left_out);
            if first.is_ok() {
                first = result;
            } else if let Err(error) = result {
                tracing::error!(target: "streams::thread", "another task failed in the same round: {error}");
            }
        }
        first
    }

    /// Remembers the record that the policy says to leave out, if that is what the task failed at.
    fn leave_out_poisoned(&mut self, id: TaskId) -> bool {
        let Some(Slot::Running(running)) = self.slots.get_mut(&id) else { return false };
        let Some((input, offset)) = running.task.take_poisoned() else { return false };
        let Some(input) = running.inputs.get(input) else { return false };
        running.history.skip.push((input.partition.clone(), offset));
        true
    }

    fn handle_failure(&mut self, id: TaskId, error: Error, left_out: bool) -> Result<()> {
        let error = of_task(id, error);
        // the commit under way covers what the task did before it failed
        self.settle_commit(ATTEMPT)?;
        let because = self.is_transactional().then(|| Error::new(error.kind(), error.to_string()));
        let result = self.answer_failure(id, error, left_out);
        match because {
            Some(because) => self.undo(&because).and(result),
            None => result,
        }
    }

    fn answer_failure(&mut self, id: TaskId, error: Error, left_out: bool) -> Result<()> {
        if left_out {
            tracing::warn!(target: "streams::thread", "{error}; the task goes back to its last commit and leaves that record out");
            return self.back_to_last_commit(id, None);
        }
        match error.kind() {
            // the producer was shut out, or wants its transaction aborted: the group has not said anything
            ErrorKind::Fenced | ErrorKind::Closed if self.is_transactional() => self.back_to_last_commit(id, Some(&error)),
            ErrorKind::Fenced => {
                tracing::warn!(target: "streams::thread", "{error}; another member may own the task: the thread joins the group anew");
                self.rejoin = true;
                Ok(())
            }
            ErrorKind::Corrupted => self.restore_anew(id, error),
            ErrorKind::Unavailable => self.back_to_last_commit(id, Some(&error)),
            _ => {
                // the others did nothing wrong: closing the thread commits them
                self.others_are_sound = true;
                self.give_up_dirty(vec![id]);
                Err(error)
            }
        }
    }

    /// Builds the task again on what it committed last; it reads again what came after. `because`: the cluster does not answer.
    pub(super) fn back_to_last_commit(&mut self, id: TaskId, because: Option<&Error>) -> Result<()> {
        let Some(mut running) = self.take_running(id) else { return Ok(()) };
        let (now, timeout) = (self.now(), self.shared.settings.task_timeout);
        let (mut history, starts) = (std::mem::take(&mut running.history), std::mem::take(&mut running.starts));
        if let Some(error) = because {
            let trouble = history.trouble.get_or_insert_with(|| Trouble::new(now));
            if now.saturating_sub(trouble.since) >= timeout {
                let stores = self.take_apart(running, false)?;
                self.tell_restorer(Command::Release { id, stores });
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    format!("task {id} made no progress within task.timeout.ms = {}; its last error: {error}", timeout.as_millis()),
                ));
            }
            trouble.retry_at = now + trouble.backoff.next();
            tracing::warn!(target: "streams::thread", task = %id, "the task goes back to its last commit and tries again: {error}");
        }
        let stores = self.take_apart(running, false)?;
        if stores.iter().any(|store| store.must_be_restored()) {
            self.changelogs_have_it_all(id);
            self.tell_restorer(Command::Release { id, stores });
            history.starts = starts;
            self.open(id, history);
        } else {
            self.slots.insert(id, Slot::Resting(Resting { stores, starts, history, asking: None }));
        }
        self.slots_changed();
        Ok(())
    }

    /// Before state is restored: what the task wrote is to lie before the end that is restored to. What was part of a transaction does anyway.
    fn changelogs_have_it_all(&self, id: TaskId) {
        if self.is_transactional() {
            return;
        }
        let flushed = self.producer().flush(super::group::SETTLE);
        if let Err(error) = flushed {
            tracing::debug!(target: "streams::thread", task = %id, "{error}");
        }
    }

    /// Throws the task's state away and has it restored from the changelog.
    fn restore_anew(&mut self, id: TaskId, error: Error) -> Result<()> {
        let Some(mut running) = self.take_running(id) else { return Ok(()) };
        let mut history: History = std::mem::take(&mut running.history);
        history.resets += 1;
        let resets = history.resets;
        let stores = self.take_apart(running, false)?;
        self.changelogs_have_it_all(id);
        self.tell_restorer(Command::Discard { id, stores });
        if resets > RESETS {
            return Err(error.at(format!("its state was restored {RESETS} times and is still not usable")));
        }
        tracing::warn!(target: "streams::thread", "{error}; its local state is deleted and restored from the changelog");
        self.open(id, history);
        self.slots_changed();
        Ok(())
    }
}

//! What the group says, and what a thread does about it. Revoking is bounded: one commit, and the stores are closed elsewhere.

use super::StreamThread;
use super::commit::{ATTEMPT, Outcome};
use super::slots::Slot;
use crate::cluster::{GroupEvent, MembershipOptions};
use crate::runtime::thread_state::ThreadState;
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::time::Duration;

/// The longest a revoke waits for its commit; after it the tasks are given up as they were at the last one.
const REVOKE_WAITS: Duration = Duration::from_secs(10);
/// How soon the last commit is tried again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a group that is silent is asked whether it is there at all.
const PROBE: Duration = Duration::from_secs(2);
/// How long output that is under way may take before tasks are given up without a commit.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

impl StreamThread {
    /// Joins the group as a new member, with the newest plan; the joining itself begins with the first poll.
    pub(super) fn join(&mut self) -> Result<()> {
        let topics = self.join_with_topics();
        if topics.is_empty() {
            // until a pattern matches one
            self.set_state(ThreadState::PartitionsAssigned);
            self.slots_changed();
            return Ok(());
        }
        let settings = &self.shared.settings;
        self.membership = Some(self.shared.cluster.membership(MembershipOptions {
            client: settings.membership(&self.entry.name, self.entry.index),
            group: settings.application_id.clone(),
            topics,
        })?);
        Ok(())
    }

    pub(super) fn serve_group(&mut self) -> Result<()> {
        loop {
            let Some(membership) = &mut self.membership else { return Ok(()) };
            match membership.poll(Duration::ZERO) {
                Ok(None) => return Ok(()),
                Ok(Some(event)) => self.on_event(event)?,
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    tracing::debug!(target: "streams::thread", thread = self.entry.name, "the group does not answer: {error}");
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Fenced => {
                    tracing::warn!(target: "streams::thread", thread = self.entry.name, "thrown out of the group: {error}");
                    self.join_anew()?;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn on_event(&mut self, event: GroupEvent) -> Result<()> {
        let _span = tracing::info_span!(target: "streams::thread", "rebalance", thread = self.entry.name).entered();
        // an answer lets the group go on, and a commit under way stands for the generation in which it began
        let settled = self.settle_commit(ATTEMPT);
        let done = match event {
            GroupEvent::Assigned(partitions) => self.assigned(&partitions),
            GroupEvent::Revoked(partitions) => self.revoked(&partitions),
            GroupEvent::Lost(partitions) => self.lost(&partitions),
        };
        // whatever went wrong, the group is not held up
        let acknowledged = self.membership()?.acknowledge();
        settled.and(done)?;
        acknowledged
    }

    fn assigned(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        self.outside = None;
        self.metrics.assigned.add(1);
        let ids: Vec<TaskId> = partitions.iter().filter_map(|partition| self.plan.tasks.task(partition).ok()).collect();
        tracing::info!(target: "streams::thread", thread = self.entry.name, "assigned tasks [{}]", listed(&ids));
        self.set_state(ThreadState::PartitionsAssigned);
        let now = self.now();
        self.topics.assigned(partitions, now);
        match self.plan.has_patterns() {
            // the group is asked first, once it has its answer to this; what made it move may be a topic
            true => {
                self.look_for_topics();
                self.slots_changed();
            }
            false => self.open_assigned(now)?,
        }
        Ok(())
    }

    fn revoked(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let ids = self.owned(partitions);
        self.topics.taken_away(partitions);
        self.metrics.revoked.add(1);
        tracing::info!(target: "streams::thread", thread = self.entry.name, "revoked tasks [{}]", listed(&ids));
        self.set_state(ThreadState::PartitionsRevoked);
        let deadline = self.now() + REVOKE_WAITS;
        let outcome = match self.commit(&ids, deadline) {
            Err(error) if self.is_of_gone_topics(&error) => self.commit(&ids, deadline),
            outcome => outcome,
        };
        let (clean, done) = match outcome {
            Ok(Outcome::Done) => (true, Ok(())),
            Ok(Outcome::Later(error) | Outcome::Fenced(error) | Outcome::Undone(error)) => {
                tracing::warn!(
                    target: "streams::thread",
                    thread = self.entry.name,
                    "tasks [{}] are given up without a last commit ({error}); their next owner processes again what came after the one before",
                    listed(&ids)
                );
                (false, Ok(()))
            }
            Err(error) => (false, Err(error)),
        };
        if clean {
            self.give_up_committed(ids);
        } else {
            self.give_up_dirty(ids);
        }
        done
    }

    fn lost(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let ids = self.owned(partitions);
        tracing::warn!(
            target: "streams::thread",
            thread = self.entry.name,
            "lost tasks [{}]: the group did not hear from this thread in time; nothing is committed",
            listed(&ids)
        );
        self.lost = true;
        self.topics.taken_away(partitions);
        self.note_outside(partitions.first().filter(|_| !ids.is_empty()).cloned());
        self.metrics.lost.add(1);
        self.set_state(ThreadState::PartitionsRevoked);
        self.give_up_dirty(ids);
        Ok(())
    }

    /// A thread that has lost its tasks has none that could run out of time, and nobody would hear of a cluster that stays away. A group that
    /// answers and takes its time is waited for.
    pub(super) fn expect_the_group(&mut self, now: Duration) -> Result<()> {
        let timeout = self.shared.settings.task_timeout;
        let Some((since, partition)) = self.outside.clone().filter(|(since, _)| now > *since && now - *since >= timeout) else {
            return Ok(());
        };
        let Some(membership) = &mut self.membership else { return Ok(()) };
        match membership.committed(std::slice::from_ref(&partition), PROBE) {
            Err(error) if error.kind() == ErrorKind::Unavailable => Err(Error::caused(
                ErrorKind::Unavailable,
                format!(
                    "the thread lost its tasks {} s ago, and group {} does not answer: it could not be joined again within task.timeout.ms = {}; \
                     check that the brokers are reachable, or raise it",
                    (now - since).as_secs(),
                    self.shared.settings.application_id,
                    timeout.as_millis()
                ),
                error,
            )),
            _ => {
                self.outside = Some((now, partition));
                Ok(())
            }
        }
    }

    /// The thread's tasks are gone, one of which read this partition.
    fn note_outside(&mut self, partition: Option<TopicPartition>) {
        if let (None, Some(partition)) = (&self.outside, partition) {
            self.outside = Some((self.now(), partition));
        }
    }

    /// Tasks of this thread that the partitions stand for.
    fn owned(&self, partitions: &[TopicPartition]) -> Vec<TaskId> {
        partitions.iter().filter_map(|p| self.plan.tasks.task(p).ok()).filter(|id| self.slots.contains_key(id)).collect()
    }

    /// Gives tasks up after their commit; one that failed in it goes as it was at the one before.
    fn give_up_committed(&mut self, ids: Vec<TaskId>) {
        for id in ids {
            let clean = matches!(self.slots.get(&id), Some(Slot::Running(running)) if !running.task.commit_needed());
            self.give_up(id, clean);
        }
        self.slots_changed();
    }

    /// Gives tasks up without a commit.
    pub(super) fn give_up_dirty(&mut self, ids: Vec<TaskId>) {
        if ids.iter().any(|id| matches!(self.slots.get(id), Some(Slot::Running(_)))) {
            let settled = self.settle_output();
            if let Err(error) = settled {
                tracing::error!(target: "streams::thread", thread = self.entry.name, "output of tasks that are given up: {error}");
            }
        }
        for id in ids {
            self.give_up(id, false);
        }
        self.slots_changed();
    }

    /// What this producer still has under way must not come after what the next owner of a task reads back.
    fn settle_output(&mut self) -> Result<()> {
        if self.is_transactional() {
            return self.undo(&Error::new(ErrorKind::Fenced, "tasks are given up without a commit"));
        }
        let flushed = self.producer().flush(SETTLE);
        match flushed {
            Ok(()) => Ok(()),
            // what waits in its queue goes with it
            Err(error) => self.give_producer_up(&error),
        }
    }

    /// Gives everything up and joins as a new member.
    pub(super) fn join_anew(&mut self) -> Result<()> {
        self.rejoin = false;
        let id = self.slots.keys().next();
        self.note_outside(id.and_then(|id| self.plan.tasks.inputs(*id).into_iter().next()));
        self.leave_group(false);
        // the old one may be what was shut out
        self.replace_producer()?;
        self.join()
    }

    /// Gives everything up, which `clean` says is committed, and leaves.
    pub(super) fn leave_group(&mut self, clean: bool) {
        self.set_state(ThreadState::PartitionsRevoked);
        let ids: Vec<TaskId> = self.slots.keys().copied().collect();
        match clean {
            true => self.give_up_committed(ids),
            false => self.give_up_dirty(ids),
        }
        if let Some(membership) = self.membership.take()
            && let Err(error) = membership.leave(SETTLE)
        {
            tracing::debug!(target: "streams::thread", thread = self.entry.name, "leaving the group as the old member: {error}");
        }
        self.commit.trouble = None;
    }

    /// Commits everything. While a rebalance refuses it the group is served: it may want tasks back first.
    fn last_commit(&mut self, deadline: Duration) -> Result<Outcome> {
        loop {
            let ids: Vec<TaskId> = self.slots.keys().copied().collect();
            let outcome = self.commit(&ids, deadline)?;
            if !matches!(outcome, Outcome::Later(_) | Outcome::Undone(_)) || self.now() + AGAIN >= deadline {
                return Ok(outcome);
            }
            std::thread::sleep(AGAIN);
            self.serve_group()?;
        }
    }

    /// The end: commits before `deadline` (`None`: after an error, only what is known to be sound), gives all tasks back, leaves the group.
    pub fn close(&mut self, deadline: Option<Duration>) {
        self.set_state(ThreadState::PendingShutdown);
        let outcome = match deadline {
            Some(deadline) => self.last_commit(deadline),
            None if self.others_are_sound => self.last_commit(self.now() + SETTLE),
            None => Err(Error::new(ErrorKind::Closed, "the thread failed")),
        };
        let ids: Vec<TaskId> = self.slots.keys().copied().collect();
        match outcome {
            Ok(Outcome::Done) => self.give_up_committed(ids),
            Ok(Outcome::Later(error) | Outcome::Fenced(error) | Outcome::Undone(error)) | Err(error) => {
                tracing::warn!(target: "streams::thread", thread = self.entry.name, "closing without a last commit: {error}");
                self.give_up_dirty(ids);
            }
        }
        if let Some(membership) = self.membership.take()
            && let Err(error) = membership.leave(SETTLE)
        {
            tracing::warn!(target: "streams::thread", thread = self.entry.name, "the group was not left: {error}; its session will run out");
        }
    }
}

fn listed(ids: &[TaskId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

//! Commit: every output acknowledged, then the offsets, then the stores.

use super::slots::{Running, Slot};
use super::{StreamThread, Trouble};
use crate::cluster::CommittedOffset;
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long one attempt may hold up the thread; it is made again later.
pub(super) const ATTEMPT: Duration = Duration::from_secs(5);

/// Output that may wait for the commit under way, in bytes.
const HELD_AT_MOST: usize = 8 << 20;

/// Trouble that lasts less is not worth a warning.
const SAY_AFTER: Duration = Duration::from_secs(1);

/// What became of an attempt.
pub(super) enum Outcome {
    Done,
    /// The cluster did not answer: nothing is known to be committed, and trying again is right.
    Later(Error),
    /// The group has gone on without this thread.
    Fenced(Error),
    /// The transaction came to nothing, or its end is not known: all tasks went back to what was committed.
    Undone(Error),
}

/// What a commit covers.
#[derive(Default)]
pub(super) struct Prepared {
    /// Tasks, each with its part of `offsets`.
    pub tasks: Vec<(TaskId, Range<usize>)>,
    pub offsets: Vec<(TopicPartition, CommittedOffset)>,
}

impl StreamThread {
    /// When the next commit is due, if anything is to be committed.
    pub(super) fn next_commit(&self) -> Duration {
        match &self.commit.trouble {
            Some(trouble) => trouble.retry_at,
            None => self.commit.last + self.shared.settings.commit_interval,
        }
    }

    /// Whether tasks must not make more of what cannot be committed now.
    pub(super) fn is_held_back(&mut self) -> bool {
        match self.commit.in_flight {
            Some(_) => self.env.producer.borrow().held_bytes() >= HELD_AT_MOST || self.is_over_limit(),
            None => self.commit.trouble.is_some() && self.is_over_limit(),
        }
    }

    fn is_over_limit(&mut self) -> bool {
        let limit = self.entry.uncommitted_limit.load(Ordering::Relaxed);
        let used = |slot: &mut Slot| if let Slot::Running(running) = slot { running.task.uncommitted_bytes() } else { 0 };
        let bytes: usize = self.slots.values_mut().map(used).sum();
        self.metrics.uncommitted_bytes.set_size(bytes);
        bytes as u64 >= limit
    }

    /// Commits when the interval is over, user code asked for it, or too much waits for it; exactly once, begins to, or ends what has begun.
    /// True when it did.
    pub(super) fn commit_if_due(&mut self) -> Result<bool> {
        if self.commit.in_flight.is_some() {
            let Some(outcome) = self.poll_commit(Duration::ZERO)? else { return Ok(false) };
            self.take_outcome(outcome)?;
            return Ok(true);
        }
        let now = self.now();
        if self.commit.trouble.as_ref().is_some_and(|trouble| now < trouble.retry_at) {
            return Ok(false);
        }
        let (interval_over, over_limit) = (now >= self.next_commit(), self.is_over_limit());
        let all = interval_over || over_limit;
        let mut ids = Vec::new();
        for (id, slot) in &mut self.slots {
            let Slot::Running(running) = slot else { continue };
            let requested = running.task.take_commit_request();
            if (all || requested) && running.task.commit_needed() {
                ids.push(*id);
            }
        }
        if all {
            self.commit.last = now;
        }
        if ids.is_empty() {
            if all {
                // what could not be committed has been given up
                self.commit.trouble = None;
            }
            return Ok(false);
        }
        if over_limit && !interval_over {
            self.metrics.commits_early.add(1);
        }
        let outcome = match self.is_transactional() {
            true if self.must_not_go_on() => Some(self.commit_transaction(now + ATTEMPT)?),
            true => self.start_commit(now + ATTEMPT)?,
            false => {
                let outcome = self.commit_at_least_once(&ids, now + ATTEMPT)?;
                if all {
                    self.commit.last = self.now();
                }
                Some(outcome)
            }
        };
        outcome.map_or(Ok(()), |outcome| self.take_outcome(outcome))?;
        Ok(true)
    }

    /// What an attempt came to, that was made because it was time for it.
    pub(super) fn take_outcome(&mut self, outcome: Outcome) -> Result<()> {
        if !matches!(outcome, Outcome::Done) {
            self.metrics.commits_failed.add(1);
        }
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::Later(error) | Outcome::Undone(error) => self.commit_later(error),
            Outcome::Fenced(error) => {
                tracing::warn!(target: "streams::thread", thread = self.entry.name, "the commit was refused, the thread joins the group anew: {error}");
                self.rejoin = true;
                Ok(())
            }
        }
    }

    pub(super) fn commit_later(&mut self, error: Error) -> Result<()> {
        let (now, timeout) = (self.now(), self.shared.settings.task_timeout);
        let trouble = self.commit.trouble.get_or_insert_with(|| Trouble::new(now));
        if now.saturating_sub(trouble.since) >= timeout {
            // all that the thread has: after an abort none of them runs
            let ids = self.slots.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::caused(
                ErrorKind::Unavailable,
                format!(
                    "tasks [{ids}] could not be committed within task.timeout.ms = {}: check that the brokers are reachable, or raise it",
                    timeout.as_millis()
                ),
                error,
            ));
        }
        trouble.retry_at = now + trouble.backoff.next();
        let thread = self.entry.name.as_str();
        // a rebalance refuses commits for a moment: no news
        if !trouble.said && now.saturating_sub(trouble.since) >= SAY_AFTER {
            trouble.said = true;
            tracing::warn!(target: "streams::thread", thread, "a commit does not succeed, trying again until task.timeout.ms is over: {error}");
        } else {
            tracing::debug!(target: "streams::thread", thread, "a commit did not succeed, trying again: {error}");
        }
        Ok(())
    }

    /// Commits those of the tasks that need it, in one go, and waits for it; exactly once, all tasks: they share a transaction. May be called
    /// again after any outcome.
    pub(super) fn commit(&mut self, ids: &[TaskId], deadline: Duration) -> Result<Outcome> {
        match self.is_transactional() {
            true => self.commit_transaction(deadline),
            false => self.commit_at_least_once(ids, deadline),
        }
    }

    /// Begins the commit of those of the tasks that need it. `None`: one of them failed in it, and took its transaction along.
    pub(super) fn prepare(&mut self, ids: &[TaskId]) -> Result<Option<Prepared>> {
        let mut prepared = Prepared::default();
        for id in ids {
            let Some(Slot::Running(running)) = self.slots.get_mut(id) else { continue };
            if !running.task.commit_needed() {
                continue;
            }
            match running.task.prepare_commit() {
                Ok(more) => {
                    prepared.tasks.push((*id, prepared.offsets.len()..prepared.offsets.len() + more.len()));
                    prepared.offsets.extend(more);
                }
                Err(error) => {
                    self.task_failed(*id, error)?;
                    if self.is_transactional() {
                        return Ok(None);
                    }
                }
            }
        }
        Ok(Some(prepared))
    }

    fn commit_at_least_once(&mut self, ids: &[TaskId], deadline: Duration) -> Result<Outcome> {
        let _span = tracing::debug_span!(target: "streams::thread", "commit", thread = self.entry.name).entered();
        let begun = self.now();
        let Some(prepared) = self.prepare(ids)?.filter(|prepared| !prepared.tasks.is_empty()) else { return Ok(Outcome::Done) };
        let before = self.now();
        let flushed = self.producer().flush(deadline.saturating_sub(before));
        self.metrics.blocked_time.add(self.now().saturating_sub(before));
        // first: the failures of records say more than a flush that ran out of time
        if let Some(later) = self.check_deliveries()? {
            return Ok(Outcome::Later(later));
        }
        if let Err(error) = flushed {
            return classify(error);
        }
        let before = self.now();
        let committed = self.commit_offsets(&prepared.offsets, deadline);
        self.metrics.blocked_time.add(self.now().saturating_sub(before));
        if let Err(error) = committed {
            return classify(error);
        }
        for (id, error) in self.committed(&prepared, begun) {
            self.task_failed(id, error)?;
        }
        Ok(Outcome::Done)
    }

    /// Takes the tasks to what was committed; those that could not be taken there.
    pub(super) fn committed(&mut self, prepared: &Prepared, begun: Duration) -> Vec<(TaskId, Error)> {
        let mut failed = Vec::new();
        for (id, of) in &prepared.tasks {
            if let Err(error) = self.post_commit(*id, prepared.offsets.get(of.clone()).unwrap_or_default()) {
                failed.push((*id, error));
            }
        }
        self.commit.trouble = None;
        self.totals.commits += 1;
        self.metrics.commits.add(1);
        let now = self.now();
        self.metrics.commit_time.add(now.saturating_sub(begun));
        self.metrics.commit_longest.record(now.saturating_sub(begun), now);
        failed
    }

    fn commit_offsets(&mut self, offsets: &[(TopicPartition, CommittedOffset)], deadline: Duration) -> Result<()> {
        if offsets.is_empty() {
            return Ok(());
        }
        let left = deadline.saturating_sub(self.now()).max(Duration::from_millis(1));
        self.membership()?.commit(offsets, left)
    }

    /// Tells the task that its offsets are committed.
    fn post_commit(&mut self, id: TaskId, offsets: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        let Some(Slot::Running(running)) = self.slots.get_mut(&id) else { return Ok(()) };
        running.task.post_commit()?;
        let Running { starts, history, .. } = &mut **running;
        history.trouble = None;
        for (partition, committed) in offsets {
            if let Some(start) = starts.iter_mut().find(|start| start.partition == *partition) {
                (start.offset, start.committed) = (committed.offset, Some(committed.clone()));
            }
        }
        history.forget_before(starts);
        if !self.plan.repartition.is_empty() {
            let mut purgeable = self.shared.purgeable.lock();
            for (partition, committed) in offsets.iter().filter(|(p, _)| self.plan.repartition.contains(&p.topic)) {
                purgeable.committed(partition.clone(), committed.offset);
            }
        }
        Ok(())
    }
}

/// All tasks went back: trying again is right, unless nothing would be different then.
pub(super) fn undone(error: Error) -> Result<Outcome> {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Fenced | ErrorKind::Closed => Ok(Outcome::Undone(error)),
        _ => Err(error),
    }
}

pub(super) fn classify(error: Error) -> Result<Outcome> {
    match error.kind() {
        ErrorKind::Unavailable => Ok(Outcome::Later(error)),
        ErrorKind::Fenced => Ok(Outcome::Fenced(error)),
        _ => Err(error),
    }
}

//! Commit: every output acknowledged, then the offsets, then the stores. Exactly once, outputs and offsets become one by a transaction.

use super::slots::{Running, Slot, Start};
use super::{StreamThread, Trouble};
use crate::cluster::{CommittedOffset, DeliveryFailure};
use crate::handlers::{ProductionContext, ProductionResponse, ProductionStage};
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long one attempt may hold up the thread; it is made again later.
const ATTEMPT: Duration = Duration::from_secs(5);

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

impl StreamThread {
    /// When the next commit is due, if anything is to be committed.
    pub(super) fn next_commit(&self) -> Duration {
        match &self.commit.trouble {
            Some(trouble) => trouble.retry_at,
            None => self.commit.last + self.shared.settings.commit_interval,
        }
    }

    /// Whether tasks must not make more of what cannot be committed.
    pub(super) fn is_held_back(&mut self) -> bool {
        self.commit.trouble.is_some() && self.is_over_limit()
    }

    fn is_over_limit(&mut self) -> bool {
        let limit = self.entry.uncommitted_limit.load(Ordering::Relaxed);
        let used = |slot: &mut Slot| if let Slot::Running(running) = slot { running.task.uncommitted_bytes() } else { 0 };
        let bytes: usize = self.slots.values_mut().map(used).sum();
        self.metrics.uncommitted_bytes.set_size(bytes);
        bytes as u64 >= limit
    }

    /// Commits when the interval is over, user code asked for it, or too much waits for it. True when it did.
    pub(super) fn commit_if_due(&mut self) -> Result<bool> {
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
        let outcome = self.commit(&ids, now + ATTEMPT)?;
        let took = self.now().saturating_sub(now);
        self.metrics.commit_time.add(took);
        self.metrics.commit_longest.record(took, now);
        if !matches!(outcome, Outcome::Done) {
            self.metrics.commits_failed.add(1);
        }
        match outcome {
            Outcome::Done => {}
            Outcome::Later(error) | Outcome::Undone(error) => self.commit_later(&ids, error)?,
            Outcome::Fenced(error) => {
                tracing::warn!(target: "streams::thread", thread = self.entry.name, "the commit was refused, the thread joins the group anew: {error}");
                self.rejoin = true;
            }
        }
        Ok(true)
    }

    pub(super) fn commit_later(&mut self, ids: &[TaskId], error: Error) -> Result<()> {
        let (now, timeout) = (self.now(), self.shared.settings.task_timeout);
        let trouble = self.commit.trouble.get_or_insert_with(|| Trouble::new(now));
        if now.saturating_sub(trouble.since) >= timeout {
            let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
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

    /// Commits those of the tasks that need it, in one go; exactly once, all tasks: they share a transaction. May be called again after any
    /// outcome.
    pub(super) fn commit(&mut self, ids: &[TaskId], deadline: Duration) -> Result<Outcome> {
        let _span = tracing::debug_span!(target: "streams::thread", "commit", thread = self.entry.name).entered();
        let all = if self.is_transactional() { self.running() } else { Vec::new() };
        let ids = if self.is_transactional() { &all } else { ids };
        let (mut prepared, mut offsets) = (Vec::new(), Vec::new());
        for id in ids {
            let Some(Slot::Running(running)) = self.slots.get_mut(id) else { continue };
            if !running.task.commit_needed() {
                continue;
            }
            match running.task.prepare_commit() {
                Ok(more) => {
                    prepared.push((*id, offsets.len()..offsets.len() + more.len()));
                    offsets.extend(more);
                }
                Err(error) => {
                    self.task_failed(*id, error)?;
                    if self.is_transactional() {
                        let text = format!("task {id} failed when its caches were flushed");
                        return Ok(Outcome::Undone(Error::new(ErrorKind::Unavailable, text)));
                    }
                }
            }
        }
        if prepared.is_empty() {
            return Ok(Outcome::Done);
        }
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
        let committed = match self.is_transactional() {
            true => self.commit_transaction(&offsets, deadline),
            false => self.commit_offsets(&offsets, deadline),
        };
        self.metrics.blocked_time.add(self.now().saturating_sub(before));
        match committed {
            Ok(()) => {}
            Err(error) if self.is_transactional() => return undone(error),
            Err(error) => return classify(error),
        }
        for (id, of) in prepared {
            self.post_commit(id, offsets.get(of).unwrap_or_default())?;
        }
        self.commit.trouble = None;
        self.totals.commits += 1;
        self.metrics.commits.add(1);
        Ok(Outcome::Done)
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
        if let Err(error) = running.task.post_commit() {
            return self.task_failed(id, error);
        }
        let Running { inputs, starts, history, .. } = &mut **running;
        history.trouble = None;
        for (partition, committed) in offsets {
            if let Some(start) = inputs.iter().zip(&mut *starts).find_map(|(i, start)| (i.partition == *partition).then_some(start)) {
                *start = Start { offset: committed.offset, committed: Some(committed.clone()) };
            }
        }
        history.skip.retain(|(input, offset)| starts.get(*input).is_some_and(|start| start.offset <= *offset));
        if !self.plan.repartition.is_empty() {
            let mut purgeable = self.shared.purgeable.lock();
            for (partition, committed) in offsets.iter().filter(|(p, _)| self.plan.repartition.contains(&p.topic)) {
                purgeable.committed(partition.clone(), committed.offset);
            }
        }
        Ok(())
    }

    /// Asks the handler about records that could not be written. `Some`: tasks went back to their last commit, to write them again.
    pub(super) fn check_deliveries(&mut self) -> Result<Option<Error>> {
        let failures = self.producer().take_failures();
        if failures.is_empty() {
            return Ok(None);
        }
        let mut again = None;
        for failure in failures {
            match self.on_delivery_failure(&failure) {
                ProductionResponse::Resume => self.metrics.deliveries_dropped.add(1),
                ProductionResponse::Retry => again = Some(failure.error.at(format!("output to {}", failure.partition))),
                _ => return Err(failure.error.at(self.delivery_place(&failure.partition))),
            }
        }
        let Some(error) = again else { return Ok(None) };
        if self.is_transactional() {
            self.undo(&error)?;
            return Ok(Some(error));
        }
        // the producer is the thread's: whose record it was cannot be told, so all tasks that have something under way go back
        let under_way = |slot: &Slot| matches!(slot, Slot::Running(r) if r.task.commit_needed());
        let ids: Vec<TaskId> = self.slots.iter().filter(|(_, slot)| under_way(slot)).map(|(id, _)| *id).collect();
        for id in ids {
            self.back_to_last_commit(id, Some(&error))?;
        }
        Ok(Some(error))
    }

    #[cold]
    fn delivery_place(&self, partition: &TopicPartition) -> String {
        match self.is_transactional() {
            true => format!("output to {partition} under exactly_once_v2, where a record that a broker refuses cannot be left out"),
            false => format!("output to {partition}"),
        }
    }

    fn on_delivery_failure(&self, failure: &DeliveryFailure) -> ProductionResponse {
        match failure.error.kind() {
            // no matter of this record: its transaction failed, because the cluster did not answer or the producer was shut out
            ErrorKind::Fenced | ErrorKind::Unavailable if self.is_transactional() => return ProductionResponse::Retry,
            ErrorKind::Rejected | ErrorKind::Unavailable | ErrorKind::Topology => {}
            _ => return ProductionResponse::Fail,
        }
        let context = ProductionContext {
            topic: &failure.partition.topic,
            partition: Some(failure.partition.partition),
            stage: ProductionStage::Send,
            retriable: failure.retriable,
            task: None,
            node: None,
            source: None,
        };
        let handler = &self.shared.handlers.production;
        let response = catch_unwind(AssertUnwindSafe(|| handler.handle(&context, &failure.error))).unwrap_or_else(|_| {
            tracing::error!(target: "streams::thread", "the production exception handler panicked on {context}; taken as FAIL");
            ProductionResponse::Fail
        });
        match response {
            ProductionResponse::Retry if failure.retriable => ProductionResponse::Retry,
            // a transaction with a record that was refused cannot be committed without it
            ProductionResponse::Resume if self.is_transactional() => ProductionResponse::Fail,
            // state without its log could not be restored
            ProductionResponse::Resume if !self.plan.is_changelog(&failure.partition.topic) => ProductionResponse::Resume,
            _ => ProductionResponse::Fail,
        }
    }
}

/// All tasks went back: trying again is right, unless nothing would be different then.
fn undone(error: Error) -> Result<Outcome> {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Fenced | ErrorKind::Closed => Ok(Outcome::Undone(error)),
        _ => Err(error),
    }
}

fn classify(error: Error) -> Result<Outcome> {
    match error.kind() {
        ErrorKind::Unavailable => Ok(Outcome::Later(error)),
        ErrorKind::Fenced => Ok(Outcome::Fenced(error)),
        _ => Err(error),
    }
}

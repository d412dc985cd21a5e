//! Exactly once: outputs, changes and offsets become one by a transaction, and the cluster takes a while to commit it. Tasks go on meanwhile.
//! What they write waits for the next transaction, their stores keep what they change apart from what is being committed, and nobody gives a
//! task up, or takes it back, before the outcome is known.
//!
//! The order is that of `Producer::start_commit`: everything acknowledged, then the offsets. What a member that comes back late had sent lies
//! before the end that its successor restores to.

use super::StreamThread;
use super::commit::{Outcome, Prepared, classify, undone};
use crate::cluster::{CommitFailed, Membership};
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// How much longer than it may take a commit is waited for: its own time limits come first.
const GRACE: Duration = Duration::from_secs(1);

/// A commit that the cluster is making.
pub(super) struct InFlight {
    prepared: Prepared,
    begun: Duration,
    deadline: Duration,
}

impl StreamThread {
    /// Commits what all tasks have done until now, and waits for it.
    pub(super) fn commit_transaction(&mut self, deadline: Duration) -> Result<Outcome> {
        let _span = tracing::debug_span!(target: "streams::thread", "commit", thread = self.entry.name).entered();
        if self.commit.in_flight.is_some() {
            let outcome = self.finish_commit(deadline)?;
            if !matches!(outcome, Outcome::Done) {
                return Ok(outcome);
            }
        }
        match self.start_commit(deadline)? {
            Some(outcome) => Ok(outcome),
            None => self.finish_commit(deadline),
        }
    }

    /// Whether there are stores that commit all that they have, so that tasks must not go on while a commit is under way.
    pub(super) fn must_not_go_on(&self) -> bool {
        self.plan.topology.subtopologies().iter().flat_map(|sub| &sub.stores).any(|store| store.commits_whole())
    }

    /// Begins to commit what all tasks have done until now; `Some` when there is nothing to wait for.
    pub(super) fn start_commit(&mut self, deadline: Duration) -> Result<Option<Outcome>> {
        let begun = self.now();
        let Some(prepared) = self.prepare(&self.running())? else {
            let text = "a task failed when its caches were flushed";
            return Ok(Some(Outcome::Undone(Error::new(ErrorKind::Unavailable, text))));
        };
        if prepared.tasks.is_empty() {
            return Ok(Some(Outcome::Done));
        }
        if let Some(later) = self.check_deliveries()? {
            return Ok(Some(Outcome::Later(later)));
        }
        let token = match prepared.offsets.is_empty() {
            true => Ok(None),
            false => self.membership().and_then(Membership::token).map(Some),
        };
        let left = deadline.saturating_sub(self.now()).max(Duration::from_millis(1));
        let wake = self.fetcher.waker();
        let started = token.and_then(|token| self.producer().start_commit(&prepared.offsets, token.as_deref(), left, wake));
        if let Err(error) = started {
            self.undo(&error)?;
            return undone(error).map(Some);
        }
        self.env.producer.borrow_mut().hold();
        self.commit.in_flight = Some(InFlight { prepared, begun, deadline: begun + left });
        Ok(None)
    }

    /// Waits for the commit under way.
    fn finish_commit(&mut self, deadline: Duration) -> Result<Outcome> {
        let before = self.now();
        let outcome = self.poll_commit(deadline.saturating_sub(before));
        self.metrics.blocked_time.add(self.now().saturating_sub(before));
        match outcome? {
            Some(outcome) => Ok(outcome),
            None => self.forget_commit("the transaction's end is not known in time"),
        }
    }

    /// Before tasks are taken back: waits for the commit under way, if there is one. Afterwards they stand where it took them.
    pub(super) fn settle_commit(&mut self, timeout: Duration) -> Result<()> {
        if self.commit.in_flight.is_none() {
            return Ok(());
        }
        let outcome = self.finish_commit(self.now() + timeout)?;
        self.take_outcome(outcome)
    }

    /// Looks what became of the commit under way, waiting for it so long.
    pub(super) fn poll_commit(&mut self, wait: Duration) -> Result<Option<Outcome>> {
        let ended = self.producer().commit_ended(wait);
        let Some(ended) = ended else {
            return match &self.commit.in_flight {
                Some(InFlight { deadline, .. }) if self.now() >= *deadline + GRACE => {
                    self.forget_commit("the transaction's end is not known in time").map(Some)
                }
                _ => Ok(None),
            };
        };
        let Some(InFlight { prepared, begun, .. }) = self.commit.in_flight.take() else { return Ok(None) };
        match ended {
            Ok(()) => {
                self.end_transaction();
                self.commit.last = self.now();
                let failed = self.committed(&prepared, begun);
                // what was held back comes first: a task that failed takes the next transaction with it, and all of that must be in there
                if self.begin_transaction()? {
                    self.release_held()?;
                }
                for (id, error) in failed {
                    self.task_failed(id, error)?;
                }
                Ok(Some(Outcome::Done))
            }
            Err(failed) => self.commit_failed(failed).map(Some),
        }
    }

    fn commit_failed(&mut self, failed: CommitFailed) -> Result<Outcome> {
        // first: the failures of records say more than what follows from them
        if let Some(later) = self.check_deliveries()? {
            return Ok(Outcome::Later(later));
        }
        match failed {
            CommitFailed::NotFlushed(error) => {
                // the transaction goes on, and the next attempt covers all that is in it
                self.release_held()?;
                classify(error)
            }
            CommitFailed::Refused(error) => {
                self.undo(&error)?;
                undone(error)
            }
            CommitFailed::Unknown(error) => {
                self.give_producer_up(&error)?;
                undone(error)
            }
        }
    }

    #[cold]
    fn forget_commit(&mut self, why: &str) -> Result<Outcome> {
        let error = Error::new(ErrorKind::Unavailable, why);
        self.give_producer_up(&error)?;
        undone(error)
    }

    /// Writes what tasks wrote while a commit was under way.
    fn release_held(&mut self) -> Result<()> {
        let released = self.env.producer.borrow_mut().release(|failure| self.refused(failure));
        match released {
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Fenced | ErrorKind::Closed) => {
                self.give_producer_up(&error)
            }
            released => released,
        }
    }
}

//! Exactly once: one transaction of the thread's producer covers what all of its tasks have done since the last commit, so what undoes one
//! task's work undoes that of all.
//!
//! A transaction whose end is not known is never repeated: its producer is given up, a new one with the same id settles it, and the tasks
//! read back from their changelogs and from the group what became of it.

use super::slots::{History, Resting, Slot};
use super::{StreamThread, Trouble};
use crate::cluster::{Cluster, Producer, ProducerOptions};
use crate::config::{ProcessingGuarantee, Settings};
use crate::runtime::app_plan::Plan;
use crate::runtime::restorer::Command;
use crate::runtime::shared::{Shared, ThreadEntry};
use crate::{Error, ErrorKind, Result, TaskId};
use std::time::Duration;

/// How long one attempt to settle an earlier producer's transactions may hold up the thread; it is made again later.
const SETTLE_WITHIN: Duration = Duration::from_secs(5);
/// How long an abort may take; after it the producer is given up, which aborts too.
const ABORT_WITHIN: Duration = Duration::from_secs(2);

/// The state of the thread's transactions.
#[derive(Default)]
pub(super) struct Transactions {
    /// Those of the producer before this one are settled, so this one may begin its own.
    ready: bool,
    open: bool,
    /// Since when they cannot be settled.
    trouble: Option<Trouble>,
}

impl Transactions {
    pub fn of(settings: &Settings) -> Option<Self> {
        (settings.processing_guarantee == ProcessingGuarantee::ExactlyOnceV2).then(Self::default)
    }
}

/// The producer of a thread; a transactional one has an id as Java's, by which its successor settles what it left open.
pub(super) fn producer(shared: &Shared, entry: &ThreadEntry, plan: &Plan) -> Result<Box<dyn Producer>> {
    let settings = &shared.settings;
    let exactly_once = settings.processing_guarantee == ProcessingGuarantee::ExactlyOnceV2;
    let id = || format!("{}-{}-{}", settings.application_id, shared.process_id, entry.index);
    let cluster: &dyn Cluster = &*shared.cluster;
    cluster.producer(ProducerOptions {
        client: settings.producer(&entry.name),
        largest_batch: plan.largest_batch,
        transactional_id: exactly_once.then(id),
        transaction_timeout: exactly_once.then_some(settings.transaction_timeout),
        without_acknowledgements: !plan.is_logged(),
    })
}

impl StreamThread {
    pub(super) fn is_transactional(&self) -> bool {
        self.transactions.is_some()
    }

    /// Settles what earlier producers left open, once; false while that does not work.
    pub(super) fn settle_transactions(&mut self) -> Result<bool> {
        let now = self.now();
        let timeout = self.shared.settings.task_timeout;
        let Some(transactions) = &mut self.transactions else { return Ok(true) };
        if transactions.ready {
            return Ok(true);
        }
        if transactions.trouble.as_ref().is_some_and(|trouble| now < trouble.retry_at) {
            return Ok(false);
        }
        let result = self.env.producer.borrow_mut().client().init_transactions(SETTLE_WITHIN);
        match result {
            Ok(()) => {
                (transactions.ready, transactions.trouble) = (true, None);
                return Ok(true);
            }
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Fenced) => {
                let trouble = transactions.trouble.get_or_insert_with(|| Trouble::new(now));
                if now.saturating_sub(trouble.since) >= timeout {
                    let text = "the transactions of the thread's earlier producer could not be settled within task.timeout.ms";
                    return Err(Error::caused(ErrorKind::Unavailable, format!("{text} = {}", timeout.as_millis()), error));
                }
                trouble.retry_at = now + trouble.backoff.next();
                let fenced = error.kind() == ErrorKind::Fenced;
                tracing::warn!(target: "streams::thread", thread = self.entry.name, "transactions cannot be begun yet, trying again: {error}");
                if fenced {
                    self.replace_producer()?;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(false)
    }

    /// When it is to be tried again to settle transactions.
    pub(super) fn next_settling(&self) -> Option<Duration> {
        self.transactions.as_ref().filter(|t| !t.ready)?.trouble.as_ref().map(|t| t.retry_at)
    }

    /// Makes sure that a transaction is open before tasks run; false when they must wait. Costs the cluster nothing until a record is sent.
    pub(super) fn begin_transaction(&mut self) -> Result<bool> {
        let Some(transactions) = &mut self.transactions else { return Ok(true) };
        if !transactions.ready || transactions.open {
            return Ok(transactions.ready);
        }
        let begun = self.env.producer.borrow_mut().client().begin();
        match begun {
            Ok(()) => {
                transactions.open = true;
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Fenced | ErrorKind::Closed) => {
                self.give_producer_up(&error)?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The open transaction was committed.
    pub(super) fn end_transaction(&mut self) {
        if let Some(transactions) = &mut self.transactions {
            transactions.open = false;
        }
    }

    /// Aborts the open transaction, if there is one: tasks that did something in it go back to their last commit. One that is being committed
    /// is waited for, and what came after it is undone.
    pub(super) fn undo(&mut self, because: &Error) -> Result<()> {
        self.settle_commit(ABORT_WITHIN)?;
        let Some(transactions) = &mut self.transactions else { return Ok(()) };
        if !std::mem::take(&mut transactions.open) {
            return Ok(());
        }
        let thread = self.entry.name.as_str();
        tracing::warn!(target: "streams::thread", thread, "the open transaction is aborted: {because}");
        self.env.producer.borrow_mut().discard();
        let aborted = self.producer().abort(ABORT_WITHIN);
        if let Err(error) = aborted {
            tracing::warn!(target: "streams::thread", thread, "it could not be aborted ({error}): the producer is replaced");
            return self.give_producer_up(&error);
        }
        self.metrics.transactions_aborted.add(1);
        // the records that went with it are no failures of their own
        drop(self.producer().take_failures());
        let dirty = |slot: &Slot| matches!(slot, Slot::Running(running) if running.task.commit_needed());
        let ids: Vec<TaskId> = self.slots.iter().filter(|(_, slot)| dirty(slot)).map(|(id, _)| *id).collect();
        for id in ids {
            self.back_to_last_commit(id, None)?;
        }
        Ok(())
    }

    /// The producer's transaction may have been committed or not. Its successor settles it; the tasks ask their changelogs and the group.
    pub(super) fn give_producer_up(&mut self, because: &Error) -> Result<()> {
        tracing::warn!(
            target: "streams::thread",
            thread = self.entry.name,
            "the producer is replaced, and the tasks go on from what was committed: {because}"
        );
        let mut failed = Ok(());
        for (id, slot) in std::mem::take(&mut self.slots) {
            let (stores, history) = match slot {
                Slot::Restoring { .. } => {
                    self.slots.insert(id, slot);
                    continue;
                }
                Slot::Resting(Resting { stores, history, .. }) => (Ok(stores), history),
                Slot::Running(mut running) => {
                    let history: History = std::mem::take(&mut running.history);
                    (self.take_apart(running, false), history)
                }
            };
            match stores {
                Ok(stores) => {
                    self.tell_restorer(Command::Release { id, stores });
                    self.open(id, history);
                }
                Err(error) => failed = Err(error),
            }
        }
        self.slots_changed();
        self.replace_producer()?;
        failed
    }

    pub(super) fn replace_producer(&mut self) -> Result<()> {
        self.metrics.producers_replaced.add(1);
        let producer = producer(&self.shared, &self.entry, &self.plan)?;
        self.env.producer.borrow_mut().replace(producer);
        self.commit.in_flight = None;
        if let Some(transactions) = &mut self.transactions {
            (transactions.ready, transactions.open) = (false, false);
        }
        Ok(())
    }

    /// Tasks that run.
    pub(super) fn running(&self) -> Vec<TaskId> {
        self.slots.iter().filter(|(_, slot)| matches!(slot, Slot::Running(_))).map(|(id, _)| *id).collect()
    }
}

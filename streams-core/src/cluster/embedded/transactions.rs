//! The transaction coordinator: who may write under a transactional id, and what an open transaction has touched.
//!
//! Locks are taken in the order ids, transaction, then partition or group; never the other way.

use super::errors::fenced;
use super::group::Group;
use super::log::Identity;
use super::partition::Partition;
use crate::Result;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

pub(super) struct Transactions {
    /// Ordered, so that transactions that expire together end in the same order in every run.
    ids: Mutex<BTreeMap<String, Arc<Mutex<Transaction>>>>,
    /// No open transaction ends by time before this; milliseconds of the monotonic clock.
    first_deadline: AtomicU64,
    producers: AtomicI64,
}

/// What is known of a transactional id.
pub(super) struct Transaction {
    id: String,
    writer: Identity,
    timeout: Duration,
    open: Option<Open>,
}

/// Begins with the first partition or group that is added, as Kafka's.
struct Open {
    deadline: Duration,
    partitions: Vec<Arc<Partition>>,
    groups: Vec<Arc<Group>>,
}

impl Transactions {
    pub(super) fn new() -> Self {
        Transactions { ids: Mutex::default(), first_deadline: AtomicU64::new(u64::MAX), producers: AtomicI64::new(0) }
    }

    /// Settles what an earlier producer left open, and shuts it out. The state, and who the new producer is.
    pub(super) fn init(&self, id: &str, timeout: Duration) -> (Arc<Mutex<Transaction>>, Identity) {
        let state = {
            let mut ids = self.ids.lock();
            let new = || {
                let writer = Identity { id: self.producers.fetch_add(1, Ordering::Relaxed), epoch: -1 };
                Arc::new(Mutex::new(Transaction { id: id.to_string(), writer, timeout, open: None }))
            };
            ids.entry(id.to_string()).or_insert_with(new).clone()
        };
        let mut transaction = state.lock();
        transaction.writer.epoch += 1;
        transaction.timeout = timeout;
        transaction.end(false);
        let writer = transaction.writer;
        drop(transaction);
        (state, writer)
    }

    /// Aborts the transactions whose time is over, and shuts their producers out. Cheap when there are none.
    pub(super) fn expire(&self, now: Duration) {
        if now.as_millis() < u128::from(self.first_deadline.load(Ordering::Acquire)) {
            return;
        }
        let ids = self.ids.lock();
        self.first_deadline.store(u64::MAX, Ordering::Release);
        for state in ids.values() {
            let mut transaction = state.lock();
            match transaction.open.as_ref().map(|open| open.deadline) {
                Some(deadline) if deadline <= now => {
                    transaction.writer.epoch += 1;
                    transaction.end(false);
                }
                Some(deadline) => self.note_deadline(deadline),
                None => {}
            }
        }
    }

    /// An open transaction will end by time at `deadline`.
    pub(super) fn note_deadline(&self, deadline: Duration) {
        self.first_deadline.fetch_min(deadline.as_millis() as u64, Ordering::AcqRel);
    }
}

impl Transaction {
    /// Fails when another producer has taken the transactional id, or the transaction's time is over.
    pub(super) fn check(&self, writer: Identity) -> Result {
        if self.writer == writer {
            return Ok(());
        }
        Err(fenced(format!(
            "the producer with transactional id `{}` was fenced: another one has been initialised with this id, or its transaction was open \
             for longer than `transaction.timeout.ms`; make a new one",
            self.id
        )))
    }

    /// Adds a partition, before the first record goes to it. When the transaction began with it: its deadline.
    pub(super) fn add_partition(&mut self, partition: &Arc<Partition>, now: Duration) -> Option<Duration> {
        let (open, began) = self.open(now);
        if !open.partitions.iter().any(|p| Arc::ptr_eq(p, partition)) {
            open.partitions.push(partition.clone());
        }
        began
    }

    /// Adds a group that is about to keep offsets for it. When the transaction began with it: its deadline.
    pub(super) fn add_group(&mut self, group: &Arc<Group>, now: Duration) -> Option<Duration> {
        let (open, began) = self.open(now);
        if !open.groups.iter().any(|g| Arc::ptr_eq(g, group)) {
            open.groups.push(group.clone());
        }
        began
    }

    fn open(&mut self, now: Duration) -> (&mut Open, Option<Duration>) {
        let deadline = now.saturating_add(self.timeout);
        let began = self.open.is_none().then_some(deadline);
        (self.open.get_or_insert_with(|| Open { deadline, partitions: Vec::new(), groups: Vec::new() }), began)
    }

    /// Writes the markers and settles the offsets; nothing to do when nothing was added.
    pub(super) fn end(&mut self, commit: bool) {
        let Some(open) = self.open.take() else { return };
        for partition in &open.partitions {
            partition.write_marker(self.writer, commit);
        }
        for group in &open.groups {
            group.settle(self.writer.id, commit);
        }
    }
}

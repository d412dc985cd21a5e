//! The transactional side of a producer.

use super::Destination;
use crate::cluster::CommittedOffset;
use crate::cluster::embedded::Shared;
use crate::cluster::embedded::errors::{fenced, not_in_state, timed_out};
use crate::cluster::embedded::group::EmbeddedToken;
use crate::cluster::embedded::log::Identity;
use crate::cluster::embedded::transactions::Transaction;
use crate::{Error, ErrorKind, Result, TopicPartition};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Transactional {
    id: String,
    timeout: Duration,
    phase: Phase,
    /// The number of the transaction, so that a partition knows whether it was added to this one.
    number: u64,
    /// Why the open transaction can only be aborted.
    spoilt: Option<(ErrorKind, String)>,
}

enum Phase {
    /// `init_transactions` has to be called.
    Fresh,
    Ready(Session),
    Open(Session),
    Fenced,
}

#[derive(Clone)]
struct Session {
    state: Arc<Mutex<Transaction>>,
    writer: Identity,
}

impl Transactional {
    pub(super) fn new(id: String, timeout: Duration) -> Self {
        Transactional { id, timeout, phase: Phase::Fresh, number: 0, spoilt: None }
    }

    pub(super) fn init(&mut self, shared: &Shared) -> Result {
        match self.phase {
            Phase::Fresh => {
                let (state, writer) = shared.transactions.init(&self.id, self.timeout);
                self.phase = Phase::Ready(Session { state, writer });
                Ok(())
            }
            Phase::Fenced => Err(self.fenced()),
            _ => Err(self.wrong("its transactions are initialised already")),
        }
    }

    pub(super) fn begin(&mut self) -> Result {
        match &self.phase {
            Phase::Ready(session) => {
                session.state.lock().check(session.writer)?;
                self.phase = Phase::Open(session.clone());
                self.number += 1;
                self.spoilt = None;
                Ok(())
            }
            Phase::Fresh => Err(self.wrong("call init_transactions first")),
            Phase::Open(_) => Err(self.wrong("a transaction is open: commit or abort it first")),
            Phase::Fenced => Err(self.fenced()),
        }
    }

    #[inline]
    pub(super) fn check_open(&self) -> Result {
        match self.phase {
            Phase::Open(_) => Ok(()),
            Phase::Fenced => Err(self.fenced()),
            _ => Err(self.wrong("no transaction is open: call begin first")),
        }
    }

    /// Who writes to a partition; adds the partition to the transaction at its first record.
    #[inline]
    pub(super) fn writer_for(&mut self, destination: &mut Destination, shared: &Shared) -> Result<Identity> {
        let Phase::Open(session) = &self.phase else {
            self.check_open()?;
            return Err(self.fenced());
        };
        if destination.transaction != self.number {
            let session = session.clone();
            self.guard(&session, |state| {
                let began = state.add_partition(&destination.partition, shared.now());
                began.into_iter().for_each(|deadline| shared.transactions.note_deadline(deadline));
                Ok(())
            })?;
            destination.transaction = self.number;
            return Ok(session.writer);
        }
        Ok(session.writer)
    }

    pub(super) fn send_offsets(&mut self, offsets: &[(TopicPartition, CommittedOffset)], token: &EmbeddedToken, shared: &Shared) -> Result {
        let session = self.open_session(shared)?;
        let added = self.guard(&session, |state| {
            let began = state.add_group(token.group(), shared.now());
            began.into_iter().for_each(|deadline| shared.transactions.note_deadline(deadline));
            Ok(token.group().add_pending(token, session.writer.id, offsets, shared))
        })?;
        if let Err(error) = &added {
            self.spoil(error);
        }
        added
    }

    /// Commits or aborts.
    pub(super) fn end(&mut self, commit: bool, shared: &Shared) -> Result {
        let session = self.open_session(shared)?;
        if commit && let Some((kind, why)) = &self.spoilt {
            return Err(Error::new(*kind, format!("the transaction of `{}` cannot be committed, abort it: {why}", self.id)));
        }
        self.guard(&session, |state| {
            state.end(commit);
            Ok(())
        })?;
        if commit && shared.faults.loses_reply() {
            // Still open as far as this side knows; calling again finds nothing left to do.
            return Err(timed_out(format!(
                "the outcome of the transaction of `{}` is not known: its reply was lost (as a test asked for)",
                self.id
            )));
        }
        self.phase = Phase::Ready(session);
        self.spoilt = None;
        Ok(())
    }

    /// From now on the open transaction can only be aborted.
    #[cold]
    pub(super) fn spoil(&mut self, error: &Error) {
        self.spoilt.get_or_insert_with(|| (error.kind(), error.to_string()));
    }

    /// The cluster has told that this producer's epoch is over.
    #[cold]
    pub(super) fn fence(&mut self) -> Error {
        self.phase = Phase::Fenced;
        self.fenced()
    }

    fn open_session(&self, shared: &Shared) -> Result<Session> {
        shared.transactions.expire(shared.now());
        self.check_open()?;
        match &self.phase {
            Phase::Open(session) => Ok(session.clone()),
            _ => Err(self.fenced()),
        }
    }

    /// Runs `work` on the coordinator's state, unless this producer was fenced.
    fn guard<T>(&mut self, session: &Session, work: impl FnOnce(&mut Transaction) -> Result<T>) -> Result<T> {
        let mut state = session.state.lock();
        if let Err(error) = state.check(session.writer) {
            self.phase = Phase::Fenced;
            return Err(error);
        }
        work(&mut state)
    }

    #[cold]
    fn fenced(&self) -> Error {
        fenced(format!("the producer with transactional id `{}` was fenced by a newer one: make a new producer", self.id))
    }

    #[cold]
    fn wrong(&self, what: &str) -> Error {
        not_in_state(format!("producer with transactional id `{}`: {what}", self.id))
    }
}

impl super::EmbeddedProducer {
    pub(super) fn transactional(&mut self) -> Result<&mut Transactional> {
        self.transactional.as_mut().ok_or_else(|| not_in_state("this producer has no transactional id, so it has no transactions"))
    }

    /// The cluster has told that this producer's epoch is over.
    #[cold]
    pub(super) fn fence(&mut self) -> Error {
        match &mut self.transactional {
            Some(transactional) => transactional.fence(),
            None => fenced("the producer was fenced"),
        }
    }
}

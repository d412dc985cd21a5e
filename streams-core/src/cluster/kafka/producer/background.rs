//! A commit in the background: flush, offsets and end of the transaction on a thread of their own, so that whoever sent the records need not
//! wait for three round trips.

use super::super::client::{Client, RkError, millis};
use super::super::codes::Code;
use super::transaction::{Failed, NOT_ADDED, NOT_COMMITTED, Offsets, PAUSE, SLICE, repeat_until};
use super::{FLUSH_SLICE, KafkaProducer};
use crate::cluster::{CommitFailed, CommitToken, CommittedOffset, Waker};
use crate::{Error, ErrorKind, Result, TopicPartition};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use rdkafka_sys as rk;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often reports of failed records are taken while somebody waits.
const REPORTS: Duration = Duration::from_millis(20);

/// A commit under way.
pub(super) struct Background {
    outcome: Receiver<Result<(), At>>,
    timeout: Duration,
    /// After this nobody waits for it any more.
    until: Instant,
}

/// The step at which it failed.
enum At {
    Flush(Code),
    /// The member has lost what the offsets are about.
    Lost(Error),
    Offsets(Failed),
    End(Failed),
}

impl KafkaProducer {
    pub(super) fn commit_in_background(
        &mut self,
        offsets: &[(TopicPartition, CommittedOffset)],
        token: Option<&dyn CommitToken>,
        timeout: Duration,
        wake: Waker,
    ) -> Result<()> {
        self.check_usable(NOT_COMMITTED)?;
        let offsets = token.map(|token| Offsets::new(offsets, token)).transpose()?;
        let (client, deadline) = (self.client.clone(), Instant::now() + timeout);
        let (done, outcome) = bounded(1);
        let spawned = thread::Builder::new().name("kafka-commit".into()).spawn(move || {
            // nobody may be waiting any more
            let _ = done.send(commit(&client, offsets, deadline));
            wake();
        });
        if let Err(error) = spawned {
            return Err(Error::caused(ErrorKind::Unavailable, "no thread could be started to commit the transaction", error));
        }
        self.background = Some(Background { outcome, timeout, until: deadline + PAUSE });
        Ok(())
    }

    pub(super) fn background_ended(&mut self, wait: Duration) -> Option<Result<(), CommitFailed>> {
        let deadline = Instant::now() + wait;
        loop {
            self.serve();
            let left = deadline.saturating_duration_since(Instant::now());
            let background = self.background.as_ref()?;
            let ended = match background.outcome.recv_timeout(left.min(REPORTS)) {
                Ok(ended) => ended,
                // a call does not come back, or its thread is gone
                Err(RecvTimeoutError::Disconnected) => Err(At::End(Failed::NotBack)),
                Err(RecvTimeoutError::Timeout) if Instant::now() >= background.until => Err(At::End(Failed::NotBack)),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return None,
                Err(RecvTimeoutError::Timeout) => continue,
            };
            let timeout = background.timeout;
            self.background = None;
            self.serve();
            return Some(ended.map_err(|at| self.failed(at, timeout)));
        }
    }

    #[cold]
    fn failed(&mut self, at: At, timeout: Duration) -> CommitFailed {
        let (what, failed, kind): (_, _, fn(Error) -> CommitFailed) = match at {
            At::Flush(code) => {
                let what = format!("records are not acknowledged after {} ms", timeout.as_millis());
                return CommitFailed::NotFlushed(self.client.error(code, what));
            }
            At::Lost(error) => return CommitFailed::Refused(error),
            At::Offsets(failed) => (NOT_ADDED, failed, CommitFailed::Refused),
            At::End(failed) => (NOT_COMMITTED, failed, CommitFailed::Unknown),
        };
        match self.explain(what, timeout, Err(failed)) {
            Err(error) => kind(error),
            Ok(()) => kind(Error::new(ErrorKind::Internal, what)),
        }
    }
}

fn commit(client: &Arc<Client>, offsets: Option<Offsets>, deadline: Instant) -> Result<(), At> {
    flush(client, deadline).map_err(At::Flush)?;
    if let Some(offsets) = offsets {
        let offsets = offsets.renewed().map_err(At::Lost)?;
        repeat_until(deadline, |left| Some(offsets.add(client, left))).map_err(At::Offsets)?;
    }
    repeat_until(deadline, |left| {
        // Safety: the client is alive, and the error object is owned here.
        Some(unsafe { RkError::take(rk::rd_kafka_commit_transaction(client.raw(), millis(left.min(SLICE)))) })
    })
    .map_err(At::End)
}

/// Waits until every record has been acknowledged, or has failed and its report was taken by the producer's own thread.
fn flush(client: &Arc<Client>, deadline: Instant) -> Result<(), Code> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // Safety: the client is alive.
        match Code::of(unsafe { rk::rd_kafka_flush(client.raw(), millis(left.min(FLUSH_SLICE))) }) {
            Code::NONE => return Ok(()),
            Code::TIMED_OUT if !left.is_zero() => {}
            code => return Err(code),
        }
    }
}

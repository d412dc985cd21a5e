//! Transactions. Each call is bounded: librdkafka's own may be called again where it left off, and is, in slices, so that reports of
//! failed records are taken in between; without that a commit or abort waits for them for ever.
//!
//! A commit in the background makes the same calls on a thread of its own, and reports are taken by whoever asks how it is going.

use super::super::client::{Client, RkError, millis};
use super::super::codes::Code;
use super::super::membership::Token;
use super::super::queue::Partitions;
use super::KafkaProducer;
use crate::cluster::{CommitToken, CommittedOffset};
use crate::{Error, ErrorKind, Result, TopicPartition};
use crossbeam_channel::{TryRecvError, bounded};
use rdkafka_sys as rk;
use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub(super) const NOT_ADDED: &str = "offsets were not added to the transaction";
pub(super) const NOT_COMMITTED: &str = "the transaction was not committed";
/// One call into librdkafka.
pub(super) const SLICE: Duration = Duration::from_millis(250);
/// The first call of an abort, which has the reports of what it drops taken after it. Each further one is twice as long, up to `SLICE`. Not
/// shorter: the call begins with a question to librdkafka's main thread that cannot be asked again without confusion.
const FIRST_SLICE: Duration = Duration::from_millis(50);
/// How long to wait for a first connection.
const CONNECT: Duration = Duration::from_secs(1);
/// Between two tries of something that the broker put off.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

impl KafkaProducer {
    pub(super) fn init(&mut self, timeout: Duration) -> Result<()> {
        self.connect(timeout);
        // `init_transactions` keeps to its own time limit and is resumed by calling it again.
        self.repeat("the transactions of an earlier producer cannot be settled", timeout, timeout, |client, ms| {
            // Safety: the client is alive, and so is what is handed to it.
            unsafe { rk::rd_kafka_init_transactions(client, ms) }
        })
    }

    /// Waits for a connection to any broker: without one librdkafka looks for the coordinator again only after half a second.
    fn connect(&self, timeout: Duration) {
        let mut metadata = ptr::null();
        // Safety: the client is alive; an answer is freed. What goes wrong here is told by the call that follows.
        unsafe {
            rk::rd_kafka_metadata(self.client.raw(), 0, ptr::null_mut(), &mut metadata, millis(timeout.min(CONNECT)));
            if !metadata.is_null() {
                rk::rd_kafka_metadata_destroy(metadata);
            }
        }
    }

    pub(super) fn begin_transaction(&mut self) -> Result<()> {
        self.repeat("a transaction cannot be begun", Duration::ZERO, SLICE, |client, _| {
            // Safety: the client is alive.
            unsafe { rk::rd_kafka_begin_transaction(client) }
        })
    }

    pub(super) fn add_offsets(
        &mut self,
        offsets: &[(TopicPartition, CommittedOffset)],
        token: &dyn CommitToken,
        timeout: Duration,
    ) -> Result<()> {
        let offsets = Arc::new(Offsets::new(offsets, token)?);
        self.repeat_call(NOT_ADDED, timeout, |producer, left| {
            let (client, offsets) = (producer.client.clone(), offsets.clone());
            producer.apart(left, move || offsets.add(&client, left))
        })
    }

    /// Makes a call on a thread of its own, and waits for it no longer than told. librdkafka waits for a coordinator that hangs until its
    /// socket's time is over (its issue 5456), and the group takes this thread for dead by then.
    fn apart(&mut self, timeout: Duration, call: impl FnOnce() -> Result<(), RkError> + Send + 'static) -> Option<Result<(), RkError>> {
        let (done, result) = bounded(1);
        let spawned = thread::Builder::new().name("kafka-offsets".into()).spawn(move || {
            // Nobody may be waiting any more.
            let _ = done.send(call());
        });
        if spawned.is_err() {
            // Without a thread, which is a passing fault of the machine, the caller tries again.
            return None;
        }
        match result.recv_timeout(timeout + PAUSE) {
            Ok(outcome) => Some(outcome),
            Err(_) => {
                self.running = Some(result);
                None
            }
        }
    }

    pub(super) fn commit_transaction(&mut self, timeout: Duration) -> Result<()> {
        self.repeat(NOT_COMMITTED, timeout, SLICE, |client, ms| {
            // Safety: the client is alive, and so is what is handed to it.
            unsafe { rk::rd_kafka_commit_transaction(client, ms) }
        })
    }

    pub(super) fn abort_transaction(&mut self, timeout: Duration) -> Result<()> {
        let mut slice = FIRST_SLICE;
        self.repeat_call("the transaction was not aborted", timeout, |producer, left| {
            let ms = millis(left.min(slice));
            slice = (slice * 2).min(SLICE);
            // Safety: the client is alive, and the error object is owned here.
            Some(unsafe { RkError::take(rk::rd_kafka_abort_transaction(producer.client.raw(), ms)) })
        })
    }

    /// Calls until success, a final error or the end of the time.
    fn repeat(
        &mut self,
        what: &str,
        timeout: Duration,
        slice: Duration,
        call: impl Fn(*mut rk::rd_kafka_t, c_int) -> *mut rk::rd_kafka_error_t,
    ) -> Result<()> {
        self.repeat_call(what, timeout, |producer, left| {
            // Safety: the client is alive, and the error object is owned here.
            Some(unsafe { RkError::take(call(producer.client.raw(), millis(left.min(slice)))) })
        })
    }

    /// The same for a call that may not come back: `None`.
    fn repeat_call(
        &mut self,
        what: &str,
        timeout: Duration,
        mut call: impl FnMut(&mut Self, Duration) -> Option<Result<(), RkError>>,
    ) -> Result<()> {
        self.check_usable(what)?;
        let ended = repeat_until(Instant::now() + timeout, |left| {
            let result = call(self, left);
            self.serve();
            result
        });
        self.explain(what, timeout, ended)
    }

    /// Whether a call about a transaction can be made now.
    pub(super) fn check_usable(&mut self, what: &str) -> Result<()> {
        if let Some((kind, text)) = &self.fatal {
            return Err(Error::new(*kind, text.clone()));
        }
        if let Some(running) = &self.running {
            if let Err(TryRecvError::Empty) = running.try_recv() {
                return Err(self.client.error(Code::TIMED_OUT, format_args!("{what}, because an earlier call has not come back")));
            }
            self.running = None;
        }
        Ok(())
    }

    /// What an end of repeated calls means.
    pub(super) fn explain(&mut self, what: &str, timeout: Duration, ended: Result<(), Failed>) -> Result<()> {
        let error = match ended {
            Ok(()) => return Ok(()),
            // The outcome is open; the caller has to make a new producer.
            Err(Failed::NotBack) => {
                return Err(self.client.error(Code::TIMED_OUT, format_args!("{what} within {} ms", timeout.as_millis())));
            }
            Err(Failed::OutOfTime(error)) => {
                let text = format!("{} (after {} ms)", error.text(), timeout.as_millis());
                return Err(self.client.error_text(Code::TIMED_OUT, what, &text));
            }
            Err(Failed::For(error)) => error,
        };
        if error.is_fatal() {
            let (code, text) = self.client.fatal().unwrap_or_else(|| (error.code(), error.text()));
            return Err(self.end(code, &text));
        }
        if error.requires_abort() {
            return Err(self.abortable(what, &error));
        }
        Err(match error.code() {
            // Called in a wrong order.
            Code::STATE | Code::CONFLICT => Error::new(ErrorKind::Closed, format!("{what}: {}", error.text())),
            code => self.client.error_text(code, what, &error.text()),
        })
    }

    /// The transaction must be aborted. Who has lost the group or the producer's epoch is fenced, and the work belongs to another; what is
    /// not allowed stays so; everything else is done again from the last commit.
    fn abortable(&self, what: &str, error: &RkError) -> Error {
        let kind = match error.code() {
            code if code.kind() == ErrorKind::Fenced => ErrorKind::Fenced,
            code if code.is_denial() => ErrorKind::Rejected,
            _ => ErrorKind::Unavailable,
        };
        Error::new(kind, format!("{what}, and has to be aborted: {}", error.text()))
    }
}

/// Why repeated calls came to nothing.
pub(super) enum Failed {
    /// The last call has not come back.
    NotBack,
    /// The last call might be made again, but time is over.
    OutOfTime(RkError),
    /// Calling again is of no use.
    For(RkError),
}

/// Calls until success, a final error or the deadline; a call that may not come back answers `None` then.
pub(super) fn repeat_until(deadline: Instant, mut call: impl FnMut(Duration) -> Option<Result<(), RkError>>) -> Result<(), Failed> {
    loop {
        let error = match call(deadline.saturating_duration_since(Instant::now())) {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => error,
            None => return Err(Failed::NotBack),
        };
        let again = !error.is_fatal() && !error.requires_abort() && (error.is_retriable() || error.code() == Code::TIMED_OUT);
        if !again {
            return Err(Failed::For(error));
        }
        if Instant::now() >= deadline {
            return Err(Failed::OutOfTime(error));
        }
        if error.code() != Code::TIMED_OUT {
            thread::sleep(PAUSE);
        }
    }
}

/// Offsets on their way into a transaction, in librdkafka's form.
pub(super) struct Offsets {
    list: Partitions,
    token: Token,
}

impl Offsets {
    pub fn new(offsets: &[(TopicPartition, CommittedOffset)], token: &dyn CommitToken) -> Result<Self> {
        let Some(token) = token.as_any().downcast_ref::<Token>() else {
            return Err(Error::new(ErrorKind::Internal, "the commit token is of another cluster's group"));
        };
        let mut list = Partitions::new(offsets.len());
        for (partition, offset) in offsets {
            list.add_committed(partition, offset)?;
        }
        Ok(Offsets { list, token: token.clone() })
    }

    /// With the token of the generation that the member is in now.
    pub fn renewed(self) -> Result<Self> {
        let token = self.token.renew()?;
        Ok(Offsets { token, ..self })
    }

    /// One call, which may last longer than told.
    pub fn add(&self, client: &Client, timeout: Duration) -> Result<(), RkError> {
        // Safety: client, list and token are alive, and the error object is owned here.
        unsafe { RkError::take(rk::rd_kafka_send_offsets_to_transaction(client.raw(), self.list.raw(), self.token.raw(), millis(timeout))) }
    }
}

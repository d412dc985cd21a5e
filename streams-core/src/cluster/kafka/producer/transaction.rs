//! Transactions. Each call is bounded: librdkafka's own may be called again where it left off, and is, in slices, so that reports of
//! failed records are taken in between; without that a commit or abort waits for them for ever.

use super::super::client::{RkError, millis};
use super::super::codes::Code;
use super::super::membership::Token;
use super::super::queue::Partitions;
use super::KafkaProducer;
use crate::cluster::{CommitToken, CommittedOffset};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use std::ffi::c_int;
use std::time::{Duration, Instant};

/// One call into librdkafka.
const SLICE: Duration = Duration::from_millis(250);
/// Between two tries of something that the broker put off.
const PAUSE: Duration = Duration::from_millis(10);

impl KafkaProducer {
    pub(super) fn init(&mut self, timeout: Duration) -> Result<()> {
        // `init_transactions` keeps to its own time limit and is resumed by calling it again.
        self.repeat("the transactions of an earlier producer cannot be settled", timeout, timeout, |client, ms| {
            // Safety: the client is alive, and so is what is handed to it.
            unsafe { rk::rd_kafka_init_transactions(client, ms) }
        })
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
        let Some(token) = token.as_any().downcast_ref::<Token>() else {
            return Err(Error::new(ErrorKind::Internal, "the commit token is of another cluster's group"));
        };
        let mut list = Partitions::new(offsets.len());
        for (partition, offset) in offsets {
            list.add_committed(partition, offset)?;
        }
        self.repeat("offsets cannot be added to the transaction", timeout, timeout, |client, ms| {
            // Safety: the client is alive, and so is what is handed to it.
            unsafe { rk::rd_kafka_send_offsets_to_transaction(client, list.raw(), token.raw(), ms) }
        })
    }

    pub(super) fn commit_transaction(&mut self, timeout: Duration) -> Result<()> {
        self.repeat("the transaction was not committed", timeout, SLICE, |client, ms| {
            // Safety: the client is alive, and so is what is handed to it.
            unsafe { rk::rd_kafka_commit_transaction(client, ms) }
        })
    }

    pub(super) fn abort_transaction(&mut self, timeout: Duration) -> Result<()> {
        self.repeat("the transaction was not aborted", timeout, SLICE, |client, ms| {
            // Safety: the client is alive.
            unsafe { rk::rd_kafka_abort_transaction(client, ms) }
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
        if let Some((kind, text)) = &self.fatal {
            return Err(Error::new(*kind, text.clone()));
        }
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Safety: the client is alive, and the error object is owned here.
            let result = unsafe { RkError::take(call(self.client.raw(), millis(left.min(slice)))) };
            self.serve();
            let Err(error) = result else { return Ok(()) };
            if error.is_fatal() {
                let (code, text) = self.client.fatal().unwrap_or_else(|| (error.code(), error.text()));
                return Err(self.end(code, &text));
            }
            if error.requires_abort() {
                return Err(self.abortable(what, &error));
            }
            let again = error.is_retriable() || error.code() == Code::TIMED_OUT;
            if !again {
                return Err(match error.code() {
                    // Called in a wrong order.
                    Code::STATE | Code::CONFLICT => Error::new(ErrorKind::Closed, format!("{what}: {}", error.text())),
                    code => self.client.error_text(code, what, &error.text()),
                });
            }
            if Instant::now() >= deadline {
                // The outcome is open; the caller has to make a new producer.
                let text = format!("{} (after {} ms)", error.text(), timeout.as_millis());
                return Err(self.client.error_text(Code::TIMED_OUT, what, &text));
            }
            if error.code() != Code::TIMED_OUT {
                std::thread::sleep(PAUSE);
            }
        }
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

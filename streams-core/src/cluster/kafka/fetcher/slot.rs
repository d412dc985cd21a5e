//! One partition that is read: its queue, its position, what went wrong with it.

use crate::cluster::RecordBatch;
use crate::cluster::kafka::batch::Batch;
use crate::cluster::kafka::client::{Client, Shared, c_string, millis, text};
use crate::cluster::kafka::codes::Code;
use crate::cluster::kafka::queue::{Partitions, Queue};
use crate::cluster::kafka::signal::{Ready, Signal, on_event};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

/// How long a seek may take; it needs no broker.
const SEEK: Duration = Duration::from_secs(5);

/// A partition that is read.
pub(super) struct Slot {
    pub partition: TopicPartition,
    pub ready: Arc<Ready>,
    topic: Topic,
    queue: Queue,
    client: Arc<Client>,
    /// Behind the last record that was handed over.
    next: i64,
    /// What the end-of-partition event said last.
    end: i64,
    /// librdkafka counts an event without a record (an end, an error) as a record: this position of its is not to be believed.
    disbelieved: i64,
    /// Whether a response was seen since the start, so that the end that librdkafka remembers is of this reading.
    pub answered: bool,
    /// What ended the reading, until `seek` or `remove`.
    failed: Option<(ErrorKind, String)>,
}

/// A topic handle.
struct Topic(NonNull<rk::rd_kafka_topic_t>);

// Safety: librdkafka's handles may be used from any thread.
unsafe impl Send for Topic {}

impl Drop for Topic {
    fn drop(&mut self) {
        // Safety: owned; the slot's queue keeps the client alive until after this.
        unsafe { rk::rd_kafka_topic_destroy(self.0.as_ptr()) }
    }
}

impl Slot {
    pub fn start(client: &Arc<Client>, signal: &Arc<Signal>, partition: &TopicPartition, offset: i64) -> Result<Slot> {
        if offset < 0 || partition.partition < 0 {
            return Err(Error::new(ErrorKind::Internal, format!("{partition} cannot be read from offset {offset}")));
        }
        let name = c_string("topic", &partition.topic)?;
        // Safety: the name ends with a zero; null takes the client's settings.
        let topic = unsafe { rk::rd_kafka_topic_new(client.raw(), name.as_ptr(), ptr::null_mut()) };
        let Some(topic) = NonNull::new(topic) else {
            // Safety: reads the thread's last error.
            let code = Code::of(unsafe { rk::rd_kafka_last_error() });
            return Err(client.error(code, format_args!("topic `{}`", partition.topic)));
        };
        let topic = Topic(topic);
        let queue = Queue::partition(client, partition)?;
        let ready = Ready::new(signal);
        client.keep(ready.clone());
        queue.on_event(on_event, Arc::as_ptr(&ready) as *mut c_void);
        let slot = Slot {
            partition: partition.clone(),
            ready,
            topic,
            queue,
            client: client.clone(),
            next: offset,
            end: -1,
            disbelieved: -1,
            answered: false,
            failed: None,
        };
        // Safety: the topic is alive.
        if unsafe { rk::rd_kafka_consume_start(slot.topic.0.as_ptr(), partition.partition, offset) } != 0 {
            // Safety: reads the thread's last error.
            let code = Code::of(unsafe { rk::rd_kafka_last_error() });
            return Err(client.error(code, format_args!("{partition} cannot be read from offset {offset}")));
        }
        // An earlier reading may have left something in the queue after it was emptied, and a queue that is not empty tells nothing of more.
        slot.ready.look_again();
        Ok(slot)
    }

    pub fn stop(self) -> Result<()> {
        self.queue.no_event();
        // Safety: the topic is alive. Waits for librdkafka's main thread, never for a broker.
        let stopped = unsafe { rk::rd_kafka_consume_stop(self.topic.0.as_ptr(), self.partition.partition) };
        // Safety: reads the thread's last error.
        let code = if stopped == 0 { Code::NONE } else { Code::of(unsafe { rk::rd_kafka_last_error() }) };
        self.discard();
        self.client.unkeep(Arc::as_ptr(&self.ready) as *const ());
        match code {
            Code::NONE => Ok(()),
            code => Err(self.client.error(code, format_args!("{} cannot be stopped", self.partition))),
        }
    }

    /// Empties the queue: taking a batch drops what is out of date.
    fn discard(&self) {
        let mut message = ptr::null_mut();
        // Safety: one place for one message, which is owned by the caller then.
        unsafe {
            while rk::rd_kafka_consume_batch_queue(self.queue.raw(), 0, &mut message, 1) == 1 {
                rk::rd_kafka_message_destroy(message);
            }
        }
    }

    /// Goes through what was taken: messages stay, in order, at the front; the rest is looked at and destroyed. Returns how many stay.
    ///
    /// # Safety
    /// The messages are owned by the caller.
    unsafe fn sort_out(&mut self, taken: &mut [*mut rk::rd_kafka_message_t]) -> usize {
        let mut kept = 0;
        self.answered = true;
        for i in 0..taken.len() {
            let message = taken[i];
            // Safety: alive until destroyed below.
            let (code, offset) = unsafe { (Code::of((*message).err), (*message).offset) };
            if code == Code::NONE && offset >= self.next {
                self.next = offset + 1;
                taken[kept] = message;
                kept += 1;
                continue;
            }
            if code == Code::PARTITION_EOF {
                self.disbelieved = offset + 1;
                self.end = self.end.max(offset);
            } else if code != Code::NONE {
                self.disbelieved = offset + 1;
                // Safety: the text belongs to the message.
                let text = unsafe { text(rk::rd_kafka_message_errstr(message)) };
                self.trouble(code, offset, &text);
            }
            // Safety: owned, and left out of what stays.
            unsafe { rk::rd_kafka_message_destroy(message) };
        }
        kept
    }

    fn trouble(&mut self, code: Code, offset: i64, text: &str) {
        let partition = &self.partition;
        let failed = match code {
            Code::AUTO_OFFSET_RESET | Code::OFFSET_OUT_OF_RANGE | Code::LOG_TRUNCATION => {
                // An error of a reading that a seek has ended.
                if offset >= 0 && offset < self.next {
                    return;
                }
                let why = "the log was deleted up to a later record, truncated, or made anew";
                (
                    ErrorKind::Corrupted,
                    format!(
                        "offset {} is not in the log of topic {}, partition {} ({why}): {text}",
                        self.next, partition.topic, partition.partition
                    ),
                )
            }
            code if code.is_missing_topic() => (
                ErrorKind::Topology,
                format!("topic `{}` has no partition {} (any more): {}", partition.topic, partition.partition, code.text()),
            ),
            Code::MSG_SIZE_TOO_LARGE => (
                ErrorKind::Config,
                format!(
                    "topic {}, partition {}, offset {offset}: the record is larger than may be fetched; \
                     raise `receive.message.max.bytes` and `fetch.max.bytes`",
                    partition.topic, partition.partition
                ),
            ),
            code if code.kind() == ErrorKind::Unavailable => {
                tracing::debug!(target: "kafka", client_id = self.client.id(), %partition, "fetch goes on after: {text}");
                return;
            }
            code => (code.kind(), format!("topic {}, partition {}, offset {offset}: {text}", partition.topic, partition.partition)),
        };
        self.failed = Some(failed);
    }

    /// Takes up to `max` records.
    pub fn fetch(&mut self, scratch: &mut Vec<*mut rk::rd_kafka_message_t>, max: usize) -> Result<Option<Box<dyn RecordBatch>>> {
        self.check()?;
        if max == 0 || !self.ready.take() {
            return Ok(None);
        }
        if scratch.len() < max {
            scratch.resize(max, ptr::null_mut());
        }
        // Safety: there is room for `max` messages, which are owned here then.
        let taken = unsafe { rk::rd_kafka_consume_batch_queue(self.queue.raw(), 0, scratch.as_mut_ptr(), max) };
        let taken = &mut scratch[..usize::try_from(taken).unwrap_or(0)];
        if taken.len() == max {
            // There may be more, of which no event will tell; a `wait` comes back once.
            self.ready.set();
        }
        // That a topic is gone is told by callback, from within the call above.
        if let Some((code, text)) = self.client.take_stray() {
            self.trouble(code, -1, &text);
        }
        if !taken.is_empty() {
            // Safety: owned.
            let kept = unsafe { self.sort_out(taken) };
            if kept > 0 {
                // An error behind them is told by the next call.
                // Safety: sorted out, and not touched again.
                return Ok(Some(Box::new(unsafe { Batch::new(&self.client, &taken[..kept]) })));
            }
        }
        self.check().map(|()| None)
    }

    fn check(&self) -> Result<()> {
        match &self.failed {
            None => Ok(()),
            Some((kind, text)) => Err(Error::new(*kind, text.clone())),
        }
    }

    /// Moves; false when that takes a new start.
    pub fn seek(&mut self, offset: i64) -> bool {
        if offset < 0 || self.failed.is_some() {
            return false;
        }
        // Safety: the topic is alive.
        let sought = unsafe { rk::rd_kafka_seek(self.topic.0.as_ptr(), self.partition.partition, offset, millis(SEEK)) };
        if Code::of(sought) != Code::NONE {
            return false;
        }
        // What is out of date in the queue is dropped when a batch is taken.
        (self.next, self.end, self.disbelieved, self.answered) = (offset, -1, -1, false);
        self.ready.look_again();
        true
    }

    pub fn position(&self) -> i64 {
        let known = self.next.max(self.end);
        let mut list = Partitions::new(1);
        if list.add(&self.partition, -1).is_err() {
            return known;
        }
        // Safety: the list is alive.
        unsafe { rk::rd_kafka_position(self.client.raw(), list.raw()) };
        match list.entries().first() {
            Some(e) if e.code == Code::NONE && e.offset > known && e.offset != self.disbelieved => e.offset,
            _ => known,
        }
    }

    /// The end that the last response told.
    pub fn known_end(&self) -> Option<i64> {
        if !self.answered {
            return None;
        }
        let name = c_string("topic", &self.partition.topic).ok()?;
        let (mut low, mut high) = (-1, -1);
        // Safety: reads what librdkafka remembers; the name ends with a zero.
        let code =
            unsafe { rk::rd_kafka_get_watermark_offsets(self.client.raw(), name.as_ptr(), self.partition.partition, &mut low, &mut high) };
        (Code::of(code) == Code::NONE && high >= 0).then_some(high)
    }

    /// Another of the same partition, where this one stands.
    pub fn moved(&mut self, client: &Arc<Client>, signal: &Arc<Signal>) -> Result<Slot> {
        let mut new = Slot::start(client, signal, &self.partition, self.position())?;
        new.failed = self.failed.take();
        Ok(new)
    }
}

/// Called by librdkafka within a call of the fetcher's thread.
pub(super) unsafe extern "C" fn on_error(_client: *mut rk::rd_kafka_t, code: c_int, reason: *const c_char, opaque: *mut c_void) {
    // Safety: the opaque pointer is the client's `Shared`, and the text ends with a zero.
    unsafe { (*(opaque as *const Shared)).stray.put(Code(code), text(reason)) };
}

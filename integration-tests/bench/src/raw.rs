//! The two calls of librdkafka that the floor is made of and its wrapper lacks: a batch from a queue, and a record to a topic's handle with everything
//! set by hand.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka_sys as sys;
use sys::bindings::{
    self, rd_kafka_vtype_t as vtype, rd_kafka_vu_s, rd_kafka_vu_s__bindgen_ty_1, rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1,
};

/// How many records a batch holds at most.
const BATCH: usize = 2_000;

/// Reads batches from the queue of a consumer.
pub struct BatchReader<'a> {
    queue: *mut sys::RDKafkaQueue,
    messages: Vec<*mut sys::RDKafkaMessage>,
    consumer: PhantomData<&'a BaseConsumer>,
}

/// The records of one read; freed when it is dropped.
pub struct Batch<'a> {
    messages: &'a mut Vec<*mut sys::RDKafkaMessage>,
}

/// A record, borrowed from its batch.
pub struct RawMessage<'a> {
    pub partition: i32,
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub timestamp: i64,
}

impl<'a> BatchReader<'a> {
    /// Of this consumer, which lives longer.
    pub fn new(consumer: &'a BaseConsumer) -> Self {
        // SAFETY: the consumer is alive, and stays so for 'a.
        let queue = unsafe { bindings::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        BatchReader { queue, messages: Vec::with_capacity(BATCH), consumer: PhantomData }
    }

    /// The next records; empty when none came in this time.
    pub fn read(&mut self, limit: Duration) -> Batch<'_> {
        // A batch read waits until its array is full or its time is over, so it waits only where nothing is there.
        let mut count = self.fill(0);
        if count == 0 {
            let end = std::time::Instant::now() + limit;
            while count == 0 && std::time::Instant::now() < end {
                count = self.fill(5);
            }
        }
        // SAFETY: librdkafka has written `count` pointers into the vector's room.
        unsafe { self.messages.set_len(count) };
        Batch { messages: &mut self.messages }
    }

    fn fill(&mut self, wait_ms: i32) -> usize {
        // SAFETY: the queue is alive, and the vector has room for BATCH pointers.
        let count = unsafe { bindings::rd_kafka_consume_batch_queue(self.queue, wait_ms, self.messages.as_mut_ptr(), BATCH) };
        usize::try_from(count).unwrap_or(0)
    }
}

impl Drop for BatchReader<'_> {
    fn drop(&mut self) {
        // SAFETY: the queue came from rd_kafka_queue_get_consumer and is released once.
        unsafe { bindings::rd_kafka_queue_destroy(self.queue) };
    }
}

impl Batch<'_> {
    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The records, or the error that stands in the place of one.
    pub fn iter(&self) -> impl Iterator<Item = Result<RawMessage<'_>>> {
        self.messages.iter().map(|message| {
            // SAFETY: librdkafka owns the message until `Batch::drop`.
            let raw = unsafe { &**message };
            if raw.err != sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                // SAFETY: librdkafka's text of an error code lives as long as the program.
                bail!("{}", unsafe { CStr::from_ptr(bindings::rd_kafka_err2str(raw.err)) }.to_string_lossy());
            }
            // SAFETY: the message is alive; the type of its time is not asked for.
            let timestamp = unsafe { bindings::rd_kafka_message_timestamp(*message, ptr::null_mut()) };
            // SAFETY: both buffers belong to the message, which outlives what is returned.
            let (key, value) = unsafe { (bytes(raw.key, raw.key_len), bytes(raw.payload, raw.len)) };
            Ok(RawMessage { partition: raw.partition, key, value, timestamp })
        })
    }
}

/// A buffer of librdkafka's; null is an empty one.
///
/// # Safety
/// A buffer of `len` bytes begins at `start`, or `start` is null, and the buffer outlives `'a`.
unsafe fn bytes<'a>(start: *const c_void, len: usize) -> &'a [u8] {
    // SAFETY: the caller promises it.
    if start.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(start.cast(), len) } }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for message in self.messages.drain(..) {
            // SAFETY: each message is freed once, and nothing borrows from it any more.
            unsafe { bindings::rd_kafka_message_destroy(message) };
        }
    }
}

/// Writes to one topic.
pub struct TopicWriter<'a> {
    client: *mut sys::RDKafka,
    topic: *mut sys::RDKafkaTopic,
    producer: PhantomData<&'a BaseProducer>,
}

impl<'a> TopicWriter<'a> {
    /// Of this producer, which lives longer.
    pub fn new(producer: &'a BaseProducer, topic: &str) -> Result<Self> {
        let (client, name) = (producer.client().native_ptr(), CString::new(topic)?);
        // SAFETY: the producer is alive, the name is a C string, and no settings means the defaults.
        let handle = unsafe { bindings::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut()) };
        if handle.is_null() {
            bail!("cannot get a handle of the topic {topic}");
        }
        Ok(TopicWriter { client, topic: handle, producer: PhantomData })
    }

    /// Queues a copy of a record; `false`: the queue is full.
    pub fn write(&self, partition: i32, key: &[u8], value: &[u8], timestamp: i64) -> Result<bool> {
        let arguments = [
            argument(vtype::RD_KAFKA_VTYPE_RKT, |u| u.rkt = self.topic),
            argument(vtype::RD_KAFKA_VTYPE_PARTITION, |u| u.i32_ = partition),
            argument(vtype::RD_KAFKA_VTYPE_KEY, |u| u.mem = memory(key)),
            argument(vtype::RD_KAFKA_VTYPE_VALUE, |u| u.mem = memory(value)),
            argument(vtype::RD_KAFKA_VTYPE_TIMESTAMP, |u| u.i64_ = timestamp),
            argument(vtype::RD_KAFKA_VTYPE_MSGFLAGS, |u| u.i = bindings::RD_KAFKA_MSG_F_COPY),
        ];
        // SAFETY: client and topic are alive, and the call copies what the arguments point to.
        let error = unsafe { bindings::rd_kafka_produceva(self.client, arguments.as_ptr(), arguments.len()) };
        if error.is_null() {
            return Ok(true);
        }
        // SAFETY: the error is ours; it is read, then freed once.
        let (code, text) = unsafe {
            let code = bindings::rd_kafka_error_code(error);
            let text = CStr::from_ptr(bindings::rd_kafka_error_string(error)).to_string_lossy().into_owned();
            bindings::rd_kafka_error_destroy(error);
            (code, text)
        };
        match code {
            sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR__QUEUE_FULL => Ok(false),
            _ => Err(anyhow!("cannot write to the output: {text}")),
        }
    }
}

impl Drop for TopicWriter<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle came from rd_kafka_topic_new and is released once.
        unsafe { bindings::rd_kafka_topic_destroy(self.topic) };
    }
}

fn argument(vtype: vtype, set: impl FnOnce(&mut rd_kafka_vu_s__bindgen_ty_1)) -> rd_kafka_vu_s {
    let mut u = rd_kafka_vu_s__bindgen_ty_1 { _pad: [0; 64] };
    set(&mut u);
    rd_kafka_vu_s { vtype, u }
}

fn memory(bytes: &[u8]) -> rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
    // librdkafka only reads it.
    rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr: bytes.as_ptr().cast_mut().cast(), size: bytes.len() }
}

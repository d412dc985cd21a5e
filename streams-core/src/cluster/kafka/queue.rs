//! librdkafka's queues, events and lists of partitions, owned.

use super::client::{Client, RkError, c_string, millis, text};
use super::codes::Code;
use crate::cluster::CommittedOffset;
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

/// A queue of a client.
pub(super) struct Queue {
    raw: NonNull<rk::rd_kafka_queue_t>,
    client: Arc<Client>,
}

// Safety: librdkafka's queues have their own locks.
unsafe impl Send for Queue {}
// Safety: as above.
unsafe impl Sync for Queue {}

impl Queue {
    /// A new one, to be given to a request.
    pub fn new(client: &Arc<Client>) -> Result<Queue> {
        // Safety: the client is alive.
        Queue::wrap(client, unsafe { rk::rd_kafka_queue_new(client.raw()) })
    }

    /// Where the client itself reports.
    pub fn main(client: &Arc<Client>) -> Result<Queue> {
        // Safety: as above.
        Queue::wrap(client, unsafe { rk::rd_kafka_queue_get_main(client.raw()) })
    }

    /// Where the group reports.
    pub fn consumer(client: &Arc<Client>) -> Result<Queue> {
        // Safety: as above.
        Queue::wrap(client, unsafe { rk::rd_kafka_queue_get_consumer(client.raw()) })
    }

    /// What is fetched of a partition.
    pub fn partition(client: &Arc<Client>, partition: &TopicPartition) -> Result<Queue> {
        let topic = c_string("topic", &partition.topic)?;
        // Safety: as above, and the name ends with a zero.
        Queue::wrap(client, unsafe { rk::rd_kafka_queue_get_partition(client.raw(), topic.as_ptr(), partition.partition) })
    }

    fn wrap(client: &Arc<Client>, raw: *mut rk::rd_kafka_queue_t) -> Result<Queue> {
        match NonNull::new(raw) {
            Some(raw) => Ok(Queue { raw, client: client.clone() }),
            None => Err(Error::new(ErrorKind::Internal, format!("the Kafka client `{}` has no such queue", client.id()))),
        }
    }

    pub fn raw(&self) -> *mut rk::rd_kafka_queue_t {
        self.raw.as_ptr()
    }

    /// Calls `callback` on a librdkafka thread whenever the queue was empty and no longer is.
    pub fn on_event(&self, callback: unsafe extern "C" fn(*mut rk::rd_kafka_t, *mut c_void), opaque: *mut c_void) {
        // Safety: the caller keeps what `opaque` points to (`Client::keep`).
        unsafe { rk::rd_kafka_queue_cb_event_enable(self.raw(), Some(callback), opaque) }
    }

    /// No more calls.
    pub fn no_event(&self) {
        // Safety: null switches it off.
        unsafe { rk::rd_kafka_queue_cb_event_enable(self.raw(), None, ptr::null_mut()) }
    }

    /// The next event.
    pub fn poll(&self, timeout: Duration) -> Option<Event> {
        // Safety: the queue is alive.
        let raw = NonNull::new(unsafe { rk::rd_kafka_queue_poll(self.raw(), millis(timeout)) })?;
        Some(Event { raw, _client: self.client.clone() })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Safety: owned; the client is still alive.
        unsafe { rk::rd_kafka_queue_destroy(self.raw()) }
    }
}

/// An event taken from a queue.
pub(super) struct Event {
    raw: NonNull<rk::rd_kafka_event_t>,
    _client: Arc<Client>,
}

impl Event {
    pub fn raw(&self) -> *mut rk::rd_kafka_event_t {
        self.raw.as_ptr()
    }

    /// One of `RD_KAFKA_EVENT_...`.
    pub fn kind(&self) -> i32 {
        // Safety: alive until drop, here and below.
        unsafe { rk::rd_kafka_event_type(self.raw()) }
    }

    pub fn code(&self) -> Code {
        // Safety: as above.
        Code::of(unsafe { rk::rd_kafka_event_error(self.raw()) })
    }

    pub fn text(&self) -> String {
        // Safety: as above; the text belongs to the event.
        unsafe { text(rk::rd_kafka_event_error_string(self.raw())) }
    }

    /// The partitions that it concerns.
    pub fn partitions(&self) -> Vec<TopicPartition> {
        // Safety: the list belongs to the event.
        unsafe { entries(rk::rd_kafka_event_topic_partition_list(self.raw())) }.iter().map(|e| e.partition.clone()).collect()
    }

    /// The first error among its partitions.
    pub fn partition_error(&self) -> Option<(TopicPartition, Code)> {
        // Safety: the list belongs to the event.
        let list = unsafe { entries(rk::rd_kafka_event_topic_partition_list(self.raw())) };
        list.into_iter().find(|e| e.code != Code::NONE).map(|e| (e.partition, e.code))
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // Safety: owned.
        unsafe { rk::rd_kafka_event_destroy(self.raw()) }
    }
}

/// A list of partitions with offsets, for librdkafka.
pub(super) struct Partitions(NonNull<rk::rd_kafka_topic_partition_list_t>);

// Safety: an object of its own, changed only through `&mut`.
unsafe impl Send for Partitions {}
// Safety: as above.
unsafe impl Sync for Partitions {}

impl Partitions {
    pub fn new(capacity: usize) -> Partitions {
        // Safety: librdkafka ends the process when memory is out, so this is never null.
        let raw = unsafe { rk::rd_kafka_topic_partition_list_new(capacity as i32) };
        Partitions(NonNull::new(raw).expect("librdkafka never returns a null list"))
    }

    pub fn raw(&self) -> *mut rk::rd_kafka_topic_partition_list_t {
        self.0.as_ptr()
    }

    /// Adds an entry.
    pub fn add(&mut self, partition: &TopicPartition, offset: i64) -> Result<()> {
        self.entry(&partition.topic, partition.partition, offset).map(|_| ())
    }

    /// Adds an entry with a commit's metadata.
    pub fn add_committed(&mut self, partition: &TopicPartition, committed: &CommittedOffset) -> Result<()> {
        let mut entry = self.entry(&partition.topic, partition.partition, committed.offset)?;
        let bytes = committed.metadata.as_bytes();
        if !bytes.is_empty() {
            // Safety: the list frees the metadata with librdkafka's `free`, so it comes from its `malloc`.
            unsafe {
                let copy = rk::rd_kafka_mem_malloc(ptr::null_mut(), bytes.len()) as *mut u8;
                ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
                entry.as_mut().metadata = copy as *mut c_void;
                entry.as_mut().metadata_size = bytes.len();
            }
        }
        Ok(())
    }

    /// Adds a topic to subscribe to.
    pub fn add_topic(&mut self, topic: &str) -> Result<()> {
        const UNASSIGNED: i32 = -1;
        self.entry(topic, UNASSIGNED, i64::from(rk::RD_KAFKA_OFFSET_INVALID)).map(|_| ())
    }

    fn entry(&mut self, topic: &str, partition: i32, offset: i64) -> Result<NonNull<rk::rd_kafka_topic_partition_t>> {
        let topic = c_string("topic", topic)?;
        // Safety: the name is copied; the entry lives until the next is added.
        unsafe {
            let entry = rk::rd_kafka_topic_partition_list_add(self.raw(), topic.as_ptr(), partition);
            let mut entry = NonNull::new(entry).expect("librdkafka never returns a null entry");
            entry.as_mut().offset = offset;
            Ok(entry)
        }
    }

    /// What is in it.
    pub fn entries(&self) -> Vec<Entry> {
        // Safety: owned.
        unsafe { entries(self.raw()) }
    }
}

impl Drop for Partitions {
    fn drop(&mut self) {
        // Safety: owned.
        unsafe { rk::rd_kafka_topic_partition_list_destroy(self.raw()) }
    }
}

/// An entry of a list, copied.
pub(super) struct Entry {
    pub partition: TopicPartition,
    pub offset: i64,
    pub metadata: String,
    pub code: Code,
}

/// # Safety
/// `list` is null or alive.
pub(super) unsafe fn entries(list: *const rk::rd_kafka_topic_partition_list_t) -> Vec<Entry> {
    // Safety: the caller's; a list holds `cnt` entries.
    unsafe {
        match list.as_ref() {
            Some(list) if list.cnt > 0 => std::slice::from_raw_parts(list.elems, list.cnt as usize).iter().map(|e| entry(e)).collect(),
            _ => Vec::new(),
        }
    }
}

/// # Safety
/// The pointers in `e` are alive.
pub(super) unsafe fn entry(e: &rk::rd_kafka_topic_partition_t) -> Entry {
    // Safety: the caller's; metadata is as long as said.
    let (topic, metadata) = unsafe {
        let bytes = if e.metadata.is_null() { &[] } else { std::slice::from_raw_parts(e.metadata as *const u8, e.metadata_size) };
        (text(e.topic), String::from_utf8_lossy(bytes).into_owned())
    };
    Entry { partition: TopicPartition::new(topic, e.partition), offset: e.offset, metadata, code: Code::of(e.err) }
}

/// What a call that returns a plain code said.
pub(super) fn check(client: &Client, raw: rk::rd_kafka_resp_err_t, what: impl std::fmt::Display) -> Result<()> {
    match Code::of(raw) {
        Code::NONE => Ok(()),
        code => Err(client.error(code, what)),
    }
}

/// What a call that returns an error object said.
pub(super) fn check_object(client: &Client, result: Result<(), RkError>, what: impl std::fmt::Display) -> Result<()> {
    result.map_err(|e| client.error_text(e.code(), what, &e.text()))
}

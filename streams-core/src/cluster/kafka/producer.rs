//! Writes records: an idempotent librdkafka producer with cached topic handles and the partition set by the caller.
//!
//! Successful deliveries are not reported one by one (`delivery.report.only.error`); their offsets are noted by an interceptor on
//! librdkafka's thread. Failures come as events of the main queue, which also lets `flush` and the commit of a transaction wait exactly
//! as long as something is in flight.
//!
//! **Timestamp 0** cannot be written: librdkafka takes it for "none" and puts the wall clock in its place. It is refused, as are
//! negative times, which Java's producer refuses too.

mod acks;
mod background;
mod failures;
mod headers;
mod transaction;

use super::client::{Client, RkError, c_string, millis};
use super::codes::Code;
use super::queue::Queue;
use super::settings::{self, Role, Transaction, Waits};
use super::signal::{Ready, Signal, on_event};
use crate::cluster::{
    CommitFailed, CommitToken, CommittedOffset, DeliveryFailure, ProduceHandle, ProduceRecord, Producer, ProducerOptions, Waker,
};
use crate::{Error, ErrorKind, Result, TopicPartition};
use acks::Acks;
use background::Background;
use crossbeam_channel::Receiver;
use rdkafka_sys as rk;
use rk::rd_kafka_vtype_t as vtype;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one look at a full queue takes.
const FULL: Duration = Duration::from_millis(1);
/// How often a flush looks whether what is in flight has failed.
const FLUSH_SLICE: Duration = Duration::from_millis(100);
/// What Kafka Streams gives a transaction by default.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct KafkaProducer {
    topics: Vec<Topic>,
    by_name: HashMap<Arc<str>, u32, foldhash::fast::RandomState>,
    reports: Queue,
    reported: Arc<Ready>,
    failures: Vec<DeliveryFailure>,
    /// What ended the producer.
    fatal: Option<(ErrorKind, String)>,
    waits: Waits,
    transactional: Option<String>,
    /// A call that did not come back in time.
    running: Option<Receiver<Result<(), RkError>>>,
    background: Option<Background>,
    /// Last, so that topics and queue go first.
    client: Arc<Client>,
}

struct Topic {
    name: Arc<str>,
    raw: NonNull<rk::rd_kafka_topic_t>,
    partitions: i32,
    /// Something about the topic failed: ask the cluster again when it is asked for.
    stale: bool,
    acks: Arc<Acks>,
}

// Safety: librdkafka's handles may be used from any thread.
unsafe impl Send for Topic {}

impl Drop for Topic {
    fn drop(&mut self) {
        // Safety: owned; the producer's client is dropped after its topics.
        unsafe { rk::rd_kafka_topic_destroy(self.raw.as_ptr()) }
    }
}

impl KafkaProducer {
    pub fn new(options: ProducerOptions, bootstrap: &str) -> Result<KafkaProducer> {
        let ProducerOptions { client: settings, largest_batch, transactional_id, transaction_timeout, without_acknowledgements } = options;
        let transaction = match &transactional_id {
            None => None,
            Some(id) => {
                let given = settings.values.get("transaction.timeout.ms").and_then(|v| v.trim().parse().ok()).map(Duration::from_millis);
                Some(Transaction { id: id.clone(), timeout: transaction_timeout.or(given).unwrap_or(TRANSACTION_TIMEOUT) })
            }
        };
        let mut conf = settings::conf(&Role::Producer { transaction, largest_batch }, &settings, bootstrap)?;
        // Safety: the object is alive; the interceptor has the type that librdkafka asks for and needs no state of its own.
        unsafe {
            rk::rd_kafka_conf_set_events(conf.raw(), rk::RD_KAFKA_EVENT_DR | rk::RD_KAFKA_EVENT_ERROR);
            if !without_acknowledgements {
                let added = rk::rd_kafka_conf_interceptor_add_on_new(conf.raw(), c"streams".as_ptr(), Some(acks::on_new), ptr::null_mut());
                if Code::of(added) != Code::NONE {
                    return Err(Code::of(added).error("acknowledgements cannot be observed"));
                }
            }
        }
        let client = Client::new(rk::rd_kafka_type_t::RD_KAFKA_PRODUCER, &settings.client_id, conf)?;
        let reports = Queue::main(&client)?;
        let reported = Ready::new(&Arc::new(Signal::default()));
        client.keep(reported.clone());
        reports.on_event(on_event, Arc::as_ptr(&reported) as *mut c_void);
        let waits = settings::waits(&settings)?;
        Ok(KafkaProducer {
            topics: Vec::new(),
            by_name: HashMap::default(),
            reports,
            reported,
            failures: Vec::new(),
            fatal: None,
            waits,
            transactional: transactional_id,
            running: None,
            background: None,
            client,
        })
    }

    /// Asks the cluster how many partitions the topic has.
    fn ask(&self, raw: NonNull<rk::rd_kafka_topic_t>, name: &str) -> Result<i32> {
        let deadline = Instant::now() + self.waits.block;
        loop {
            let mut metadata = ptr::null();
            let left = deadline.saturating_duration_since(Instant::now()).max(FULL).min(self.waits.request);
            // Safety: client and topic are alive; the answer is freed below.
            let (code, answer) = unsafe {
                let code = rk::rd_kafka_metadata(self.client.raw(), 0, raw.as_ptr(), &mut metadata, millis(left));
                let answer = metadata.as_ref().filter(|m| m.topic_cnt > 0 && !m.topics.is_null()).map(|m| {
                    let topic = &*m.topics;
                    (Code::of(topic.err), topic.partition_cnt)
                });
                if !metadata.is_null() {
                    rk::rd_kafka_metadata_destroy(metadata);
                }
                (Code::of(code), answer)
            };
            let code = match (code, answer) {
                (Code::NONE, Some((Code::NONE, partitions))) if partitions > 0 => return Ok(partitions),
                (Code::NONE, Some((code, _))) if code.is_missing_topic() => {
                    let text = format!("topic `{name}` does not exist; create it, or correct its name");
                    return Err(Error::new(ErrorKind::Topology, text));
                }
                (Code::NONE, Some((code, _))) if code != Code::NONE => code,
                (Code::NONE, _) => Code::TIMED_OUT,
                (code, _) => code,
            };
            if code.kind() != ErrorKind::Unavailable || Instant::now() >= deadline {
                return Err(self.client.error(code, format_args!("topic `{name}`")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a place in the queue. A broker that is away frees it when `delivery.timeout.ms` is over.
    #[cold]
    fn wait_for_place(&mut self, since: Instant, topic: ProduceHandle, partition: i32) -> Result<()> {
        if since.elapsed() >= self.waits.block {
            let name = &self.topics[topic.0 as usize].name;
            let what = format!("a record for {name}-{partition} found no place in the queue (`buffer.memory`) for `max.block.ms`");
            return Err(self.client.error(Code::QUEUE_FULL, what));
        }
        if let Some(event) = self.reports.poll(FULL) {
            match event.kind() {
                rk::RD_KAFKA_EVENT_DR => self.note_failures(&event),
                _ => self.note_error(&event),
            }
        }
        Ok(())
    }
}

impl Producer for KafkaProducer {
    fn topic(&mut self, name: &str) -> Result<ProduceHandle> {
        if let Some(index) = self.by_name.get(name).copied() {
            let topic = &self.topics[index as usize];
            if topic.stale {
                let partitions = self.ask(topic.raw, name)?;
                let topic = &mut self.topics[index as usize];
                (topic.partitions, topic.stale) = (partitions, false);
            }
            return Ok(ProduceHandle(index));
        }
        let c_name = c_string("topic", name)?;
        let acks = Arc::new(Acks::default());
        self.client.keep(acks.clone());
        // Safety: the client is alive and keeps `acks`; the configuration is librdkafka's from then on, also when there is no topic.
        let raw = unsafe {
            let conf = rk::rd_kafka_default_topic_conf_dup(self.client.raw());
            rk::rd_kafka_topic_conf_set_opaque(conf, Arc::as_ptr(&acks) as *mut c_void);
            rk::rd_kafka_topic_new(self.client.raw(), c_name.as_ptr(), conf)
        };
        let Some(raw) = NonNull::new(raw) else {
            // Safety: reads the thread's last error.
            let code = Code::of(unsafe { rk::rd_kafka_last_error() });
            return Err(self.client.error(code, format_args!("topic `{name}`")));
        };
        let name: Arc<str> = name.into();
        let mut topic = Topic { name: name.clone(), raw, partitions: 0, stale: true, acks };
        let asked = self.ask(raw, &name);
        (topic.partitions, topic.stale) = (*asked.as_ref().unwrap_or(&0), asked.is_err());
        // Kept also when it is missing: librdkafka holds on to the first handle, with the acknowledgements in it.
        let index = self.topics.len() as u32;
        self.topics.push(topic);
        self.by_name.insert(name, index);
        asked.map(|_| ProduceHandle(index))
    }

    fn partitions(&self, topic: ProduceHandle) -> i32 {
        self.topics[topic.0 as usize].partitions
    }

    fn send(&mut self, topic: ProduceHandle, partition: i32, record: ProduceRecord<'_>) -> Result<()> {
        if record.timestamp <= 0 {
            return Err(failures::bad_time(&self.topics[topic.0 as usize].name, partition, record.timestamp));
        }
        let part = |vtype, u| rk::rd_kafka_vu_t { vtype, u };
        type U = rk::rd_kafka_vu_s__bindgen_ty_1;
        let bytes = |b: Option<&[u8]>| U {
            mem: rk::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
                ptr: b.map_or(ptr::null_mut(), |b| b.as_ptr() as *mut c_void),
                size: b.map_or(0, <[u8]>::len),
            },
        };
        let mut full_since = None;
        let mut headers = headers::List::new(record.headers);
        loop {
            let parts = [
                part(vtype::RD_KAFKA_VTYPE_RKT, U { rkt: self.topics[topic.0 as usize].raw.as_ptr() }),
                part(vtype::RD_KAFKA_VTYPE_PARTITION, U { i32_: partition }),
                part(vtype::RD_KAFKA_VTYPE_MSGFLAGS, U { i: rk::RD_KAFKA_MSG_F_COPY }),
                part(vtype::RD_KAFKA_VTYPE_VALUE, bytes(record.value)),
                part(vtype::RD_KAFKA_VTYPE_KEY, bytes(record.key)),
                part(vtype::RD_KAFKA_VTYPE_TIMESTAMP, U { i64_: record.timestamp }),
                part(vtype::RD_KAFKA_VTYPE_HEADERS, U { headers: headers.raw() }),
            ];
            let count = if headers.is_none() { parts.len() - 1 } else { parts.len() };
            // Safety: client, topic and bytes are alive for the call, which copies the bytes; headers are taken over on success.
            let result = unsafe { RkError::take(rk::rd_kafka_produceva(self.client.raw(), parts.as_ptr(), count)) };
            match result {
                Ok(()) => {
                    headers.taken();
                    return Ok(());
                }
                Err(e) if e.code() == Code::QUEUE_FULL => {
                    self.wait_for_place(*full_since.get_or_insert_with(Instant::now), topic, partition)?;
                }
                Err(e) => return Err(self.refused(e.code(), &e.text(), topic, partition, record)),
            }
        }
    }

    fn poll(&mut self) {
        if self.reported.take() {
            self.serve();
        }
    }

    fn flush(&mut self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Safety: the client is alive. A failed record counts as in flight until its report was taken, hence the slices.
            let code = Code::of(unsafe { rk::rd_kafka_flush(self.client.raw(), millis(left.min(FLUSH_SLICE))) });
            self.serve();
            match code {
                Code::NONE => return Ok(()),
                Code::TIMED_OUT if left > FLUSH_SLICE => {}
                Code::TIMED_OUT => {
                    // Safety: as above.
                    let count = unsafe { rk::rd_kafka_outq_len(self.client.raw()) };
                    if count == 0 {
                        return Ok(());
                    }
                    let what = format!("{count} records are not acknowledged after {} ms", timeout.as_millis());
                    return Err(self.client.error(code, what));
                }
                code => return Err(self.client.error(code, "records cannot be flushed")),
            }
        }
    }

    fn take_failures(&mut self) -> Vec<DeliveryFailure> {
        self.poll();
        std::mem::take(&mut self.failures)
    }

    fn acknowledged(&self, topic: ProduceHandle, partition: i32) -> Option<i64> {
        self.topics.get(topic.0 as usize)?.acks.greatest(partition)
    }

    fn init_transactions(&mut self, timeout: Duration) -> Result<()> {
        self.init(timeout)
    }

    fn begin(&mut self) -> Result<()> {
        self.begin_transaction()
    }

    fn send_offsets(&mut self, offsets: &[(TopicPartition, CommittedOffset)], token: &dyn CommitToken, timeout: Duration) -> Result<()> {
        self.add_offsets(offsets, token, timeout)
    }

    fn commit(&mut self, timeout: Duration) -> Result<()> {
        self.commit_transaction(timeout)
    }

    fn abort(&mut self, timeout: Duration) -> Result<()> {
        self.abort_transaction(timeout)
    }

    fn start_commit(
        &mut self,
        offsets: &[(TopicPartition, CommittedOffset)],
        token: Option<&dyn CommitToken>,
        timeout: Duration,
        wake: Waker,
    ) -> Result<()> {
        self.commit_in_background(offsets, token, timeout, wake)
    }

    fn commit_ended(&mut self, wait: Duration) -> Option<Result<(), CommitFailed>> {
        self.background_ended(wait)
    }
}

impl Drop for KafkaProducer {
    fn drop(&mut self) {
        self.reports.no_event();
    }
}

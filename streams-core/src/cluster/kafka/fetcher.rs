//! Reads partitions: one librdkafka consumer without a group, one queue per partition, drained in batches.
//!
//! librdkafka's plain ("simple") consumer is used, because a fetcher belongs to no group: its calls act on one partition, stopping is
//! synchronous, and no coordinator is looked for. Positions are kept here. librdkafka's own are asked only for what lies behind the last
//! record: transaction markers move its position when they are taken from the queue, and the end-of-partition event tells where the
//! reader stands in all other cases (aborted records, a compacted tail), after at most `fetch.wait.max.ms`.

mod slot;

use super::client::Client;
use super::settings::{self, FetchLimits, Role};
use super::signal::Signal;
use crate::cluster::{FetchHandle, Fetcher, FetcherOptions, RecordBatch, Waker};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use slot::Slot;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often queues are looked at that no event spoke of: insurance against a lost event, which would stop a partition while others go on.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) struct KafkaFetcher {
    options: FetcherOptions,
    bootstrap: String,
    client: Arc<Client>,
    /// For how many partitions the client's limits were made.
    sized_for: usize,
    signal: Arc<Signal>,
    slots: Vec<Option<Slot>>,
    scratch: Vec<*mut rk::rd_kafka_message_t>,
    looked: Instant,
}

// Safety: the raw pointers in `scratch` are only used within one call.
unsafe impl Send for KafkaFetcher {}

impl KafkaFetcher {
    pub fn new(options: FetcherOptions, bootstrap: &str) -> Result<KafkaFetcher> {
        let client = connect(&options, bootstrap, 0)?;
        // Limits that the user set hold for any number of partitions.
        let given = ["queued.max.messages.kbytes", "queued.min.messages"].iter().any(|key| options.client.values.contains_key(*key));
        Ok(KafkaFetcher {
            options,
            bootstrap: bootstrap.to_owned(),
            client,
            sized_for: if given { usize::MAX } else { FEW },
            signal: Arc::default(),
            slots: Vec::new(),
            scratch: Vec::new(),
            looked: Instant::now(),
        })
    }

    fn slot(&mut self, handle: FetchHandle) -> Result<&mut Slot> {
        self.slots.get_mut(handle.0 as usize).and_then(Option::as_mut).ok_or_else(|| unknown(handle))
    }

    /// The queues of one client share 32 MiB, and its limits cannot be changed: when there are many more partitions than it was made
    /// for, another takes over where the records handed over end.
    fn resize(&mut self, partitions: usize) -> Result<()> {
        let sized_for = partitions.next_power_of_two();
        let client = connect(&self.options, &self.bootstrap, sized_for)?;
        let signal = self.signal.clone();
        for slot in self.slots.iter_mut().flatten() {
            let moved = slot.moved(&client, &signal)?;
            std::mem::replace(slot, moved).stop()?;
        }
        self.client = client;
        self.sized_for = sized_for;
        Ok(())
    }
}

/// Up to here the limits are the same.
const FEW: usize = 4;

fn connect(options: &FetcherOptions, bootstrap: &str, partitions: usize) -> Result<Arc<Client>> {
    let limits = FetchLimits::share(partitions);
    let role = Role::Fetcher { read_committed: options.read_committed, bulk: options.bulk, limits };
    let mut conf = settings::conf(&role, &options.client, bootstrap)?;
    // Safety: the object is alive, and the callback has the type that librdkafka asks for.
    unsafe { rk::rd_kafka_conf_set_error_cb(conf.raw(), Some(slot::on_error)) };
    Client::new(rk::rd_kafka_type_t::RD_KAFKA_CONSUMER, &options.client.client_id, conf)
}

#[cold]
fn unknown(handle: FetchHandle) -> Error {
    Error::new(ErrorKind::Internal, format!("fetch handle {} is not in use", handle.0))
}

impl Fetcher for KafkaFetcher {
    fn add(&mut self, partition: &TopicPartition, offset: i64) -> Result<FetchHandle> {
        if self.slots.iter().flatten().any(|s| s.partition == *partition) {
            return Err(Error::new(ErrorKind::Internal, format!("{partition} is read already")));
        }
        let partitions = self.slots.iter().flatten().count() + 1;
        if partitions > self.sized_for {
            self.resize(partitions)?;
        }
        let slot = Slot::start(&self.client, &self.signal, partition, offset)?;
        let index = self.slots.iter().position(Option::is_none).unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[index] = Some(slot);
        Ok(FetchHandle(index as u32))
    }

    fn remove(&mut self, handle: FetchHandle) -> Result<()> {
        self.slots.get_mut(handle.0 as usize).and_then(Option::take).ok_or_else(|| unknown(handle))?.stop()
    }

    fn seek(&mut self, handle: FetchHandle, offset: i64) -> Result<()> {
        if self.slot(handle)?.seek(offset) {
            return Ok(());
        }
        // A reading that has failed cannot be moved.
        let partition = self.slot(handle)?.partition.clone();
        self.remove(handle)?;
        self.slots[handle.0 as usize] = Some(Slot::start(&self.client, &self.signal, &partition, offset)?);
        Ok(())
    }

    fn fetch(&mut self, handle: FetchHandle, max: usize) -> Result<Option<Box<dyn RecordBatch>>> {
        let KafkaFetcher { slots, scratch, .. } = self;
        match slots.get_mut(handle.0 as usize) {
            Some(Some(slot)) => slot.fetch(scratch, max),
            _ => Err(unknown(handle)),
        }
    }

    fn wait(&mut self, timeout: Duration) {
        self.signal.wait(timeout);
        if self.looked.elapsed() < LOOK_AGAIN {
            return;
        }
        self.looked = Instant::now();
        // Reports that concern no partition; librdkafka has logged them.
        // Safety: the client is alive.
        unsafe { rk::rd_kafka_poll(self.client.raw(), 0) };
        drop(self.client.take_stray());
        self.slots.iter().flatten().for_each(|slot| slot.ready.look_again());
    }

    fn waker(&self) -> Waker {
        let signal = self.signal.clone();
        Arc::new(move || signal.set())
    }

    fn position(&mut self, handle: FetchHandle) -> Result<i64> {
        Ok(self.slot(handle)?.position())
    }

    fn known_end(&mut self, handle: FetchHandle) -> Option<i64> {
        self.slot(handle).ok()?.known_end()
    }
}

impl Drop for KafkaFetcher {
    fn drop(&mut self) {
        for slot in self.slots.iter_mut().filter_map(Option::take) {
            let _ = slot.stop();
        }
    }
}

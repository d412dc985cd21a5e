//! The producer of a stream thread, shared by its tasks. While a transaction is being committed, what tasks write waits here for the next one.

use crate::cluster::{DeliveryFailure, ProduceHandle, ProduceRecord, Producer};
use crate::{ErrorKind, Headers, Result, TopicPartition};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What an emptied buffer may keep for the next commit.
const KEEP: usize = 1 << 20;

/// As tasks hold it.
pub(crate) type SharedProducer = Rc<RefCell<ThreadProducer>>;

pub(crate) struct ThreadProducer {
    client: Box<dyn Producer>,
    /// By the index of the handle.
    names: Vec<Arc<str>>,
    holding: bool,
    held: Held,
}

/// Records in the order in which they were written; their bytes lie behind each other.
#[derive(Default)]
struct Held {
    records: Vec<HeldRecord>,
    bytes: Vec<u8>,
}

struct HeldRecord {
    topic: ProduceHandle,
    partition: i32,
    key_len: Option<usize>,
    value_len: Option<usize>,
    timestamp: i64,
    headers: Headers,
}

impl ThreadProducer {
    pub fn new(client: Box<dyn Producer>) -> Self {
        ThreadProducer { client, names: Vec::new(), holding: false, held: Held::default() }
    }

    pub fn shared(client: Box<dyn Producer>) -> SharedProducer {
        Rc::new(RefCell::new(ThreadProducer::new(client)))
    }

    /// What it writes through.
    pub fn client(&mut self) -> &mut Box<dyn Producer> {
        &mut self.client
    }

    pub fn topic(&mut self, name: &str) -> Result<ProduceHandle> {
        let handle = self.client.topic(name)?;
        let index = handle.0 as usize;
        if self.names.len() <= index {
            self.names.resize(index + 1, Arc::from(""));
        }
        self.names[index] = name.into();
        Ok(handle)
    }

    pub fn partitions(&self, topic: ProduceHandle) -> i32 {
        self.client.partitions(topic)
    }

    pub fn acknowledged(&self, topic: ProduceHandle, partition: i32) -> Option<i64> {
        self.client.acknowledged(topic, partition)
    }

    #[inline]
    pub fn send(&mut self, topic: ProduceHandle, partition: i32, record: ProduceRecord<'_>) -> Result<()> {
        if self.holding {
            self.held.push(topic, partition, record);
            return Ok(());
        }
        self.client.send(topic, partition, record)
    }

    /// From now on, records wait for `release` or `discard`.
    pub fn hold(&mut self) {
        self.holding = true;
    }

    /// Bytes that wait.
    pub fn held_bytes(&self) -> usize {
        self.held.bytes.len() + self.held.records.len() * size_of::<HeldRecord>()
    }

    /// Writes what waits. A record that is refused is no matter of the others: `refused` says whether to go on without it.
    pub fn release(&mut self, mut refused: impl FnMut(DeliveryFailure) -> Result<()>) -> Result<()> {
        self.holding = false;
        let mut held = std::mem::take(&mut self.held);
        let mut rest = &held.bytes[..];
        for HeldRecord { topic, partition, key_len, value_len, timestamp, headers } in &held.records {
            let (key, value) = (take(&mut rest, *key_len), take(&mut rest, *value_len));
            match self.client.send(*topic, *partition, ProduceRecord { key, value, timestamp: *timestamp, headers }) {
                Err(error) if error.kind() == ErrorKind::Rejected => {
                    let partition = TopicPartition::new(self.names[topic.0 as usize].clone(), *partition);
                    refused(DeliveryFailure { partition, retriable: false, error })?;
                }
                sent => sent?,
            }
        }
        held.clear();
        self.held = held;
        Ok(())
    }

    /// Forgets what waits: its tasks go back to their last commit.
    pub fn discard(&mut self) {
        (self.holding, self.held) = (false, Held::default());
    }

    /// Writes through another client from now on. Handles are to be asked for anew.
    pub fn replace(&mut self, client: Box<dyn Producer>) {
        *self = ThreadProducer::new(client);
    }
}

impl Held {
    fn clear(&mut self) {
        if self.bytes.capacity() + self.records.capacity() * size_of::<HeldRecord>() > KEEP {
            *self = Held::default();
        }
        self.records.clear();
        self.bytes.clear();
    }

    fn push(&mut self, topic: ProduceHandle, partition: i32, record: ProduceRecord<'_>) {
        self.bytes.extend_from_slice(record.key.unwrap_or_default());
        self.bytes.extend_from_slice(record.value.unwrap_or_default());
        self.records.push(HeldRecord {
            topic,
            partition,
            key_len: record.key.map(<[u8]>::len),
            value_len: record.value.map(<[u8]>::len),
            timestamp: record.timestamp,
            headers: record.headers.clone(),
        });
    }
}

fn take<'a>(rest: &mut &'a [u8], len: Option<usize>) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at(len?);
    *rest = behind;
    Some(taken)
}

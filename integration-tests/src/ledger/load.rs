//! The writer: entries at a steady rate, each with an id, remembered once the cluster has acknowledged them.

use super::entry::{Entry, next_hash};
use crate::behaviour::clients::{Clients, Writer};
use crate::kafka::Kafka;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use streams_core::Headers;
use streams_core::cluster::ProduceRecord;

/// How often a few are written.
const TICK: Duration = Duration::from_millis(20);
/// How far back 5 % of the entries lie.
const OUT_OF_ORDER_MS: i64 = 3_000;
/// How long the last acknowledgements may take: a broker may be away meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);
/// Values of 100 to 200 bytes.
const PADDING: &str =
    "................................................................................................................................";

const ACCOUNTS: u64 = 10_000;
/// So many entries of as many accounts reach every partition of every internal topic.
const AHEAD: u64 = 400;

/// How much is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub per_second: u64,
    /// How many entries were written before.
    pub first: u64,
}

/// A writer on a thread of its own.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    thread: JoinHandle<Vec<Entry>>,
}

impl Load {
    /// Begins to write.
    pub fn start(kafka: &Kafka, input: &str, partitions: u32, amount: Amount) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (kafka, input) = (kafka.clone(), input.to_owned());
        let (asked, count) = (stop.clone(), written.clone());
        let thread = std::thread::spawn(move || {
            let clients = Clients::new(&kafka);
            // a broker that is away must not make a record fail
            let writer = clients.producer_with(&[("delivery.timeout.ms", "300000"), ("linger.ms", "5")]);
            write(writer, &input, partitions, amount, &asked, &count)
        });
        Load { stop, written, thread }
    }

    /// How many entries were written so far.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Stops; all entries, every one acknowledged.
    pub fn stop(self) -> Vec<Entry> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer does not panic")
    }
}

/// Writes entries of accounts of their own that lie so much further ahead in time, which closes what ends before them.
pub(super) fn write_ahead(kafka: &Kafka, input: &str, entries: &[Entry], ahead_ms: i64) -> Vec<Entry> {
    let newest = entries.iter().map(|entry| entry.time).max().unwrap_or_default();
    // whole pairs
    let next =
        |partition| entries.iter().filter(|e| e.partition == partition).map(|e| e.seq + 1).max().unwrap_or_default().next_multiple_of(2);
    let partitions = entries.iter().map(|entry| entry.partition + 1).max().unwrap_or(1);
    let mut seqs: Vec<u64> = (0..partitions).map(next).collect();
    let clients = Clients::new(kafka);
    let mut writer = clients.producer();
    let topic = writer.handle(input);
    let ahead: Vec<Entry> = (0..AHEAD)
        .map(|n| {
            let partition = (n % u64::from(partitions)) as u32;
            let seq = &mut seqs[partition as usize];
            *seq += 1;
            Entry { partition, seq: *seq - 1, key: (ACCOUNTS + n) as u32, time: newest + ahead_ms }
        })
        .collect();
    for entry in &ahead {
        let text = entry.to_text("");
        let record = ProduceRecord { key: None, value: Some(text.as_bytes()), timestamp: entry.time, headers: &Headers::new() };
        writer.producer.send(topic, entry.partition as i32, record).expect("the entry is taken");
    }
    writer.producer.flush(PATIENCE).expect("every entry is acknowledged");
    assert!(writer.producer.take_failures().is_empty(), "no entry failed");
    ahead
}

fn write(mut writer: Writer, input: &str, partitions: u32, amount: Amount, stop: &AtomicBool, count: &AtomicU64) -> Vec<Entry> {
    let topic = writer.handle(input);
    let (begun, mut entries) = (Instant::now(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let due = begun.elapsed().as_millis() as u64 * amount.per_second / 1000;
        while (entries.len() as u64) < due {
            let n = amount.first + entries.len() as u64;
            let random = next_hash(n, 0, n);
            let late = if random.is_multiple_of(20) { (random >> 8) as i64 % OUT_OF_ORDER_MS } else { 0 };
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
            let partition = (n % u64::from(partitions)) as u32;
            let key = ((random >> 20) % ACCOUNTS) as u32;
            let entry = Entry { partition, seq: n / u64::from(partitions), key, time: now - late };
            let text = entry.to_text(&PADDING[..80 + (random >> 50) as usize % 48]);
            let record = ProduceRecord { key: None, value: Some(text.as_bytes()), timestamp: entry.time, headers: &Headers::new() };
            writer.producer.send(topic, partition as i32, record).expect("the entry is taken");
            entries.push(entry);
        }
        count.store(entries.len() as u64, Ordering::Relaxed);
        writer.producer.poll();
        std::thread::sleep(TICK);
    }
    writer.producer.flush(PATIENCE).expect("every entry is acknowledged");
    assert!(writer.producer.take_failures().is_empty(), "no entry failed");
    entries
}

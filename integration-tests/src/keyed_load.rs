//! The load of the benches that run in real time: keys in turn, each record in the partition of its key.

use crate::behaviour::clients::{Clients, Writer};
use crate::kafka::Kafka;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use streams_core::Headers;
use streams_core::cluster::{ProduceHandle, ProduceRecord};
use streams_core::partitioner::partition_for_key;

/// How often a few are written.
const TICK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(120);

/// Writes at a steady rate until it is stopped.
pub(crate) struct KeyedLoad {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl KeyedLoad {
    pub fn start(kafka: &Kafka, input: &str, partitions: i32, keys: u64, per_second: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (kafka, input, asked) = (kafka.clone(), input.to_owned(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut writer = Clients::new(&kafka).producer_with(&[("linger.ms", "0")]);
            let topic = writer.handle(&input);
            let (begun, mut written) = (Instant::now(), 0);
            while !asked.load(Ordering::Relaxed) {
                let due = begun.elapsed().as_millis() as u64 * per_second / 1000;
                while written < due {
                    write(&mut writer, topic, partitions, written % keys);
                    written += 1;
                }
                writer.producer.poll();
                std::thread::sleep(TICK);
            }
        });
        KeyedLoad { stop, thread }
    }

    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer does not panic");
    }
}

/// Writes each key once.
pub(crate) fn fill(kafka: &Kafka, input: &str, partitions: i32, keys: u64) {
    let clients = Clients::new(kafka);
    let mut writer = clients.producer_with(&[("linger.ms", "20")]);
    let topic = writer.handle(input);
    for n in 0..keys {
        write(&mut writer, topic, partitions, n);
        if n % 1024 == 0 {
            writer.producer.poll();
        }
    }
    writer.producer.flush(PATIENCE).expect("every record is acknowledged");
}

fn write(writer: &mut Writer, topic: ProduceHandle, partitions: i32, n: u64) {
    let key = format!("key-{n:012}");
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.as_millis() as i64);
    let record = ProduceRecord { key: Some(key.as_bytes()), value: Some(b"a value of some length"), timestamp, headers: &Headers::new() };
    writer.producer.send(topic, partition_for_key(key.as_bytes(), partitions), record).expect("the record is taken");
}

//! When output came, partition by partition, as a read_committed reader sees it.

use crate::behaviour::clients::Clients;
use crate::kafka::Kafka;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use streams_core::TopicPartition;

const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const DAY: f64 = 86_400.0;

/// One partition.
#[derive(Clone, Copy)]
struct Seen {
    records: u64,
    last: Instant,
    longest: Duration,
    /// Seconds of the day.
    at: f64,
}

pub(super) struct Watch {
    partitions: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub fn start(kafka: &Kafka, topic: &str, partitions: i32) -> Self {
        let now = Instant::now();
        let seen = Arc::new(Mutex::new(vec![Seen { records: 0, last: now, longest: Duration::ZERO, at: 0.0 }; partitions as usize]));
        let stop = Arc::new(AtomicBool::new(false));
        let (kafka, topic, shared, asked) = (kafka.clone(), topic.to_owned(), seen.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut fetcher = Clients::new(&kafka).fetcher(true);
            let mut add = |p| fetcher.add(&TopicPartition::new(topic.as_str(), p), 0).expect("it can be read");
            let handles: Vec<_> = (0..partitions).map(&mut add).collect();
            while !asked.load(Ordering::Relaxed) {
                for (handle, p) in handles.iter().zip(0..) {
                    while let Some(batch) = fetcher.fetch(*handle, 10_000).expect("it can be read") {
                        let (mut all, now) = (lock(&shared), Instant::now());
                        let seen: &mut Seen = &mut all[p];
                        seen.records += batch.len() as u64;
                        seen.longest = seen.longest.max(now - seen.last);
                        (seen.last, seen.at) = (now, now_of_day());
                    }
                }
                fetcher.wait(Duration::from_millis(20));
            }
        });
        Watch { partitions: seen, stop, thread: Some(thread) }
    }

    /// Records so far.
    pub fn seen(&self) -> u64 {
        lock(&self.partitions).iter().map(|seen| seen.records).sum()
    }

    /// Forgets what was.
    pub fn begin(&mut self) {
        lock(&self.partitions).iter_mut().for_each(|seen| seen.longest = Duration::ZERO);
    }

    /// The longest gap of these partitions since then, one that goes on included.
    pub fn longest(&self, partitions: impl IntoIterator<Item = i32>) -> Duration {
        let all = lock(&self.partitions);
        let gaps = partitions.into_iter().map(|p| &all[p as usize]).map(|seen| seen.longest.max(seen.last.elapsed()));
        gaps.max().unwrap_or_default()
    }

    /// Waits until for so long no gap was longer.
    pub fn await_calm(&mut self, time: Duration, gap: Duration) {
        let begun = Instant::now();
        loop {
            self.begin();
            std::thread::sleep(time);
            let count = lock(&self.partitions).len() as i32;
            if self.longest(0..count) <= gap {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the output does not flow evenly: gaps of {:?}", self.longest(0..count));
        }
    }

    /// When the first output of a partition came after a second of the day.
    pub fn first_after(&self, partition: i32, second: f64, patience: Duration) -> f64 {
        let begun = Instant::now();
        // polled more often than output comes: ten times a second
        loop {
            let at = lock(&self.partitions)[partition as usize].at;
            if (at - second).rem_euclid(DAY) < DAY / 2.0 && at > 0.0 {
                return second + (at - second).rem_euclid(DAY);
            }
            assert!(begun.elapsed() < patience, "no output of partition {partition} after {patience:?}");
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(seen: &Mutex<Vec<Seen>>) -> std::sync::MutexGuard<'_, Vec<Seen>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now_of_day() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64() % DAY)
}

/// When a line was logged: `2026-01-31T12:34:56.789012Z  INFO ...`.
pub(super) fn second_of_day(line: &str) -> Option<f64> {
    let time = line.split_once('T')?.1.split_once('Z')?.0;
    let parts: Vec<f64> = time.split(':').filter_map(|part| part.parse().ok()).collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

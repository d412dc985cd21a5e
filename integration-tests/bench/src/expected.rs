//! What a workload must write, computed by plain code from the same input.

use std::collections::HashMap;

use crate::digest::Digest;
use crate::input::{Generator, KEYS, Record, write_key};
use crate::words::{PER_LINE, WORDS};
use crate::workload::{WINDOW_MS, Workload, pipe_keeps};

/// Reads the input beside the loader and knows the right answer at the end.
pub struct Expected {
    workload: Workload,
    records: u64,
    digest: Digest,
    counts: Vec<u64>,
    windows: HashMap<(u64, i64), u64>,
}

impl Expected {
    /// For a workload.
    pub fn new(workload: Workload) -> Self {
        let counts = match workload {
            Workload::Count => KEYS as usize,
            Workload::WordCount => WORDS,
            Workload::Pipe | Workload::CountLarge | Workload::Window => 0,
        };
        Expected { workload, records: 0, digest: Digest::default(), counts: vec![0; counts], windows: HashMap::new() }
    }

    /// Takes the next record of the workload's input.
    pub fn add(&mut self, record: &Record) {
        self.records += 1;
        match self.workload {
            Workload::Pipe if pipe_keeps(&record.value) => self.digest.add(&record.key, &record.value.to_ascii_uppercase()),
            Workload::Pipe => {}
            Workload::Count => self.counts[record.key_number as usize] += 1,
            Workload::CountLarge => self.digest.add(&record.key, &1u64.to_be_bytes()),
            Workload::WordCount => record.words.iter().for_each(|rank| self.counts[*rank] += 1),
            Workload::Window => {
                let start = record.timestamp - record.timestamp.rem_euclid(WINDOW_MS);
                *self.windows.entry((record.key_number, start)).or_default() += 1;
            }
        }
    }

    /// How many records an engine processes in all its sub-topologies together.
    pub fn processed(&self) -> u64 {
        match self.workload {
            Workload::WordCount => self.records * (1 + PER_LINE as u64),
            Workload::Pipe | Workload::Count | Workload::CountLarge | Workload::Window => self.records,
        }
    }

    /// The final value of every key; for [`Workload::Pipe`] every record.
    pub fn digest(&self, generator: &Generator) -> Digest {
        let mut digest = self.digest;
        let mut key = Vec::new();
        for (number, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            key.clear();
            match self.workload {
                Workload::WordCount => key.extend_from_slice(generator.words().text(number)),
                _ => write_key(&mut key, number as u64),
            }
            digest.add(&key, &count.to_be_bytes());
        }
        for ((number, start), count) in &self.windows {
            // Java's time-windowed key on a topic: the key, then the window's start.
            key.clear();
            write_key(&mut key, *number);
            key.extend_from_slice(&start.to_be_bytes());
            digest.add(&key, &count.to_be_bytes());
        }
        digest
    }
}

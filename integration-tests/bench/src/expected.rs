//! What a workload must write, computed by plain code from the same input.

use std::collections::HashMap;

use crate::digest::Digest;
use crate::input::{Generator, Input, KEYS, Record, write_key};
use crate::words::{PER_LINE, WORDS};
use crate::workload::{ADVANCE_MS, GAP_MS, LONG_WINDOW_MS, SUPPRESSED_WINDOW_MS, WINDOW_MS, Workload, pipe_keeps};

/// Reads the inputs beside the loader, one after the other, and knows the right answer at the end.
pub struct Expected {
    workload: Workload,
    start_ms: i64,
    records: u64,
    digest: Digest,
    counts: Vec<u64>,
    /// By key and start.
    windows: HashMap<(u64, i64), u64>,
    /// The newest session of each key: start, end and count.
    sessions: HashMap<u64, (i64, i64, u64)>,
    /// Which record of an input was the last one of a key.
    newest: HashMap<(Input, u64), u64>,
    /// The time of the last record.
    stream_time: i64,
}

impl Expected {
    /// For a workload whose input begins at this time.
    pub fn new(workload: Workload, start_ms: i64) -> Self {
        let counts = match workload {
            Workload::Count => KEYS as usize,
            Workload::WordCount => WORDS,
            _ => 0,
        };
        Expected {
            workload,
            start_ms,
            records: 0,
            digest: Digest::default(),
            counts: vec![0; counts],
            windows: HashMap::new(),
            sessions: HashMap::new(),
            newest: HashMap::new(),
            stream_time: start_ms,
        }
    }

    /// Takes record number `index` of an input of the workload.
    pub fn add(&mut self, input: Input, index: u64, record: &Record) {
        self.records += 1;
        self.stream_time = record.timestamp;
        match self.workload {
            Workload::Pipe if pipe_keeps(&record.value) => self.digest.add(&record.key, &record.value.to_ascii_uppercase()),
            Workload::Pipe => {}
            Workload::Count => self.counts[record.key_number as usize] += 1,
            Workload::CountLarge => self.digest.add(&record.key, &1u64.to_be_bytes()),
            Workload::WordCount => record.words.iter().for_each(|rank| self.counts[*rank] += 1),
            Workload::Window => self.add_to_windows(record, WINDOW_MS, WINDOW_MS),
            Workload::Tumbling => self.add_to_windows(record, LONG_WINDOW_MS, LONG_WINDOW_MS),
            Workload::Hopping => self.add_to_windows(record, LONG_WINDOW_MS, ADVANCE_MS),
            Workload::Suppress => self.add_to_windows(record, SUPPRESSED_WINDOW_MS, SUPPRESSED_WINDOW_MS),
            Workload::Session => self.add_to_session(record),
            Workload::StreamJoin if input == Input::Answers => self.add_joined(Input::Distinct, index, record),
            Workload::StreamJoin => {}
            Workload::StreamTableJoin if input == Input::Records => {
                let row = made(Input::Rows, self.start_ms, record.key_number);
                self.digest.add(&record.key, &[&record.value[..], &row.value].concat());
            }
            Workload::StreamTableJoin => {}
            Workload::FkJoin => _ = self.newest.insert((input, record.key_number), index),
        }
    }

    fn add_to_windows(&mut self, record: &Record, size: i64, advance: i64) {
        let mut start = record.timestamp - record.timestamp.rem_euclid(advance);
        while start + size > record.timestamp {
            *self.windows.entry((record.key_number, start)).or_default() += 1;
            start -= advance;
        }
    }

    /// The records come in the order of time.
    fn add_to_session(&mut self, record: &Record) {
        let time = record.timestamp;
        let session = self.sessions.entry(record.key_number).or_insert((time, time, 0));
        if time - session.1 > GAP_MS {
            self.digest.add(&session_key(record.key_number, *session), &session.2.to_be_bytes());
            *session = (time, time, 0);
        }
        (session.1, session.2) = (time, session.2 + 1);
    }

    /// The record of the other input with the same number is the partner.
    fn add_joined(&mut self, other: Input, index: u64, record: &Record) {
        let partner = made(other, self.start_ms, index);
        self.digest.add(&record.key, &[&partner.value[..], &record.value].concat());
    }

    /// How many records an engine processes in all its sub-topologies together; in [`Workload::FkJoin`] at least.
    pub fn processed(&self) -> u64 {
        match self.workload {
            Workload::WordCount => self.records * (1 + PER_LINE as u64),
            _ => self.records,
        }
    }

    /// The final value of every key or, where that is what counts, every record.
    pub fn digest(&self) -> Digest {
        let mut digest = self.digest;
        self.add_counts(&mut digest);
        for ((number, start), count) in self.windows.iter().filter(|((_, start), _)| self.is_told(*start)) {
            // Java's time-windowed key on a topic: the key, then the window's start.
            let key = [&key(*number)[..], &start.to_be_bytes()].concat();
            digest.add(&key, &count.to_be_bytes());
        }
        for (number, session) in &self.sessions {
            digest.add(&session_key(*number, *session), &session.2.to_be_bytes());
        }
        self.add_rows(&mut digest);
        digest
    }

    /// Whether a window's result comes while the input lasts: every partition has records of the last milliseconds of the input.
    fn is_told(&self, start: i64) -> bool {
        self.workload != Workload::Suppress
            || start + SUPPRESSED_WINDOW_MS <= self.stream_time - self.stream_time.rem_euclid(SUPPRESSED_WINDOW_MS)
    }

    fn add_counts(&self, digest: &mut Digest) {
        let words = Generator::new(Input::Lines, self.start_ms);
        for (number, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            match self.workload {
                Workload::WordCount => digest.add(words.words().text(number), &count.to_be_bytes()),
                _ => digest.add(&key(number as u64), &count.to_be_bytes()),
            }
        }
    }

    /// The rows of a table joined by foreign key.
    fn add_rows(&self, digest: &mut Digest) {
        for ((_, number), index) in self.newest.iter().filter(|((input, _), _)| *input == Input::Records) {
            let row = made(Input::Records, self.start_ms, *index);
            if let Some(index) = self.newest.get(&(Input::Categories, row.category)) {
                let category = made(Input::Categories, self.start_ms, *index);
                digest.add(&key(*number), &[&row.value[..], &category.value].concat());
            }
        }
    }
}

fn made(input: Input, start_ms: i64, index: u64) -> Record {
    let mut record = Record::default();
    Generator::new(input, start_ms).make(index, &mut record);
    record
}

fn key(number: u64) -> Vec<u8> {
    let mut key = Vec::new();
    write_key(&mut key, number);
    key
}

/// Java's session key on a topic: the key, then end and start.
fn session_key(number: u64, (start, end, _): (i64, i64, u64)) -> Vec<u8> {
    [&key(number)[..], &end.to_be_bytes(), &start.to_be_bytes()].concat()
}

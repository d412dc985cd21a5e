//! Tells on stderr how far a run is.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A line that is written over on a terminal, and a line a second elsewhere.
#[derive(Debug)]
pub struct Progress {
    total: u64,
    terminal: bool,
    next: Instant,
}

impl Progress {
    /// Of a run over so many records.
    pub fn new(total: u64) -> Self {
        Progress { total, terminal: stderr().is_terminal(), next: Instant::now() }
    }

    /// So many are done.
    pub fn show(&mut self, done: u64) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(1) };
        let line = format!("{done} of {} records read ({} %)", self.total, done * 100 / self.total.max(1));
        // nobody is helped by an error about stderr on stderr
        let _ = if self.terminal { write!(stderr(), "\r{line}\x1b[K") } else { writeln!(stderr(), "{line}") };
    }

    /// All are done.
    pub fn finish(self) {
        let _ = match self.terminal {
            true => writeln!(stderr(), "\rall {} records read\x1b[K", self.total),
            false => writeln!(stderr(), "all {} records read", self.total),
        };
    }
}

//! The workloads, each the same program in every engine.

use clap::ValueEnum;

use crate::input::Input;

/// The windows of [`Workload::Window`].
pub const WINDOW_MS: i64 = 10_000;

/// A program that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Keeps the values that end in `1}` (half of them), in upper case.
    Pipe,
    /// `group_by_key`, `count`, `to`, over 100,000 keys.
    Count,
    /// The same over keys that each come once.
    CountLarge,
    /// Lines to words, `group_by` the word, `count`, `to`: with a repartition topic.
    WordCount,
    /// `group_by_key`, tumbling windows of 10 s without grace, `count`, `to`.
    Window,
}

impl Workload {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Pipe => "pipe",
            Workload::Count => "count",
            Workload::CountLarge => "count-large",
            Workload::WordCount => "word-count",
            Workload::Window => "window",
        }
    }

    /// What it reads.
    pub fn input(self) -> Input {
        match self {
            Workload::Pipe | Workload::Count | Workload::Window => Input::Records,
            Workload::CountLarge => Input::Distinct,
            Workload::WordCount => Input::Lines,
        }
    }
}

/// Whether [`Workload::Pipe`] keeps a value.
pub fn pipe_keeps(value: &[u8]) -> bool {
    value.ends_with(b"1}")
}

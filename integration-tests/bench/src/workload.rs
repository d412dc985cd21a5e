//! The workloads, each the same program in every engine.

use clap::ValueEnum;

use crate::input::Input;

/// The windows of [`Workload::Window`].
pub const WINDOW_MS: i64 = 10_000;

/// The windows of [`Workload::Tumbling`] and [`Workload::Hopping`], and how far apart the latter are.
pub const LONG_WINDOW_MS: i64 = 60_000;
pub const ADVANCE_MS: i64 = 5_000;

/// The inactivity that ends a session of [`Workload::Session`].
pub const GAP_MS: i64 = 5_000;

/// How late a record of a session may be. Nothing is late; but without grace Java's store forgets a session a millisecond too early, when a record of
/// the same time has come that is exactly the gap away, and makes two of it.
pub const SESSION_GRACE_MS: i64 = 1_000;

/// The windows of [`Workload::Suppress`].
pub const SUPPRESSED_WINDOW_MS: i64 = 2_000;

/// How far apart question and answer of [`Workload::StreamJoin`] may be.
pub const JOIN_WINDOW_MS: i64 = 10_000;

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
    /// `group_by_key`, tumbling windows of 60 s without grace, `count`, `to`, over 1,000 keys: what [`Workload::Hopping`] is compared with.
    Tumbling,
    /// The same with a window every 5 s; here as an aggregate that can be merged.
    Hopping,
    /// `group_by_key`, sessions with a gap of 5 s, `count`, `to`, over 100,000 keys.
    Session,
    /// Tumbling windows of 2 s, `count`, `suppress` until the window closes, `to`.
    Suppress,
    /// Two topics joined where a record's partner is at most 10 s away; each has one.
    StreamJoin,
    /// A stream joined with a table of 100,000 rows.
    StreamTableJoin,
    /// A table of 100,000 rows that change, joined by foreign key with one of 6,554 that change less often.
    FkJoin,
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
            Workload::Tumbling => "tumbling",
            Workload::Hopping => "hopping",
            Workload::Session => "session",
            Workload::Suppress => "suppress",
            Workload::StreamJoin => "stream-join",
            Workload::StreamTableJoin => "stream-table-join",
            Workload::FkJoin => "fk-join",
        }
    }

    /// What it reads, the main one first.
    pub fn inputs(self) -> &'static [Input] {
        match self {
            Workload::Pipe | Workload::Count | Workload::Window | Workload::Session | Workload::Suppress => &[Input::Records],
            Workload::CountLarge => &[Input::Distinct],
            Workload::WordCount => &[Input::Lines],
            Workload::Tumbling | Workload::Hopping => &[Input::Sensors],
            Workload::StreamJoin => &[Input::Distinct, Input::Answers],
            Workload::StreamTableJoin => &[Input::Records, Input::Rows],
            Workload::FkJoin => &[Input::Records, Input::Categories],
        }
    }

    /// Whether every record of the output is right or wrong, not only the last one of each key.
    pub fn all_output_counts(self) -> bool {
        matches!(self, Workload::Pipe | Workload::Suppress | Workload::StreamJoin | Workload::StreamTableJoin)
    }
}

/// Whether [`Workload::Pipe`] keeps a value.
pub fn pipe_keeps(value: &[u8]) -> bool {
    value.ends_with(b"1}")
}

/// What a join makes of two values, in every engine: one after the other.
pub fn joined(left: &str, right: &str) -> String {
    [left, right].concat()
}

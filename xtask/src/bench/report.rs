//! The table that a person reads.

use std::fmt::Write as _;

use super::figures::Row;
use super::limits::{Judged, judge};
use super::plan::Settings;

/// The rows under one kind of settings.
pub struct Table {
    pub settings: Settings,
    pub rows: Vec<Row>,
    /// Empty for stock settings, which are not judged.
    pub judged: Vec<Judged>,
}

impl Table {
    /// Judges the rows where that is due.
    pub fn new(settings: Settings, rows: Vec<Row>) -> Self {
        let judged = match settings {
            Settings::Equal { .. } => judge(&rows),
            Settings::Stock => Vec::new(),
        };
        Table { settings, rows, judged }
    }

    /// What was missed, each in words.
    pub fn missed(&self) -> Vec<String> {
        let words = |j: &Judged| format!("{}: {} is {:.2}, must be {}", j.workload, j.name, j.value, j.limit);
        self.judged.iter().filter(|j| !j.is_met()).map(words).collect()
    }

    /// The table as text.
    pub fn text(&self, records: u64, runs: usize) -> String {
        let settings = match self.settings {
            Settings::Equal { commit_interval_ms, cache_bytes, linger_ms } => format!(
                "Equal settings (commit interval {commit_interval_ms} ms, cache {cache_bytes} bytes, linger {linger_ms} ms, Java with -Xmx512m)"
            ),
            Settings::Stock => "Stock settings (each engine's defaults)".to_owned(),
        };
        let mut text = format!("{settings}, {records} records, median of {runs}:\n\n");
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<12} {:<6} {:>16} {:>12} {:>12} {:>16}",
            "workload", "engine", "CPU-s/M records", "records/s", "peak RSS MB", "first record s"
        );
        for row in &self.rows {
            let f = row.median();
            let _ = writeln!(
                text,
                "{:<12} {:<6} {:>16.2} {:>12.0} {:>12.0} {:>16.2}",
                row.workload,
                row.engine.name(),
                f.cpu_per_million,
                f.records_per_second,
                f.peak_rss_mb,
                f.seconds_to_first_record
            );
        }
        if !self.judged.is_empty() {
            let _ = writeln!(text);
        }
        for judged in &self.judged {
            let _ = writeln!(text, "{}", judged.text());
        }
        text
    }
}

//! The table that a person reads.

use std::fmt::Write as _;

use super::figures::Row;
use super::limits::{Judged, compare, judge, judge_guarantees, judge_restore};
use super::plan::{Comparison, Settings};

/// The rows under one kind of settings.
pub struct Table {
    pub comparison: Comparison,
    pub settings: Settings,
    pub rows: Vec<Row>,
    /// Ratios and memory: with limits under equal settings, without under stock ones.
    pub judged: Vec<Judged>,
}

impl Table {
    /// Compares the rows, and judges them where that is due.
    pub fn new(comparison: Comparison, settings: Settings, rows: Vec<Row>) -> Self {
        let judged = match (comparison, settings) {
            (Comparison::Guarantees, _) => judge_guarantees(&rows),
            (Comparison::Restore, _) => judge_restore(&rows),
            (Comparison::Workloads, Settings::Equal { .. }) => judge(&rows),
            (Comparison::Workloads, Settings::Stock) => compare(&rows),
        };
        Table { comparison, settings, rows, judged }
    }

    /// What was missed, each in words.
    pub fn missed(&self) -> Vec<String> {
        self.judged.iter().filter_map(Judged::missed).collect()
    }

    /// The table as text.
    pub fn text(&self, records: u64, runs: usize) -> String {
        let settings = match self.settings {
            Settings::Equal { commit_interval_ms, cache_bytes, linger_ms } => format!(
                "Equal settings (commit interval {commit_interval_ms} ms, cache {cache_bytes} bytes, linger {linger_ms} ms, Java with -Xmx512m)"
            ),
            Settings::Stock => "Stock settings (each engine's defaults)".to_owned(),
        };
        let what = match self.comparison {
            Comparison::Workloads => "",
            Comparison::Guarantees => "What exactly-once costs. ",
            Comparison::Restore => {
                "From the start of the process until it runs, its state directory empty; records are those of its changelog. "
            }
        };
        let mut text = format!("{what}{settings}, {records} records, median of {runs}:\n\n");
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<17} {:<6} {:>16} {:>12} {:>12} {:>16}",
            "workload", "engine", "CPU-s/M records", "records/s", "peak RSS MB", "first record s"
        );
        for row in &self.rows {
            let f = row.median();
            let _ = writeln!(
                text,
                "{:<17} {:<6} {:>16.2} {:>12.0} {:>12.0} {:>16.2}",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::Figures;
    use crate::bench::plan::Engine;

    #[test]
    fn stock_settings_show_ratios_that_are_not_judged() {
        let row = |engine, cpu_per_million| {
            let figures = Figures { cpu_per_million, records_per_second: 1.0, peak_rss_mb: 999.0, seconds_to_first_record: 0.5 };
            Row { workload: "pipe", engine, runs: vec![figures] }
        };
        let table = |settings| Table::new(Comparison::Workloads, settings, vec![row(Engine::Ours, 1.0), row(Engine::Java, 2.25)]);
        let stock = table(Settings::Stock);
        let text = stock.text(10, 1);
        assert!(text.contains("CPU, java / ours            2.25\n") && !text.contains("MISSED"), "{text}");
        assert_eq!(stock.missed(), [""; 0]);
        let equal = table(Settings::Equal { commit_interval_ms: 1, cache_bytes: 1, linger_ms: 1 });
        assert!(equal.text(10, 1).contains("at least 3   MISSED"));
        assert_eq!(equal.missed().len(), 2);
    }
}

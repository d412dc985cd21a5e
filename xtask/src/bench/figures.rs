//! What was measured.

use std::fmt;

use test_broker::sys::Usage;

use super::plan::Engine;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// CPU-seconds of the whole process per million records of the input.
    pub cpu_per_million: f64,
    pub records_per_second: f64,
    pub peak_rss_mb: f64,
    /// From the start of the process to the first record.
    pub seconds_to_first_record: f64,
}

/// All runs of an engine.
#[derive(Debug, Clone)]
pub struct Row {
    pub workload: &'static str,
    pub engine: Engine,
    pub runs: Vec<Figures>,
}

impl Figures {
    /// Of a run over this many records.
    pub fn new(records: u64, usage: Usage, run_seconds: f64, seconds_to_first_record: f64) -> Self {
        let records = records as f64;
        Figures {
            cpu_per_million: usage.cpu.as_secs_f64() / records * 1e6,
            records_per_second: records / run_seconds.max(1e-3),
            peak_rss_mb: usage.peak_rss as f64 / 1e6,
            seconds_to_first_record,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { cpu_per_million, records_per_second, peak_rss_mb, seconds_to_first_record } = self;
        write!(
            f,
            "{cpu_per_million:.2} CPU-s per million, {records_per_second:.0} records/s, {peak_rss_mb:.0} MB, first record after {seconds_to_first_record:.1} s"
        )
    }
}

impl Row {
    /// The median of each figure by itself.
    pub fn median(&self) -> Figures {
        let of = |figure: fn(&Figures) -> f64| median(self.runs.iter().map(figure).collect());
        Figures {
            cpu_per_million: of(|f| f.cpu_per_million),
            records_per_second: of(|f| f.records_per_second),
            peak_rss_mb: of(|f| f.peak_rss_mb),
            seconds_to_first_record: of(|f| f.seconds_to_first_record),
        }
    }
}

/// The middle one; of an even number the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), 3.0);
        assert!(median(Vec::new()).is_nan());
    }
}

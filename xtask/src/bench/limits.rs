//! What must be reached (docs/BENCHMARKS.md), and whether it was.

use super::figures::{Figures, Row};
use super::plan::Engine;

/// How much less CPU time than Java's each workload must take.
const JAVA_BY_OURS: [(&str, f64); 5] = [("pipe", 3.0), ("count", 4.0), ("count-large", 3.0), ("word-count", 3.0), ("window", 4.0)];

/// How much more CPU time than the bare client `pipe` may take.
const OURS_BY_FLOOR: f64 = 1.5;

/// How much memory `pipe` may take, in MB, and every other workload.
const PEAK_RSS_MB: (f64, f64) = (160.0, 300.0);

/// A figure that is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub workload: &'static str,
    pub name: &'static str,
    pub value: f64,
    pub limit: f64,
    pub at_most: bool,
}

impl Judged {
    /// Whether the limit is kept.
    pub fn is_met(&self) -> bool {
        if self.at_most { self.value <= self.limit } else { self.value >= self.limit }
    }

    /// In words.
    pub fn text(&self) -> String {
        let (relation, verdict) = (if self.at_most { "at most" } else { "at least" }, if self.is_met() { "met" } else { "MISSED" });
        format!("{:<12} {:<22} {:>8.2}   {relation} {}   {verdict}", self.workload, self.name, self.value, self.limit)
    }
}

/// Everything that can be judged of these rows.
pub fn judge(rows: &[Row]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for (workload, java_by_ours) in JAVA_BY_OURS {
        let of = |engine: Engine| rows.iter().find(|r| r.workload == workload && r.engine == engine).map(Row::median);
        let Some(ours) = of(Engine::Ours) else { continue };
        let cpu = |f: Figures| f.cpu_per_million;
        if let Some(floor) = of(Engine::Floor) {
            let value = cpu(ours) / cpu(floor);
            judged.push(Judged { workload, name: "CPU, ours / floor", value, limit: OURS_BY_FLOOR, at_most: true });
        }
        if let Some(java) = of(Engine::Java) {
            let value = cpu(java) / cpu(ours);
            judged.push(Judged { workload, name: "CPU, java / ours", value, limit: java_by_ours, at_most: false });
        }
        let limit = if workload == "pipe" { PEAK_RSS_MB.0 } else { PEAK_RSS_MB.1 };
        judged.push(Judged { workload, name: "peak RSS in MB, ours", value: ours.peak_rss_mb, limit, at_most: true });
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(workload: &'static str, engine: Engine, cpu: f64) -> Row {
        let figures = Figures { cpu_per_million: cpu, records_per_second: 1.0, peak_rss_mb: 200.0, seconds_to_first_record: 0.0 };
        Row { workload, engine, runs: vec![figures] }
    }

    #[test]
    fn ratios_are_the_right_way_round() {
        let rows = [row("pipe", Engine::Ours, 1.0), row("pipe", Engine::Java, 3.5), row("pipe", Engine::Floor, 0.5)];
        let met: Vec<(&str, f64, bool)> = judge(&rows).iter().map(|j| (j.name, j.value, j.is_met())).collect();
        assert_eq!(met, [("CPU, ours / floor", 2.0, false), ("CPU, java / ours", 3.5, true), ("peak RSS in MB, ours", 200.0, false)]);
    }

    #[test]
    fn without_ours_nothing_is_judged() {
        assert_eq!(judge(&[row("pipe", Engine::Java, 1.0)]), []);
    }
}

//! What must be reached (docs/BENCHMARKS.md), and whether it was.

use super::figures::{Figures, Row};
use super::plan::Engine;

/// How much less CPU time than Java's each workload must take.
const JAVA_BY_OURS: [(&str, f64); 12] = [
    ("pipe", 3.0),
    ("count", 4.0),
    ("count-large", 3.0),
    ("word-count", 3.0),
    ("window", 4.0),
    ("tumbling", 3.0),
    ("hopping", 3.0),
    ("session", 3.0),
    ("suppress", 3.0),
    ("stream-join", 3.0),
    ("stream-table-join", 3.0),
    ("fk-join", 3.0),
];

/// How much more CPU time than `tumbling`, windows of the same size, `hopping` may take.
const HOPPING_BY_TUMBLING: f64 = 2.0;

/// How much more CPU time than the bare client `pipe` may take.
const OURS_BY_FLOOR: f64 = 1.5;

/// How much memory each workload may take, in MB, where that is said.
const PEAK_RSS_MB: [(&str, f64); 5] = [("pipe", 160.0), ("count", 300.0), ("count-large", 300.0), ("word-count", 300.0), ("window", 300.0)];

/// A figure of ours beside another engine's or beside a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub workload: &'static str,
    pub name: &'static str,
    pub value: f64,
    /// None under stock settings: they are shown, not judged.
    pub limit: Option<Limit>,
}

/// What a figure must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    fn in_words(self) -> String {
        match self {
            Limit::AtMost(limit) => format!("at most {limit}"),
            Limit::AtLeast(limit) => format!("at least {limit}"),
        }
    }
}

impl Judged {
    /// Whether the limit is kept; what has none keeps it.
    pub fn is_met(&self) -> bool {
        match self.limit {
            Some(Limit::AtMost(limit)) => self.value <= limit,
            Some(Limit::AtLeast(limit)) => self.value >= limit,
            None => true,
        }
    }

    /// As a line of the table.
    pub fn text(&self) -> String {
        let verdict = self.limit.map(|limit| format!("   {}   {}", limit.in_words(), if self.is_met() { "met" } else { "MISSED" }));
        format!("{:<17} {:<23} {:>8.2}{}", self.workload, self.name, self.value, verdict.unwrap_or_default())
    }

    /// What was missed, in words.
    pub fn missed(&self) -> Option<String> {
        let limit = self.limit.filter(|_| !self.is_met())?;
        Some(format!("{}: {} is {:.2}, must be {}", self.workload, self.name, self.value, limit.in_words()))
    }
}

/// Everything that can be said of these rows, held against the limits.
pub fn judge(rows: &[Row]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for (workload, java_by_ours) in JAVA_BY_OURS {
        let of = |engine: Engine| rows.iter().find(|r| r.workload == workload && r.engine == engine).map(Row::median);
        let Some(ours) = of(Engine::Ours) else { continue };
        let cpu = |f: Figures| f.cpu_per_million;
        let mut put = |name, value, limit| judged.push(Judged { workload, name, value, limit: Some(limit) });
        if let Some(floor) = of(Engine::Floor) {
            put("CPU, ours / floor", cpu(ours) / cpu(floor), Limit::AtMost(OURS_BY_FLOOR));
        }
        if let Some(java) = of(Engine::Java) {
            put("CPU, java / ours", cpu(java) / cpu(ours), Limit::AtLeast(java_by_ours));
        }
        if let Some(tumbling) = rows.iter().find(|r| workload == "hopping" && r.workload == "tumbling" && r.engine == Engine::Ours) {
            put("CPU, hopping / tumbling", cpu(ours) / cpu(tumbling.median()), Limit::AtMost(HOPPING_BY_TUMBLING));
        }
        let peak = PEAK_RSS_MB.iter().find(|(of, _)| *of == workload).map(|(_, limit)| Limit::AtMost(*limit));
        judged.push(Judged { workload, name: "peak RSS in MB, ours", value: ours.peak_rss_mb, limit: peak });
    }
    judged
}

/// `count` at least once, and exactly once, in the rows.
const AT_LEAST_ONCE: &str = "count";
pub const EXACTLY_ONCE: &str = "count-eos";
/// How much of Java's loss of throughput ours may be, and how much less CPU time than Java's exactly-once may take.
const LOSS_BY_JAVA: f64 = 0.5;
/// Java's loss counts as no less than this: below it, it is noise.
const LEAST_LOSS: f64 = 0.001;
const EXACTLY_ONCE_JAVA_BY_OURS: f64 = 3.0;

/// What exactly-once costs.
pub fn judge_guarantees(rows: &[Row]) -> Vec<Judged> {
    let (alos, eos) = (AT_LEAST_ONCE, EXACTLY_ONCE);
    let of = |workload, engine| rows.iter().find(|r| r.workload == workload && r.engine == engine).map(Row::median);
    let loss = |engine| Some(1.0 - of(eos, engine)?.records_per_second / of(alos, engine)?.records_per_second);
    let (ours, java) = (loss(Engine::Ours), loss(Engine::Java));
    let mut judged = Vec::new();
    let mut put = |name, value: Option<f64>, limit| judged.extend(value.map(|value| Judged { workload: eos, name, value, limit }));
    put("throughput lost, ours", ours, None);
    put("throughput lost, java", java, None);
    put("loss, ours / java", ours.zip(java).map(|(ours, java)| ours / java.max(LEAST_LOSS)), Some(Limit::AtMost(LOSS_BY_JAVA)));
    let cpu = |engine| of(eos, engine).map(|f| f.cpu_per_million);
    let ratio = cpu(Engine::Java).zip(cpu(Engine::Ours)).map(|(java, ours)| java / ours);
    put("CPU, java / ours", ratio, Some(Limit::AtLeast(EXACTLY_ONCE_JAVA_BY_OURS)));
    judged
}

/// The workload's name in the rows of a restore.
pub const RESTORE: &str = "restore";
/// How much less time, and CPU time, than Java's a restore may take.
const RESTORE_JAVA_BY_OURS: f64 = 2.0;

/// What a restore costs.
pub fn judge_restore(rows: &[Row]) -> Vec<Judged> {
    let of = |engine| rows.iter().find(|r| r.engine == engine).map(Row::median);
    let Some((java, ours)) = of(Engine::Java).zip(of(Engine::Ours)) else { return Vec::new() };
    let put = |name, value| Judged { workload: RESTORE, name, value, limit: Some(Limit::AtLeast(RESTORE_JAVA_BY_OURS)) };
    vec![
        put("time, java / ours", ours.records_per_second / java.records_per_second),
        put("CPU, java / ours", java.cpu_per_million / ours.cpu_per_million),
    ]
}

/// The same without limits.
pub fn compare(rows: &[Row]) -> Vec<Judged> {
    judge(rows).into_iter().map(|judged| Judged { limit: None, ..judged }).collect()
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
        assert_eq!(judge(&rows)[0].missed().as_deref(), Some("pipe: CPU, ours / floor is 2.00, must be at most 1.5"));
    }

    #[test]
    fn without_limits_the_figures_are_the_same_and_nothing_is_missed() {
        let rows = [row("count", Engine::Ours, 1.0), row("count", Engine::Java, 2.0)];
        let compared = compare(&rows);
        assert_eq!(
            compared.iter().map(|j| (j.name, j.value)).collect::<Vec<_>>(),
            judge(&rows).iter().map(|j| (j.name, j.value)).collect::<Vec<_>>()
        );
        assert!(compared.iter().all(|j| j.missed().is_none() && !j.text().contains("at ")));
    }

    #[test]
    fn what_exactly_once_loses_is_a_part_of_what_java_loses() {
        let row = |workload, engine, records_per_second, cpu_per_million| {
            let figures = Figures { cpu_per_million, records_per_second, peak_rss_mb: 1.0, seconds_to_first_record: 0.0 };
            Row { workload, engine, runs: vec![figures] }
        };
        let (alos, eos) = (AT_LEAST_ONCE, EXACTLY_ONCE);
        let rows = [
            row(alos, Engine::Ours, 1000.0, 1.0),
            row(eos, Engine::Ours, 900.0, 2.0),
            row(alos, Engine::Java, 100.0, 4.0),
            row(eos, Engine::Java, 60.0, 5.0),
        ];
        let judged = judge_guarantees(&rows);
        let values: Vec<String> = judged.iter().map(|j| format!("{} {:.2} {}", j.name, j.value, j.is_met())).collect();
        let expected = [
            "throughput lost, ours 0.10 true",
            "throughput lost, java 0.40 true",
            "loss, ours / java 0.25 true",
            "CPU, java / ours 2.50 false",
        ];
        assert_eq!(values, expected);
        let rows = [row(RESTORE, Engine::Ours, 1000.0, 1.0), row(RESTORE, Engine::Java, 250.0, 1.5)];
        let judged: Vec<(f64, bool)> = judge_restore(&rows).iter().map(|j| (j.value, j.is_met())).collect();
        assert_eq!(judged, [(4.0, true), (1.5, false)]);
    }

    #[test]
    fn without_ours_nothing_is_judged() {
        assert_eq!(judge(&[row("pipe", Engine::Java, 1.0)]), []);
    }
}

//! The little JSON that the bench needs: flat lines in, one document out.

use super::figures::Figures;
use super::limits::{Judged, Limit};
use super::plan::{Comparison, Plan, Settings};
use super::report::Table;
use crate::failure::{Failure, Outcome};

/// A number of a flat JSON line.
pub fn number(line: &str, name: &str) -> Outcome<f64> {
    let value = after(line, name)?;
    let end = value.find([',', '}']).unwrap_or(value.len());
    value[..end].trim().parse().map_err(|_| Failure::failed(format!("{name} is no number in: {}", line.trim())))
}

/// A text of a flat JSON line, without escapes.
pub fn word(line: &str, name: &str) -> Outcome<String> {
    let quoted = after(line, name)?.strip_prefix('"').and_then(|v| v.split_once('"'));
    quoted.map(|(text, _)| text.to_owned()).ok_or_else(|| Failure::failed(format!("{name} is no text in: {}", line.trim())))
}

fn after<'a>(line: &'a str, name: &str) -> Outcome<&'a str> {
    let found = line.split_once(&format!("\"{name}\":")).map(|(_, rest)| rest.trim_start());
    found.ok_or_else(|| Failure::failed(format!("there is no {name} in: {}", line.trim())))
}

/// Everything that was measured.
pub fn text(plan: &Plan, tables: &[Table]) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let tables: Vec<String> = tables.iter().map(table).collect();
    let (records, runs, partitions) = (plan.records, plan.runs, plan.partitions);
    format!(
        "{{\n\"records\":{records},\n\"runs\":{runs},\n\"partitions\":{partitions},\n\"cores\":{cores},\n\"tables\":[\n{}\n]\n}}\n",
        tables.join(",\n")
    )
}

fn table(table: &Table) -> String {
    let settings = match table.settings {
        Settings::Equal { commit_interval_ms, cache_bytes, linger_ms } => {
            format!(r#""settings":"equal","commit_interval_ms":{commit_interval_ms},"cache_bytes":{cache_bytes},"linger_ms":{linger_ms}"#)
        }
        Settings::Stock => r#""settings":"stock""#.to_owned(),
    };
    let rows: Vec<String> = table
        .rows
        .iter()
        .map(|row| {
            let runs: Vec<String> = row.runs.iter().map(figures).collect();
            let (workload, engine, median) = (row.workload, row.engine.name(), figures(&row.median()));
            format!(r#"{{"workload":"{workload}","engine":"{engine}","median":{median},"runs":[{}]}}"#, runs.join(","))
        })
        .collect();
    let judged: Vec<String> = table.judged.iter().map(judged).collect();
    let comparison = match table.comparison {
        Comparison::Workloads => "workloads",
        Comparison::Guarantees => "guarantees",
        Comparison::Restore => "restore",
    };
    format!(
        "{{\"comparison\":\"{comparison}\",{settings},\n\"rows\":[\n{}\n],\n\"judged\":[\n{}\n]}}",
        rows.join(",\n"),
        judged.join(",\n")
    )
}

fn judged(judged: &Judged) -> String {
    let Judged { workload, name, value, limit } = judged;
    let verdict = |bound, limit| format!(r#","{bound}":{limit},"met":{}"#, judged.is_met());
    let verdict = match limit {
        Some(Limit::AtMost(limit)) => verdict("at_most", limit),
        Some(Limit::AtLeast(limit)) => verdict("at_least", limit),
        None => String::new(),
    };
    format!(r#"{{"workload":"{workload}","name":"{name}","value":{value:.4}{verdict}}}"#)
}

fn figures(f: &Figures) -> String {
    format!(
        r#"{{"cpu_seconds_per_million":{:.4},"records_per_second":{:.0},"peak_rss_mb":{:.1},"seconds_to_first_record":{:.3}}}"#,
        f.cpu_per_million, f.records_per_second, f.peak_rss_mb, f.seconds_to_first_record
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_lines_are_read() {
        let line = r#"{"workload":"pipe", "processed": 12,"run_seconds":1.5}"#;
        assert_eq!(word(line, "workload").unwrap(), "pipe");
        assert_eq!((number(line, "processed").unwrap(), number(line, "run_seconds").unwrap()), (12.0, 1.5));
        assert!(number(line, "workload").is_err() && word(line, "nothing").is_err());
    }

    #[test]
    fn what_is_not_judged_has_a_value_and_no_verdict() {
        let of = |limit| judged(&Judged { workload: "pipe", name: "CPU", value: 2.5, limit });
        assert_eq!(of(None), r#"{"workload":"pipe","name":"CPU","value":2.5000}"#);
        assert_eq!(of(Some(Limit::AtLeast(3.0))), r#"{"workload":"pipe","name":"CPU","value":2.5000,"at_least":3,"met":false}"#);
    }
}

//! What is to be run.

use crate::args::Args;
use crate::failure::{Failure, Outcome};

/// The workloads, in the order of the table.
pub const WORKLOADS: [&str; 12] = [
    "pipe",
    "count",
    "count-large",
    "word-count",
    "window",
    "tumbling",
    "hopping",
    "session",
    "suppress",
    "stream-join",
    "stream-table-join",
    "fk-join",
];

/// Who runs a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// This library.
    Ours,
    /// Java Kafka Streams.
    Java,
    /// The bare client.
    Floor,
}

impl Engine {
    /// All, in the order of a round.
    pub const ALL: [Engine; 3] = [Engine::Ours, Engine::Java, Engine::Floor];

    /// The name on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Ours => "ours",
            Engine::Java => "java",
            Engine::Floor => "floor",
        }
    }

    /// Whether it has this workload.
    pub fn runs(self, workload: &str) -> bool {
        self != Engine::Floor || workload == "pipe"
    }
}

/// How the engines are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settings {
    /// The same for all: the table that is judged.
    Equal { commit_interval_ms: u64, cache_bytes: u64, linger_ms: u64 },
    /// Each engine's own defaults.
    Stock,
}

impl Settings {
    /// The word on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Settings::Equal { .. } => "equal",
            Settings::Stock => "stock",
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The engines, workload by workload.
    Workloads,
    /// `count` under both guarantees.
    Guarantees,
    /// How long an application with much state takes to run again after its disk was lost.
    Restore,
}

/// What an application promises; the value of `processing.guarantee`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    AtLeastOnce,
    ExactlyOnce,
}

impl Guarantee {
    /// The value of the setting.
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::AtLeastOnce => "at_least_once",
            Guarantee::ExactlyOnce => "exactly_once_v2",
        }
    }
}

/// The command line, read.
#[derive(Debug)]
pub struct Plan {
    pub comparison: Comparison,
    pub workloads: Vec<&'static str>,
    pub engines: Vec<Engine>,
    pub records: u64,
    pub runs: usize,
    /// Partitions of every topic.
    pub partitions: u32,
    tables: String,
    equal: Settings,
}

impl Plan {
    /// Reads what is left of the command line.
    pub fn parse(mut args: Args) -> Outcome<Self> {
        let records = args.number("--records")?.unwrap_or(5_000_000);
        let runs = args.number("--runs")?.unwrap_or(3);
        let engines = engines(args.value("--engines")?.as_deref())?;
        let table = args.value("--table")?;
        let commit_interval_ms = args.number("--commit-interval-ms")?;
        let cache_bytes = args.number("--cache-bytes")?.unwrap_or(10 * 1024 * 1024);
        let linger_ms = args.number("--linger-ms")?.unwrap_or(100);
        let mut names = Vec::new();
        while let Some(name) = args.positional()? {
            names.push(name);
        }
        args.finish()?;
        let (comparison, workloads) = compared(&names)?;
        // A comparison of its own is one table.
        let tables = table.unwrap_or_else(|| if comparison == Comparison::Workloads { "both" } else { "equal" }.to_owned());
        let usual = if comparison == Comparison::Guarantees { 100 } else { 1_000 };
        let equal = Settings::Equal { commit_interval_ms: commit_interval_ms.unwrap_or(usual), cache_bytes, linger_ms };
        if !["equal", "stock", "both"].contains(&tables.as_str()) {
            return Err(Failure::usage(format!("--table {tables}: equal, stock or both")));
        }
        if records == 0 || runs == 0 {
            return Err(Failure::usage("--records and --runs are at least 1"));
        }
        Ok(Plan { comparison, workloads, engines, records, runs, partitions: 4, tables, equal })
    }

    /// The tables to make.
    pub fn settings(&self) -> Vec<Settings> {
        [self.equal, Settings::Stock].into_iter().filter(|s| self.tables == "both" || self.tables == s.name()).collect()
    }
}

/// What the words ask for; the workloads in the order of the table, each once.
fn compared(names: &[String]) -> Outcome<(Comparison, Vec<&'static str>)> {
    match names {
        [name] if name == "eos" => return Ok((Comparison::Guarantees, vec!["count"])),
        [name] if name == "restore" => return Ok((Comparison::Restore, vec!["count-large"])),
        _ => {}
    }
    if let Some(name) = names.iter().find(|name| *name != "all" && !WORKLOADS.contains(&name.as_str())) {
        return Err(Failure::usage(match name.as_str() {
            "eos" | "restore" => format!("{name} is a comparison of its own: name it alone"),
            _ => format!("there is no workload {name}"),
        }));
    }
    let all = names.is_empty() || names.iter().any(|name| name == "all");
    Ok((Comparison::Workloads, WORKLOADS.into_iter().filter(|w| all || names.iter().any(|name| name == w)).collect()))
}

fn engines(list: Option<&str>) -> Outcome<Vec<Engine>> {
    let Some(list) = list else { return Ok(Engine::ALL.to_vec()) };
    let find = |name: &str| {
        let engine = Engine::ALL.into_iter().find(|e| e.name() == name);
        engine.ok_or_else(|| Failure::usage(format!("--engines {list}: there is no engine {name}; ours, java, floor")))
    };
    list.split(',').map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &[&str]) -> Outcome<Plan> {
        Plan::parse(Args::new(words.iter().map(std::ffi::OsString::from).collect()))
    }

    #[test]
    fn workloads_are_in_the_order_of_the_table_and_come_once() {
        assert_eq!(plan(&["window", "pipe", "window"]).unwrap().workloads, ["pipe", "window"]);
        assert_eq!(plan(&["all", "pipe"]).unwrap().workloads, WORKLOADS);
        assert_eq!(plan(&[]).unwrap().workloads, WORKLOADS);
    }

    #[test]
    fn wrong_words_are_wrong_usage() {
        for words in [
            &["pip"][..],
            &["eos", "pipe"],
            &["restore", "eos"],
            &["--engines", "ours,jaav"],
            &["--table", "x"],
            &["--records", "0"],
            &["--records", "-1"],
            &["--fast"],
        ] {
            assert!(matches!(plan(words), Err(Failure::Usage(_))), "{words:?}");
        }
    }

    #[test]
    fn a_comparison_of_its_own_has_its_workload_and_settings() {
        let eos = plan(&["eos"]).unwrap();
        assert_eq!((eos.comparison, &eos.workloads[..]), (Comparison::Guarantees, &["count"][..]));
        assert!(matches!(eos.settings()[..], [Settings::Equal { commit_interval_ms: 100, .. }]));
        let restore = plan(&["restore"]).unwrap();
        assert_eq!((restore.comparison, restore.settings().len()), (Comparison::Restore, 1));
        assert_eq!((plan(&["pipe"]).unwrap().comparison, plan(&[]).unwrap().settings().len()), (Comparison::Workloads, 2));
    }

    #[test]
    fn the_floor_runs_the_pipe_only() {
        assert!(Engine::Floor.runs("pipe") && !Engine::Floor.runs("count") && Engine::Java.runs("count"));
    }
}

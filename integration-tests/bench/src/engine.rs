//! The command line and the answer of an engine. The Java engine has the same ones (`java/`).

use clap::{Args, ValueEnum};

use crate::workload::Workload;

/// What ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// As many records are processed as were expected.
    Processed,
    /// At least as many are, and no more came for [`QUIET`]: for programs that send themselves records whose number depends on their caches.
    Quiet,
    /// The application runs: its state is restored.
    Running,
}

/// Longer than a commit interval and a linger: what waits for either has come.
pub const QUIET: std::time::Duration = std::time::Duration::from_secs(3);

/// What every engine of the bench is told.
#[derive(Debug, Clone, Args)]
pub struct EngineOptions {
    /// Where the broker is.
    #[arg(long)]
    pub bootstrap_servers: String,
    /// The program to run.
    #[arg(long)]
    pub workload: Workload,
    /// The topic to read.
    #[arg(long)]
    pub input: String,
    /// The topic to write, which exists.
    #[arg(long)]
    pub output: String,
    /// The application id, new for each run.
    #[arg(long)]
    pub application_id: String,
    /// An empty folder for state.
    #[arg(long)]
    pub state_dir: String,
    /// How many records to process at least, over all sub-topologies; the engine then flushes, commits and ends.
    #[arg(long)]
    pub expect_processed: u64,
    /// What to wait for instead.
    #[arg(long, default_value = "processed")]
    pub until: Until,
    /// `processing.guarantee`; without it, the engine's default.
    #[arg(long)]
    pub guarantee: Option<String>,
    /// `commit.interval.ms`; without it, the engine's default.
    #[arg(long)]
    pub commit_interval_ms: Option<u64>,
    /// `statestore.cache.max.bytes`; without it, the engine's default.
    #[arg(long)]
    pub cache_bytes: Option<u64>,
    /// The producer's `linger.ms`; without it, the engine's default.
    #[arg(long)]
    pub linger_ms: Option<u64>,
}

/// Prints what an engine answers at the end, one line of JSON. CPU time and memory are measured by whoever started the process.
///
/// `seconds_to_first_record`: from the start of the process to the first record; `run_seconds`: from there until everything was flushed and committed.
/// Of a run until it is quiet, the latter without what was waited for in vain.
/// Of a run until the application runs, both are the time from the start until then.
pub fn print_answer(processed: u64, seconds_to_first_record: f64, run_seconds: f64) {
    println!(r#"{{"processed":{processed},"seconds_to_first_record":{seconds_to_first_record:.3},"run_seconds":{run_seconds:.3}}}"#);
}

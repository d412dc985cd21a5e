//! Counts and averages by window of time: see `streams_examples::windowed_analytics`.

use anyhow::Result;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::process::ExitCode;
use std::time::Duration;
use streams_examples::cli::{self, Common, Finished, Input, Names};
use streams_examples::windowed_analytics::{Options, WindowSummary, sample, topology};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NAMES: Names = Names { application_id: "windowed-analytics", input: "events", output: "event-windows" };
/// Events of several partitions are read side by side, some partitions ahead of others: in one, old events keep their order.
const PARTITIONS: i32 = 1;
const SHOWN: usize = 12;

/// Counts and averages the events of a topic by key and window of time, on every update.
///
/// Events are JSON such as {"key": "page-1", "value": 3.5, "ts": 1700000000000}, with the time in milliseconds since 1970.
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    common: Common,
    /// How long a window is, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    window_ms: u64,
    /// How late an event may come, in milliseconds; a later one is left out
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    grace_ms: u64,
}

fn main() -> ExitCode {
    cli::main(&NAMES, run)
}

fn run(args: Args) -> Result<()> {
    let common = &args.common;
    let (window, grace) = (Duration::from_millis(args.window_ms), Duration::from_millis(args.grace_ms));
    let options = Options { input: common.input(&NAMES), output: common.output(&NAMES), window, grace };
    let (config, topology) = (common.config(&NAMES)?, topology(&options)?);
    if !cli::is_embedded(&config) {
        return cli::run_on_kafka(config, &topology, &[(&options.input, "--input")], &options.output);
    }
    let made_up = sample();
    let events: Box<dyn BufRead> = match common.input_file() {
        Some(path) => Box::new(cli::open(path)?),
        None => Box::new(made_up.as_bytes()),
    };
    let done = cli::run_embedded(config, &topology, vec![Input::lines(&options.input, PARTITIONS, events)], &options.output)?;
    println!("{}", topology.describe().trim_end());
    report(&done)
}

fn report(done: &Finished) -> Result<()> {
    let mut windows = BTreeMap::<(i64, String), WindowSummary>::new();
    for record in &done.output {
        let summary: WindowSummary = serde_json::from_slice(record.value.as_deref().unwrap_or_default())?;
        windows.insert((summary.window_start_ms, summary.key.clone()), summary);
    }
    println!("\nThe last of {} windows, after {} updates:\n", windows.len(), done.output.len());
    for summary in windows.values().skip(windows.len().saturating_sub(SHOWN)) {
        println!("{}", serde_json::to_string(summary)?);
    }
    println!("\n{done}");
    Ok(())
}

//! What the programs share: their command line, and running a topology on Kafka or on the embedded cluster.

mod args;
mod embedded;
mod interrupt;
mod kafka;
mod memory;
mod progress;

pub use args::{Common, Names, Usage, open};
pub use embedded::{Finished, Input, run_embedded};
pub use kafka::{NamedInput, run_on_kafka};

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::StreamsConfig;
use tracing_subscriber::EnvFilter;

/// What a shell sees of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// The body of a program: reads the command line, runs, and tells what went wrong. Exit status: 0 done, 1 failed, 2 wrong usage, 130
/// interrupted.
pub fn main<A: CommandFactory + FromArgMatches>(names: &Names, run: impl FnOnce(A) -> anyhow::Result<()>) -> ExitCode {
    let mut command = names.on(A::command());
    let args = A::from_arg_matches(&command.get_matches_mut()).unwrap_or_else(|error| error.exit());
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<interrupt::Interrupted>() => ExitCode::from(INTERRUPTED),
        Err(error) if error.is::<Usage>() => command.error(ErrorKind::ArgumentConflict, error).exit(),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the config means the cluster in this process.
pub fn is_embedded(config: &StreamsConfig) -> bool {
    config.get("bootstrap.servers").is_some_and(|servers| EmbeddedCluster::from_bootstrap_servers(servers).is_some())
}

/// Writes logs to stderr: from `level` upwards, unless RUST_LOG says otherwise.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    // a second subscriber, as a test may have set one, is no trouble
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(stderr().is_terminal()).try_init();
}

//! What `cargo xtask bench memory` runs: `memory MINUTES`.

use integration_tests::kafka::Kafka;
use integration_tests::memory::{CLIENT_QUEUES, STATE_BUDGET, measure};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use test_broker::{Broker, Options};

/// What the rest of the process may take, in bytes.
const REST: u64 = 80_000_000;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [minutes] = args.as_slice() else {
        return Err("usage: memory MINUTES; see `cargo xtask bench --help`".into());
    };
    let minutes: u64 = minutes.parse()?;
    let broker = Broker::start(&Options { heap_mib: 1024, ..Options::default() })?;
    let memory = measure(&Kafka::at(broker.bootstrap()), Duration::from_secs(minutes * 60));
    let limit = STATE_BUDGET + CLIENT_QUEUES + REST;
    let met = memory.peak <= limit;
    let megabytes = |bytes: u64| bytes / 1_000_000;
    println!(
        "64 stores, {minutes} min, {} changes of rows, {} MB on disk: peak RSS {} MB, at most {} ({} for state, {} for the clients' queues, {} for the \
         rest)   {}",
        memory.changes,
        megabytes(memory.disk),
        megabytes(memory.peak),
        megabytes(limit),
        megabytes(STATE_BUDGET),
        megabytes(CLIENT_QUEUES),
        megabytes(REST),
        if met { "met" } else { "MISSED" }
    );
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

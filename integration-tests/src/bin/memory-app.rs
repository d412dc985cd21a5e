//! An application with many stores: `memory-app BOOTSTRAP APPLICATION INPUT [KEY=VALUE..]`. Runs until SIGTERM.

use integration_tests::memory::topology;
use std::error::Error;
use std::time::Duration;
use streams_core::KafkaStreams;
use streams_core::config::StreamsConfig;

/// As the examples.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::builder().parse_lossy("info"))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, application, input, settings @ ..] = args.as_slice() else {
        return Err("usage: memory-app BOOTSTRAP APPLICATION INPUT [KEY=VALUE..]".into());
    };
    let config = StreamsConfig::new(application, bootstrap).set_all(settings.iter().filter_map(|setting| setting.split_once('=')));
    Ok(KafkaStreams::start(topology(input)?, config)?.run_until_signal(Duration::from_secs(30))?)
}

//! An instance of the ledger: `ledger-app BOOTSTRAP APPLICATION INPUT CHAINS WINDOWS [KEY=VALUE..]`. Runs until SIGTERM.

use integration_tests::ledger::{Topics, topology};
use std::error::Error;
use std::time::Duration;
use streams_core::KafkaStreams;
use streams_core::config::StreamsConfig;

fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::builder().parse_lossy("info"))
        .with_writer(std::io::stderr)
        .init();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, application, input, chains, windows, settings @ ..] = args.as_slice() else {
        return Err("usage: ledger-app BOOTSTRAP APPLICATION INPUT CHAINS WINDOWS [KEY=VALUE..]".into());
    };
    let topics = Topics { input: input.clone(), chains: chains.clone(), windows: windows.clone() };
    let settings = settings.iter().filter_map(|setting| setting.split_once('='));
    let config = StreamsConfig::new(application, bootstrap).set_all(settings).set("topic.retention.ms", "-1");
    Ok(KafkaStreams::start(topology(&topics)?, config)?.run_until_signal(Duration::from_secs(30))?)
}

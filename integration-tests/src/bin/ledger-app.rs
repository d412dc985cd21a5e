//! An instance of the ledger: `ledger-app BOOTSTRAP APPLICATION INPUT CHAINS WINDOWS [KEY=VALUE..]`. Runs until SIGTERM.
//!
//! Three keys are its own: `ledger.hang.file`, a file by which a closure is made to hang, `ledger.die.after.restored`, after how many restored
//! records it kills itself, and `ledger.stages`, the topics of the stages.

use integration_tests::ledger::{StageTopics, Topics, topology};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use streams_core::KafkaStreams;
use streams_core::config::StreamsConfig;
use streams_core::runtime::RestoreEvent;
use test_broker::sys::{self, Signal};

fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::builder().parse_lossy("info"))
        .with_writer(std::io::stderr)
        .init();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, application, input, chains, windows, settings @ ..] = args.as_slice() else {
        return Err("usage: ledger-app BOOTSTRAP APPLICATION INPUT CHAINS WINDOWS [KEY=VALUE..]".into());
    };
    let pairs = settings.iter().filter_map(|setting| setting.split_once('='));
    let (own, settings): (Vec<_>, Vec<_>) = pairs.partition(|(key, _)| key.starts_with("ledger."));
    let own = |name: &str| own.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let stages = own("ledger.stages").map(StageTopics::parse).transpose()?;
    let topics = Topics { input: input.clone(), chains: chains.clone(), windows: windows.clone(), stages };
    let config = StreamsConfig::new(application, bootstrap).set_all(settings).set("topic.retention.ms", "-1");
    let mut app = KafkaStreams::builder(topology(&topics, own("ledger.hang.file").map(Into::into))?, config);
    if let Some(limit) = own("ledger.die.after.restored") {
        let (limit, restored) = (limit.parse()?, AtomicU64::new(0));
        app = app.restore_listener(move |event| die_after(event, &restored, limit));
    }
    Ok(app.start()?.run_until_signal(Duration::from_secs(30))?)
}

/// kill -9 by its own hand.
fn die_after(event: &RestoreEvent<'_>, restored: &AtomicU64, limit: u64) {
    let RestoreEvent::Batch { records, .. } = event else { return };
    let sum = restored.fetch_add(*records, Ordering::Relaxed) + records;
    if sum >= limit {
        eprintln!("dies after {sum} restored records");
        sys::send(std::process::id(), Signal::Kill).expect("a process can kill itself");
        std::thread::park();
    }
}

//! How much memory an application with many stores takes, under a load that fills them. On a real broker, in real time: a bench, no test.

use crate::behaviour::clients::Clients;
use crate::kafka::Kafka;
use crate::keyed_load::KeyedLoad;
use crate::process::Process;
use std::time::{Duration, Instant};
use streams_core::cluster::OffsetSpec;
use streams_core::{Result, StreamsBuilder, Topology};

const PARTITIONS: i32 = 4;
/// Of each task.
const STORES: usize = 16;
const KEYS: u64 = 1_000_000;
/// Records a second, each of which changes a row in as many stores as a task has.
const RATE: u64 = 4_000;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const MIB: u64 = 1 << 20;

/// What the stores of all tasks may take together, in bytes: record caches, changes not yet committed, RocksDB's blocks and write buffers.
pub const STATE_BUDGET: u64 = 256 * MIB;
/// What the queues of the clients may take, by their defaults: one reader, one producer.
pub const CLIENT_QUEUES: u64 = 64 * MIB;

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The most that the process had of the machine's memory at any time, in bytes (`VmHWM`).
    pub peak: u64,
    /// Changes of rows, as the changelogs have them: the record caches keep some back.
    pub changes: u64,
    /// Bytes on disk at the end.
    pub disk: u64,
}

/// As many counts by key as a task is to have stores.
///
/// # Errors
/// When a name of a topic is not one.
pub fn topology(input: &str) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let grouped = builder.stream::<String, String>(input).group_by_key();
    for n in 1..=STORES {
        let _store = grouped.count_with(name_of(n).as_str());
    }
    Ok(builder.build()?)
}

/// Runs it for so long.
pub fn measure(kafka: &Kafka, time: Duration) -> Memory {
    let clients = Clients::new(kafka);
    let (application, input) = (clients.name("memory"), clients.topic(PARTITIONS));
    let directory = tempfile::tempdir().expect("a directory");
    let share = (STATE_BUDGET / 4).to_string();
    let settings = [
        ("state.dir", directory.path().display().to_string()),
        ("commit.interval.ms", "1000".to_owned()),
        ("statestore.cache.max.bytes", share.clone()),
        ("statestore.uncommitted.max.bytes", share.clone()),
        ("streams.state.block.cache.bytes", share.clone()),
        ("streams.state.write.buffer.bytes", share),
    ];
    let names = [kafka.bootstrap(), &application, &input].map(str::to_owned);
    let load = KeyedLoad::start(kafka, &input, PARTITIONS, KEYS, RATE);
    let mut app = Process::start("memory-app", names.into_iter().chain(settings.iter().map(|(key, value)| format!("{key}={value}"))));
    let begun = Instant::now();
    let mut minutes = 0;
    while begun.elapsed() < time {
        std::thread::sleep(LOOK_AGAIN);
        app.expect_alive();
        if begun.elapsed().as_secs() / 60 > minutes {
            minutes += 1;
            eprintln!("after {minutes} min: {} MB, at most {} MB so far", app.memory("VmRSS") / 1_000_000, app.memory("VmHWM") / 1_000_000);
        }
    }
    let peak = app.memory("VmHWM");
    let disk = size_of(directory.path());
    let logged = |store: usize| {
        let changelog = format!("{application}-{}-changelog", name_of(store));
        (0..PARTITIONS).map(|p| clients.offset(&changelog, p, OffsetSpec::Latest).unsigned_abs()).sum::<u64>()
    };
    let changes = (1..=STORES).map(logged).sum();
    load.stop();
    drop(app.terminate());
    Memory { peak, changes, disk }
}

fn name_of(store: usize) -> String {
    format!("counts-{store:02}")
}

/// Bytes in the files of a folder.
fn size_of(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { size_of(&entry.path()) } else { entry.metadata().map_or(0, |data| data.len()) }).sum()
}

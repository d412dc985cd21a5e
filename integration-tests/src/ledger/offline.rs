//! An application of the ledger that a test starts and stops by hand, to do things to its state meanwhile.

use super::app::{CHAIN_STORE, Topics};
use super::checker::{Findings, Guarantee, check};
use super::collect;
use super::entry::Entry;
use super::load::{Amount, Load};
use crate::behaviour::clients::{Clients, wait_for};
use crate::kafka::Kafka;
use crate::process::Process;
use std::path::{Path, PathBuf};
use std::time::Duration;
use streams_core::cluster::OffsetSpec;
use streams_state::{OpenEnv, ResourceLimits, SharedResources, Stores};
use tempfile::TempDir;

const INPUT_PARTITIONS: i32 = 8;
const OUTPUT_PARTITIONS: i32 = 4;
/// Entries a second: as fast as the application takes them.
const PER_SECOND: u64 = 20_000;

/// One instance, its topics and its state directory.
pub struct Offline<'a> {
    kafka: &'a Kafka,
    clients: Clients<'a>,
    guarantee: Guarantee,
    application: String,
    topics: Topics,
    directory: TempDir,
    entries: Vec<Entry>,
}

impl<'a> Offline<'a> {
    /// Has its topics, and nothing in them.
    pub fn new(kafka: &'a Kafka, guarantee: Guarantee) -> Self {
        let clients = Clients::new(kafka);
        let topics = Topics {
            input: clients.topic(INPUT_PARTITIONS),
            chains: clients.topic(OUTPUT_PARTITIONS),
            windows: clients.topic(OUTPUT_PARTITIONS),
        };
        let application = clients.name("ledger");
        let directory = tempfile::tempdir().expect("a directory");
        Offline { kafka, clients, guarantee, application, topics, directory, entries: Vec::new() }
    }

    /// Writes about so many entries more.
    pub fn write(&mut self, entries: u64) {
        let amount = Amount { per_second: PER_SECOND, first: self.entries.len() as u64 };
        let load = Load::start(self.kafka, &self.topics.input, INPUT_PARTITIONS as u32, amount);
        wait_for("the entries", || (load.written() >= entries).then_some(()));
        self.entries.extend(load.stop());
    }

    /// Starts the instance.
    pub fn start(&self, settings: &[(&str, String)]) -> Process {
        let Topics { input, chains, windows } = &self.topics;
        let (guarantee, commit) = self.guarantee.settings();
        let names = [self.kafka.bootstrap(), &self.application, input, chains, windows].map(str::to_owned);
        let usual = [
            ("state.dir", self.state_dir().display().to_string()),
            ("processing.guarantee", guarantee.to_owned()),
            ("commit.interval.ms", commit.to_owned()),
            ("session.timeout.ms", "6000".to_owned()),
        ];
        let settings = usual.iter().chain(settings).map(|(key, value)| format!("{key}={value}"));
        Process::start("ledger-app", names.into_iter().chain(settings))
    }

    /// Starts the instance, waits until every entry is processed, and stops it. What it has logged.
    pub fn run_to_end(&self) -> String {
        let mut process = self.start(&[]);
        wait_for("all entries to be processed", || {
            process.expect_alive();
            std::thread::sleep(Duration::from_millis(100));
            (collect::unread(self.kafka, &self.clients, &self.application, &self.topics) == 0).then_some(())
        });
        let log = process.log().join("\n");
        let ended = process.terminate();
        assert!(ended.status.success(), "it closes: {}", ended.log);
        log
    }

    /// The value of `state.dir`.
    pub fn state_dir(&self) -> &Path {
        self.directory.path()
    }

    /// The files of all tasks that have a name for which `wanted` says yes.
    pub fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.state_dir().join(&self.application)]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the folder can be read").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if wanted(&entry.file_name().to_string_lossy()) {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Lets the stores of the chains stand at this offset of their changelog.
    pub fn pretend_offset(&self, offset: i64) {
        let supplier = Stores::key_value::<String, String>(CHAIN_STORE).build().expect("the name is right");
        for partition in 0..INPUT_PARTITIONS {
            let env = OpenEnv {
                task_dir: Some(self.state_dir().join(&self.application).join(format!("1_{partition}"))),
                changelog_topic: self.changelogs()[0].as_str().into(),
                partition,
                shared: SharedResources::new(ResourceLimits::default()),
            };
            let mut store = supplier.open(&env).expect("the store can be opened");
            store.commit(Some(offset), &[]).expect("it can be written");
            store.close().expect("it can be closed");
        }
    }

    fn changelogs(&self) -> [String; 2] {
        [CHAIN_STORE, "windows"].map(|store| format!("{}-{store}-changelog", self.application))
    }

    /// Offsets of all changelogs.
    pub fn changelog_size(&self) -> u64 {
        let size = |log: &str| (0..INPUT_PARTITIONS).map(|p| self.clients.offset(log, p, OffsetSpec::Latest).unsigned_abs()).sum::<u64>();
        self.changelogs().iter().map(|log| size(log)).sum()
    }

    /// Everything compared.
    pub fn check(&self) -> Findings {
        let mut evidence = collect::collect(self.kafka, &self.application, &self.topics, &[self.state_dir().to_owned()]);
        evidence.entries.clone_from(&self.entries);
        check(&evidence, self.guarantee)
    }
}

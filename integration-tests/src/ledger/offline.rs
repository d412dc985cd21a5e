//! An application of the ledger that a test starts and stops by hand, to do things to its state meanwhile.

use super::app::CHAIN_STORE;
use super::checker::{Findings, Guarantee, check};
use super::collect;
use super::entry::Entry;
use super::load::{Amount, Load};
use super::scene::{INPUT_PARTITIONS, Scene, hang_file, hang_next};
use crate::behaviour::clients::{Clients, wait_for};
use crate::kafka::Kafka;
use crate::process::Process;
use std::path::{Path, PathBuf};
use std::time::Duration;
use streams_core::cluster::OffsetSpec;
use tempfile::TempDir;

/// Entries a second: as fast as the application takes them.
const PER_SECOND: u64 = 20_000;

/// One instance, its topics and its state directory.
pub struct Offline<'a> {
    scene: Scene<'a>,
    clients: Clients<'a>,
    directory: TempDir,
    entries: Vec<Entry>,
}

impl<'a> Offline<'a> {
    /// Has its topics, and nothing in them.
    pub fn new(kafka: &'a Kafka, guarantee: Guarantee) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Offline { scene: Scene::new(kafka, guarantee, false), clients: Clients::new(kafka), directory, entries: Vec::new() }
    }

    /// Writes about so many entries more.
    pub fn write(&mut self, entries: u64) {
        let amount = Amount { per_second: PER_SECOND, first: self.entries.len() as u64 };
        let load = Load::start(self.scene.kafka, &self.scene.topics.input, INPUT_PARTITIONS as u32, amount);
        wait_for("the entries", || (load.written() >= entries).then_some(()));
        self.entries.extend(load.stop());
    }

    /// Starts the instance.
    pub fn start(&self, settings: &[(String, String)]) -> Process {
        self.scene.start(self.state_dir(), settings)
    }

    /// Starts the instance, waits until every entry is processed, and stops it. What it has logged.
    pub fn run_to_end(&self) -> String {
        let mut process = self.start(&[]);
        wait_for("all entries to be processed", || {
            process.expect_alive();
            std::thread::sleep(Duration::from_millis(100));
            (self.scene.unread(&self.clients) == Some(0)).then_some(())
        });
        let log = process.log().join("\n");
        let ended = process.terminate();
        assert!(ended.status.success(), "it closes: {}", ended.log);
        log
    }

    /// Writes entries, at one of which a closure of the running instance hangs for so long; comes back when it does.
    pub fn write_and_hang(&mut self, entries: u64, time: Duration) {
        hang_next(self.state_dir(), time);
        self.write(entries);
        wait_for("the closure to hang", || (!hang_file(self.state_dir()).exists()).then_some(()));
    }

    /// The value of `state.dir`.
    pub fn state_dir(&self) -> &Path {
        self.directory.path()
    }

    /// The files of all tasks that have a name for which `wanted` says yes.
    pub fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.state_dir().join(&self.scene.application)]);
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
        let changelog = self.changelog(CHAIN_STORE);
        for partition in 0..INPUT_PARTITIONS {
            let task = self.state_dir().join(&self.scene.application).join(format!("1_{partition}"));
            let mut store = collect::open_chains(&task, &changelog, partition);
            store.commit(Some(offset), &[]).expect("it can be written");
            store.close().expect("it can be closed");
        }
    }

    fn changelog(&self, store: &str) -> String {
        format!("{}-{store}-changelog", self.scene.application)
    }

    /// How many changelog partitions there are.
    pub fn changelogs(&self) -> usize {
        2 * INPUT_PARTITIONS as usize
    }

    /// Offsets of all changelogs.
    pub fn changelog_size(&self) -> u64 {
        let size = |log: &str| (0..INPUT_PARTITIONS).map(|p| self.clients.offset(log, p, OffsetSpec::Latest).unsigned_abs()).sum::<u64>();
        [CHAIN_STORE, "windows"].iter().map(|store| size(&self.changelog(store))).sum()
    }

    /// Everything compared.
    pub fn check(&self) -> Findings {
        let Scene { kafka, guarantee, application, topics } = &self.scene;
        let mut evidence = collect::collect(kafka, application, topics, &[self.state_dir().to_owned()]);
        evidence.entries.clone_from(&self.entries);
        check(&evidence, *guarantee)
    }
}

//! Where the ledger runs: its topics, its group, and how an instance of it is started.

use super::app::Topics;
use super::checker::Guarantee;
use super::collect;
use super::lost_markers::{OpenTransaction, open_transactions};
use super::stages::StageTopics;
use crate::behaviour::clients::Clients;
use crate::kafka::Kafka;
use crate::process::Process;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) const INPUT_PARTITIONS: i32 = 8;
pub(super) const OUTPUT_PARTITIONS: i32 = 4;

pub(super) struct Scene<'a> {
    pub kafka: &'a Kafka,
    pub guarantee: Guarantee,
    pub application: String,
    pub topics: Topics,
}

impl<'a> Scene<'a> {
    /// Makes the topics.
    pub fn new(kafka: &'a Kafka, guarantee: Guarantee, with_stages: bool) -> Self {
        let clients = Clients::new(kafka);
        let topics = Topics {
            input: clients.topic(INPUT_PARTITIONS),
            chains: clients.topic(OUTPUT_PARTITIONS),
            windows: clients.topic(OUTPUT_PARTITIONS),
            stages: with_stages.then(|| StageTopics {
                finals: clients.topic(OUTPUT_PARTITIONS),
                pairs: clients.topic(OUTPUT_PARTITIONS),
                groups: clients.topic(OUTPUT_PARTITIONS),
                joined: clients.topic(OUTPUT_PARTITIONS),
                waited: clients.topic(OUTPUT_PARTITIONS),
            }),
        };
        Scene { kafka, guarantee, application: clients.name("ledger"), topics }
    }

    /// Starts an instance with two threads and this state directory.
    pub fn start(&self, directory: &Path, more: &[(String, String)]) -> Process {
        let Topics { input, chains, windows, stages } = &self.topics;
        let names = [self.kafka.bootstrap(), &self.application, input, chains, windows].map(str::to_owned);
        let (guarantee, commit) = self.guarantee.settings();
        let usual = [
            ("state.dir", directory.display().to_string()),
            ("processing.guarantee", guarantee.to_owned()),
            ("commit.interval.ms", commit.to_owned()),
            ("num.stream.threads", "2".to_owned()),
            ("session.timeout.ms", "6000".to_owned()),
            ("heartbeat.interval.ms", "300".to_owned()),
            ("producer.transaction.timeout.ms", "5000".to_owned()),
            ("metadata.max.age.ms", "1000".to_owned()),
            ("ledger.hang.file", hang_file(directory).display().to_string()),
        ];
        let usual = usual.iter().map(|(key, value)| format!("{key}={value}"));
        let stages = stages.iter().map(|stages| format!("ledger.stages={}", stages.all().map(String::as_str).join(",")));
        let more = more.iter().map(|(key, value)| format!("{key}={value}"));
        Process::start("ledger-app", names.into_iter().chain(usual).chain(stages).chain(more))
    }

    /// Records of input and repartition topic that no committed offset covers.
    /// `None` while the group does not know.
    pub fn unread(&self, clients: &Clients<'_>) -> Option<u64> {
        collect::unread(self.kafka, clients, &self.application, &self.topics)
    }

    /// Where readers of committed records have to wait.
    pub fn open_transactions(&self, clients: &Clients<'_>) -> Vec<OpenTransaction> {
        open_transactions(clients, collect::written(clients, &self.application, &self.topics))
    }
}

/// Has a closure of the instance with this state directory hang at the next entry that it sees, for so long.
pub(super) fn hang_next(directory: &Path, time: Duration) {
    // a closure may look at any time: the file is there with what it says, or not at all
    let (file, draft) = (hang_file(directory), directory.join("hang.draft"));
    std::fs::write(&draft, time.as_millis().to_string()).and_then(|()| std::fs::rename(&draft, &file)).expect("it can be written");
}

/// By which a closure of the instance with this state directory is made to hang.
pub(super) fn hang_file(directory: &Path) -> PathBuf {
    directory.join("hang")
}

/// What a line of an instance's log says of a restore: `restored 12 records of app-chains-changelog-3 in 4 ms`.
pub fn restored(line: &str) -> Option<(u64, String, i32)> {
    let (count, rest) = line.split_once("restored ")?.1.split_once(" records of ")?;
    let (topic, partition) = rest.split_once(" in ")?.0.rsplit_once('-')?;
    Some((count.parse().ok()?, topic.to_owned(), partition.parse().ok()?))
}

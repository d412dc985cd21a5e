//! Reads the evidence from the cluster and from stopped instances' state directories.

use super::app::{CHAIN_STORE, Topics};
use super::entry::Link;
use super::evidence::{Evidence, Window};
use super::lost_markers::open_transactions;
use crate::behaviour::Fixture;
use crate::behaviour::clients::{Clients, Seen, wait_for};
use crate::kafka::Kafka;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;
use streams_core::cluster::{ClientSettings, MembershipOptions, OffsetSpec};
use streams_core::{ErrorKind, TopicPartition};
use streams_state::store::StateStore;
use streams_state::{KvStore, OpenEnv, ResourceLimits, SharedResources, Stores};

/// Everything that a read_committed reader gets of a topic, partition after partition.
pub(super) fn read_topic(clients: &Clients<'_>, topic: &str) -> Vec<Seen> {
    let mut all = Vec::new();
    for partition in 0..partitions(clients, topic) {
        all.extend(read_from(clients, topic, partition, clients.offset(topic, partition, OffsetSpec::Earliest)));
    }
    all
}

fn partitions(clients: &Clients<'_>, topic: &str) -> i32 {
    clients.admin().partition_counts(&[topic]).expect("the topic can be described")[0].unwrap_or_default()
}

fn read_from(clients: &Clients<'_>, topic: &str, partition: i32, from: i64) -> Vec<Seen> {
    let end = clients.offset(topic, partition, OffsetSpec::LatestCommitted);
    if from >= end {
        return Vec::new();
    }
    let mut reader = clients.committed_reader(topic, partition, from);
    let mut seen = Vec::new();
    wait_for(&format!("the end of {topic}-{partition}"), || {
        let more = reader.fetch(10_000).expect("the topic can be read");
        if more.is_empty() {
            reader.fetcher.wait(Duration::from_millis(20));
        }
        seen.extend(more);
        (reader.fetcher.position(reader.handle).expect("a position") >= end).then_some(())
    });
    seen
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// All partitions that the application's transactions write to; the test broker keeps all groups' offsets in one.
pub(super) fn written(clients: &Clients<'_>, application: &str, topics: &Topics) -> Vec<TopicPartition> {
    let logs = [changelog(application, CHAIN_STORE), changelog(application, "windows"), repartition(application)];
    let all = [&topics.chains, &topics.windows].into_iter().chain(&logs);
    let of_topics = all.flat_map(|topic| (0..partitions(clients, topic)).map(|p| TopicPartition::new(topic.as_str(), p)));
    of_topics.chain([TopicPartition::new("__consumer_offsets", 0)]).collect()
}

fn changelog(application: &str, store: &str) -> String {
    format!("{application}-{store}-changelog")
}

fn repartition(application: &str) -> String {
    format!("{application}-entries-repartition")
}

/// Records of input and repartition topic behind what the group has committed. The input is asked first: what it led to is there then.
/// `None` while the group does not know, because a transaction with offsets is open.
pub(super) fn unread(kafka: &Kafka, clients: &Clients<'_>, group: &str, topics: &Topics) -> Option<u64> {
    let topics = [topics.input.as_str(), &repartition(group)];
    let values = kafka.settings().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    let client = ClientSettings { client_id: "ledger".to_owned(), values };
    let options = MembershipOptions { client, group: group.to_owned(), topics: vec![topics[0].to_owned()] };
    let mut member = kafka.cluster().membership(options).expect("a member");
    let mut count = 0;
    for topic in &topics {
        let all: Vec<TopicPartition> = (0..partitions(clients, topic)).map(|p| TopicPartition::new(*topic, p)).collect();
        let committed = match member.committed(&all, Duration::from_secs(5)) {
            Err(error) if error.kind() == ErrorKind::Unavailable => return None,
            answer => answer.expect("the group answers"),
        };
        for (partition, committed) in all.iter().zip(committed) {
            let earliest = clients.offset(topic, partition.partition, OffsetSpec::Earliest);
            let from = committed.map_or(earliest, |c| c.offset.max(earliest));
            count += read_from(clients, topic, partition.partition, from).len() as u64;
        }
    }
    Some(count)
}

/// Rows of the chain store in the state directories of instances that have ended, of the partitions that each had last.
fn dump(application: &str, changelog: &str, partitions: i32, directories: &[PathBuf]) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    for partition in 0..partitions {
        // several instances may have a directory of the task; the one that is furthest had it last
        let dumps = directories.iter().filter_map(|dir| {
            let task = dir.join(application).join(format!("1_{partition}"));
            task.is_dir().then(|| rows_of(&task, changelog, partition))
        });
        if let Some((_, last)) = dumps.max_by_key(|(offset, _)| *offset) {
            rows.extend(last);
        }
    }
    rows
}

/// The chain store of a task that nobody runs.
pub(super) fn open_chains(task: &Path, changelog: &str, partition: i32) -> Box<dyn StateStore> {
    let env = OpenEnv {
        task_dir: Some(task.to_owned()),
        changelog_topic: changelog.into(),
        partition,
        shared: SharedResources::new(ResourceLimits::default()),
    };
    let supplier = Stores::key_value::<String, String>(CHAIN_STORE).build().expect("the name is right");
    supplier.open(&env).expect("the store can be opened")
}

fn rows_of(task: &Path, changelog: &str, partition: i32) -> (Option<i64>, BTreeMap<String, String>) {
    let store = open_chains(task, changelog, partition);
    let offset = store.committed_offset();
    let mut store = store.into_any().downcast::<KvStore<String, String>>().expect("a store of texts");
    let mut rows = BTreeMap::new();
    let mut take = |key: &[u8], value: &String, _: i64| {
        rows.insert(text(Some(key)), value.clone());
        Ok(ControlFlow::Continue(()))
    };
    store.scan(Bound::Unbounded, Bound::Unbounded, false, &mut take).expect("the store can be read");
    (offset, rows)
}

/// What can be found when every instance has ended.
pub(super) fn collect(kafka: &Kafka, application: &str, topics: &Topics, directories: &[PathBuf]) -> Evidence {
    let clients = Clients::new(kafka);
    let changelog = changelog(application, CHAIN_STORE);
    let mut evidence = Evidence::default();
    for record in read_topic(&clients, &topics.chains) {
        match Link::parse(&text(record.key.as_deref()), &text(record.value.as_deref())) {
            Some(link) => evidence.links.push(link),
            None => evidence.strange += 1,
        }
    }
    for record in read_topic(&clients, &topics.windows) {
        let key = text(record.key.as_deref());
        let parsed = key.split_once(' ').and_then(|(key, start)| Some((key.parse().ok()?, start.parse().ok()?)));
        let count = record.value.as_deref().and_then(|v| v.try_into().ok()).map(u64::from_be_bytes);
        match parsed.zip(count) {
            Some(((key, start), count)) => evidence.windows.push(Window { key, start, count }),
            None => evidence.strange += 1,
        }
    }
    for record in read_topic(&clients, &changelog) {
        let key = text(record.key.as_deref());
        evidence.logged.extend(Link::parse(&key, &text(record.value.as_deref())));
        match record.value {
            Some(value) => evidence.changelog.insert(key, text(Some(&value))),
            None => evidence.changelog.remove(&key),
        };
    }
    evidence.store = Some(dump(application, &changelog, partitions(&clients, &changelog), directories));
    evidence.unread = wait_for("the group's offsets", || unread(kafka, &clients, application, topics));
    evidence.hanging = open_transactions(&clients, written(&clients, application, topics)).len() as u64;
    evidence
}

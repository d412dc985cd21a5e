//! Reads the evidence from the cluster and from stopped instances' state directories.

use super::app::{CHAIN_STORE, Topics};
use super::entry::Link;
use super::evidence::{Evidence, StageEvidence, Window};
use super::lost_markers::open_transactions;
use super::stages::{self, StageTopics, block_of};
use crate::behaviour::Fixture;
use crate::behaviour::clients::{Clients, Seen, wait_for};
use crate::kafka::Kafka;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
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
    let mut all = internal(application, topics);
    all.extend([CHAIN_STORE, "windows"].map(|store| changelog(application, store)));
    all.extend([&topics.chains, &topics.windows].map(Clone::clone));
    if let Some(stages) = &topics.stages {
        all.extend(stages::STORES.map(|store| changelog(application, store)));
        all.extend(stages.all().map(Clone::clone));
    }
    let of_topics = all.iter().flat_map(|topic| (0..partitions(clients, topic)).map(|p| TopicPartition::new(topic.as_str(), p)));
    of_topics.chain([TopicPartition::new("__consumer_offsets", 0)]).collect()
}

/// The topics that the application writes to itself, each after those that lead to it.
fn internal(application: &str, topics: &Topics) -> Vec<String> {
    let stages = topics.stages.iter().flat_map(|_| stages::INTERNAL);
    ["entries-repartition"].into_iter().chain(stages).map(|name| format!("{application}-{name}")).collect()
}

fn changelog(application: &str, store: &str) -> String {
    format!("{application}-{store}-changelog")
}

/// Records of input and internal topics behind what the group has committed. The input is asked first: what it led to is there then.
/// `None` while the group does not know, because a transaction with offsets is open.
pub(super) fn unread(kafka: &Kafka, clients: &Clients<'_>, group: &str, topics: &Topics) -> Option<u64> {
    let all = [topics.input.clone()].into_iter().chain(internal(group, topics));
    let values = kafka.settings().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    let client = ClientSettings { client_id: "ledger".to_owned(), values };
    let options = MembershipOptions { client, group: group.to_owned(), topics: vec![topics.input.clone()] };
    let mut member = kafka.cluster().membership(options).expect("a member");
    let mut count = 0;
    for topic in all {
        let all: Vec<TopicPartition> = (0..partitions(clients, &topic)).map(|p| TopicPartition::new(topic.as_str(), p)).collect();
        let committed = match member.committed(&all, Duration::from_secs(5)) {
            Err(error) if error.kind() == ErrorKind::Unavailable => return None,
            answer => answer.expect("the group answers"),
        };
        for (partition, committed) in all.iter().zip(committed) {
            let earliest = clients.offset(&topic, partition.partition, OffsetSpec::Earliest);
            let from = committed.map_or(earliest, |c| c.offset.max(earliest));
            count += read_from(clients, &topic, partition.partition, from).len() as u64;
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

/// Counts of windows, and how many records are none.
fn windows(clients: &Clients<'_>, topic: &str, mut strange: u64) -> (Vec<Window>, u64) {
    let mut windows = Vec::new();
    for record in read_topic(clients, topic) {
        let count = record.value.as_deref().and_then(|v| v.try_into().ok()).map(u64::from_be_bytes);
        match two_numbers(record.key.as_deref()).zip(count) {
            Some(((key, start), count)) => windows.push(Window { key, start, count }),
            None => strange += 1,
        }
    }
    (windows, strange)
}

fn two_numbers<A: FromStr, B: FromStr>(bytes: Option<&[u8]>) -> Option<(A, B)> {
    let text = text(bytes);
    let (first, second) = text.split_once(' ')?;
    first.parse().ok().zip(second.parse().ok())
}

/// What the stages have written, and how many records are nothing that they may write.
fn of_stages(clients: &Clients<'_>, topics: &StageTopics) -> (StageEvidence, u64) {
    let (finals, mut strange) = windows(clients, &topics.finals, 0);
    let mut found = StageEvidence { finals, ..StageEvidence::default() };
    for record in read_topic(clients, &topics.pairs) {
        match two_numbers(record.key.as_deref()).zip(two_numbers::<u8, u8>(record.value.as_deref())) {
            Some((pair, (left, right))) => found.pairs.entry(pair).or_default().push((left == 1, right == 1)),
            None => strange += 1,
        }
    }
    for record in read_topic(clients, &topics.waited) {
        match two_numbers(record.key.as_deref()).zip(two_numbers::<u64, u8>(record.value.as_deref())) {
            Some(((partition, block), (seq, begun)))
                if block_of(partition, seq) == ((partition, block), false) && (0..=1).contains(&begun) =>
            {
                found.waited.entry((partition, seq)).or_default().push(begun == 1);
            }
            _ => strange += 1,
        }
    }
    strange += rows(clients, &topics.groups, &mut found.groups) + rows(clients, &topics.joined, &mut found.joined);
    (found, strange)
}

/// The last row of each key; how many keys are no numbers.
fn rows<K: FromStr + Ord>(clients: &Clients<'_>, topic: &str, rows: &mut BTreeMap<K, String>) -> u64 {
    let mut strange = 0;
    for record in read_topic(clients, topic) {
        match (text(record.key.as_deref()).parse(), record.value) {
            (Ok(key), Some(value)) => _ = rows.insert(key, text(Some(&value))),
            (Ok(key), None) => _ = rows.remove(&key),
            (Err(_), _) => strange += 1,
        }
    }
    strange
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
    (evidence.windows, evidence.strange) = windows(&clients, &topics.windows, evidence.strange);
    if let Some(topics) = &topics.stages {
        let (found, strange) = of_stages(&clients, topics);
        (evidence.stages, evidence.strange) = (Some(found), evidence.strange + strange);
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

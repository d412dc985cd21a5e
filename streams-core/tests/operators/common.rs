//! What the end-to-end tests share: applications on an embedded cluster, fed and read as a user would.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::StreamsConfig;
use streams_core::{KafkaStreams, State, StreamsBuilder, Topology};

/// Long enough for a loaded machine; nothing waits that long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const WORDS: [&str; 8] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"];

/// `lines` -> words -> `counts`, through a repartition topic.
pub fn word_count() -> Topology {
    let builder = StreamsBuilder::new();
    builder
        .stream::<(), String>("lines")
        .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>())
        .group_by(|_, word| word.clone())
        .count_with("words")
        .to_stream()
        .to("counts");
    builder.build().expect("the topology is right")
}

pub const PARTITIONS: i32 = 4;

/// A cluster with the topics of `word_count`.
pub fn cluster() -> EmbeddedCluster {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("lines", PARTITIONS).expect("a new topic");
    cluster.create_topic("counts", PARTITIONS).expect("a new topic");
    cluster
}

/// A quick configuration on a directory of its own.
pub fn config(state_dir: &std::path::Path) -> StreamsConfig {
    StreamsConfig::new("app", "embedded")
        .set("state.dir", state_dir.display().to_string())
        .set("commit.interval.ms", "100")
        .set("poll.ms", "10")
        .set("linger.ms", "0")
}

pub fn start(cluster: &EmbeddedCluster, topology: Topology, config: StreamsConfig) -> KafkaStreams {
    let app = KafkaStreams::builder(topology, config).cluster(Arc::new(cluster.clone())).start().expect("the application starts");
    app.wait_for(State::Running, PATIENCE).expect("the application runs");
    app
}

/// Appends `count` lines of three words each, to all partitions, and adds their words to `expected`.
pub fn feed(cluster: &EmbeddedCluster, count: usize, expected: &mut BTreeMap<String, i64>) {
    for n in 0..count {
        let line: Vec<&str> = (0..3).map(|w| WORDS[(n * 7 + w * 3 + n / 5) % WORDS.len()]).collect();
        for word in &line {
            *expected.entry((*word).to_owned()).or_default() += 1;
        }
        let partition = n as i32 % PARTITIONS;
        cluster
            .produce("lines", Some(partition), None, Some(line.join(" ").as_bytes()), 1_700_000_000_000 + n as i64)
            .expect("the record is taken");
    }
}

/// The last value per key of an output of counts.
pub fn last_counts(cluster: &EmbeddedCluster, topic: &str) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for record in cluster.read_topic(topic).expect("the topic is there") {
        let key = String::from_utf8(record.key.expect("a key")).expect("a word");
        let value = record.value.expect("a count");
        counts.insert(key, i64::from_be_bytes(value.as_slice().try_into().expect("eight bytes")));
    }
    counts
}

/// Waits until `probe` says true.
pub fn eventually(what: &str, mut probe: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !probe() {
        assert!(begun.elapsed() < PATIENCE, "still not: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the output's last values are `expected`.
pub fn await_counts(cluster: &EmbeddedCluster, expected: &BTreeMap<String, i64>) {
    let begun = Instant::now();
    loop {
        let found = last_counts(cluster, "counts");
        if found == *expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "counts: expected {expected:?}, found {found:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn close(app: &KafkaStreams) {
    app.close(PATIENCE).expect("the application closes");
    assert_eq!(app.state(), State::NotRunning);
}

//! `reuse.ktable.source.topics` on a cluster: a table's topic is its changelog, as far as the application has committed it.

use crate::common::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::{DeserializationPolicy, StreamsConfig, TopologyOptimization};
use streams_core::runtime::RestoreEvent;
use streams_core::{ErrorKind, KafkaStreams, State, StreamsBuilder, Topology};

const TIME: i64 = 1_700_000_000_000;

/// Bills are orders times prices.
fn topology(config: &StreamsConfig) -> Topology {
    let builder = StreamsBuilder::new();
    let prices = builder.table::<String, i64>("prices");
    builder.stream::<String, i64>("orders").join_table(&prices, |count, price| count * price).to("bills");
    builder.build_with(config).expect("the topology is right")
}

fn optimized(directory: &Path, guarantee: &str) -> StreamsConfig {
    config(directory)
        .topology_optimization(TopologyOptimization::ALL)
        .deserialization_exception_handler(DeserializationPolicy::LogAndContinue)
        .set("processing.guarantee", guarantee)
        .set("max.task.idle.ms", "0")
}

fn market() -> EmbeddedCluster {
    let cluster = EmbeddedCluster::new();
    for topic in ["orders", "prices", "bills"] {
        cluster.create_topic(topic, 2).expect("a new topic");
    }
    cluster
}

fn put(cluster: &EmbeddedCluster, topic: &str, key: &str, value: Option<&[u8]>) {
    cluster.produce(topic, None, Some(key.as_bytes()), value, TIME).expect("the record is taken");
}

fn number(value: i64) -> [u8; 8] {
    value.to_be_bytes()
}

fn bills(cluster: &EmbeddedCluster) -> BTreeMap<String, i64> {
    last_counts(cluster, "bills")
}

/// Starts, and tells what was restored: the ends of the logs by topic and partition.
fn start_and_hear(cluster: &EmbeddedCluster, config: StreamsConfig) -> (KafkaStreams, BTreeMap<String, (i64, u64)>) {
    let heard: Arc<Mutex<BTreeMap<String, (i64, u64)>>> = Arc::default();
    let sink = heard.clone();
    let app = KafkaStreams::builder(topology(&config), config)
        .cluster(Arc::new(cluster.clone()))
        .restore_listener(move |event| {
            let mut heard = sink.lock().expect("no panic");
            match event {
                RestoreEvent::Start { changelog, end, .. } => {
                    heard.insert(changelog.to_string(), (*end, 0));
                }
                RestoreEvent::End { changelog, total, .. } => heard.entry(changelog.to_string()).or_default().1 = *total,
                _ => {}
            }
        })
        .start()
        .expect("the application starts");
    app.wait_for(State::Running, PATIENCE).expect("the application runs");
    let heard = heard.lock().expect("no panic").clone();
    (app, heard)
}

fn await_all_committed(cluster: &EmbeddedCluster, topic: &str) {
    for partition in 0..2 {
        let end = cluster.end_offset(topic, partition).expect("the topic is there");
        eventually("everything is committed", || cluster.committed_offset("app", topic, partition).map_or(0, |c| c.offset) == end);
    }
}

fn a_table_is_restored_from_its_topic(guarantee: &str) {
    let (cluster, first) = (market(), tempfile::tempdir().expect("a directory"));
    for n in 1..=20 {
        put(&cluster, "prices", &format!("item {n}"), Some(&number(n)));
    }
    put(&cluster, "prices", "item 1", Some(b"no number"));
    put(&cluster, "prices", "item 2", None);
    put(&cluster, "prices", "item 3", Some(&number(300)));
    let (app, _) = start_and_hear(&cluster, optimized(first.path(), guarantee));
    await_all_committed(&cluster, "prices");
    close(&app);
    assert_eq!(cluster.topic_names(), ["bills", "orders", "prices"], "no internal topic was made");

    // while nobody runs, prices change: what was not processed is not restored, but processed
    put(&cluster, "prices", "item 4", Some(&number(4_000)));
    let committed: Vec<i64> = (0..2).map(|p| cluster.committed_offset("app", "prices", p).map_or(0, |c| c.offset)).collect();
    let records: Vec<Vec<_>> = (0..2).map(|p| cluster.read("prices", p, 0).expect("records")).collect();
    let second = tempfile::tempdir().expect("a directory");
    let (app, heard) = start_and_hear(&cluster, optimized(second.path(), guarantee));
    for partition in 0..2 {
        let (end, total) = heard[&format!("prices-{partition}")];
        assert_eq!(end, committed[partition], "partition {partition}");
        let below = records[partition].iter().filter(|r| r.offset < end).count();
        assert_eq!(total, below as u64, "partition {partition}");
    }
    await_all_committed(&cluster, "prices");
    for n in 1..=5 {
        put(&cluster, "orders", &format!("item {n}"), Some(&number(10)));
    }
    await_all_committed(&cluster, "orders");
    close(&app);
    let expected = [("item 1", 10), ("item 3", 3_000), ("item 4", 40_000), ("item 5", 50)];
    assert_eq!(bills(&cluster), expected.map(|(item, bill)| (item.to_owned(), bill)).into());
    assert_eq!(cluster.topic_names(), ["bills", "orders", "prices"]);
}

#[test]
fn a_table_is_restored_from_its_topic_at_least_once() {
    a_table_is_restored_from_its_topic("at_least_once");
}

#[test]
fn a_table_is_restored_from_its_topic_exactly_once() {
    a_table_is_restored_from_its_topic("exactly_once_v2");
}

/// In Java the properties given to `build` count; a config that says something else would only look as if it worked.
#[test]
fn a_topology_that_was_built_otherwise_is_refused() {
    let (cluster, directory) = (market(), tempfile::tempdir().expect("a directory"));
    let (plain, all) = (config(directory.path()), config(directory.path()).topology_optimization(TopologyOptimization::ALL));
    for (built, configured, said) in [(&plain, &all, ["is `all`", "built with `none`"]), (&all, &plain, ["is `none`", "built with `all`"])]
    {
        let app = KafkaStreams::builder(topology(built), configured.clone()).cluster(Arc::new(cluster.clone()));
        let error = app.start().expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(said.iter().all(|part| text.contains(part)) && text.contains("build_with"), "{text}");
    }
}

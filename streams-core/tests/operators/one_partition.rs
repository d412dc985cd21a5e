//! What tests over restarts share: an application from `in` to `out`, one partition each, whose state comes from its changelogs every time.

use crate::common::{close, config, eventually, start};
use std::path::Path;
use streams_core::Topology;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::StreamsConfig;

/// A cluster with `in` and `out`.
pub fn cluster() -> EmbeddedCluster {
    let cluster = EmbeddedCluster::new();
    for topic in ["in", "out"] {
        cluster.create_topic(topic, 1).expect("a new topic");
    }
    cluster
}

/// The time of a second, in milliseconds.
pub fn time(second: i64) -> i64 {
    1_700_000_000_000 + second * 1000
}

/// Appends records of key, value and second.
pub fn feed_values(cluster: &EmbeddedCluster, records: &[(&str, &str, i64)]) {
    for (key, value, second) in records {
        cluster.produce("in", Some(0), Some(key.as_bytes()), Some(value.as_bytes()), time(*second)).expect("the record is taken");
    }
}

/// Appends records of key and second. The value is "x", and "boom" where the key is: for [`config_that_aborts`].
pub fn feed(cluster: &EmbeddedCluster, records: &[(&str, i64)]) {
    let records: Vec<_> = records.iter().map(|&(key, second)| (key, if key == "boom" { "boom" } else { "x" }, second)).collect();
    feed_values(cluster, &records);
}

/// Runs the application until all of `in` is committed, in a directory of its own each time.
pub fn run(cluster: &EmbeddedCluster, topology: Topology, guarantee: &str, feed: impl FnOnce(&EmbeddedCluster)) {
    let directory = tempfile::tempdir().expect("a directory");
    let app = start(cluster, topology, config(directory.path()).set("processing.guarantee", guarantee));
    feed(cluster);
    let end = cluster.end_offset("in", 0).expect("the topic is there");
    eventually("all is committed", || cluster.committed_offset("app", "in", 0).is_some_and(|committed| committed.offset == end));
    close(&app);
}

/// Exactly once, where a record that makes user code panic takes back what has not been committed, which by time is nothing.
pub fn config_that_aborts(directory: &Path) -> StreamsConfig {
    config(directory)
        .set("processing.guarantee", "exactly_once_v2")
        .set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler")
        .set("commit.interval.ms", "60000")
        .set("producer.transaction.timeout.ms", "120000")
}

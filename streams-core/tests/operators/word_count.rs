//! Word count end to end: through a repartition topic and a store, with one thread and with several.

use crate::common::*;
use std::collections::BTreeMap;
use streams_core::config::StreamsConfig;

fn counts_with(change: impl Fn(StreamsConfig) -> StreamsConfig) {
    let directory = tempfile::tempdir().expect("a directory");
    let cluster = cluster();
    let mut expected = BTreeMap::new();
    feed(&cluster, 500, &mut expected);
    let app = start(&cluster, word_count(), change(config(directory.path())));
    feed(&cluster, 500, &mut expected);
    await_counts(&cluster, &expected);
    close(&app);
    // nothing was counted twice, and nothing is left uncommitted
    for partition in 0..PARTITIONS {
        let committed = cluster.committed_offset("app", "lines", partition).map(|c| c.offset);
        assert_eq!(committed, cluster.end_offset("lines", partition).ok(), "partition {partition}");
    }
}

#[test]
fn one_thread() {
    counts_with(|config| config);
}

#[test]
fn three_threads() {
    counts_with(|config| config.set("num.stream.threads", "3"));
}

#[test]
fn without_a_cache() {
    counts_with(|config| config.set("statestore.cache.max.bytes", "0"));
}

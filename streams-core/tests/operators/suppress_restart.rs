//! What a suppression holds back outlasts the application: it is read again from the buffer's changelog, and nothing is emitted twice.

use crate::common::{close, config, eventually, start};
use crate::one_partition::{cluster, config_that_aborts, feed, time};
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::{BufferConfig, StreamsBuilder, Suppressed, TimeWindows, Topology};

const CHANGELOG: &str = "app-final-store-changelog";

fn final_counts() -> Topology {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    let stream = builder.stream::<String, String>("in").peek(|_, value| assert_ne!(value, "boom"));
    let counts = stream.group_by_key().windowed_by(windows).count_with("counts");
    let closed = counts.suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).named("final"));
    closed.to_stream().select_key(|windowed, _| format!("{}@{}", windowed.key, windowed.window.start)).to("out");
    builder.build().expect("the topology is right")
}

/// The results that are committed, in the order in which they came.
fn results(cluster: &EmbeddedCluster) -> Vec<(String, i64)> {
    let records = cluster.read_committed("out", 0, 0).expect("the topic is there");
    let result = |key: Option<Vec<u8>>, value: Option<Vec<u8>>| {
        let count = value.expect("a count").as_slice().try_into().expect("eight bytes");
        (String::from_utf8(key.expect("a key")).expect("a text"), i64::from_be_bytes(count))
    };
    records.into_iter().map(|record| result(record.key, record.value)).collect()
}

/// The newest record of each key of the buffer's changelog: whether there is a row, and the version that its header names.
fn buffered(cluster: &EmbeddedCluster) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let records = cluster.read_committed(CHANGELOG, 0, 0).unwrap_or_default();
    let version = |record: streams_core::cluster::embedded::OwnedRecord| {
        let version = record.headers.last("v").and_then(|header| header.value.clone());
        (record.key.expect("a key"), record.value.and(version))
    };
    records.into_iter().map(version).collect()
}

fn survives(guarantee: &str) {
    let cluster = cluster();
    let run = |during: &dyn Fn()| {
        // a directory of its own each time: all state comes from the changelogs
        let directory = tempfile::tempdir().expect("a directory");
        let app = start(&cluster, final_counts(), config(directory.path()).set("processing.guarantee", guarantee));
        during();
        close(&app);
    };
    let result = |key: &str, window: i64, count| (format!("{key}@{}", time(window)), count);
    run(&|| {
        feed(&cluster, &[("a", 1), ("b", 2), ("a", 3)]);
        eventually("the buffer's rows are committed", || buffered(&cluster).len() == 2);
        assert!(buffered(&cluster).values().all(|version| *version == Some(vec![3])));
    });
    assert!(results(&cluster).is_empty());
    run(&|| {
        feed(&cluster, &[("b", 9), ("c", 11)]);
        eventually("the first window's results", || results(&cluster).len() >= 2);
    });
    let first = [result("a", 0, 2), result("b", 0, 2)];
    assert_eq!(results(&cluster), first);
    let rows = buffered(&cluster).into_values().filter(Option::is_some).count();
    assert_eq!(rows, 1, "what was emitted is gone from the changelog");
    run(&|| {
        feed(&cluster, &[("c", 19), ("d", 20)]);
        eventually("the second window's result", || results(&cluster).len() >= 3);
    });
    assert_eq!(results(&cluster), [&first[..], &[result("c", 10, 2)]].concat());
}

#[test]
fn what_is_held_back_outlasts_the_application() {
    survives("at_least_once");
}

#[test]
fn what_is_held_back_outlasts_the_application_exactly_once() {
    survives("exactly_once_v2");
}

/// A record makes user code panic while changes are held back that were not committed: they are undone, and come again.
#[test]
fn what_was_held_back_since_the_last_commit_is_undone_with_it() {
    let cluster = cluster();
    let directory = tempfile::tempdir().expect("a directory");
    let config = config_that_aborts(directory.path()).set("statestore.cache.max.bytes", "0");
    let app = start(&cluster, final_counts(), config);
    feed(&cluster, &[("a", 1), ("a", 2), ("boom", 3), ("a", 4), ("c", 11)]);
    eventually("the window's result", || cluster.read("out", 0, 0).is_ok_and(|records| !records.is_empty()));
    close(&app);
    assert_eq!(results(&cluster), [(format!("a@{}", time(0)), 3)]);
}

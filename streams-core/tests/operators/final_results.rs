//! Final results of an application that is closed and started again: each window is told once, although its rows and how far that went come back
//! from the changelog and the committed offsets.

use crate::common::*;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::{EmitStrategy, SlidingWindows, StreamsBuilder, TimeWindowedKStream, TimeWindows, Topology};

const BEGIN: i64 = 1_700_000_000_000;
const STEP: i64 = 3_000;
const SIZE: Duration = Duration::from_secs(10);

fn topology(cut: impl FnOnce(&StreamsBuilder) -> TimeWindowedKStream<String, String>) -> Topology {
    let builder = StreamsBuilder::new();
    let counts = cut(&builder).emit_strategy(EmitStrategy::on_window_close()).count_with("counts").to_stream();
    counts.map(|windowed, count| (format!("{}@{}", windowed.key, windowed.window.start - BEGIN), count)).to("out");
    builder.build().expect("the topology is right")
}

fn told(cluster: &EmbeddedCluster) -> Vec<(String, i64)> {
    let record = |record: streams_core::cluster::embedded::OwnedRecord| {
        let count = record.value.expect("a count").as_slice().try_into().map(i64::from_be_bytes).expect("eight bytes");
        (String::from_utf8(record.key.expect("a key")).expect("a text"), count)
    };
    cluster.read_topic("out").expect("the topic is there").into_iter().map(record).collect()
}

/// Runs an application four times over, a few records each, and compares what was told with `ended`: the windows that have ended by a time.
fn restarted(guarantee: &str, make: impl Fn() -> Topology, ended: impl Fn(&[i64], i64) -> BTreeMap<i64, i64>) {
    let directory = tempfile::tempdir().expect("a directory");
    let cluster = EmbeddedCluster::new();
    for topic in ["in", "out"] {
        cluster.create_topic(topic, 1).expect("a new topic");
    }
    let mut times = Vec::new();
    for _ in 0..4 {
        let app = start(&cluster, make(), config(directory.path()).set("processing.guarantee", guarantee));
        for _ in 0..13 {
            let time = times.len() as i64 * STEP;
            cluster.produce("in", Some(0), Some(b"k"), Some(b"v"), BEGIN + time).expect("the record is taken");
            times.push(time);
        }
        let now = times.len() as i64 * STEP - STEP;
        let expected: Vec<_> = ended(&times, now).into_iter().map(|(start, count)| (format!("k@{start}"), count)).collect();
        eventually("every window that has ended is told", || told(&cluster).len() >= expected.len());
        close(&app);
        assert_eq!(told(&cluster), expected, "{guarantee}, after {} records", times.len());
    }
}

fn count(times: &[i64], from: i64, to: i64) -> i64 {
    times.iter().filter(|time| (from..=to).contains(*time)).count() as i64
}

#[test]
fn time_windows() {
    let make = || topology(|b| b.stream::<String, String>("in").group_by_key().windowed_by(TimeWindows::tumbling(SIZE).no_grace()));
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        restarted(guarantee, make, |times, now| {
            let starts = times.iter().map(|time| time / 10_000 * 10_000).filter(|start| start + 10_000 <= now);
            starts.map(|start| (start, count(times, start, start + 9_999))).collect()
        });
    }
}

#[test]
fn sliding_windows() {
    let make = || topology(|b| b.stream::<String, String>("in").group_by_key().windowed_by(SlidingWindows::within(SIZE).no_grace()));
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        restarted(guarantee, make, |times, now| {
            let starts = times.iter().flat_map(|time| [time - 10_000, time + 1]).filter(|start| start + 10_000 < now);
            starts.map(|start| (start, count(times, start, start + 10_000))).filter(|(_, count)| *count > 0).collect()
        });
    }
}

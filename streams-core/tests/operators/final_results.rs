//! Final results of an application that is closed and started again: each window is told once, although its rows and how far that went come back
//! from the changelog and the committed offsets.

use crate::common::*;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::testing::TopologyTestDriver;
use streams_core::{
    EmitStrategy, KGroupedStream, KTable, Materialized, SessionWindows, SlidingWindows, StreamsBuilder, TimeWindows, Topology, Windowed,
};

const BEGIN: i64 = 1_700_000_000_000;
const STEP: i64 = 3_000;
const SIZE: Duration = Duration::from_secs(10);

const AT_CLOSE: EmitStrategy = EmitStrategy::on_window_close();

fn topology(count: impl FnOnce(KGroupedStream<String, String>) -> KTable<Windowed<String>, u64>) -> Topology {
    let builder = StreamsBuilder::new();
    let counts = count(builder.stream::<String, String>("in").group_by_key()).to_stream();
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
    let make =
        || topology(|by_key| by_key.windowed_by(TimeWindows::tumbling(SIZE).no_grace()).emit_strategy(AT_CLOSE).count_with("counts"));
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        restarted(guarantee, make, |times, now| {
            let starts = times.iter().map(|time| time / 10_000 * 10_000).filter(|start| start + 10_000 <= now);
            starts.map(|start| (start, count(times, start, start + 9_999))).collect()
        });
    }
}

#[test]
fn sliding_windows() {
    let make =
        || topology(|by_key| by_key.windowed_by(SlidingWindows::within(SIZE).no_grace()).emit_strategy(AT_CLOSE).count_with("counts"));
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        restarted(guarantee, make, |times, now| {
            let starts = times.iter().flat_map(|time| [time - 10_000, time + 1]).filter(|start| start + 10_000 < now);
            starts.map(|start| (start, count(times, start, start + 10_000))).filter(|(_, count)| *count > 0).collect()
        });
    }
}

#[test]
fn sessions() {
    const GAP: Duration = Duration::from_secs(1);
    let make =
        || topology(|by_key| by_key.windowed_by(SessionWindows::with_gap(GAP).no_grace()).emit_strategy(AT_CLOSE).count_with("counts"));
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        restarted(guarantee, make, |times, now| times.iter().filter(|time| **time + 1_000 < now).map(|time| (*time, 1)).collect());
    }
}

/// Gap and grace in milliseconds.
const SHAPES: [(i64, i64); 4] = [(10, 7), (0, 20), (30, 0), (3, 3)];

/// Record by record: what has closed by the time of a record is told before the record is taken. A session that was told may be taken up again by a
/// record in time, where the store still has it; it is told anew then.
#[test]
fn a_session_is_told_once_it_can_take_no_more_records() {
    let ms = |ms: i64| Duration::from_millis(ms.unsigned_abs());
    let (mut told_in_all, mut late_in_all) = (0, 0);
    for (seed, (gap, grace)) in (1..60).zip(SHAPES.into_iter().cycle()) {
        let builder = StreamsBuilder::new();
        let sessions = builder.stream::<String, i64>("in").group_by_key().windowed_by(SessionWindows::with_gap(ms(gap)).grace(ms(grace)));
        let kept = Materialized::from("sums").retention(Duration::from_secs(3_600));
        let sums = sessions.emit_strategy(AT_CLOSE).reduce_with(|a, b| a + b, kept).to_stream();
        sums.map(|windowed, sum| (windowed.to_string(), sum)).to("out");
        let driver = TopologyTestDriver::new(&builder.build().expect("it is right")).expect("a driver");
        let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<i64>>("out"));
        let (mut random, mut now, mut told, mut late) = (seed, 0_i64, -1_i64, 0);
        let mut below = |n: i64| {
            random = (random * 1_103_515_245_i64 + 12_345) % (1 << 31);
            (random >> 8) % n
        };
        let (mut model, mut stream_time) = (BTreeMap::<(i64, i64, String), i64>::new(), -1);
        for _ in 0..80 {
            now += if below(12) == 0 { 60 } else { below(6) };
            let (key, value, time) = (["a", "b", "c"][below(3) as usize].to_owned(), below(1_000), (now - below(30)).max(0));
            input.pipe_at(key.clone(), value, time).expect("the record is taken");
            stream_time = stream_time.max(time);
            let closed = stream_time - gap - grace;
            let mut expected = Vec::new();
            if closed > 0 && told < closed {
                let ended = model.iter().filter(|((end, ..), _)| (told.max(0)..closed).contains(end));
                expected.extend(ended.map(|((end, start, key), sum)| (format!("[{key}@{start}/{end}]"), Some(*sum), *end)));
                told = closed;
            }
            let near = |(end, start, of): &(i64, i64, String)| *of == key && *end >= time - gap && *start <= time + gap;
            let met: Vec<_> = model.keys().filter(|session| near(session)).cloned().collect();
            let end = met.iter().map(|session| session.0).fold(time, i64::max);
            let start = met.iter().map(|session| session.1).fold(time, i64::min);
            if end < closed {
                late += 1;
            } else {
                let sum = value + met.iter().filter_map(|session| model.remove(session)).sum::<i64>();
                model.insert((end, start, key), sum);
            }
            let found: Vec<_> = output.read_records().expect("results").into_iter().map(|r| (r.key, r.value, r.timestamp)).collect();
            assert_eq!(found, expected, "seed {seed}, at {time}, stream time {stream_time}");
            told_in_all += found.len();
        }
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]), Some(f64::from(late)), "seed {seed}");
        late_in_all += late;
    }
    assert!(told_in_all > 500 && late_in_all > 100, "{told_in_all} told, {late_in_all} late");
}

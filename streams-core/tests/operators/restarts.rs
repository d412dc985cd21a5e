//! What is late does not depend on when an application was started: every operator that knows a stream time gives the same results with many
//! restarts, late records right behind them, as with none.

use crate::common::*;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::{StreamTimeOnRestart, StreamsConfig, TopologyOptimization};
use streams_core::{
    BufferConfig, EmitStrategy, JoinWindows, KStream, Materialized, SessionWindows, SlidingWindows, StreamsBuilder, Suppressed,
    TimeWindowedKStream, TimeWindows, Topology, UnlimitedWindows, Window, Windowed, Windows,
};

const BEGIN: i64 = 1_700_000_000_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Windows of 40 ms, one every 100.
struct Gaps;

impl Windows for Gaps {
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
        let start = timestamp / 100 * 100;
        if timestamp < start + 40 {
            found(Window::new(start, start + 40));
        }
    }
    fn size(&self) -> Duration {
        ms(40)
    }
    fn grace(&self) -> Duration {
        ms(30)
    }
}

type Words = KStream<String, String>;

fn counted(windowed: TimeWindowedKStream<String, String>, name: &str) {
    let counts = windowed.count_with(Materialized::from(name));
    told(&counts.to_stream().map_values(|count| count.unwrap_or_default().to_string()), name);
}

fn told(stream: &KStream<Windowed<String>, String>, name: &str) {
    let name = name.to_owned();
    stream.map(|key, value| (format!("{}@{}/{}", key.key, key.window.start - BEGIN, key.window.end - BEGIN), value)).to(&name);
}

const OUTPUTS: [&str; 17] = [
    "tumbling",
    "hopping",
    "sliding",
    "session",
    "own",
    "unlimited",
    "late",
    "cogroup",
    "inner",
    "left",
    "outer",
    "itself",
    "closed",
    "limited",
    "final",
    "final-sliding",
    "versions",
];

/// All of them behind one topic, so that they see records in one order.
fn topology(config: &StreamsConfig) -> Topology {
    let builder = StreamsBuilder::new();
    let stream: Words = builder.stream::<String, String>("in");
    let grouped = || stream.group_by_key();
    let tumbling = TimeWindows::tumbling(ms(50)).grace(ms(20));
    counted(grouped().windowed_by(tumbling), "tumbling");
    counted(grouped().windowed_by(TimeWindows::hopping(ms(60), ms(25)).grace(ms(10))), "hopping");
    counted(grouped().windowed_by(SlidingWindows::within(ms(40)).grace(ms(15))), "sliding");
    counted(grouped().windowed_by(Gaps), "own");
    counted(grouped().windowed_by(UnlimitedWindows::start_on(BEGIN + 100)), "unlimited");
    let sessions = grouped().windowed_by(SessionWindows::with_gap(ms(12)).grace(ms(20))).count_with(Materialized::from("session"));
    told(&sessions.to_stream().map_values(|count| format!("{count:?}")), "session");
    grouped().windowed_by(tumbling).late_records().to("late");
    let texts = grouped()
        .cogroup(|_, value: String, text: &mut String| text.push_str(&value))
        .windowed_by(TimeWindows::tumbling(ms(70)).grace(ms(5)))
        .aggregate_with(String::new, Materialized::from("cogroup"));
    told(&texts.to_stream().map_values(Option::unwrap_or_default), "cogroup");

    let even = |value: &str| value.bytes().rev().nth(1).is_some_and(|digit| digit % 2 == 0);
    let (left, right): (Words, Words) = (stream.filter(move |_, value| even(value)), stream.filter(move |_, value| !even(value)));
    let windows = JoinWindows::within(ms(15)).grace(ms(10));
    left.join(&right, |one, other| format!("{one}+{other}"), windows).to("inner");
    left.left_join(&right, |one, other| format!("{one}+{other:?}"), windows).to("left");
    left.outer_join(&right, |one, other| format!("{one:?}+{other:?}"), windows).to("outer");
    stream.join(&stream, |one, other| format!("{one}*{other}"), windows).to("itself");

    let counts = grouped().windowed_by(tumbling).count_with(Materialized::from("before-closed"));
    let closed = counts.suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).named("held-closed"));
    told(&closed.to_stream().map_values(|count| format!("{count:?}")), "closed");
    let totals = grouped().count_with(Materialized::from("before-limited"));
    let limited = totals.suppress(Suppressed::until_time_limit(ms(30), BufferConfig::unbounded()).named("held-limited"));
    limited.to_stream().map_values(|count| format!("{count:?}")).to("limited");
    let at_end = EmitStrategy::on_window_close;
    counted(grouped().windowed_by(TimeWindows::hopping(ms(60), ms(20)).grace(ms(10))).emit_strategy(at_end()), "final");
    counted(grouped().windowed_by(SlidingWindows::within(ms(30)).grace(ms(10))).emit_strategy(at_end()), "final-sliding");
    let versions = stream.to_table_with(Materialized::from("versions-store").versioned(ms(25)));
    versions.to_stream().to("versions");
    // all others have seen the record by then
    stream.for_each(|_, value| assert_ne!(value, "boom"));
    builder.build_with(config).expect("the topology is right")
}

/// Key, value, time.
type Row = (String, String, i64);

/// Times go forth, sometimes far, and back, often beyond the grace.
fn records(seed: u64, count: usize) -> Vec<Row> {
    let mut random = seed;
    let mut next = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    };
    let mut now = 0;
    let record = |n| {
        now += if next(15) == 0 { 90 } else { next(9) };
        let back = if next(3) == 0 { next(110) } else { next(8) };
        (["a", "b"][next(2) as usize].to_owned(), format!("{n},"), BEGIN + (now - back).max(0))
    };
    (0..count).map(record).collect()
}

/// Places to stop at, behind which a record comes that is older than those before it.
fn stops(records: &[Row], every: usize) -> Vec<usize> {
    let largest = |n: usize| records[..n].iter().map(|record| record.2).max().unwrap_or_default();
    (1..records.len()).filter(|n| records[*n].2 < largest(*n) - 25).step_by(every).collect()
}

struct World {
    cluster: EmbeddedCluster,
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let cluster = EmbeddedCluster::new();
        for topic in OUTPUTS.iter().chain(&["in"]) {
            cluster.create_topic(topic, 1).expect("a new topic");
        }
        World { cluster, directory: tempfile::tempdir().expect("a directory") }
    }

    fn config(&self) -> StreamsConfig {
        let optimized = TopologyOptimization { single_store_self_join: true, ..TopologyOptimization::NONE };
        config(self.directory.path())
            .set("commit.interval.ms", "20")
            .set("statestore.cache.max.bytes", "0")
            .set("topology.optimization", optimized.to_string())
            .set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler")
    }

    fn feed(&self, records: &[Row]) {
        for (key, value, time) in records {
            self.cluster.produce("in", Some(0), Some(key.as_bytes()), Some(value.as_bytes()), *time).expect("the record is taken");
        }
    }

    /// Runs the application until it has committed all that there is.
    fn run(&self, config: StreamsConfig, during: impl FnOnce()) {
        let app = start(&self.cluster, topology(&config), config);
        during();
        let end = self.cluster.end_offset("in", 0).expect("the topic is there");
        let committed = || self.cluster.committed_offset("app", "in", 0).map(|committed| committed.offset);
        eventually("all is committed", || committed() == Some(end));
        close(&app);
    }

    fn results(&self) -> BTreeMap<&'static str, Vec<Row>> {
        let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap_or_default()).expect("a text");
        let rows = |topic: &str| {
            let records = self.cluster.read_committed(topic, 0, 0).expect("the topic is there");
            records.into_iter().map(|record| (text(record.key), text(record.value), record.timestamp - BEGIN)).collect()
        };
        OUTPUTS.iter().map(|topic| (*topic, rows(topic))).collect()
    }
}

fn without_restarts(records: &[Row]) -> BTreeMap<&'static str, Vec<Row>> {
    let world = World::new();
    world.run(world.config(), || world.feed(records));
    world.results()
}

fn with_restarts(records: &[Row], stops: &[usize], configure: impl Fn(StreamsConfig) -> StreamsConfig, wiped: bool) -> World {
    let mut world = World::new();
    let mut from = 0;
    for to in stops.iter().copied().chain([records.len()]) {
        world.run(configure(world.config()), || world.feed(&records[from..to]));
        from = to;
        if wiped {
            world.directory = tempfile::tempdir().expect("a directory");
        }
    }
    world
}

fn compare(found: &BTreeMap<&'static str, Vec<Row>>, expected: &BTreeMap<&'static str, Vec<Row>>, what: &str) {
    for (output, expected) in expected {
        let found = &found[output];
        let differ = found.iter().zip(expected).position(|(found, expected)| found != expected);
        let at = differ.unwrap_or(found.len().min(expected.len()));
        let around = |rows: &[Row]| rows[at.saturating_sub(2)..rows.len().min(at + 3)].to_vec();
        assert!(found == expected, "{what}, {output}: result {at} is {:?} where {:?} is expected", around(found), around(expected));
    }
}

#[test]
fn results_do_not_tell_how_often_the_application_was_started() {
    for (seed, every, least) in [(1, 2, 20), (2, 5, 9)] {
        let records = records(seed, 250);
        let expected = without_restarts(&records);
        let silent: Vec<_> = expected.iter().filter(|(_, rows)| rows.len() <= 10).collect();
        assert!(silent.is_empty(), "these have little to tell: {silent:?}");
        let stops = stops(&records, every);
        assert!(stops.len() >= least, "{stops:?}");
        for (guarantee, wiped) in [("at_least_once", true), ("exactly_once_v2", false)] {
            let world = with_restarts(&records, &stops, |config| config.set("processing.guarantee", guarantee), wiped);
            compare(&world.results(), &expected, &format!("seed {seed}, {guarantee}"));
        }
    }
}

/// Records that make user code panic take back what was not committed, the time that operators had seen included.
#[test]
fn an_abort_takes_stream_time_back_to_the_last_commit() {
    let records = records(3, 200);
    let expected = without_restarts(&records);
    let mut disturbed = Vec::new();
    for (n, record) in records.iter().enumerate() {
        disturbed.push(record.clone());
        if n % 17 == 9 {
            // far ahead: who remembers it drops everything behind it
            disturbed.push(("a".to_owned(), "boom".to_owned(), BEGIN + 1_000_000));
        }
    }
    let stops: Vec<usize> = (1..4).map(|n| n * disturbed.len() / 4).collect();
    let world = World::new();
    let mut from = 0;
    for (n, to) in stops.into_iter().chain([disturbed.len()]).enumerate() {
        let config = world.config().set("processing.guarantee", "exactly_once_v2");
        world.run(config, || {
            if n == 1 {
                world.cluster.lose_commit_replies(1);
            }
            world.feed(&disturbed[from..to]);
        });
        from = to;
    }
    compare(&world.results(), &expected, "with panics");
}

#[test]
fn java_forgets_what_was_late() {
    let records = records(1, 250);
    let expected = without_restarts(&records);
    let stops = stops(&records, 5);
    let forget = |config: StreamsConfig| config.stream_time_on_restart(StreamTimeOnRestart::Forget);
    let world = with_restarts(&records, &stops, forget, true);
    let found = world.results();
    let counted =
        |results: &BTreeMap<&str, Vec<Row>>| ["tumbling", "hopping", "sliding"].map(|output| results[output].len()).iter().sum::<usize>();
    assert!(counted(&found) > counted(&expected), "late records are counted");
    assert!(found["late"].len() < expected["late"].len());
    let metadata = world.cluster.committed_offset("app", "in", 0).expect("a commit").metadata;
    assert!(metadata.len() < 150, "only what Java writes: {metadata}");
}

//! Versioned tables: what streams find in them, against a model that remembers everything, and over a restart.

use crate::common::*;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::testing::TopologyTestDriver;
use streams_core::{Consumed, Headers, Joined, Materialized, StreamsBuilder, Topology};

const HISTORY: i64 = 100;

/// The stream joined with the versioned table `table`; `grace` in milliseconds.
fn joined(grace: Option<u64>, history_ms: u64) -> Topology {
    let builder = StreamsBuilder::new();
    let kept = Materialized::<String, String>::from("versions")
        .versioned_in_segments(Duration::from_millis(history_ms), Duration::from_millis(history_ms / 4));
    let table = builder.table_with("table", Consumed::default(), kept);
    let options = Joined::<String, String>::default().named("join");
    let options = match grace {
        Some(grace) => options.grace(Duration::from_millis(grace)),
        None => options,
    };
    let join = |value: String, row: Option<&String>| format!("{value}:{}", row.map_or("-", String::as_str));
    builder.stream::<String, String>("in").left_join_table_with(&table, join, options).to("out");
    builder.build().expect("the topology is right")
}

#[derive(Clone, Debug)]
enum Step {
    Row { key: u8, time: i64, value: Option<u8> },
    Record { key: u8, time: i64 },
}

/// Numbers that a seed decides.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn step(&mut self) -> Step {
        let key = self.below(3) as u8;
        let time = if self.below(2) == 0 { self.below(600) } else { self.below(60) * 10 } as i64;
        match self.below(2) {
            0 => Step::Row { key, time, value: (self.below(5) != 0).then_some(self.below(256) as u8) },
            _ => Step::Record { key, time },
        }
    }
}

/// Everything that ever came, and what still waits: time, key, number.
#[derive(Default)]
struct Model {
    versions: BTreeMap<u8, BTreeMap<i64, Option<u8>>>,
    table_time: i64,
    waiting: BTreeMap<(i64, u8, usize), ()>,
    newest_waiting: i64,
    out: Vec<(String, String)>,
}

impl Model {
    fn row(&mut self, key: u8, time: i64, value: Option<u8>) {
        if time >= self.table_time - HISTORY {
            self.table_time = self.table_time.max(time);
            self.versions.entry(key).or_default().insert(time, value);
        }
    }

    fn join(&mut self, key: u8, time: i64, number: usize) {
        let versions = self.versions.entry(key).or_default();
        let row = versions.range(..=time).next_back().and_then(|(_, value)| *value);
        let is_latest = versions.range(time + 1..).next().is_none();
        let row = row.filter(|_| is_latest || time >= self.table_time - HISTORY);
        self.out.push((key.to_string(), format!("{number}:{}", row.map_or("-".to_owned(), |row| row.to_string()))));
    }

    fn record(&mut self, key: u8, time: i64, number: usize, grace: Option<u64>) {
        let Some(grace) = grace else { return self.join(key, time, number) };
        if time < self.newest_waiting - grace as i64 {
            return self.join(key, time, number);
        }
        self.newest_waiting = self.newest_waiting.max(time);
        self.waiting.insert((time, key, number), ());
        let due = self.newest_waiting - grace as i64;
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= due) {
            let ((time, key, number), ()) = first.remove_entry();
            self.join(key, time, number);
        }
    }
}

fn behaves_as_the_model(steps: Vec<Step>, grace: Option<u64>) {
    let driver = TopologyTestDriver::new(&joined(grace, HISTORY as u64)).expect("a driver");
    let mut table = driver.input::<String, Option<String>>("table");
    let mut input = driver.input::<String, String>("in");
    let mut model = Model { table_time: -1, newest_waiting: -1, ..Model::default() };
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Row { key, time, value } => {
                table.pipe_at(key.to_string(), value.map(|value| value.to_string()), time).expect("it is taken");
                model.row(key, time, value);
            }
            Step::Record { key, time } => {
                input.pipe_at(key.to_string(), number.to_string(), time).expect("it is taken");
                model.record(key, time, number, grace);
            }
        }
    }
    assert_eq!(driver.output::<String, String>("out").read_all().expect("texts"), model.out);
}

#[test]
fn records_find_the_row_of_their_time() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let grace = [None, Some(0), Some(1), Some(10), Some(50), Some(100)][random.below(6) as usize];
        let steps = (0..1 + random.below(60)).map(|_| random.step()).collect();
        behaves_as_the_model(steps, grace);
    }
}

/// Headers and time of a record that waited are its own.
#[test]
fn a_record_that_waited_is_what_it_was() {
    let driver = TopologyTestDriver::new(&joined(Some(10), 100)).expect("a driver");
    let mut headers = Headers::new();
    headers.add("h", "x");
    let mut input = driver.input::<String, String>("in");
    input.pipe_bytes(Some(b"a".to_vec()), Some(b"1".to_vec()), 50, headers.clone()).expect("it is taken");
    input.pipe_at("b".to_owned(), "2".to_owned(), 60).expect("it is taken");
    let out = driver.output::<String, String>("out").read_records().expect("texts");
    let seen: Vec<_> = out.into_iter().map(|r| (r.key, r.value, r.timestamp, r.headers)).collect();
    assert_eq!(seen, [("a".to_owned(), "1:-".to_owned(), 50, headers)]);
}

#[test]
fn changes_out_of_order_are_counted_where_the_newest_row_counts() {
    let builder = StreamsBuilder::new();
    let versioned = |name: &str| Materialized::<String, String>::from(name).versioned(Duration::from_millis(100));
    let one = builder.table_with("one", Consumed::default(), versioned("ones"));
    let two = builder.table_with("two", Consumed::default(), versioned("twos"));
    one.join(&two, |one, two| format!("{one}{two}")).to_stream().to("joined");
    one.to_stream().to("changes");
    let driver = TopologyTestDriver::new(&builder.build().expect("the topology is right")).expect("a driver");
    let (mut one, mut two) = (driver.input::<String, String>("one"), driver.input::<String, String>("two"));
    two.pipe_at("a".to_owned(), "x".to_owned(), 10).expect("it is taken");
    for (value, time) in [("new", 200), ("old", 150), ("late", 99)] {
        one.pipe_at("a".to_owned(), value.to_owned(), time).expect("it is taken");
    }
    assert_eq!(driver.output::<String, String>("joined").read_all().expect("texts"), [("a".to_owned(), "newx".to_owned())]);
    let changes = driver.output::<String, String>("changes").read_all().expect("texts");
    assert_eq!(changes.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["new", "old"], "a table tells of all that it took");
    for reason in ["out_of_order", "late"] {
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", reason)]), Some(1.0), "{reason}");
    }
    let ones = driver.versioned_store::<String, String>("ones").expect("the store");
    let found = |time| ones.get_as_of(&"a".to_owned(), time).expect("it is read").map(|r| (r.value, r.timestamp, r.valid_to));
    assert_eq!((found(199), found(99)), (Some(("old".to_owned(), 150, Some(200))), None));
}

fn feed(cluster: &EmbeddedCluster, topic: &str, records: &[(&str, &str, i64)]) {
    for (key, value, time) in records {
        cluster.produce(topic, Some(0), Some(key.as_bytes()), Some(value.as_bytes()), BEGIN + time).expect("the record is taken");
    }
}

const BEGIN: i64 = 1_700_000_000_000;

fn written(cluster: &EmbeddedCluster, topic: &str) -> Vec<(String, String)> {
    let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let records = cluster.read_committed(topic, 0, 0).unwrap_or_default();
    records.into_iter().map(|record| (text(record.key), text(record.value))).collect()
}

/// Each pair of lists is fed by a run of the application, the rows first.
type Run<'a> = (&'a [(&'a str, &'a str, i64)], &'a [(&'a str, &'a str, i64)]);

fn results(runs: &[Run<'_>], guarantee: &str) -> Vec<(String, String)> {
    let cluster = EmbeddedCluster::new();
    for topic in ["table", "in", "out"] {
        cluster.create_topic(topic, 1).expect("a new topic");
    }
    let (mut rows, mut records) = (0, 0);
    for (table, input) in runs {
        // a directory of its own each time: all state comes from the changelogs
        let directory = tempfile::tempdir().expect("a directory");
        let app = start(&cluster, joined(Some(1_000), 10_000), config(directory.path()).set("processing.guarantee", guarantee));
        feed(&cluster, "table", table);
        rows += table.len();
        eventually("the rows are taken", || written(&cluster, "app-versions-changelog").len() == rows);
        feed(&cluster, "in", input);
        records += input.len();
        // each that waits is written once, and each that was joined is deleted again
        eventually("the records wait or are joined", || {
            let buffered = written(&cluster, "app-join-Buffer-changelog");
            buffered.iter().filter(|(_, value)| !value.is_empty()).count() == records
                && buffered.iter().filter(|(_, value)| value.is_empty()).count() == written(&cluster, "out").len()
        });
        close(&app);
    }
    written(&cluster, "out")
}

fn survives(guarantee: &str) {
    let rows_1: &[_] = &[("a", "1", 0), ("a", "3", 3_000), ("b", "x", 500)];
    let in_1: &[_] = &[("a", "p", 2_500), ("b", "q", 2_600), ("a", "r", 2_500)];
    let rows_2: &[_] = &[("a", "2", 2_000), ("b", "y", 2_550), ("a", "4", 3_800)];
    let in_2: &[_] = &[("a", "s", 2_500), ("b", "t", 3_700), ("a", "u", 4_100)];
    let both = results(&[(rows_1, in_1), (rows_2, in_2)], guarantee);
    let mut seen: Vec<_> = both.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(seen.len(), 4, "t and u still wait: {seen:?}");
    seen.sort();
    assert_eq!(seen, ["a=p:2", "a=r:2", "a=s:2", "b=q:y"], "rows that came while they waited, in another life, are found");
}

#[test]
fn what_waits_and_what_was_outlast_the_application() {
    survives("at_least_once");
}

#[test]
fn what_waits_and_what_was_outlast_the_application_exactly_once() {
    survives("exactly_once_v2");
}

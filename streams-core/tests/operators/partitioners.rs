//! Which partition a record goes to, where that is not the hash of its key.

use crate::common::{close, config, eventually, start};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::cluster::embedded::{EmbeddedCluster, OwnedRecord};
use streams_core::partitioner::partition_for_key;
use streams_core::{Partitions, Produced, SessionWindows, StreamsBuilder, TableJoined, TimeWindows, Topology};

fn cluster(topics: &[(&str, i32)]) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::new();
    topics.iter().for_each(|(topic, partitions)| cluster.create_topic(topic, *partitions).expect("a new topic"));
    cluster
}

fn put(cluster: &EmbeddedCluster, topic: &str, partition: i32, key: &str, value: &str, time: i64) {
    let time = 1_700_000_000_000 + time;
    cluster.produce(topic, Some(partition), Some(key.as_bytes()), Some(value.as_bytes()), time).expect("the record is taken");
}

fn read(cluster: &EmbeddedCluster, topic: &str) -> Vec<OwnedRecord> {
    cluster.read_topic(topic).expect("the topic is there")
}

/// Runs the application until it has written so many records to `out`, or more; the metric is that of records which go nowhere.
fn run(cluster: &EmbeddedCluster, topology: Topology, written: usize) -> Option<f64> {
    let directory = tempfile::tempdir().expect("a directory");
    let app = start(cluster, topology, config(directory.path()));
    eventually("all is written", || read(cluster, "out").len() >= written);
    let end = cluster.end_offset("in", 0).expect("the topic is there");
    eventually("all is committed", || cluster.committed_offset("app", "in", 0).is_some_and(|committed| committed.offset == end));
    let nowhere = app.metrics().sum("streams_records_dropped_total", &[("reason", "no_partition")]);
    close(&app);
    nowhere
}

fn text(bytes: Option<&Vec<u8>>) -> String {
    String::from_utf8(bytes.expect("not null").clone()).expect("text")
}

/// KIP-873.
#[test]
fn a_record_goes_where_the_partitioner_says() {
    let cluster = cluster(&[("in", 1), ("out", 4)]);
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (builder, asks) = (StreamsBuilder::new(), asked.clone());
    let chosen = Produced::default().partitioner(move |topic, key: &String, value: &String, partitions| {
        asks.lock().expect("nobody has failed").push(format!("{topic} {key} {value} {partitions}"));
        match value.split_once(' ') {
            Some(("one", n)) => Partitions::One(n.parse().expect("a number")),
            Some(("many", list)) => Partitions::Many(list.split_terminator(',').map(|n| n.parse().expect("a number")).collect()),
            Some(("nowhere", _)) => Partitions::Nowhere,
            _ => Partitions::ByKey,
        }
    });
    builder.stream::<String, String>("in").to_with("out", chosen);
    let values = ["one 2", "one 0", "many 3,1", "many 2,2,0,2", "many 0,1,2,3", "many ", "nowhere ", "hash"];
    for value in values {
        put(&cluster, "in", 0, "key", value, 0);
    }
    let nowhere = run(&cluster, builder.build().expect("the topology is right"), 11);
    let mut found = BTreeMap::<String, Vec<i32>>::new();
    for record in read(&cluster, "out") {
        found.entry(text(record.value.as_ref())).or_default().push(record.partition);
    }
    let by_hash = partition_for_key(b"key", 4);
    let expected = [
        ("hash", vec![by_hash]),
        ("many 0,1,2,3", vec![0, 1, 2, 3]),
        ("many 2,2,0,2", vec![0, 2]),
        ("many 3,1", vec![1, 3]),
        ("one 0", vec![0]),
        ("one 2", vec![2]),
    ];
    assert_eq!(found, expected.map(|(value, partitions)| (value.to_owned(), partitions)).into());
    assert_eq!(nowhere, Some(2.0), "the one without a partition, and the one with none of many");
    assert_eq!(*asked.lock().expect("nobody has failed"), values.map(|value| format!("out key {value} 4")));
}

const KEYS: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];

/// As Java's `WindowedStreamPartitioner`: what has one key stays together, whatever its window.
#[test]
fn a_windowed_key_goes_by_the_hash_of_its_key_alone() {
    let windows = |sessions: bool| {
        let builder = StreamsBuilder::new();
        let grouped = builder.stream::<String, String>("in").group_by_key();
        let second = Duration::from_secs(1);
        let counts = match sessions {
            true => grouped.windowed_by(SessionWindows::with_gap(second).no_grace()).count().to_stream(),
            false => grouped.windowed_by(TimeWindows::tumbling(second).no_grace()).count().to_stream(),
        };
        counts.to_with("out", Produced::inherited());
        builder.build().expect("the topology is right")
    };
    for (sessions, window) in [(false, 8), (true, 16)] {
        let cluster = cluster(&[("in", 1), ("out", 7)]);
        for n in 0..5 {
            KEYS.iter().for_each(|key| put(&cluster, "in", 0, key, "x", n * 10_000));
        }
        run(&cluster, windows(sessions), 5 * KEYS.len());
        let records = read(&cluster, "out");
        assert_eq!(records.len(), 5 * KEYS.len(), "a window for each record");
        let mut elsewhere = 0;
        for OwnedRecord { partition, key, .. } in &records {
            let key = key.as_ref().expect("a key");
            let inner = &key[..key.len() - window];
            assert_eq!(*partition, partition_for_key(inner, 7), "sessions: {sessions}, {key:?}");
            elsewhere += i32::from(partition_for_key(key, 7) != *partition);
        }
        assert!(elsewhere > 0, "the hash of the whole key would give the same partitions");
    }
}

const ORDERS: i32 = 3;
const CUSTOMERS: i32 = 2;

/// The partition of a table's row: by the number in its key, except that keys which begin with `h` go by their hash.
fn by_number(key: &str, partitions: i32) -> Option<i32> {
    let digits = key.trim_start_matches(|c: char| !c.is_ascii_digit());
    (!key.starts_with('h')).then(|| digits.parse::<i32>().expect("a number") % partitions)
}

fn partition(key: &str, partitions: i32) -> i32 {
    by_number(key, partitions).unwrap_or_else(|| partition_for_key(key.as_bytes(), partitions))
}

/// An order is the key of its customer.
fn orders_of_customers() -> Topology {
    let builder = StreamsBuilder::new();
    let (orders, customers) = (builder.table::<String, String>("in"), builder.table::<String, String>("customers"));
    let joined = TableJoined::default()
        .named("of")
        .partitioner(|_, key: &String, partitions| by_number(key, partitions))
        .other_partitioner(|_, key: &String, partitions| by_number(key, partitions));
    let joiner = |order: &String, customer: Option<&String>| format!("{order} is {}", customer.map_or("nobody", String::as_str));
    orders.left_join_on_foreign_key_with(&customers, |_, order| Some(order.clone()), joiner, joined).to_stream().to("out");
    builder.build().expect("the topology is right")
}

#[test]
fn a_join_by_foreign_key_follows_the_partitions_of_its_tables() {
    let cluster = cluster(&[("in", ORDERS), ("customers", CUSTOMERS), ("out", 1)]);
    let directory = tempfile::tempdir().expect("a directory");
    let app = start(&cluster, orders_of_customers(), config(directory.path()).set("num.stream.threads", "2"));
    let orders: Vec<String> = (0..9).map(|n| format!("{}{n}", if n % 4 == 3 { "h" } else { "order-" })).collect();
    let customers: Vec<String> = (0..6).map(|n| format!("{}{n}", if n == 5 { "h" } else { "customer-" })).collect();
    let of = |n: usize, shift: usize| &customers[(n + shift) % customers.len()];
    let last = || {
        let rows = read(&cluster, "out").into_iter().map(|record| (text(record.key.as_ref()), text(record.value.as_ref())));
        rows.collect::<BTreeMap<_, _>>()
    };
    // rows that find their partner, rows whose partner comes later, rows that change it
    for (shift, value) in [(0, "first"), (0, "second"), (1, "second"), (2, "third")] {
        for (n, order) in orders.iter().enumerate() {
            put(&cluster, "in", partition(order, ORDERS), order, of(n, shift), 0);
        }
        for customer in &customers {
            put(&cluster, "customers", partition(customer, CUSTOMERS), customer, value, 0);
        }
        let row = |(n, order): (usize, &String)| (order.clone(), format!("{} is {value}", of(n, shift)));
        let expected: BTreeMap<String, String> = orders.iter().enumerate().map(row).collect();
        eventually("all orders have their customers", || last() == expected);
    }
    close(&app);
    let placed = |topic: &str| read(&cluster, topic).iter().map(|r| (text(r.key.as_ref()), r.partition)).collect::<BTreeSet<_>>();
    let expected = |keys: &[String], partitions| keys.iter().map(|key| (key.clone(), partition(key, partitions))).collect::<BTreeSet<_>>();
    let (asked, answered) = (placed("app-of-subscription-registration-topic"), placed("app-of-subscription-response-topic"));
    assert_eq!((asked, answered), (expected(&customers, CUSTOMERS), expected(&orders, ORDERS)));
    for (keys, partitions) in [(&orders, ORDERS), (&customers, CUSTOMERS)] {
        let elsewhere = |key: &&String| partition(key, partitions) != partition_for_key(key.as_bytes(), partitions);
        assert!(keys.iter().filter(elsewhere).count() > 1, "the hash would do as well");
    }
}

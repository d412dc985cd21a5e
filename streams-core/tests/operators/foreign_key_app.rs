//! A join by foreign key as an application: tables of different numbers of partitions, several threads, a restart in between.

use crate::common::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::StreamsConfig;
use streams_core::partitioner::partition_for_key;
use streams_core::{Materialized, StreamsBuilder, Topology};

const ORDERS: i32 = 3;
const CUSTOMERS: i32 = 2;

type Rows = BTreeMap<String, String>;

/// An order is `customer item`; the result is `item for value of customer`, and how many orders a value has.
fn topology() -> Topology {
    let builder = StreamsBuilder::new();
    let orders = builder.table::<String, String>("orders");
    let customers = builder.table::<String, String>("customers");
    let customer = |_: &String, order: &String| order.split_once(' ').map(|(customer, _)| customer.to_owned());
    let joined = orders.left_join_on_foreign_key(&customers, customer, |order, customer| joined(order, customer));
    joined.to_stream().to("result");
    let by_customer = joined.group_by(|_, value| (value.split_once(" for ").expect("as it was joined").1.to_owned(), value.clone()));
    by_customer.count().map_values(ToString::to_string).to_stream().to("counts");
    builder.build().expect("the topology is right")
}

fn joined(order: &str, customer: Option<&String>) -> String {
    let item = order.split_once(' ').map_or("", |(_, item)| item);
    format!("{item} for {}", customer.map_or("nobody", String::as_str))
}

fn put(cluster: &EmbeddedCluster, topic: &str, partitions: i32, key: &str, value: Option<&str>, time: i64) {
    let partition = partition_for_key(key.as_bytes(), partitions);
    cluster
        .produce(topic, Some(partition), Some(key.as_bytes()), value.map(str::as_bytes), 1_700_000_000_000 + time)
        .expect("the record is taken");
}

/// Changes both tables at random and keeps what they are.
fn feed_tables(cluster: &EmbeddedCluster, seed: &mut u64, orders: &mut Rows, customers: &mut Rows) {
    let mut random = |below: u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % below
    };
    for time in 0..300 {
        let deleted = random(5) == 0;
        if random(3) > 0 {
            let (key, order) = (format!("order-{}", random(40)), format!("c{} item-{}", random(6), random(9)));
            put(cluster, "orders", ORDERS, &key, (!deleted).then_some(order.as_str()), time);
            if deleted {
                orders.remove(&key)
            } else {
                orders.insert(key, order)
            };
        } else {
            let (key, value) = (format!("c{}", random(6)), format!("v{}", random(4)));
            put(cluster, "customers", CUSTOMERS, &key, (!deleted).then_some(value.as_str()), time);
            if deleted {
                customers.remove(&key)
            } else {
                customers.insert(key, value)
            };
        }
    }
}

fn expected(orders: &Rows, customers: &Rows) -> (Rows, Rows) {
    let partner = |order: &String| order.split_once(' ').and_then(|(customer, _)| customers.get(customer));
    let result: Rows = orders.iter().map(|(key, order)| (key.clone(), joined(order, partner(order)))).collect();
    let mut counts = BTreeMap::<String, u64>::new();
    result.values().for_each(|value| *counts.entry(value.split_once(" for ").expect("as it was joined").1.to_owned()).or_default() += 1);
    (result, counts.into_iter().map(|(key, count)| (key, count.to_string())).collect())
}

fn last_rows(cluster: &EmbeddedCluster, topic: &str) -> Rows {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let mut rows = Rows::new();
    for record in cluster.read_topic(topic).expect("the topic is there") {
        let key = text(record.key.expect("a key"));
        match record.value {
            Some(value) => rows.insert(key, text(value)),
            None => rows.remove(&key),
        };
    }
    rows.retain(|_, value| value != "0");
    rows
}

/// Waits until the newest rows of a topic are `expected`, and tells what is wrong with them if they never are.
fn await_rows(cluster: &EmbeddedCluster, topic: &str, expected: &Rows) {
    let begun = Instant::now();
    loop {
        let rows = last_rows(cluster, topic);
        if rows == *expected {
            return;
        }
        if begun.elapsed() > PATIENCE {
            let wrong = |key: &&String| rows.get(*key) != expected.get(*key);
            let wrong: Vec<_> =
                rows.keys().chain(expected.keys()).filter(wrong).map(|key| (key, rows.get(key), expected.get(key))).collect();
            panic!("{topic}: (key, found, expected) {wrong:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

const REGISTRATION: &str = "app-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic";

/// `change` is told which of the two runs it is.
fn joined_with(change: impl Fn(usize, StreamsConfig) -> StreamsConfig) -> EmbeddedCluster {
    let directory = tempfile::tempdir().expect("a directory");
    let cluster = EmbeddedCluster::new();
    for (topic, partitions) in [("orders", ORDERS), ("customers", CUSTOMERS), ("result", 1), ("counts", 1)] {
        cluster.create_topic(topic, partitions).expect("a new topic");
    }
    let (mut seed, mut orders, mut customers) = (7, Rows::new(), Rows::new());
    for run in 0..2 {
        feed_tables(&cluster, &mut seed, &mut orders, &mut customers);
        let app = start(&cluster, topology(), change(run, config(directory.path())));
        feed_tables(&cluster, &mut seed, &mut orders, &mut customers);
        let (result, counts) = expected(&orders, &customers);
        await_rows(&cluster, "result", &result);
        await_rows(&cluster, "counts", &counts);
        close(&app);
    }
    let has = |topic: &str, partitions: i32| (0..=partitions).map(|n| cluster.end_offset(topic, n).is_ok()).collect::<Vec<_>>();
    assert_eq!(has(REGISTRATION, CUSTOMERS), [true, true, false]);
    assert_eq!(has("app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic", ORDERS), [true, true, true, false]);
    cluster
}

#[test]
fn two_threads() {
    joined_with(|_, config| config.set("num.stream.threads", "2"));
}

#[test]
fn exactly_once_without_a_cache() {
    joined_with(|_, config| config.set("processing.guarantee", "exactly_once_v2").set("statestore.cache.max.bytes", "0"));
}

/// What is written for an older version of Java is read by one that is not told of it, and the other way round; the store has rows of both.
#[test]
fn two_versions_of_subscriptions() {
    for (first, second) in [(None, Some("3.3")), (Some("2.4"), None)] {
        let version = |run: usize| [first, second][run];
        let cluster = joined_with(|run, config| version(run).into_iter().fold(config, |config, from| config.set("upgrade.from", from)));
        let subscriptions = cluster.read_topic(REGISTRATION).expect("the topic is there");
        let written: Vec<u8> = subscriptions.into_iter().filter_map(|record| Some(record.value?.first()? & 0x7f)).collect();
        assert!(written.contains(&0) && written.contains(&1), "{written:?}");
    }
}

/// `left` and `right` as tables that are read from streams, so that `seen` tells when a record has reached its table. Nothing is committed until
/// the application is closed.
struct Waiting {
    cluster: EmbeddedCluster,
    directory: tempfile::TempDir,
}

impl Waiting {
    fn new() -> Self {
        let cluster = EmbeddedCluster::new();
        ["left", "right", "seen", "result"].into_iter().for_each(|topic| cluster.create_topic(topic, 1).expect("a new topic"));
        Waiting { cluster, directory: tempfile::tempdir().expect("a directory") }
    }

    /// A row of `left` is the key of its partner.
    fn start(&self, cached: &str, commit_ms: u64) -> streams_core::KafkaStreams {
        let builder = StreamsBuilder::new();
        let table = |topic: &str| {
            let stream = builder.stream::<String, Option<String>>(topic);
            let rows = Materialized::<String, String>::from(topic);
            let table = stream.to_table_with_deletes(if topic == cached { rows } else { rows.caching_disabled() });
            stream.to("seen");
            table
        };
        let joiner = |left: &String, right: Option<&String>| joined(left, right);
        let partner = |_: &String, left: &String| left.split_once(' ').map(|(key, _)| key.to_owned());
        table("left").left_join_on_foreign_key(&table("right"), partner, joiner).to_stream().to("result");
        let config = config(self.directory.path()).set("commit.interval.ms", commit_ms.to_string());
        start(&self.cluster, builder.build().expect("the topology is right"), config)
    }

    /// Puts a row, and waits until its table has it.
    fn put(&self, topic: &str, key: &str, value: Option<&str>) {
        let seen = self.cluster.read_topic("seen").expect("the topic is there").len();
        put(&self.cluster, topic, 1, key, value, 0);
        eventually("the record is seen", || self.cluster.read_topic("seen").expect("the topic is there").len() > seen);
    }

    fn await_result(&self, row: &str) {
        await_rows(&self.cluster, "result", &Rows::from([("a".to_owned(), row.to_owned())]));
    }
}

const NEVER: u64 = 600_000;

/// A partner that comes and goes between two commits is never passed on, so nobody would take back the answer that has it.
#[test]
fn a_partner_that_waits_in_its_cache_is_not_told() {
    let waiting = Waiting::new();
    let app = waiting.start("right", NEVER);
    waiting.put("right", "x", Some("partner"));
    waiting.put("left", "a", Some("x row"));
    waiting.await_result("row for nobody");
    waiting.put("right", "x", None);
    close(&app);
    waiting.await_result("row for nobody");
}

/// The newest row may go again before anybody hears of it: the answer to the one before must not be lost by it.
#[test]
fn an_answer_counts_for_the_row_that_was_passed_on() {
    let waiting = Waiting::new();
    let app = waiting.start("left", 10);
    waiting.put("left", "a", Some("x first"));
    waiting.await_result("first for nobody");
    close(&app);
    let app = waiting.start("left", NEVER);
    waiting.put("left", "a", Some("x second"));
    waiting.put("right", "x", Some("partner"));
    waiting.await_result("first for partner");
    close(&app);
    let app = waiting.start("left", 10);
    waiting.await_result("second for partner");
    close(&app);
}

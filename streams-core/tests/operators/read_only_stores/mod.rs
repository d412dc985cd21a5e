//! A store that a processor fills from its topic, on a cluster: the topic is its changelog, as far as the application has committed it.

mod other_kinds;
mod own;

use crate::common::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use streams_core::cluster::RawRecord;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::config::{DeserializationPolicy, StreamsConfig};
use streams_core::handlers::TimestampContext;
use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, TopologyBuilder};
use streams_core::runtime::RestoreEvent;
use streams_core::state::Stores;
use streams_core::{BoxError, Consumed, KafkaStreams, Record, State, Topology};

const TIME: i64 = 1_700_000_000_000;
/// What the processor was given.
type Seen = Arc<Mutex<Vec<String>>>;

struct Fill {
    prices: KeyValueStore<String, i64>,
    seen: Seen,
}

impl Processor<String, Option<i64>, (), ()> for Fill {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<i64>>) -> Result<(), BoxError> {
        self.seen.lock().expect("no panic").push(record.key.clone());
        match record.value {
            Some(price) => self.prices.put(ctx, &record.key, price),
            None => self.prices.delete(ctx, &record.key).map(drop),
        }
    }
}

/// Key, amount times price, and the time of the price.
struct Bill {
    prices: ReadOnlyKeyValueStore<String, i64>,
    /// That of all prices.
    time: i64,
}

impl Processor<String, i64, String, i64> for Bill {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let Some((price, time)) = self.prices.get_with_timestamp(&record.key)? else { return Ok(()) };
        assert_eq!(time, self.time);
        let rows = self.prices.range(&record.key, &record.key)?;
        assert_eq!(rows, [(record.key.clone(), price)]);
        assert!(self.prices.all()?.contains(&rows[0]));
        ctx.forward(Record { value: record.value * price, ..record })
    }
}

fn topology(seen: &Seen) -> Topology {
    billing(seen, Consumed::default(), TIME)
}

/// The times of prices are those that an extractor says, also when the store is restored.
fn topology_with_extractor(seen: &Seen) -> Topology {
    let later = |record: &RawRecord<'_>, _: &TimestampContext<'_>| Ok(record.timestamp + 77);
    billing(seen, Consumed::default().timestamp_extractor(later), TIME + 77)
}

fn billing(seen: &Seen, consumed: Consumed<String, i64>, time: i64) -> Topology {
    let (builder, seen) = (TopologyBuilder::new(), seen.clone());
    let store = Stores::key_value::<String, i64>("prices");
    let prices =
        builder.add_read_only_state_store(store, "list", "prices", consumed, "fill", move |_, prices| Fill { prices, seen: seen.clone() });
    let orders = builder.add_source::<String, i64>("orders", "orders");
    let bill = builder.add_processor("bill", prices, move |_, prices| Bill { prices, time }, &[&orders]);
    builder.add_sink("bills", "bills", &[&bill]);
    builder.build().expect("the topology is right")
}

fn put(cluster: &EmbeddedCluster, topic: &str, key: &str, value: Option<&[u8]>) {
    cluster.produce(topic, None, Some(key.as_bytes()), value, TIME).expect("the record is taken");
}

fn await_all_committed(cluster: &EmbeddedCluster, topic: &str) {
    for partition in 0..2 {
        let end = cluster.end_offset(topic, partition).expect("the topic is there");
        eventually("everything is committed", || cluster.committed_offset("app", topic, partition).map_or(0, |c| c.offset) == end);
    }
}

/// Starts in a folder; what was restored, by topic and partition, and what the processor then sees.
fn start_topology(
    cluster: &EmbeddedCluster,
    directory: &Path,
    guarantee: &str,
    topology: fn(&Seen) -> Topology,
) -> (KafkaStreams, BTreeMap<String, u64>, Seen) {
    let (heard, seen): (Arc<Mutex<BTreeMap<String, u64>>>, Seen) = Default::default();
    let sink = heard.clone();
    let config: StreamsConfig = config(directory)
        .deserialization_exception_handler(DeserializationPolicy::LogAndContinue)
        .set("processing.guarantee", guarantee)
        .set("auto.offset.reset", "latest")
        .set("max.task.idle.ms", "0");
    let app = KafkaStreams::builder(topology(&seen), config)
        .cluster(Arc::new(cluster.clone()))
        .restore_listener(move |event| {
            if let RestoreEvent::End { changelog, total, .. } = event {
                sink.lock().expect("no panic").insert(changelog.to_string(), *total);
            }
        })
        .start()
        .expect("the application starts");
    app.wait_for(State::Running, PATIENCE).expect("the application runs");
    let heard = heard.lock().expect("no panic").clone();
    (app, heard, seen)
}

fn is_restored_from_its_topic(guarantee: &str, topology: fn(&Seen) -> Topology, seen_at_first: usize) {
    let (cluster, first) = (EmbeddedCluster::new(), tempfile::tempdir().expect("a directory"));
    for topic in ["orders", "prices", "bills"] {
        cluster.create_topic(topic, 2).expect("a new topic");
    }
    for n in 1..=20_i64 {
        put(&cluster, "prices", &format!("item {n}"), Some(&n.to_be_bytes()));
    }
    put(&cluster, "prices", "item 1", Some(b"no number"));
    put(&cluster, "prices", "item 2", None);
    // the topic is read from its first record on, though the reset policy is `latest`
    let (app, _, seen) = start_topology(&cluster, first.path(), guarantee, topology);
    await_all_committed(&cluster, "prices");
    assert_eq!(seen.lock().expect("no panic").len(), seen_at_first);
    close(&app);

    // the disk is lost: what was committed comes past the processor, what comes then goes through it
    put(&cluster, "prices", "item 4", Some(&4_000_i64.to_be_bytes()));
    let second = tempfile::tempdir().expect("a directory");
    let (app, heard, seen) = start_topology(&cluster, second.path(), guarantee, topology);
    assert_eq!(heard.keys().collect::<Vec<_>>(), ["prices-0", "prices-1"]);
    assert!(heard.values().all(|total| *total > 0) && heard.values().sum::<u64>() <= 22, "{heard:?}");
    await_all_committed(&cluster, "prices");
    assert_eq!(*seen.lock().expect("no panic"), ["item 4"]);
    for n in 1..=5 {
        put(&cluster, "orders", &format!("item {n}"), Some(&10_i64.to_be_bytes()));
    }
    let expected = [("item 1", 10), ("item 3", 30), ("item 4", 40_000), ("item 5", 50)].map(|(item, bill)| (item.to_owned(), bill));
    eventually("the bills", || last_counts(&cluster, "bills") == expected.clone().into());
    close(&app);
    assert_eq!(cluster.topic_names(), ["bills", "orders", "prices"], "no internal topic was made");
}

#[test]
fn is_restored_at_least_once() {
    // the source leaves out what is no number
    is_restored_from_its_topic("at_least_once", topology, 21);
}

#[test]
fn is_restored_exactly_once() {
    is_restored_from_its_topic("exactly_once_v2", topology, 21);
}

#[test]
fn is_restored_with_the_times_of_its_extractor() {
    is_restored_from_its_topic("at_least_once", topology_with_extractor, 21);
}

//! Global tables and sources by pattern: applications on an embedded cluster, and a model of maps against the test driver.

use crate::common::{close, cluster, config, eventually, start};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{Context, KeyValueStore, Processor};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, Error, ErrorKind, KafkaStreams, Record, State, StreamsBuilder, Topology};

const TIME: i64 = 1_700_000_000_000;

fn put(cluster: &EmbeddedCluster, topic: &str, key: &str, value: Option<&str>) {
    cluster.produce(topic, None, Some(key.as_bytes()), value.map(str::as_bytes), TIME).expect("the record is taken");
}

fn texts(cluster: &EmbeddedCluster, topic: &str) -> Vec<String> {
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.expect("a value")).expect("a text");
    let mut texts: Vec<String> = cluster.read_topic(topic).expect("the topic is there").into_iter().map(|r| text(r.value)).collect();
    texts.sort();
    texts
}

/// `lines` (keys are texts here) joined with `names` by the value.
fn joined() -> Topology {
    let builder = StreamsBuilder::new();
    let names = builder.global_table::<String, String>("names");
    let lines = builder.stream::<Option<String>, String>("lines");
    lines.join_global(&names, |_, id| id.clone(), |id, name| format!("{id}={name}")).to("counts");
    builder.build().expect("the topology is right")
}

fn world() -> (EmbeddedCluster, tempfile::TempDir) {
    let cluster = cluster();
    cluster.create_topic_with("names", 3, &[("cleanup.policy", "compact")]).expect("a new topic");
    (cluster, tempfile::tempdir().expect("a directory"))
}

#[test]
fn the_whole_table_is_there_before_the_first_record_and_follows_its_topic() {
    let (cluster, directory) = world();
    // keys lie in other partitions than the lines that ask for them
    (0..300).for_each(|n| put(&cluster, "names", &n.to_string(), Some("old")));
    (0..300).for_each(|n| put(&cluster, "names", &n.to_string(), Some(&format!("name {n}"))));
    (0..300).for_each(|n| put(&cluster, "lines", &format!("line {n}"), Some(&n.to_string())));
    let app = start(&cluster, joined(), config(directory.path()).set("num.stream.threads", "2"));
    let mut expected: Vec<String> = (0..300).map(|n| format!("{n}=name {n}")).collect();
    expected.sort();
    eventually("all lines are joined", || texts(&cluster, "counts").len() >= 300);
    assert_eq!(texts(&cluster, "counts"), expected);
    // a row that comes, one that changes, one that goes
    put(&cluster, "names", "new", Some("born"));
    put(&cluster, "names", "7", Some("changed"));
    put(&cluster, "names", "8", None);
    let seen = |text: &str| texts(&cluster, "counts").iter().any(|seen| seen == text);
    eventually("the new row is seen", || {
        put(&cluster, "lines", "later", Some("new"));
        std::thread::sleep(Duration::from_millis(20));
        seen("new=born")
    });
    eventually("the changed row is seen", || {
        put(&cluster, "lines", "later", Some("7"));
        std::thread::sleep(Duration::from_millis(20));
        seen("7=changed")
    });
    eventually("the deleted row is not", || {
        let before = texts(&cluster, "counts").len();
        put(&cluster, "lines", "later", Some("8"));
        put(&cluster, "lines", "later", Some("9"));
        eventually("the line after it", || texts(&cluster, "counts").len() > before);
        std::thread::sleep(Duration::from_millis(20));
        texts(&cluster, "counts").len() == before + 1
    });
    close(&app);
    // the next instance reads it all again
    put(&cluster, "lines", "last", Some("299"));
    let before = texts(&cluster, "counts").len();
    let app = start(&cluster, joined(), config(directory.path()));
    eventually("the next instance has the table", || texts(&cluster, "counts").len() > before);
    close(&app);
}

fn failure(cluster: &EmbeddedCluster, topology: Topology, directory: &tempfile::TempDir, setting: Option<(&str, &str)>) -> Error {
    let config = config(directory.path()).set_all(setting);
    match KafkaStreams::builder(topology, config).cluster(Arc::new(cluster.clone())).start() {
        Err(error) => error,
        Ok(app) => {
            eventually("the application ends", || app.state().is_final());
            assert_eq!(app.state(), State::Error);
            Error::new(app.error().expect("an error").kind(), app.error().expect("an error").to_string())
        }
    }
}

#[test]
fn a_missing_topic_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let error = failure(&cluster(), joined(), &directory, None);
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(error.to_string().contains("Missing topics [names] of global tables"), "{error}");
}

#[test]
fn a_record_that_cannot_be_read_ends_the_instance_or_is_left_out() {
    let (cluster, directory) = world();
    cluster.produce("names", Some(1), Some(b"k"), Some(b"\xff\xfe"), TIME).expect("the record is taken");
    let error = failure(&cluster, joined(), &directory, None);
    let text = error.to_string();
    let parts =
        ["GlobalStreamThread", "names-STATE-STORE-0000000000", "topic names, partition 1, offset 0", "cannot deserialize the value"];
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");

    put(&cluster, "names", "good", Some("value"));
    put(&cluster, "lines", "line", Some("good"));
    let config = config(directory.path()).set("deserialization.exception.handler", "LogAndContinueExceptionHandler");
    let app = start(&cluster, joined(), config);
    eventually("the good row is joined", || texts(&cluster, "counts") == ["good=value"]);
    close(&app);
}

/// Keeps every value but one that it cannot stand.
struct Picky {
    store: KeyValueStore<String, String>,
}

impl Processor<String, String, (), ()> for Picky {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, String>) -> Result<(), BoxError> {
        assert_ne!(record.value, "panic", "as it is told");
        if record.value == "error" {
            return Err("not this one".into());
        }
        self.store.put(ctx, &record.key, record.value)
    }
}

fn picky() -> Topology {
    let builder = StreamsBuilder::new();
    let store = Stores::key_value::<String, String>("picky");
    let _ = builder.add_global_store(store, "names", Consumed::default(), |_, store| Picky { store });
    builder.build().expect("the topology is right")
}

#[test]
fn a_processor_that_fails_ends_the_instance_unless_the_handler_may_be_asked() {
    for bad in ["panic", "error"] {
        let (cluster, directory) = world();
        for (n, value) in ["one", bad, "two"].iter().enumerate() {
            cluster.produce("names", Some(0), Some(n.to_string().as_bytes()), Some(value.as_bytes()), TIME).expect("the record is taken");
        }
        let continues = ("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
        // the handler is not for global stores by itself (KIP-1270)
        let error = failure(&cluster, picky(), &directory, Some(continues));
        assert!(error.to_string().contains("topic names, partition 0, offset 1"), "{error}");
        let config = config(directory.path()).set_all([continues, ("processing.exception.handler.global.enabled", "true")]);
        let app = start(&cluster, picky(), config);
        assert_eq!(app.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]), Some(1.0), "{bad}");
        close(&app);
    }
}

#[test]
fn a_topology_of_global_stores_alone_runs_without_stream_threads() {
    let (cluster, directory) = world();
    put(&cluster, "names", "a", Some("b"));
    let app = start(&cluster, picky(), config(directory.path()));
    assert!(app.threads().is_empty());
    assert!(app.add_thread().expect_err("there is nothing to do").to_string().contains("only has global stores"));
    close(&app);
}

#[test]
fn closing_does_not_wait_for_a_table_that_cannot_be_read() {
    let (cluster, directory) = world();
    put(&cluster, "names", "a", Some("b"));
    // somebody's transaction is open in the topic, and the table waits for its end
    let config = config(directory.path()).set("processing.guarantee", "exactly_once_v2");
    let producer = |id: &str| {
        use streams_core::cluster::{Cluster, ProducerOptions};
        let transactional_id = Some(id.to_owned());
        cluster.producer(ProducerOptions {
            transactional_id,
            transaction_timeout: Some(Duration::from_secs(600)),
            ..ProducerOptions::default()
        })
    };
    let mut open = producer("somebody").expect("a producer");
    open.init_transactions(crate::common::PATIENCE).expect("nothing is open");
    open.begin().expect("a transaction");
    let topic = open.topic("names").expect("the topic is there");
    let headers = streams_core::Headers::new();
    let record = streams_core::cluster::ProduceRecord { key: Some(b"x"), value: Some(b"y"), timestamp: TIME, headers: &headers };
    open.send(topic, 0, record).expect("it is sent");
    open.flush(crate::common::PATIENCE).expect("it is written");
    let builder = KafkaStreams::builder(joined(), config).cluster(Arc::new(cluster.clone()));
    let app = builder.start().expect("the start is not held up for ever");
    assert_eq!(app.state(), State::Rebalancing, "streams wait for the table");
    assert!(app.threads().is_empty());
    close(&app);
}

#[test]
fn topics_are_matched_when_the_application_starts() {
    let (cluster, directory) = world();
    for (topic, partitions) in [("orders-eu", 2), ("orders-us", 3), ("orders", 1)] {
        cluster.create_topic(topic, partitions).expect("a new topic");
    }
    let topology = || {
        let builder = StreamsBuilder::new();
        builder.stream_pattern::<String, String>("orders-.*").to("counts");
        builder.build().expect("the topology is right")
    };
    for n in 0..20 {
        put(&cluster, "orders-eu", &n.to_string(), Some(&format!("eu {n}")));
        put(&cluster, "orders-us", &n.to_string(), Some(&format!("us {n}")));
        put(&cluster, "orders", &n.to_string(), Some("not this one"));
    }
    let app = start(&cluster, topology(), config(directory.path()));
    let mut expected: Vec<String> = (0..20).flat_map(|n| [format!("eu {n}"), format!("us {n}")]).collect();
    expected.sort();
    eventually("all orders", || texts(&cluster, "counts") == expected);
    close(&app);
    cluster.create_topic("orders-asia", 3).expect("a new topic");
    put(&cluster, "orders-asia", "1", Some("asia 1"));
    let app = start(&cluster, topology(), config(directory.path()));
    expected.insert(0, "asia 1".to_owned());
    eventually("the new topic is read after the next start", || texts(&cluster, "counts") == expected);
    close(&app);
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A table whose keys may be null has no row for a null, and the joiner gets no mapped key.
#[test]
fn a_mapped_key_that_is_null_is_none() {
    let builder = StreamsBuilder::new();
    let table = builder.global_table::<Option<String>, String>("table");
    let stream = builder.stream::<String, Option<String>>("in").map_values(Option::unwrap_or_default);
    let select = |_: &String, id: &String| Some((!id.is_empty()).then(|| id.clone()));
    stream.join_global_mapped_with(&table, select, |key, mapped, _, row| format!("{key} {mapped:?} {row}"), "inner").to("inner");
    let joiner = |key: &String, mapped: Option<&Option<String>>, _, row: Option<&String>| format!("{key} {mapped:?} {row:?}");
    stream.left_join_global_mapped_with(&table, select, joiner, "left").to("left");
    let topology = builder.build().expect("it is right");
    assert!(["inner", "left"].iter().all(|name| topology.describe().contains(&format!("Processor: {name} "))), "{}", topology.describe());
    let driver = TopologyTestDriver::new(&topology).expect("a driver");
    driver.input::<String, String>("table").pipe("a".to_owned(), "row".to_owned()).expect("a row");
    for id in [Some("a"), None, Some("b")] {
        driver.input::<String, Option<String>>("in").pipe("k".to_owned(), id.map(str::to_owned)).expect("a record");
    }
    let read = |topic: &str| driver.output::<String, String>(topic).read_values().expect("outputs");
    assert_eq!(read("inner"), ["k Some(\"a\") row"]);
    assert_eq!(read("left"), ["k Some(Some(\"a\")) Some(\"row\")", "k None None", "k Some(Some(\"b\")) None"]);
    assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "null_key")]), Some(1.0), "the inner join's");
}

/// What the joins must answer follows from a map of the newest values.
#[test]
fn joins_answer_as_a_map_of_the_newest_values_does() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let builder = StreamsBuilder::new();
        let table = builder.global_table::<u32, i64>("table");
        let stream = builder.stream::<Option<String>, u32>("in");
        // every third value has no key in the table
        let select = |_: &Option<String>, value: &u32| (!value.is_multiple_of(3)).then_some(value / 3);
        stream.join_global(&table, select, |value, row| format!("{value} {row}")).to("inner");
        stream.left_join_global_keyed(&table, select, |key, value, row| format!("{key:?} {value} {row:?}")).to("left");
        stream.join_global_mapped(&table, select, |key, mapped, value, row| format!("{key:?} {mapped} {value} {row}")).to("inner-mapped");
        stream
            .left_join_global_mapped(&table, select, |key, mapped, value, row| format!("{key:?} {mapped:?} {value} {row:?}"))
            .to("left-mapped");
        let driver = TopologyTestDriver::new(&builder.build().expect("it is right")).expect("a driver");
        let (mut rows, mut inner, mut left) = (BTreeMap::<u32, i64>::new(), Vec::new(), Vec::new());
        let (mut inner_mapped, mut left_mapped) = (Vec::new(), Vec::new());
        for step in 0..60 {
            let key = random.below(6) as u32;
            if random.below(2) == 0 {
                let value = (random.below(4) > 0).then_some(step);
                driver.input::<u32, Option<i64>>("table").pipe(key, value).expect("a row");
                match value {
                    Some(value) => drop(rows.insert(key, value)),
                    None => drop(rows.remove(&key)),
                }
                continue;
            }
            let (own, value) = ((random.below(3) > 0).then(|| "k".to_owned()), random.below(18) as u32);
            driver.input::<Option<String>, u32>("in").pipe(own.clone(), value).expect("a record");
            let mapped = (value % 3 > 0).then_some(value / 3);
            let row = mapped.and_then(|mapped| rows.get(&mapped));
            let both = row.zip(mapped);
            inner_mapped.extend(both.map(|(row, mapped)| (own.clone(), format!("{own:?} {mapped} {value} {row}"))));
            left_mapped.push((own.clone(), format!("{own:?} {mapped:?} {value} {row:?}")));
            inner.extend(row.map(|row| (own.clone(), format!("{value} {row}"))));
            left.push((own.clone(), format!("{own:?} {value} {row:?}")));
        }
        for (topic, expected) in [("inner", inner), ("left", left), ("inner-mapped", inner_mapped), ("left-mapped", left_mapped)] {
            assert_eq!(driver.output::<Option<String>, String>(topic).read_all().expect("outputs"), expected, "{topic} of seed {seed}");
        }
    }
}

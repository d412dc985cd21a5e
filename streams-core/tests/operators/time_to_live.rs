//! Rows that expire, record by record, compared with a model that looks at all rows; and over restarts and aborts.

use crate::common::{close, eventually, start};
use crate::one_partition::{self, cluster, config_that_aborts, feed, time};
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::{EmbeddedCluster, OwnedRecord};
use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, KTable, Materialized, StreamsBuilder, Topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Records of ten keys whose times go forth, sometimes far, and back; every eighth is without a value.
fn records(seed: u64, count: usize) -> Vec<(String, Option<i64>, i64)> {
    let mut random = seed;
    let mut next = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    };
    let mut now = 1_000;
    let record = |_| {
        now += if next(30) == 0 { 120 } else { next(8) };
        (format!("k{}", next(10)), (next(8) > 0).then(|| next(100)), (now - next(150)).max(0))
    };
    (0..count).map(record).collect()
}

/// What becomes of a row's value, and the time of what comes out.
type Step = fn(Option<i64>, Option<i64>) -> Option<i64>;

#[derive(Default)]
struct Model {
    ttl: i64,
    stream_time: i64,
    rows: BTreeMap<String, (i64, i64)>,
    late: usize,
    expired: usize,
    /// The table is made of another one: what is late deletes its row.
    follows: bool,
    deleted: usize,
}

type Change = (String, Option<i64>, i64);

impl Model {
    fn slice(&self, time: i64) -> i64 {
        time / (self.ttl / 16).max(1)
    }

    fn expires(&self, time: i64) -> i64 {
        (self.slice(time) + 1) * (self.ttl / 16).max(1) + self.ttl
    }

    /// `largest`: the row's time is the largest of its records'.
    fn put(&mut self, (key, value, time): &(String, Option<i64>, i64), step: Step, largest: bool) -> Vec<Change> {
        self.stream_time = self.stream_time.max(*time);
        let gone = |(_, (_, at)): &(&String, &(i64, i64))| self.expires(*at) <= self.stream_time;
        let mut changes: Vec<Change> = self.rows.iter().filter(gone).map(|(key, (_, at))| (key.clone(), None, self.expires(*at))).collect();
        // by slices of time, and within them by key
        changes.sort_by_key(|(key, _, at)| (*at, key.clone()));
        self.rows.retain(|key, _| !changes.iter().any(|(gone, ..)| gone == key));
        self.expired += changes.len();
        if self.expires(*time) <= self.stream_time {
            if !self.follows {
                self.late += 1;
            } else if self.rows.remove(key).is_some() {
                self.deleted += 1;
                changes.push((key.clone(), None, *time));
            }
            return changes;
        }
        let before = self.rows.remove(key);
        match step(before.map(|(value, _)| value), *value) {
            Some(new) => {
                let at = before.filter(|_| largest).map_or(*time, |(_, at)| at.max(*time));
                self.rows.insert(key.clone(), (new, at));
                changes.push((key.clone(), Some(new), at));
            }
            None => changes.push((key.clone(), None, *time)),
        }
        changes
    }
}

fn compare(
    ttl: i64,
    seed: u64,
    largest: bool,
    step: Step,
    table: impl FnOnce(&StreamsBuilder, Duration) -> KTable<String, i64>,
) -> Outcome {
    compare_with(Model { ttl, ..Model::default() }, seed, largest, step, table)
}

fn compare_with(
    mut model: Model,
    seed: u64,
    largest: bool,
    step: Step,
    table: impl FnOnce(&StreamsBuilder, Duration) -> KTable<String, i64>,
) -> Outcome {
    let ttl = model.ttl;
    let builder = StreamsBuilder::new();
    let table = table(&builder, Duration::from_millis(ttl.unsigned_abs()));
    table.to_stream().to("out");
    // what is made of the table follows its deletions: the sum of all rows
    let sum = table.group_by(|_, value| ("all".to_owned(), *value)).aggregate(|| 0, |_, new, sum| *sum += new, |_, old, sum| *sum -= old);
    sum.to_stream().to("sum");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let (mut input, mut output) = (driver.input::<String, Option<i64>>("in"), driver.output::<String, Option<i64>>("out"));
    let (mut sums, mut sum) = (driver.output::<String, Option<i64>>("sum"), 0);
    for (n, record) in records(seed, 800).into_iter().enumerate() {
        let expected = model.put(&record, step, largest);
        input.pipe_at(record.0.clone(), record.1, record.2)?;
        let changes: Vec<Change> = output.read_records()?.into_iter().map(|out| (out.key, out.value, out.timestamp)).collect();
        assert_eq!(changes, expected, "record {n}: {record:?}, stream time {}", model.stream_time);
        sum = sums.read_all()?.pop().map_or(sum, |(_, sum)| sum.expect("a sum"));
        assert_eq!(sum, model.rows.values().map(|(value, _)| value).sum::<i64>(), "record {n}");
    }
    let rows = driver.key_value_store::<String, i64>("rows").ok_or("no store")?.all()?;
    let expected: Vec<_> = model.rows.iter().map(|(key, (value, at))| (key.clone(), *value, *at)).collect();
    assert_eq!(rows, expected);
    let noted = driver.key_value_store::<Vec<u8>, Vec<u8>>("rows-ttl").ok_or("no store")?.all()?;
    assert_eq!(noted.len(), expected.len(), "one note for each row");
    assert!(model.expired > 10, "{} rows expired of {ttl}", model.expired);
    assert_eq!(model.deleted > 0, model.follows && ttl < 150, "{} rows deleted by what came late", model.deleted);
    let late = driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]);
    assert_eq!((late, model.late > 0), (Some(model.late as f64), ttl < 150 && !model.follows), "{ttl}");
    Ok(())
}

const TIMES: [i64; 5] = [1, 7, 40, 100, 320];

fn materialized(ttl: Duration) -> Materialized<String, i64> {
    Materialized::from("rows").caching_disabled().ttl(ttl)
}

#[test]
fn rows_of_a_topic_expire() -> Outcome {
    TIMES.iter().zip(1..).try_for_each(|(ttl, seed)| {
        compare(*ttl, seed, false, |_, new| new, |builder, ttl| builder.table_with("in", Default::default(), materialized(ttl)))
    })
}

#[test]
fn rows_of_a_stream_expire() -> Outcome {
    TIMES.iter().zip(11..).try_for_each(|(ttl, seed)| {
        compare(
            *ttl,
            seed,
            false,
            |_, new| new,
            |builder, ttl| builder.stream::<String, Option<i64>>("in").to_table_with_deletes(materialized(ttl)),
        )
    })
}

/// What expired is not there for the aggregator.
#[test]
fn aggregates_expire_and_begin_anew() -> Outcome {
    let step: Step = |sum, value| value.map(|value| sum.unwrap_or(0) + value);
    TIMES.iter().zip(21..).try_for_each(|(ttl, seed)| {
        compare(*ttl, seed, true, step, |builder, ttl| {
            let stream = builder.stream::<String, Option<i64>>("in").map_values(|value| value.unwrap_or(-1));
            let add = |_: &String, value: i64, sum: &mut Option<i64>| *sum = (value >= 0).then(|| sum.unwrap_or(0) + value);
            stream.group_by_key().fold_with(add, materialized(ttl))
        })
    })
}

/// Of a table that is not kept and of one that keeps all rows; what is made of the made table follows its deletions, too.
#[test]
fn rows_of_a_table_made_of_another_expire() -> Outcome {
    TIMES.iter().zip(31..).try_for_each(|(ttl, seed)| {
        for all in [None, Some(Materialized::from("all").caching_disabled())] {
            compare_with(
                Model { ttl: *ttl, follows: true, ..Model::default() },
                seed,
                false,
                |_, new| new.map(|new| 2 * new),
                |builder, ttl| {
                    let table: KTable<String, i64> = match all {
                        None => builder.table("in"),
                        Some(all) => builder.table_with("in", Default::default(), all),
                    };
                    table.map_values_with(|value| 2 * value, materialized(ttl))
                },
            )?;
        }
        Ok(())
    })
}

#[test]
fn transformed_rows_expire() -> Outcome {
    TIMES.iter().zip(41..).try_for_each(|(ttl, seed)| {
        compare_with(
            Model { ttl: *ttl, follows: true, ..Model::default() },
            seed,
            false,
            |_, new| new.map(|new| 3 * new),
            |builder, ttl| builder.table::<String, i64>("in").transform_values_with((), |_, ()| Tripled, materialized(ttl)),
        )
    })
}

struct Tripled;
impl ValueTransformer<String, i64, i64> for Tripled {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.map(|value| 3 * value))
    }
}

/// Either side's change begins a joined row anew, with what the other side has kept.
#[test]
fn joined_rows_expire_before_the_rows_that_they_are_joined_of() -> Outcome {
    let builder = StreamsBuilder::new();
    let (one, two) = (builder.table::<String, i64>("one"), builder.table::<String, i64>("two"));
    let joined = one.join_with(&two, |one, two| one + two, Materialized::from("rows").caching_disabled().ttl(Duration::from_millis(160)));
    joined.to_stream().to("out");
    joined.filter(|_, sum| *sum > 10).to_stream().to("large");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let (mut one, mut two) = (driver.input::<String, Option<i64>>("one"), driver.input::<String, Option<i64>>("two"));
    let mut feed = |to_one: bool, key: &str, value, at| if to_one { &mut one } else { &mut two }.pipe_at(key.to_owned(), value, at);
    feed(true, "a", Some(10), 0)?;
    feed(false, "a", Some(1), 5)?;
    feed(true, "b", Some(1), 6)?;
    feed(false, "b", Some(2), 300)?;
    feed(false, "a", Some(2), 400)?;
    // the row of b has expired by then: its deletion, which comes late, says nothing new
    feed(false, "a", Some(3), 480)?;
    feed(true, "b", None, 20)?;
    let changes = |topic: &str| driver.output::<String, Option<i64>>(topic).read_records();
    let told: Vec<_> = changes("out")?.into_iter().map(|out| (out.key, out.value, out.timestamp)).collect();
    let row = |key: &str, value, at| (key.to_owned(), value, at);
    let expected = [
        row("a", Some(11), 5),
        row("a", None, 170),
        row("b", Some(3), 300),
        row("a", Some(12), 400),
        row("b", None, 470),
        row("a", Some(13), 480),
    ];
    assert_eq!(told, expected);
    let large: Vec<_> = changes("large")?.into_iter().map(|out| (out.key, out.value)).collect();
    assert_eq!(large, [("a", Some(11)), ("a", None), ("a", Some(12)), ("a", Some(13))].map(|(key, sum)| (key.to_owned(), sum)));
    Ok(())
}

/// More rows than go before one record: none is seen after its time by the aggregator, and all go in the end.
#[test]
fn many_rows_expire_a_few_at_a_time() -> Outcome {
    let builder = StreamsBuilder::new();
    let counts = Materialized::from("counts").caching_disabled().ttl(Duration::from_millis(160));
    builder.stream::<String, i64>("in").group_by_key().count_with(counts).to_stream().to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<u64>>("out"));
    for n in 0..300 {
        input.pipe_at(format!("k{n:03}"), 0, 1_000 + n / 3)?;
    }
    assert!(output.read_all()?.iter().all(|(_, count)| *count == Some(1)));
    let mut sizes = Vec::new();
    let mut gone = 0;
    for _ in 0..6 {
        input.pipe_at("k299".to_owned(), 0, 5_000)?;
        let out = output.read_all()?;
        sizes.push(out.len());
        gone += out.iter().filter(|(_, count)| count.is_none()).count();
    }
    // the row of the record itself has expired too, and is begun anew though its deletion was not yet due
    assert_eq!(sizes, [65, 65, 65, 65, 44, 1]);
    assert_eq!(gone, 299);
    let rows = driver.key_value_store::<String, u64>("counts").ok_or("no store")?.all()?;
    assert_eq!(rows, [("k299".to_owned(), 6, 5_000)]);
    Ok(())
}

#[test]
fn a_cache_holds_deletions_back_like_other_changes() -> Outcome {
    let builder = StreamsBuilder::new();
    let counts = Materialized::from("counts").ttl(Duration::from_millis(16));
    builder.stream::<String, i64>("in").group_by_key().count_with(counts).to_stream().to("out");
    let driver = TopologyTestDriver::builder(&builder.build()?).commit_by_hand().build()?;
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<u64>>("out"));
    input.pipe_at("a".to_owned(), 0, 0)?;
    driver.commit()?;
    input.pipe_at("b".to_owned(), 0, 100)?;
    input.pipe_at("c".to_owned(), 0, 200)?;
    driver.commit()?;
    let (a, c) = ("a".to_owned(), "c".to_owned());
    assert_eq!(output.read_all()?, [(a.clone(), Some(1)), (a, None), (c, Some(1))], "of b nothing was told");
    Ok(())
}

fn topology() -> Topology {
    let builder = StreamsBuilder::new();
    let stream = builder.stream::<String, String>("in").peek(|_, value| assert_ne!(value, "boom"));
    let counts = stream.group_by_key().count_with(Materialized::from("counts").ttl(Duration::from_secs(160)));
    counts.to_stream().to("out");
    builder.build().expect("the topology is right")
}

/// The newest value of each key of a topic of counts.
fn newest(cluster: &EmbeddedCluster, topic: &str) -> BTreeMap<String, Option<i64>> {
    let records = cluster.read_committed(topic, 0, 0).expect("the topic is there");
    let count = |value: Vec<u8>| i64::from_be_bytes(value.as_slice().try_into().expect("eight bytes"));
    let row = |record: OwnedRecord| (String::from_utf8(record.key.expect("a key")).expect("a text"), record.value.map(count));
    records.into_iter().map(row).collect()
}

fn expected(rows: &[(&str, Option<i64>)]) -> BTreeMap<String, Option<i64>> {
    rows.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

fn survives(guarantee: &str) {
    let cluster = cluster();
    let run = |records: &[(&str, i64)]| one_partition::run(&cluster, topology(), guarantee, |cluster| feed(cluster, records));
    run(&[("a", 0), ("b", 5), ("c", 100), ("a", 100)]);
    // the note of b is read back, and moved; stream time is known: the last record is late, by that of the run before
    run(&[("d", 240), ("b", 75)]);
    let rows = expected(&[("a", Some(2)), ("b", None), ("c", Some(1)), ("d", Some(1))]);
    assert_eq!((newest(&cluster, "out"), newest(&cluster, "app-counts-changelog")), (rows.clone(), rows));
    run(&[("a", 255), ("d", 275)]);
    let rows = expected(&[("a", Some(3)), ("b", None), ("c", None), ("d", Some(2))]);
    assert_eq!((newest(&cluster, "out"), newest(&cluster, "app-counts-changelog")), (rows.clone(), rows));
}

#[test]
fn times_outlast_the_application() {
    survives("at_least_once");
}

#[test]
fn times_outlast_the_application_exactly_once() {
    survives("exactly_once_v2");
}

/// A record makes user code panic after rows have expired that were not committed: they come back, and expire again.
#[test]
fn what_expired_since_the_last_commit_is_undone_with_it() {
    let cluster = cluster();
    let directory = tempfile::tempdir().expect("a directory");
    let config = config_that_aborts(directory.path()).set("statestore.cache.max.bytes", "0");
    let app = start(&cluster, topology(), config);
    feed(&cluster, &[("a", 0), ("b", 1), ("a", 2), ("c", 500), ("boom", 501), ("a", 502)]);
    eventually("the last record's count", || {
        cluster.read("out", 0, 0).is_ok_and(|records| records.last().is_some_and(|last| last.timestamp == time(502)))
    });
    close(&app);
    let rows = expected(&[("a", Some(1)), ("b", None), ("c", Some(1))]);
    assert_eq!((newest(&cluster, "out"), newest(&cluster, "app-counts-changelog")), (rows.clone(), rows));
}

//! Stores of the user's own kind: a list of the best that a processor keeps, in memory or with a file, on embedded clusters and alone.

use crate::common::{close, config, eventually, start};
use crate::one_partition::{cluster, config_that_aborts, feed_values, run, time};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, Own, OwnStore, OwnStoreContext, StoreChange};
use streams_core::runtime::RestoreEvent;
use streams_core::state::{OwnStoreBuilder, Stores};
use streams_core::testing::{MockProcessorContext, TopologyTestDriver};
use streams_core::{BoxError, Headers, KafkaStreams, Materialized, Record, State, StreamsBuilder, Topology};

const CHANGELOG: &str = "app-best-changelog";

/// Names and what they have reached; in a file, if there is a directory, as of the last commit: its offset, then a line for each.
#[derive(Default)]
struct Best {
    points: BTreeMap<String, i64>,
    committed: Option<i64>,
    file: Option<PathBuf>,
}

impl Best {
    fn make(context: &OwnStoreContext) -> Result<Best, BoxError> {
        let file = context.directory().map(|directory| directory.join("best"));
        let text = file.as_ref().filter(|file| file.exists()).map(fs::read_to_string).transpose()?.unwrap_or_default();
        let mut lines = text.lines();
        let committed = lines.next().map(str::parse).transpose()?;
        let mut points = BTreeMap::new();
        for line in lines {
            let (points_of, name) = line.split_once(' ').ok_or("no points")?;
            points.insert(name.to_owned(), points_of.parse()?);
        }
        Ok(Best { points, committed, file })
    }

    fn list(&self) -> String {
        let mut list: Vec<(i64, &str)> = self.points.iter().map(|(name, points)| (-points, &**name)).collect();
        list.sort_unstable();
        list.iter().map(|(points, name)| format!("{name} {}", -points)).collect::<Vec<_>>().join(", ")
    }

    fn last(&self) -> Option<String> {
        self.points.iter().map(|(name, points)| (-points, name)).max().map(|(_, name)| name.clone())
    }
}

impl OwnStore for Best {
    fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
        let name = String::from_utf8(change.key.to_vec())?;
        match change.value {
            Some(points) => self.points.insert(name, i64::from_be_bytes(points.try_into()?)),
            None => self.points.remove(&name),
        };
        Ok(())
    }

    fn commit(&mut self, offset: Option<i64>) -> Result<(), BoxError> {
        let (Some(file), Some(offset)) = (&self.file, offset) else { return Ok(()) };
        let lines: String = self.points.iter().map(|(name, points)| format!("{points} {name}\n")).collect();
        let next = file.with_extension("next");
        fs::write(&next, format!("{offset}\n{lines}"))?;
        Ok(fs::rename(next, file)?)
    }

    fn committed_offset(&self) -> Option<i64> {
        self.committed
    }

    fn num_entries(&self) -> u64 {
        self.points.len() as u64
    }
}

/// Adds points to a name, keeps the best three, and tells them.
struct Keep(Own<Best>);

impl FixedKeyProcessor<String, String, String> for Keep {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        let before = self.0.read(|best| best.points.get(record.key()).copied())?.unwrap_or(0);
        let more: i64 = record.value().trim_end_matches('!').parse()?;
        self.0.put(ctx, record.key(), (before + more).to_be_bytes())?;
        // the change is made, and then it goes wrong
        assert!(!record.value().ends_with('!'));
        if self.0.read(|best| best.points.len() > 3)?
            && let Some(last) = self.0.read(Best::last)?
        {
            self.0.delete(ctx, last)?;
        }
        let list = self.0.read(Best::list)?;
        ctx.forward(record.with_value(list))
    }
}

fn in_memory() -> OwnStoreBuilder<Best> {
    Stores::own("best", Best::make)
}

fn topology(store: OwnStoreBuilder<Best>) -> Topology {
    let builder = StreamsBuilder::new();
    let best = builder.add_state_store(store);
    let lists = builder.stream::<String, String>("in").process_values(best, |_, best| Keep(best));
    // a store of another kind in the same task
    let counts = lists.group_by_key().count_with(Materialized::from("counts"));
    lists.join_table(&counts, |list, count| format!("{count}: {list}")).to("out");
    builder.build().expect("the topology is right")
}

const NAMES: [&str; 6] = ["ann", "bob", "cleo", "dan", "eve", "fay"];

/// Names and points, in an order that moves the list about; every `boom`th goes wrong.
fn records(from: usize, to: usize, boom: usize) -> Vec<(String, String)> {
    let record = |n: usize| {
        let wrong = if boom > 0 && n % boom == boom - 1 { "!" } else { "" };
        (NAMES[(n * 5 + n / 7) % NAMES.len()].to_owned(), format!("{}{wrong}", n * 37 % 11))
    };
    (from..to).map(record).collect()
}

fn feed(cluster: &EmbeddedCluster, records: &[(String, String)]) {
    let records: Vec<_> = records.iter().zip(0..).map(|((name, points), second)| (&**name, &**points, second)).collect();
    feed_values(cluster, &records);
}

/// What comes out of records, one by one.
fn expected(records: &[(String, String)]) -> Vec<String> {
    let (mut best, mut counts) = (Best::default(), BTreeMap::new());
    let right = records.iter().filter(|(_, points)| !points.ends_with('!'));
    let outcome = |(name, points): &(String, String)| {
        *best.points.entry(name.clone()).or_default() += points.parse::<i64>().expect("points");
        if let Some(last) = best.last().filter(|_| best.points.len() > 3) {
            best.points.remove(&last);
        }
        let count = counts.entry(name.clone()).or_insert(0);
        *count += 1;
        format!("{count}: {}", best.list())
    };
    right.map(outcome).collect()
}

fn results_of(cluster: &EmbeddedCluster, partition: i32) -> Vec<String> {
    let records = cluster.read_committed("out", partition, 0).expect("the topic is there");
    records.into_iter().map(|record| String::from_utf8(record.value.expect("a list")).expect("a text")).collect()
}

fn results(cluster: &EmbeddedCluster) -> Vec<String> {
    results_of(cluster, 0)
}

#[test]
fn a_store_whose_directory_is_gone_comes_back_from_its_changelog() {
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        for store in [in_memory, || in_memory().persistent()] {
            let (cluster, records) = (cluster(), records(0, 90, 0));
            for part in records.chunks(30) {
                run(&cluster, topology(store()), guarantee, |cluster| feed(cluster, part));
            }
            assert_eq!(results(&cluster), expected(&records), "{guarantee}");
        }
    }
}

/// Every ninth record panics behind its first change: the task goes back, and what it had changed since the last commit is done again.
#[test]
fn an_abort_neither_loses_nor_repeats_a_change() {
    for store in [in_memory, || in_memory().persistent()] {
        let (cluster, records) = (cluster(), records(0, 120, 9));
        for (n, part) in records.chunks(60).enumerate() {
            let directory = tempfile::tempdir().expect("a directory");
            let config = config_that_aborts(directory.path()).set("commit.interval.ms", if n == 0 { "60000" } else { "5" });
            let app = start(&cluster, topology(store()), config);
            part.chunks(7).for_each(|some| feed(&cluster, some));
            // what stands behind the last wrong record is committed with the close
            let done = expected(&records[..60 * (n + 1)]).len();
            eventually("all is processed", || results(&cluster).len() + 9 > done);
            close(&app);
        }
        run(&cluster, topology(store()), "exactly_once_v2", |_| {});
        assert_eq!(results(&cluster), expected(&records));
        let aborted = cluster.read(CHANGELOG, 0, 0).expect("there").len() > cluster.read_committed(CHANGELOG, 0, 0).expect("there").len();
        assert!(aborted, "the changelog has changes that came to nothing");
    }
}

/// A task may go on while its commit is made; with such a store it does not: what comes after the commit has begun is not to get into the file.
#[test]
fn a_file_has_nothing_of_what_came_after_its_commit_had_begun() {
    let cluster = cluster();
    let directory = tempfile::tempdir().expect("a directory");
    let app = start(&cluster, topology(in_memory().persistent()), config_that_aborts(directory.path()).set("commit.interval.ms", "5"));
    cluster.hold_commits(true);
    let records = [("ann", "5"), ("bob", "3!"), ("bob", "4")].map(|(name, points)| (name.to_owned(), points.to_owned()));
    feed(&cluster, &records[..1]);
    eventually("the commit is on its way", || cluster.commits_held() == 1);
    feed(&cluster, &records[1..]);
    std::thread::sleep(Duration::from_millis(100));
    cluster.hold_commits(false);
    eventually("all is told", || results(&cluster).len() == 2);
    assert_eq!(results(&cluster), expected(&records));
    close(&app);
}

/// At least once changes may come back and be made twice, but none may be missing.
#[test]
fn at_least_once_an_abort_loses_no_change() {
    let cluster = cluster();
    let records: Vec<_> = (0..60).map(|n| ("ann".to_owned(), if n % 9 == 8 { "1!" } else { "1" }.to_owned())).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let config = config_that_aborts(directory.path()).set("processing.guarantee", "at_least_once");
    let app = start(&cluster, topology(in_memory()), config);
    feed(&cluster, &records);
    eventually("all is committed", || {
        let last = results(&cluster).last().and_then(|list| list.rsplit(' ').next()?.parse::<usize>().ok());
        cluster.committed_offset("app", "in", 0).is_some_and(|committed| committed.offset > 53) && last >= Some(expected(&records).len())
    });
    close(&app);
}

#[test]
fn a_task_takes_its_store_along_to_another_instance() {
    let cluster = EmbeddedCluster::new();
    for topic in ["in", "out"] {
        cluster.create_topic(topic, 2).expect("a new topic");
    }
    let records = records(0, 90, 0);
    let feed = |from: usize, to: usize| {
        for (name, points) in &records[from..to] {
            cluster.produce("in", None, Some(name.as_bytes()), Some(points.as_bytes()), time(0)).expect("the record is taken");
        }
        eventually("all is told", || results_of(&cluster, 0).len() + results_of(&cluster, 1).len() >= to);
    };
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let instance = |n: usize| {
        let config = config(directories[n].path()).set("processing.guarantee", "exactly_once_v2");
        start(&cluster, topology(in_memory()), config)
    };
    let first = instance(0);
    feed(0, 30);
    let second = instance(1);
    feed(30, 60);
    close(&first);
    feed(60, 90);
    close(&second);
    for partition in [0, 1] {
        let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.expect("bytes")).expect("a text");
        let read = cluster.read("in", partition, 0).expect("the topic is there");
        let here: Vec<_> = read.into_iter().map(|record| (text(record.key), text(record.value))).collect();
        assert!(here.len() > 20, "both partitions have names");
        assert_eq!(results_of(&cluster, partition), expected(&here));
    }
}

/// Starts, and tells from where to where the store was restored, and with how many records.
fn start_and_hear(cluster: &EmbeddedCluster, directory: &Path) -> (KafkaStreams, Arc<Mutex<Vec<(i64, u64)>>>) {
    let heard: Arc<Mutex<Vec<(i64, u64)>>> = Arc::default();
    let sink = heard.clone();
    let app = KafkaStreams::builder(topology(in_memory().persistent()), config(directory))
        .cluster(Arc::new(cluster.clone()))
        .restore_listener(move |event| match event {
            RestoreEvent::Start { store: "best", start, .. } => sink.lock().expect("no panic").push((*start, 0)),
            RestoreEvent::End { store: "best", total, .. } => {
                sink.lock().expect("no panic").iter_mut().for_each(|(_, count)| *count = *total);
            }
            _ => {}
        })
        .start()
        .expect("the application starts");
    app.wait_for(State::Running, crate::common::PATIENCE).expect("the application runs");
    (app, heard)
}

#[test]
fn a_store_with_a_file_of_its_own_reads_only_what_came_after_it() {
    let (cluster, records) = (cluster(), records(0, 90, 0));
    let directory = tempfile::tempdir().expect("a directory");
    let end = || cluster.end_offset(CHANGELOG, 0).expect("the topic is there");
    let (app, heard) = start_and_hear(&cluster, directory.path());
    feed(&cluster, &records[..30]);
    eventually("all is told", || results(&cluster).len() == 30);
    close(&app);
    assert_eq!(*heard.lock().expect("no panic"), [(0, 0)]);
    let there = end();
    assert!(directory.path().join("app/0_0/best/best").is_file());
    // another machine
    run(&cluster, topology(in_memory().persistent()), "at_least_once", |cluster| feed(cluster, &records[30..60]));
    let (app, heard) = start_and_hear(&cluster, directory.path());
    assert_eq!(*heard.lock().expect("no panic"), [(there, (end() - there) as u64)]);
    feed(&cluster, &records[60..]);
    eventually("all is told", || results(&cluster).len() == 90);
    close(&app);
    assert_eq!(results(&cluster), expected(&records));
}

#[test]
fn the_driver_and_the_mock_give_it_by_its_type() -> Result<(), BoxError> {
    let driver = TopologyTestDriver::new(&topology(in_memory()))?;
    let best = driver.own_store::<Best>("best").ok_or("no store")?;
    best.put(b"ann", Some(&5_i64.to_be_bytes()), 0)?;
    driver.input("in").pipe("bob".to_owned(), "7".to_owned())?;
    assert_eq!(driver.output::<String, String>("out").read_values()?, ["1: bob 7, ann 5"]);
    assert_eq!(driver.output::<String, i64>("test-best-changelog").read_all()?, [("ann".to_owned(), 5), ("bob".to_owned(), 7)]);
    assert!(driver.own_store::<Best>("counts").is_none() && driver.key_value_store::<String, i64>("best").is_none());
    assert_eq!(best.read(OwnStore::num_entries)?, 2);

    let mut mock = MockProcessorContext::<String, String>::new()?;
    let own = mock.add_state_store(in_memory())?;
    let mut keep = Keep(own);
    let record = |value: &str| Record { key: "cleo".to_owned(), value: value.to_owned(), timestamp: 0, headers: Headers::new() };
    mock.process_values(&mut keep, record("3"))?;
    assert_eq!(mock.forwarded()[0].record.value, "cleo 3");
    let error = keep.0.read(|_| keep.0.read(Best::list).expect_err("it is looked at")).expect("it is not").to_string();
    assert!(error.contains("store best is used while it is looked at"), "{error}");
    let error = keep.0.put(&mut mock.context(), "dan", "not a number").expect_err("no points");
    assert!(error.to_string().contains("slice"), "{error}");
    assert_eq!(keep.0.read(Best::list)?, "cleo 3");
    Ok(())
}

#[test]
fn names_that_are_taken_or_cannot_be_are_refused() {
    for (name, part) in [("best", "there are two stores of the name best"), ("a/b", "store name \"a/b\"")] {
        let builder = StreamsBuilder::new();
        let _ = builder.add_state_store(in_memory());
        let _ = builder.add_state_store(Stores::own(name, Best::make));
        builder.stream::<String, String>("in").to("out");
        let error = builder.build().expect_err("it must be refused").to_string();
        assert!(error.contains(part), "{error}");
    }
}

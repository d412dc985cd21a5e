//! Topics that a pattern matches, some of which come and go while the application runs.

use super::AppFixture;
use super::bench::{Bench, TIME, await_running, close, end_of};
use crate::behaviour::clients::{settle, wait_for};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use streams_core::cluster::NewTopic;
use streams_core::config::StreamsConfig;
use streams_core::runtime::ThreadState;
use streams_core::{ErrorKind, KafkaStreams, Materialized, StreamsBuilder, Topology};

/// Looks for topics as good as never: what comes is heard of in another way.
const NEVER: &str = "3600000";

/// Topics of one stem, and an application that reads all of them.
struct World<'a> {
    bench: Bench<'a>,
    stem: String,
    /// Records that were counted, however often.
    processed: Arc<AtomicI64>,
}

impl<'a> World<'a> {
    fn new(fixture: &'a dyn AppFixture, topics: &[(&str, i32)]) -> Self {
        let bench = Bench::new(fixture);
        let mut world = World { stem: bench.clients.name("of"), processed: Arc::default(), bench };
        for (name, partitions) in topics {
            world.create(name, *partitions);
        }
        world
    }

    fn topic(&self, name: &str) -> String {
        format!("{}-{name}", self.stem)
    }

    fn pattern(&self) -> String {
        self.topic(".*")
    }

    fn create(&mut self, name: &str, partitions: i32) {
        let name = self.topic(name);
        let configs = [("retention.ms".to_owned(), "-1".to_owned())].into();
        let admin = self.bench.clients.admin();
        admin.create_topics(&[NewTopic { name: name.clone(), partitions, replication_factor: None, configs }]).expect("it is made");
        wait_for("the topic", || (admin.partition_counts(&[&name]).expect("an answer") == [Some(partitions)]).then_some(()));
    }

    /// Writes `records` records to each of the partitions. The key is that of the partition, so that one task counts it.
    fn feed(&mut self, name: &str, partitions: i32, records: i64) {
        let topic = self.topic(name);
        for partition in 0..partitions {
            let key = format!("key {partition}");
            for _ in 0..records {
                self.bench.put_to(&topic, partition, Some(key.as_bytes()), Some(name.as_bytes()), TIME);
            }
            *self.bench.expected.entry(key).or_default() += records;
        }
        self.bench.flush();
    }

    /// Counts the records of each key. Without a changelog, what is counted is there only as long as the stores are kept.
    fn counts(&self, logged: bool) -> Topology {
        let builder = StreamsBuilder::new();
        let counts = Materialized::<String, u64>::default().named("counts");
        let counts = if logged { counts } else { counts.logging_disabled() };
        let records = builder.stream_pattern::<String, String>(&self.pattern());
        let processed = self.processed.clone();
        let records = records.peek(move |_, _| _ = processed.fetch_add(1, Ordering::Relaxed));
        records.group_by_key().count_with(counts).to_stream().to(&self.bench.output);
        builder.build().expect("the topology is right")
    }

    /// Passes every record on.
    fn copy(&self) -> Topology {
        let builder = StreamsBuilder::new();
        builder.stream_pattern::<String, String>(&self.pattern()).to(&self.bench.output);
        builder.build().expect("the topology is right")
    }

    fn config(&self, instance: &str, max_age: &str) -> StreamsConfig {
        self.bench.config(instance).set("metadata.max.age.ms", max_age)
    }

    fn start(&self, topology: Topology) -> KafkaStreams {
        self.bench.start(topology, self.config("a", "100"))
    }

    fn await_processed(&self, records: i64) {
        wait_for("the records to be processed", || {
            let processed = self.processed.load(Ordering::Relaxed);
            assert!(processed <= records, "{processed} of {records}");
            (processed == records).then_some(())
        });
    }

    /// Waits until the copies are as many of each key as there are records.
    fn await_copies(&mut self) {
        let expected = self.bench.expected.clone();
        self.bench.await_output("the copies", |bench| {
            bench.read();
            let of = |key: &String| bench.seen.iter().filter(|(seen, _)| seen == key).count() as i64;
            assert!(expected.iter().all(|(key, records)| of(key) <= *records), "more than {expected:?}: {:?}", bench.seen);
            expected.iter().all(|(key, records)| of(key) == *records)
        });
    }
}

fn running_tasks(app: &KafkaStreams) -> usize {
    app.threads().iter().flat_map(|thread| &thread.tasks).filter(|task| task.running).count()
}

/// The topics that running tasks read.
fn read_by(app: &KafkaStreams) -> BTreeSet<String> {
    let threads = app.threads();
    let tasks = threads.iter().flat_map(|thread| &thread.tasks).filter(|task| task.running);
    tasks.flat_map(|task| &task.partitions).map(|partition| partition.topic.to_string()).collect()
}

fn await_tasks(app: &KafkaStreams, tasks: usize) {
    wait_for("all tasks to run", || (running_tasks(app) == tasks).then_some(()));
}

pub fn a_pattern_reads_every_topic_that_matches(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("a", 1), ("b", 2), ("other", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream_pattern::<String, String>(&world.topic("(a|b)")).to(&world.bench.output);
    let topology = builder.build().expect("the topology is right");
    let other = world.topic("other");
    world.bench.put_to(&other, 0, Some(b"key 0"), Some(b"not this one"), TIME);
    world.feed("a", 1, 3);
    world.feed("b", 2, 3);
    let app = world.start(topology);
    world.await_copies();
    close(&app);
}

/// New topics of which the group hears nothing (`z`), and for which everybody has to join anew (`a`).
pub fn a_new_topic_is_read_from_its_first_record_and_state_is_kept(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("m", 2)]);
    world.feed("m", 2, 5);
    let app = world.start(world.counts(false));
    world.bench.await_counts();
    for name in ["z", "a"] {
        world.create(name, 2);
        world.feed(name, 2, 5);
        world.feed("m", 2, 5);
        world.bench.await_counts();
    }
    await_tasks(&app, 2);
    assert_eq!(read_by(&app), BTreeSet::from(["a", "m", "z"].map(|name| world.topic(name))));
    close(&app);
    for (name, records) in [("m", 15), ("z", 5), ("a", 5)] {
        assert_eq!(world.bench.committed(&world.topic(name), 1), Some(records), "{name}");
    }
}

pub fn a_wider_topic_brings_new_tasks(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("m", 1)]);
    world.feed("m", 1, 5);
    let app = world.bench.start(world.copy(), world.config("a", "100").num_stream_threads(2));
    world.await_copies();
    world.create("z", 3);
    world.feed("z", 3, 5);
    world.feed("m", 1, 5);
    world.await_copies();
    await_tasks(&app, 3);
    close(&app);
}

pub fn a_wider_topic_is_refused_where_there_are_changelogs(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("m", 2)]);
    world.feed("m", 2, 5);
    let app = world.start(world.counts(true));
    world.bench.await_counts();
    world.create("z", 3);
    let error = end_of(&app);
    assert_eq!(error.kind(), ErrorKind::Topology);
    let text = format!("Existing internal topic {}-counts-changelog has invalid partitions: expected: 3; actual: 2.", world.bench.app);
    assert!(error.to_string().contains(&text), "{error}");
}

/// One looks, the other hears of it by the group.
pub fn two_instances_take_a_new_topic_up_at_different_times(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("m", 4)]);
    world.feed("m", 4, 5);
    let first = world.bench.start(world.counts(true), world.config("a", "100"));
    let second = world.bench.start(world.counts(true), world.config("b", NEVER));
    wait_for("a share for each", || ([&first, &second].map(running_tasks) == [2, 2]).then_some(()));
    world.create("a", 4);
    for _ in 0..20 {
        world.feed("a", 4, 2);
        world.feed("m", 4, 2);
    }
    world.bench.await_counts();
    wait_for("a share for each", || ([&first, &second].map(running_tasks) == [2, 2]).then_some(()));
    close(&first);
    world.feed("a", 4, 5);
    world.bench.await_counts();
    close(&second);
}

/// The first has not looked, and hears of the topic by the second, which waits for it.
pub fn an_instance_that_starts_later_may_have_seen_more(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("m", 2)]);
    world.feed("m", 2, 5);
    let first = world.bench.start(world.copy(), world.config("a", NEVER));
    world.await_copies();
    world.create("a", 4);
    world.feed("a", 4, 5);
    let second = world.bench.start(world.copy(), world.config("b", NEVER));
    world.feed("m", 2, 5);
    world.await_copies();
    wait_for("a share for each", || ([&first, &second].map(running_tasks) == [2, 2]).then_some(()));
    close(&first);
    close(&second);
}

/// A member that is no instance of ours, and never looks for topics.
pub fn tasks_wait_for_a_member_that_has_not_seen_the_topic(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("a", 2), ("m", 2)]);
    let m = world.topic("m");
    let mut old = world.bench.clients.member(&world.bench.app, &[&m]);
    settle(&mut [&mut old], &[(&m, 2)]);
    let app = world.bench.builder(world.counts(true), world.config("a", NEVER)).start().expect("the application starts");
    let assigned = |app: &KafkaStreams| app.threads().iter().any(|thread| thread.state == ThreadState::PartitionsAssigned);
    wait_for("the thread to be assigned tasks", || {
        old.step();
        assigned(&app).then_some(())
    });
    for _ in 0..20 {
        old.step();
        assert!(assigned(&app) && running_tasks(&app) == 0);
    }
    world.feed("a", 2, 5);
    world.feed("m", 2, 5);
    old.leave();
    world.bench.await_counts();
    await_running(&app);
    close(&app);
}

fn deleted(fixture: &dyn AppFixture, name: &str, max_age: &str) {
    let mut world = World::new(fixture, &[("a", 2), ("m", 2)]);
    world.feed("a", 2, 5);
    world.feed("m", 2, 5);
    let app = world.bench.start(world.counts(false), world.config("a", max_age));
    world.bench.await_counts();
    let (gone, stays) = (world.topic(name), if name == "a" { "m" } else { "a" });
    world.bench.clients.admin().delete_topics(&[&gone]).expect("it is deleted");
    world.feed(stays, 2, 5);
    world.bench.await_counts();
    wait_for("the topic to be left out", || (read_by(&app) == BTreeSet::from([world.topic(stays)])).then_some(()));
    world.feed(stays, 2, 5);
    world.bench.await_counts();
    close(&app);
}

pub fn a_deleted_topic_is_left_out_and_state_is_kept(fixture: &dyn AppFixture) {
    deleted(fixture, "m", "100");
    // the one that stands for the tasks
    deleted(fixture, "a", "100");
}

/// Commits are far away when the topic is deleted.
fn deleted_uncommitted(fixture: &dyn AppFixture, name: &str) {
    let mut world = World::new(fixture, &[("a", 2), ("m", 2)]);
    let far = [("commit.interval.ms", "600000"), ("producer.transaction.timeout.ms", "700000")];
    let config = world.config("a", "100").set_all(far);
    let app = world.bench.start(world.counts(false), config);
    for name in ["a", "m"] {
        world.feed(name, 2, 5);
    }
    world.await_processed(20);
    let (gone, stays) = (world.topic(name), if name == "a" { "m" } else { "a" });
    world.bench.clients.admin().delete_topics(&[&gone]).expect("it is deleted");
    wait_for("the topic to be left out", || (read_by(&app) == BTreeSet::from([world.topic(stays)])).then_some(()));
    world.bench.await_counts();
    world.feed(stays, 2, 5);
    world.await_processed(30);
    close(&app);
    world.bench.await_counts();
    world.await_processed(30);
}

pub fn what_a_deleted_topic_brought_is_committed_without_it(fixture: &dyn AppFixture) {
    deleted_uncommitted(fixture, "m");
    // else it may be the group that takes the tasks away, as lost; and a transaction with the topic's offsets would come to nothing
    if !fixture.exactly_once() && !fixture.shared().lasts() {
        deleted_uncommitted(fixture, "a");
    }
}

/// Nobody looks: reading it fails.
pub fn a_deleted_topic_is_missed_where_it_is_read(fixture: &dyn AppFixture) {
    deleted(fixture, "m", NEVER);
    deleted(fixture, "a", NEVER);
}

pub fn a_pattern_without_topics_waits_for_one(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[]);
    let app = world.start(world.counts(true));
    assert_eq!(running_tasks(&app), 0);
    world.create("m", 2);
    world.feed("m", 2, 5);
    world.bench.await_counts();
    await_running(&app);
    close(&app);
}

pub fn a_new_topic_of_two_patterns_is_refused(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("aa", 1)]);
    let builder = StreamsBuilder::new();
    for pattern in ["a.*", ".*b"] {
        builder.stream_pattern::<String, String>(&world.topic(pattern)).to(&world.bench.output);
    }
    let app = world.start(builder.build().expect("the topology is right"));
    world.feed("aa", 1, 5);
    world.await_copies();
    world.create("ab", 1);
    let error = end_of(&app);
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(error.to_string().contains(&format!("topic {} matches both patterns", world.topic("ab"))), "{error}");
}

pub fn a_new_topic_with_other_partitions_is_refused_in_a_join(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture, &[("m", 2)]);
    let right = world.bench.clients.topic(2);
    let builder = StreamsBuilder::new();
    let table = builder.table::<String, String>(&right);
    let left = builder.stream_pattern::<String, String>(&world.pattern());
    left.left_join_table(&table, |left, _| left.clone()).to(&world.bench.output);
    let app = world.start(builder.build().expect("the topology is right"));
    world.feed("m", 2, 5);
    world.await_copies();
    world.create("z", 1);
    let error = end_of(&app);
    let (text, m, z) = (error.to_string(), format!("{}=2", world.topic("m")), format!("{}=1", world.topic("z")));
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(text.contains("Topics not co-partitioned") && text.contains(&m) && text.contains(&z), "{text}");
}

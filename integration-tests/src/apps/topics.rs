//! Topics that are not as they must be, and those that the application makes.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, close};
use crate::behaviour::clients::wait_for;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use streams_core::cluster::{NewTopic, OffsetSpec};
use streams_core::config::OffsetReset;
use streams_core::{Consumed, ErrorKind, StreamsBuilder};

pub fn a_missing_source_topic_is_named(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.input = bench.clients.name("nowhere");
    let error = bench.failure(bench.word_count(), bench.config("a"));
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(error.to_string().contains(&format!("Missing source topics [{}]", bench.input)), "{error}");
    assert_eq!(bench.clients.admin().partition_counts(&[&bench.input]).expect("an answer"), [None], "it was not made");
}

pub fn topics_that_are_joined_need_equal_counts(fixture: &dyn AppFixture) {
    let bench = Bench::new(fixture);
    let right = bench.clients.topic(PARTITIONS + 1);
    let builder = StreamsBuilder::new();
    let table = builder.table::<String, String>(&right);
    builder.stream::<String, String>(bench.input.as_str()).join_table(&table, |l, r| format!("{l}{r}")).to(&bench.output);
    let error = bench.failure(builder.build().expect("right so far"), bench.config("a"));
    assert_eq!(error.kind(), ErrorKind::Topology);
    let (text, a, b) = (error.to_string(), format!("{}={PARTITIONS}", bench.input), format!("{right}={}", PARTITIONS + 1));
    assert!(text.contains("Topics not co-partitioned") && text.contains(&a) && text.contains(&b), "{text}");
    let way_out = "give them the same number of partitions, or call `repartition` on one side";
    assert!(text.contains(way_out), "{text}");
}

pub fn an_internal_topic_of_another_size_is_refused(fixture: &dyn AppFixture) {
    let bench = Bench::new(fixture);
    let name = format!("{}-words-changelog", bench.app);
    let topic = NewTopic { name: name.clone(), partitions: 7, replication_factor: None, configs: [].into() };
    bench.clients.admin().create_topics(&[topic]).expect("it is made");
    let admin = bench.clients.admin();
    wait_for("the topic", || (admin.partition_counts(&[&name]).expect("an answer") == [Some(7)]).then_some(()));
    let error = bench.failure(bench.word_count(), bench.config("a"));
    assert_eq!(error.kind(), ErrorKind::Topology);
    let text = format!("Existing internal topic {name} has invalid partitions: expected: {PARTITIONS}; actual: 7.");
    assert!(error.to_string().contains(&text) && error.to_string().contains("reset the application"), "{error}");
}

pub fn a_topic_without_a_commit_and_without_a_policy_is_refused(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(1);
    let error = bench.failure(bench.word_count(), bench.config("a").set("auto.offset.reset", "none"));
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(error.to_string().contains(&bench.input) && error.to_string().contains("auto.offset.reset"), "{error}");
}

pub fn reading_can_begin_at_the_end(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(100);
    bench.expected.clear();
    let app = bench.start(bench.word_count(), bench.config("a").set("auto.offset.reset", "latest"));
    // what comes after the positions were taken is read, what was there before is not
    bench.feed(100);
    bench.await_counts();
    close(&app);
}

pub fn reading_can_begin_at_an_age(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let hour = Duration::from_secs(3_600);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis() as i64;
    bench.time = now - 2 * 3_600_000;
    bench.feed(100);
    bench.expected.clear();
    bench.time = now;
    bench.feed(50);
    let app = bench.start(bench.word_count(), bench.config("a").set("auto.offset.reset", "by_duration:PT1H"));
    bench.await_counts();
    close(&app);
    // a topic's own policy goes before that of the config; where nothing is so young, reading begins at the end
    let mut bench = Bench::new(fixture);
    bench.time = now - 2 * 3_600_000;
    bench.feed(100);
    bench.expected.clear();
    bench.time = now;
    let builder = StreamsBuilder::new();
    builder
        .stream_with(bench.input.as_str(), Consumed::<(), String>::default().offset_reset(OffsetReset::ByDuration(hour)))
        .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>())
        .group_by(|_, word| word.clone())
        .count_with("words")
        .to_stream()
        .to(&bench.output);
    let app = bench.start(builder.build().expect("it is right"), bench.config("a").set("auto.offset.reset", "earliest"));
    bench.feed(50);
    bench.await_counts();
    close(&app);
}

pub fn repartition_topics_are_purged(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let app = bench.start(bench.word_count(), bench.config("a").set("repartition.purge.interval.ms", "200"));
    bench.feed(200);
    bench.await_counts();
    let topic = format!("{}-words-repartition", bench.app);
    wait_for("the purge", || {
        // a transaction's marker behind the last record stays: nothing is committed past it before the next record
        let purged = |p| bench.clients.offset(&topic, p, OffsetSpec::Earliest) == bench.committed(&topic, p).unwrap_or_default();
        let read = |p| bench.clients.offset(&topic, p, OffsetSpec::Latest) <= bench.committed(&topic, p).unwrap_or_default() + 1;
        (0..PARTITIONS).all(|p| purged(p) && read(p)).then_some(())
    });
    bench.feed(50);
    bench.await_counts();
    close(&app);
}

pub fn two_instances_make_the_internal_topics_at_once(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(50);
    let start = |instance: &str| bench.builder(bench.word_count(), bench.config(instance));
    let builders = [start("a"), start("b"), start("c")];
    let threads = builders.map(|builder| std::thread::spawn(move || builder.start().expect("the application starts")));
    let apps = threads.map(|thread| thread.join().expect("no panic"));
    bench.await_counts();
    for app in &apps {
        close(app);
    }
    bench.feed(10);
    let app = bench.start_words("d");
    bench.await_counts();
    close(&app);
}

//! State across restarts: kept where it is, restored where it is not.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, PATIENCE, close, durable, shared};
use crate::behaviour::clients::wait_for;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use streams_core::cluster::NewTopic;
use streams_core::config::StreamsConfig;
use streams_core::runtime::RestoreEvent;
use streams_core::{ErrorKind, JoinWindows, KafkaStreams, State, StreamsBuilder, TimeWindows, Topology, Windowed};

/// All records of a test lie in one window.
const WINDOW: Duration = Duration::from_secs(1000);

/// Starts word count and tells how many records it restored.
fn start_and_count_restored(bench: &Bench<'_>, topology: Topology, config: StreamsConfig) -> (KafkaStreams, u64) {
    let (sink, restored) = shared::<Mutex<u64>>();
    let app = bench
        .builder(topology, config)
        .restore_listener(move |event| {
            if let RestoreEvent::End { total, .. } = event {
                *sink.lock().expect("no panic") += *total;
            }
        })
        .start()
        .expect("the application starts");
    app.wait_for(State::Running, PATIENCE).expect("the application runs");
    let restored = *restored.lock().expect("no panic");
    (app, restored)
}

pub fn a_restart_goes_on_where_it_ended(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    drop(bench.count_and_close("a", 200));
    bench.feed(200);
    let (app, restored) = start_and_count_restored(&bench, bench.word_count(), bench.config("a"));
    bench.await_counts();
    if durable() {
        assert_eq!(restored, 0, "the state was there");
    }
    close(&app);
}

pub fn a_wiped_state_directory_is_restored(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let app = bench.count_and_close("a", 200);
    app.clean_up().expect("nothing runs");
    drop(app);
    bench.feed(200);
    let (app, restored) = start_and_count_restored(&bench, bench.word_count(), bench.config("a"));
    bench.await_counts();
    assert!(restored >= bench.expected.len() as u64, "{restored} records");
    close(&app);
}

/// An instance whose threads end without a commit, as if killed: nothing is lost, and only what came after the last commit is repeated;
/// exactly once, nothing is.
pub fn a_process_that_vanishes_loses_nothing(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(200);
    let doomed = bench.word_count_with(|line| assert_ne!(line, "the end"));
    let app = bench.builder(doomed, bench.config("a")).start().expect("the application starts");
    bench.await_counts();
    bench.feed(40);
    bench.put(0, None, Some(b"the end"), super::bench::TIME);
    bench.flush();
    super::bench::end_of(&app);
    drop(app);
    let app = bench.start_words("a");
    bench.feed(200);
    *bench.expected.entry("the".to_owned()).or_default() += 1;
    *bench.expected.entry("end".to_owned()).or_default() += 1;
    let (least, repeated) = (bench.expected.clone(), if fixture.exactly_once() { 0 } else { 3 * 40 });
    bench.await_output("all counts", |bench| {
        let counts = bench.counts();
        let extra: i64 = counts.values().sum::<i64>() - least.values().sum::<i64>();
        assert!(extra <= repeated, "{extra} words were counted twice");
        least.iter().all(|(word, count)| counts.get(word).is_some_and(|c| c >= count))
    });
    close(&app);
}

/// On a cluster that lasts: nobody goes on with nothing, unless told to.
pub fn a_deleted_changelog_is_missed(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    drop(bench.count_and_close("a", 50));
    let changelog = format!("{}-words-changelog", bench.app);
    let admin = bench.clients.admin();
    admin.delete_topics(&[&changelog]).expect("it is deleted");
    wait_for("the topic to go", || (admin.partition_counts(&[&changelog]).expect("an answer") == [None]).then_some(()));
    let error = bench.failure(bench.word_count(), bench.config("a"));
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&format!("changelog {changelog}-")) && text.contains("deleted and made again") && text.contains("task 1_"),
        "{text}"
    );
    bench.builder(bench.word_count(), bench.config("a")).clean_up().expect("nothing runs");
    let app = bench.start_words("a");
    close(&app);
}

/// The same for a repartition topic: nobody goes on without what was in it, whether it is missing or empty.
pub fn a_deleted_repartition_topic_is_missed(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    drop(bench.count_and_close("a", 50));
    let topic = format!("{}-words-repartition", bench.app);
    let admin = bench.clients.admin();
    admin.delete_topics(&[&topic]).expect("it is deleted");
    wait_for("the topic to go", || (admin.partition_counts(&[&topic]).expect("an answer") == [None]).then_some(()));
    let refused = |bench: &Bench<'_>| {
        let error = bench.failure(bench.word_count(), bench.config("a"));
        assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
        assert!(error.to_string().contains(&topic) && error.to_string().contains("had not been processed"), "{error}");
    };
    refused(&bench);
    assert_eq!(admin.partition_counts(&[&topic]).expect("an answer"), [None], "it is not made anew");
    let empty = NewTopic { name: topic.clone(), partitions: PARTITIONS, replication_factor: None, configs: BTreeMap::new() };
    admin.create_topics(&[empty]).expect("it is made");
    refused(&bench);
    bench.builder(bench.word_count(), bench.config("a")).clean_up().expect("nothing runs");
    let app = bench.start_words("a");
    bench.feed(50);
    bench.await_counts();
    close(&app);
}

pub fn windows_are_restored(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let topology = |bench: &Bench<'_>| {
        let builder = StreamsBuilder::new();
        let windows = TimeWindows::tumbling(WINDOW).no_grace();
        builder
            .stream::<(), String>(bench.input.as_str())
            .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>())
            .group_by(|_, word| word.clone())
            .windowed_by(windows)
            .count_with("windows")
            .to_stream()
            .select_key(|windowed, _| windowed.key.clone())
            .to(&bench.output);
        builder.build().expect("the topology is right")
    };
    // a broker deletes what a window store's changelog holds of long ago, within seconds
    let (now, window) = (SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis(), WINDOW.as_millis());
    bench.time = (now - now % window) as i64;
    bench.feed(100);
    let app = bench.start(topology(&bench), bench.config("a"));
    bench.await_counts();
    close(&app);
    app.clean_up().expect("nothing runs");
    drop(app);
    let (app, restored) = start_and_count_restored(&bench, topology(&bench), bench.config("a"));
    assert!(restored >= bench.expected.len() as u64, "{restored} records");
    bench.feed(100);
    bench.await_counts();
    close(&app);
}

/// Changelogs keep what has expired for a day longer. Where it is long, only the windows that are left are restored (KAFKA-13499), and all of them.
pub fn expired_windows_are_not_restored(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let (left, right) = (bench.input.clone(), bench.clients.topic(PARTITIONS));
    let topology = |bench: &Bench<'_>| {
        let builder = StreamsBuilder::new();
        let stream = builder.stream::<String, String>(left.as_str());
        let windows = TimeWindows::tumbling(Duration::from_secs(1)).grace(Duration::from_secs(3));
        let _counts = stream.group_by_key().windowed_by(windows).count_with("windows");
        let other = builder.stream::<String, String>(right.as_str());
        let windows = JoinWindows::within(Duration::from_secs(1));
        stream.join(&other, |left, right| format!("{left}{right}"), windows).to(&bench.output);
        builder.build().expect("the topology is right")
    };
    // every count is a record of the changelog
    let config = |bench: &Bench<'_>| bench.config("a").set("statestore.cache.max.bytes", "0");
    const RECORDS: i64 = 12_000;
    const STEP: i64 = 10;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64;
    let begin = now - now % 1000 - RECORDS * STEP;
    let end = begin + RECORDS * STEP - 1;
    for n in 0..RECORDS {
        bench.put(0, Some(b"key"), Some(b"l"), begin + n * STEP);
    }
    bench.flush();
    let rows = |app: &KafkaStreams| {
        let windows = app.window_store::<String, u64>("windows").expect("the store is there");
        windows.fetch_all(0..=i64::MAX).expect("rows")
    };
    let app = bench.start(topology(&bench), config(&bench));
    bench.await_committed(&left, 0, RECORDS);
    let before = rows(&app);
    assert_eq!(before.len(), 4, "size and grace: {before:?}");
    close(&app);
    app.clean_up().expect("nothing runs");
    drop(app);

    let (app, restored) = start_and_count_restored(&bench, topology(&bench), config(&bench));
    assert_eq!(rows(&app), before);
    // 300 to 400 counts, and 200 records that wait for a partner; the cluster also finds markers of transactions, which have the time of the commit
    let most = if fixture.exactly_once() { 2 * RECORDS as u64 } else { 1_500 };
    assert!((500..=most).contains(&restored), "{restored} records");
    bench.put(0, Some(b"key"), Some(b"l"), end);
    bench.put_to(&right, 0, Some(b"key"), Some(b"r"), end);
    bench.flush();
    bench.await_committed(&left, 0, RECORDS + 1);
    let newest = |rows: Vec<(Windowed<String>, u64)>| rows.into_iter().max_by_key(|(key, _)| key.window.start).expect("rows");
    assert_eq!(newest(rows(&app)).1, newest(before).1 + 1, "the newest window goes on");
    // a second back, and the one that came after the restart
    bench.await_output("what was joined", |bench| bench.texts().len() >= 101);
    assert_eq!(bench.texts(), ["lr"; 101]);
    close(&app);
}

/// `default.dsl.store`: nothing of them is on disk, and the whole changelog is read at every start.
pub fn stores_in_memory_are_restored(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let config = |bench: &Bench<'_>| bench.config("a").set("default.dsl.store", "in_memory");
    bench.feed(200);
    let app = bench.start(bench.word_count(), config(&bench));
    bench.await_counts();
    close(&app);
    drop(app);
    assert!(!bench.state_dir("a").exists(), "no store of this application is on disk");
    bench.feed(200);
    let (app, restored) = start_and_count_restored(&bench, bench.word_count(), config(&bench));
    assert!(restored >= bench.expected.len() as u64, "{restored} records");
    bench.await_counts();
    close(&app);
}

pub fn local_state_can_be_deleted_only_when_nothing_runs(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(10);
    let app = bench.start_words("a");
    let refused = app.clean_up().expect_err("it runs");
    assert!(refused.kind() == ErrorKind::Closed && refused.to_string().contains("RUNNING"), "{refused}");
    bench.await_counts();
    close(&app);
    app.clean_up().expect("nothing runs");
    bench.builder(bench.word_count(), bench.config("a")).clean_up().expect("nothing runs");
    let tasks: Vec<_> = std::fs::read_dir(bench.state_dir("a").join(&bench.app))
        .map(|entries| entries.flatten().filter(|e| e.path().is_dir()).collect())
        .unwrap_or_default();
    assert!(tasks.is_empty(), "{tasks:?}");
}

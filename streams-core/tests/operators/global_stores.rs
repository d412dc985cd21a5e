//! Window, session and versioned stores that every instance has whole: filled by a processor, read by others and by queries, brought up again.

use crate::common::{close, cluster, config, eventually, start};
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{
    Context, Processor, ReadOnlySessionStore, ReadOnlyVersionedStore, ReadOnlyWindowStore, SessionStore, VersionedKeyValueStore,
    WindowedStore,
};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, ErrorKind, Record, StreamsBuilder, Topology, Window, Windowed};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// A multiple of minutes.
const TIME: i64 = 1_700_000_040_000;
const RETENTION: Duration = Duration::from_secs(600);

/// Adds each value to the window of its minute.
struct Windows(WindowedStore<String, String>);
impl Processor<String, String, (), ()> for Windows {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, String>) -> Result<(), BoxError> {
        let start = record.timestamp / MINUTE * MINUTE;
        self.0.put(ctx, &record.key, record.value, start).map(drop)
    }
}

/// Makes a session of the last second before each record.
struct Sessions(SessionStore<String, String>);
impl Processor<String, String, (), ()> for Sessions {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, String>) -> Result<(), BoxError> {
        let session = Windowed::new(record.key, Window::new(record.timestamp - SECOND, record.timestamp));
        self.0.put(ctx, &session, record.value).map(drop)
    }
}

struct Versions(VersionedKeyValueStore<String, String>);
impl Processor<String, String, (), ()> for Versions {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, String>) -> Result<(), BoxError> {
        self.0.put(ctx, &record.key, record.value, record.timestamp).map(drop)
    }
}

/// What the three have of the record's key around its time.
struct Look {
    windows: ReadOnlyWindowStore<String, String>,
    sessions: ReadOnlySessionStore<String, String>,
    versions: ReadOnlyVersionedStore<String, String>,
}
impl Processor<String, String, String, String> for Look {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let (key, time) = (&record.key, record.timestamp);
        let window = self.windows.fetch(key, time / MINUTE * MINUTE)?;
        let windows = self.windows.iter_key(key, 0, i64::MAX)?.reversed().map(|row| row.map(|row| row.2)).collect::<Result<Vec<_>, _>>()?;
        assert_eq!(self.windows.iter_between(Some(key), Some(key), 0, i64::MAX)?.count(), windows.len());
        assert!(self.windows.iter().count() >= windows.len());
        let sessions: Vec<String> = self.sessions.find_sessions(key, time, time + SECOND)?.into_iter().map(|found| found.1).collect();
        assert!(self.sessions.fetch(key)?.len() >= sessions.len());
        let version = self.versions.get_as_of(key, time)?.map(|found| found.value);
        let value = format!("{window:?} {windows:?} {sessions:?} {version:?}");
        ctx.forward(Record { value, ..record })
    }
}

fn topology(in_memory: bool) -> Topology {
    let builder = StreamsBuilder::new();
    let windows = Stores::window::<String, String>("windows", RETENTION, Duration::from_secs(60));
    let sessions = Stores::session::<String, String>("sessions", RETENTION);
    let versions = Stores::versioned_key_value::<String, String>("versions", RETENTION);
    let (windows, sessions, versions) =
        if in_memory { (windows.in_memory(), sessions.in_memory(), versions.in_memory()) } else { (windows, sessions, versions) };
    let windows = builder.add_global_store(windows, "w", Consumed::default(), |_, store| Windows(store));
    let sessions = builder.add_global_store(sessions, "s", Consumed::default(), |_, store| Sessions(store));
    let versions = builder.add_global_store(versions, "v", Consumed::default(), |_, store| Versions(store));
    let stream = builder.stream::<String, String>("lines");
    let look = |(windows, sessions, versions)| Look { windows, sessions, versions };
    stream.process((windows, sessions, versions), move |_, stores| look(stores)).to("counts");
    builder.build().expect("the topology is right")
}

#[test]
fn processors_read_what_the_processor_of_the_store_has_made() {
    let driver = TopologyTestDriver::new(&topology(false)).expect("a driver");
    let pipe = |topic: &str, key: &str, value: &str, time: i64| {
        driver.input::<String, String>(topic).pipe_at(key.to_owned(), value.to_owned(), time).expect("a record");
    };
    let seen = |key: &str, time: i64| {
        pipe("lines", key, "", time);
        driver.output::<String, String>("counts").read_values().expect("an output").join(",")
    };
    assert_eq!(seen("a", TIME), "None [] [] None");
    for (topic, value) in [("w", "window"), ("s", "session"), ("v", "version")] {
        pipe(topic, "a", value, TIME);
    }
    assert_eq!(seen("a", TIME), r#"Some("window") ["window"] ["session"] Some("version")"#);
    assert_eq!(seen("a", TIME - 1), r#"None ["window"] ["session"] None"#);
    assert_eq!(seen("b", TIME), "None [] [] None");
    for (topic, value) in [("w", "w2"), ("s", "s2"), ("v", "v2")] {
        pipe(topic, "a", value, TIME + 5 * MINUTE);
    }
    assert_eq!(seen("a", TIME), r#"Some("window") ["w2", "window"] ["session"] Some("version")"#);
    // what has expired by another key's record is there no longer, whatever the stream's time
    for topic in ["w", "s", "v"] {
        pipe(topic, "c", "c", TIME + 12 * MINUTE);
    }
    assert_eq!(seen("a", TIME), r#"None ["w2"] [] None"#);
    assert_eq!(seen("a", TIME + 5 * MINUTE), r#"Some("w2") ["w2"] ["s2"] Some("v2")"#);
    // and is not put again
    for topic in ["w", "s", "v"] {
        pipe(topic, "d", "d", TIME);
    }
    assert_eq!(seen("d", TIME), "None [] [] None");
    let rows = driver.window_store::<String, String>("windows").expect("the driver has it, too");
    assert_eq!(rows.fetch(&"a".to_owned(), TIME + 5 * MINUTE).expect("a read"), Some("w2".to_owned()));
}

fn put(cluster: &EmbeddedCluster, topic: &str, key: &str, value: &str, time: i64) {
    cluster.produce(topic, None, Some(key.as_bytes()), Some(value.as_bytes()), time).expect("the record is taken");
}

fn outputs(cluster: &EmbeddedCluster) -> Vec<String> {
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.expect("a value")).expect("a text");
    cluster.read_topic("counts").expect("the topic is there").into_iter().map(|record| text(record.value)).collect()
}

#[test]
fn they_follow_their_topics_are_queried_and_outlast_restarts() {
    for in_memory in [false, true] {
        let (cluster, directory) = (cluster(), tempfile::tempdir().expect("a directory"));
        for topic in ["w", "s", "v"] {
            cluster.create_topic(topic, 1).expect("a new topic");
            (0..300).for_each(|n| put(&cluster, topic, &format!("k{n}"), &format!("{topic}{n}"), TIME + n % 3 * MINUTE));
        }
        put(&cluster, "lines", "k4", "", TIME + MINUTE);
        let app = start(&cluster, topology(in_memory), config(directory.path()).set("num.stream.threads", "2"));
        eventually("the line finds all three", || outputs(&cluster) == [r#"Some("w4") ["w4"] ["s4"] Some("v4")"#]);

        let windows = app.window_store::<String, String>("windows").expect("a store");
        let sessions = app.session_store::<String, String>("sessions").expect("a store");
        let key = |text: &str| text.to_owned();
        assert_eq!(windows.fetch(&key("k4"), TIME + MINUTE).expect("an answer"), Some(key("w4")));
        assert_eq!(windows.fetch_all(TIME..=TIME + MINUTE).expect("an answer").len(), 200);
        let session = Window::new(TIME + MINUTE - SECOND, TIME + MINUTE);
        assert_eq!(sessions.fetch(&key("k4")).expect("an answer"), [(session, key("s4"))]);
        let error = app.window_store::<String, i64>("windows").expect("a store").fetch(&key("k4"), TIME).expect_err("other types");
        assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
        let error = app.key_value_store::<String, String>("windows").expect("a store").get(&key("k4")).expect_err("another kind");
        assert!(error.to_string().contains("global store windows is of another kind"), "{error}");

        // what comes is seen, and makes what is old expire
        ["w", "s", "v"].iter().for_each(|topic| put(&cluster, topic, "new", "n", TIME + 11 * MINUTE));
        eventually("the new window", || windows.fetch(&key("new"), TIME + 11 * MINUTE).expect("an answer") == Some(key("n")));
        assert_eq!(windows.fetch(&key("k3"), TIME).expect("an answer"), None);
        assert_eq!(windows.fetch(&key("k5"), TIME + 2 * MINUTE).expect("an answer"), Some(key("w5")));
        eventually("the new session", || !sessions.fetch(&key("new")).expect("an answer").is_empty());
        close(&app);
        let error = windows.fetch(&key("k4"), TIME + MINUTE).expect_err("it has ended");
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");

        // the next life has what the last one had, reads on, and knows what is late
        for topic in ["w", "s", "v"] {
            put(&cluster, topic, "late", "l", TIME);
            put(&cluster, topic, "tail", "t", TIME + 3 * MINUTE);
        }
        let app = start(&cluster, topology(in_memory), config(directory.path()));
        let windows = app.window_store::<String, String>("windows").expect("a store");
        let sessions = app.session_store::<String, String>("sessions").expect("a store");
        assert_eq!(windows.fetch(&key("k5"), TIME + 2 * MINUTE).expect("an answer"), Some(key("w5")));
        assert_eq!(windows.fetch(&key("tail"), TIME + 3 * MINUTE).expect("an answer"), Some(key("t")));
        assert_eq!(windows.fetch_all(0..=i64::MAX).expect("an answer").len(), 102, "a third, the new one and the tail");
        assert_eq!(sessions.fetch(&key("late")).expect("an answer"), []);
        let before = outputs(&cluster).len();
        ["late", "tail", "k5"].iter().for_each(|key| put(&cluster, "lines", key, "", TIME + 3 * MINUTE));
        eventually("the lines", || outputs(&cluster).len() == before + 3);
        let mut found = outputs(&cluster).split_off(before);
        found.sort();
        let expected = [r#"None ["w5"] [] Some("v5")"#, "None [] [] None", r#"Some("t") ["t"] ["t"] Some("t")"#];
        assert_eq!(found, expected, "in memory: {in_memory}");
        close(&app);
    }
}

/// Global tables, and stores by key, can be queried, too.
#[test]
fn the_rows_of_a_global_table_are_queried() {
    let (cluster, directory) = (cluster(), tempfile::tempdir().expect("a directory"));
    cluster.create_topic_with("names", 3, &[("cleanup.policy", "compact")]).expect("a new topic");
    (0..1_000).for_each(|n| put(&cluster, "names", &format!("{n:03}"), &n.to_string(), TIME + n));
    let topology = || {
        let builder = StreamsBuilder::new();
        let names = builder.global_table_with::<String, String>("names", Consumed::default(), "names");
        builder.stream::<String, String>("lines").join_global(&names, |key, _| key.clone(), |_, name| name.clone()).to("counts");
        builder.build().expect("the topology is right")
    };
    let app = start(&cluster, topology(), config(directory.path()));
    let names = app.key_value_store::<String, String>("names").expect("a store");
    let key = |n: i64| format!("{n:03}");
    assert_eq!(names.get_with_timestamp(&key(7)).expect("an answer"), Some(("7".to_owned(), TIME + 7)));
    assert_eq!(names.range(key(5)..key(8)).expect("an answer").into_iter().map(|row| row.0).collect::<Vec<_>>(), ["005", "006", "007"]);
    let all: Vec<String> = names.all().expect("an answer").into_iter().map(|row| row.0).collect();
    assert!(all.len() == 1_000 && all.is_sorted());
    assert!(names.approximate_num_entries().expect("an answer") > 0);
    let error = app.key_value_store::<String, i64>("names").expect("a store").get(&key(7)).expect_err("other types");
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    let error = app.window_store::<String, String>("nothing").expect_err("no such store").to_string();
    assert!(error.contains("no store nothing; its stores: [names]"), "{error}");
    close(&app);
    assert_eq!(names.get(&key(7)).expect_err("it has ended").kind(), ErrorKind::Closed);
}

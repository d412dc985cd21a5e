//! Stores that keep headers: filled and read by tests, restored from their changelog, read by queries.

use crate::common::*;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{Context, KeyValueStore, Processor, SessionStore, WindowedStore};
use streams_core::query::IsolationLevel;
use streams_core::state::{Stores, WithHeaders};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Headers, Record, StreamsBuilder, Topology, Window, Windowed};

type Outcome = Result<(), Box<dyn std::error::Error>>;
type Row = WithHeaders<i64>;

const TIME: i64 = 1_700_000_000_000;
const MINUTE: Duration = Duration::from_secs(60);

/// Keeps each record in three stores with its headers; 0 deletes.
struct Keep {
    rows: KeyValueStore<String, Row>,
    windows: WindowedStore<String, Row>,
    sessions: SessionStore<String, Row>,
}

fn session(key: &str) -> Windowed<String> {
    Windowed::new(key.to_owned(), Window::new(TIME, TIME))
}

impl Processor<String, i64, (), ()> for Keep {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, i64>) -> Result<(), BoxError> {
        let Record { key, value, headers, .. } = record;
        if value == 0 {
            self.rows.delete(ctx, &key)?;
            self.windows.delete(ctx, &key, TIME)?;
            self.sessions.remove(ctx, &session(&key))?;
            return Ok(());
        }
        let row = WithHeaders::new(value, headers);
        self.rows.put(ctx, &key, row.clone())?;
        self.windows.put(ctx, &key, row.clone(), TIME)?;
        self.sessions.put(ctx, &session(&key), row).map(drop)
    }
}

fn topology(caching: bool) -> Result<Topology, streams_core::Error> {
    let builder = StreamsBuilder::new();
    let rows = builder.add_state_store(Stores::key_value::<String, i64>("rows").with_headers().caching(caching));
    let windows = builder.add_state_store(Stores::window::<String, i64>("windows", MINUTE, MINUTE).with_headers().caching(caching));
    let sessions = builder.add_state_store(Stores::session::<String, i64>("sessions", MINUTE).with_headers().caching(caching));
    let _ = builder.stream::<String, i64>("in").process((rows, windows, sessions), |_, (rows, windows, sessions)| Keep {
        rows,
        windows,
        sessions,
    });
    Ok(builder.build()?)
}

fn headers(value: &str) -> Headers {
    let mut headers = Headers::new();
    headers.add("h", value);
    headers
}

fn record(key: &str, value: i64, header: &str) -> Record<String, i64> {
    Record { key: key.to_owned(), value, timestamp: TIME, headers: headers(header) }
}

#[test]
fn tests_read_and_fill_them() -> Outcome {
    for caching in [true, false] {
        let driver = TopologyTestDriver::builder(&topology(caching)?).commit_by_hand().build()?;
        let rows = driver.key_value_store::<String, Row>("rows").expect("a store");
        let windows = driver.window_store::<String, Row>("windows").expect("a store");
        let sessions = driver.session_store::<String, Row>("sessions").expect("a store");
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let kept = |value: i64, header: &str| WithHeaders::new(value, headers(header));
        rows.put(&a, Some(kept(1, "put")), TIME)?;
        windows.put(&a, Some(kept(1, "put")), TIME)?;
        sessions.put(&session("a"), Some(kept(1, "put")))?;
        driver.input("in").pipe_record(record("b", 2, "piped"))?;
        let both = [kept(1, "put"), kept(2, "piped")];
        let [of_a, of_b] = both.clone();
        assert_eq!(rows.all()?, [(a.clone(), of_a.clone(), TIME), (b.clone(), of_b.clone(), TIME)]);
        assert_eq!(windows.fetch_with_timestamp(&b, TIME)?, Some((of_b, TIME)));
        assert_eq!(sessions.all()?.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), both);

        // the changelog has the values as without headers, and the headers of the row or of the record that deletes
        driver.commit()?;
        driver.input("in").pipe_record(record("b", 0, "deleted"))?;
        rows.put(&a, None, TIME)?;
        driver.commit()?;
        for store in ["rows", "windows", "sessions"] {
            let changelog = format!("{}-{store}-changelog", driver_id(&driver));
            let logged = driver.output::<Vec<u8>, Option<i64>>(&changelog).read_records()?;
            let last =
                |key: &[u8]| logged.iter().rfind(|record| record.key.starts_with(key)).map(|last| (last.value, last.headers.clone()));
            assert_eq!(last(b"b"), Some((None, headers("deleted"))), "{store}");
            let of_a = if store == "rows" { (None, Headers::new()) } else { (Some(1), headers("put")) };
            assert_eq!(last(b"a"), Some(of_a), "{store}");
        }
    }
    Ok(())
}

/// The application's id, which begins the names of changelogs.
fn driver_id(driver: &TopologyTestDriver) -> String {
    let topics = driver.produced_topic_names();
    let changelog = topics.iter().find_map(|topic| topic.strip_suffix("-rows-changelog"));
    changelog.expect("the changelog was written").to_owned()
}

#[test]
fn a_restore_brings_them_back_and_queries_tell_them() -> Outcome {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("in", 1)?;
    let put = |key: &str, value: i64, header: &str| {
        let value = value.to_be_bytes();
        cluster.produce_with_headers("in", Some(0), Some(key.as_bytes()), Some(&value), TIME, &headers(header)).map(drop)
    };
    put("a", 1, "first")?;
    put("b", 2, "second")?;
    put("b", 0, "third")?;
    put("a", 3, "fourth")?;
    let expected = WithHeaders::new(3, headers("fourth"));
    // each time in another directory
    for _ in 0..2 {
        let directory = tempfile::tempdir()?;
        let app = start(&cluster, topology(true)?, config(directory.path()));
        eventually("everything is committed", || cluster.committed_offset("app", "in", 0).is_some_and(|committed| committed.offset == 4));
        let rows = app.key_value_store::<String, Row>("rows")?;
        eventually("the row is there", || rows.all().is_ok_and(|rows| rows == [("a".to_owned(), expected.clone())]));
        assert_eq!(rows.get_with_timestamp(&"a".to_owned())?, Some((expected.clone(), TIME)));
        let committed = rows.isolation(IsolationLevel::ReadCommitted);
        assert_eq!(committed.all()?, [("a".to_owned(), expected.clone())]);
        let windows = app.window_store::<String, Row>("windows")?.fetch_all(0..=i64::MAX)?;
        assert!(matches!(&windows[..], [(_, row)] if *row == expected), "{windows:?}");
        let sessions = app.session_store::<String, Row>("sessions")?.fetch(&"a".to_owned())?;
        assert_eq!(sessions, [(Window::new(TIME, TIME), expected.clone())]);
        close(&app);
    }
    Ok(())
}

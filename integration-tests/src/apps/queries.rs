//! Stores read from outside while the application runs.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, TIME, close};
use crate::behaviour::clients::wait_for;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use streams_core::config::StreamsConfig;
use streams_core::query::IsolationLevel::{ReadCommitted, ReadUncommitted};
use streams_core::{ErrorKind, KafkaStreams, Materialized, SessionWindows, StreamsBuilder, TimeWindows, Topology};

const SIZE: Duration = Duration::from_secs(10);

/// Values by their keys in three kinds of stores.
fn topology(bench: &Bench<'_>) -> Topology {
    let builder = StreamsBuilder::new();
    let values = builder.stream::<String, i64>(bench.input.as_str());
    values.group_by_key().reduce_with(|a, b| a + b, Materialized::default().named("sums")).to_stream().to(&bench.output);
    values.group_by_key().windowed_by(TimeWindows::tumbling(SIZE).grace(SIZE)).count_with("windows").to_stream().for_each(|_, _| ());
    values.group_by_key().windowed_by(SessionWindows::with_gap(SIZE).grace(SIZE)).count_with("sessions").to_stream().for_each(|_, _| ());
    builder.build().expect("the topology is right")
}

/// Commits only when it is closed.
fn rarely(bench: &Bench<'_>) -> StreamsConfig {
    bench.config("a").set("commit.interval.ms", "600000").set("producer.transaction.timeout.ms", "900000")
}

fn put(bench: &mut Bench<'_>, values: &[(&str, i64, i64)]) {
    for (key, value, time) in values {
        let partition = key.bytes().map(i32::from).sum::<i32>() % PARTITIONS;
        bench.put(partition, Some(key.as_bytes()), Some(&value.to_be_bytes()), TIME + time);
    }
    bench.flush();
}

fn text(word: &str) -> String {
    word.to_owned()
}

/// Waits until the newest value of a key is that one: nothing else tells that a record was processed before its commit.
fn await_newest(app: &KafkaStreams, key: &str, value: i64) {
    let sums = app.key_value_store::<String, i64>("sums").expect("the store is there");
    let key = text(key);
    wait_for("the newest value", || {
        std::thread::sleep(Duration::from_millis(5));
        (sums.get(&key).expect("it can be read") == Some(value)).then_some(())
    });
}

/// The newest values are seen at once, what is committed only when it is; of every kind of store, in single reads and in ranges.
pub fn a_query_sees_the_newest_or_what_is_committed(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let app = bench.start(topology(&bench), rarely(&bench));
    put(&mut bench, &[("a", 1, 0), ("b", 10, 1), ("c", 100, 2), ("a", 2, 12_000)]);
    for (key, value) in [("a", 3), ("b", 10), ("c", 100)] {
        await_newest(&app, key, value);
    }
    let sums = app.key_value_store::<String, i64>("sums").expect("the store is there");
    let windows = app.window_store::<String, u64>("windows").expect("the store is there");
    let sessions = app.session_store::<String, u64>("sessions").expect("the store is there");
    let sorted = |mut rows: Vec<(String, i64)>| {
        rows.sort();
        rows
    };
    assert_eq!(sorted(sums.all().expect("rows")), [(text("a"), 3), (text("b"), 10), (text("c"), 100)]);
    assert_eq!(sorted(sums.range(text("b")..).expect("rows")), [(text("b"), 10), (text("c"), 100)]);
    assert_eq!(sorted(sums.reverse_range(text("a")..text("b")).expect("rows")), [(text("a"), 3)]);
    assert_eq!(sums.get(&text("x")).expect("an answer"), None);
    assert_eq!(sums.get_with_timestamp(&text("a")).expect("a row"), Some((3, TIME + 12_000)));
    assert_eq!(windows.fetch_range(&text("a"), 0..=i64::MAX).expect("rows"), [(TIME, 1), (TIME + 10_000, 1)]);
    assert_eq!(windows.fetch(&text("a"), TIME).expect("a row"), Some(1));
    assert_eq!(windows.fetch_all(TIME..=TIME).expect("rows").len(), 3);
    assert_eq!(sessions.fetch(&text("a")).expect("rows").len(), 2);

    let committed = sums.clone().isolation(ReadCommitted);
    assert_eq!(committed.get(&text("a")).expect("an answer"), None);
    assert_eq!(committed.all().expect("rows"), []);
    assert_eq!(windows.clone().isolation(ReadCommitted).fetch_all(0..=i64::MAX).expect("rows"), []);
    assert_eq!(sessions.clone().isolation(ReadCommitted).fetch(&text("a")).expect("rows"), []);
    assert_eq!(sums.all().expect("rows").len(), 3, "what was laid aside is there again");
    close(&app);
    let closed = sums.get(&text("a")).expect_err("it does not run");
    assert_eq!(closed.kind(), ErrorKind::Closed, "{closed}");
    drop(app);

    // closed cleanly, it has committed; the state is on disk or restored
    let app = bench.start(topology(&bench), rarely(&bench));
    let committed = app.key_value_store::<String, i64>("sums").expect("the store is there").isolation(ReadCommitted);
    assert_eq!(sorted(committed.range(text("b")..).expect("rows")), [(text("b"), 10), (text("c"), 100)]);
    put(&mut bench, &[("a", 4, 13_000)]);
    await_newest(&app, "a", 7);
    assert_eq!(committed.get(&text("a")).expect("a row"), Some(3));
    assert_eq!(committed.isolation(ReadUncommitted).get(&text("a")).expect("a row"), Some(7));
    let windows = app.window_store::<String, u64>("windows").expect("the store is there");
    let starts = |level| windows.clone().isolation(level).fetch_range(&text("a"), 0..=i64::MAX).expect("rows");
    assert_eq!(starts(ReadCommitted), [(TIME, 1), (TIME + 10_000, 1)]);
    assert_eq!(starts(ReadUncommitted), [(TIME, 1), (TIME + 10_000, 2)]);
    close(&app);
}

pub fn a_query_that_cannot_be_answered_says_why(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let app = bench.start(topology(&bench), bench.config("a"));
    let unknown = app.key_value_store::<String, i64>("sum").expect_err("there is none").to_string();
    assert!(unknown.contains("no store sum") && unknown.contains("sums, windows, sessions"), "{unknown}");
    put(&mut bench, &[("a", 1, 0)]);
    await_newest(&app, "a", 1);
    for level in [ReadUncommitted, ReadCommitted] {
        let wrong = app.key_value_store::<String, String>("sums").expect("the types show later").isolation(level).all();
        let wrong = wrong.expect_err("they are others");
        assert!(wrong.kind() == ErrorKind::Topology && wrong.to_string().contains("sums"), "{wrong}");
    }
    // no task is here while another instance has them all
    let spare = bench.builder(topology(&bench), bench.config("b")).start().expect("it starts");
    app.close(Duration::from_secs(60)).expect("it closes");
    let sums = spare.key_value_store::<String, i64>("sums").expect("the store is there");
    wait_for("the state on the other instance", || match sums.get(&text("a")) {
        Ok(value) => (value == Some(1)).then_some(()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            None
        }
    });
    close(&spare);
}

/// Each committed sum is one that the table has had, and none is seen after a greater one, whatever commits and rebalances happen.
pub fn queries_beside_commits_and_rebalances_go_forward_only(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let config = |bench: &Bench<'_>| bench.config("a").num_stream_threads(2).set("commit.interval.ms", "20");
    let app = bench.start(topology(&bench), config(&bench));
    let (keys, over) = (["a", "b", "c", "d"], AtomicBool::new(false));
    std::thread::scope(|scope| {
        for level in [ReadCommitted, ReadUncommitted] {
            let sums = app.key_value_store::<String, i64>("sums").expect("the store is there").isolation(level);
            let over = &over;
            scope.spawn(move || {
                let (mut last, mut seen) = (BTreeMap::new(), 0);
                while !over.load(Ordering::Relaxed) {
                    for key in keys {
                        match sums.get(&text(key)) {
                            // its task is on its way from one thread to the other
                            Ok(None) => {}
                            Ok(Some(value)) => {
                                seen += 1;
                                // a task whose transaction was aborted shows less for a moment, but not of what was committed
                                let before = last.insert(key, value).unwrap_or_default();
                                assert!(level == ReadUncommitted || before <= value, "{key}: {value} after {before}");
                            }
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
                        }
                    }
                }
                assert!(seen > 0, "{level:?}");
            });
        }
        for round in 0..10 {
            put(&mut bench, &keys.map(|key| (key, 1, round)));
            match round {
                3 => drop(app.add_thread().expect("one more")),
                6 => drop(app.remove_thread(Duration::from_secs(60)).expect("one less")),
                _ => std::thread::sleep(Duration::from_millis(100)),
            }
        }
        let sums = app.key_value_store::<String, i64>("sums").expect("the store is there").isolation(ReadCommitted);
        wait_for("the last commit", || (keys.iter().all(|key| sums.get(&text(key)).is_ok_and(|sum| sum == Some(10)))).then_some(()));
        over.store(true, Ordering::Relaxed);
    });
    close(&app);
}

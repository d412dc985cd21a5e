//! Stores of a driver that a test fills before the topology sees a record.

use std::time::Duration;
use streams_core::processor::{Context, Processor, WindowedStore};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, Materialized, Record, SessionWindows, StreamsBuilder, TimeWindows, Window, Windowed};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SECOND: Duration = Duration::from_secs(1);

fn key() -> String {
    "a".to_owned()
}

#[test]
fn aggregations_go_on_with_what_was_put() -> Outcome {
    let builder = StreamsBuilder::new();
    let grouped = builder.stream::<String, i64>("in").group_by_key();
    let add = |one, other| one + other;
    let _ = grouped.reduce_with(add, "rows");
    let _ = grouped.windowed_by(TimeWindows::tumbling(SECOND).no_grace()).reduce_with(add, "windows");
    let _ = grouped.windowed_by(SessionWindows::with_gap(SECOND).no_grace()).reduce_with(add, "sessions");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let rows = driver.key_value_store::<String, i64>("rows").expect("a store");
    let windows = driver.window_store::<String, i64>("windows").expect("a store");
    let sessions = driver.session_store::<String, i64>("sessions").expect("a store");
    rows.put(&key(), Some(10), 1)?;
    rows.put(&"b".to_owned(), Some(1), 1)?;
    assert!(windows.put(&key(), Some(20), 1_000)?);
    let session = Windowed::new(key(), Window::new(900, 1_100));
    assert!(sessions.put(&session, Some(30))?);

    driver.input("in").pipe_at(key(), 5_i64, 1_500)?;
    assert_eq!(rows.all()?, [(key(), 15, 1_500), ("b".to_owned(), 1, 1)]);
    assert_eq!(rows.range(&"b".to_owned(), &"c".to_owned())?, [("b".to_owned(), 1, 1)]);
    assert_eq!(windows.all()?, [(key(), 1_000, 25, 1_500)]);
    let merged = Windowed::new(key(), Window::new(900, 1_500));
    assert_eq!(sessions.all()?, [(merged.clone(), 35)]);

    rows.put(&key(), None, 2)?;
    windows.put(&key(), None, 1_000)?;
    sessions.put(&merged, None)?;
    assert_eq!((rows.get(&key())?, windows.fetch(&key(), 1_000)?, sessions.all()?), (None, None, vec![]));
    assert!(!windows.put(&key(), Some(1), 0)?, "gone by the stream time of the store");
    Ok(())
}

/// Sums up what a window store has.
struct Sum(WindowedStore<String, i64>);

impl Processor<String, i64, String, i64> for Sum {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let sum: i64 = self.0.iter_key(&record.key, 0, i64::MAX)?.map(|row| row.map(|(_, _, value)| value)).sum::<Result<_, _>>()?;
        ctx.forward(record.with_value(sum))
    }
}

#[test]
fn stores_of_processors_and_versioned_ones_can_be_filled() -> Outcome {
    let builder = StreamsBuilder::new();
    let store = builder.add_state_store(Stores::window::<String, i64>("seen", 10 * SECOND, SECOND).retain_duplicates());
    builder.stream::<String, i64>("in").process(store, |_, seen| Sum(seen)).to("out");
    let prices = Materialized::<String, i64>::from("prices").versioned(10 * SECOND);
    let _ = builder.table_with("prices", Consumed::default(), prices);
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let seen = driver.window_store::<String, i64>("seen").expect("a store");
    for value in [1, 2] {
        assert!(seen.put(&key(), Some(value), 1_000)?);
    }
    driver.input("in").pipe_at(key(), 0_i64, 1_000)?;
    assert_eq!(driver.output::<String, i64>("out").read_values()?, [3]);
    assert_eq!(driver.output::<String, i64>("test-seen-changelog").len(), 2);

    let prices = driver.versioned_store::<String, i64>("prices").expect("a store");
    prices.put(&key(), Some(7), 1_000)?;
    prices.put(&key(), Some(8), 2_000)?;
    assert_eq!(prices.get_as_of(&key(), 1_500)?.map(|found| found.value), Some(7));
    assert_eq!(prices.get(&key())?.map(|found| found.value), Some(8));
    Ok(())
}

fn text(key: &str) -> String {
    key.to_owned()
}

#[test]
fn rows_come_with_their_times() -> Outcome {
    let builder = StreamsBuilder::new();
    let last = builder.stream::<String, i64>("in").group_by_key();
    let _ = last.reduce_with(|_, value| value, "last");
    let _ = last.windowed_by(TimeWindows::tumbling(SECOND).no_grace()).reduce_with(|_, value| value, "windows");
    let plain = builder.add_state_store(Stores::key_value::<String, i64>("plain").plain());
    let plain_windows = builder.add_state_store(Stores::window::<String, i64>("plain-windows", 10 * SECOND, SECOND).plain());
    builder.stream::<String, i64>("other").process((plain, plain_windows), |_, (_, seen)| Sum(seen)).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    driver.input("in").pipe_at(key(), 7_i64, 1_234)?;
    let rows = |name| driver.key_value_store::<String, i64>(name).expect("a store");
    let windows = |name| driver.window_store::<String, i64>(name).expect("a store");
    assert_eq!(rows("last").get_with_timestamp(&key())?, Some((7, 1_234)));
    assert_eq!(rows("last").get_with_timestamp(&text("b"))?, None);
    assert_eq!(windows("windows").fetch_with_timestamp(&key(), 1_000)?, Some((7, 1_234)));
    assert_eq!(windows("windows").fetch_with_timestamp(&key(), 1_001)?, None);
    rows("plain").put(&key(), Some(8), 5_000)?;
    windows("plain-windows").put(&key(), Some(9), 5_000)?;
    assert_eq!(rows("plain").get_with_timestamp(&key())?, Some((8, -1)), "a plain store keeps no time");
    assert_eq!(windows("plain-windows").fetch_with_timestamp(&key(), 5_000)?, Some((9, -1)));
    Ok(())
}

#[test]
fn windows_are_found_by_key_and_start() -> Outcome {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(SECOND).grace(10 * SECOND);
    let _ = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).reduce_with(|_, value| value, "windows");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, i64>("in");
    // `a` and `aa`: rows of one key lie between those of the other
    for (key, time) in [("a", 1_100), ("aa", 1_200), ("b", 1_300), ("a", 2_400), ("aa", 3_500), ("a", 4_600), ("c", 4_700)] {
        input.pipe_at(text(key), time * 10, time)?;
    }
    let windows = driver.window_store::<String, i64>("windows").expect("a store");
    let row = |key: &str, time: i64| (text(key), time / 1_000 * 1_000, time * 10, time);
    assert_eq!(windows.fetch_range(&key(), 2_000..=4_000)?, [(2_000, 24_000, 2_400), (4_000, 46_000, 4_600)]);
    assert_eq!(windows.fetch_range(&key(), 1_001..=1_999)?, []);
    assert_eq!(windows.fetch_all(2_000..=3_000)?, [row("a", 2_400), row("aa", 3_500)]);
    let between = windows.fetch_between(Some(&text("aa")), Some(&text("b")), 0..=i64::MAX)?;
    assert_eq!(between, [row("aa", 1_200), row("aa", 3_500), row("b", 1_300)]);
    assert_eq!(windows.fetch_between(Some(&text("b")), None, 4_000..=4_000)?, [row("c", 4_700)]);
    assert_eq!(windows.fetch_between(None, Some(&key()), 1_000..=1_000)?, [row("a", 1_100)]);
    assert_eq!(windows.all()?.len(), 7);
    Ok(())
}

#[test]
fn sessions_are_found_by_key_and_time() -> Outcome {
    let builder = StreamsBuilder::new();
    let sessions = SessionWindows::with_gap(SECOND / 10).grace(10 * SECOND);
    let _ = builder.stream::<String, i64>("in").group_by_key().windowed_by(sessions).reduce_with(|one, other| one + other, "sessions");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, i64>("in");
    for (key, time) in [("a", 1_000), ("aa", 1_000), ("a", 1_080), ("b", 1_500), ("a", 2_000), ("a", 3_000)] {
        input.pipe_at(text(key), 1, time)?;
    }
    let sessions = driver.session_store::<String, i64>("sessions").expect("a store");
    let (first, second, third) = (Window::new(1_000, 1_080), Window::new(2_000, 2_000), Window::new(3_000, 3_000));
    assert_eq!(sessions.fetch(&key())?, [(first, 2), (second, 1), (third, 1)]);
    assert_eq!(sessions.fetch(&text("c"))?, []);
    assert_eq!(sessions.find_sessions(&key(), 1_080, 2_000)?, [(first, 2), (second, 1)]);
    assert_eq!(sessions.find_sessions(&key(), 1_081, 2_999)?, [(second, 1)]);
    assert_eq!(sessions.fetch_session(&key(), 1_000, 1_080)?, Some(2));
    let (aa, b) = (Windowed::new(text("aa"), Window::new(1_000, 1_000)), Windowed::new(text("b"), Window::new(1_500, 1_500)));
    assert_eq!(sessions.find_between(Some(&text("aa")), Some(&text("b")), 0, i64::MAX)?, [(aa.clone(), 1), (b.clone(), 1)]);
    assert_eq!(sessions.find_between(Some(&text("aa")), None, 1_001, i64::MAX)?, [(b, 1)]);
    assert_eq!(sessions.find_between(None, None, 0, 1_000)?, [(Windowed::new(key(), first), 2), (aa, 1)]);
    Ok(())
}

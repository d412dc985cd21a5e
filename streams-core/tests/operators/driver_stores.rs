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
    assert_eq!(windows.all()?, [(key(), 1_000, 25)]);
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

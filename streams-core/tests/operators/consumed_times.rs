//! The timestamp extractor of `Consumed`, where it is no stream's: of tables, global tables and stores that are filled from a topic.

use streams_core::cluster::RawRecord;
use streams_core::handlers::{TimestampContext, TimestampExtractor};
use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, Record, StreamsBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Twice the record's own time.
fn twice() -> impl TimestampExtractor + 'static {
    |record: &RawRecord<'_>, _: &TimestampContext<'_>| Ok(record.timestamp * 2)
}

/// Keeps the value with the record's time.
struct Keep(KeyValueStore<String, i64>);
impl Processor<String, i64, (), ()> for Keep {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, i64>) -> Result<(), BoxError> {
        self.0.put(ctx, &record.key, record.value)
    }
}
struct Fill(KeyValueStore<String, i64>);
impl Processor<String, Option<i64>, (), ()> for Fill {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<i64>>) -> Result<(), BoxError> {
        self.0.put(ctx, &record.key, record.value.ok_or("a value")?)
    }
}

/// The times of the rows.
struct Times([ReadOnlyKeyValueStore<String, i64>; 3]);
impl Processor<String, i64, String, String> for Times {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let mut times = Vec::new();
        for store in &self.0 {
            times.push(store.get_with_timestamp(&record.key)?.map(|(_, time)| time));
        }
        ctx.forward(Record { key: record.key, value: format!("{times:?}"), timestamp: record.timestamp, headers: record.headers })
    }
}

#[test]
fn of_stores_that_others_only_read() -> Outcome {
    let builder = StreamsBuilder::new();
    let table = builder.global_table_with::<String, i64>("table", Consumed::default().timestamp_extractor(twice()), "table");
    assert_eq!(table.queryable_store_name().as_deref(), Some("table"));
    let global = Stores::key_value::<String, i64>("global");
    let global = builder.add_global_store(global, "global", Consumed::default().timestamp_extractor(twice()), |_, store| Keep(store));
    let filled = Stores::key_value::<String, i64>("filled");
    let filled = builder.add_read_only_state_store(
        filled,
        "source",
        "filled",
        Consumed::default().timestamp_extractor(twice()),
        "fill",
        |_, store| Fill(store),
    );
    let stores = (table.store(), global, filled);
    builder.stream::<String, i64>("in").process(stores, |_, (table, global, filled)| Times([table, global, filled])).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    for (topic, time) in [("table", 1_000), ("global", 2_000), ("filled", 3_000)] {
        driver.input::<String, i64>(topic).pipe_at("k".to_owned(), 1, time)?;
    }
    driver.input::<String, i64>("in").pipe_at("k".to_owned(), 1, 5_000)?;
    assert_eq!(driver.output::<String, String>("out").read_values()?, ["[Some(2000), Some(4000), Some(6000)]"]);
    Ok(())
}

#[test]
fn of_a_table() -> Outcome {
    let builder = StreamsBuilder::new();
    let table = builder.table_with::<String, i64>("in", Consumed::default().timestamp_extractor(twice()), "kept");
    assert_eq!(table.queryable_store_name().as_deref(), Some("kept"));
    assert_eq!(table.filter(|_, _| true).queryable_store_name(), None, "nothing keeps its rows");
    table.to_stream().to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let record = |n: i64| Record { key: "k".to_owned(), value: n, timestamp: n * 1_000, headers: Default::default() };
    driver.input::<String, i64>("in").pipe_records([record(1), record(2)])?;
    let store = driver.key_value_store::<String, i64>("kept").ok_or("the table is kept")?;
    assert_eq!(store.get_with_timestamp(&"k".to_owned())?, Some((2, 4_000)));
    let records = driver.output::<String, i64>("out").read_records()?;
    assert_eq!(records.into_iter().map(|record| (record.value, record.timestamp)).collect::<Vec<_>>(), [(1, 2_000), (2, 4_000)]);
    Ok(())
}

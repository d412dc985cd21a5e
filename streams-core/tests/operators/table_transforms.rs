//! What transformers of tables may do beside computing rows: stores, failures, punctuations, also where another node reads the table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use streams_core::config::StreamsConfig;
use streams_core::processor::{KeyValueStore, PunctuationType, TimerId, TransformContext, ValueTransformer};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, KTable, StreamsBuilder};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Gives rows a factor that a store has.
struct Scaled {
    factors: KeyValueStore<String, i64>,
}

impl ValueTransformer<String, i64, i64> for Scaled {
    fn transform(&mut self, ctx: &mut TransformContext<'_>, key: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        if let Some(value) = value.filter(|value| **value < 0) {
            self.factors.put(ctx, key, -value)?;
        }
        let factor = self.factors.get(key)?.unwrap_or(1);
        Ok(value.filter(|value| **value >= 0).map(|value| value * factor))
    }
}

/// Java connects the store to the transformer's own node only, and fails at the start.
#[test]
fn a_join_reads_rows_through_the_transformers_store() -> Outcome {
    let builder = StreamsBuilder::new();
    let factors = builder.add_state_store(Stores::key_value::<String, i64>("factors"));
    let stream = builder.stream::<String, i64>("in");
    let scaled = builder.table::<String, i64>("table").transform_values(factors, |_, factors| Scaled { factors });
    stream.join_table(&scaled, |value, row| value + row).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let pipe = |topic: &str, value: i64| driver.input::<String, i64>(topic).pipe("k".to_owned(), value);
    pipe("table", 7)?;
    pipe("in", 100)?;
    pipe("table", -3)?;
    pipe("in", 200)?;
    pipe("table", 7)?;
    pipe("in", 300)?;
    let out = driver.output::<String, i64>("out").read_all()?;
    assert_eq!(out, [("k".to_owned(), 107), ("k".to_owned(), 321)]);
    Ok(())
}

struct Refuses(i64);

impl ValueTransformer<String, i64, i64> for Refuses {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        match value {
            Some(value) if *value == self.0 => Err(format!("{value} is refused").into()),
            value => Ok(value.copied()),
        }
    }
}

fn refusing(table: &KTable<String, i64>) -> KTable<String, i64> {
    // the table's own node takes every value: only who reads it fails
    let made = AtomicUsize::new(0);
    table.transform_values((), move |_, ()| Refuses(if made.fetch_add(1, Ordering::Relaxed) == 0 { 13 } else { i64::MIN }))
}

#[test]
fn a_failure_is_decided_about_where_the_row_is_read() -> Outcome {
    type Join = fn(&StreamsBuilder, &KTable<String, i64>);
    let joins: [(&str, Join); 4] = [
        ("stream", |b, table| b.stream::<String, i64>("in").left_join_table(table, |v, row| v + row.unwrap_or(&0)).to("out")),
        ("inner", |b, table| b.table::<String, i64>("in").join(table, |v, row| v + row).to_stream().to("out")),
        ("left", |b, table| b.table::<String, i64>("in").left_join(table, |v, row| v + row.unwrap_or(&0)).to_stream().to("out")),
        ("foreign", |b, table| {
            let left = b.table::<String, i64>("in");
            left.left_join_on_foreign_key(table, |_, _| Some("k".to_owned()), |v, row| v + row.unwrap_or(&0)).to_stream().to("out");
        }),
    ];
    for (name, join) in joins {
        for goes_on in [false, true] {
            let builder = StreamsBuilder::new();
            join(&builder, &refusing(&builder.table::<String, i64>("table")));
            let handler = if goes_on { "LogAndContinueProcessingExceptionHandler" } else { "LogAndFailProcessingExceptionHandler" };
            let config = StreamsConfig::new("app", "embedded").set("processing.exception.handler", handler);
            let driver = TopologyTestDriver::builder(&builder.build()?).config(config).build()?;
            let pipe = |topic: &str, value: i64| driver.input::<String, i64>(topic).pipe("k".to_owned(), value);
            pipe("table", 13)?;
            let answer = pipe("in", 1);
            if !goes_on {
                let error = answer.expect_err(name).to_string();
                assert!(error.contains("13 is refused"), "{name}: {error}");
                continue;
            }
            answer?;
            assert_eq!(driver.output::<String, Option<i64>>("out").read_all()?, [], "{name}");
            assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]), Some(1.0), "{name}");
            pipe("table", 20)?;
            pipe("in", 2)?;
            let last = driver.output::<String, Option<i64>>("out").read_all()?.pop();
            assert_eq!(last, Some(("k".to_owned(), Some(22))), "{name}");
        }
    }
    Ok(())
}

/// Counts its punctuations in a store.
struct Ticking {
    ticks: KeyValueStore<String, i64>,
    name: &'static str,
}

impl ValueTransformer<String, i64, i64> for Ticking {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.copied())
    }
    fn punctuate(&mut self, ctx: &mut TransformContext<'_>, _: TimerId, time: i64) -> Result<(), BoxError> {
        assert_eq!((ctx.record_metadata(), ctx.timestamp()), (None, time));
        let key = self.name.to_owned();
        let ticks = self.ticks.get(&key)?.unwrap_or(0);
        self.ticks.put(ctx, &key, ticks + 1)
    }
}

#[test]
fn every_transformer_has_its_punctuations() -> Outcome {
    let builder = StreamsBuilder::new();
    let ticks = builder.add_state_store(Stores::key_value::<String, i64>("ticks"));
    let stream = builder.stream::<String, i64>("in");
    let made = AtomicUsize::new(0);
    let table = builder.table::<String, i64>("table").transform_values(ticks, move |setup, ticks| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1));
        Ticking { ticks, name: ["first", "second"][made.fetch_add(1, Ordering::Relaxed)] }
    });
    stream.join_table(&table, |value, row| value + row).to("out");
    let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    driver.advance_wall_clock(Duration::from_secs(1))?;
    driver.advance_wall_clock(Duration::from_secs(1))?;
    let ticks = driver.key_value_store::<String, i64>("ticks").expect("it is there").all()?;
    let ticks: Vec<(&str, i64)> = ticks.iter().map(|(name, count, _)| (&**name, *count)).collect();
    assert_eq!(ticks, [("first", 2), ("second", 2)]);
    Ok(())
}

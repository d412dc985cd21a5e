//! What the closure that chooses a record's topic is told of the record.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::processor::{Context, Processor, PunctuationType, RecordContext, TimerId};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Headers, Record, StreamsBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// A closure that notes what it is told, and chooses `out`.
    fn choose<V>(&self) -> impl Fn(&String, &V, &RecordContext<'_>) -> String + Send + Sync + 'static {
        let told = self.0.clone();
        move |key: &String, _: &V, context: &RecordContext<'_>| {
            let from = context.source.map_or("nowhere".to_owned(), |from| format!("{} {} {}", from.topic, from.partition, from.offset));
            let header = context.headers.iter().find_map(|header| header.value.as_deref()).map(String::from_utf8_lossy);
            let header = header.unwrap_or_default();
            told.lock().expect("no panic").push(format!("{key} from {from} at {} {header}", context.timestamp).trim_end().to_owned());
            "out".to_owned()
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

fn record(key: &str, timestamp: i64, header: &str) -> Record<String, i64> {
    let mut headers = Headers::new();
    headers.add("h", header);
    Record { key: key.to_owned(), value: 1, timestamp, headers }
}

/// Passes records on a second later with another header, and makes one of its own.
struct Later;

impl Processor<String, i64, String, i64> for Later {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, got: Record<String, i64>) -> Result<(), BoxError> {
        ctx.forward(record(&got.key, got.timestamp + 1_000, "later"))
    }

    fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, _: TimerId, time: i64) -> Result<(), BoxError> {
        ctx.forward(record("tick", time, "timer"))
    }
}

#[test]
fn it_is_told_the_records_own_time_and_headers_and_where_it_came_from() -> Outcome {
    let (told, builder) = (Told::default(), StreamsBuilder::new());
    let stream = builder.stream::<String, i64>(["in", "other"]);
    stream.to_computed(told.choose());
    let later = stream.process((), |setup, ()| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1));
        Later
    });
    later.to_computed(told.choose());
    let mut driver = TopologyTestDriver::builder(&builder.build()?).wall_clock(5_000).build()?;
    driver.input("in").pipe_record(record("a", 7, "first"))?;
    driver.input("other").pipe_record(record("b", 8, ""))?;
    driver.input("in").pipe_record(record("c", 9, ""))?;
    let expected = [
        "a from in 0 0 at 7 first",
        "a from in 0 0 at 1007 later",
        "b from other 0 0 at 8",
        "b from other 0 0 at 1008 later",
        "c from in 0 1 at 9",
        "c from in 0 1 at 1009 later",
    ];
    assert_eq!(told.take(), expected);
    driver.advance_wall_clock(Duration::from_secs(1))?;
    assert_eq!(told.take(), ["tick from nowhere at 6000 timer"]);
    Ok(())
}

#[test]
fn a_change_that_a_cache_held_back_is_of_the_record_that_made_it() -> Outcome {
    let (told, builder) = (Told::default(), StreamsBuilder::new());
    builder.stream::<String, i64>("in").group_by_key().count().to_stream().to_computed(told.choose());
    let driver = TopologyTestDriver::builder(&builder.build()?).commit_by_hand().build()?;
    for (key, header) in [("a", "1"), ("a", "2"), ("b", "3")] {
        driver.input("in").pipe_record(record(key, 7, header))?;
    }
    assert!(told.take().is_empty(), "it waits");
    driver.commit()?;
    assert_eq!(told.take(), ["a from in 0 1 at 7 2", "b from in 0 2 at 7 3"]);
    Ok(())
}

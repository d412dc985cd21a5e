//! Who sees the headers of records: partitioners that ask for them, and the serdes of topics and stores.

use std::sync::{Arc, Mutex};
use streams_core::serde::{Serde, SerdeContext, StringSerde, Wrote};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Headers, Materialized, Partitions, Produced, Record, Repartitioned, StreamsBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, who: &str, headers: &Headers) {
        let values = headers.iter().filter_map(|header| header.value.as_deref()).map(String::from_utf8_lossy);
        self.0.lock().expect("no panic").push(format!("{who} {}", values.collect::<String>()));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

/// Notes the headers that it is told with the values that it writes.
struct Noting(Seen);

impl Serde<String> for Noting {
    fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        self.0.note(cx.topic, cx.headers);
        StringSerde.serialize(cx, value, out)
    }
    fn deserialize(&self, cx: &SerdeContext<'_>, data: Option<&[u8]>) -> Result<String, BoxError> {
        StringSerde.deserialize(cx, data)
    }
}

fn record(value: &str, header: &str) -> Record<String, String> {
    let mut headers = Headers::new();
    headers.add("h", header);
    Record { key: "key".to_owned(), value: value.to_owned(), timestamp: 1, headers }
}

#[test]
fn partitioners_that_ask_see_them() -> Outcome {
    let (seen, builder) = (Seen::default(), StreamsBuilder::new());
    let note = |who: &'static str| {
        let seen = seen.clone();
        move |_: &str, headers: &Headers, _: &String, _: &String, _: i32| {
            seen.note(who, headers);
            Partitions::ByKey
        }
    };
    let spread = Repartitioned::from("spread").partitioner_with_headers(note("repartition"));
    let produced = Produced::default().partitioner_with_headers(note("sink"));
    builder.stream::<String, String>("in").repartition_with(spread).to_with("out", produced);
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    driver.input("in").pipe_record(record("a", "1"))?;
    driver.input("in").pipe_record(record("b", "2"))?;
    assert_eq!(seen.take(), ["repartition 1", "sink 1", "repartition 2", "sink 2"]);
    Ok(())
}

#[test]
fn serdes_of_topics_and_stores_see_them() -> Outcome {
    for caching in [true, false] {
        let (seen, builder) = (Seen::default(), StreamsBuilder::new());
        let kept = Materialized::with(StringSerde, Noting(seen.clone())).named("rows");
        let kept = if caching { kept } else { kept.caching_disabled() };
        let table = builder.stream::<String, String>("in").to_table_with(kept);
        let out = table.to_stream().map_values(Option::unwrap_or_default);
        out.to_with("out", Produced::with(StringSerde, Noting(seen.clone())));
        let driver = TopologyTestDriver::builder(&builder.build()?).commit_by_hand().build()?;
        for (value, header) in [("a", "1"), ("b", "2")] {
            driver.input("in").pipe_record(record(value, header))?;
        }
        driver.commit()?;
        let of = |header: &str| [format!("test-rows-changelog {header}"), format!("out {header}")];
        let expected = if caching { of("2").to_vec() } else { [of("1"), of("2")].concat() };
        // the application's id is of no matter
        let seen: Vec<String> = seen.take().iter().map(|line| line.replace(driver_prefix(line), "test-")).collect();
        assert_eq!(seen, expected, "caching {caching}");
    }
    Ok(())
}

/// What stands before the name of the store.
fn driver_prefix(line: &str) -> &str {
    line.split_once("rows-changelog").map_or("\0", |(prefix, _)| prefix)
}

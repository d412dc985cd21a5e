//! How a test writes to the topics of a driver, and how a topology is told to read them.

use std::time::Duration;
use streams_core::serde::{DefaultSerde, Serde, SerdeContext, Wrote};
use streams_core::testing::{TestInputTopic, TopologyTestDriver};
use streams_core::{BoxError, Consumed, Produced, StreamsBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn driver() -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    builder.stream::<Option<String>, i64>("in").to("out");
    Ok(TopologyTestDriver::builder(&builder.build()?).wall_clock(50_000).build()?)
}

/// Values and times that came out.
fn told(driver: &TopologyTestDriver) -> streams_core::Result<Vec<(i64, i64)>> {
    let records = driver.output::<Option<String>, i64>("out").read_records()?;
    Ok(records.into_iter().map(|record| (record.value, record.timestamp)).collect())
}

#[test]
fn each_topic_has_a_time_of_its_own() -> Outcome {
    let driver = driver()?;
    let mut plain: TestInputTopic<Option<String>, i64> = driver.input("in");
    let mut timed = driver.input::<Option<String>, i64>("in").start_timestamp(1_000).auto_advance(Duration::from_millis(5));
    plain.pipe(None, 1)?;
    timed.pipe(Some("a".to_owned()), 2)?;
    timed.pipe_at(None, 3, 77)?;
    timed.pipe_all([(None, 4), (None, 5)])?;
    plain.advance_time(Duration::from_secs(1));
    plain.pipe(None, 6)?;
    timed.advance_time(Duration::from_millis(100));
    timed.pipe(None, 7)?;
    let times = [(1, 50_000), (2, 1_000), (3, 77), (4, 1_005), (5, 1_010), (6, 51_000), (7, 1_115)];
    assert_eq!(told(&driver)?, times, "a record with a time of its own moves nothing");
    Ok(())
}

#[test]
fn values_are_written_without_keys() -> Outcome {
    let driver = driver()?;
    let mut input = driver.input::<Option<String>, i64>("in").start_timestamp(1).auto_advance(Duration::from_millis(1));
    input.pipe_value(7)?;
    input.pipe_values([8, 9])?;
    let mut output = driver.output::<Option<String>, i64>("out");
    assert_eq!(
        output.read_records()?.iter().map(|r| (r.key.clone(), r.value, r.timestamp)).collect::<Vec<_>>(),
        [(None, 7, 1), (None, 8, 2), (None, 9, 3)]
    );

    // the key's serde is not asked: the key is null whatever its type
    let builder = StreamsBuilder::new();
    builder.stream::<String, i64>("in").to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let error = driver.input::<String, i64>("in").pipe_value(7).expect_err("the topology has no room for a null key");
    assert!(error.to_string().contains("null"), "{error}");
    Ok(())
}

/// Reads text in capitals.
struct Upper;

impl Serde<String> for Upper {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<String, BoxError> {
        Ok(String::default_serde().deserialize(cx, bytes)?.to_uppercase())
    }
    fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        String::default_serde().serialize(cx, value, out)
    }
}

#[test]
fn a_serde_is_given_by_itself() -> Outcome {
    let builder = StreamsBuilder::new();
    for (topic, consumed) in [("keys", Consumed::default().key_serde(Upper)), ("values", Consumed::default().value_serde(Upper))] {
        builder.stream_with::<String, String>(topic, consumed).to_with("out", Produced::default());
    }
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    for topic in ["keys", "values"] {
        driver.input::<String, String>(topic).pipe("key".to_owned(), "value".to_owned())?;
    }
    let told = driver.output::<String, String>("out").read_all()?;
    let expected = [("KEY", "value"), ("key", "VALUE")];
    assert_eq!(told, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    Ok(())
}

//! Serdes that options give are those that internal topics are written with: each writes a mark of its own, which is looked for in the bytes.

use std::time::Duration;
use streams_core::serde::{DefaultSerde, Serde, SerdeContext, Wrote};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Deduplicated, JoinWindows, Joined, KStream, Repartitioned, StreamJoined, StreamsBuilder, TableJoined};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A text behind a mark, without which it is not read.
struct Marked(char);

impl Serde<String> for Marked {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<String, BoxError> {
        let text = bytes.and_then(|bytes| bytes.strip_prefix(&[self.0 as u8]));
        String::default_serde().deserialize(cx, Some(text.ok_or_else(|| format!("no {} in front", self.0))?))
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.push(self.0 as u8);
        String::default_serde().serialize(cx, value, out)
    }
}

const WITHIN: Duration = Duration::from_secs(10);

/// A stream of texts with a new key, which is the old one.
fn stream(builder: &StreamsBuilder, topic: &str) -> KStream<String, String> {
    builder.stream::<String, String>(topic).select_key(|key, _| key.clone())
}

/// Pipes `k`, `v` into each topic, and answers keys and values of the internal topic whose name has this end.
fn written(builder: &StreamsBuilder, topics: &[&str], end: &str) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    for topic in topics {
        driver.input::<String, String>(topic).pipe_at("k".to_owned(), "v".to_owned(), 1_000)?;
    }
    assert_eq!(driver.output::<String, String>("out").read_all()?.len(), 1, "what was written is read with the same serdes");
    let names: Vec<String> = driver.produced_topic_names().into_iter().filter(|name| name.ends_with(end)).collect();
    let [name] = &names[..] else { panic!("{names:?}: one topic ends with {end}") };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(driver.output::<Vec<u8>, Vec<u8>>(name).read_all()?.into_iter().map(|(key, value)| (text(key), text(value))).collect())
}

fn pair(key: &str, value: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_owned())]
}

#[test]
fn of_a_repartition() -> Outcome {
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>("in").repartition_with(Repartitioned::with(Marked('#'), Marked('!')).named("r")).to("out");
    assert_eq!(written(&builder, &["in"], "-r-repartition")?, pair("#k", "!v"));
    Ok(())
}

#[test]
fn of_a_join_with_a_table() -> Outcome {
    let joined = || Joined::with(Marked('#'), Marked('!'));
    let setters = || Joined::inherited().key_serde(Marked('#')).value_serde(Marked('!'));
    for joined in [joined(), setters()] {
        let builder = StreamsBuilder::new();
        let table = builder.table::<String, String>("table");
        stream(&builder, "in").join_table_with(&table, |left, right| left + right, joined.named("j")).to("out");
        assert_eq!(written(&builder, &["table", "in"], "-j-repartition")?, pair("#k", "!v"));
    }
    Ok(())
}

#[test]
fn of_a_join_of_streams() -> Outcome {
    for (end, value) in [("-j-left-repartition", "!v"), ("-j-right-repartition", "?v")] {
        let builder = StreamsBuilder::new();
        let (left, right) = (stream(&builder, "left"), stream(&builder, "right"));
        let joined = StreamJoined::with(Marked('#'), Marked('!'), Marked('?')).named("j").store_name("s");
        left.join_with(&right, |left, right| format!("{left}{right}"), JoinWindows::within(WITHIN), joined).to("out");
        assert_eq!(written(&builder, &["left", "right"], end)?, pair("#k", value));
        // the stores' keys go on with time and number
        for (end, value) in [("-s-this-join-store-changelog", "!v"), ("-s-other-join-store-changelog", "?v")] {
            let rows = written(&builder, &["left", "right"], end)?;
            assert!(rows.len() == 1 && rows[0].0.starts_with("#k") && rows[0].1 == value, "{end}: {rows:?}");
        }
    }
    Ok(())
}

#[test]
fn of_the_ids_of_a_deduplication() -> Outcome {
    let builder = StreamsBuilder::new();
    let options = Deduplicated::inherited().id_serde(Marked('#')).store_name("s");
    builder.stream::<String, String>("in").deduplicate_by_key_value_with(|_, value| value.clone(), WITHIN, options).to("out");
    let rows = written(&builder, &["in"], "-s-changelog")?;
    assert!(!rows.is_empty() && rows.iter().all(|(key, _)| key.contains("#v")), "{rows:?}");
    Ok(())
}

#[test]
fn of_a_join_by_foreign_key() -> Outcome {
    for (end, key, value) in [("-registration-topic", "?k", "#k"), ("-response-topic", "#k", "!v")] {
        let builder = StreamsBuilder::new();
        let (left, right) = (builder.table::<String, String>("left"), builder.table::<String, String>("right"));
        let joined = TableJoined::inherited().named("j").key_serde(Marked('#')).other_key_serde(Marked('?')).other_value_serde(Marked('!'));
        let result = left.join_on_foreign_key_with(&right, |key, _| Some(key.clone()), |left, right| format!("{left}{right}"), joined);
        result.to_stream().to("out");
        let rows = written(&builder, &["right", "left"], end)?;
        assert!(rows.iter().any(|row| row.0 == key && row.1.contains(value)), "{end}: {rows:?}");
    }
    Ok(())
}

//! Topologies put together by hand, and what processors may do with children and stores.

use std::ops::Bound;
use std::time::Duration;
use streams_core::processor::{
    Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore, Processor, PunctuationType, Setup, TimerId,
    TopologyBuilder, WindowedStore,
};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Produced, Record, StreamsBuilder};

type Ctx<'a> = Context<'a, String, i64>;

/// Sends each record to the child that its key names.
struct ToNamed;

impl Processor<String, i64, String, i64> for ToNamed {
    fn process(&mut self, ctx: &mut Ctx<'_>, record: Record<String, i64>) -> Result<(), BoxError> {
        let child = record.key.clone();
        ctx.forward_to(&child, record)
    }
}

fn named(topic: &str, key: &str, value: i64) -> (String, (String, i64)) {
    (topic.to_owned(), (key.to_owned(), value))
}

#[test]
fn a_record_goes_to_the_child_that_is_named() {
    let builder = TopologyBuilder::new();
    let input = builder.add_source::<String, i64>("source", "in");
    let choose = builder.add_processor("choose", (), |_, ()| ToNamed, &[&input]);
    builder.add_sink("left", "left-topic", &[&choose]);
    builder.add_sink("right", "right-topic", &[&choose]);
    let driver = TopologyTestDriver::new(&builder.build().unwrap()).unwrap();
    let mut input = driver.input::<String, i64>("in");
    for (key, value) in [("left", 1), ("right", 2), ("left", 3)] {
        input.pipe(key.to_owned(), value).unwrap();
    }
    let mut all = Vec::new();
    for topic in ["left-topic", "right-topic"] {
        let records = driver.output::<String, i64>(topic).read_all().unwrap();
        all.extend(records.into_iter().map(|(key, value)| named(topic, &key, value)));
    }
    assert_eq!(all, [named("left-topic", "left", 1), named("left-topic", "left", 3), named("right-topic", "right", 2)]);

    let error = input.pipe("nowhere".to_owned(), 4).unwrap_err().to_string();
    for part in ["choose", "nowhere", "left, right"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_sink_may_have_several_parents_and_a_store_joins_what_uses_it() {
    struct PassOn(#[allow(dead_code)] KeyValueStore<String, i64>);
    impl Processor<String, i64, String, i64> for PassOn {
        fn process(&mut self, ctx: &mut Ctx<'_>, record: Record<String, i64>) -> Result<(), BoxError> {
            ctx.forward(record)
        }
    }
    let build = |share: bool| {
        let builder = TopologyBuilder::new();
        let one = builder.add_source::<String, i64>("one", "first");
        let two = builder.add_source::<String, i64>("two", "second");
        let store = builder.add_state_store(Stores::key_value::<String, i64>("store"));
        let other = builder.add_state_store(Stores::key_value::<String, i64>("other"));
        let left = builder.add_processor("left", store.clone(), |_, store| PassOn(store), &[&one]);
        let right = builder.add_processor("right", if share { store } else { other }, |_, store| PassOn(store), &[&two]);
        builder.add_sink("left-sink", "out", &[&left]);
        builder.add_sink("right-sink", "out", &[&right]);
        builder.build().unwrap().describe()
    };
    assert!(!build(true).contains("Sub-topology: 1"), "{}", build(true));
    assert!(build(false).contains("Sub-topology: 1"), "{}", build(false));

    let builder = TopologyBuilder::new();
    let one = builder.add_source::<String, i64>("one", "first");
    let two = builder.add_source::<String, i64>("two", "second");
    builder.add_sink_computed("both", |key: &String, _, _| format!("out-{key}"), Produced::default(), &[&one, &two]);
    let driver = TopologyTestDriver::new(&builder.build().unwrap()).unwrap();
    driver.input::<String, i64>("first").pipe("a".to_owned(), 1).unwrap();
    driver.input::<String, i64>("second").pipe("a".to_owned(), 2).unwrap();
    assert_eq!(driver.output::<String, i64>("out-a").read_all().unwrap().len(), 2);
}

#[test]
fn mistakes_are_told_by_name() {
    let error = |make: &dyn Fn(&TopologyBuilder)| {
        let builder = TopologyBuilder::new();
        make(&builder);
        builder.build().unwrap_err().to_string()
    };
    let twice = error(&|b| {
        let source = b.add_source::<String, i64>("node", "in");
        b.add_sink("node", "out", &[&source]);
    });
    assert!(twice.contains("two nodes of the name node"), "{twice}");
    let topic_twice = error(&|b| {
        let _ = b.add_source::<String, i64>("one", "in");
        let _ = b.add_source::<String, i64>("two", "in");
    });
    assert!(topic_twice.contains("topic in is read by source one already"), "{topic_twice}");
    let no_parent = error(&|b| {
        let _ = b.add_source::<String, i64>("one", "in");
        b.add_sink::<String, i64>("sink", "out", &[]);
    });
    assert!(no_parent.contains("node sink has no parent"), "{no_parent}");
    let foreign = error(&|b| {
        let other = TopologyBuilder::new();
        let source = other.add_source::<String, i64>("one", "in");
        b.add_sink("sink", "out", &[&source]);
    });
    assert!(foreign.contains("another builder"), "{foreign}");
    let foreign_store = error(&|b| {
        let store = TopologyBuilder::new().add_state_store(Stores::key_value::<String, i64>("store"));
        let source = b.add_source::<String, i64>("one", "in");
        let _ = b.add_processor("node", store, |_, _| ToNamed, &[&source]);
    });
    assert!(foreign_store.contains("store store of another builder"), "{foreign_store}");
}

/// Walks its store while it changes it: every record deletes the row before, and adds one behind the end.
struct Walker(KeyValueStore<String, i64>);

impl Processor<String, i64, String, i64> for Walker {
    fn process(&mut self, ctx: &mut Ctx<'_>, record: Record<String, i64>) -> Result<(), BoxError> {
        match record.key.as_str() {
            "fill" => self.0.put_all(ctx, (0..record.value).map(|n| (format!("{n:04}"), n)))?,
            "walk" => {
                for row in self.0.iter() {
                    let (key, value) = row?;
                    self.0.delete(ctx, &key)?;
                    if value < 1_000 {
                        self.0.put(ctx, &format!("9{key}"), value + 1_000)?;
                    }
                    ctx.forward(Record { key, value, ..record.clone() })?;
                }
            }
            "range" => {
                let (from, to) = ("0002".to_owned(), "0004".to_owned());
                for row in self.0.iter_range(Bound::Included(&from), Bound::Excluded(&to))?.reversed() {
                    let (key, value) = row?;
                    ctx.forward(Record { key, value, ..record.clone() })?;
                }
            }
            prefix => {
                for row in self.0.iter_prefix(prefix.as_bytes()) {
                    let (key, value) = row?;
                    ctx.forward(Record { key, value, ..record.clone() })?;
                }
            }
        }
        Ok(())
    }
}

#[test]
fn a_store_may_be_changed_while_it_is_walked() {
    let builder = TopologyBuilder::new();
    let input = builder.add_source::<String, i64>("source", "in");
    let store = builder.add_state_store(Stores::key_value::<String, i64>("store"));
    let walk = builder.add_processor("walk", store, |_, store| Walker(store), &[&input]);
    builder.add_sink("sink", "out", &[&walk]);
    let driver = TopologyTestDriver::new(&builder.build().unwrap()).unwrap();
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, i64>("out"));
    input.pipe("fill".to_owned(), 200).unwrap();
    input.pipe("range".to_owned(), 0).unwrap();
    assert_eq!(output.read_all().unwrap(), [("0003".to_owned(), 3), ("0002".to_owned(), 2)]);
    input.pipe("001".to_owned(), 0).unwrap();
    assert_eq!(output.read_all().unwrap().len(), 10);
    // rows added further on are met once, rows deleted before the walk comes to them are not
    input.pipe("walk".to_owned(), 0).unwrap();
    let seen = output.read_all().unwrap();
    let expected: Vec<i64> = (0..200).chain((0..200).map(|n| n + 1_000)).collect();
    assert_eq!(seen.iter().map(|(_, value)| *value).collect::<Vec<_>>(), expected);
    assert!(driver.key_value_store::<String, i64>("store").unwrap().all().unwrap().is_empty());
}

/// Keeps the last value of a key by windows of ten seconds; a punctuation tells what the newest has.
struct Windows(WindowedStore<String, i64>);

impl Processor<String, i64, String, i64> for Windows {
    fn process(&mut self, ctx: &mut Ctx<'_>, record: Record<String, i64>) -> Result<(), BoxError> {
        let start = record.timestamp / 10_000 * 10_000;
        if record.value < 0 {
            self.0.delete(ctx, &record.key, start)?;
        } else if !self.0.put(ctx, &record.key, record.value, start)? {
            ctx.forward(Record { value: -1, ..record })?;
        }
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut Ctx<'_>, _: TimerId, time: i64) -> Result<(), BoxError> {
        for row in self.0.iter_all(0, i64::MAX).reversed() {
            let (key, start, value) = row?;
            ctx.forward(Record { key: format!("{key}@{start}"), value, timestamp: time, headers: Default::default() })?;
        }
        Ok(())
    }
}

#[test]
fn a_window_store_forgets_what_has_expired() {
    let builder = TopologyBuilder::new();
    let input = builder.add_source::<String, i64>("source", "in");
    let store = builder.add_state_store(Stores::window::<String, i64>("store", Duration::from_secs(30), Duration::from_secs(10)));
    let make = |setup: &mut Setup<'_, '_>, store| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1));
        Windows(store)
    };
    let node = builder.add_processor("windows", store, make, &[&input]);
    builder.add_sink("sink", "out", &[&node]);
    let mut driver = TopologyTestDriver::builder(&builder.build().unwrap()).wall_clock(0).build().unwrap();
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, i64>("out"));
    for (value, at) in [(1, 5_000), (2, 15_000), (3, 25_000), (-1, 16_000), (4, 45_000), (5, 9_000)] {
        input.pipe_at("a".to_owned(), value, at).unwrap();
    }
    assert_eq!(output.read_all().unwrap(), [("a".to_owned(), -1)], "the last record is too late for the store");
    driver.advance_wall_clock(Duration::from_secs(1)).unwrap();
    assert_eq!(output.read_all().unwrap(), [("a@40000".to_owned(), 4), ("a@20000".to_owned(), 3)]);
}

/// Forwards each record at the time that its value says, or puts it into the store.
struct Moves {
    store: KeyValueStore<String, i64>,
}

impl Processor<String, i64, String, i64> for Moves {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let time = record.value;
        match record.key.as_str() {
            "put" => self.store.put_at(ctx, &record.key, 1, time),
            "child" => ctx.forward_to("values", record.with_timestamp(time)),
            _ => ctx.forward(record.with_timestamp(time)),
        }
    }
}

struct MovesValues;

impl FixedKeyProcessor<String, i64, i64> for MovesValues {
    fn process(&mut self, ctx: &mut FixedKeyContext<'_, String, i64>, record: FixedKeyRecord<'_, String, i64>) -> Result<(), BoxError> {
        let back = if record.key() == "values" { -1 } else { record.timestamp() };
        ctx.forward(record.with_timestamp(back))
    }
}

/// Java's records throw when they are made.
#[test]
fn negative_times_are_refused_where_they_arise() -> Result<(), BoxError> {
    let builder = StreamsBuilder::new();
    let store = builder.add_state_store(Stores::key_value::<String, i64>("rows"));
    let moved = builder.stream::<String, i64>("in").process_with(store, |_, store| Moves { store }, "moves");
    moved.process_values_with((), |_, ()| MovesValues, "values").to("out");
    let topology = builder.build()?;
    for (key, time, node, what) in [
        ("forward", -5, "moves", "a record was forwarded with the negative timestamp -5"),
        ("child", -1, "moves", "a record was forwarded with the negative timestamp -1"),
        ("put", i64::MIN, "moves", "a row was put with the negative timestamp -9223372036854775808"),
        ("values", 7, "values", "a record was forwarded with the negative timestamp -1"),
    ] {
        let driver = TopologyTestDriver::new(&topology)?;
        let error = driver.input::<String, i64>("in").pipe_at(key.to_owned(), time, 3).err().ok_or("it must be refused")?.to_string();
        for part in [node, what, "give it one of 0 or later", "topic in, partition 0, offset 0"] {
            assert!(error.contains(part), "no {part:?} in: {error}");
        }
    }
    let driver = TopologyTestDriver::new(&topology)?;
    driver.input::<String, i64>("in").pipe_at("forward".to_owned(), 0, 3)?;
    assert_eq!(driver.output::<String, i64>("out").read_records()?[0].timestamp, 0, "1970 itself is a time");
    Ok(())
}

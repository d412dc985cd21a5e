//! Closures that may fail: the processing handler decides, and what failed has changed nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_core::config::StreamsConfig;
use streams_core::handlers::{ErrorContext, Handlers, Response};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Error, KStream, KTable, Materialized, StreamsBuilder, Topology};

pub type Outcome = Result<(), BoxError>;

/// A driver that goes on where the message says "skip", and tells of each failure.
pub fn driver(topology: &Topology) -> Result<(TopologyTestDriver, Told), Error> {
    driver_with(topology, config())
}

type Told = Arc<parking_lot::Mutex<Vec<String>>>;

fn config() -> StreamsConfig {
    StreamsConfig::new("app", "embedded")
}

fn driver_with(topology: &Topology, config: StreamsConfig) -> Result<(TopologyTestDriver, Told), Error> {
    let told = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let tell = told.clone();
    let handler = move |context: &ErrorContext<'_>, error: &Error| {
        tell.lock().push(format!("{}: {error}", context.node));
        if error.to_string().contains("skip") { Response::Resume } else { Response::Fail }
    };
    let handlers = Handlers { processing: Arc::new(handler), ..Handlers::from_settings(&config.settings()?) };
    Ok((TopologyTestDriver::builder(topology).config(config).handlers(handlers).build()?, told))
}

pub fn number(text: &str) -> Result<i64, BoxError> {
    if text.starts_with("skip") || text.starts_with("fail") { Err(text.into()) } else { Ok(text.parse()?) }
}

/// Topic (and key, where that is not "a"), value and time of a record, and what stands in the error if it fails: it is left out where that is
/// "skip", and the end where it is "fail".
pub type Fed = (&'static str, &'static str, i64, &'static str);

/// What comes out of a topology where each record that fails leaves stores as they were and passes nothing on,
/// told to the handler with the node `fails_at`. Stores of which `kept` is false may change: another node has written them before.
pub fn fed(
    build: impl FnOnce(&StreamsBuilder),
    kept: fn(&str) -> bool,
    fails_at: &[&str],
    records: &[Fed],
) -> Result<Vec<String>, BoxError> {
    fed_with(config(), build, kept, fails_at, records)
}

/// The same under a config.
pub fn fed_with(
    config: StreamsConfig,
    build: impl FnOnce(&StreamsBuilder),
    kept: fn(&str) -> bool,
    fails_at: &[&str],
    records: &[Fed],
) -> Result<Vec<String>, BoxError> {
    let builder = StreamsBuilder::new();
    build(&builder);
    let (driver, told) = driver_with(&builder.build_with(&config)?, config)?;
    let stores: Vec<String> = driver.state_store_names().into_iter().filter(|name| kept(name)).collect();
    let rows = || stores.iter().map(|name| driver.stored_rows(name)).collect::<Result<Vec<_>, _>>();
    let mut output = driver.output::<String, Option<i64>>("out");
    let (mut all, mut failed) = (Vec::new(), 0);
    for &(topic, value, at, fails) in records {
        let before = rows()?;
        let (name, key) = topic.split_once(' ').unwrap_or((topic, "a"));
        let piped = driver.input::<String, String>(name).pipe_at(key.to_owned(), value.to_owned(), at);
        let out = output.read_all()?;
        if fails.is_empty() {
            piped?;
            all.extend(out.into_iter().map(|(key, value)| format!("{key} {}", value.map_or("-".to_owned(), |value| value.to_string()))));
        } else {
            assert_eq!(rows()?, before, "{topic} {value} at {at}");
            assert_eq!(out, [], "{topic} {value} at {at}");
            assert_eq!(piped.is_err(), fails == "fail", "{topic} {value} at {at}");
            let tellings = told.lock().split_off(failed);
            let [telling] = &tellings[..] else { return Err(format!("{topic} {value} at {at}: told {tellings:?}").into()) };
            assert!(telling.starts_with(fails_at.get(failed).or(fails_at.last()).copied().unwrap_or_default()), "{telling}");
            assert!(telling.contains(fails), "{telling}");
            told.lock().extend(tellings);
            failed += 1;
        }
    }
    assert_eq!(told.lock().len(), failed, "{told:?}");
    let skipped = records.iter().filter(|record| record.3 == "skip").count();
    let dropped = driver.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]);
    assert_eq!(dropped.unwrap_or(0.0), skipped as f64);
    Ok(all)
}

/// What `piece` makes of records, of which the third and the last fail.
fn through(piece: impl FnOnce(KStream<String, String>) -> KStream<String, i64>, node: &str) -> Result<Vec<(String, i64)>, BoxError> {
    let builder = StreamsBuilder::new();
    piece(builder.stream("in")).to("out");
    let (driver, told) = driver(&builder.build()?)?;
    let mut input = driver.input::<String, String>("in");
    for (key, value) in [("a", "1"), ("b", "2"), ("a", "skip 3"), ("a", "4")] {
        input.pipe(key.to_owned(), value.to_owned())?;
    }
    let fails = input.pipe("a".to_owned(), "fail 5".to_owned()).expect_err("the handler says so").to_string();
    assert!(fails.contains("fail 5") && fails.contains(node) && fails.contains("offset 4"), "{fails}");
    let told = told.lock().clone();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|told| told.starts_with(node)), "{told:?}");
    assert!(told[0].contains("skip 3"), "{told:?}");
    assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]), Some(1.0));
    Ok(driver.output::<String, i64>("out").read_all()?)
}

fn expected(records: &[(&str, i64)]) -> Vec<(String, i64)> {
    records.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
}

#[test]
fn streams_go_on_without_the_record() -> Outcome {
    let all = expected(&[("a", 1), ("b", 2), ("a", 4)]);
    let parsed = |stream: KStream<String, String>| stream.map_values(|text| text.parse().unwrap_or(-1));
    assert_eq!(through(|s| s.try_map(|key, text| Ok((key, number(&text)?))), "KSTREAM-MAP-0000000001")?, all);
    assert_eq!(through(|s| s.try_map_values(|text| number(&text)), "KSTREAM-MAPVALUES-0000000001")?, all);
    assert_eq!(through(|s| s.try_map_values_with_key(|_, text| number(&text)), "KSTREAM-MAPVALUES-0000000001")?, all);
    assert_eq!(through(|s| parsed(s.try_peek(|_, text| number(text).map(drop))), "KSTREAM-PEEK-0000000001")?, all);
    let keys = through(|s| parsed(s.try_select_key(|_, text| Ok(number(text)?.to_string()))), "KSTREAM-KEY-SELECT-0000000001")?;
    assert_eq!(keys, expected(&[("1", 1), ("2", 2), ("4", 4)]));
    let counts = |stream: KStream<String, String>| stream.try_group_by(|_, text| Ok(number(text)?.to_string())).count().to_stream();
    let counted = through(move |s| counts(s).map_values(|n| i64::try_from(n.unwrap_or(0)).unwrap_or(-1)), "KSTREAM-KEY-SELECT-0000000001")?;
    assert_eq!(counted, expected(&[("1", 1), ("2", 1), ("4", 1)]));
    let once = through(
        |s| parsed(s.try_deduplicate_by_key_value(|_, text| Ok(number(text)? % 3), Duration::from_secs(10))),
        "KSTREAM-DEDUPLICATE-0000000002",
    )?;
    assert_eq!(once, expected(&[("a", 1), ("b", 2)]), "4 has the id of 1");
    let odd = through(|s| parsed(s.try_filter(|_, text| Ok(number(text)? % 2 == 1))), "KSTREAM-FILTER-0000000001")?;
    assert_eq!(odd, expected(&[("a", 1)]));
    let twice = expected(&[("a", 1), ("a", 10), ("b", 2), ("b", 20), ("a", 4), ("a", 40)]);
    let both = |text: String| number(&text).map(|number| [number, number * 10]);
    assert_eq!(through(move |s| s.try_flat_map_values(both), "KSTREAM-FLATMAPVALUES-0000000001")?, twice);
    let both = move |key: String, text| both(text).map(|both| both.map(|number| (key.clone(), number)));
    assert_eq!(through(move |s| s.try_flat_map(both), "KSTREAM-FLATMAP-0000000001")?, twice);
    let kept =
        |stream: KStream<String, String>| stream.group_by_key().reduce_with(|_, new| new, Materialized::from("kept").caching_disabled());
    let number_or_none = |_: &String, text: Option<&String>| Ok(number(text.map_or("", String::as_str))?.to_string());
    let keyed = |s| {
        kept(s).try_to_stream_keyed_with(number_or_none, "changes").map_values(|text| text.map_or(-1, |text| text.parse().unwrap_or(-1)))
    };
    assert_eq!(through(keyed, "KSTREAM-KEY-SELECT-0000000003")?, expected(&[("1", 1), ("2", 2), ("4", 4)]));
    // what fails in one branch comes into no other
    let branches = |s: KStream<String, String>| {
        let split = s.split().try_branch(|_, text| Ok(number(text)? % 2 == 1)).default_branch();
        let [odd, even] = ["1", "0"].map(|name| split.get(name).expect("declared above").clone());
        parsed(odd).merge(&parsed(even).map_values(|even| -even))
    };
    assert_eq!(through(branches, "KSTREAM-BRANCH-0000000001")?, expected(&[("a", 1), ("b", -2), ("a", -4)]));
    let named = through(|s| s.try_map_values_with(|text| number(&text), "parse"), "parse")?;
    assert_eq!(named, all);
    Ok(())
}

#[test]
fn an_end_in_user_code_may_fail() -> Outcome {
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>("in").try_for_each_with(|_, text| number(text).map(drop), "write");
    let (driver, told) = driver(&builder.build()?)?;
    let mut input = driver.input::<String, String>("in");
    input.pipe("a".to_owned(), "1".to_owned())?;
    input.pipe("a".to_owned(), "skip 2".to_owned())?;
    assert!(input.pipe("a".to_owned(), "fail 3".to_owned()).is_err());
    assert_eq!(told.lock().len(), 2);
    Ok(())
}

/// The key may change, so that a grouping repartitions, behind those only that change it.
#[test]
fn marks_are_those_of_the_operators_that_cannot_fail() -> Outcome {
    let topics = |piece: fn(KStream<String, String>) -> KStream<String, i64>| -> Result<bool, BoxError> {
        let builder = StreamsBuilder::new();
        let _ = piece(builder.stream("in")).group_by_key().count();
        Ok(builder.build()?.describe().contains("repartition"))
    };
    assert!(topics(|s| s.try_map(|key, text| Ok((key, number(&text)?))))?);
    assert!(topics(|s| s.try_flat_map(|key, text| Ok([(key, number(&text)?)])))?);
    assert!(topics(|s| s.try_select_key(|key, _| Ok(key.clone())).map_values(|_| 1))?);
    assert!(!topics(|s| s.try_map_values(|text| number(&text)))?);
    assert!(!topics(|s| s.try_flat_map_values(|text| Ok([number(&text)?])))?);
    assert!(!topics(|s| s.try_filter(|_, _| Ok(true)).try_peek(|_, _| Ok(())).map_values(|_| 1))?);
    Ok(())
}

/// Rows of keys, as a table of `table` has them in the end, where `table` stumbles over each value that cannot be read, with and without a cache.
fn rows(table: fn(&KStream<String, String>, Materialized<String, i64>) -> KTable<String, i64>) -> Outcome {
    for caching in [false, true] {
        let builder = StreamsBuilder::new();
        let materialized = Materialized::from("rows");
        let materialized = if caching { materialized } else { materialized.caching_disabled() };
        table(&builder.stream("in"), materialized).to_stream().to("out");
        let (driver, told) = driver(&builder.build()?)?;
        let mut input = driver.input::<String, String>("in");
        // the sum is changed before the failure of "10 skip", and must not stay so
        for (key, value) in [("a", "1"), ("b", "skip"), ("a", "10 skip"), ("a", "5"), ("c", "7"), ("a", "skip"), ("c", "10 skip")] {
            input.pipe(key.to_owned(), value.to_owned())?;
        }
        let changes = driver.output::<String, Option<i64>>("out").read_all()?;
        assert_eq!(changes, [("a", 1), ("a", 6), ("c", 7)].map(|(key, value)| (key.to_owned(), Some(value))), "caching {caching}");
        let rows = driver.key_value_store::<String, i64>("rows").ok_or("no store")?.all()?;
        let rows: BTreeMap<String, i64> = rows.into_iter().map(|(key, value, _)| (key, value)).collect();
        assert_eq!(rows, [("a".to_owned(), 6), ("c".to_owned(), 7)].into());
        assert_eq!(told.lock().len(), 4);
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]), Some(4.0));
        assert!(input.pipe("c".to_owned(), "fail".to_owned()).is_err());
    }
    Ok(())
}

/// Adds the first word before it looks at the second.
fn add(sum: &mut i64, text: &str) -> Result<(), BoxError> {
    let (first, second) = text.split_once(' ').unwrap_or((text, ""));
    *sum += number(first)?;
    if second.is_empty() { Ok(()) } else { Err(second.into()) }
}

#[test]
fn an_aggregate_is_as_it_was_before_the_failure() -> Outcome {
    rows(|stream, materialized| stream.group_by_key().try_aggregate_with(|| 0, |_, text, sum| add(sum, &text), materialized))?;
    rows(|stream, materialized| {
        let f = |_: &String, text: String, slot: &mut Option<i64>| add(slot.get_or_insert(0), &text);
        stream.group_by_key().try_fold_with(f, materialized)
    })
}

/// The closure that combines two values is not asked for the first one.
#[test]
fn a_reduction_is_as_it_was_before_the_failure() -> Outcome {
    let builder = StreamsBuilder::new();
    let combine = |one: String, two: String| if two == "skip" { Err(two.into()) } else { Ok(one + &two) };
    let reduced = builder.stream::<String, String>("in").group_by_key().try_reduce_with(combine, "rows");
    reduced.to_stream().to("out");
    let (driver, told) = driver(&builder.build()?)?;
    let mut input = driver.input::<String, String>("in");
    for value in ["x", "skip", "y"] {
        input.pipe("a".to_owned(), value.to_owned())?;
    }
    let changes = driver.output::<String, Option<String>>("out").read_all()?;
    assert_eq!(changes, ["x", "xy"].map(|value| ("a".to_owned(), Some(value.to_owned()))));
    assert_eq!(told.lock().len(), 1);
    Ok(())
}

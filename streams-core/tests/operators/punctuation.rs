//! Punctuation by both clocks, through the test driver.

use std::time::Duration;
use streams_core::processor::{Context, KeyValueStore, Processor, PunctuationType, Setup, TimerId};
use streams_core::state::Stores;
use streams_core::testing::{MockProcessorContext, TopologyTestDriver};
use streams_core::{BoxError, Headers, Record, StreamsBuilder, Topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const BEGIN: i64 = 1_000_000;

/// Tells of each record and of each punctuation: the name of the timer and the time it was called with.
struct Teller {
    timers: Vec<(&'static str, TimerId)>,
}

fn tell(ctx: &mut Context<'_, String, i64>, name: &str, time: i64) -> Result<(), BoxError> {
    ctx.forward(Record { key: name.to_owned(), value: time, timestamp: time, headers: Headers::new() })
}

impl Processor<String, i64, String, i64> for Teller {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        assert_eq!(ctx.record_metadata().map(|m| m.topic.to_owned()).as_deref(), Some("in"));
        match record.key.as_str() {
            "schedule" => {
                let timer = ctx.schedule(PunctuationType::WallClockTime, Duration::from_millis(u64::try_from(record.value)?))?;
                self.timers.push(("late-comer", timer));
            }
            "cancel" => {
                for (_, timer) in &self.timers {
                    ctx.cancel(*timer);
                }
            }
            _ => tell(ctx, &record.key, record.timestamp)?,
        }
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        assert_eq!(ctx.record_metadata(), None, "a punctuation is of no record");
        let (name, _) = self.timers.iter().find(|(_, id)| *id == timer).ok_or("a timer of somebody else")?;
        tell(ctx, name, time)
    }
}

fn topology(timers: fn(&mut Setup<'_, '_>) -> Vec<(&'static str, TimerId)>) -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream::<String, i64>("in").process((), move |setup, ()| Teller { timers: timers(setup) }).to("out");
    builder.build().expect("the topology is right")
}

fn driver(timers: fn(&mut Setup<'_, '_>) -> Vec<(&'static str, TimerId)>) -> TopologyTestDriver {
    TopologyTestDriver::builder(&topology(timers)).wall_clock(BEGIN).build().expect("the driver is made")
}

fn told(driver: &TopologyTestDriver) -> Vec<(String, i64)> {
    driver.output::<String, i64>("out").read_all().expect("it can be read")
}

fn put(driver: &TopologyTestDriver, key: &str, value: i64, time: i64) {
    driver.input::<String, i64>("in").pipe_at(key.to_owned(), value, time).expect("it is processed");
}

fn says(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(name, time)| ((*name).to_owned(), *time)).collect()
}

/// First with the first record, then each time stream time has passed a multiple of the interval; the record comes first.
#[test]
fn stream_time_punctuates_with_records_only() -> Outcome {
    let mut driver = driver(|setup| vec![("tick", setup.schedule(PunctuationType::StreamTime, Duration::from_millis(10)))]);
    driver.advance_wall_clock(Duration::from_secs(3600))?;
    assert_eq!(told(&driver), []);
    for (time, expected) in [
        (25, &[("r", 25), ("tick", 25)][..]),
        (29, &[("r", 29)]),
        (30, &[("r", 30), ("tick", 30)]),
        // ticks that were missed are not made up for
        (75, &[("r", 75), ("tick", 75)]),
        (79, &[("r", 79)]),
        // a record from the past does not move stream time
        (12, &[("r", 12)]),
        (80, &[("r", 80), ("tick", 80)]),
    ] {
        put(&driver, "r", 0, time);
        assert_eq!(told(&driver), says(expected), "at {time}");
    }
    Ok(())
}

#[test]
fn the_wall_clock_punctuates_without_records() -> Outcome {
    let mut driver = driver(|setup| vec![("tick", setup.schedule(PunctuationType::WallClockTime, Duration::from_millis(10)))]);
    put(&driver, "r", 0, 5_000_000);
    assert_eq!(told(&driver), says(&[("r", 5_000_000)]), "stream time moves it not");
    for (by, expected) in [
        (9, None),
        (1, Some(BEGIN + 10)),
        (9, None),
        (26, Some(BEGIN + 45)),
        (4, None),
        (1, Some(BEGIN + 50)),
        (0, None),
        (10, Some(BEGIN + 60)),
    ] {
        driver.advance_wall_clock(Duration::from_millis(by))?;
        assert_eq!(told(&driver), expected.map(|time| ("tick".to_owned(), time)).into_iter().collect::<Vec<_>>(), "after {by} ms more");
    }
    Ok(())
}

/// KIP-1146.
#[test]
fn a_grid_begins_where_it_is_told() -> Outcome {
    let mut driver = driver(|setup| {
        let wall = |start, setup: &mut Setup<'_, '_>| setup.schedule_at(PunctuationType::WallClockTime, Duration::from_millis(100), start);
        let stream = setup.schedule_at(PunctuationType::StreamTime, Duration::from_millis(10), 33);
        vec![("past", wall(BEGIN - 1_030, setup)), ("ahead", wall(BEGIN + 250, setup)), ("stream", stream)]
    });
    let mut at = 0;
    for (until, expected) in
        [(69, &[][..]), (70, &["past"]), (169, &[]), (170, &["past"]), (250, &["ahead"]), (270, &["past"]), (350, &["ahead"])]
    {
        driver.advance_wall_clock(Duration::from_millis(until - at))?;
        at = until;
        let names: Vec<String> = told(&driver).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{until} ms after the begin");
    }
    for (time, fires) in [(32, false), (33, true), (42, false), (43, true), (64, true), (72, false), (73, true)] {
        put(&driver, "r", 0, time);
        assert_eq!(told(&driver).contains(&("stream".to_owned(), time)), fires, "at {time}");
    }
    Ok(())
}

/// A tick of the moment counts only where the grid begins; what has passed is not made up for.
#[test]
fn a_grid_that_is_asked_for_late_goes_on_with_its_next_tick() -> Outcome {
    struct Late(Vec<TimerId>);
    impl Processor<String, i64, String, i64> for Late {
        fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
            if record.key == "schedule" {
                self.0.push(ctx.schedule_at(PunctuationType::StreamTime, Duration::from_millis(300), record.value)?);
            }
            Ok(())
        }
        fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, timer: TimerId, time: i64) -> Result<(), BoxError> {
            tell(ctx, if timer == self.0[0] { "first" } else { "second" }, time)
        }
    }
    let builder = StreamsBuilder::new();
    builder.stream::<String, i64>("in").process((), |_, ()| Late(Vec::new())).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    for (key, value, time, expected) in [
        ("schedule", 0, 1_000, &[][..]),
        ("r", 0, 1_199, &[]),
        ("r", 0, 1_200, &[("first", 1_200)]),
        // on the grid that begins at 0, and where the second begins
        ("r", 0, 1_500, &[("first", 1_500)]),
        ("schedule", 1_500, 1_500, &[("second", 1_500)]),
        ("schedule", 0, 1_799, &[]),
        ("r", 0, 1_800, &[("first", 1_800), ("second", 1_800), ("second", 1_800)]),
    ] {
        put(&driver, key, value, time);
        let mut told = told(&driver);
        told.sort();
        assert_eq!(told, says(expected), "{key} {value} at {time}");
    }
    Ok(())
}

/// The error names the node, and says what to do.
#[test]
fn intervals_and_starts_that_java_refuses_are_refused() -> Outcome {
    let setups: [(fn(&mut Setup<'_, '_>) -> TimerId, &str); 3] = [
        (
            |setup| setup.schedule(PunctuationType::WallClockTime, Duration::from_micros(999)),
            "every 999µs: the interval must be at least 1 ms",
        ),
        (|setup| setup.schedule_at(PunctuationType::StreamTime, Duration::ZERO, 0), "every 0ns: the interval must be at least 1 ms"),
        (
            |setup| setup.schedule_at(PunctuationType::StreamTime, Duration::from_secs(1), -1),
            "start at -1 ms, before 1970: give a start of 0 or later",
        ),
    ];
    for (wrong, told) in setups {
        let builder = StreamsBuilder::new();
        let teller = move |setup: &mut Setup<'_, '_>, ()| Teller { timers: vec![("tick", wrong(setup))] };
        builder.stream::<String, i64>("in").process_with((), teller, "teller").to("out");
        let error = TopologyTestDriver::new(&builder.build()?).err().ok_or("it must be refused")?.to_string();
        assert!(error.contains("node teller") && error.contains(told), "{error}");
        let mut mock = MockProcessorContext::<String, i64>::new()?;
        let mut processor = mock.setup(|setup| Teller { timers: vec![("tick", wrong(setup))] });
        let error = mock.punctuate_until(&mut processor, PunctuationType::StreamTime, 10).err().ok_or("it must be refused")?.to_string();
        assert!(error.contains("node mock") && error.contains(told), "{error}");
    }
    let driver = driver(|_| Vec::new());
    let error = driver.input::<String, i64>("in").pipe("schedule".to_owned(), 0).err().ok_or("it must be refused")?.to_string();
    assert!(error.contains("KSTREAM-PROCESSOR-0000000001") && error.contains("every 0ns: the interval must be at least 1 ms"), "{error}");
    Ok(())
}

#[test]
fn timers_come_and_go_while_records_are_processed() -> Outcome {
    let mut driver = driver(|setup| vec![("tick", setup.schedule(PunctuationType::WallClockTime, Duration::from_millis(40)))]);
    driver.advance_wall_clock(Duration::from_millis(10))?;
    put(&driver, "schedule", 15, 0);
    driver.advance_wall_clock(Duration::from_millis(15))?;
    assert_eq!(told(&driver), says(&[("late-comer", BEGIN + 25)]));
    // both are due: the one that was due first comes first
    driver.advance_wall_clock(Duration::from_millis(16))?;
    assert_eq!(told(&driver), says(&[("tick", BEGIN + 41), ("late-comer", BEGIN + 41)]));
    put(&driver, "cancel", 0, 0);
    driver.advance_wall_clock(Duration::from_secs(1))?;
    assert_eq!(told(&driver), []);
    Ok(())
}

/// Collects values by key, and hands out the sums when a punctuation comes.
struct Batcher {
    sums: KeyValueStore<String, i64>,
}

impl Processor<String, i64, String, i64> for Batcher {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let sum = self.sums.get(&record.key)?.unwrap_or_default();
        self.sums.put(ctx, &record.key, sum + record.value)
    }

    fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, _: TimerId, time: i64) -> Result<(), BoxError> {
        for (key, sum) in self.sums.all()? {
            self.sums.delete(ctx, &key)?;
            ctx.forward(Record { key, value: sum, timestamp: time, headers: Headers::new() })?;
        }
        Ok(())
    }
}

#[test]
fn a_punctuation_reads_and_changes_stores() -> Outcome {
    let builder = StreamsBuilder::new();
    let sums = builder.add_state_store(Stores::key_value::<String, i64>("sums"));
    let batches = builder.stream::<String, i64>("in").process(sums, |setup, sums| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(1));
        Batcher { sums }
    });
    batches.to("out");
    let mut driver = TopologyTestDriver::builder(&builder.build()?).wall_clock(BEGIN).build()?;
    for (key, value) in [("a", 1), ("b", 10), ("a", 2)] {
        put(&driver, key, value, 0);
    }
    let store = driver.key_value_store::<String, i64>("sums").ok_or("no store")?;
    assert_eq!(store.get(&"a".to_owned())?, Some(3));
    driver.advance_wall_clock(Duration::from_secs(1))?;
    assert_eq!(told(&driver), says(&[("a", 3), ("b", 10)]));
    assert_eq!(store.all()?, []);
    put(&driver, "b", 5, 0);
    driver.advance_wall_clock(Duration::from_secs(1))?;
    assert_eq!(told(&driver), says(&[("b", 5)]));
    Ok(())
}

//! Late records as a stream: those that no window takes, and no others.

use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::testing::TopologyTestDriver;
use streams_core::{
    Deduplicated, JoinWindows, Materialized, SessionWindows, SlidingWindows, StreamsBuilder, TimeWindowedKStream, TimeWindows,
    UnlimitedWindows, Window, WindowKind, Windows,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Windows of 5 ms at every 10 ms.
struct Halves;

impl Windows for Halves {
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
        let start = timestamp / 10 * 10;
        if timestamp < start + 5 {
            found(Window::new(start, start + 5));
        }
    }
    fn size(&self) -> Duration {
        ms(5)
    }
    fn grace(&self) -> Duration {
        ms(7)
    }
}

/// The number of late records, and of all. `exact`: the table is asked, so that a record is either late or in a window; else it may also come just
/// in time for sliding windows, and find none that is open.
fn compare<W>(windows: W, seed: u64, exact: bool) -> Result<(usize, usize), Box<dyn std::error::Error>>
where
    W: WindowKind<Windowed<String, i64> = TimeWindowedKStream<String, i64>>,
{
    let builder = StreamsBuilder::new();
    let windowed = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows);
    // what a window holds: a late record may call for a window of later ones, without being in it
    let add = |_: &String, n, records: &mut String| {
        *records += &format!(" {n} ");
        if n % 11 == 7 { Err(format!("skip {n}").into()) } else { Ok(()) }
    };
    let kept = Materialized::with(String::default_serde(), String::default_serde()).caching_disabled();
    let held = windowed.try_aggregate_with(String::new, add, kept);
    let late = if exact { windowed.late_records_of(&held) } else { windowed.late_records() };
    late.to("late");
    held.to_stream().map(|windowed, records| (windowed.key, records)).to("held");
    let (driver, failures) = crate::fallible::driver(&builder.build()?)?;
    let mut input = driver.input::<String, i64>("in");
    let (mut held, mut late) = (driver.output::<String, Option<String>>("held"), driver.output::<String, i64>("late"));
    let dropped = |reason| driver.metrics().sum("streams_records_dropped_total", &[("reason", reason)]);
    let (mut random, mut now, mut told, mut unheld) = (seed, 0, 0, Some(0.0));
    for n in 0..300 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (step, back) = ((random >> 33) as i64 % 6, (random >> 45) as i64 % 60);
        now += step;
        let time = if step == 0 { (now - back).max(0) } else { now };
        input.pipe_at("key".to_owned(), n, time)?;
        let is_in = |records: &Option<String>| records.as_ref().is_some_and(|records| records.contains(&format!(" {n} ")));
        let failed = std::mem::take(&mut *failures.lock()).len() == 1;
        let (taken, late) = (failed || held.read_all()?.iter().any(|(_, records)| is_in(records)), late.read_records()?);
        if dropped("no_window") == unheld {
            assert!(late.len() <= usize::from(!taken), "record {n} at {time}, stream time {now}: taken and late");
            assert!(!exact || late.len() == usize::from(!taken), "record {n} at {time}, stream time {now}: neither");
        } else {
            assert!(!taken && late.is_empty(), "no window holds it, late or not");
            unheld = dropped("no_window");
        }
        for record in late {
            assert_eq!((record.value, record.timestamp), (n, time));
            told += 1;
        }
    }
    Ok((told, 300))
}

#[test]
fn late_records_are_those_that_no_window_takes() -> Outcome {
    let mut without_neighbours = 0;
    for seed in 0..30 {
        let some = |(told, all): (usize, usize)| told > 0 && told < all / 2;
        assert!(some(compare(TimeWindows::tumbling(ms(10)).no_grace(), seed, true)?));
        assert!(some(compare(TimeWindows::hopping(ms(10), ms(3)).grace(ms(4)), seed, true)?));
        let sliding = SlidingWindows::within(ms(6)).grace(ms(3));
        let (all, few) = (compare(sliding, seed, true)?, compare(sliding, seed, false)?);
        assert!(some(all) && some(few) && all >= few, "{all:?} {few:?}");
        without_neighbours += all.0 - few.0;
        for difference in [0, 1, 20, 300, 2_000].into_iter().filter(|_| seed < 5) {
            compare(SlidingWindows::within(ms(difference)).no_grace(), seed, true)?;
        }
        assert!(some(compare(Halves, seed, true)?));
        assert_eq!(compare(UnlimitedWindows::new(), seed, true)?.0, 0);
    }
    assert!(without_neighbours > 0);
    Ok(())
}

#[test]
fn behind_a_repartition_topic_they_need_a_named_grouping() -> Outcome {
    let windows = TimeWindows::tumbling(ms(10)).no_grace();
    let unnamed = StreamsBuilder::new();
    let windowed = unnamed.stream::<String, String>("in").group_by(|_, value| value.clone()).windowed_by(windows);
    windowed.late_records().to("late");
    let error = unnamed.build().expect_err("it has no name").to_string();
    assert!(error.contains("KSTREAM-LATE-") && error.contains("name the grouping"), "{error}");

    let named = StreamsBuilder::new();
    let grouped = named.stream::<String, String>("in").group_by_with(|_, value| value.clone(), "by-value");
    let windowed = grouped.windowed_by(windows);
    let _counts = windowed.count();
    windowed.late_records_with("too-late").to("late");
    let driver = TopologyTestDriver::new(&named.build()?)?;
    let mut input = driver.input::<String, String>("in");
    for (value, at) in [("x", 5), ("y", 25), ("x", 9)] {
        input.pipe_at("key".to_owned(), value.to_owned(), at)?;
    }
    assert_eq!(driver.output::<String, String>("late").read_all()?, [("x".to_owned(), "x".to_owned())]);
    Ok(())
}

/// Records of one key, in and out of order: their numbers and times.
fn records(seed: u64, most_behind: u64) -> impl Iterator<Item = (i64, i64)> {
    let (mut random, mut now) = (seed, 100);
    (0..300).map(move |n| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (step, back) = ((random >> 33) as i64 % 6, (random >> 45) % most_behind);
        now += step;
        (n, if step == 0 { now - back as i64 } else { now })
    })
}

/// Pipes records and compares those told late with those that the operator counts as late, one by one.
fn told_as_counted(build: impl Fn(&StreamsBuilder), seed: u64) -> Result<usize, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    build(&builder);
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let (mut input, mut late) = (driver.input::<String, i64>("in"), driver.output::<String, i64>("late"));
    let counted = || driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]).unwrap_or(0.0);
    let (mut before, mut told) = (0.0, 0);
    for (n, time) in records(seed, 60) {
        input.pipe_at(["a", "b"][n as usize % 2].to_owned(), n, time)?;
        let (records, now) = (late.read_records()?, counted());
        assert_eq!(records.len() as f64, now - before, "record {n} at {time}");
        assert!(records.iter().all(|record| (record.value, record.timestamp) == (n, time)));
        (before, told) = (now, told + records.len());
    }
    Ok(told)
}

#[test]
fn late_records_of_joins_deduplication_and_sessions_are_those_that_are_counted() -> Outcome {
    let windows = JoinWindows::within(ms(6)).after(ms(2)).grace(ms(9));
    let joined = |b: &StreamsBuilder| {
        let stream = b.stream::<String, i64>("in");
        let _ = stream.left_join_with(&b.stream::<String, i64>("other"), |left, _| *left, windows, "joined");
        stream.late_records(windows).to("late");
    };
    let deduplicated = |b: &StreamsBuilder| {
        let stream = b.stream::<String, i64>("in");
        let _ = stream.deduplicate_by_key_with(ms(8), Deduplicated::from("once").grace(ms(11)));
        stream.late_records_with(ms(11), "too-late").to("late");
    };
    let sessions = |cached: bool| {
        move |b: &StreamsBuilder| {
            let kept = Materialized::from("sessions").node_named("visits");
            let kept = if cached { kept } else { kept.caching_disabled() };
            let visits = b.stream::<String, i64>("in").group_by_key().windowed_by(SessionWindows::with_gap(ms(3)).grace(ms(8)));
            visits.late_records(&visits.count_with(kept)).to("late");
        }
    };
    let sliding = |cached: bool| {
        move |b: &StreamsBuilder| {
            // windows of a single time: a record is late for one, and counted once
            let windowed = b.stream::<String, i64>("in").group_by_key().windowed_by(SlidingWindows::within(ms(0)).grace(ms(8)));
            let kept = if cached { Materialized::default() } else { Materialized::default().caching_disabled() };
            windowed.late_records_of_with(&windowed.count_with(kept), "too-late").to("late");
        }
    };
    let cogrouped = |b: &StreamsBuilder| {
        let input = b.stream::<String, i64>("in").group_by_key();
        let visits = input.cogroup(|_, _, count: &mut u64| *count += 1).windowed_by(SessionWindows::with_gap(ms(3)).grace(ms(8)));
        let counts = visits.aggregate_with(|| 0, |_, one, other| *one += other, Materialized::default().node_named("all"));
        visits.late_records(&input, &counts).to("late");
    };
    for seed in 0..20 {
        let told = [
            told_as_counted(joined, seed)?,
            told_as_counted(deduplicated, seed)?,
            told_as_counted(sessions(false), seed)?,
            told_as_counted(sessions(true), seed)?,
            told_as_counted(sliding(false), seed)?,
            told_as_counted(sliding(true), seed)?,
            told_as_counted(cogrouped, seed)?,
        ];
        assert!(told.iter().all(|told| (5..150).contains(told)), "{told:?}");
    }
    Ok(())
}

#[test]
fn late_records_that_cannot_be_told() {
    let refused = |write: &dyn Fn(&StreamsBuilder), text: &str| {
        let builder = StreamsBuilder::new();
        write(&builder);
        assert_eq!(builder.build().expect_err("it must be refused").to_string(), format!("invalid topology: {text}"));
    };
    let new_key = |b: &StreamsBuilder| b.stream::<String, i64>("in").select_key(|key, _| key.clone()).late_records(ms(1)).to("late");
    refused(
        &new_key,
        "KSTREAM-LATE-0000000002: late records of KSTREAM-KEY-SELECT-0000000001, a stream with a new key, are told behind its repartition topic: \
         call `repartition()` on it, and let the operator read that stream too",
    );
    let sessions =
        |b: &StreamsBuilder| b.stream::<String, i64>("in").group_by_key().windowed_by(SessionWindows::with_gap(ms(3)).no_grace());
    let filtered = |b: &StreamsBuilder| {
        let visits = sessions(b);
        visits.late_records(&visits.count().filter(|_, _| true)).to("late");
    };
    refused(
        &filtered,
        "KSTREAM-LATE-0000000004: late records of sessions are told by the table that aggregates them, and KTABLE-FILTER-0000000003 is none of \
         this builder: give the result of `count`, `reduce` or `aggregate`",
    );
    let of_sessions = |b: &StreamsBuilder| {
        let windowed = b.stream::<String, i64>("in").group_by_key().windowed_by(SlidingWindows::within(ms(3)).no_grace());
        windowed.late_records_of(&sessions(b).count()).to("late");
    };
    refused(
        &of_sessions,
        "KSTREAM-LATE-0000000004: late records of sliding windows are told by the table that aggregates them, and KSTREAM-AGGREGATE-0000000003 is \
         none of this builder: give the result of `count`, `reduce` or `aggregate`",
    );
    let other_input = |b: &StreamsBuilder| {
        let (one, other) = (b.stream::<String, i64>("in").group_by_key(), b.stream::<String, i64>("other").group_by_key());
        let both = one.cogroup(|_, _, count: &mut u64| *count += 1).windowed_by(TimeWindows::tumbling(ms(10)).no_grace());
        both.late_records(&other).to("late");
    };
    refused(
        &other_input,
        "late records of the grouping of KSTREAM-SOURCE-0000000001 are asked for, which is not cogrouped here: give one of the inputs",
    );
}

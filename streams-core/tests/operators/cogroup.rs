//! Cogroups record by record, compared with a model of plain maps: three inputs that do not keep step, as a whole and by window.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{CogroupedKStream, KGroupedStream, KTable, SessionWindows, SlidingWindows, StreamsBuilder, TimeWindows, Windowed};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const INPUTS: [&str; 3] = ["first", "second", "third"];

fn grouped(builder: &StreamsBuilder, topic: &str) -> KGroupedStream<String, i64> {
    builder.stream::<String, i64>(topic).group_by_key()
}

/// Each input changes the aggregate in its own way.
fn apply(input: usize, value: i64, aggregate: &mut i64) {
    *aggregate = match input {
        0 => *aggregate + value,
        1 => *aggregate * 3 % 1_000 - value,
        _ => value.max(*aggregate % 7),
    };
}

fn cogrouped(builder: &StreamsBuilder) -> CogroupedKStream<String, i64> {
    let [first, second, third] = INPUTS.map(|topic| grouped(builder, topic));
    let two = first.cogroup(|_, value, a| apply(0, value, a)).cogroup(&second, |_, value, a| apply(1, value, a));
    two.cogroup(&third, |_, value, a| apply(2, value, a))
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % n
    }

    /// Input, key and value.
    fn record(&mut self) -> (usize, String, i64) {
        (self.below(3) as usize, ["a", "b", "c"][self.below(3) as usize].to_owned(), self.below(100))
    }
}

#[test]
fn every_input_changes_the_one_aggregate_of_its_key() -> Outcome {
    for seed in 1..200 {
        let builder = StreamsBuilder::new();
        cogrouped(&builder).aggregate(|| 5).to_stream().to("out");
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut random, mut model) = (Random(seed), BTreeMap::<String, (i64, i64)>::new());
        for _ in 0..40 {
            let (input, key, value) = random.record();
            let time = random.below(1_000);
            driver.input::<String, i64>(INPUTS[input]).pipe_at(key.clone(), value, time)?;
            let row = model.entry(key.clone()).or_insert((5, -1));
            apply(input, value, &mut row.0);
            row.1 = row.1.max(time);
            let found = driver.output::<String, Option<i64>>("out").read_record()?.ok_or("nothing came out")?;
            assert_eq!((found.key, found.value, found.timestamp), (key, Some(row.0), row.1), "seed {seed}");
        }
    }
    Ok(())
}

/// Size, advance, grace and retention in milliseconds.
const SHAPES: [(i64, i64, i64, i64); 4] = [(10, 10, 0, 10), (10, 5, 8, 18), (10, 3, 4, 200), (7, 1, 0, 7)];

#[test]
fn windows_are_late_by_the_time_of_their_input_and_gone_by_that_of_the_store() -> Outcome {
    let mut all_late = 0;
    for (seed, shape) in (1..40).flat_map(|seed| SHAPES.map(|shape| (seed, shape))) {
        let (size, advance, grace, retention) = shape;
        let ms = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        let builder = StreamsBuilder::new();
        let windowed = cogrouped(&builder).windowed_by(TimeWindows::hopping(ms(size), ms(advance)).grace(ms(grace)));
        let kept = streams_core::Materialized::from("kept").retention(ms(retention));
        let changes = windowed.aggregate_with(|| 5, kept).to_stream();
        changes.select_key(|windowed, _| format!("{}@{}", windowed.key, windowed.window.start)).to("out");
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut random, mut now, mut stream_times, mut newest) = (Random(seed), 0, [-1; 3], -1_i64);
        let (mut model, mut late) = (BTreeMap::<String, i64>::new(), 0);
        for _ in 0..60 {
            let (input, key, value) = random.record();
            now += if random.below(15) == 0 { 40 } else { random.below(4) };
            let time = (now - random.below(30)).max(0);
            driver.input::<String, i64>(INPUTS[input]).pipe_at(key.clone(), value, time)?;
            stream_times[input] = time.max(stream_times[input]);
            let mut expected = BTreeMap::new();
            for start in (0..=time).filter(|start| start % advance == 0 && start + size > time) {
                if start + size <= stream_times[input] - grace || start <= newest - retention {
                    late += 1;
                    continue;
                }
                newest = newest.max(start);
                let row = model.entry(format!("{key}@{start}")).or_insert(5);
                apply(input, value, row);
                expected.insert(format!("{key}@{start}"), Some(*row));
            }
            let found: BTreeMap<_, _> = driver.output::<String, Option<i64>>("out").read_all()?.into_iter().collect();
            assert_eq!(found, expected, "seed {seed}, shape {shape:?}, input {input}, {key} at {time}");
        }
        let counted = driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]);
        assert_eq!(counted.unwrap_or_default(), f64::from(late), "seed {seed}, shape {shape:?}");
        all_late += late;
    }
    assert!(all_late > 500, "{all_late}");
    Ok(())
}

/// The records of each key: time and what they add.
type Met = BTreeMap<String, Vec<(i64, i64)>>;

/// What a record adds to the aggregate: the inputs can be told apart in the sum.
fn weight(input: usize, value: i64) -> i64 {
    value * [1, 1_000, 1_000_000][input]
}

/// Pipes random records, none of them late, and compares the table that they make with `expected`: sums by window.
fn sums(
    make: impl Fn(CogroupedKStream<String, i64>) -> KTable<Windowed<String>, i64>,
    expected: impl Fn(&[(i64, i64)]) -> BTreeMap<(i64, i64), i64>,
) -> Outcome {
    for seed in 1..100 {
        let builder = StreamsBuilder::new();
        let [first, second, third] = INPUTS.map(|topic| grouped(&builder, topic));
        let two =
            first.cogroup(|_, value, sum: &mut i64| *sum += weight(0, value)).cogroup(&second, |_, value, sum| *sum += weight(1, value));
        let table = make(two.cogroup(&third, |_, value, sum| *sum += weight(2, value)));
        table.to_stream().map(|windowed, sum| (windowed.to_string(), sum)).to("out");
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut random, mut met) = (Random(seed), Met::new());
        for _ in 0..40 {
            let (input, key, value) = random.record();
            let time = 1_000 + random.below(150);
            driver.input::<String, i64>(INPUTS[input]).pipe_at(key.clone(), value, time)?;
            met.entry(key).or_default().push((time, weight(input, value)));
        }
        let mut model = BTreeMap::new();
        for (key, records) in &met {
            model.extend(expected(records).into_iter().map(|((start, end), sum)| (format!("[{key}@{start}/{end}]"), sum)));
        }
        let found = driver.output::<String, Option<i64>>("out").read_map()?.into_iter();
        let found: BTreeMap<String, i64> = found.filter_map(|(window, sum)| Some((window, sum?))).collect();
        assert_eq!(found, model, "seed {seed}");
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[]).unwrap_or_default(), 0.0);
    }
    Ok(())
}

#[test]
fn sessions_go_on_with_the_records_of_every_input() -> Outcome {
    const GAP: i64 = 4;
    let windows = SessionWindows::with_gap(Duration::from_millis(4)).grace(Duration::from_secs(1));
    let make = |cogrouped: CogroupedKStream<String, i64>| cogrouped.windowed_by(windows).aggregate(|| 0, |_, one, other| *one += other);
    sums(make, |records| {
        let mut records = records.to_vec();
        records.sort_unstable();
        let mut sessions: Vec<((i64, i64), i64)> = Vec::new();
        for (time, sum) in records {
            match sessions.last_mut() {
                Some(((_, end), all)) if time - *end <= GAP => (*end, *all) = (time, *all + sum),
                _ => sessions.push(((time, time), sum)),
            }
        }
        sessions.into_iter().collect()
    })
}

#[test]
fn windows_slide_with_the_records_of_every_input() -> Outcome {
    const DIFFERENCE: i64 = 9;
    let windows = SlidingWindows::within(Duration::from_millis(9)).grace(Duration::from_secs(1));
    sums(
        |cogrouped| cogrouped.windowed_by(windows).aggregate(|| 0),
        |records| {
            let ends_or_begins = records.iter().flat_map(|(time, _)| [time - DIFFERENCE, time + 1]);
            let within = |start: i64| records.iter().filter(move |(time, _)| (start..=start + DIFFERENCE).contains(time));
            let with_records = ends_or_begins.filter(|&start| within(start).next().is_some());
            with_records.map(|start| ((start, start + DIFFERENCE), within(start).map(|(_, sum)| sum).sum())).collect()
        },
    )
}

#[test]
fn a_grouping_cogrouped_with_itself_or_with_a_stream_of_another_builder_is_refused() {
    let refused = |write: fn(&StreamsBuilder, &StreamsBuilder), part: &str| {
        let (builder, other) = (StreamsBuilder::new(), StreamsBuilder::new());
        write(&builder, &other);
        let error = builder.build().expect_err("it must be refused").to_string();
        assert!(error.contains(part), "no {part:?} in: {error}");
    };
    let itself = |b: &StreamsBuilder, _: &StreamsBuilder| {
        let first = grouped(b, "first");
        let _table = first.cogroup(|_, value, a: &mut i64| *a += value).cogroup(&first.clone(), |_, _, a| *a += 1).aggregate(|| 0);
    };
    refused(itself, "the grouping of KSTREAM-SOURCE-0000000000 is cogrouped with itself");
    let foreign = |b: &StreamsBuilder, other: &StreamsBuilder| {
        let first = grouped(b, "first").cogroup(|_, value, a: &mut i64| *a += value);
        let _table = first.cogroup(&grouped(other, "second"), |_, _, a| *a += 1).aggregate(|| 0);
    };
    refused(foreign, "is cogrouped with a stream of another builder");
    let no_window = |b: &StreamsBuilder, _: &StreamsBuilder| {
        let windows = TimeWindows::tumbling(Duration::ZERO).no_grace();
        let _table = grouped(b, "first").cogroup(|_, _, a: &mut i64| *a += 1).windowed_by(windows).aggregate(|| 0);
    };
    refused(no_window, "the size must be at least 1 ms");
}

//! Sliding windows and final results, record by record, compared with models that look at all records there ever were.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{EmitStrategy, KTable, Materialized, SlidingWindows, StreamsBuilder, TimeWindowedKStream, TimeWindows, Windowed};

type Outcome = Result<(), Box<dyn std::error::Error>>;
/// Value and time by window start and key: the order in which results are told.
type Rows = BTreeMap<(i64, String), (i64, i64)>;
/// The same as they came.
type Told = Vec<((i64, String), (i64, i64))>;

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

/// A value that tells the order of the records in it.
fn fold(sum: i64, value: i64) -> i64 {
    sum.wrapping_mul(31).wrapping_add(value) % 1_000_003
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % below
    }
}

/// A record: key, value, time.
type Record = (String, i64, i64);

/// Records of three keys. They come in order, late within the grace, or so late that no window takes them any more.
fn records(random: &mut Random, count: usize, difference: i64, grace: i64) -> Vec<Record> {
    let (mut now, mut seen) = (random.next(2) * 3 * difference, -1);
    let record = |_| {
        now += match random.next(12) {
            0 => (difference + random.next(3) - 1).max(0),
            1 => 10 * (difference + grace),
            _ => random.next(4),
        };
        let late = match random.next(8) {
            _ if seen < 0 => now,
            0 | 1 => (seen - random.next(grace + 1)).max(0),
            2 => seen - grace - difference - 1 - random.next(5),
            _ => now,
        };
        let time = if late < 0 { now } else { late };
        seen = seen.max(time);
        (["a", "b", "c"][random.next(3) as usize].to_owned(), random.next(1_000), time)
    };
    (0..count).map(record).collect()
}

/// What the definition says of sliding windows: one ends with each record, one begins behind each record that has others after it, and each
/// holds what lies within it, in the order in which it came. Those that would begin before 0 are one.
fn sliding(history: &[Record], difference: i64) -> Rows {
    let mut rows = Rows::new();
    for (key, _, time) in history {
        for start in [(time - difference).max(0), time + 1] {
            let within = |r: &&Record| r.0 == *key && (start..=start + difference).contains(&r.2);
            let held: Vec<&Record> = history.iter().filter(within).collect();
            if let Some(newest) = held.iter().map(|r| r.2).max() {
                rows.insert((start, key.clone()), (held.iter().fold(7, |sum, r| fold(sum, r.1)), newest));
            }
        }
    }
    rows
}

/// The same of time windows.
fn tumbling(history: &[Record], size: i64) -> Rows {
    let mut rows = Rows::new();
    for (key, value, time) in history {
        let row = rows.entry((time / size * size, key.clone())).or_insert((7, 0));
        *row = (fold(row.0, *value), row.1.max(*time));
    }
    rows
}

fn aggregate(windowed: &TimeWindowedKStream<String, i64>, kept: Materialized<String, i64>) -> KTable<Windowed<String>, i64> {
    windowed.aggregate_with(|| 7, |_, value, sum| *sum = fold(*sum, value), kept)
}

fn driver(
    windowed: impl FnOnce(&StreamsBuilder) -> KTable<Windowed<String>, i64>,
) -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    let told = windowed(&builder).to_stream();
    told.select_key(|windowed, _| format!("{}@{}", windowed.key, windowed.window.start)).to("out");
    Ok(TopologyTestDriver::new(&builder.build()?)?)
}

/// What came out: window start and key, value, time.
fn told(driver: &TopologyTestDriver) -> Result<Told, Box<dyn std::error::Error>> {
    let mut all = Told::new();
    for record in driver.output::<String, Option<i64>>("out").read_records()? {
        let (key, start) = record.key.split_once('@').ok_or("no start")?;
        all.push(((start.parse()?, key.to_owned()), (record.value.ok_or("a deletion")?, record.timestamp)));
    }
    Ok(all)
}

/// Difference and grace in milliseconds.
const SHAPES: [(i64, i64); 8] = [(10, 0), (10, 4), (10, 30), (1, 3), (2, 0), (3, 100), (0, 5), (25, 7)];

#[test]
fn every_sliding_window_holds_what_lies_within_it() -> Outcome {
    for seed in 0..320 {
        let (difference, grace) = SHAPES[seed as usize % SHAPES.len()];
        let windows = SlidingWindows::within(ms(difference)).grace(ms(grace));
        let kept = Materialized::default();
        let kept = if seed % 2 == 0 { kept } else { kept.caching_disabled() };
        let driver = driver(|b| aggregate(&b.stream::<String, i64>("in").group_by_key().windowed_by(windows), kept))?;
        let mut input = driver.input::<String, i64>("in");
        let (mut history, mut rows, mut now, mut late) = (Vec::new(), Rows::new(), 0, 0);
        for (n, (key, value, time)) in records(&mut Random(seed), 60, difference, grace).into_iter().enumerate() {
            now = now.max(time);
            input.pipe_at(key.clone(), value, time)?;
            if time + difference < now - grace {
                late += 1;
            } else {
                history.push((key, value, time));
            }
            rows.extend(told(&driver)?);
            assert_eq!(rows, sliding(&history, difference), "seed {seed}, record {n}: {:?}, stream time {now}", history.last());
        }
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]), Some(f64::from(late)), "seed {seed}");
    }
    Ok(())
}

/// The row that tells of the predecessor is 2 ms older than what readers still see.
#[test]
fn the_latest_record_that_is_taken_opens_the_window_behind_its_predecessor() -> Outcome {
    for caching in [true, false] {
        let kept = Materialized::from("rows");
        let kept = if caching { kept } else { kept.caching_disabled() };
        let windows = SlidingWindows::within(ms(10)).grace(ms(5));
        let driver = driver(|b| aggregate(&b.stream::<String, i64>("in").group_by_key().windowed_by(windows), kept))?;
        let mut input = driver.input::<String, i64>("in");
        input.pipe_at("a".into(), 1, 1_000)?;
        // two of one key a millisecond apart: the store has a window that begins at stream time
        input.pipe_at("b".into(), 1, 1_015)?;
        input.pipe_at("b".into(), 1, 1_016)?;
        told(&driver)?;
        assert_eq!(driver.window_store::<String, i64>("rows").ok_or("no store")?.fetch(&"a".to_owned(), 990)?, None, "readers see it");
        input.pipe_at("a".into(), 1, 1_001)?;
        assert_eq!(told(&driver)?, [((1_001, "a".to_owned()), (fold(7, 1), 1_001))], "caching: {caching}");
    }
    Ok(())
}

/// Feeds records and compares what is told after each with the windows that have ended by then, in order, each once. How many there were.
fn compare_finals(
    seed: u64,
    driver: &TopologyTestDriver,
    (size, grace): (i64, i64),
    is_late: impl Fn(i64, i64) -> bool,
    has_ended: impl Fn(i64, i64) -> bool,
    rows: impl Fn(&[Record]) -> Rows,
) -> Result<usize, Box<dyn std::error::Error>> {
    let mut input = driver.input::<String, i64>("in");
    let (mut history, mut all, mut now, mut last) = (Vec::new(), Rows::new(), 0, None);
    for (n, (key, value, time)) in records(&mut Random(seed), 60, size, grace).into_iter().enumerate() {
        // away from the first windows, at which Java does not look when the earliest records come
        let time = time + 1_000;
        now = now.max(time);
        let closed = now - grace;
        let ended = rows(&history).into_iter().filter(|((start, _), _)| has_ended(*start, closed));
        let expected: Vec<_> = ended.filter(|(window, _)| !all.contains_key(window)).collect();
        input.pipe_at(key.clone(), value, time)?;
        if !is_late(time, closed) {
            history.push((key, value, time));
        }
        let found = told(driver)?;
        assert_eq!(found, expected, "seed {seed}, record {n} at {time}, stream time {now}");
        for (window, row) in found {
            assert!(last.is_none_or(|last| last <= window.0), "windows are told in their order");
            last = Some(window.0);
            all.insert(window, row);
        }
    }
    Ok(all.len())
}

/// Also those that a jump in time closes, whatever the retention.
#[test]
fn every_time_window_is_told_once_when_it_ends() -> Outcome {
    let mut all = 0;
    for seed in 0..160 {
        let (size, grace) = [(10, 0), (10, 4), (10, 30), (3, 100)][seed as usize % 4];
        let windows = TimeWindows::tumbling(ms(size)).grace(ms(grace));
        let kept = Materialized::default();
        let kept = if seed % 3 == 0 { kept.caching_disabled() } else { kept };
        let driver = driver(|b| {
            let windowed = b.stream::<String, i64>("in").group_by_key().windowed_by(windows);
            aggregate(&windowed.emit_strategy(EmitStrategy::on_window_close()), kept)
        })?;
        let end = |start: i64| start + size;
        all += compare_finals(
            seed,
            &driver,
            (size, grace),
            |time, closed| end(time / size * size) <= closed,
            |start, closed| end(start) <= closed,
            |history| tumbling(history, size),
        )?;
    }
    assert!(all > 1_600, "{all} windows were told");
    Ok(())
}

#[test]
fn every_sliding_window_is_told_once_when_it_has_ended() -> Outcome {
    let mut all = 0;
    for seed in 0..160 {
        let (difference, grace) = SHAPES[seed as usize % SHAPES.len()];
        let windows = SlidingWindows::within(ms(difference)).grace(ms(grace));
        let kept = Materialized::default().retention(ms(2 * difference + grace + 2));
        let driver = driver(|b| {
            let windowed = b.stream::<String, i64>("in").group_by_key().windowed_by(windows);
            aggregate(&windowed.emit_strategy(EmitStrategy::on_window_close()), kept)
        })?;
        all += compare_finals(
            seed,
            &driver,
            (difference, grace),
            |time, closed| time + difference < closed,
            |start, closed| start + difference < closed,
            |history| sliding(history, difference),
        )?;
    }
    assert!(all > 1_600, "{all} windows were told");
    Ok(())
}

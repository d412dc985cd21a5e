//! Windowed aggregations record by record, compared with a model that walks over all windows there can be.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{StreamsBuilder, TimeWindowedKStream, TimeWindows};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A change of a window: key, start, value, time.
type Update = (String, i64, i64, i64);

/// Size, advance and grace in milliseconds: tumbling, hopping, advances that do not divide the size, no grace, much grace.
const SHAPES: [(i64, i64, i64); 8] = [(10, 10, 0), (10, 10, 7), (10, 5, 0), (10, 5, 12), (10, 3, 0), (10, 3, 4), (7, 1, 0), (10, 4, 1_000)];

fn windows((size, advance, grace): (i64, i64, i64)) -> TimeWindows {
    let ms = |ms: i64| Duration::from_millis(ms.unsigned_abs());
    TimeWindows::hopping(ms(size), ms(advance)).grace(ms(grace))
}

/// Records of three keys whose times go forth, sometimes far, and back.
pub fn records(seed: u64, count: usize) -> Vec<(String, i64, i64)> {
    let mut random = seed;
    let mut next = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    };
    let mut now = 0;
    let record = |_| {
        now += if next(20) == 0 { 40 } else { next(4) };
        (["a", "b", "c"][next(3) as usize].to_owned(), next(1_000), (now - next(25)).max(0))
    };
    (0..count).map(record).collect()
}

/// What the definition says of windows: a record is in every window that holds its time, and too late for one whose end is not after stream
/// time less grace.
#[derive(Default)]
struct Model {
    stream_time: i64,
    rows: BTreeMap<(String, i64), (i64, i64)>,
    late: usize,
}

impl Model {
    fn put(&mut self, shape: (i64, i64, i64), key: &str, value: i64, time: i64, fold: fn(Option<i64>, i64) -> i64) -> Vec<Update> {
        let (size, advance, grace) = shape;
        self.stream_time = self.stream_time.max(time);
        let mut updates = Vec::new();
        for start in (0..=time).filter(|start| start % advance == 0 && start + size > time) {
            if start + size <= self.stream_time - grace {
                self.late += 1;
                continue;
            }
            let row = self.rows.get(&(key.to_owned(), start)).copied();
            let new = (fold(row.map(|(value, _)| value), value), row.map_or(time, |(_, at)| at.max(time)));
            self.rows.insert((key.to_owned(), start), new);
            updates.push((key.to_owned(), start, new.0, new.1));
        }
        updates
    }
}

/// Runs records through `aggregate` and through the model, and compares after each of them.
fn compare(aggregate: fn(TimeWindowedKStream<String, i64>), fold: fn(Option<i64>, i64) -> i64) -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES) {
        let builder = StreamsBuilder::new();
        aggregate(builder.stream::<String, i64>("in").group_by_key().windowed_by(windows(shape)));
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<i64>>("out"));
        let (mut model, mut seen) = (Model::default(), 0);
        for (n, (key, value, time)) in records(seed, 600).into_iter().enumerate() {
            let mut expected = model.put(shape, &key, value, time, fold);
            input.pipe_at(key.clone(), value, time)?;
            let mut found = Vec::new();
            for record in output.read_records()? {
                let (key, start) = record.key.split_once('@').ok_or("no start")?;
                found.push((key.to_owned(), start.parse()?, record.value.ok_or("a deletion")?, record.timestamp));
            }
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "record {n} of shape {shape:?}: {key}, {value} at {time}, stream time {}", model.stream_time);
            seen += found.len();
        }
        assert!(seen > 300, "{seen} updates of shape {shape:?}");
        assert_eq!(shape.2 < 1_000, model.late > 0, "late records of shape {shape:?}: {}", model.late);
        let late = driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]);
        assert_eq!(late, Some(model.late as f64), "shape {shape:?}");
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[]), late, "nothing else is dropped");
    }
    Ok(())
}

#[test]
fn every_window_counts_the_records_that_come_in_time() -> Outcome {
    compare(
        |windowed| {
            let counts = windowed.count().to_stream();
            counts.map(|windowed, count| (format!("{}@{}", windowed.key, windowed.window.start), count.map(|n| n as i64))).to("out");
        },
        |count, _| count.unwrap_or(0) + 1,
    )
}

/// The order of the two values is the order of the records.
#[test]
fn every_window_reduces_its_records_in_the_order_in_which_they_come() -> Outcome {
    compare(
        |windowed| {
            let reduced = windowed.reduce(|sum, value| sum.wrapping_mul(31).wrapping_add(value)).to_stream();
            reduced.select_key(|windowed, _| format!("{}@{}", windowed.key, windowed.window.start)).to("out");
        },
        |sum, value| sum.map_or(value, |sum| sum.wrapping_mul(31).wrapping_add(value)),
    )
}

#[test]
fn every_window_keeps_its_own_aggregate() -> Outcome {
    compare(
        |windowed| {
            let kept = windowed.aggregate(|| 7_i64, |_, value, total| *total = total.wrapping_mul(3) - value).to_stream();
            kept.select_key(|windowed, _| format!("{}@{}", windowed.key, windowed.window.start)).to("out");
        },
        |total, value| total.unwrap_or(7).wrapping_mul(3) - value,
    )
}

/// The end of a window is `start + size`, and is not in it.
#[test]
fn a_window_closes_when_stream_time_reaches_its_end_and_grace() -> Outcome {
    let builder = StreamsBuilder::new();
    let _ = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows((10, 10, 5))).count_with("counts");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, i64>("in");
    let late = || driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]);
    let count = |start| driver.window_store::<String, u64>("counts").expect("the store has a name").fetch(&"a".to_owned(), start);
    input.pipe_at("a".into(), 0, 9)?;
    input.pipe_at("other".into(), 0, 14)?;
    input.pipe_at("a".into(), 0, 0)?;
    assert_eq!((count(0)?, count(10)?, late()), (Some(2), None, Some(0.0)));
    // the time of another key's record counts too
    input.pipe_at("other".into(), 0, 15)?;
    input.pipe_at("a".into(), 0, 9)?;
    input.pipe_at("a".into(), 0, 10)?;
    assert_eq!((count(0)?, count(10)?, late()), (Some(2), Some(1), Some(1.0)));
    Ok(())
}

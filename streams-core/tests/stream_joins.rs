//! The windowed join of two streams record by record, compared with a model that looks at all pairs.

use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{JoinWindows, StreamsBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How much older and younger the right record may be, and grace, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Shape {
    before: i64,
    after: i64,
    grace: i64,
}

impl Shape {
    fn windows(self) -> JoinWindows {
        let ms = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        JoinWindows::within(ms(self.before)).after(ms(self.after)).grace(ms(self.grace))
    }

    /// How far behind the newest record of its side a record may be.
    fn retention(self) -> i64 {
        self.before + self.after + self.grace
    }
}

#[derive(Clone, Debug)]
struct Record {
    left: bool,
    key: &'static str,
    value: i64,
    time: i64,
}

fn records(seed: u64, count: i64, disorder: i64) -> Vec<Record> {
    let mut random = seed;
    let mut next = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    };
    let mut now = 0;
    let record = |value| {
        now += if next(25) == 0 { 30 } else { next(4) };
        Record { left: next(2) == 0, key: ["a", "b"][next(2) as usize], value, time: (now - next(disorder)).max(0) }
    };
    (0..count).map(record).collect()
}

/// The records of a side that are kept, and the newest time among them.
#[derive(Default)]
struct Side {
    rows: Vec<Record>,
    stream_time: Option<i64>,
}

impl Side {
    fn keeps(&self, time: i64, retention: i64) -> bool {
        self.stream_time.is_none_or(|newest| time > newest - retention)
    }
}

#[derive(Default)]
struct Model {
    left: Side,
    right: Side,
    late: usize,
}

impl Model {
    /// The pairs that a record makes with what came before it, and their times.
    fn put(&mut self, shape: Shape, record: &Record) -> Vec<(String, i64, i64)> {
        let (own, other) = if record.left { (&mut self.left, &self.right) } else { (&mut self.right, &self.left) };
        if own.keeps(record.time, shape.retention()) {
            own.rows.push(record.clone());
            own.stream_time = own.stream_time.max(Some(record.time));
        } else {
            self.late += 1;
        }
        let meets = |found: &&Record| {
            let right_minus_left = if record.left { found.time - record.time } else { record.time - found.time };
            found.key == record.key
                && (-shape.before..=shape.after).contains(&right_minus_left)
                && other.keeps(found.time, shape.retention())
        };
        let pair = |found: &Record| {
            let (left, right) = if record.left { (record, found) } else { (found, record) };
            (record.key.to_owned(), left.value * 10_000 + right.value, left.time.max(right.time))
        };
        other.rows.iter().filter(meets).map(pair).collect()
    }
}

fn driver(shape: Shape) -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    left.join(&right, |left, right| left * 10_000 + right, shape.windows()).to("out");
    Ok(TopologyTestDriver::new(&builder.build()?)?)
}

fn pipe(driver: &TopologyTestDriver, record: &Record) -> streams_core::Result<()> {
    let topic = if record.left { "left" } else { "right" };
    driver.input::<String, i64>(topic).pipe_at(record.key.to_owned(), record.value, record.time)
}

fn read(driver: &TopologyTestDriver) -> streams_core::Result<Vec<(String, i64, i64)>> {
    let records = driver.output::<String, i64>("out").read_records()?;
    Ok(records.into_iter().map(|record| (record.key, record.value, record.timestamp)).collect())
}

const SHAPES: [Shape; 6] = [
    Shape { before: 5, after: 5, grace: 0 },
    Shape { before: 5, after: 5, grace: 8 },
    Shape { before: 0, after: 9, grace: 0 },
    Shape { before: 9, after: 0, grace: 3 },
    Shape { before: 3, after: 12, grace: 5 },
    Shape { before: 1, after: 1, grace: 30 },
];

#[test]
fn each_pair_within_the_window_and_the_retention_is_joined_once() -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES) {
        let (driver, mut model, mut joined) = (driver(shape)?, Model::default(), 0);
        for (n, record) in records(seed, 800, 30).iter().enumerate() {
            let mut expected = model.put(shape, record);
            pipe(&driver, record)?;
            let mut found = read(&driver)?;
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "record {n} of {shape:?}: {record:?}");
            joined += found.len();
        }
        assert!(joined > 100, "{joined} pairs of {shape:?}");
        assert!(model.late > 0 || shape.grace == 30, "{shape:?}");
        let dropped = |labels: &[(&str, &str)]| driver.metrics().sum("streams_records_dropped_total", labels);
        assert_eq!(dropped(&[("reason", "late")]), Some(model.late as f64), "records too late to be kept, {shape:?}");
        assert_eq!(dropped(&[]), dropped(&[("reason", "late")]), "nothing else is dropped");
    }
    Ok(())
}

/// With grace enough the window alone decides, whatever the order in which the records come.
#[test]
fn with_grace_enough_the_order_of_the_records_does_not_matter() -> Outcome {
    let shape = Shape { before: 4, after: 7, grace: 1_000_000 };
    let records = records(99, 400, 60);
    let all_pairs = {
        let meet = |l: &Record, r: &Record| l.key == r.key && (-shape.before..=shape.after).contains(&(r.time - l.time));
        let pair = |l: &Record, r: &Record| (l.key.to_owned(), l.value * 10_000 + r.value, l.time.max(r.time));
        let rights = || records.iter().filter(|r| !r.left);
        let lefts = records.iter().filter(|l| l.left);
        let mut pairs: Vec<_> = lefts.flat_map(|l| rights().filter(|r| meet(l, r)).map(|r| pair(l, r))).collect();
        pairs.sort();
        pairs
    };
    assert!(all_pairs.len() > 300, "{}", all_pairs.len());
    let mut backwards = records.clone();
    backwards.reverse();
    let mut lefts_first = records.clone();
    lefts_first.sort_by_key(|record| !record.left);
    for order in [records, backwards, lefts_first] {
        let driver = driver(shape)?;
        order.iter().try_for_each(|record| pipe(&driver, record))?;
        let mut found = read(&driver)?;
        found.sort();
        assert_eq!(found, all_pairs);
    }
    Ok(())
}

#[test]
fn both_ends_of_the_window_are_in_it() -> Outcome {
    let driver = driver(Shape { before: 5, after: 3, grace: 0 })?;
    pipe(&driver, &Record { left: true, key: "a", value: 1, time: 100 })?;
    for (value, time) in [(1, 94), (2, 95), (3, 103), (4, 104)] {
        pipe(&driver, &Record { left: false, key: "a", value, time })?;
    }
    assert_eq!(read(&driver)?, [("a".to_owned(), 10_002, 100), ("a".to_owned(), 10_003, 103)]);
    Ok(())
}

//! The windowed joins of two streams record by record, compared with models that look at all pairs.

mod inner;
mod itself;
mod outer;

use std::time::Duration;
use streams_core::JoinWindows;
use streams_core::testing::TopologyTestDriver;

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

const SHAPES: [Shape; 6] = [
    Shape { before: 5, after: 5, grace: 0 },
    Shape { before: 5, after: 5, grace: 8 },
    Shape { before: 0, after: 9, grace: 0 },
    Shape { before: 9, after: 0, grace: 3 },
    Shape { before: 3, after: 12, grace: 5 },
    Shape { before: 1, after: 1, grace: 30 },
];

/// The pairs that each record makes with what came before it.
#[derive(Default)]
struct Model {
    left: Side,
    right: Side,
    late: usize,
}

impl Model {
    /// Left and right value of the pairs that a record makes with what came before it, and their times.
    fn put(&mut self, shape: Shape, record: &Record) -> Vec<(i64, i64, i64)> {
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
            (left.value, right.value, left.time.max(right.time))
        };
        other.rows.iter().filter(meets).map(pair).collect()
    }
}

fn pipe(driver: &TopologyTestDriver, record: &Record) -> streams_core::Result<()> {
    let topic = if record.left { "left" } else { "right" };
    driver.input::<String, i64>(topic).pipe_at(record.key.to_owned(), record.value, record.time)
}

fn read(driver: &TopologyTestDriver) -> streams_core::Result<Vec<(String, i64, i64)>> {
    let records = driver.output::<String, i64>("out").read_records()?;
    Ok(records.into_iter().map(|record| (record.key, record.value, record.timestamp)).collect())
}

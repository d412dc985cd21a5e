//! `left_join` and `outer_join`.

use super::{Model, Outcome, Record, SHAPES, Shape, pipe, read, records};
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{JoinWindows, StreamsBuilder};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Left,
    Outer,
}

/// What a result is made of: left and right value, 0 where there is none, and its time.
type Joined = (i64, i64, i64);

fn driver(form: Form, shape: Shape) -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    match form {
        Form::Left => left.left_join(&right, |left, right| left * 10_000 + right.unwrap_or(&0), shape.windows()).to("out"),
        Form::Outer => {
            let joiner = |left: Option<&i64>, right: Option<&i64>| left.unwrap_or(&0) * 10_000 + right.unwrap_or(&0);
            left.outer_join(&right, joiner, shape.windows()).to("out");
        }
    }
    Ok(TopologyTestDriver::new(&builder.build()?)?)
}

fn joined(driver: &TopologyTestDriver) -> streams_core::Result<Vec<Joined>> {
    Ok(read(driver)?.into_iter().map(|(_, value, time)| (value / 10_000, value % 10_000, time)).collect())
}

/// What is known of one record that came.
struct Fate {
    record: Record,
    /// It has neither met a partner nor been emitted.
    waits: bool,
    alone: usize,
    paired: bool,
}

impl Shape {
    /// When the window of a record ends, grace aside.
    fn end(self, record: &Record) -> i64 {
        record.time + if record.left { self.after } else { self.before }
    }

    /// How much later than its end, with grace, a record may be emitted at most: until the window of a newer one has closed that was seen
    /// waiting when this one still had to wait.
    fn patience(self) -> i64 {
        self.before.max(self.after) + self.grace
    }
}

/// Feeds a history and checks after each record what may come out, and what must have.
struct Run {
    form: Form,
    shape: Shape,
    driver: TopologyTestDriver,
    pairs: Model,
    /// By value, which is one more than the index.
    fates: Vec<Fate>,
    stream_time: i64,
}

impl Run {
    fn new(form: Form, shape: Shape) -> Result<Run, Box<dyn std::error::Error>> {
        let driver = driver(form, shape)?;
        Ok(Run { form, shape, driver, pairs: Model::default(), fates: Vec::new(), stream_time: -1 })
    }

    fn has_alone(&self, record: &Record) -> bool {
        record.left || self.form == Form::Outer
    }

    /// `record.value` is not used: each gets the next number.
    fn feed(&mut self, record: &Record) -> Outcome {
        let number = self.fates.len() as i64 + 1;
        let record = Record { value: number, ..record.clone() };
        self.stream_time = self.stream_time.max(record.time);
        let mut expected = self.pairs.put(self.shape, &record);
        pipe(&self.driver, &record)?;
        let (alone, mut found): (Vec<Joined>, Vec<Joined>) = joined(&self.driver)?.into_iter().partition(|(l, r, _)| *l == 0 || *r == 0);
        let at = format!("{:?} {:?}, record {number}: {record:?}", self.form, self.shape);
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{at}");

        let has_alone = self.has_alone(&record);
        self.fates.push(Fate { record: record.clone(), waits: false, alone: 0, paired: !found.is_empty() });
        for (left, right, time) in alone {
            self.emitted_alone(number, left, right, time, &at);
        }
        for (left, right, _) in &found {
            let partner = if record.left { *right } else { *left };
            let met = self.fates[partner as usize - 1].record.clone();
            for fate in &mut self.fates {
                let same = (fate.record.left, fate.record.key, fate.record.time) == (met.left, met.key, met.time);
                fate.waits &= !same;
            }
            self.fates[partner as usize - 1].paired = true;
        }
        let own = &mut self.fates[number as usize - 1];
        if has_alone && found.is_empty() && own.alone == 0 {
            own.waits = true;
            assert!(self.shape.end(&record) >= self.stream_time, "{at}: it is out of its window already, so there is nothing to wait for");
        }
        if record.time == self.stream_time {
            let over =
                |fate: &&Fate| fate.waits && self.shape.end(&fate.record) + self.shape.grace + self.shape.patience() < self.stream_time;
            assert!(!self.fates.iter().any(|fate| over(&fate)), "{at}: one waits too long");
        }
        Ok(())
    }

    fn emitted_alone(&mut self, now: i64, left: i64, right: i64, time: i64, at: &str) {
        let (shape, stream_time) = (self.shape, self.stream_time);
        let in_order = self.fates[now as usize - 1].record.time == stream_time;
        let number = left.max(right);
        let record = self.fates[number as usize - 1].record.clone();
        assert_eq!((record.left, record.time), (left != 0, time), "{at}: {number} has its own side and time");
        assert!(self.has_alone(&record), "{at}: {number}");
        let fate = &mut self.fates[number as usize - 1];
        if number == now {
            assert!(!fate.paired && shape.end(&record) < stream_time, "{at}: a late record without a partner");
        } else {
            assert!(fate.waits && in_order && shape.end(&record) + shape.grace < stream_time, "{at}: {number} was emitted too early");
        }
        fate.waits = false;
        fate.alone += 1;
    }

    /// A record that comes long after all others.
    fn end(&mut self) -> Outcome {
        let time = self.stream_time + 1_000_000;
        self.feed(&Record { left: false, key: "end", value: 0, time })?;
        self.fates.pop();
        for fate in &self.fates {
            let once = usize::from(self.has_alone(&fate.record));
            assert!(!fate.waits && fate.alone <= once, "{:?}", fate.record);
            assert!(fate.paired || fate.alone == once, "neither with a partner nor without one: {:?}", fate.record);
        }
        Ok(())
    }
}

#[test]
fn each_record_is_emitted_with_its_partners_or_once_without() -> Outcome {
    let (mut alone, mut paired, mut both) = (0, 0, 0);
    for form in [Form::Left, Form::Outer] {
        for shape in SHAPES {
            for seed in 0..20 {
                let mut run = Run::new(form, shape)?;
                let disorder = [1, 5, 30][seed as usize % 3];
                records(seed * 31 + 7, 120, disorder).iter().try_for_each(|record| run.feed(record))?;
                run.end()?;
                alone += run.fates.iter().filter(|fate| fate.alone > 0).count();
                paired += run.fates.iter().filter(|fate| fate.paired).count();
                both += run.fates.iter().filter(|fate| fate.alone > 0 && fate.paired).count();
            }
        }
    }
    assert!(alone > 3_000 && paired > 10_000, "{alone} alone, {paired} paired");
    // as in Java: a record that comes after its window has passed is emitted at once, and may meet a partner that comes even later
    assert!(both > 0 && both < alone / 5, "{both} of {alone} were emitted alone and met a partner all the same");
    Ok(())
}

/// In order of time, nested loops over the whole history tell what comes out. Without any grace a side forgets a record in the last
/// millisecond of its window, once it has another one of that time: as in Java.
#[test]
fn in_order_the_results_are_those_of_nested_loops() -> Outcome {
    for (form, shape, seed) in
        SHAPES.into_iter().zip(50..).flat_map(|(shape, seed)| [(Form::Left, shape, seed), (Form::Outer, shape, seed)])
    {
        let shape = Shape { grace: shape.grace.max(1), ..shape };
        let mut history = records(seed, 300, 30);
        history.sort_by_key(|record| record.time);
        history.iter_mut().zip(1..).for_each(|(record, number)| record.value = number);
        let meet = |l: &Record, r: &Record| l.key == r.key && (-shape.before..=shape.after).contains(&(r.time - l.time));
        let mut expected: Vec<Joined> = Vec::new();
        for one in &history {
            let partner = |other: &&Record| other.left != one.left && if one.left { meet(one, other) } else { meet(other, one) };
            let partners: Vec<&Record> = history.iter().filter(partner).collect();
            if one.left {
                expected.extend(partners.iter().map(|right| (one.value, right.value, one.time.max(right.time))));
            }
            if partners.is_empty() && (one.left || form == Form::Outer) {
                expected.push(if one.left { (one.value, 0, one.time) } else { (0, one.value, one.time) });
            }
        }
        let driver = driver(form, shape)?;
        history.iter().try_for_each(|record| pipe(&driver, record))?;
        pipe(&driver, &Record { left: false, key: "end", value: 0, time: 1_000_000 })?;
        let mut found = joined(&driver)?;
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{form:?} {shape:?}");
    }
    Ok(())
}

/// A record in the middle of the window keeps both from being emitted alone, whichever side comes first.
#[test]
fn a_window_closes_after_its_end_and_grace() -> Outcome {
    let shape = Shape { before: 5, after: 3, grace: 2 };
    let at = |left, key, time, value| Record { left, key, value, time };
    let driver = driver(Form::Outer, shape)?;
    pipe(&driver, &at(true, "a", 100, 1))?;
    pipe(&driver, &at(false, "b", 100, 2))?;
    pipe(&driver, &at(true, "c", 105, 3))?;
    assert_eq!(joined(&driver)?, [], "the left one's window ends at 103, and stays open until 105");
    pipe(&driver, &at(true, "c", 106, 4))?;
    assert_eq!(joined(&driver)?, [(1, 0, 100)], "the right one may still meet a left one of 105 that comes as late as 107");
    pipe(&driver, &at(true, "b", 105, 5))?;
    assert_eq!(joined(&driver)?, [(5, 2, 105)]);
    Ok(())
}

/// Without a key there is nothing to meet, and so nothing to wait for (KIP-962).
#[test]
fn records_without_a_key_are_emitted_at_once_by_the_sides_that_have_results_alone() -> Outcome {
    let cases: [(Form, Vec<(Option<String>, i64)>); 2] = [(Form::Left, vec![(None, 10)]), (Form::Outer, vec![(None, 10), (None, 2)])];
    for (form, expected) in cases {
        let builder = StreamsBuilder::new();
        let (left, right) = (builder.stream::<Option<String>, i64>("left"), builder.stream::<Option<String>, i64>("right"));
        let windows = JoinWindows::within(Duration::from_millis(5));
        match form {
            Form::Left => left.left_join(&right, |left, right| left * 10 + right.unwrap_or(&0), windows).to("out"),
            Form::Outer => {
                let joiner = |left: Option<&i64>, right: Option<&i64>| left.unwrap_or(&0) * 10 + right.unwrap_or(&0);
                left.outer_join(&right, joiner, windows).to("out");
            }
        }
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        driver.input::<Option<String>, i64>("left").pipe_at(None, 1, 100)?;
        driver.input::<Option<String>, i64>("right").pipe_at(None, 2, 100)?;
        assert_eq!(driver.output::<Option<String>, i64>("out").read_all()?, expected);
        let dropped = driver.metrics().sum("streams_records_dropped_total", &[("reason", "null_key")]);
        assert_eq!(dropped.unwrap_or_default(), if form == Form::Left { 1.0 } else { 0.0 }, "{form:?}");
    }
    Ok(())
}

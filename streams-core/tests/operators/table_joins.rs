//! Joins of two tables, and what is grouped of them, compared with plain maps over random histories: with and without record caches, with
//! commits after each record and after many.

use std::collections::BTreeMap;
use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, KTable, Materialized, Named, StreamsBuilder, TableOptions, Topology};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
type Rows = BTreeMap<String, i64>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Inner,
    Left,
    Outer,
}

/// How tables and join are kept.
#[derive(Clone, Copy, Debug)]
struct Shape {
    form: Form,
    cached: bool,
    /// The join has a store, with a cache or without.
    kept: Option<bool>,
    /// What is computed stands before the join.
    computed: bool,
    /// It is computed by a transformer.
    transformed: bool,
    grouped: bool,
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn shape(&mut self) -> Shape {
        Shape {
            form: [Form::Inner, Form::Left, Form::Outer][self.below(3) as usize],
            cached: self.below(2) == 0,
            kept: [None, None, Some(true), Some(false)][self.below(4) as usize],
            computed: self.below(3) == 0,
            transformed: self.below(2) == 0,
            grouped: self.below(2) == 0,
        }
    }
}

fn join(left: Option<i64>, right: Option<i64>) -> i64 {
    left.unwrap_or(77) * 1_000 + right.unwrap_or(55)
}

struct Above;

impl ValueTransformer<String, i64, i64> for Above {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.filter(|value| **value > 2).map(|value| value + 100))
    }
}

fn group(value: i64) -> String {
    (value % 4).to_string()
}

fn kept(name: &str, cached: bool) -> Materialized<String, i64> {
    let materialized = Materialized::from(name);
    if cached { materialized } else { materialized.caching_disabled() }
}

fn topology(shape: Shape) -> Outcome<Topology> {
    let builder = StreamsBuilder::new();
    let table = |topic: &str| -> KTable<String, i64> {
        let table = builder.table_with(topic, Consumed::default(), kept(&format!("{topic}-store"), shape.cached));
        // rows below 3 are not there
        match shape {
            Shape { computed: false, .. } => table,
            Shape { transformed: true, .. } => table.transform_values((), |_, ()| Above),
            _ => table.filter(|_, value| *value > 2).map_values(|value| value + 100),
        }
    };
    let (left, right) = (table("left"), table("right"));
    let options: TableOptions<String, i64> = match shape.kept {
        Some(cached) => kept("joined-store", cached).into(),
        None => Named::default().into(),
    };
    let joined = match shape.form {
        Form::Inner => left.join_with(&right, |l, r| join(Some(*l), Some(*r)), options),
        Form::Left => left.left_join_with(&right, |l, r| join(Some(*l), r.copied()), options),
        Form::Outer => left.outer_join_with(&right, |l, r| join(l.copied(), r.copied()), options),
    };
    joined.to_stream().to("joined");
    if shape.grouped {
        let grouped = joined.group_by(|_, value| (group(*value), *value));
        grouped.aggregate(|| 0_i64, |_, value, sum| *sum += value, |_, value, sum| *sum -= value).to_stream().to("sums");
        grouped.count().to_stream().to("counts");
        grouped.reduce(|sum, value| sum + value, |sum, value| sum - value).to_stream().to("reduced");
    }
    Ok(builder.build()?)
}

#[derive(Default)]
struct Model {
    left: Rows,
    right: Rows,
}

impl Model {
    fn joined(&self, shape: Shape) -> Rows {
        let seen = |rows: &Rows, key: &String| match rows.get(key).copied() {
            Some(value) if shape.computed => (value > 2).then_some(value + 100),
            value => value,
        };
        let mut joined = Rows::new();
        for key in self.left.keys().chain(self.right.keys()) {
            let (left, right) = (seen(&self.left, key), seen(&self.right, key));
            let there = match shape.form {
                Form::Inner => left.is_some() && right.is_some(),
                Form::Left => left.is_some(),
                Form::Outer => left.is_some() || right.is_some(),
            };
            if there {
                joined.insert(key.clone(), join(left, right));
            }
        }
        joined
    }
}

/// The table that a topic of changes amounts to, and how many changes there were.
#[derive(Default)]
struct Changes {
    rows: Rows,
    count: usize,
}

impl Changes {
    fn read(&mut self, driver: &TopologyTestDriver, topic: &str) -> Outcome {
        for (key, value) in driver.output::<String, Option<i64>>(topic).read_all()? {
            self.count += 1;
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        Ok(())
    }

    /// A group that has lost all its rows stands at 0.
    fn without_zeros(&self) -> Rows {
        self.rows.iter().filter(|(_, value)| **value != 0).map(|(key, value)| (key.clone(), *value)).collect()
    }
}

fn grouped(joined: &Rows, of_row: fn(i64) -> i64) -> Rows {
    let mut groups = Rows::new();
    joined.values().for_each(|value| *groups.entry(group(*value)).or_default() += of_row(*value));
    groups.retain(|_, value| *value != 0);
    groups
}

#[test]
fn joins_and_groups_of_them_are_those_of_plain_maps() -> Outcome {
    let mut changes = 0;
    for seed in 0..600 {
        let mut random = Random(seed);
        let (shape, by_hand) = (random.shape(), random.below(2) == 0);
        let topology = topology(shape)?;
        let driver = TopologyTestDriver::builder(&topology);
        let driver = if by_hand { driver.commit_by_hand() } else { driver }.build()?;
        let mut model = Model::default();
        let (mut joined, mut sums, mut counts, mut reduced) =
            (Changes::default(), Changes::default(), Changes::default(), Changes::default());
        let keys = 1 + random.below(4);
        for step in 0..40 {
            let (left, key) = (random.below(2) == 0, format!("k{}", random.below(keys)));
            let value = (random.below(4) > 0).then(|| random.below(9) as i64);
            let (topic, rows) = if left { ("left", &mut model.left) } else { ("right", &mut model.right) };
            driver.input::<String, Option<i64>>(topic).pipe_at(key.clone(), value, step)?;
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
            if by_hand {
                if random.below(6) > 0 && step < 39 {
                    continue;
                }
                driver.commit()?;
            }
            let expected = model.joined(shape);
            joined.read(&driver, "joined")?;
            assert_eq!(joined.rows, expected, "seed {seed}, step {step}, {shape:?}, by hand: {by_hand}");
            if shape.grouped {
                sums.read(&driver, "sums")?;
                counts.read(&driver, "counts")?;
                reduced.read(&driver, "reduced")?;
                let what = || format!("seed {seed}, step {step}, {shape:?}, by hand: {by_hand}");
                assert_eq!(counts.without_zeros(), grouped(&expected, |_| 1), "counts of {}", what());
                assert_eq!(sums.without_zeros(), grouped(&expected, |value| value), "sums of {}", what());
                assert_eq!(reduced.without_zeros(), grouped(&expected, |value| value), "reduced: {}", what());
            }
        }
        changes += joined.count;
    }
    assert!(changes > 6_000, "{changes}");
    Ok(())
}

/// The time of a joined row is the later one of the change and of the row that it met.
#[test]
fn times_are_those_of_the_later_row() -> Outcome {
    for (form, expected) in [
        (Form::Inner, vec![(Some(5_006), 30), (Some(8_006), 20), (None, 25)]),
        (Form::Left, vec![(Some(5_055), 30), (Some(5_006), 30), (Some(8_006), 20), (Some(8_055), 25)]),
        (Form::Outer, vec![(Some(5_055), 30), (Some(5_006), 30), (Some(8_006), 20), (Some(8_055), 25), (None, 7)]),
    ] {
        let shape = Shape { form, cached: false, kept: None, computed: false, transformed: false, grouped: false };
        let driver = TopologyTestDriver::new(&topology(shape)?)?;
        let pipe = |topic: &str, value, time| driver.input::<String, Option<i64>>(topic).pipe_at("k".to_owned(), value, time);
        pipe("left", Some(5), 30)?;
        pipe("right", Some(6), 20)?;
        pipe("left", Some(8), 10)?;
        pipe("right", None, 25)?;
        pipe("left", None, 7)?;
        let mut expected = expected;
        if form == Form::Left {
            expected.push((None, 7));
        }
        let found: Vec<_> =
            driver.output::<String, Option<i64>>("joined").read_records()?.into_iter().map(|r| (r.value, r.timestamp)).collect();
        assert_eq!(found, expected, "{form:?}");
    }
    Ok(())
}

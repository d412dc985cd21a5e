//! What is made of versioned tables, whose changes come in any order, compared with maps of the newest rows.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, KTable, Materialized, StreamsBuilder, Topology};

type Outcome<T = ()> = Result<T, BoxError>;

/// Longer than changes come late.
const HISTORY: Duration = Duration::from_secs(10);
const OUTPUTS: [&str; 8] = ["inner", "left", "outer", "filtered", "sums", "counts", "foreign", "left-foreign"];

fn versioned(name: &str) -> Materialized<String, i64> {
    Materialized::from(name).versioned(HISTORY)
}

fn joined(left: Option<i64>, right: Option<i64>) -> i64 {
    left.unwrap_or(77) * 1_000 + right.unwrap_or(55)
}

fn key_of(value: i64) -> String {
    format!("k{}", value % 4)
}

/// `kept`: whether what is joined is kept, as a versioned table too.
fn topology(kept: bool) -> Outcome<Topology> {
    let builder = StreamsBuilder::new();
    let table = |topic: &str| builder.table_with(topic, Consumed::default(), versioned(&format!("{topic}-store")));
    let (left, right) = (table("l"), table("r"));
    let options = |name: &str| if kept { versioned(&format!("{name}-result")) } else { Materialized::from(&*format!("{name}-result")) };
    let to = |table: &KTable<String, i64>, topic: &str| table.to_stream().to(topic);
    to(&left.join_with(&right, |l, r| joined(Some(*l), Some(*r)), options("inner")), "inner");
    to(&left.left_join_with(&right, |l, r| joined(Some(*l), r.copied()), options("left")), "left");
    to(&left.outer_join_with(&right, |l, r| joined(l.copied(), r.copied()), options("outer")), "outer");
    // a filter of a versioned table is one, too, whose deletions all pass
    to(&left.filter(|_, value| value % 3 != 0).join(&right, |l, r| joined(Some(*l), Some(*r))), "filtered");
    let grouped = left.group_by(|_, value| (key_of(*value), *value));
    to(&grouped.reduce(|sum, value| sum + value, |sum, value| sum - value), "sums");
    to(&grouped.count().map_values(|count| *count as i64), "counts");
    to(&left.join_on_foreign_key(&right, |_, value| Some(key_of(*value)), |l, r| joined(Some(*l), Some(*r))), "foreign");
    let left_foreign = left.left_join_on_foreign_key(&right, |_, value| Some(key_of(*value)), |l, r| joined(Some(*l), r.copied()));
    to(&left_foreign, "left-foreign");
    Ok(builder.build()?)
}

/// The newest row of each key, and its time.
#[derive(Default)]
struct Newest(BTreeMap<String, (i64, Option<i64>)>);

impl Newest {
    fn put(&mut self, key: &str, value: Option<i64>, time: i64) {
        let row = self.0.entry(key.to_owned()).or_insert((time, value));
        if time >= row.0 {
            *row = (time, value);
        }
    }

    fn get(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(|(_, value)| *value)
    }
}

type Rows = BTreeMap<String, i64>;

fn expected(left: &Newest, right: &Newest) -> [Rows; 8] {
    let keys: Vec<&String> = left.0.keys().chain(right.0.keys()).collect();
    let rows = |of: &dyn Fn(&str) -> Option<i64>| -> Rows { keys.iter().filter_map(|key| Some(((*key).clone(), of(key)?))).collect() };
    let groups = |of: fn(i64) -> i64| {
        let mut groups = Rows::new();
        left.0.values().filter_map(|(_, value)| *value).for_each(|value| *groups.entry(key_of(value)).or_default() += of(value));
        groups.retain(|_, sum| *sum != 0);
        groups
    };
    let partner = |value: i64| right.get(&key_of(value));
    [
        rows(&|key| left.get(key).zip(right.get(key)).map(|(l, r)| joined(Some(l), Some(r)))),
        rows(&|key| left.get(key).map(|l| joined(Some(l), right.get(key)))),
        rows(&|key| left.get(key).or(right.get(key)).map(|_| joined(left.get(key), right.get(key)))),
        rows(&|key| left.get(key).filter(|l| l % 3 != 0).zip(right.get(key)).map(|(l, r)| joined(Some(l), Some(r)))),
        groups(|value| value),
        groups(|_| 1),
        rows(&|key| left.get(key).and_then(|l| Some(joined(Some(l), Some(partner(l)?))))),
        rows(&|key| left.get(key).map(|l| joined(Some(l), partner(l)))),
    ]
}

#[test]
fn what_is_made_of_them_is_made_of_the_newest_rows() -> Outcome {
    for seed in 0..100_u64 {
        let mut random = seed;
        let mut below = move |n: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((random >> 33) % n) as i64
        };
        let driver = TopologyTestDriver::new(&topology(below(2) == 0)?)?;
        let (mut left, mut right, mut found) = (Newest::default(), Newest::default(), [(); 8].map(|()| Rows::new()));
        for step in 0..60 {
            let (topic, table) = if below(2) == 0 { ("l", &mut left) } else { ("r", &mut right) };
            let (key, value) = (format!("k{}", below(4)), (below(4) > 0).then(|| 1 + below(9)));
            let time = 10_000 + (step * 20 - below(3) * below(400)).max(0);
            driver.input::<String, Option<i64>>(topic).pipe_at(key.clone(), value, time)?;
            table.put(&key, value, time);
            for (topic, rows) in OUTPUTS.iter().zip(&mut found) {
                for (key, value) in driver.output::<String, Option<i64>>(topic).read_all()? {
                    match value {
                        Some(value) => rows.insert(key, value),
                        None => rows.remove(&key),
                    };
                }
            }
            let expected = expected(&left, &right);
            for ((topic, found), expected) in OUTPUTS.iter().zip(&found).zip(&expected) {
                let mut found = found.clone();
                // a group that has lost all its rows stands at 0
                found.retain(|_, value| *value != 0);
                assert_eq!(&found, expected, "{topic}, seed {seed}, step {step}: {key} is {value:?} at {time}");
            }
        }
    }
    Ok(())
}

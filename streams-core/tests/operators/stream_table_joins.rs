//! Streams joined with tables: records that have no key, with and without a grace period.

use std::collections::HashMap;
use std::time::Duration;
use streams_core::testing::{TestOutputTopic, TopologyTestDriver};
use streams_core::{Consumed, Joined, Materialized, StreamsBuilder};

type Seen = Vec<(Option<String>, String)>;

/// Records without a key among others, joined with a versioned table by a joiner that sees the key.
fn outputs(grace: Option<Duration>) -> Seen {
    let builder = StreamsBuilder::new();
    let kept = Materialized::<String, String>::from("versions").versioned(Duration::from_secs(60));
    let table = builder.table_with("table", Consumed::default(), kept);
    let joiner = |key: &Option<String>, value: i64, row: Option<&String>| format!("{key:?} {value} {row:?}");
    let joined = Joined::<Option<String>, i64>::default();
    let joined = match grace {
        Some(grace) => joined.grace(grace),
        None => joined,
    };
    builder.stream::<Option<String>, i64>("in").left_join_table_with_key_with(&table, joiner, joined).to("out");
    let driver = TopologyTestDriver::new(&builder.build().expect("the topology is right")).expect("it starts");
    driver.input::<String, String>("table").pipe_at("a".to_owned(), "row".to_owned(), 0).expect("a row");
    let mut input = driver.input::<Option<String>, i64>("in");
    for (key, value, at) in [(Some("a"), 1, 1_000), (None, 2, 2_000), (Some("b"), 3, 3_000), (Some("a"), 4, 9_000)] {
        input.pipe_at(key.map(str::to_owned), value, at).expect("a record");
    }
    driver.output::<Option<String>, String>("out").read_all().expect("the results")
}

fn expected(all: &[(Option<&str>, &str)]) -> Seen {
    all.iter().map(|(key, text)| (key.map(str::to_owned), (*text).to_owned())).collect()
}

#[test]
fn records_without_a_key_are_joined_with_nothing() {
    let all = [
        (Some("a"), r#"Some("a") 1 Some("row")"#),
        (None, "None 2 None"),
        (Some("b"), r#"Some("b") 3 None"#),
        (Some("a"), r#"Some("a") 4 Some("row")"#),
    ];
    assert_eq!(outputs(None), expected(&all));
}

#[test]
fn records_without_a_key_do_not_wait_for_the_table() {
    let all = [(None, "None 2 None"), (Some("a"), r#"Some("a") 1 Some("row")"#), (Some("b"), r#"Some("b") 3 None"#)];
    assert_eq!(outputs(Some(Duration::from_secs(5))), expected(&all), "the last record still waits");
}

/// Rows as they came, the last of each key whatever its time, and what records meet there.
#[derive(Default)]
struct Model(HashMap<String, String>);

impl Model {
    fn row(&mut self, key: &str, row: Option<&str>) {
        match row {
            Some(row) => drop(self.0.insert(key.to_owned(), row.to_owned())),
            None => drop(self.0.remove(key)),
        }
    }

    /// Of the inner join with the table, the left join with it, and the inner join with its rows that end in an even number, doubled.
    fn meets(&self, key: &str, value: i64) -> [Option<String>; 3] {
        let row = self.0.get(key);
        let even = row.filter(|row| row.ends_with(['0', '2', '4', '6', '8']));
        [row.map(|row| format!("{value} {row}")), Some(format!("{value} {row:?}")), even.map(|row| format!("{value} {row}{row}"))]
    }
}

/// Records of both sides in a random order of times, held against [`Model`] one by one.
fn compare(seed: u64, caching: bool) -> Result<usize, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    let kept = Materialized::<String, String>::from("rows");
    let table = builder.table_with("table", Consumed::default(), if caching { kept } else { kept.caching_disabled() });
    let even = table.filter(|_, row| row.ends_with(['0', '2', '4', '6', '8'])).map_values(|row| row.clone() + row);
    let stream = builder.stream::<String, i64>("in");
    stream.join_table(&table, |value, row| format!("{value} {row}")).to("inner");
    stream.left_join_table(&table, |value, row| format!("{value} {row:?}")).to("left");
    stream.join_table(&even, |value, row| format!("{value} {row}")).to("even");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let (mut rows, mut records) = (driver.input::<String, Option<String>>("table"), driver.input::<String, i64>("in"));
    let mut outputs = ["inner", "left", "even"].map(|topic| driver.output::<String, String>(topic));
    let (mut random, mut model, mut met) = (seed, Model::default(), 0);
    for n in 0..200_i64 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (key, time) = (["a", "b", "c"][(random >> 33) as usize % 3], (random >> 40) as i64 % 10_000);
        if random >> 62 < 2 {
            let row = ((random >> 55) % 4 > 0).then(|| format!("r{n}"));
            model.row(key, row.as_deref());
            rows.pipe_at(key.to_owned(), row, time)?;
            assert!(outputs.iter().all(TestOutputTopic::is_empty), "a row alone gives nothing");
            continue;
        }
        records.pipe_at(key.to_owned(), n, time)?;
        for (output, expected) in outputs.iter_mut().zip(model.meets(key, n)) {
            let told = output.read_records()?.into_iter().map(|record| (record.key, record.value, record.timestamp));
            let expected: Vec<_> = expected.into_iter().map(|value| (key.to_owned(), value, time)).collect();
            assert_eq!(told.collect::<Vec<_>>(), expected, "record {n} of {key} at {time}, seed {seed}, caching {caching}");
            met += expected.len();
        }
    }
    Ok(met)
}

#[test]
fn records_meet_the_rows_that_came_last() -> Result<(), Box<dyn std::error::Error>> {
    for seed in 0..50 {
        for caching in [true, false] {
            let met = compare(seed, caching)?;
            assert!((100..300).contains(&met), "{met}: the test would say little");
        }
    }
    Ok(())
}

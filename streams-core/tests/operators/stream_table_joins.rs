//! Streams joined with tables: records that have no key, with and without a grace period.

use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
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

//! Joins and groupings of tables that cannot work are refused when they are built.

use std::time::Duration;
use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::state::Stores;
use streams_core::{BoxError, BufferConfig, Consumed, Grouped, KTable, Materialized, StreamsBuilder, Suppressed, TableJoined, TimeWindows};

/// A type that no serde is known for.
#[derive(Clone)]
struct Opaque;

struct Same;

impl ValueTransformer<String, i64, i64> for Same {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.copied())
    }
}

#[track_caller]
fn refused(write: impl FnOnce(&StreamsBuilder), parts: &[&str]) {
    let builder = StreamsBuilder::new();
    write(&builder);
    let error = builder.build().expect_err("it must be refused").to_string();
    for part in parts.iter().chain(&["invalid topology: "]) {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
}

fn table(b: &StreamsBuilder, topic: &str) -> KTable<String, String> {
    b.table(topic)
}

#[test]
fn tables_of_another_builder() {
    let other = StreamsBuilder::new();
    let foreign = table(&other, "other");
    refused(|b| drop(table(b, "one").join(&foreign, |_, _| 1)), &["of another builder", "make both with one builder"]);
    let by_value = |b: &StreamsBuilder| {
        drop(table(b, "one").join_on_foreign_key(&foreign, |_, value| Some(value.clone()), |_, _| 1_i64));
    };
    refused(by_value, &["of another builder", "make both with one builder"]);
}

#[test]
fn groups_without_a_key_or_a_value() {
    let no_key = |b: &StreamsBuilder| drop(table(b, "one").group_by(|_, value| ((), value.clone())).count());
    refused(no_key, &["grouping needs a key"]);
    let no_value = |b: &StreamsBuilder| drop(table(b, "one").group_by(|key, value| (key.clone(), Some(value.clone()))).count());
    refused(no_value, &["grouping needs a value"]);
}

#[test]
fn types_whose_bytes_nobody_gave() {
    let grouped = |b: &StreamsBuilder| {
        let _ = table(b, "one").group_by_with(|key, _| (key.clone(), Opaque), Grouped::inherited());
    };
    refused(grouped, &["needs a serde for its key of type", "String"]);
    // the result of a join need not be kept, but a join with it needs its rows
    let joined = |b: &StreamsBuilder| {
        let options = TableJoined::default();
        table(b, "one").join_on_foreign_key_with(&table(b, "two"), |_, value| Some(value.clone()), |_, _| Opaque, options)
    };
    let builder = StreamsBuilder::new();
    joined(&builder).map_values(|_| 1_i64).to_stream().to("out");
    builder.build().expect("nothing needs its rows");
    refused(
        |b| drop(joined(b).join(&table(b, "three"), |_, _| 1)),
        &["KTABLE-FK-JOIN-OUTPUT", "must be kept", "TableJoined::materialized"],
    );
}

#[test]
fn one_name_for_two_joins() {
    let twice = |b: &StreamsBuilder| {
        let (one, two) = (table(b, "one"), table(b, "two"));
        let _ = one.join_with(&two, |_, _| 1, "same");
        let _ = one.left_join_with(&two, |_, _| 1, "same");
    };
    refused(twice, &["two nodes of the name same"]);
    let groups = |b: &StreamsBuilder| {
        let one = table(b, "one");
        let grouped = |name: &str| one.group_by_with(|key, value| (key.clone(), value.clone()), Grouped::default().named(name.to_owned()));
        let _ = grouped("a").count_with("store");
        let _ = grouped("b").count_with("store");
    };
    refused(groups, &["two stores of the name store"]);
}

#[test]
fn a_time_to_live_of_a_table_that_forgets_otherwise() {
    let ttl = || Materialized::<String, i64>::from("rows").ttl(Duration::from_secs(10));
    let transformed = |b: &StreamsBuilder| {
        let not_kept = Materialized::<String, i64>::default().ttl(Duration::from_secs(10));
        drop(b.table::<String, i64>("in").transform_values_with((), |_, ()| Same, not_kept));
    };
    refused(transformed, &["the table is not kept, and follows the deletions of the one that it is made of"]);
    let grouped = |b: &StreamsBuilder| {
        let rows = b.table::<String, i64>("in").group_by(|key, value| (key.clone(), *value));
        let _ = rows.reduce_with(|sum, value| sum + value, |sum, value| sum - value, ttl());
    };
    refused(grouped, &["the rows of store rows cannot have a `ttl`", "give it to the tables that this one is made of"]);
    let windowed = |b: &StreamsBuilder| {
        let windows = TimeWindows::tumbling(Duration::from_secs(1)).no_grace();
        let _ = b.stream::<String, i64>("in").group_by_key().windowed_by(windows).reduce_with(|sum, value| sum + value, ttl());
    };
    refused(windowed, &["the rows of store rows cannot have a `ttl`", "windows go by their `retention`"]);
    let counted_out = |b: &StreamsBuilder| {
        let few = Materialized::<String, i64>::from(Stores::lru_map_store("rows", 2)).ttl(Duration::from_secs(10));
        drop(b.table_with("in", Consumed::default(), few));
    };
    refused(counted_out, &["the rows of store rows cannot have a `ttl`", "it forgets rows by their number"]);
    let none = |b: &StreamsBuilder| drop(b.table_with("in", Consumed::default(), ttl().ttl(Duration::ZERO)));
    refused(none, &["rows of store rows cannot live for less than a millisecond"]);
}

/// What could not be made of a row is not known when the next one comes.
#[test]
fn old_rows_of_closures_that_may_fail() {
    let parsed = |b: &StreamsBuilder| table(b, "one").try_map_values(|text| Ok(text.parse::<i64>()?));
    let parts = &["what the rows of KTABLE-MAPVALUES-0000000003 were", "give the `try_` form of it a `Materialized` with a name"];
    let select = |key: &String, value: &i64| (key.clone(), *value);
    refused(|b| drop(parsed(b).group_by(select).count()), parts);
    refused(|b| drop(parsed(b).left_join(&table(b, "two"), |_, _| 1_i64)), parts);
    refused(|b| drop(parsed(b).join_on_foreign_key(&table(b, "two"), |key, _| Some(key.clone()), |_, _| 1_i64)), parts);
    refused(|b| drop(parsed(b).suppress(Suppressed::until_time_limit(Duration::from_secs(1), BufferConfig::unbounded()))), parts);
    // be it through tables that are computed of it
    let through = |b: &StreamsBuilder| drop(parsed(b).map_values(|value| value + 1).filter(|_, _| true).group_by(select).count());
    refused(through, &["what the rows of KTABLE-FILTER-0000000005 were"]);
    refused(|b| drop(parsed(b).join(&table(b, "two"), |one, _| *one).group_by(select).count()), &["what the rows of KTABLE-MERGE-"]);
    let joined = |b: &StreamsBuilder| table(b, "one").try_join(&table(b, "two"), |_, _, _| Ok(1_i64));
    refused(|b| drop(joined(b).group_by(select).count()), &["what the rows of KTABLE-MERGE-"]);
    let builder = StreamsBuilder::new();
    drop(table(&builder, "one").try_map_values_with(|text| Ok(text.parse::<i64>()?), Materialized::from("rows")).group_by(select).count());
    table(&builder, "two").try_filter(|_, _| Ok(true)).filter(|_, _| true).to_stream().for_each(|_, _| {});
    builder.build().expect("it is kept, or nobody asks");
}

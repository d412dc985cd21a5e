//! Tables grouped by another key, and what is aggregated of them.

use crate::table_of;
use streams_core::serde::{I64Serde, StringSerde};
use streams_core::{Consumed, Grouped, KGroupedTable, KTable, Materialized, Named, StreamsBuilder};

type Texts = Materialized<String, String>;
type Counts = Materialized<String, u64>;

fn table(b: &StreamsBuilder) -> KTable<String, String> {
    table_of(b, "table")
}

fn letter(value: &str) -> String {
    value[..1].to_owned()
}

fn by_value(b: &StreamsBuilder) -> KGroupedTable<String, String> {
    table(b).group_by(|key, value| (value.clone(), key.clone()))
}

fn by_letter(b: &StreamsBuilder) -> KGroupedTable<String, String> {
    table(b).group_by(|_, value| (letter(value), value.clone()))
}

fn add(_: &String, value: String, sum: &mut String) {
    *sum += &format!("+{value}");
}

fn subtract(_: &String, value: String, sum: &mut String) {
    *sum += &format!("-{value}");
}

fn joined_by_plus(sum: String, value: String) -> String {
    sum + "+" + &value
}

fn joined_by_minus(sum: String, value: String) -> String {
    sum + "-" + &value
}

fn table_group_by_aggregate(b: &StreamsBuilder) {
    by_value(b).aggregate(String::new, add, subtract).to_stream().to("output");
}

fn table_group_by_aggregate_materialized(b: &StreamsBuilder) {
    by_letter(b).aggregate_with(String::new, add, subtract, "my-store").to_stream().to("output");
}

fn table_group_by_aggregate_named(b: &StreamsBuilder) {
    by_letter(b).aggregate_with(String::new, add, subtract, Named::new("my-aggregate")).to_stream().to("output");
}

fn table_group_by_aggregate_all_named(b: &StreamsBuilder) {
    let grouped = table(b).group_by_with(|_, value| (letter(value), value.clone()), "by-letter");
    grouped.aggregate_with(String::new, add, subtract, Texts::from("my-store").node_named("my-aggregate")).to_stream().to("output");
}

fn table_group_by_reduce(b: &StreamsBuilder) {
    by_letter(b).reduce(joined_by_plus, joined_by_minus).to_stream().to("output");
}

fn table_group_by_aggregate_deletes(b: &StreamsBuilder) {
    let put = |_: &String, value: String, sum: &mut Option<String>| *sum.get_or_insert_default() += &format!("+{value}");
    let take = |_: &String, value: String, sum: &mut Option<String>| match sum {
        Some(text) if *text == format!("+{value}") => *sum = None,
        Some(text) => *text += &format!("-{value}"),
        None => unreachable!("only where there is a row"),
    };
    by_letter(b).fold_with(put, take, "my-store").to_stream().to("output");
}

fn table_group_by_same_key(b: &StreamsBuilder) {
    let grouped = table(b).group_by(|key, value| (key.clone(), value.clone()));
    grouped.reduce_with(joined_by_plus, joined_by_minus, Texts::default()).to_stream().to("output");
}

fn table_group_by_count_materialized(b: &StreamsBuilder) {
    by_value(b).count_with("my-store").to_stream().to("output");
}

fn table_group_by_count_materialized_unnamed(b: &StreamsBuilder) {
    by_value(b).count_with(Counts::default()).to_stream().to("output");
}

fn table_group_by_count_named(b: &StreamsBuilder) {
    by_value(b).count_with(Named::new("my-count")).to_stream().to("output");
}

fn table_group_by_count_no_cache(b: &StreamsBuilder) {
    let stored = Texts::from("table-store").caching_disabled();
    let table: KTable<String, String> = b.table_with("table", Consumed::default(), stored);
    let grouped = table.group_by_with(|key, value| (value.clone(), key.clone()), "by-value");
    grouped.count_with(Counts::from("my-store").caching_disabled().logging_disabled()).to_stream().to("output");
}

fn table_group_by_count_in_memory(b: &StreamsBuilder) {
    by_value(b).count_with(Counts::from("my-store").in_memory()).to_stream().to("output");
}

fn table_group_by_twice(b: &StreamsBuilder) {
    let grouped = by_letter(b);
    grouped.count().to_stream().to("counts");
    grouped.reduce(joined_by_plus, joined_by_minus).to_stream().to("output");
}

fn table_group_by_twice_named(b: &StreamsBuilder) {
    let grouped = table(b).group_by_with(|_, value| (letter(value), value.clone()), "by-letter");
    grouped.count_with("counted").to_stream().to("counts");
    grouped.reduce_with(joined_by_plus, joined_by_minus, "reduced").to_stream().to("output");
}

fn table_group_by_of_count(b: &StreamsBuilder) {
    let counts = crate::input(b).group_by_key().count();
    let even_or_odd = |_: &String, count: &u64| ((if count.is_multiple_of(2) { "even" } else { "odd" }).to_owned(), *count as i64);
    let grouped = counts.group_by_with(even_or_odd, Grouped::with(StringSerde, I64Serde));
    grouped.aggregate(|| 0_i64, |_, count, sum| *sum += count, |_, count, sum| *sum -= count).to_stream().to("output");
}

/// Rows under the first letter of their values, with their keys.
fn reduced(table: &KTable<String, String>) {
    let grouped = table.group_by(|key, value| (letter(value), format!("{key}{value}")));
    grouped.reduce(joined_by_plus, joined_by_minus).to_stream().to("output");
}

fn table_group_by_of_filter(b: &StreamsBuilder) {
    reduced(&table(b).filter(|_, value| value.len() < 5).map_values(|value| format!("{value}!")));
}

fn slash(value: &String, other: Option<&String>) -> String {
    format!("{value}/{}", crate::null_or(other))
}

fn table_group_by_of_join(b: &StreamsBuilder) {
    let (first, second) = (table_of(b, "first"), table_of(b, "second"));
    reduced(&first.join(&second, |value, other| slash(value, Some(other))));
}

fn table_group_by_of_left_join_materialized(b: &StreamsBuilder) {
    let (first, second) = (table_of(b, "first"), table_of(b, "second"));
    reduced(&first.left_join_with(&second, slash, Texts::from("joined")));
}

fn table_group_by_of_outer_join_no_cache(b: &StreamsBuilder) {
    let (first, second) = (table_of(b, "first"), table_of(b, "second"));
    let outer = |value: Option<&String>, other: Option<&String>| format!("{}/{}", crate::null_or(value), crate::null_or(other));
    reduced(&first.outer_join_with(&second, outer, Texts::from("joined").caching_disabled()));
}

fn table_group_by_joined(b: &StreamsBuilder) {
    let (table, second) = (table(b), table_of(b, "second"));
    let counts = table.group_by(|_, value| (letter(value), value.clone())).count();
    let joined = counts.left_join(&second, |count, other| format!("{count}/{}", crate::null_or(other)));
    joined.filter(|_, value| !value.starts_with('0')).to_stream().to("output");
}

golden!(
    table_group_by_aggregate,
    table_group_by_aggregate_materialized,
    table_group_by_aggregate_named,
    table_group_by_aggregate_all_named,
    table_group_by_reduce,
    table_group_by_aggregate_deletes,
    table_group_by_same_key,
    table_group_by_count_materialized,
    table_group_by_count_materialized_unnamed,
    table_group_by_count_named,
    table_group_by_count_no_cache,
    table_group_by_count_in_memory,
    table_group_by_twice,
    table_group_by_twice_named,
    table_group_by_of_count,
    table_group_by_of_filter,
    table_group_by_of_join,
    table_group_by_of_left_join_materialized,
    table_group_by_of_outer_join_no_cache,
    table_group_by_joined,
);

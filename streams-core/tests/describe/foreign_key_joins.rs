//! A table joined with a table by a key that is found in its values.

use crate::{null_or, plus, table_of};
use streams_core::{Consumed, KTable, Materialized, StreamsBuilder, TableJoined};

type Joined = TableJoined<String, String, String, String, String>;

fn letter(_: &String, value: &String) -> Option<String> {
    Some(value[..1].to_owned())
}

fn letter_if_any(key: &String, value: &String) -> Option<String> {
    letter(key, value).filter(|letter| letter.chars().all(char::is_alphabetic))
}

fn left_plus(value: &String, other: Option<&String>) -> String {
    format!("{value}+{}", null_or(other))
}

fn two(b: &StreamsBuilder) -> (KTable<String, String>, KTable<String, String>) {
    (table_of(b, "first"), table_of(b, "second"))
}

fn foreign_key_join(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_on_foreign_key(&second, letter, plus).to_stream().to("output");
}

fn foreign_key_left_join(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.left_join_on_foreign_key(&second, letter, left_plus).to_stream().to("output");
}

fn foreign_key_join_null(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_on_foreign_key(&second, letter_if_any, plus).to_stream().to("output");
}

fn foreign_key_left_join_null(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.left_join_on_foreign_key(&second, letter_if_any, left_plus).to_stream().to("output");
}

fn foreign_key_join_of_key(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let of_key = |key: &String, value: &String| if key.as_str() < "c" { Some(key.clone()) } else { letter_if_any(key, value) };
    first.join_on_foreign_key(&second, of_key, plus).to_stream().to("output");
}

fn foreign_key_join_named(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_on_foreign_key_with(&second, letter, plus, Joined::default().named("my-join")).to_stream().to("output");
}

fn foreign_key_join_materialized(b: &StreamsBuilder) {
    let (first, second) = two(b);
    first.join_on_foreign_key_with(&second, letter, plus, Joined::default().materialized("joined")).to_stream().to("output");
}

fn foreign_key_join_materialized_unnamed(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let unnamed = Joined::default().materialized(Materialized::default());
    first.join_on_foreign_key_with(&second, letter, plus, unnamed).to_stream().to("output");
}

fn foreign_key_left_join_named_materialized(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let in_memory = Materialized::from("joined").in_memory().caching_disabled();
    let joined = Joined::default().named("my-join").materialized(in_memory);
    first.left_join_on_foreign_key_with(&second, letter_if_any, left_plus, joined).to_stream().to("output");
}

fn foreign_key_join_partitioners(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let joined = Joined::default().partitioner(|_, _, _| Some(0)).other_partitioner(|_, _, _| None);
    first.join_on_foreign_key_with(&second, letter, plus, joined).to_stream().to("output");
}

fn foreign_key_join_no_cache(b: &StreamsBuilder) {
    let stored =
        |topic, name| -> KTable<String, String> { b.table_with(topic, Consumed::default(), Materialized::from(name).caching_disabled()) };
    let (first, second) = (stored("first", "one"), stored("second", "two"));
    first.join_on_foreign_key(&second, letter_if_any, plus).to_stream().to("output");
}

fn foreign_key_join_computed(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let short = first.filter(|_, value| value.len() < 5);
    let marked = second.map_values(|value| format!("{value}!"));
    let joined = short.left_join_on_foreign_key(&marked, letter_if_any, left_plus);
    joined.filter(|_, value| !value.ends_with("null")).to_stream().to("output");
}

fn foreign_key_join_of_counts(b: &StreamsBuilder) {
    let first = table_of(b, "first");
    let counts = crate::input(b).group_by_key().count();
    first.join_on_foreign_key(&counts, letter, |value, count| format!("{value}+{count}")).to_stream().to("output");
}

fn foreign_key_join_with_itself(b: &StreamsBuilder) {
    let table = table_of(b, "table");
    table.left_join_on_foreign_key(&table, letter_if_any, left_plus).to_stream().to("output");
}

fn foreign_key_join_twice(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let third = table_of(b, "third");
    let joined = first.join_on_foreign_key(&second, letter, plus);
    let last_letter = |_: &String, value: &String| Some(value[value.len() - 1..].to_owned());
    let again = joined.left_join_on_foreign_key(&third, last_letter, |value, other| format!("{value}-{}", null_or(other)));
    again.to_stream().to("output");
}

fn foreign_key_join_then_join(b: &StreamsBuilder) {
    let (first, second) = two(b);
    let joined = first.left_join_on_foreign_key(&second, letter_if_any, left_plus);
    let again = joined.join(&first, |value, other| format!("{value}-{other}"));
    again.group_by(|key, value| (value[..1].to_owned(), key.clone())).count().to_stream().to("output");
}

golden!(
    foreign_key_join,
    foreign_key_left_join,
    foreign_key_join_null,
    foreign_key_left_join_null,
    foreign_key_join_of_key,
    foreign_key_join_named,
    foreign_key_join_materialized,
    foreign_key_join_materialized_unnamed,
    foreign_key_left_join_named_materialized,
    foreign_key_join_partitioners,
    foreign_key_join_no_cache,
    foreign_key_join_computed,
    foreign_key_join_of_counts,
    foreign_key_join_with_itself,
    foreign_key_join_twice,
    foreign_key_join_then_join,
);

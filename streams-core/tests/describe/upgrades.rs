//! What `upgrade.from` changes, with which these topologies were recorded: repartition topics of grouped tables, and subscriptions of joins by
//! foreign key.

use crate::{null_or, plus, table_of};
use streams_core::StreamsBuilder;

fn letter(_: &String, value: &String) -> Option<String> {
    Some(value[..1].to_owned())
}

fn letter_if_any(key: &String, value: &String) -> Option<String> {
    letter(key, value).filter(|letter| letter.chars().all(char::is_alphabetic))
}

fn left_plus(value: &String, other: Option<&String>) -> String {
    format!("{value}+{}", null_or(other))
}

fn grouped(b: &StreamsBuilder) {
    let grouped = table_of(b, "table").group_by(|_, value| (value[..1].to_owned(), value.clone()));
    let add = |_: &String, value: String, sum: &mut String| *sum += &format!("+{value}");
    let subtract = |_: &String, value: String, sum: &mut String| *sum += &format!("-{value}");
    grouped.aggregate_with(String::new, add, subtract, "my-store").to_stream().to("output");
}

fn same_key(b: &StreamsBuilder) {
    let grouped = table_of(b, "table").group_by(|key, value| (key.clone(), value.clone()));
    grouped.reduce(|sum, value| sum + "+" + &value, |sum, value| sum + "-" + &value).to_stream().to("output");
}

fn joined(b: &StreamsBuilder) {
    table_of(b, "first").join_on_foreign_key(&table_of(b, "second"), letter, plus).to_stream().to("output");
}

fn left_joined(b: &StreamsBuilder) {
    table_of(b, "first").left_join_on_foreign_key(&table_of(b, "second"), letter_if_any, left_plus).to_stream().to("output");
}

fn upgrade_from_24_table_group_by(b: &StreamsBuilder) {
    grouped(b);
}

fn upgrade_from_34_table_group_by_same_key(b: &StreamsBuilder) {
    same_key(b);
}

fn upgrade_from_35_table_group_by_same_key(b: &StreamsBuilder) {
    same_key(b);
}

fn upgrade_from_24_foreign_key_join(b: &StreamsBuilder) {
    joined(b);
}

fn upgrade_from_33_foreign_key_left_join(b: &StreamsBuilder) {
    left_joined(b);
}

fn upgrade_from_34_foreign_key_left_join(b: &StreamsBuilder) {
    left_joined(b);
}

golden!(
    upgrade_from_24_table_group_by,
    upgrade_from_34_table_group_by_same_key,
    upgrade_from_35_table_group_by_same_key,
    upgrade_from_24_foreign_key_join,
    upgrade_from_33_foreign_key_left_join,
    upgrade_from_34_foreign_key_left_join,
);

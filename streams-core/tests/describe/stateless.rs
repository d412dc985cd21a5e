//! Operators without state.

use crate::input;
use streams_core::{KStream, Printed, StreamsBuilder};

fn swap(key: String, value: String) -> (String, String) {
    (value, key)
}

fn filter(b: &StreamsBuilder) {
    input(b).filter(|_, _| true).to("output");
}

fn filter_named(b: &StreamsBuilder) {
    input(b).filter_with(|_, _| true, "my-op").to("output");
}

fn filter_not(b: &StreamsBuilder) {
    input(b).filter_not(|_, _| false).to("output");
}

fn filter_not_named(b: &StreamsBuilder) {
    input(b).filter_not_with(|_, _| false, "my-op").to("output");
}

fn map(b: &StreamsBuilder) {
    input(b).map(swap).to("output");
}

fn map_named(b: &StreamsBuilder) {
    input(b).map_with(swap, "my-op").to("output");
}

fn map_values(b: &StreamsBuilder) {
    input(b).map_values(|value| value).to("output");
}

fn map_values_named(b: &StreamsBuilder) {
    input(b).map_values_with(|value| value, "my-op").to("output");
}

fn flat_map(b: &StreamsBuilder) {
    input(b).flat_map(|key, value| [(value, key)]).to("output");
}

fn flat_map_named(b: &StreamsBuilder) {
    input(b).flat_map_with(|key, value| [(value, key)], "my-op").to("output");
}

fn flat_map_values(b: &StreamsBuilder) {
    input(b).flat_map_values(|value| [value]).to("output");
}

fn flat_map_values_named(b: &StreamsBuilder) {
    input(b).flat_map_values_with(|value| [value], "my-op").to("output");
}

fn peek(b: &StreamsBuilder) {
    input(b).peek(|_, _| {}).to("output");
}

fn peek_named(b: &StreamsBuilder) {
    input(b).peek_with(|_, _| {}, "my-op").to("output");
}

fn select_key(b: &StreamsBuilder) {
    input(b).select_key(|_, value| value.clone()).to("output");
}

fn select_key_named(b: &StreamsBuilder) {
    input(b).select_key_with(|_, value| value.clone(), "my-op").to("output");
}

fn foreach(b: &StreamsBuilder) {
    input(b).for_each(|_, _| {});
}

fn foreach_named(b: &StreamsBuilder) {
    input(b).for_each_with(|_, _| {}, "my-op");
}

fn print(b: &StreamsBuilder) {
    input(b).print(Printed::to_stdout());
}

fn print_labelled(b: &StreamsBuilder) {
    let stream = input(b);
    stream.print(Printed::to_stdout().label("label"));
    stream.print(Printed::to_stdout().label("label").named("my-printer"));
}

fn pair(b: &StreamsBuilder) -> [KStream<String, String>; 2] {
    ["left", "right"].map(|topic| b.stream(topic))
}

fn merge(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.merge(&right).to("output");
}

fn merge_named(b: &StreamsBuilder) {
    let [left, right] = pair(b);
    left.merge_with(&right, "both").to("output");
}

fn merge_three(b: &StreamsBuilder) {
    let [first, second, third]: [KStream<String, String>; 3] = ["a", "b", "c"].map(|topic| b.stream(topic));
    first.filter(|_, _| true).merge(&second).merge(&third.map_values(|value| value)).to("output");
}

fn chain(b: &StreamsBuilder) {
    input(b)
        .filter(|_, _| true)
        .filter_not(|_, _| false)
        .map(swap)
        .map_values(|value| value)
        .flat_map(|key, value| [(value, key)])
        .flat_map_values(|value| [value])
        .peek(|_, _| {})
        .select_key(|_, value| value.clone())
        .to("output");
}

fn fan_out(b: &StreamsBuilder) {
    let stream = input(b);
    stream.map_values(|value| value + "1").to("first");
    stream.filter(|_, _| true).to("second");
    stream.to("third");
    stream.for_each(|_, _| {});
}

fn two_sub_topologies(b: &StreamsBuilder) {
    let [first, second]: [KStream<String, String>; 2] = ["a", "b"].map(|topic| b.stream(topic));
    first.to("output-a");
    second.to("output-b");
}

golden!(
    filter,
    filter_named,
    filter_not,
    filter_not_named,
    map,
    map_named,
    map_values,
    map_values_named,
    flat_map,
    flat_map_named,
    flat_map_values,
    flat_map_values_named,
    peek,
    peek_named,
    select_key,
    select_key_named,
    foreach,
    foreach_named,
    print,
    print_labelled,
    merge,
    merge_named,
    merge_three,
    chain,
    fan_out,
    two_sub_topologies,
);

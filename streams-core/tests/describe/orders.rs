//! Large topologies: Java prints neighbours in an order that comes from hash maps and from sizes that grow while it looks.

use crate::input;
use crate::processors::PassOn;
use streams_core::state::Stores;
use streams_core::{KStream, StreamsBuilder};

fn order_fan_out(b: &StreamsBuilder) {
    let stream = input(b);
    for child in 0..20 {
        let mut at = stream.map_values(|value| value);
        for _ in 0..child * 7 % 5 {
            at = at.filter(|_, _| true);
        }
        at.to(&format!("output-{child}"));
    }
}

fn order_fan_in(b: &StreamsBuilder) {
    let mut all = input(b);
    for input in 0..15 {
        let mut at: KStream<String, String> = b.stream(format!("input-{input}"));
        for _ in 0..input * 7 % 4 {
            at = at.map_values(|value| value);
        }
        all = if input % 2 == 0 { all.merge(&at) } else { at.merge(&all) };
    }
    all.to("output");
}

fn order_tree(b: &StreamsBuilder) {
    let mut level = vec![input(b)];
    for _ in 0..4 {
        let mut next = Vec::new();
        for at in level {
            next.push(at.filter(|_, _| true));
            let _ = at.peek(|_, _| {});
            next.push(at.map_values(|value| value));
        }
        level = next;
    }
}

fn order_diamonds(b: &StreamsBuilder) {
    let mut at = input(b);
    for i in 0..6 {
        let left = at.filter(|_, _| true);
        let right = at.map_values(|value| value).peek(|_, _| {});
        at = if i % 2 == 0 { left.merge(&right) } else { right.merge(&left) };
    }
    at.to("output");
}

fn order_diamonds_and_fan_out(b: &StreamsBuilder) {
    let mut at = input(b);
    for i in 0..5 {
        let left = at.filter(|_, _| true);
        let right = at.map_values(|value| value);
        left.to(&format!("left-{i}"));
        right.peek(|_, _| {}).to(&format!("right-{i}"));
        at.for_each(|_, _| {});
        at = right.merge(&left).merge(&at);
    }
    at.to("output");
}

fn order_topics(b: &StreamsBuilder) {
    let topics: Vec<String> = (0..30).map(|i| format!("topic-{}", i * 37)).collect();
    b.stream::<String, String>(topics).to("output");
}

fn order_stores(b: &StreamsBuilder) {
    let store = |i| b.add_state_store(Stores::key_value::<String, i64>(format!("store-{}", i * 37)));
    let stores: Vec<_> = (0..14).map(store).collect();
    input(b).process(stores, |_, _| PassOn).to("output");
}

fn order_sub_topologies(b: &StreamsBuilder) {
    let [c, a, d, e]: [KStream<String, String>; 4] = ["c", "a", "d", "e"].map(|topic| b.stream(topic));
    d.group_by(|_, value| value.clone()).count().to_stream().to("d-counts");
    a.merge(&e).select_key(|_, value| value.clone()).repartition().to("a-e");
    e.to("e-copy");
    c.group_by_key().count().to_stream().to("c-counts");
    let reduced = c.select_key(|_, value| value.clone()).group_by_key().reduce(|left, _| left);
    reduced.to_stream().select_key(|_, value| value.clone()).to("c-reduced");
}

golden!(
    order_fan_out,
    order_fan_in,
    order_tree,
    order_diamonds,
    order_diamonds_and_fan_out,
    order_topics,
    order_stores,
    order_sub_topologies,
);

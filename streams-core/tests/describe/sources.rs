//! Where records come from.

use crate::input;
use streams_core::{Consumed, KStream, KTable, Materialized, StreamsBuilder};

fn stream_two_topics(b: &StreamsBuilder) {
    b.stream::<String, String>(["a", "b"]).to("output");
}

fn stream_named(b: &StreamsBuilder) {
    let stream: KStream<String, String> = b.stream_with("input", Consumed::default().named("my-source"));
    stream.map_values(|value| value).to("output");
}

fn stream_same_topic_twice(b: &StreamsBuilder) {
    let (first, second) = (input(b), input(b));
    first.to("output-1");
    second.to("output-2");
}

fn stream_same_topics_twice_merged(b: &StreamsBuilder) {
    let [first, second]: [KStream<String, String>; 2] = [["a", "b"], ["a", "b"]].map(|topics| b.stream(topics));
    first.filter(|_, _| true).merge(&second.filter(|_, _| false)).to("output");
}

fn table_source(b: &StreamsBuilder) {
    let _: KTable<String, String> = b.table("input");
}

fn table_source_named(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("input", Consumed::default().named("my-table"), Materialized::default());
    table.to_stream().to("output");
}

fn table_source_materialized(b: &StreamsBuilder) {
    let table: KTable<String, String> = b.table_with("input", Consumed::default(), "my-store");
    table.to_stream().to("output");
}

golden!(
    stream_two_topics,
    stream_named,
    stream_same_topic_twice,
    stream_same_topics_twice_merged,
    table_source,
    table_source_named,
    table_source_materialized,
);

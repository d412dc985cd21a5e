//! Global tables and patterns that cannot work are refused when the topology is built.

use streams_core::processor::{Context, Processor};
use streams_core::{BoxError, Consumed, GlobalKTable, Record, StreamsBuilder, state::Stores};

#[track_caller]
fn refused(write: impl FnOnce(&StreamsBuilder), parts: &[&str]) {
    let builder = StreamsBuilder::new();
    write(&builder);
    let error = builder.build().expect_err("it must be refused").to_string();
    for part in parts.iter().chain(&["invalid topology: "]) {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
}

fn global(b: &StreamsBuilder, topic: &str) -> GlobalKTable<String, String> {
    b.global_table(topic)
}

struct Nothing;

impl Processor<String, String, (), ()> for Nothing {
    fn process(&mut self, _: &mut Context<'_, (), ()>, _: Record<String, String>) -> Result<(), BoxError> {
        Ok(())
    }
}

fn store(b: &StreamsBuilder, name: &str, topic: &str) {
    let _ = b.add_global_store(Stores::key_value::<String, String>(name), topic, Consumed::default(), |_, _| Nothing);
}

#[test]
fn a_topic_has_one_source() {
    let streamed = |b: &StreamsBuilder| {
        let _ = global(b, "topic");
        b.stream::<String, String>("topic").to("out");
    };
    refused(streamed, &["topic topic is read by source KSTREAM-SOURCE-0000000001 already", "KSTREAM-SOURCE-0000000003 cannot"]);
    let twice = |b: &StreamsBuilder| {
        let _ = (global(b, "topic"), global(b, "topic"));
    };
    refused(twice, &["topic topic is read by source KSTREAM-SOURCE-0000000001 already"]);
    let stored = |b: &StreamsBuilder| {
        store(b, "one", "topic");
        store(b, "two", "topic");
    };
    refused(stored, &["topic topic is read by source"]);
}

#[test]
fn a_store_name_given_twice() {
    let stores = |b: &StreamsBuilder| {
        store(b, "same", "one");
        store(b, "same", "two");
    };
    refused(stores, &["two stores of the name same", "give one of them another name"]);
    let local = |b: &StreamsBuilder| {
        let _ = b.add_state_store(Stores::key_value::<String, String>("same"));
        store(b, "same", "topic");
    };
    refused(local, &["two stores of the name same"]);
    refused(|b| store(b, "not a name", "topic"), &["not a name"]);
    refused(|b| drop(global(b, "not a topic")), &["the topic name \"not a topic\" is not allowed"]);
}

#[test]
fn a_pattern_and_a_topic_that_meet() {
    let after = |b: &StreamsBuilder| {
        b.stream::<String, String>("in-1").to("out");
        b.stream_pattern::<String, String>("in-.*").to("out");
    };
    refused(after, &["pattern in-.* of a source matches topic in-1 of another one", "make the pattern narrower"]);
    let before = |b: &StreamsBuilder| {
        b.stream_pattern::<String, String>("in-.*").to("out");
        let _ = b.table_with::<String, String>("in-1", Consumed::default(), "rows");
    };
    refused(before, &["pattern in-.* of a source matches topic in-1 of another one"]);
}

#[test]
fn a_text_that_is_no_pattern() {
    refused(|b| b.stream_pattern::<String, String>("(in").to("out"), &["\"(in\" is not a pattern for topics", "unclosed group"]);
    refused(|b| b.stream_pattern::<String, String>(r"(.)\1").to("out"), &["lacks back references", "backreferences are not supported"]);
}

#[test]
fn a_global_table_of_another_builder() {
    let other = StreamsBuilder::new();
    let foreign = global(&other, "topic");
    let joined = |b: &StreamsBuilder| {
        let stream = b.stream::<String, String>("in");
        stream.join_global(&foreign, |key, _| key.clone(), |value, _| value).to("out");
    };
    refused(joined, &["a global table of another builder", "make both with one builder"]);
    struct PassOn;
    impl Processor<String, String, String, String> for PassOn {
        fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
            ctx.forward(record)
        }
    }
    let read = |b: &StreamsBuilder| b.stream::<String, String>("in").process(foreign.store(), |_, _| PassOn).to("out");
    refused(read, &["uses store topic-STATE-STORE-0000000000 of another builder"]);
}

#[test]
fn a_value_that_may_be_null_is_not_joined() {
    let joined = |b: &StreamsBuilder| {
        let global = global(b, "topic");
        let stream = b.stream::<String, Option<String>>("in");
        stream.join_global(&global, |key, _| key.clone(), |value, _| value).to("out");
    };
    refused(joined, &["a join needs a value", "skip_null_values()"]);
}

//! Where records go.

use crate::input;
use streams_core::processor::RecordContext;
use streams_core::{Produced, StreamsBuilder};

/// Java prints `toString()` of the object that computes the topic; the recorded one answers with this.
const BY_VALUE: &str = "ByValue";

fn by_value(_: &String, value: &String, _: &RecordContext<'_>) -> String {
    value.clone()
}

fn to_named(b: &StreamsBuilder) {
    let stream = input(b);
    stream.to_with("output", Produced::default().named("my-sink"));
    stream.to("other");
}

fn to_dynamic(b: &StreamsBuilder) {
    input(b).to_computed_with(by_value, Produced::default().extractor_name(BY_VALUE));
}

fn to_dynamic_named(b: &StreamsBuilder) {
    input(b).to_computed_with(by_value, Produced::default().extractor_name(BY_VALUE).named("my-sink"));
}

fn to_many(b: &StreamsBuilder) {
    let stream = input(b);
    stream.to("a");
    stream.to("b");
    stream.to_computed_with(by_value, Produced::default().extractor_name(BY_VALUE));
}

golden!(to_named, to_dynamic, to_dynamic_named, to_many);

/// Java's text for a lambda holds an address, so there is nothing to be equal to: the type's name is printed, which a reader can find.
#[test]
fn a_closure_without_a_name_prints_its_type() {
    let b = StreamsBuilder::new();
    input(&b).to_computed(by_value);
    let text = b.build().expect("a valid topology").describe();
    assert!(text.contains("(extractor class: describe::sinks::by_value)"), "{text}");
}

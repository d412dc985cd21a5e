//! What the DSL cannot be made to do: wrong edges and stores.

use super::*;
use crate::exec::{Cx, Edge, GraphEnv, Meta};
use crate::exec::{Process, SourceFactory, operator, terminal};
use streams_state::serde::DefaultSerde;

struct Next(Edge<String, i64>);

impl Process<String, i64> for Next {
    fn process(&mut self, cx: &mut Cx, key: String, value: i64, meta: &Meta<'_>) -> crate::Result<()> {
        self.0.process(cx, key, value, meta)
    }
}

fn pass() -> Arc<dyn NodeFactory> {
    operator::<String, i64, String, i64>(Box::new(|_: &mut GraphEnv<'_>, next| Ok(Box::new(Next(next)))))
}

fn name(name: &str) -> Arc<str> {
    name.into()
}

fn with_source() -> PhysicalBuilder {
    let mut builder = PhysicalBuilder::default();
    let factory = SourceFactory { key_serde: String::default_serde(), value_serde: i64::default_serde() };
    let topics = vec![TopicName::External("in".into())];
    builder.add_source(&name("source"), topics, None, None, Arc::new(factory)).expect("the first node");
    builder
}

#[track_caller]
fn says(error: TopologyError, parts: &[&str]) {
    let text = error.to_string();
    parts.iter().for_each(|part| assert!(text.contains(part), "no {part:?} in: {text}"));
}

#[test]
fn a_cycle_is_refused() {
    let error = with_source().add_processor(&name("loop"), &[name("loop")], pass()).expect_err("its own parent");
    says(error, &["node loop is its own parent", "cycle"]);
}

#[test]
fn a_parent_must_come_first() {
    let error = with_source().add_processor(&name("child"), &[name("parent")], pass()).expect_err("no such parent");
    says(error, &["node child names parent as its parent", "add the parent first"]);
}

#[test]
fn nothing_follows_a_sink() {
    let mut builder = with_source();
    let sink = terminal::<String, i64>(Box::new(|_| Ok(Box::new(crate::exec::End))));
    builder.add_sink(&name("sink"), SinkTopic::Fixed(TopicName::External("out".into())), &[name("source")], sink).expect("a sink");
    says(builder.add_processor(&name("after"), &[name("sink")], pass()).expect_err("after a sink"), &["sink is a sink", "after cannot"]);
}

#[test]
fn a_store_must_be_added_and_its_node_exist() {
    let mut builder = with_source();
    says(builder.connect_store("source", "rows").expect_err("no store"), &["node source uses store rows", "add_state_store"]);
    let store = streams_state::Stores::key_value::<String, i64>("rows").build().expect("a store");
    builder.add_store(&store).expect("a new store");
    says(builder.connect_store("nobody", "rows").expect_err("no node"), &["store rows", "node nobody, which does not exist"]);
    builder.add_store(&store).expect("the same store again");
}

#[test]
fn every_node_is_reached_by_a_source() {
    let mut builder = with_source();
    builder.add_processor(&name("island"), &[], pass()).expect("a node without parents");
    says(builder.build().expect_err("an island"), &["nodes island are reached by no source", "connect them"]);
}

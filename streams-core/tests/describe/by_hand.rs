//! Recorded topologies put together by hand, node by node: `describe()` is Java's all the same, and so are the results.

use crate::compare::{differences, read};
use streams_core::config::StreamsConfig;
use streams_core::config::TopologyOptimization;
use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, TopologyBuilder};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, Record};

struct Mark;

impl Processor<String, String, String, String> for Mark {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        ctx.forward(Record { value: record.value + "!", ..record })
    }
}

struct Keep(KeyValueStore<String, String>);

impl Processor<String, String, (), ()> for Keep {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, String>) -> Result<(), BoxError> {
        self.0.put(ctx, &record.key, record.value + "!")
    }
}

struct Look(ReadOnlyKeyValueStore<String, String>);

impl Processor<String, String, String, String> for Look {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let found = self.0.get(&record.value)?.unwrap_or_default();
        ctx.forward(Record { value: record.value + &found, ..record })
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_source_of_a_pattern() {
    let builder = TopologyBuilder::new();
    let source = builder.add_source_pattern::<String, String>("my-source", "input-[0-9]+");
    let marked = builder.add_processor("KSTREAM-MAPVALUES-0000000001", (), |_, ()| Mark, &[&source]);
    builder.add_sink("KSTREAM-SINK-0000000002", "output", &[&marked]);
    let topology = builder.build().unwrap();
    assert_eq!(differences("pattern-named", &topology, &|file| read("describe", file)), [""; 0]);

    let driver = TopologyTestDriver::new(&topology).unwrap();
    driver.input::<String, String>("input-1").pipe(text("a"), text("one")).unwrap();
    driver.input::<String, String>("input-22").pipe(text("b"), text("two")).unwrap();
    let out = driver.output::<String, String>("output").read_all().unwrap();
    assert_eq!(out, [(text("a"), text("one!")), (text("b"), text("two!"))]);
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    let builder = TopologyBuilder::new();
    let source = builder.add_source_pattern::<String, String>("source", "input-(");
    builder.add_sink("sink", "output", &[&source]);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("input-("), "{error}");
}

#[test]
fn a_global_store() {
    let builder = TopologyBuilder::new();
    let (store, names) = (Stores::key_value::<String, String>("kept"), ["KSTREAM-SOURCE-0000000000", "KTABLE-SOURCE-0000000001"]);
    let kept = builder.add_global_store(store, names[0], "global", Consumed::default(), names[1], |_, store| Keep(store));
    let source = builder.add_source::<String, String>("KSTREAM-SOURCE-0000000002", "input");
    let found = builder.add_processor("KSTREAM-PROCESSOR-0000000003", kept, |_, store| Look(store), &[&source]);
    builder.add_sink("KSTREAM-SINK-0000000004", "output", &[&found]);
    let topology = builder.build().unwrap();
    assert_eq!(differences("global-store", &topology, &|file| read("describe", file)), [""; 0]);

    let driver = TopologyTestDriver::new(&topology).unwrap();
    driver.input::<String, String>("global").pipe(text("k"), text("kept")).unwrap();
    driver.input::<String, String>("input").pipe(text("a"), text("k")).unwrap();
    assert_eq!(driver.output::<String, String>("output").read_all().unwrap(), [(text("a"), text("kkept!"))]);
}

#[test]
fn names_of_a_global_store_are_checked() {
    let refused = |source: &str, processor: &str, part: &str| {
        let builder = TopologyBuilder::new();
        let store = Stores::key_value::<String, String>("kept");
        drop(builder.add_global_store(store, source, "global", Consumed::default(), processor, |_, store| Keep(store)));
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused("so urce", "processor", "so urce");
    refused("source", "proc essor", "proc essor");
    refused("same", "same", "same");
}

#[test]
fn the_config_decides_how_it_is_built() {
    let builder = TopologyBuilder::new();
    let source = builder.add_source::<String, String>("source", "input");
    builder.add_sink("sink", "output", &[&source]);
    let config = StreamsConfig::new("app", "embedded");
    let optimized = builder.build_with(&config.clone().topology_optimization(TopologyOptimization::ALL)).unwrap();
    assert_eq!((optimized.optimization(), optimized.describe()), (TopologyOptimization::ALL, builder.build().unwrap().describe()));
    let error = builder.build_with(&config.set("topology.optimization", "some")).unwrap_err().to_string();
    assert!(error.contains("topology.optimization"), "{error}");
}

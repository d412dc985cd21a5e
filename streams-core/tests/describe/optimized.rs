//! The same topologies with `topology.optimization=all`: texts as Java's, and results as without.

use crate::{compare, topologies};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::testing::TopologyTestDriver;
use streams_core::{Headers, StreamsBuilder, Topology};

fn config(optimization: TopologyOptimization) -> StreamsConfig {
    StreamsConfig::new("app", "embedded").topology_optimization(optimization)
}

fn built(id: &str, write: fn(&StreamsBuilder), optimization: TopologyOptimization) -> Topology {
    let builder = StreamsBuilder::new();
    write(&builder);
    builder.build_with(&config(optimization)).unwrap_or_else(|e| panic!("{id}: {e}"))
}

/// Every recorded id, and whether its texts differ from those without optimisation.
fn list() -> BTreeMap<String, bool> {
    let line = |line: &str| match line.strip_suffix(" differs") {
        Some(id) => (id.to_owned(), true),
        None => (line.to_owned(), false),
    };
    compare::read("describe-optimized", "LIST").lines().map(line).collect()
}

/// Java takes the join with a global table for an operator that leaves values as they are, and moves the repartition before it, though the topic
/// is written with the serde of the values behind it. Here it stays behind.
pub const BEFORE_THE_JOIN: &[&str] = &["global-join-re-keyed-then-count"];

#[test]
fn optimized_topologies_equal_javas() {
    let recorded = list();
    let (mut differences, mut compared) = (Vec::new(), 0);
    for (id, write) in topologies() {
        if !recorded.contains_key(&id) {
            continue;
        }
        // what is as without is not recorded twice
        let java = |file: &str| match compare::folder("describe-optimized").join(file).exists() {
            true => compare::read("describe-optimized", file),
            false => compare::read("describe", file),
        };
        if BEFORE_THE_JOIN.contains(&&*id) {
            continue;
        }
        compared += 1;
        differences.extend(compare::differences(&id, &built(&id, write, TopologyOptimization::ALL), &java));
    }
    assert!(compared > 190, "{compared} are compared");
    assert!(differences.is_empty(), "{} differ\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn a_builder_is_as_it_was_after_an_optimized_build() {
    for (id, write) in topologies() {
        let builder = StreamsBuilder::new();
        write(&builder);
        let before = builder.build().expect("it is built elsewhere, too").describe();
        let optimized = builder.build_with(&config(TopologyOptimization::ALL)).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(optimized.optimization(), TopologyOptimization::ALL);
        assert_eq!(builder.build().expect("as before").describe(), before, "{id}");
    }
}

/// A small random number generator (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

type Records = Vec<(Option<Vec<u8>>, Option<Vec<u8>>, i64)>;

/// What the user's topics got since the last call, in no order: branches of a topology may be run in another one.
fn outputs(driver: &TopologyTestDriver) -> BTreeMap<String, Records> {
    let is_users = |topic: &String| !topic.starts_with("app-");
    let read = |topic: String| {
        let records = driver.output::<Option<Vec<u8>>, Option<Vec<u8>>>(&topic).read_records().expect("bytes can be read");
        let mut records: Records = records.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect();
        records.sort();
        (topic, records)
    };
    driver.produced_topic_names().into_iter().filter(is_users).map(read).filter(|(_, records)| !records.is_empty()).collect()
}

fn driver(topology: &Topology) -> TopologyTestDriver {
    TopologyTestDriver::builder(topology).wall_clock(10_000_000).config(StreamsConfig::new("app", "embedded")).build().expect("a driver")
}

/// Runs one random history through both.
fn same_results(id: &str, seed: u64, plain: &Topology, optimized: &Topology) -> usize {
    const STEPS: [i64; 8] = [0, 0, 1, 10, 999, 5_000, 10_001, 60_000];
    let topics = plain.topics(&StreamsConfig::new("app", "embedded")).expect("topics");
    let read: BTreeSet<&str> =
        topics.subtopologies.iter().flat_map(|s| &s.sources).map(|t| &**t).filter(|t| !t.starts_with("app-")).collect();
    let read: Vec<&str> = read.into_iter().collect();
    if read.is_empty() {
        return 0; // only topics that match a pattern are read, and the recordings feed those
    }
    let (mut random, mut time, mut results) = (Random(seed), 10_000_000, 0);
    let (mut one, mut other) = (driver(plain), driver(optimized));
    for step in 0..40 {
        if random.below(20) == 0 {
            let by = Duration::from_millis(1 + random.below(20_000) as u64);
            one.advance_wall_clock(by).expect("time passes");
            other.advance_wall_clock(by).expect("time passes");
        } else {
            time += STEPS[random.below(STEPS.len())];
            let at = if random.below(4) == 0 { time - 1 - random.below(12_000) as i64 } else { time };
            let topic = read[random.below(read.len())];
            let pick = |from: &[&str], random: &mut Random| Some(from[random.below(from.len())].as_bytes().to_vec());
            let (key, value) = (pick(&["a", "b", "c"], &mut random), pick(&["a", "b", "a b", "c d e", "7"], &mut random));
            for driver in [&mut one, &mut other] {
                let piped = driver.input::<String, String>(topic).pipe_bytes(key.clone(), value.clone(), at, Headers::new());
                piped.unwrap_or_else(|e| panic!("{id}: {e}"));
            }
        }
        let (plain, optimized) = (outputs(&one), outputs(&other));
        assert_eq!(plain, optimized, "{id}, seed {seed}, step {step}");
        results += plain.values().map(Vec::len).sum::<usize>();
    }
    results
}

#[test]
fn optimized_topologies_give_the_same_results() {
    let (mut rewritten, mut results) = (0, 0);
    let config = StreamsConfig::new("app", "embedded");
    for (id, write) in topologies() {
        let (plain, optimized) = (built(&id, write, TopologyOptimization::NONE), built(&id, write, TopologyOptimization::ALL));
        let same_topics = plain.topics(&config).expect("topics") == optimized.topics(&config).expect("topics");
        if same_topics && plain.describe() == optimized.describe() {
            continue;
        }
        // kept in one store each record meets itself at once, in two it may come too late for itself: so in Java, too
        if id.ends_with("left-join-of-itself") || id.ends_with("outer-join-of-itself") {
            continue;
        }
        rewritten += 1;
        results += (0..10).map(|seed| same_results(&id, seed, &plain, &optimized)).sum::<usize>();
    }
    assert!(rewritten > 50 && results > 10_000, "{rewritten} topologies were rewritten, and gave {results} records");
}

//! A record cache changes how many results there are, never which tables come of them: random records through topologies of tables, without caches,
//! with caches that a commit empties now and then, and with caches so small that rows are evicted all the time.
//!
//! Left out, because the tables are not the same by design (docs/SEMANTICS.md):
//! - a table joined with what is computed of it: the rows of both change at once, and without a cache the join sees them one after the other;
//! - `join_on_foreign_key` (inner) without `answer_every_change`: changes that cross each other on the way may leave a row;
//! - what goes by the order or the number of changes downstream: `suppress`, and streams made of a table's changes that are counted or windowed.

mod topologies;

use std::collections::BTreeMap;
use streams_core::StreamsBuilder;
use streams_core::config::StreamsConfig;
use streams_core::testing::{TestOutputTopic, TopologyTestDriver};
use topologies::{Made, TOPOLOGIES, Write};

/// A driver that commits when it is told to, the table that its output makes, and how many results there were.
struct Run {
    driver: TopologyTestDriver,
    output: TestOutputTopic<String, Option<i64>>,
    /// Those that are read.
    topics: Vec<&'static str>,
    rows: BTreeMap<String, i64>,
    results: usize,
}

impl Run {
    fn new(write: Write, cached: bool, cache_bytes: Option<u64>) -> Self {
        let made = Made { builder: StreamsBuilder::new(), cached };
        write(&made);
        let topology = made.builder.build().expect("the topology is right");
        let described = topology.describe();
        let topics =
            ["in", "other", "left", "right"].into_iter().filter(|topic| described.contains(&format!("topics: [{topic}]"))).collect();
        let config = StreamsConfig::new("app", "embedded");
        let config = match cache_bytes {
            Some(bytes) => config.set("statestore.cache.max.bytes", bytes.to_string()),
            None => config,
        };
        let driver = TopologyTestDriver::builder(&topology).config(config).commit_by_hand().build().expect("a driver");
        let output = driver.output("out");
        Run { driver, output, topics, rows: BTreeMap::new(), results: 0 }
    }

    fn pipe(&self, topic: &str, key: &str, value: Option<i64>, time: i64) {
        self.driver.input::<String, Option<i64>>(topic).pipe_at(key.to_owned(), value, time).expect("the record is taken");
    }

    fn commit(&mut self) {
        self.driver.commit().expect("a commit");
        for (key, value) in self.output.read_all().expect("results") {
            self.results += 1;
            match value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

/// The same history with and without caches; how many results there were of each.
fn history(name: &str, write: Write, seed: u64) -> [usize; 3] {
    let mut runs = [Run::new(write, false, None), Run::new(write, true, None), Run::new(write, true, Some(400))];
    let topics = runs[0].topics.clone();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut now = 1_000;
    for step in 0..120 {
        now += if below(20) == 0 { 90 } else { below(5) as i64 };
        let time = now - below(25) as i64;
        let (topic, key) = (topics[below(topics.len() as u64) as usize], ["a", "b", "c", "d"][below(4) as usize]);
        let deletes = (topic == "left" || topic == "right") && below(4) == 0;
        let value = (!deletes).then_some(below(50) as i64);
        let commit = below(9) == 0 || step == 119;
        for run in &mut runs {
            run.pipe(topic, key, value, time);
            if commit {
                run.commit();
            }
        }
        if commit {
            let [plain, cached, evicting] = &runs;
            assert_eq!(plain.rows, cached.rows, "{name}, seed {seed}, after step {step}: with caches");
            assert_eq!(plain.rows, evicting.rows, "{name}, seed {seed}, after step {step}: with small caches");
        }
    }
    runs.each_ref().map(|run| run.results)
}

#[test]
fn tables_are_the_same_with_a_cache_and_without() {
    for (name, write) in TOPOLOGIES {
        let mut all = [0; 3];
        for seed in 1..25 {
            let results = history(name, *write, seed);
            all.iter_mut().zip(results).for_each(|(all, results)| *all += results);
        }
        let [plain, cached, evicting] = all;
        assert!(cached < plain && evicting <= plain, "{name}: {plain} results without, {cached} with, {evicting} with small caches");
    }
}

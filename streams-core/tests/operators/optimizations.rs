//! Optimisations where Java has no answer, or a wrong one: results are those without, and the topics fewer.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::serde::{DefaultSerde, JsonSerde};
use streams_core::testing::TopologyTestDriver;
use streams_core::{Consumed, Grouped, JoinWindows, KStream, StreamsBuilder, Topology};

type Write = fn(&StreamsBuilder);
/// Key and value as bytes, and the time.
type Records = Vec<(Option<Vec<u8>>, Option<Vec<u8>>, i64)>;

fn built(write: Write, optimization: TopologyOptimization) -> Topology {
    let builder = StreamsBuilder::new();
    write(&builder);
    builder.build_with(&StreamsConfig::new("app", "embedded").topology_optimization(optimization)).expect("the topology is right")
}

fn repartition_topics(topology: &Topology) -> Vec<String> {
    let topics = topology.topics(&StreamsConfig::new("app", "embedded")).expect("topics");
    topics.subtopologies.iter().flat_map(|s| &s.repartition).map(|topic| topic.name.to_string()).collect()
}

/// What the user's topics get, each in no order.
fn results(topology: &Topology, seed: u64) -> BTreeMap<String, Records> {
    let config = StreamsConfig::new("app", "embedded");
    let mut driver = TopologyTestDriver::builder(topology).config(config).wall_clock(0).build().expect("a driver");
    let mut state = seed;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % n) as usize
    };
    for n in 0..60 {
        let (topic, key, value) = (["one", "two"][below(2)], ["a", "b", "c"][below(3)], ["a", "ab", "b", "c"][below(4)]);
        if topology.describe().contains(&format!("topics: [{topic}]")) {
            driver.input::<String, String>(topic).pipe_at(key.to_owned(), value.to_owned(), 1_000 * (n + 1)).expect("it is processed");
        }
    }
    driver.advance_wall_clock(Duration::from_secs(1)).expect("time passes");
    let mut results = BTreeMap::new();
    for topic in driver.produced_topic_names().into_iter().filter(|topic| !topic.starts_with("app-")) {
        let records = driver.output::<Option<Vec<u8>>, Option<Vec<u8>>>(&topic).read_records().expect("bytes can be read");
        let mut records: Records = records.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect();
        records.sort();
        results.insert(topic, records);
    }
    results
}

#[track_caller]
fn same_results_with(write: Write, plain: usize, optimized: usize) {
    let (before, after) = (built(write, TopologyOptimization::NONE), built(write, TopologyOptimization::ALL));
    let counts = (repartition_topics(&before).len(), repartition_topics(&after).len());
    assert_eq!(counts, (plain, optimized), "{}", after.describe());
    for seed in 0..100 {
        let expected = results(&before, seed);
        assert!(expected.values().any(|records| !records.is_empty()));
        assert_eq!(expected, results(&after, seed), "seed {seed}");
    }
}

fn by_value(b: &StreamsBuilder, topic: &str) -> KStream<String, String> {
    b.stream::<String, String>(topic).select_key(|_, value| value.clone())
}

fn concat(left: String, right: String) -> String {
    left + &right
}

fn count(stream: &KStream<String, String>, to: &str) {
    stream.group_by_key().count().to_stream().to(to);
}

/// Java finds the node that both lead through no longer, and gives up.
#[test]
fn groupings_behind_one_filter_share_a_topic() {
    same_results_with(
        |b| {
            let few = by_value(b, "one").filter(|_, value| value != "c");
            count(&few, "counts");
            few.group_by_key().reduce(concat).to_stream().to("reduced");
        },
        2,
        1,
    );
}

/// The same.
#[test]
fn branches_share_a_topic() {
    same_results_with(
        |b| {
            let branches = by_value(b, "one").split().branch_with(|_, value| value.starts_with('a'), "a").default_branch_with("rest");
            count(branches.get("a").expect("named above"), "a");
            count(branches.get("rest").expect("named above"), "rest");
        },
        2,
        1,
    );
}

/// Java moves both behind the first key change, and the second stream's records are never partitioned by their new key.
#[test]
fn what_is_above_a_merge_and_what_is_below_are_apart() {
    fn write(b: &StreamsBuilder) {
        let (one, two) = (by_value(b, "one"), by_value(b, "two"));
        count(&one, "ones");
        count(&one.merge(&two), "both");
    }
    same_results_with(write, 2, 2);
    let text = built(write, TopologyOptimization::ALL).describe();
    let merge = text.split("Processor: KSTREAM-MERGE").nth(1).expect("there is a merge");
    assert!(merge.lines().nth(1).is_some_and(|to| to.contains("repartition-filter")), "{text}");
}

/// Java gives up here, too.
#[test]
fn merges_of_merges_are_rewritten_once() {
    same_results_with(
        |b| {
            let both = by_value(b, "one").merge(&by_value(b, "two"));
            let all = both.merge(&both.filter(|_, value| value == "a"));
            count(&all, "counts");
            all.group_by_key().reduce(concat).to_stream().to("reduced");
        },
        2,
        1,
    );
}

/// The bytes that travel with keys are those of the shared topic's serde, and not those of the others' stores.
#[test]
fn groupings_with_other_serdes_of_keys_share_a_topic() {
    for text_first in [true, false] {
        fn text(b: &KStream<String, String>) {
            count(b, "counts");
        }
        fn json(b: &KStream<String, String>) {
            let grouped = Grouped::with(JsonSerde::<String>::default(), String::default_serde());
            b.group_by_key_with(grouped).reduce(concat).to_stream().to("reduced");
        }
        let write: Write = match text_first {
            true => |b| {
                let keyed = by_value(b, "one");
                text(&keyed);
                json(&keyed);
            },
            false => |b| {
                let keyed = by_value(b, "one");
                json(&keyed);
                text(&keyed);
            },
        };
        same_results_with(write, 2, 1);
    }
}

/// The node that leaves nulls out is not one of Java's: what follows it shares, and what does not is apart.
#[test]
fn nulls_left_out_in_between() {
    same_results_with(
        |b| {
            let consumed = Consumed::with(String::default_serde(), <Option<String>>::default_serde());
            let keyed = b.stream_with::<String, Option<String>>("one", consumed).select_key(|_, value| value.clone().unwrap_or_default());
            let there = keyed.skip_null_values();
            count(&there, "counts");
            there.group_by_key().reduce(concat).to_stream().to("reduced");
        },
        2,
        1,
    );
}

#[test]
fn only_what_is_asked_for_is_done() {
    fn write(b: &StreamsBuilder) {
        let keyed = by_value(b, "one");
        count(&keyed, "counts");
        count(&keyed, "again");
        b.table_with::<String, String>("two", Default::default(), "store").to_stream().to("table");
    }
    let tables = TopologyOptimization { reuse_ktable_source_topics: true, ..TopologyOptimization::NONE };
    let merges = TopologyOptimization { merge_repartition_topics: true, ..TopologyOptimization::NONE };
    let changelogs = |topology: &Topology| {
        let topics = topology.topics(&StreamsConfig::new("app", "embedded")).expect("topics");
        topics.subtopologies.iter().map(|s| s.changelogs.len()).sum::<usize>()
    };
    for (optimization, repartitions, logs) in [(TopologyOptimization::NONE, 2, 3), (tables, 2, 2), (merges, 1, 3)] {
        let topology = built(write, optimization);
        assert_eq!((repartition_topics(&topology).len(), changelogs(&topology)), (repartitions, logs), "{optimization}");
    }
    let wrong = StreamsConfig::new("app", "embedded").set("topology.optimization", "none,all");
    let error = StreamsBuilder::new().build_with(&wrong).expect_err("no such value").to_string();
    assert!(error.contains("topology.optimization") && error.contains("none,all"), "{error}");
}

/// Java's single store lets a record meet itself although its own time is not in the window.
#[test]
fn a_stream_joined_with_what_follows_does_not_meet_itself() {
    same_results_with(
        |b| {
            let stream: KStream<String, String> = b.stream("one");
            // with a grace that is longer than the distance, nothing is gone before its last partner comes
            let windows = JoinWindows::within(Duration::from_secs(10)).grace(Duration::from_secs(2));
            let (least, precedes) = (Duration::from_secs(1), windows);
            let windows = windows.at_least_after(least);
            stream.join(&stream, |left: &String, right: &String| left.clone() + right, windows).to("follows");
            stream.join(&stream, |left: &String, right: &String| left.clone() + right, precedes.at_least_before(least)).to("precedes");
        },
        0,
        0,
    );
}

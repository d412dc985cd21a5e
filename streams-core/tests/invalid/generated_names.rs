//! `ensure.explicit.internal.resource.naming` (KIP-1111): what nobody has named is refused, and told by its name. The cases are those of Java's
//! `StreamsBuilderTest`, and some that Java forgets.

use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::{
    BufferConfig, Deduplicated, Grouped, JoinWindows, Joined, KStream, KTable, KafkaStreams, Materialized, Repartitioned, StreamJoined,
    StreamsBuilder, Suppressed, TableJoined, TimeWindows,
};

fn config() -> StreamsConfig {
    StreamsConfig::new("app", "embedded").ensure_explicit_internal_resource_naming(true)
}

/// What is refused, sorted; nothing where the topology is built.
fn unnamed(write: impl Fn(&StreamsBuilder)) -> Vec<String> {
    let builder = StreamsBuilder::new();
    write(&builder);
    builder.build().expect("without the setting it is right");
    let Err(error) = builder.build_with(&config()) else { return Vec::new() };
    let error = error.to_string();
    let (_, rest) = error.split_once("ensure.explicit.internal.resource.naming is true, and nobody has named: ").expect(&error);
    let (list, way_out) = rest.rsplit_once("; ").expect(&error);
    assert!(way_out.contains("`Materialized`") && way_out.contains("`Grouped`"), "{error}");
    let mut list: Vec<String> = list.split("; ").map(str::to_owned).collect();
    list.sort();
    list
}

#[track_caller]
fn are_unnamed(write: impl Fn(&StreamsBuilder), parts: &[&str]) {
    let found = unnamed(write);
    assert_eq!(found.len(), parts.len(), "{found:?}");
    for (found, part) in found.iter().zip(parts) {
        assert!(found.contains(part), "no {part:?} in {found:?}");
    }
}

fn stream(b: &StreamsBuilder, topic: &str) -> KStream<String, String> {
    b.stream(topic)
}

fn re_keyed(b: &StreamsBuilder, topic: &str) -> KStream<String, String> {
    stream(b, topic).select_key(|_, value| value.clone())
}

#[test]
fn a_grouped_stream_and_its_store() {
    let store = "store (with its changelog) KSTREAM-AGGREGATE-STATE-STORE-0000000003 of node KSTREAM-AGGREGATE-0000000004";
    let count = |b: &StreamsBuilder, grouped: Grouped<String, String>, kept: Materialized<String, u64>| {
        drop(stream(b, "in").group_by_with(|_, value| value.clone(), grouped).count_with(kept));
    };
    let topic = "repartition topic KSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition behind KSTREAM-KEY-SELECT-0000000001";
    are_unnamed(|b| count(b, Grouped::default(), Materialized::default()), &[topic, store]);
    are_unnamed(|b| count(b, "by-value".into(), Materialized::default()), &[store]);
    let unlogged = "store KSTREAM-AGGREGATE-STATE-STORE-0000000003 of";
    are_unnamed(|b| count(b, "by-value".into(), Materialized::default().logging_disabled()), &[unlogged]);
    // the topic is named after the store
    are_unnamed(|b| count(b, Grouped::default(), "counts".into()), &[]);
    are_unnamed(|b| count(b, "by-value".into(), "counts".into()), &[]);
    // a name that happens to look like a generated one is a name: so topics are kept when the setting is turned on
    are_unnamed(|b| count(b, Grouped::default(), "KSTREAM-AGGREGATE-STATE-STORE-0000000003".into()), &[]);
}

#[test]
fn windows_and_suppressions() {
    let suppressed = |b: &StreamsBuilder, suppressed: Suppressed<streams_core::Windowed<String>>| {
        let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
        drop(stream(b, "in").group_by_key().windowed_by(windows).count_with("counts").suppress(suppressed));
    };
    let unbounded = BufferConfig::unbounded;
    are_unnamed(
        |b| suppressed(b, Suppressed::until_window_closes(unbounded())),
        &["store (with its changelog) KTABLE-SUPPRESS-STATE-STORE-0000000003 of node KTABLE-SUPPRESS-0000000002"],
    );
    are_unnamed(|b| suppressed(b, Suppressed::until_window_closes(unbounded()).named("final")), &[]);
    are_unnamed(|b| suppressed(b, Suppressed::until_window_closes(unbounded().logging_disabled())), &[]);
}

#[test]
fn joined_streams() {
    let join = |b: &StreamsBuilder, options: StreamJoined<String, String, String>| {
        let windows = JoinWindows::within(Duration::from_secs(10));
        let joined = re_keyed(b, "one").left_join_with(&re_keyed(b, "two"), |left, _| left.clone(), windows, options);
        drop(joined);
    };
    let topics = ["topic KSTREAM-KEY-SELECT-0000000001-repartition", "topic KSTREAM-KEY-SELECT-0000000003-repartition"];
    let stores = ["store (with its changelog) KSTREAM-JOINTHIS-", "KSTREAM-OUTEROTHER-", "KSTREAM-OUTERSHARED-"];
    are_unnamed(|b| join(b, StreamJoined::default()), &[&topics[..], &stores[..]].concat());
    are_unnamed(|b| join(b, StreamJoined::default().store_name("kept")), &topics);
    are_unnamed(|b| join(b, StreamJoined::default().named("joined")), &stores);
    are_unnamed(|b| join(b, StreamJoined::default().named("joined").store_name("kept")), &[]);
}

#[test]
fn a_stream_joined_with_a_table() {
    let join = |b: &StreamsBuilder, joined: Joined<String, String>, kept: Materialized<String, String>| {
        let table = b.table_with("two", Default::default(), kept);
        drop(re_keyed(b, "one").join_table_with(&table, |left, right| left + right, joined));
    };
    let (topic, store) = ("topic KSTREAM-KEY-SELECT-0000000004-repartition", "store (with its changelog) two-STATE-STORE-0000000000");
    are_unnamed(|b| join(b, Joined::default(), Materialized::default()), &[topic, store]);
    are_unnamed(|b| join(b, "joined".into(), Materialized::default()), &[store]);
    are_unnamed(|b| join(b, Joined::default(), "table".into()), &["topic KSTREAM-KEY-SELECT-0000000003-repartition"]);
    are_unnamed(|b| join(b, "joined".into(), "table".into()), &[]);
    let versioned = || Materialized::from("table").versioned(Duration::from_secs(100));
    let grace = |joined: Joined<String, String>| joined.grace(Duration::from_secs(10));
    are_unnamed(
        |b| join(b, grace(Joined::default()), versioned()),
        &["topic KSTREAM-KEY-SELECT-0000000003-repartition", "store (with its changelog) KSTREAM-JOIN-0000000007-Buffer"],
    );
    are_unnamed(|b| join(b, grace("joined".into()), versioned()), &[]);
}

#[test]
fn a_repartition() {
    let topic = "topic KSTREAM-REPARTITION-0000000001-repartition behind KSTREAM-SOURCE-0000000000";
    are_unnamed(|b| drop(stream(b, "in").repartition()), &[topic]);
    are_unnamed(|b| drop(stream(b, "in").repartition_with(Repartitioned::from("spread"))), &[]);
    are_unnamed(|b| drop(re_keyed(b, "in").to_table()), &["topic KSTREAM-TOTABLE-0000000002-repartition"]);
}

/// Java says nothing of these, or refuses what is not there.
#[test]
fn what_java_forgets() {
    let table = |b: &StreamsBuilder, topic: &str| -> KTable<String, String> { b.table_with(topic, Default::default(), topic) };
    // a table that nothing keeps has no store
    are_unnamed(|b| b.table::<String, String>("in").to_stream().to("out"), &[]);
    are_unnamed(|b| drop(b.global_table::<String, String>("in")), &["store in-STATE-STORE-0000000000 of"]);
    let grouped = |b: &StreamsBuilder, grouped: Grouped<String, String>| {
        let grouped = table(b, "in").group_by_with(|_, value| (value.clone(), value.clone()), grouped);
        drop(grouped.count());
    };
    let store = "store (with its changelog) KTABLE-AGGREGATE-STATE-STORE-";
    are_unnamed(|b| grouped(b, Grouped::default()), &["topic KTABLE-AGGREGATE-STATE-STORE-", store]);
    are_unnamed(|b| grouped(b, "by-value".into()), &[store]);
    let by_foreign_key = |b: &StreamsBuilder, options: TableJoined<String, String, String, String, String>| {
        drop(table(b, "one").join_on_foreign_key_with(
            &table(b, "two"),
            |_, value| Some(value.clone()),
            |left, right| left.clone() + right,
            options,
        ));
    };
    let parts =
        ["KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-", "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-"];
    are_unnamed(|b| by_foreign_key(b, TableJoined::default()), &parts);
    are_unnamed(|b| by_foreign_key(b, TableJoined::default().named("joined")), &[]);
    are_unnamed(
        |b| drop(stream(b, "in").deduplicate_by_key_with(Duration::from_secs(1), Deduplicated::default())),
        &["store (with its changelog) KSTREAM-DEDUPLICATE-STATE-STORE-"],
    );
}

/// What is optimised away needs no name, and what is left does.
#[test]
fn with_optimisations() {
    let builder = StreamsBuilder::new();
    let keyed = re_keyed(&builder, "in");
    for name in ["one", "two"] {
        let _ = keyed.group_by_key_with(Grouped::default()).count_with(Materialized::from(name));
    }
    let optimized = config().topology_optimization(TopologyOptimization::ALL);
    builder.build_with(&optimized).expect("all is named after the stores");
    let _ = keyed.group_by_key().count();
    let error = builder.build_with(&optimized).expect_err("the third store has no name").to_string();
    assert!(error.contains("store (with its changelog) KSTREAM-AGGREGATE-STATE-STORE-"), "{error}");
    assert!(!error.contains("repartition topic KSTREAM"), "it goes through the first one's: {error}");
}

#[test]
fn an_application_refuses_it_when_it_starts() {
    let builder = StreamsBuilder::new();
    let _ = stream(&builder, "in").group_by_key().count();
    let topology = builder.build().expect("a topology");
    let error = KafkaStreams::start(topology, config()).expect_err("the store has no name").to_string();
    assert!(error.contains("nobody has named: store (with its changelog) KSTREAM-AGGREGATE-STATE-STORE-0000000001"), "{error}");
}

#[test]
fn the_value_is_true_or_false() {
    let wrong = StreamsConfig::new("app", "embedded").set("ensure.explicit.internal.resource.naming", "perhaps");
    let error = StreamsBuilder::new().build_with(&wrong).expect_err("no such value").to_string();
    assert!(error.contains("ensure.explicit.internal.resource.naming") && error.contains("perhaps"), "{error}");
}

//! Topics of an application on an embedded cluster: what is checked, what is made, with which configs.

use super::*;
use crate::cluster::ClientSettings;
use crate::cluster::Cluster;
use crate::cluster::embedded::EmbeddedCluster;
use crate::config::StreamsConfig;
use crate::{StreamsBuilder, TimeWindows};

fn settings(more: &[(&str, &str)]) -> Settings {
    let config = StreamsConfig::new("app", "embedded").set_all(more.iter().copied());
    config.settings().expect("the settings are right")
}

fn admin(cluster: &EmbeddedCluster) -> Arc<dyn Admin> {
    cluster.admin(&ClientSettings::default()).expect("an admin client")
}

/// `in` by a new key into a table of counts and windowed counts.
fn counts() -> Topology {
    let builder = StreamsBuilder::new();
    let grouped = builder.stream::<String, String>("in").group_by(|_, v| v.clone());
    grouped.count_with("totals").to_stream().to("out");
    let _minutes = grouped.windowed_by(TimeWindows::tumbling(Duration::from_secs(60)).no_grace()).count_with("minutes");
    builder.build().expect("the topology is right")
}

fn joined() -> Topology {
    let builder = StreamsBuilder::new();
    let table = builder.table::<String, String>("right");
    builder.stream::<String, String>("left").join_table(&table, |l, r| format!("{l}{r}")).to("out");
    builder.build().expect("the topology is right")
}

fn cluster(topics: &[(&str, i32)]) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::new();
    for (topic, partitions) in topics {
        cluster.create_topic(topic, *partitions).expect("a new topic");
    }
    cluster
}

fn error(topology: &Topology, cluster: &EmbeddedCluster) -> Error {
    prepare(topology, &settings(&[]), &*admin(cluster), &BTreeMap::new()).err().expect("it is refused")
}

#[test]
fn internal_topics_are_made_as_java_makes_them() {
    let cluster = cluster(&[("in", 3), ("out", 1)]);
    let settings = settings(&[("topic.segment.ms", "1000"), ("topic.retention.ms", "7"), ("topic.cleanup.policy", "compact")]);
    let plan = prepare(&counts(), &settings, &*admin(&cluster), &BTreeMap::new()).expect("it works");
    assert_eq!((plan.tasks.task_count(), plan.repartition.len()), (9, 2));
    assert_eq!(plan.reset_of(plan.repartition.first().expect("one")), OffsetReset::Earliest);
    let made: Vec<String> = cluster.topic_names().into_iter().filter(|t| t.starts_with("app-")).collect();
    let names = ["app-minutes-changelog", "app-minutes-repartition", "app-totals-changelog", "app-totals-repartition"];
    assert_eq!(made, names);
    let admin = admin(&cluster);
    assert_eq!(admin.partition_counts(&names).expect("counts"), [Some(3); 4]);
    // formats.md 5.1 and 5.2: `topic.` keys win over the defaults, the window's computed retention over `topic.`
    let config = |topic: &str, key: &str| admin.topic_configs(&[topic]).expect("configs")[0].get(key).cloned().unwrap_or_default();
    assert_eq!(config("app-totals-changelog", "cleanup.policy"), "compact");
    assert_eq!(config("app-totals-repartition", "segment.bytes"), "52428800");
    assert_eq!(config("app-totals-repartition", "retention.ms"), "7");
    let retention: i64 = config("app-minutes-changelog", "retention.ms").parse().expect("a number");
    assert!(retention >= 86_400_000 + 60_000, "{retention}");
    assert_eq!(config("app-totals-changelog", "segment.ms"), "1000");
    // again, as a second instance does: nothing to make, nothing wrong
    assert!(prepare(&counts(), &settings, &*admin, &plan.repartition_ids).is_ok());
}

#[test]
fn a_missing_source_or_output_is_named_and_never_made() {
    let cluster = cluster(&[("out", 1)]);
    let missing = error(&counts(), &cluster);
    assert_eq!(missing.kind(), ErrorKind::Topology);
    assert!(missing.to_string().contains("Missing source topics [in] for subtopology 0: create them"), "{missing}");
    assert_eq!(cluster.topic_names(), ["out"]);
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("in", 1).expect("a new topic");
    let missing = error(&counts(), &cluster);
    assert!(missing.to_string().contains("Missing output topics [out]: create them"), "{missing}");
}

#[test]
fn topics_that_are_joined_must_have_equal_counts() {
    let different = error(&joined(), &cluster(&[("left", 2), ("right", 3), ("out", 1)]));
    assert_eq!(different.kind(), ErrorKind::Topology);
    assert!(different.to_string().contains("Topics not co-partitioned: [left=2, right=3]"), "{different}");
}

#[test]
fn an_internal_topic_of_another_size_is_refused() {
    let cluster = cluster(&[("in", 3), ("out", 1), ("app-totals-repartition", 5)]);
    let wrong = error(&counts(), &cluster);
    assert_eq!(wrong.kind(), ErrorKind::Topology);
    let text = "Existing internal topic app-totals-repartition has invalid partitions: expected: 3; actual: 5.";
    assert!(wrong.to_string().contains(text) && wrong.to_string().contains("reset the application"), "{wrong}");
}

#[test]
fn a_cluster_that_is_away_is_asked_again_by_the_caller() {
    let cluster = cluster(&[("in", 3), ("out", 1)]);
    let admin = admin(&cluster);
    cluster.set_reachable(false);
    let config = StreamsConfig::new("app", "embedded").set("request.timeout.ms", "10");
    let away = prepare(&counts(), &config.settings().expect("right"), &*admin, &BTreeMap::new()).err().expect("it fails");
    assert_eq!(away.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_repartition_topic_that_is_another_is_refused() {
    let cluster = cluster(&[("in", 3), ("out", 1)]);
    let admin = admin(&cluster);
    let before = prepare(&counts(), &settings(&[]), &*admin, &BTreeMap::new()).expect("it works").repartition_ids;
    assert_eq!(before.len(), 2);
    let refused = || prepare(&counts(), &settings(&[]), &*admin, &before).err().expect("it is refused");
    admin.delete_topics(&["app-totals-repartition"]).expect("it is deleted");
    let missing = refused();
    assert_eq!(missing.kind(), ErrorKind::Topology);
    assert!(missing.to_string().contains("[app-totals-repartition]") && missing.to_string().contains("clean_up"), "{missing}");
    assert_eq!(admin.partition_counts(&["app-totals-repartition"]).expect("counts"), [None], "it is not made");
    cluster.create_topic("app-totals-repartition", 3).expect("a new topic");
    assert_eq!(refused().to_string(), missing.to_string(), "an empty one is not the same");
    // one that the topology does not have any more is nobody's business
    let more = before.into_iter().filter(|(name, _)| name.contains("minutes")).chain([("app-old-repartition".into(), "7".into())]);
    assert!(prepare(&counts(), &settings(&[]), &*admin, &more.collect()).is_ok());
}

#[test]
fn topics_that_a_pattern_matches_are_looked_for_again() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream_pattern::<String, String>("in-.*").group_by_key().count_with("counts");
    builder.stream::<String, String>("fixed").to("out");
    let (topology, settings) = (builder.build().expect("the topology is right"), settings(&[]));
    let cluster = cluster(&[("in-m", 2), ("fixed", 1), ("out", 1)]);
    let admin = admin(&cluster);
    let plan = || prepare(&topology, &settings, &*admin, &BTreeMap::new());
    let changed = |present: &Plan| other_sources(present, &topology, &settings, &*admin).expect("an answer").is_some();
    let names = |topics: &mut dyn Iterator<Item = &Arc<str>>| topics.map(ToString::to_string).collect::<Vec<_>>();

    let first = plan().expect("it works");
    assert_eq!(names(&mut first.sources.keys()), ["fixed", "in-m"]);
    assert_eq!(names(&mut first.by_pattern.matched.iter()), ["in-m"]);
    cluster.create_topic("other", 1).expect("a new topic");
    assert!(first.has_patterns() && !changed(&first));
    cluster.create_topic("in-a", 2).expect("a new topic");
    assert!(changed(&first));
    let second = plan().expect("it works");
    assert!(!changed(&second));
    assert_eq!((second.tasks.task_count(), second.tasks.subscription()), (3, vec!["in-a".to_owned(), "fixed".to_owned()]));
    // what stands for the same tasks by the other's plan
    let subscribed = |topics: &[&str]| topics.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let both = subscribed(&["fixed", "in-a", "in-m"]);
    assert_eq!((first.other_stand_in(Some(0), &both), second.other_stand_in(Some(0), &both)), (Some("in-a"), Some("in-m")));
    assert_eq!((first.other_stand_in(Some(1), &both), first.other_stand_in(None, &both)), (None, Some("in-a")));
    assert_eq!(second.other_stand_in(None, &subscribed(&["fixed", "in-a", "unknown"])), None);
    // a changelog is cut for two
    cluster.create_topic("in-z", 3).expect("a new topic");
    assert!(changed(&second));
    let text = "Existing internal topic app-counts-changelog has invalid partitions: expected: 3; actual: 2.";
    assert!(plan().err().expect("it is refused").to_string().contains(text));
}

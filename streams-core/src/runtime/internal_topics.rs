//! What an application needs on the cluster before its threads may join: source topics that exist, internal topics as Java makes them.

use super::app_plan::{ByPattern, Plan};
use crate::cluster::{Admin, NewTopic};
use crate::config::{OffsetReset, Settings};
use crate::group::{TaskMap, resolve_partitions};
use crate::topology::{InternalTopic, SubtopologyTopics, TopicName, TopicPattern, Topology, TopologyTopics};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How often new topics are looked for until the brokers' metadata shows them.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: u32 = 200;
/// How often a topic that is missing is looked for before that is believed.
const LOOKS_FOR_MISSING: u32 = 40;

/// Checks what must be there and makes what may be missing; to be called again where the error is `Unavailable`. `seen`: the repartition topics
/// that the application had when it ran here last, with their ids.
///
/// # Errors
/// `Topology`: a topic is missing or has the wrong number of partitions; nothing but a change of the topics or the topology helps.
pub(crate) fn prepare(topology: &Topology, settings: &Settings, admin: &dyn Admin, seen: &BTreeMap<String, String>) -> Result<Plan> {
    let patterns = topology.patterns();
    let fixed = outside(&topology.topics_with(settings)?);
    let topology = &with_topics(topology, settings, admin)?;
    let TopologyTopics { subtopologies, global, copartitioned } = topology.topics_with(settings)?;
    let global_counts = global_counts(&global, admin)?;
    let repartition: BTreeMap<Arc<str>, Option<i32>> =
        subtopologies.iter().flat_map(|s| &s.repartition).map(|topic| (topic.name.clone(), topic.partitions)).collect();

    let external = external_counts(&subtopologies, &repartition, &fixed, admin)?;
    tell_unmatched(&patterns, &external);
    let counts = resolve_partitions(&subtopologies, &repartition, &copartitioned, &external)?;
    let tasks = TaskMap::new(&subtopologies, &counts);

    let mut wanted = Vec::new();
    for sub in &subtopologies {
        let counted = sub.repartition.iter().map(|topic| (topic, counts.get(&topic.name).copied().unwrap_or_default()));
        let counted = counted.chain(sub.changelogs.iter().map(|topic| (topic, tasks.tasks_of(sub.id))));
        wanted.extend(counted.map(|(topic, partitions)| new_topic(topic, partitions, settings)));
    }
    let changelogs: BTreeSet<Arc<str>> = subtopologies.iter().flat_map(|s| &s.changelogs).map(|topic| topic.name.clone()).collect();
    let names: Vec<&str> = repartition.keys().map(|name| &**name).collect();
    expect_the_same(&names, seen, admin)?;
    make_ready(wanted, admin)?;
    let ids = admin.topic_ids(&names)?;
    if let Some((name, _)) = names.iter().zip(&ids).find(|(_, id)| id.is_none()) {
        return Err(Error::new(ErrorKind::Unavailable, format!("repartition topic {name} was there a moment ago, and is not seen")));
    }
    let repartition_ids = names.iter().zip(ids).filter_map(|(name, id)| Some(((*name).to_owned(), id?))).collect();
    let written = subtopologies.iter().flat_map(|s| &s.sinks).chain(&changelogs).map(|topic| &**topic).collect();
    let largest_batch = largest_batch(&written, admin)?;

    let mut resets = BTreeMap::new();
    for source in topology.subtopologies().iter().flat_map(|s| &s.sources) {
        let otherwise = match source.topic {
            // what an upstream sub-topology wrote before this one was first asked must not be lost
            TopicName::Internal(_) => OffsetReset::Earliest,
            TopicName::External(_) | TopicName::Matching(_) => settings.auto_offset_reset,
        };
        resets.insert(source.topic.resolve(&settings.application_id), source.reset.unwrap_or(otherwise));
    }
    let repartition = repartition.into_keys().collect();
    let (topology, globals) = (topology.clone(), Arc::default());
    let sources = external;
    let by_pattern = ByPattern { patterns, matched: sources.keys().filter(|topic| !fixed.contains(*topic)).cloned().collect() };
    Ok(Plan {
        topology,
        tasks,
        repartition,
        repartition_ids,
        changelogs,
        resets,
        sources,
        by_pattern,
        global_counts,
        globals,
        largest_batch,
    })
}

/// What the application reads by now, with partitions, where that is not what the plan says: topics that a pattern matches came or went, or have
/// more partitions. What is no longer seen is looked for a while before that is believed. The plan itself is made by [`prepare`].
///
/// # Errors
/// As those of [`prepare`].
pub(crate) fn other_sources(
    present: &Plan,
    topology: &Topology,
    settings: &Settings,
    admin: &dyn Admin,
) -> Result<Option<BTreeMap<Arc<str>, i32>>> {
    for look in 0.. {
        let topics: Vec<Arc<str>> = outside(&with_topics(topology, settings, admin)?.topics_with(settings)?).into_iter().collect();
        let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
        let counts = admin.partition_counts(&names)?;
        let found: BTreeMap<Arc<str>, i32> =
            topics.iter().cloned().zip(&counts).filter_map(|(topic, count)| Some((topic, (*count)?))).collect();
        let all_seen = found.len() == topics.len() && present.sources.keys().all(|topic| found.contains_key(topic));
        if all_seen || look == LOOKS_FOR_MISSING {
            return Ok((found != present.sources).then_some(found));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(None)
}

/// The sources that the application does not make for itself.
fn outside(topics: &TopologyTopics) -> BTreeSet<Arc<str>> {
    let own: BTreeSet<&Arc<str>> = topics.subtopologies.iter().flat_map(|sub| &sub.repartition).map(|topic| &topic.name).collect();
    topics.subtopologies.iter().flat_map(|sub| &sub.sources).filter(|topic| !own.contains(topic)).cloned().collect()
}

fn tell_unmatched(patterns: &BTreeMap<u32, Vec<TopicPattern>>, sources: &BTreeMap<Arc<str>, i32>) {
    for pattern in patterns.values().flatten().filter(|pattern| !sources.keys().any(|topic| pattern.matches(topic))) {
        tracing::warn!(
            target: "streams::app",
            "no topic matches the pattern {}: its source reads nothing until there is one, which is looked for every metadata.max.age.ms",
            pattern.text()
        );
    }
}

/// The topology with topics in place of patterns.
fn with_topics(topology: &Topology, settings: &Settings, admin: &dyn Admin) -> Result<Topology> {
    match topology.has_patterns() {
        true => Ok(topology.with_topics(&settings.application_id, &admin.topics()?)?),
        false => Ok(topology.clone()),
    }
}

/// How many partitions the topics of global stores have. All of them must be there.
fn global_counts(topics: &[Arc<str>], admin: &dyn Admin) -> Result<BTreeMap<Arc<str>, i32>> {
    let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let counts = admin.partition_counts(&names)?;
    let missing: Vec<&str> = names.iter().zip(&counts).filter(|(_, count)| count.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Err(Error::new(
            ErrorKind::Topology,
            format!(
                "Missing topics [{}] of global tables or stores: create them, compacted, before the application starts (kafka-topics --create), they \
                 are never created by it",
                missing.join(", ")
            ),
        ));
    }
    Ok(topics.iter().cloned().zip(counts).filter_map(|(topic, count)| Some((topic, count?))).collect())
}

/// What lay unprocessed in a repartition topic that was deleted is nowhere else.
fn expect_the_same(names: &[&str], seen: &BTreeMap<String, String>, admin: &dyn Admin) -> Result<()> {
    let known: Vec<(&str, &String)> = names.iter().filter_map(|name| Some((*name, seen.get(*name)?))).collect();
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let mut ids = admin.topic_ids(&names)?;
    // a broker that has just started may not know a topic yet, or its leader
    for _ in 0..LOOKS_FOR_MISSING {
        if ids.iter().all(Option::is_some) {
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
        ids = admin.topic_ids(&names)?;
    }
    // where one of them is not known (an old broker), nothing can be told
    let same = |seen: &str, id: &Option<String>| id.as_ref().is_some_and(|id| id == seen || id.is_empty() || seen.is_empty());
    let others: Vec<&str> = known.iter().zip(&ids).filter(|((_, seen), id)| !same(seen, id)).map(|((name, _), _)| *name).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Topology,
        format!(
            "repartition topics [{}] are not those that the application had when it ran here last: they were deleted, and perhaps made again, or \
             this is another cluster. Records that were in them and had not been processed are gone. Where nothing of that matters, delete the \
             local state (clean_up), which is restored from the changelogs; otherwise reset the application and process its input again",
            others.join(", ")
        ),
    ))
}

/// What the topics allow for a batch of records, as far as they say.
fn largest_batch(written: &BTreeSet<&str>, admin: &dyn Admin) -> Result<Option<usize>> {
    let names: Vec<&str> = written.iter().copied().collect();
    let limit = |of: &BTreeMap<String, String>| of.get("max.message.bytes")?.parse::<usize>().ok();
    match admin.topic_configs(&names) {
        Ok(configs) => return Ok(configs.iter().filter_map(limit).min()),
        Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
        Err(_) => {}
    }
    // the configs of some may be secret
    let (mut smallest, mut silent) = (None, Vec::new());
    for name in names {
        match admin.topic_configs(&[name]) {
            Ok(configs) => smallest = configs.iter().filter_map(limit).chain(smallest).min(),
            // it was there a moment ago
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Topology) => {
                return Err(Error::caused(ErrorKind::Unavailable, format!("the configs of topic {name}"), error));
            }
            Err(error) => silent.push(format!("{name}: {error}")),
        }
    }
    tracing::warn!(
        target: "streams::app",
        "max.message.bytes of some topics that are written cannot be read; where it is below the producer's batch.size, the broker may refuse whole \
         batches (allow the application DescribeConfigs, or lower producer.batch.size): {}",
        silent.join("; ")
    );
    Ok(smallest)
}

/// Partition counts of the topics that the application does not own. All sources and fixed outputs must be there. `fixed`: the sources that no
/// pattern matched.
fn external_counts(
    subtopologies: &[SubtopologyTopics],
    repartition: &BTreeMap<Arc<str>, Option<i32>>,
    fixed: &BTreeSet<Arc<str>>,
    admin: &dyn Admin,
) -> Result<BTreeMap<Arc<str>, i32>> {
    let outside = |topics: &mut dyn Iterator<Item = &Arc<str>>| -> BTreeSet<Arc<str>> {
        topics.filter(|topic| !repartition.contains_key(*topic)).cloned().collect()
    };
    let sources = outside(&mut subtopologies.iter().flat_map(|s| &s.sources));
    let sinks = outside(&mut subtopologies.iter().flat_map(|s| &s.sinks));
    let all: Vec<&str> = sources.union(&sinks).map(|t| &**t).collect();
    let counts = admin.partition_counts(&all)?;
    let found: BTreeMap<Arc<str>, i32> =
        sources.union(&sinks).cloned().zip(counts).filter_map(|(topic, count)| Some((topic, count?))).collect();
    let missing = |topics: &BTreeSet<Arc<str>>| -> Vec<String> {
        topics.iter().filter(|topic| !found.contains_key(*topic)).map(ToString::to_string).collect()
    };
    let (no_source, no_sink) = (missing(&sources), missing(&sinks));
    if let Some(topic) = no_source.iter().find(|topic| !fixed.contains(topic.as_str())) {
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!("topic {topic}, which matches a pattern, was there a moment ago, and is not seen"),
        ));
    }
    if !no_source.is_empty() {
        let of: Vec<String> = subtopologies
            .iter()
            .filter(|s| s.sources.iter().any(|topic| no_source.iter().any(|m| **m == **topic)))
            .map(|s| s.id.to_string())
            .collect();
        return Err(Error::new(
            ErrorKind::Topology,
            format!(
                "Missing source topics [{}] for subtopology {}: create them before the application starts (kafka-topics --create), they are never \
                 created by it",
                no_source.join(", "),
                of.join(", ")
            ),
        ));
    }
    if !no_sink.is_empty() {
        return Err(Error::new(
            ErrorKind::Topology,
            format!("Missing output topics [{}]: create them before the application starts (kafka-topics --create)", no_sink.join(", ")),
        ));
    }
    Ok(found.into_iter().filter(|(topic, _)| sources.contains(topic)).collect())
}

fn new_topic(topic: &InternalTopic, partitions: i32, settings: &Settings) -> NewTopic {
    let configs = topic.configs.clone();
    NewTopic { name: topic.name.to_string(), partitions, replication_factor: settings.replication_factor, configs }
}

/// Checks the topics that exist, makes those that do not, and waits until the metadata shows them. Another instance may be doing the same.
fn make_ready(wanted: Vec<NewTopic>, admin: &dyn Admin) -> Result<()> {
    let mut missing = not_yet_there(wanted, admin)?;
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|topic| topic.name.as_str()).collect();
    tracing::info!(target: "streams::app", "creating internal topics {}", names.join(", "));
    admin.create_topics(&missing)?;
    for look in 1..=LOOKS {
        missing = not_yet_there(missing, admin)?;
        if missing.is_empty() {
            return Ok(());
        }
        // a topic that was being deleted when it was to be made existed then, and does not now
        if look % 20 == 0 {
            admin.create_topics(&missing)?;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let names: Vec<&str> = missing.iter().map(|topic| topic.name.as_str()).collect();
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("internal topics [{}] were created, but the brokers do not show them; are they marked for deletion?", names.join(", ")),
    ))
}

/// Those that do not exist; the others have the right number of partitions.
fn not_yet_there(mut wanted: Vec<NewTopic>, admin: &dyn Admin) -> Result<Vec<NewTopic>> {
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let names: Vec<&str> = wanted.iter().map(|topic| topic.name.as_str()).collect();
    let counts = admin.partition_counts(&names)?;
    let mut wrong = Vec::new();
    for (topic, count) in wanted.iter().zip(&counts) {
        if let Some(actual) = count.filter(|actual| *actual != topic.partitions) {
            wrong.push(format!(
                "Existing internal topic {} has invalid partitions: expected: {}; actual: {actual}.",
                topic.name, topic.partitions
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::new(
            ErrorKind::Topology,
            format!(
                "{} The number of partitions of an input topic, or the topology, has changed since the application first ran: undo the change, or \
                 reset the application (kafka-streams-application-reset deletes its internal topics; delete its state directory too)",
                wrong.join(" ")
            ),
        ));
    }
    let mut found = counts.iter().map(Option::is_some);
    wanted.retain(|_| !found.next().unwrap_or_default());
    Ok(wanted)
}

#[cfg(test)]
mod tests;

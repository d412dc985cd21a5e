//! Partition counts of repartition topics, and the check of co-partitioned topics (Java: `RepartitionTopics`, `CopartitionedTopicsEnforcer`).

use crate::topology::SubtopologyTopics;
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Adds the counts of all repartition topics to those of the external topics.
///
/// `repartition`: the topics with the count that the application asked for, if any. A count that is not asked for is the greatest of the
/// sources of every sub-topology that writes to the topic, then coerced within its co-partition group, in Java's order.
pub(crate) fn resolve_partitions(
    subtopologies: &[SubtopologyTopics],
    repartition: &BTreeMap<Arc<str>, Option<i32>>,
    groups: &[Vec<Arc<str>>],
    external: &BTreeMap<Arc<str>, i32>,
) -> Result<BTreeMap<Arc<str>, i32>> {
    let mut counts = external.clone();
    counts.extend(repartition.iter().filter_map(|(topic, count)| Some((topic.clone(), (*count)?))));
    loop {
        let open: Vec<&Arc<str>> = repartition.keys().filter(|topic| !counts.contains_key(*topic)).collect();
        if open.is_empty() {
            break;
        }
        // a topic all of whose writers' sources are known first; in a loop of topics those of which some are
        let found = [true, false].into_iter().find_map(|complete| {
            open.iter().find_map(|topic| Some((Arc::clone(topic), upstream_maximum(topic, subtopologies, &counts, complete)?)))
        });
        let Some((topic, count)) = found else {
            let names: Vec<&str> = open.iter().map(|t| &***t).collect();
            return Err(Error::new(
                ErrorKind::Topology,
                format!(
                    "cannot tell how many partitions the repartition topics [{}] need: nothing that is read from an existing topic flows into \
                     them; check the topology, that each pattern matches a topic, or give the number of partitions to `repartition`",
                    names.join(", ")
                ),
            ));
        };
        counts.insert(topic, count);
    }
    for group in groups {
        enforce_copartitioning(group, repartition, &mut counts)?;
    }
    Ok(counts)
}

fn upstream_maximum(topic: &Arc<str>, all: &[SubtopologyTopics], counts: &BTreeMap<Arc<str>, i32>, complete: bool) -> Option<i32> {
    let mut maximum = None;
    for source in all.iter().filter(|s| s.sinks.contains(topic)).flat_map(|s| &s.sources) {
        match counts.get(source) {
            Some(count) => maximum = maximum.max(Some(*count)),
            None if complete => return None,
            None => {}
        }
    }
    maximum
}

fn enforce_copartitioning(
    group: &[Arc<str>],
    repartition: &BTreeMap<Arc<str>, Option<i32>>,
    counts: &mut BTreeMap<Arc<str>, i32>,
) -> Result<()> {
    let listed = |topics: &BTreeSet<&Arc<str>>, counts: &BTreeMap<Arc<str>, i32>| {
        topics.iter().map(|t| format!("{t}={}", counts.get(*t).copied().unwrap_or_default())).collect::<Vec<_>>().join(", ")
    };
    let wrong = |text: String| Err(Error::new(ErrorKind::Topology, text));
    let (internal, external): (BTreeSet<&Arc<str>>, BTreeSet<&Arc<str>>) = group.iter().partition(|topic| repartition.contains_key(*topic));
    let distinct = |topics: &mut dyn Iterator<Item = &Arc<str>>| topics.filter_map(|t| counts.get(t).copied()).collect::<BTreeSet<i32>>();

    let wanted = if external.is_empty() {
        let asked: BTreeSet<i32> = internal.iter().filter_map(|t| repartition.get(*t).copied().flatten()).collect();
        if asked.len() > 1 {
            return wrong(format!(
                "Following topics do not have the same number of partitions: [{}]; they are joined, so give `repartition` the same number for each",
                listed(&internal, counts)
            ));
        }
        asked.last().copied().or_else(|| distinct(&mut internal.iter().copied()).last().copied())
    } else {
        let found = distinct(&mut external.iter().copied());
        if found.len() > 1 {
            return wrong(format!(
                "Topics not co-partitioned: [{}]; they are joined or grouped together, so each key must be in the same partition of all of them: \
                 give them the same number of partitions, or call `repartition` on one side",
                listed(&external, counts)
            ));
        }
        found.last().copied()
    };
    let Some(wanted) = wanted else { return Ok(()) };
    for topic in internal {
        match repartition.get(topic).copied().flatten() {
            Some(asked) if asked != wanted => {
                return wrong(format!(
                    "Number of partitions [{asked}] of repartition topic [{topic}] doesn't match number of partitions [{wanted}] of the source \
                     topic ([{}]): leave the number out of `repartition`, or make it {wanted}",
                    listed(&external, counts)
                ));
            }
            _ => {
                counts.insert(topic.clone(), wanted);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(s: &str) -> Arc<str> {
        Arc::from(s)
    }

    fn sub(id: u32, sources: &[&str], sinks: &[&str]) -> SubtopologyTopics {
        let names = |topics: &[&str]| topics.iter().map(|s| name(s)).collect();
        SubtopologyTopics { id, sources: names(sources), sinks: names(sinks), ..Default::default() }
    }

    fn run(
        subs: &[SubtopologyTopics],
        repartition: &[(&str, Option<i32>)],
        groups: &[&[&str]],
        external: &[(&str, i32)],
    ) -> Result<BTreeMap<String, i32>, String> {
        let repartition = repartition.iter().map(|(t, n)| (name(t), *n)).collect();
        let groups: Vec<Vec<Arc<str>>> = groups.iter().map(|g| g.iter().map(|t| name(t)).collect()).collect();
        let external = external.iter().map(|(t, n)| (name(t), *n)).collect();
        let counts = resolve_partitions(subs, &repartition, &groups, &external).map_err(|e| e.to_string())?;
        Ok(counts.into_iter().map(|(t, n)| (t.to_string(), n)).collect())
    }

    #[test]
    fn a_repartition_topic_takes_the_greatest_count_upstream_through_chains() {
        let subs = [sub(0, &["a", "b"], &["r1"]), sub(1, &["r1"], &["r2"]), sub(2, &["c"], &["r2"]), sub(3, &["r2"], &[])];
        let counts = run(&subs, &[("r2", None), ("r1", None)], &[], &[("a", 3), ("b", 5), ("c", 4)]).unwrap();
        assert_eq!((counts["r1"], counts["r2"]), (5, 5));
    }

    #[test]
    fn an_asked_count_is_kept_and_counts_downstream() {
        let subs = [sub(0, &["a"], &["r1"]), sub(1, &["r1"], &["r2"]), sub(2, &["r2"], &[])];
        let counts = run(&subs, &[("r1", Some(9)), ("r2", None)], &[], &[("a", 2)]).unwrap();
        assert_eq!((counts["r1"], counts["r2"]), (9, 9));
    }

    #[test]
    fn a_loop_of_repartition_topics_is_fed_by_what_is_known() {
        let subs = [sub(0, &["a", "r2"], &["r1"]), sub(1, &["r1"], &["r2"])];
        let counts = run(&subs, &[("r1", None), ("r2", None)], &[], &[("a", 6)]).unwrap();
        assert_eq!((counts["r1"], counts["r2"]), (6, 6));
    }

    #[test]
    fn a_repartition_topic_that_nothing_feeds_is_named() {
        let error = run(&[sub(0, &["r1"], &[])], &[("r1", None)], &[], &[]).unwrap_err();
        assert!(error.contains("[r1]"), "{error}");
    }

    #[test]
    fn copartitioned_topics_agree_or_are_named_with_their_counts() {
        let subs = [sub(0, &["a"], &["r"]), sub(1, &["r", "b"], &[])];
        // the external side decides, even where the repartition topic's sources have more
        let counts = run(&subs, &[("r", None)], &[&["r", "b"]], &[("a", 8), ("b", 3)]).unwrap();
        assert_eq!(counts["r"], 3);
        let error = run(&[sub(0, &["b", "a"], &[])], &[], &[&["b", "a"]], &[("a", 2), ("b", 3)]).unwrap_err();
        assert!(error.starts_with("Topics not co-partitioned: [a=2, b=3]"), "{error}");
        let error = run(&subs, &[("r", Some(4))], &[&["r", "b"]], &[("a", 8), ("b", 3)]).unwrap_err();
        assert!(error.contains("[4] of repartition topic [r] doesn't match number of partitions [3]"), "{error}");
    }

    #[test]
    fn a_group_of_repartition_topics_takes_what_was_asked_or_the_greatest() {
        let subs = [sub(0, &["a"], &["r1"]), sub(1, &["b"], &["r2"]), sub(2, &["r1", "r2"], &[])];
        let external = [("a", 2), ("b", 7)];
        let group: &[&[&str]] = &[&["r1", "r2"]];
        let counts = run(&subs, &[("r1", None), ("r2", None)], group, &external).unwrap();
        assert_eq!((counts["r1"], counts["r2"]), (7, 7));
        let counts = run(&subs, &[("r1", Some(3)), ("r2", None)], group, &external).unwrap();
        assert_eq!((counts["r1"], counts["r2"]), (3, 3));
        let error = run(&subs, &[("r1", Some(3)), ("r2", Some(4))], group, &external).unwrap_err();
        assert!(error.contains("[r1=3, r2=4]"), "{error}");
    }
}

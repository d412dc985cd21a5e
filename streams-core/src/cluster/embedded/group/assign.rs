//! Who gets which partition: balanced over all topics together, and moving as little as possible, as Kafka's cooperative-sticky assignor.

use crate::TopicPartition;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A member and what it would like to have.
struct Candidate<'a> {
    id: u64,
    topics: &'a [Arc<str>],
    has: BTreeSet<TopicPartition>,
}

impl Candidate<'_> {
    fn of_topic(&self, topic: &Arc<str>) -> usize {
        let topic = TopicPartition::new(topic.clone(), 0)..=TopicPartition::new(topic.clone(), i32::MAX);
        self.has.range(topic).count()
    }
}

/// The owner of every partition of the topics that somebody subscribes to. `counts`: partitions per topic; `current`: who has one now.
pub(super) fn assign(
    counts: &BTreeMap<Arc<str>, i32>,
    members: &BTreeMap<u64, Vec<Arc<str>>>,
    current: &BTreeMap<TopicPartition, u64>,
) -> BTreeMap<TopicPartition, u64> {
    let mut candidates: Vec<_> = members.iter().map(|(id, topics)| Candidate { id: *id, topics, has: BTreeSet::new() }).collect();
    let mut free = Vec::new();
    for (topic, count) in counts {
        for number in 0..*count {
            let partition = TopicPartition::new(topic.clone(), number);
            let owner = current.get(&partition);
            match candidates.iter_mut().find(|c| Some(&c.id) == owner && c.topics.contains(topic)) {
                Some(owner) => drop(owner.has.insert(partition)),
                None => free.push(partition),
            }
        }
    }
    for partition in free {
        let able = candidates.iter_mut().filter(|c| c.topics.contains(&partition.topic));
        if let Some(least) = able.min_by_key(|c| (c.has.len(), c.of_topic(&partition.topic), c.id)) {
            least.has.insert(partition);
        }
    }
    while level(&mut candidates) {}
    candidates.into_iter().flat_map(|c| c.has.into_iter().map(move |p| (p, c.id))).collect()
}

/// Moves one partition from a member that has at least two more than another that may take it; `false` when there is no such pair.
fn level(candidates: &mut [Candidate<'_>]) -> bool {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|at| (candidates[*at].has.len(), candidates[*at].id));
    for &rich in order.iter().rev() {
        for &poor in &order {
            if candidates[poor].has.len() + 2 > candidates[rich].has.len() {
                break;
            }
            let surplus = |topic: &&Arc<str>| {
                let (from, to) = (candidates[rich].of_topic(topic), candidates[poor].of_topic(topic));
                (from > 0).then_some(from as isize - to as isize)
            };
            let topic = candidates[poor].topics.iter().filter(|t| surplus(t).is_some()).max_by_key(surplus);
            let last = topic.and_then(|t| candidates[rich].has.iter().rev().find(|p| p.topic == *t).cloned());
            if let Some(partition) = last {
                candidates[rich].has.remove(&partition);
                candidates[poor].has.insert(partition);
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(topics: &[(&str, i32)]) -> BTreeMap<Arc<str>, i32> {
        topics.iter().map(|(t, n)| (Arc::from(*t), *n)).collect()
    }

    fn members(subscriptions: &[(u64, &[&str])]) -> BTreeMap<u64, Vec<Arc<str>>> {
        subscriptions.iter().map(|(id, topics)| (*id, topics.iter().map(|t| Arc::from(*t)).collect())).collect()
    }

    fn loads(owners: &BTreeMap<TopicPartition, u64>) -> BTreeMap<u64, usize> {
        owners.values().fold(BTreeMap::new(), |mut loads, id| {
            *loads.entry(*id).or_default() += 1;
            loads
        })
    }

    #[test]
    fn everyone_gets_a_share_and_each_topic_is_spread() {
        let owners = assign(&counts(&[("a", 4), ("b", 4)]), &members(&[(1, &["a", "b"]), (2, &["a", "b"])]), &BTreeMap::new());
        assert_eq!(loads(&owners), BTreeMap::from([(1, 4), (2, 4)]));
        for topic in ["a", "b"] {
            assert_eq!(owners.iter().filter(|(p, id)| &*p.topic == topic && **id == 1).count(), 2, "{owners:?}");
        }
    }

    #[test]
    fn a_newcomer_takes_only_its_share() {
        let counts = counts(&[("a", 9)]);
        let two = assign(&counts, &members(&[(1, &["a"]), (2, &["a"])]), &BTreeMap::new());
        let three = assign(&counts, &members(&[(1, &["a"]), (2, &["a"]), (3, &["a"])]), &two);
        assert_eq!(loads(&three), BTreeMap::from([(1, 3), (2, 3), (3, 3)]));
        assert!(three.iter().all(|(p, id)| *id == 3 || two[p] == *id), "{two:?} {three:?}");
    }

    #[test]
    fn those_who_stay_keep_what_they_have() {
        let counts = counts(&[("a", 3), ("b", 3)]);
        let all: &[&str] = &["a", "b"];
        let three = assign(&counts, &members(&[(1, all), (2, all), (3, all)]), &BTreeMap::new());
        let two = assign(&counts, &members(&[(1, all), (3, all)]), &three);
        assert_eq!(loads(&two), BTreeMap::from([(1, 3), (3, 3)]));
        assert!(three.iter().all(|(p, id)| *id == 2 || two[p] == *id), "{three:?} {two:?}");
    }

    #[test]
    fn nobody_gets_what_it_did_not_ask_for() {
        let owners = assign(&counts(&[("a", 2), ("b", 5), ("c", 1)]), &members(&[(1, &["a", "b"]), (2, &["a"])]), &BTreeMap::new());
        assert!(owners.iter().all(|(p, id)| *id == 1 || &*p.topic == "a"), "{owners:?}");
        assert!(owners.keys().all(|p| &*p.topic != "c"), "{owners:?}");
        assert_eq!(loads(&owners), BTreeMap::from([(1, 5), (2, 2)]));
    }
}

//! Topics that are read together, so that each key must be in the same partition of all of them.

use super::TopologyError;
use super::spec::{RepartitionTopic, TopicName};
use std::sync::Arc;

/// What joins and cogroups ask of their topics.
#[derive(Default)]
pub(super) struct Copartitions(Vec<(Arc<str>, Vec<TopicName>)>);

impl Copartitions {
    /// `node` reads these topics together.
    pub fn add(&mut self, node: &Arc<str>, topics: Vec<TopicName>) {
        self.0.push((node.clone(), topics));
    }

    /// The groups of topics that must have equally many partitions: those that share a topic are one.
    ///
    /// # Errors
    /// When the numbers that the user asked for differ. Those of the user's own topics are known, and checked, once the application starts.
    pub fn groups(self, repartition: &[RepartitionTopic]) -> Result<Vec<Vec<TopicName>>, TopologyError> {
        let mut merged: Vec<Vec<TopicName>> = Vec::new();
        for (node, group) in self.0 {
            let (overlapping, mut rest): (Vec<_>, Vec<_>) = merged.into_iter().partition(|known| known.iter().any(|t| group.contains(t)));
            let mut all: Vec<TopicName> = overlapping.into_iter().flatten().collect();
            all.extend(group);
            all.sort();
            all.dedup();
            check(&node, &all, repartition)?;
            rest.push(all);
            merged = rest;
        }
        Ok(merged)
    }
}

fn check(node: &str, group: &[TopicName], repartition: &[RepartitionTopic]) -> Result<(), TopologyError> {
    let of = |topic: &TopicName| repartition.iter().find(|known| known.name == *topic)?.partitions;
    let mut asked = group.iter().filter_map(|topic| Some((topic.plain(), of(topic)?)));
    let Some((first, partitions)) = asked.next() else { return Ok(()) };
    match asked.find(|(_, other)| *other != partitions) {
        Some((second, other)) => Err(TopologyError::new(format!(
            "{node} needs topics with equally many partitions, but {first} is to have {partitions} and {second} {other}: give \
             `Repartitioned::partitions` the same number for both, or leave it out for one of them"
        ))),
        None => Ok(()),
    }
}

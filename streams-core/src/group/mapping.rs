//! From the partitions that a member of the group owns to tasks.
//!
//! A member subscribes to one topic per sub-topology, the source with most partitions: owning partition p of it is owning task s_p, whatever
//! the counts of the sub-topology's other sources.

use crate::topology::SubtopologyTopics;
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
struct Entry {
    subtopology: u32,
    topic: Arc<str>,
    /// In the order of the sub-topology's sources.
    sources: Vec<(Arc<str>, i32)>,
    tasks: i32,
}

/// The tasks of a topology on a cluster.
#[derive(Debug)]
pub(crate) struct TaskMap {
    entries: Vec<Entry>,
}

impl TaskMap {
    /// `counts` knows every source.
    pub fn new(subtopologies: &[SubtopologyTopics], counts: &BTreeMap<Arc<str>, i32>) -> Self {
        let mut entries = Vec::new();
        for sub in subtopologies {
            let sources: Vec<(Arc<str>, i32)> =
                sub.sources.iter().map(|topic| (topic.clone(), counts.get(topic).copied().unwrap_or_default())).collect();
            // every instance must choose the same one: most partitions, then first by name
            if let Some((topic, tasks)) = sources.iter().min_by_key(|(topic, count)| (-count, topic)).cloned() {
                entries.push(Entry { subtopology: sub.id, topic, sources, tasks });
            }
        }
        TaskMap { entries }
    }

    /// The topics to subscribe to.
    pub fn subscription(&self) -> Vec<String> {
        self.entries.iter().map(|e| e.topic.to_string()).collect()
    }

    /// Whether the topic is one of those.
    pub fn subscribes(&self, topic: &str) -> bool {
        self.entries.iter().any(|e| *e.topic == *topic)
    }

    /// Whether the sub-topology reads the topic.
    pub fn reads(&self, subtopology: u32, topic: &str) -> bool {
        self.entries.iter().any(|e| e.subtopology == subtopology && e.sources.iter().any(|(source, _)| **source == *topic))
    }

    /// The task that an owned partition stands for.
    pub fn task(&self, partition: &TopicPartition) -> Result<TaskId> {
        let Some(entry) = self.entries.iter().find(|e| e.topic == partition.topic) else {
            return Err(Error::new(
                ErrorKind::Internal,
                format!(
                    "the group assigned {partition}, whose topic no sub-topology reads; do all members run the same topology under this application.id?"
                ),
            ));
        };
        if partition.partition >= entry.tasks {
            return Err(Error::new(
                ErrorKind::Topology,
                format!(
                    "the group assigned {partition}, but topic {} had {} partitions when this application started: its partitions were increased, \
                     and internal topics and state are cut for the old number; reset the application, or recreate the topic as it was",
                    entry.topic, entry.tasks
                ),
            ));
        }
        Ok(TaskId { subtopology: entry.subtopology, partition: partition.partition })
    }

    /// The partitions that a task reads, in the order of its sub-topology's sources; a source with fewer partitions lacks this one.
    pub fn inputs(&self, task: TaskId) -> Vec<TopicPartition> {
        let entry = self.entries.iter().find(|e| e.subtopology == task.subtopology);
        let sources = entry.map_or(&[][..], |e| &e.sources);
        sources
            .iter()
            .filter(|(_, count)| task.partition < *count)
            .map(|(topic, _)| TopicPartition::new(topic.clone(), task.partition))
            .collect()
    }

    /// How many tasks a sub-topology has: the greatest partition count of its sources.
    pub fn tasks_of(&self, subtopology: u32) -> i32 {
        self.entries.iter().find(|e| e.subtopology == subtopology).map_or(0, |e| e.tasks)
    }

    /// All tasks of the application.
    pub fn task_count(&self) -> usize {
        self.entries.iter().map(|e| e.tasks.max(0) as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> TaskMap {
        let sub =
            |id, sources: &[&str]| SubtopologyTopics { id, sources: sources.iter().map(|s| Arc::from(*s)).collect(), ..Default::default() };
        let counts = [("small", 2), ("wide", 4), ("also-wide", 4), ("single", 1)].map(|(t, n)| (Arc::from(t), n));
        TaskMap::new(&[sub(0, &["small", "wide", "also-wide"]), sub(2, &["single"])], &BTreeMap::from(counts))
    }

    #[test]
    fn the_widest_topic_stands_for_the_subtopology_then_the_first_by_name() {
        assert_eq!(map().subscription(), ["also-wide", "single"]);
        assert_eq!((map().tasks_of(0), map().tasks_of(2), map().tasks_of(1), map().task_count()), (4, 1, 0, 5));
    }

    #[test]
    fn tasks_beyond_a_shorter_topic_lack_that_input() {
        let map = map();
        let names = |task| map.inputs(task).iter().map(ToString::to_string).collect::<Vec<_>>();
        let task = |p| map.task(&TopicPartition::new("also-wide", p)).unwrap();
        assert_eq!(names(task(1)), ["small-1", "wide-1", "also-wide-1"]);
        assert_eq!(names(task(3)), ["wide-3", "also-wide-3"]);
        assert_eq!(map.task(&TopicPartition::new("single", 0)).unwrap().to_string(), "2_0");
    }

    #[test]
    fn a_partition_that_nobody_expected_is_named() {
        let grown = map().task(&TopicPartition::new("single", 1)).unwrap_err();
        assert!(grown.kind() == ErrorKind::Topology && grown.to_string().contains("topic single had 1 partitions"), "{grown}");
        let foreign = map().task(&TopicPartition::new("small", 0)).unwrap_err();
        assert!(foreign.to_string().contains("small-0"), "{foreign}");
    }
}

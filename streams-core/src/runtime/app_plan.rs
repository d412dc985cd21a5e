//! A topology on one cluster: what stream threads run by.

use crate::config::OffsetReset;
use crate::exec::GlobalStores;
use crate::group::TaskMap;
use crate::topology::{StoreLog, TopicPattern, Topology};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A topology with the names and partition counts of one application on one cluster.
pub(crate) struct Plan {
    pub topology: Topology,
    pub tasks: TaskMap,
    /// Topics that are purged up to what was committed.
    pub repartition: BTreeSet<Arc<str>>,
    /// The same with what tells each from a later topic of its name.
    pub repartition_ids: BTreeMap<String, String>,
    pub changelogs: BTreeSet<Arc<str>>,
    pub resets: BTreeMap<Arc<str>, OffsetReset>,
    /// The topics that are read and that the application does not make, with their partitions.
    pub sources: BTreeMap<Arc<str>, i32>,
    pub by_pattern: ByPattern,
    /// Partition counts of the topics of global stores.
    pub global_counts: BTreeMap<Arc<str>, i32>,
    /// What tasks read global stores with, once those are complete.
    pub globals: Arc<GlobalStores>,
    /// The largest batch that all topics take to which the application writes, in bytes; `None` where they do not say.
    pub largest_batch: Option<usize>,
}

/// What is read by pattern.
pub(crate) struct ByPattern {
    /// By the ids of the sub-topologies.
    pub patterns: BTreeMap<u32, Vec<TopicPattern>>,
    /// The topics that a pattern matched.
    pub matched: BTreeSet<Arc<str>>,
}

impl Plan {
    pub fn is_changelog(&self, topic: &str) -> bool {
        self.changelogs.contains(topic)
    }

    /// Whether any store has a changelog.
    pub fn is_logged(&self) -> bool {
        self.topology.subtopologies().iter().flat_map(|s| &s.changelogs).any(StoreLog::is_written)
    }

    /// Where to begin in a source topic without a committed offset.
    pub fn reset_of(&self, topic: &str) -> OffsetReset {
        self.resets.get(topic).copied().unwrap_or_default()
    }

    /// Whether topics are read by pattern, so that they may come and go while the application runs.
    pub fn has_patterns(&self) -> bool {
        !self.by_pattern.patterns.is_empty()
    }

    /// Whether there are tasks, or may be some.
    pub fn has_work(&self) -> bool {
        self.tasks.task_count() > 0 || self.has_patterns()
    }

    /// Of the topics that members of the group subscribe to, one that stands for tasks of the sub-topology (`None`: of any) where by this plan
    /// another topic does: the member has seen other topics.
    pub fn other_stand_in<'a>(&self, subtopology: Option<u32>, subscribed: &'a BTreeSet<String>) -> Option<&'a str> {
        let mut others = subscribed.iter().map(String::as_str).filter(|topic| !self.tasks.subscribes(topic));
        others.find(|topic| {
            let mut of = self.by_pattern.patterns.iter().filter(|(id, _)| subtopology.is_none_or(|wanted| wanted == **id));
            of.any(|(id, patterns)| patterns.iter().any(|p| p.matches(topic)) || self.tasks.reads(*id, topic))
        })
    }
}

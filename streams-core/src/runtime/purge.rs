//! Repartition topics keep nothing by time; what was committed is deleted.

use crate::TopicPartition;
use crate::cluster::Admin;
use std::collections::BTreeMap;

/// Committed offsets of repartition topics that wait to be purged.
#[derive(Default)]
pub(crate) struct Purgeable {
    before: BTreeMap<TopicPartition, i64>,
    running: bool,
}

impl Purgeable {
    /// What is before this offset is no longer needed.
    pub fn committed(&mut self, partition: TopicPartition, offset: i64) {
        self.before.insert(partition, offset);
    }

    /// What to purge now, if anything; `ended` must be called after it. One at a time: a cluster that is slow to delete is not asked again
    /// meanwhile, and what comes meanwhile waits for the next purge.
    pub fn begin(&mut self) -> Option<BTreeMap<TopicPartition, i64>> {
        if self.running || self.before.is_empty() {
            return None;
        }
        self.running = true;
        Some(std::mem::take(&mut self.before))
    }

    pub fn ended(&mut self) {
        self.running = false;
    }
}

/// Lets the cluster drop what this process has committed. A failure does no harm: the next purge reaches further.
pub(crate) fn purge(admin: &dyn Admin, before: BTreeMap<TopicPartition, i64>) {
    let before: Vec<(TopicPartition, i64)> = before.into_iter().filter(|(_, offset)| *offset > 0).collect();
    if before.is_empty() {
        return;
    }
    match admin.delete_records(&before) {
        Ok(()) => tracing::debug!(target: "streams::app", "purged {} partitions of repartition topics", before.len()),
        Err(error) => tracing::debug!(target: "streams::app", "repartition topics could not be purged this time: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_while_a_purge_runs_waits_for_the_next() {
        let (mut purgeable, partition) = (Purgeable::default(), TopicPartition::new("t", 0));
        assert_eq!(purgeable.begin(), None);
        purgeable.committed(partition.clone(), 5);
        assert_eq!(purgeable.begin(), Some([(partition.clone(), 5)].into()));
        purgeable.committed(partition.clone(), 8);
        assert_eq!(purgeable.begin(), None, "one runs");
        purgeable.ended();
        assert_eq!(purgeable.begin(), Some([(partition, 8)].into()));
    }
}

//! Repartition topics keep nothing by time; what was committed is deleted.

use crate::TopicPartition;
use crate::cluster::Admin;
use std::collections::BTreeMap;

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

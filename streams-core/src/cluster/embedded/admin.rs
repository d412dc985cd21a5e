//! Topics, configs, offsets.

use super::Shared;
use super::errors::rejected;
use crate::cluster::{Admin, NewTopic, OffsetSpec};
use crate::{Result, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct EmbeddedAdmin {
    shared: Arc<Shared>,
}

impl EmbeddedAdmin {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        EmbeddedAdmin { shared }
    }
}

impl Admin for EmbeddedAdmin {
    fn topics(&self) -> Result<Vec<String>> {
        self.shared.faults.check("asking for topics")?;
        Ok(self.shared.topics.all().iter().map(|topic| topic.name.to_string()).collect())
    }

    fn partition_counts(&self, topics: &[&str]) -> Result<Vec<Option<i32>>> {
        self.shared.faults.check("asking for topics")?;
        Ok(topics.iter().map(|topic| Some(self.shared.topics.count(topic)).filter(|count| *count > 0)).collect())
    }

    fn topic_ids(&self, topics: &[&str]) -> Result<Vec<Option<String>>> {
        self.shared.faults.check("asking for topics")?;
        Ok(topics.iter().map(|topic| self.shared.topics.find(topic).map(|found| found.id.to_string())).collect())
    }

    /// A topic that is refused does not keep the others from being made; the error is that of the first one.
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        self.shared.faults.check("making topics")?;
        let results: Vec<Result<bool>> = topics.iter().map(|topic| self.shared.topics.create(topic)).collect();
        self.shared.groups.topics_changed();
        results.into_iter().try_for_each(|result| result.map(drop))
    }

    fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        self.shared.faults.check("deleting topics")?;
        for topic in topics {
            self.shared.topics.delete(topic);
            self.shared.groups.forget_topic(topic);
        }
        self.shared.groups.topics_changed();
        Ok(())
    }

    fn topic_configs(&self, topics: &[&str]) -> Result<Vec<BTreeMap<String, String>>> {
        self.shared.faults.check("asking for topic configs")?;
        topics.iter().map(|topic| Ok(self.shared.topics.get(topic)?.config.values().clone())).collect()
    }

    fn list_offsets(&self, partitions: &[(TopicPartition, OffsetSpec)]) -> Result<Vec<i64>> {
        self.shared.faults.check("asking for offsets")?;
        self.shared.transactions.expire(self.shared.now());
        let offset = |(id, spec): &(TopicPartition, OffsetSpec)| {
            let partition = self.shared.topics.partition(id)?;
            let log = partition.log()?;
            Ok(match spec {
                OffsetSpec::Earliest => log.start(),
                OffsetSpec::Latest => log.end(),
                OffsetSpec::LatestCommitted => log.stable_end(),
                OffsetSpec::Timestamp(time) => log.offset_for_time(*time),
            })
        };
        partitions.iter().map(offset).collect()
    }

    fn committed_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>> {
        self.shared.faults.check("asking for committed offsets")?;
        let committed = self.shared.groups.get(group).committed(partitions, Duration::ZERO, &self.shared)?;
        Ok(committed.into_iter().map(|committed| Some(committed?.offset)).collect())
    }

    fn subscribed_topics(&self, group: &str) -> Result<BTreeSet<String>> {
        self.shared.faults.check("asking for a group's members")?;
        Ok(self.shared.groups.get(group).subscribed(&self.shared))
    }

    fn delete_records(&self, before: &[(TopicPartition, i64)]) -> Result<()> {
        self.shared.faults.check("deleting records")?;
        for (id, offset) in before {
            let partition = self.shared.topics.partition(id)?;
            if !partition.config.delete {
                return Err(rejected(format!(
                    "records of partition {id} cannot be deleted: the topic's `cleanup.policy` does not contain `delete`"
                )));
            }
            let mut log = partition.log()?;
            let end = log.end();
            if *offset < 0 || *offset > end {
                return Err(rejected(format!("records of partition {id} cannot be deleted up to offset {offset}: its end is {end}")));
            }
            log.delete_before(*offset);
        }
        Ok(())
    }
}

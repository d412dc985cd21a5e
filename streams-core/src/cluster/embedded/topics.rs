//! The topics of a cluster.

use super::config::TopicConfig;
use super::errors::{missing_partition, missing_topic, rejected};
use super::partition::Partition;
use crate::cluster::NewTopic;
use crate::{Result, TopicPartition};
use hashbrown::HashMap;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) struct Topic {
    pub name: Arc<str>,
    /// No other topic of this cluster has it, or has had it.
    pub id: u64,
    pub partitions: Vec<Arc<Partition>>,
    pub config: Arc<TopicConfig>,
}

#[derive(Default)]
pub(super) struct Topics {
    map: RwLock<HashMap<Arc<str>, Arc<Topic>>>,
    version: AtomicU64,
}

impl Topics {
    /// Makes a topic; `false` when it is there already.
    pub(super) fn create(&self, new: &NewTopic) -> Result<bool> {
        check_name(&new.name)?;
        if self.map.read().contains_key(new.name.as_str()) {
            return Ok(false);
        }
        if new.partitions < 1 {
            return Err(rejected(format!("topic `{}` cannot have {} partitions: it needs at least 1", new.name, new.partitions)));
        }
        let config = Arc::new(TopicConfig::new(&new.name, &new.configs)?);
        let name: Arc<str> = new.name.as_str().into();
        let partition = |number| Arc::new(Partition::new(TopicPartition::new(name.clone(), number), config.clone()));
        let id = self.version.fetch_add(1, Ordering::AcqRel);
        let partitions = (0..new.partitions).map(partition).collect();
        let topic = Arc::new(Topic { name: name.clone(), id, partitions, config: config.clone() });
        let created = self.map.write().try_insert(name, topic).is_ok();
        self.version.fetch_add(1, Ordering::Release);
        Ok(created)
    }

    /// Deletes a topic; `false` when there is none.
    pub(super) fn delete(&self, name: &str) -> bool {
        let Some(topic) = self.map.write().remove(name) else { return false };
        for partition in &topic.partitions {
            partition.delete();
        }
        self.version.fetch_add(1, Ordering::Release);
        true
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Topic>> {
        self.map.read().get(name).cloned()
    }

    pub(super) fn get(&self, name: &str) -> Result<Arc<Topic>> {
        self.find(name).ok_or_else(|| missing_topic(name))
    }

    pub(super) fn partition(&self, id: &TopicPartition) -> Result<Arc<Partition>> {
        let topic = self.get(&id.topic)?;
        let found = usize::try_from(id.partition).ok().and_then(|at| topic.partitions.get(at));
        found.cloned().ok_or_else(|| missing_partition(id, topic.partitions.len()))
    }

    /// How many partitions a topic has; 0 when it does not exist.
    pub(super) fn count(&self, name: &str) -> i32 {
        self.map.read().get(name).map_or(0, |t| t.partitions.len() as i32)
    }

    /// Every topic, in the order of their names.
    pub(super) fn all(&self) -> Vec<Arc<Topic>> {
        let mut all: Vec<_> = self.map.read().values().cloned().collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Grows with every topic that is made or deleted.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}

/// Kafka's rule for topic names.
fn check_name(name: &str) -> Result {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 249 || name == "." || name == ".." || !name.chars().all(legal) {
        return Err(rejected(format!(
            "`{name}` cannot be a topic's name: 1 to 249 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`, and neither `.` nor `..`"
        )));
    }
    Ok(())
}

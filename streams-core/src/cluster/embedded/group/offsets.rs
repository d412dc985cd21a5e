//! What a group has committed, and what transactions are about to.

use crate::TopicPartition;
use crate::cluster::CommittedOffset;
use hashbrown::HashMap;

#[derive(Default)]
pub(super) struct Offsets {
    committed: HashMap<TopicPartition, CommittedOffset>,
    /// By the producer whose transaction they belong to.
    pending: HashMap<i64, HashMap<TopicPartition, CommittedOffset>>,
}

impl Offsets {
    pub(super) fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)]) {
        self.committed.extend(offsets.iter().cloned());
    }

    pub(super) fn add_pending(&mut self, producer: i64, offsets: &[(TopicPartition, CommittedOffset)]) {
        self.pending.entry(producer).or_default().extend(offsets.iter().cloned());
    }

    /// Commits or drops what a producer's transaction has left.
    pub(super) fn settle(&mut self, producer: i64, commit: bool) {
        if let Some(offsets) = self.pending.remove(&producer)
            && commit
        {
            self.committed.extend(offsets);
        }
    }

    pub(super) fn get(&self, partition: &TopicPartition) -> Option<&CommittedOffset> {
        self.committed.get(partition)
    }

    /// Whether a transaction that is not decided yet may change the offset.
    pub(super) fn is_pending(&self, partition: &TopicPartition) -> bool {
        self.pending.values().any(|offsets| offsets.contains_key(partition))
    }

    /// Forgets a deleted topic.
    pub(super) fn forget(&mut self, topic: &str) {
        self.committed.retain(|p, _| &*p.topic != topic);
        self.pending.values_mut().for_each(|offsets| offsets.retain(|p, _| &*p.topic != topic));
    }
}

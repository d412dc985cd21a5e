//! Transactions that a broker leaves open for ever, and how a run tells that from a fault of the application.
//!
//! A broker (seen with 4.3.1; KAFKA-20734) that ends a transaction while a partition has no leader takes the topic for deleted, leaves the
//! marker out and calls the transaction complete. Of a cluster of one broker no partition has a leader twice: when it is told to end,
//! from when it has said so to the controller until it answers no more; and when it was killed and comes back within its session, which
//! must end before it may register. Readers of committed records wait there from then on; nothing that an application does can help
//! (docs/RELIABILITY.md).

use crate::behaviour::clients::Clients;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};
use streams_core::TopicPartition;
use streams_core::cluster::OffsetSpec;

/// What the broker logs then, in a line that names the partitions. No topic is deleted in a run.
const CONFESSION: &str = "these partitions are likely deleted already and hence can be skipped";
/// The broker aborts a transaction after its time-out of 5 s, at the latest 10 s later; twice that is for ever.
const FOR_EVER: Duration = Duration::from_secs(30);

/// The broker has left transactions open: the run says nothing of the application.
#[derive(Debug)]
pub struct LostMarkers(Vec<OpenTransaction>);

impl fmt::Display for LostMarkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the broker ended a transaction without telling all partitions (KAFKA-20734): {}", list(&self.0))
    }
}

/// A partition whose end is not stable.
#[derive(Clone, Debug)]
pub(super) struct OpenTransaction {
    partition: TopicPartition,
    stable: i64,
    end: i64,
}

impl fmt::Display for OpenTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is stable up to {} of {}", self.partition, self.stable, self.end)
    }
}

fn list(open: &[OpenTransaction]) -> String {
    open.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The partitions with an open transaction.
pub(super) fn open_transactions(clients: &Clients<'_>, partitions: impl IntoIterator<Item = TopicPartition>) -> Vec<OpenTransaction> {
    let partitions: Vec<TopicPartition> = partitions.into_iter().collect();
    let offsets = |spec: OffsetSpec| {
        let asked: Vec<_> = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
        clients.admin().list_offsets(&asked).expect("the offsets are known")
    };
    let (stable, ends) = (offsets(OffsetSpec::LatestCommitted), offsets(OffsetSpec::Latest));
    let all = partitions.iter().zip(stable.into_iter().zip(ends));
    all.filter(|(_, (stable, end))| stable < end)
        .map(|(partition, (stable, end))| OpenTransaction { partition: partition.clone(), stable, end })
        .collect()
}

/// Whether a transaction that was open before is open still.
pub(super) fn goes_on(before: &[OpenTransaction], now: &[OpenTransaction]) -> bool {
    before.iter().any(|before| now.iter().any(|now| now.partition == before.partition && now.stable == before.stable))
}

/// Watches for transactions that do not end.
#[derive(Default)]
pub(super) struct Watch(BTreeMap<(TopicPartition, i64), Instant>);

impl Watch {
    /// Looks at what is open now; fails when something is open for ever and the broker has confessed to each of it.
    ///
    /// # Panics
    /// When something is open for ever and the broker has nothing to do with it.
    pub fn look(&mut self, open: Vec<OpenTransaction>, broker_log: Option<&Path>) -> Result<(), LostMarkers> {
        self.0.retain(|(partition, stable), _| open.iter().any(|now| now.partition == *partition && now.stable == *stable));
        let mut since = |now: &OpenTransaction| *self.0.entry((now.partition.clone(), now.stable)).or_insert_with(Instant::now);
        let hanging: Vec<OpenTransaction> = open.into_iter().filter(|now| since(now).elapsed() > FOR_EVER).collect();
        if hanging.is_empty() {
            return Ok(());
        }
        let log = broker_log.map(|log| std::fs::read(log).expect("the broker's log can be read")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let confessions: Vec<&str> = log.lines().filter(|line| line.contains(CONFESSION)).collect();
        let ours: Vec<OpenTransaction> = hanging.iter().filter(|hanging| !is_named(&confessions, &hanging.partition)).cloned().collect();
        assert!(ours.is_empty(), "transactions are open for more than {FOR_EVER:?}: {}", list(&ours));
        Err(LostMarkers(hanging))
    }
}

/// Whether a line names the partition: in a list like `HashSet(orders-1, orders-12)`.
fn is_named(lines: &[&str], partition: &TopicPartition) -> bool {
    let name = partition.to_string();
    let names = |line: &&str| line.split([' ', ',', '(', ')']).any(|word| word == name);
    lines.iter().any(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_confesses_for_the_partitions_that_it_names() {
        let line =
            format!("INFO Couldn't find leader endpoint for partitions HashSet(a-changelog-1, b-12) while trying to send, {CONFESSION}");
        let named = |topic: &str, partition: i32| is_named(&[line.as_str()], &TopicPartition::new(topic, partition));
        assert!(named("a-changelog", 1) && named("b", 12));
        assert!(!named("b", 1) && !named("changelog", 1) && !named("b", 2));
    }
}

//! Groups: the coordinator's side. What a member calls is in `member`.

mod assign;
mod member;
mod offsets;
mod state;

pub(super) use member::EmbeddedMember;

use super::Shared;
use super::errors::{fenced, timed_out};
use crate::cluster::{CommitToken, CommittedOffset};
use crate::{Result, TopicPartition};
use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex, MutexGuard};
use state::State;
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Default)]
pub(super) struct Groups(Mutex<HashMap<String, Arc<Group>>>);

/// A group: its state, and where its members sleep.
pub(super) struct Group {
    name: String,
    state: Mutex<State>,
    changed: Condvar,
}

/// Names a member and its generation.
#[derive(Clone)]
pub(super) struct EmbeddedToken {
    shared: Arc<Shared>,
    group: Arc<Group>,
    member: u64,
    generation: i32,
}

impl CommitToken for EmbeddedToken {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn renewed(&self) -> Result<Box<dyn CommitToken>> {
        Ok(Box::new(EmbeddedToken::new(self.shared.clone(), self.group.clone(), self.member)?))
    }
}

impl EmbeddedToken {
    /// Of the generation that the member is in.
    pub(super) fn new(shared: Arc<Shared>, group: Arc<Group>, member: u64) -> Result<Self> {
        let generation = group.lock(&shared).generation(member);
        match generation {
            Some(generation) => Ok(EmbeddedToken { shared, group, member, generation }),
            None => Err(fenced(format!("the member was thrown out of group `{}`: poll to join again", group.name))),
        }
    }

    pub(super) fn group(&self) -> &Arc<Group> {
        &self.group
    }
}

impl Groups {
    /// The group of that name; made when it is new.
    pub(super) fn get(&self, name: &str) -> Arc<Group> {
        let new = || Arc::new(Group { name: name.to_string(), state: Mutex::default(), changed: Condvar::new() });
        self.0.lock().entry_ref(name).or_insert_with(new).clone()
    }

    fn all(&self) -> Vec<Arc<Group>> {
        self.0.lock().values().cloned().collect()
    }

    /// Lets members see that topics came or went.
    pub(super) fn topics_changed(&self) {
        for group in self.all() {
            group.changed.notify_all();
        }
    }

    /// Forgets what was committed for a deleted topic.
    pub(super) fn forget_topic(&self, topic: &str) {
        self.all().iter().for_each(|g| g.state.lock().offsets.forget(topic));
    }

    /// After the cluster was away: nobody is thrown out for having been silent.
    pub(super) fn forgive(&self, now: Duration) {
        self.all().iter().for_each(|g| g.state.lock().touch_all(now));
    }
}

impl Group {
    /// The state at `now`, members whose time is over already thrown out.
    fn lock(&self, shared: &Shared) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        self.tick(&mut state, shared);
        state
    }

    fn tick(&self, state: &mut State, shared: &Shared) {
        if state.tick(shared.now(), shared.topics.version(), &|topic| shared.topics.count(topic)) {
            self.changed.notify_all();
        }
    }

    /// Fails unless the member is part of the group and nobody else owns the partitions.
    fn check_owner(&self, state: &State, member: u64, offsets: &[(TopicPartition, CommittedOffset)], shared: &Shared) -> Result {
        if !state.has(member) {
            return Err(fenced(format!(
                "this member is no longer part of group `{}`: it was silent for longer than `session.timeout.ms` or `max.poll.interval.ms`",
                self.name
            )));
        }
        for (partition, _) in offsets {
            shared.topics.partition(partition)?;
            if state.is_anothers(partition, member) {
                return Err(fenced(format!("partition {partition} belongs to another member of group `{}` by now", self.name)));
            }
        }
        Ok(())
    }

    /// Keeps offsets until the producer's transaction is decided.
    pub(super) fn add_pending(
        &self,
        token: &EmbeddedToken,
        producer: i64,
        offsets: &[(TopicPartition, CommittedOffset)],
        shared: &Shared,
    ) -> Result {
        let mut state = self.lock(shared);
        self.check_owner(&state, token.member, offsets, shared)?;
        if state.generation(token.member) != Some(token.generation) {
            return Err(fenced(format!(
                "the commit token is of generation {}, the member of group `{}` has seen a rebalance since: take a new token",
                token.generation, self.name
            )));
        }
        state.offsets.add_pending(producer, offsets);
        Ok(())
    }

    /// Commits or drops the offsets of a producer's transaction.
    pub(super) fn settle(&self, producer: i64, commit: bool) {
        self.state.lock().offsets.settle(producer, commit);
        self.changed.notify_all();
    }

    /// The topics of which members want partitions.
    pub(super) fn subscribed(&self, shared: &Shared) -> BTreeSet<String> {
        self.lock(shared).topics().map(ToString::to_string).collect()
    }

    /// What was committed for one partition, whatever is pending.
    pub(super) fn offset(&self, partition: &TopicPartition) -> Option<CommittedOffset> {
        self.state.lock().offsets.get(partition).cloned()
    }

    /// What was committed; waits while a transaction that is not decided may change it.
    pub(super) fn committed(
        &self,
        partitions: &[TopicPartition],
        timeout: Duration,
        shared: &Shared,
    ) -> Result<Vec<Option<CommittedOffset>>> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            shared.transactions.expire(shared.now());
            let mut state = self.state.lock();
            let Some(pending) = partitions.iter().find(|p| state.offsets.is_pending(p)) else {
                return Ok(partitions.iter().map(|p| state.offsets.get(p).cloned()).collect());
            };
            if !shared.options.blocking || deadline.is_some_and(|d| Instant::now() >= d) {
                return Err(timed_out(format!(
                    "the offset of partition {pending} in group `{}` is part of a transaction that is still open: try again, it ends within \
                     its `transaction.timeout.ms`",
                    self.name
                )));
            }
            // Short, because a transaction's time may run out without anybody saying so.
            self.changed.wait_for(&mut state, Duration::from_millis(10));
        }
    }
}

//! The group as a state machine: it is told the time and the partition counts, and never waits.
//!
//! Rebalancing is incremental: a new target is computed whenever somebody comes or goes; a member first gives up what the target takes
//! from it, and a partition is handed out only when nobody has it. There is no barrier: members that the target leaves alone never stop.

use super::assign::assign;
use super::offsets::Offsets;
use crate::TopicPartition;
use crate::cluster::GroupEvent;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How a member asks to be treated.
#[derive(Clone)]
pub(super) struct Subscription {
    /// Topics of which it wants partitions.
    pub topics: Vec<Arc<str>>,
    /// Without any call for this long it is thrown out.
    pub session_timeout: Duration,
    /// Without a poll for this long it is thrown out.
    pub max_poll_interval: Duration,
}

struct Member {
    subscription: Subscription,
    /// Tokens of other generations are fenced. From the group's one counter, so it names the member too.
    generation: i32,
    /// The rebalance that its last `Assigned` told it of.
    told: u64,
    /// The state's version when nothing was left to tell it.
    checked: u64,
    unacknowledged: Option<Unacknowledged>,
    /// Within a call that may sleep, so it is alive.
    busy: bool,
    last_call: Duration,
    last_poll: Duration,
}

enum Unacknowledged {
    Assigned,
    Revoked(Vec<TopicPartition>),
}

/// A group.
#[derive(Default)]
pub(super) struct State {
    members: BTreeMap<u64, Member>,
    /// Who has a partition; it stays so until it is given up.
    owners: BTreeMap<TopicPartition, u64>,
    /// Who is to have it.
    target: BTreeMap<TopicPartition, u64>,
    counts: BTreeMap<Arc<str>, i32>,
    topics_version: u64,
    next_member: u64,
    generation: i32,
    rebalances: u64,
    dirty: bool,
    /// The first rebalance of an empty group waits until then.
    starts_at: Option<Duration>,
    /// Grows with every change that a member may have to be told of.
    version: u64,
    pub(super) offsets: Offsets,
}

impl State {
    /// Throws out members whose time is over and rebalances where there is a reason; `true` when something changed.
    pub(super) fn tick(&mut self, now: Duration, topics_version: u64, count: &dyn Fn(&str) -> i32) -> bool {
        let expired: Vec<u64> = self.members.iter().filter(|(_, m)| m.deadline() < now).map(|(id, _)| *id).collect();
        for id in expired {
            self.remove(id);
        }
        if self.topics_version != topics_version || self.dirty {
            let counts = self.topics().map(|t| (t.clone(), count(t))).collect();
            self.dirty |= self.counts != counts;
            self.counts = counts;
            self.topics_version = topics_version;
        }
        if !self.dirty || self.starts_at.is_some_and(|at| now < at) {
            return false;
        }
        self.rebalance();
        true
    }

    fn rebalance(&mut self) {
        self.dirty = false;
        self.starts_at = None;
        self.rebalances += 1;
        self.version += 1;
        let given_up = |p: &TopicPartition| {
            self.members.values().any(|m| matches!(&m.unacknowledged, Some(Unacknowledged::Revoked(r)) if r.contains(p)))
        };
        let mut current = self.target.clone();
        current.extend(self.owners.iter().filter(|(p, _)| !given_up(p)).map(|(p, id)| (p.clone(), *id)));
        let members = self.members.iter().map(|(id, m)| (*id, m.subscription.topics.clone())).collect();
        self.target = assign(&self.counts, &members, &current);
    }

    /// A new member. The first one of an empty group makes it wait for `delay`, so that others can come before partitions are handed out.
    pub(super) fn join(&mut self, subscription: Subscription, now: Duration, delay: Duration) -> u64 {
        if self.members.is_empty() && !delay.is_zero() {
            self.starts_at = Some(now + delay);
        }
        let id = self.next_member;
        self.next_member += 1;
        self.dirty = true;
        let generation = self.next_generation();
        let told = self.rebalances;
        let member = Member {
            subscription,
            generation,
            told,
            checked: self.version,
            unacknowledged: None,
            busy: false,
            last_call: now,
            last_poll: now,
        };
        self.members.insert(id, member);
        id
    }

    /// Takes a member out; what it had is free at once.
    pub(super) fn remove(&mut self, id: u64) {
        if self.members.remove(&id).is_some() {
            self.owners.retain(|_, owner| *owner != id);
            self.dirty = true;
        }
    }

    /// The topics of which members want partitions, some of them more than once.
    pub(super) fn topics(&self) -> impl Iterator<Item = &Arc<str>> {
        self.members.values().flat_map(|m| &m.subscription.topics)
    }

    /// Whether the member is (still) part of the group.
    pub(super) fn has(&self, id: u64) -> bool {
        self.members.contains_key(&id)
    }

    /// The member's generation; `None` when it is not part of the group.
    pub(super) fn generation(&self, id: u64) -> Option<i32> {
        self.members.get(&id).map(|m| m.generation)
    }

    /// Notes a sign of life.
    pub(super) fn touch(&mut self, id: u64, now: Duration, polls: bool, busy: bool) {
        if let Some(member) = self.members.get_mut(&id) {
            member.busy = busy;
            member.last_call = now;
            if polls {
                member.last_poll = now;
            }
        }
    }

    /// Everybody's time begins anew.
    pub(super) fn touch_all(&mut self, now: Duration) {
        for member in self.members.values_mut() {
            member.last_call = now;
            member.last_poll = now;
        }
    }

    /// What the member has to be told next.
    pub(super) fn next_event(&mut self, id: u64) -> Option<GroupEvent> {
        let version = self.version;
        let member = self.members.get_mut(&id)?;
        if member.unacknowledged.is_some() || member.checked == version {
            return None;
        }
        let is_mine = |p: &TopicPartition| self.target.get(p) == Some(&id);
        let revoked: Vec<_> = self.owners.iter().filter(|(p, owner)| **owner == id && !is_mine(p)).map(|(p, _)| p.clone()).collect();
        if !revoked.is_empty() {
            member.unacknowledged = Some(Unacknowledged::Revoked(revoked.clone()));
            return Some(GroupEvent::Revoked(revoked));
        }
        let added: Vec<_> =
            self.target.iter().filter(|(p, to)| **to == id && !self.owners.contains_key(*p)).map(|(p, _)| p.clone()).collect();
        if added.is_empty() && member.told == self.rebalances {
            member.checked = version;
            return None;
        }
        member.told = self.rebalances;
        member.unacknowledged = Some(Unacknowledged::Assigned);
        self.owners.extend(added.iter().map(|p| (p.clone(), id)));
        self.generation += 1;
        member.generation = self.generation;
        Some(GroupEvent::Assigned(added))
    }

    /// The member has done what it was told; `true` when that concerns others.
    pub(super) fn acknowledge(&mut self, id: u64) -> bool {
        let Some(member) = self.members.get_mut(&id) else { return false };
        let Some(Unacknowledged::Revoked(revoked)) = member.unacknowledged.take() else { return false };
        for partition in &revoked {
            self.owners.remove(partition);
        }
        // Tokens from before are worth nothing once another may own the partitions.
        self.generation += 1;
        member.generation = self.generation;
        self.version += 1;
        true
    }

    /// Whether somebody else has the partition.
    pub(super) fn is_anothers(&self, partition: &TopicPartition, id: u64) -> bool {
        self.owners.get(partition).is_some_and(|owner| *owner != id)
    }

    /// When time alone will change something: a member's time is over, or the first rebalance is due.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.members.values().map(Member::deadline).chain(self.starts_at).min()
    }

    fn next_generation(&mut self) -> i32 {
        self.generation += 1;
        self.generation
    }
}

impl Member {
    /// The member is thrown out after this moment.
    fn deadline(&self) -> Duration {
        if self.busy {
            return Duration::MAX;
        }
        let session = self.last_call.saturating_add(self.subscription.session_timeout);
        session.min(self.last_poll.saturating_add(self.subscription.max_poll_interval))
    }
}

#[cfg(test)]
mod tests;

//! A member of a group, as its thread sees it.

use super::state::{State, Subscription};
use super::{EmbeddedToken, Group};
use crate::cluster::embedded::Shared;
use crate::cluster::embedded::errors::{fenced, not_in_state};
use crate::cluster::embedded::settings;
use crate::cluster::{CommitToken, CommittedOffset, GroupEvent, Membership, MembershipOptions};
use crate::{Result, TopicPartition};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Dropped without `leave` it is as dead as a killed process: its partitions stay its own until the session is over.
pub(in crate::cluster::embedded) struct EmbeddedMember {
    shared: Arc<Shared>,
    group: Arc<Group>,
    subscription: Subscription,
    standing: Standing,
    /// What it was told that it owns, less what it gave up.
    owned: BTreeSet<TopicPartition>,
    unacknowledged: Option<Event>,
}

/// How it stands to the group.
#[derive(Clone, Copy)]
enum Standing {
    NotJoined,
    Member(u64),
    ThrownOut,
}

/// An event that the caller works on.
enum Event {
    Assigned,
    Revoked(Vec<TopicPartition>),
    Lost,
}

impl EmbeddedMember {
    pub(in crate::cluster::embedded) fn new(shared: Arc<Shared>, options: MembershipOptions) -> Result<Self> {
        let mut topics: Vec<Arc<str>> = options.topics.iter().map(|t| t.as_str().into()).collect();
        topics.sort_unstable();
        topics.dedup();
        let subscription = Subscription {
            topics,
            session_timeout: settings::millis(&options.client, "session.timeout.ms", shared.options.session_timeout)?,
            max_poll_interval: settings::millis(&options.client, "max.poll.interval.ms", shared.options.max_poll_interval)?,
        };
        let group = shared.groups.get(&options.group);
        Ok(EmbeddedMember { shared, group, subscription, standing: Standing::NotJoined, owned: BTreeSet::new(), unacknowledged: None })
    }

    fn next_event(&mut self, state: &mut State) -> Option<GroupEvent> {
        let now = self.shared.now();
        let id = match self.standing {
            Standing::Member(id) => id,
            _ if self.unacknowledged.is_some() => return None,
            _ => {
                let id = state.join(self.subscription.clone(), now, self.shared.options.initial_rebalance_delay);
                self.standing = Standing::Member(id);
                self.group.tick(state, &self.shared);
                id
            }
        };
        state.touch(id, now, true, false);
        if self.unacknowledged.is_some() {
            return None;
        }
        if !state.has(id) {
            self.standing = Standing::ThrownOut;
            self.unacknowledged = Some(Event::Lost);
            return Some(GroupEvent::Lost(std::mem::take(&mut self.owned).into_iter().collect()));
        }
        let event = state.next_event(id)?;
        self.unacknowledged = Some(match &event {
            GroupEvent::Assigned(added) => {
                self.owned.extend(added.iter().cloned());
                Event::Assigned
            }
            GroupEvent::Revoked(revoked) => Event::Revoked(revoked.clone()),
            GroupEvent::Lost(_) => Event::Lost,
        });
        Some(event)
    }

    /// The member's number in the group; an error when it has none.
    fn id(&self) -> Result<u64> {
        match self.standing {
            Standing::Member(id) => Ok(id),
            Standing::NotJoined => Err(not_in_state(format!("the member has not joined group `{}` yet: poll first", self.group.name))),
            Standing::ThrownOut => Err(fenced(format!("the member was thrown out of group `{}`: poll to join again", self.group.name))),
        }
    }
}

impl Membership for EmbeddedMember {
    fn poll(&mut self, timeout: Duration) -> Result<Option<GroupEvent>> {
        self.shared.await_reachable(format_args!("group `{}`", self.group.name), timeout)?;
        let group = self.group.clone();
        let shared = self.shared.clone();
        let mut state = group.lock(&shared);
        if let Some(event) = self.next_event(&mut state) {
            return Ok(Some(event));
        }
        if timeout.is_zero() || !shared.options.blocking {
            return Ok(None);
        }
        let deadline = Instant::now() + timeout.min(Duration::from_secs(86_400));
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Ok(None);
            }
            // Somebody else's time may run out while everybody sleeps.
            let due = state.next_deadline().map(|due| due.saturating_sub(shared.now()).max(Duration::from_millis(1)));
            let due = due.and_then(|due| now.checked_add(due));
            self.mark_busy(&mut state, true);
            group.changed.wait_until(&mut state, due.map_or(deadline, |due| due.min(deadline)));
            self.mark_busy(&mut state, false);
            group.tick(&mut state, &shared);
            if let Some(event) = self.next_event(&mut state) {
                return Ok(Some(event));
            }
        }
    }

    fn acknowledge(&mut self) -> Result<()> {
        let event = self.unacknowledged.take();
        if let Some(Event::Revoked(revoked)) = &event {
            self.owned.retain(|p| !revoked.contains(p));
        }
        if let Standing::Member(id) = self.standing {
            let mut state = self.group.lock(&self.shared);
            state.touch(id, self.shared.now(), false, false);
            if state.acknowledge(id) {
                self.group.changed.notify_all();
            }
        }
        match event {
            Some(_) => Ok(()),
            None => Err(not_in_state(format!("group `{}`: there is no event to acknowledge", self.group.name))),
        }
    }

    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)], timeout: Duration) -> Result<()> {
        self.shared.await_reachable(format_args!("committing offsets of group `{}`", self.group.name), timeout)?;
        let id = self.id()?;
        let mut state = self.group.lock(&self.shared);
        state.touch(id, self.shared.now(), false, false);
        self.group.check_owner(&state, id, offsets, &self.shared)?;
        state.offsets.commit(offsets);
        Ok(())
    }

    fn committed(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Vec<Option<CommittedOffset>>> {
        self.shared.await_reachable(format_args!("offsets of group `{}`", self.group.name), timeout)?;
        if let Standing::Member(id) = self.standing {
            self.group.lock(&self.shared).touch(id, self.shared.now(), false, true);
        }
        let found = self.group.committed(partitions, timeout, &self.shared);
        if let Standing::Member(id) = self.standing {
            self.group.lock(&self.shared).touch(id, self.shared.now(), false, false);
        }
        found
    }

    fn token(&mut self) -> Result<Box<dyn CommitToken>> {
        let member = self.id()?;
        Ok(Box::new(EmbeddedToken::new(self.shared.clone(), self.group.clone(), member)?))
    }

    fn leave(self: Box<Self>, timeout: Duration) -> Result<()> {
        let Standing::Member(id) = self.standing else { return Ok(()) };
        self.shared.await_reachable(format_args!("leaving group `{}`", self.group.name), timeout)?;
        let mut state = self.group.lock(&self.shared);
        state.remove(id);
        self.group.tick(&mut state, &self.shared);
        Ok(())
    }
}

impl EmbeddedMember {
    fn mark_busy(&self, state: &mut State, busy: bool) {
        if let Standing::Member(id) = self.standing {
            state.touch(id, self.shared.now(), true, busy);
        }
    }
}

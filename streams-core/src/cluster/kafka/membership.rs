//! A member of the group: a librdkafka consumer that subscribes and never fetches.
//!
//! It subscribes to one topic per sub-topology and is assigned by `cooperative-sticky`. Every rebalance is answered with an *empty*
//! incremental assign or unassign: the group believes what it must, and nothing is ever fetched here.
//!
//! librdkafka sends a commit with whatever generation it has at that moment, and the broker does not check who owns a partition. What
//! makes commits safe is that librdkafka joins a new generation only after the last event was answered, and events are answered by
//! `acknowledge` alone: between two answers nothing that this member owned can belong to another, unless the assignment was lost, which
//! is looked for before each commit and token.

use super::client::{Client, RkError};
use super::codes::Code;
use super::queue::{Event, Partitions, Queue, check, check_object};
use super::settings::{self, Role, Waits};
use crate::cluster::{CommitToken, CommittedOffset, GroupEvent, Membership, MembershipOptions};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) struct KafkaMembership {
    group: String,
    topics: Vec<String>,
    client: Arc<Client>,
    queue: Queue,
    waits: Waits,
    joined: bool,
    /// Partitions of the subscribed topics that this member owns, the last answered event included.
    owned: BTreeSet<TopicPartition>,
    /// Whether an assignment is in force: from `Assigned` to `Lost`.
    assigned: bool,
    /// Taken from librdkafka, not yet handed over.
    pending: VecDeque<Result<GroupEvent>>,
    /// Handed over, not yet answered.
    open: Option<GroupEvent>,
}

/// The group's metadata as librdkafka gives it to a transaction. Shared with a call that may outlive its caller's patience.
#[derive(Clone)]
pub(super) struct Token {
    metadata: Arc<Metadata>,
    group: Arc<str>,
    client: Arc<Client>,
}

struct Metadata(NonNull<rk::rd_kafka_consumer_group_metadata_t>);

// Safety: an object of its own, never changed.
unsafe impl Send for Metadata {}
// Safety: as above.
unsafe impl Sync for Metadata {}

impl Token {
    /// Of the generation that the member is in.
    fn new(group: Arc<str>, client: Arc<Client>) -> Result<Self> {
        // Safety: the client is alive.
        let raw = unsafe { rk::rd_kafka_consumer_group_metadata(client.raw()) };
        let metadata = NonNull::new(raw)
            .ok_or_else(|| Error::new(ErrorKind::Internal, format!("group `{group}`: librdkafka has no metadata of it")))?;
        Ok(Token { metadata: Arc::new(Metadata(metadata)), group, client })
    }

    pub fn raw(&self) -> *const rk::rd_kafka_consumer_group_metadata_t {
        self.metadata.0.as_ptr()
    }

    pub fn renew(&self) -> Result<Self> {
        // Safety: the client is alive.
        if unsafe { rk::rd_kafka_assignment_lost(self.client.raw()) } != 0 {
            return Err(no_longer_its(&self.group, "has lost its assignment"));
        }
        Token::new(self.group.clone(), self.client.clone())
    }
}

#[cold]
fn no_longer_its(group: &str, why: &str) -> Error {
    Error::new(ErrorKind::Fenced, format!("group `{group}`: this member {why}; its tasks may belong to others"))
}

impl Drop for Metadata {
    fn drop(&mut self) {
        // Safety: owned.
        unsafe { rk::rd_kafka_consumer_group_metadata_destroy(self.0.as_ptr()) }
    }
}

impl CommitToken for Token {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn renewed(&self) -> Result<Box<dyn CommitToken>> {
        Ok(Box::new(self.renew()?))
    }
}

impl KafkaMembership {
    pub fn new(options: MembershipOptions, bootstrap: &str) -> Result<KafkaMembership> {
        let MembershipOptions { client: settings, group, topics } = options;
        if topics.is_empty() {
            return Err(Error::new(ErrorKind::Topology, format!("group `{group}`: there is no topic to join with")));
        }
        let mut conf = settings::conf(&Role::Member { group: group.clone() }, &settings, bootstrap)?;
        let events = rk::RD_KAFKA_EVENT_REBALANCE | rk::RD_KAFKA_EVENT_ERROR | rk::RD_KAFKA_EVENT_OFFSET_COMMIT;
        // Safety: the object is alive.
        unsafe { rk::rd_kafka_conf_set_events(conf.raw(), events) };
        let client = Client::new(rk::rd_kafka_type_t::RD_KAFKA_CONSUMER, &settings.client_id, conf)?;
        // The client's own reports (errors) come to the same place.
        // Safety: the client is alive.
        unsafe { rk::rd_kafka_poll_set_consumer(client.raw()) };
        let queue = Queue::consumer(&client)?;
        let waits = settings::waits(&settings)?;
        Ok(KafkaMembership {
            group,
            topics,
            client,
            queue,
            waits,
            joined: false,
            owned: BTreeSet::new(),
            assigned: false,
            pending: VecDeque::new(),
            open: None,
        })
    }

    fn join(&mut self) -> Result<()> {
        let mut list = Partitions::new(self.topics.len());
        for topic in &self.topics {
            list.add_topic(topic)?;
        }
        // Safety: the list is alive and copied.
        let code = unsafe { rk::rd_kafka_subscribe(self.client.raw(), list.raw()) };
        check(&self.client, code, format_args!("group `{}` cannot be joined", self.group))?;
        self.joined = true;
        Ok(())
    }

    /// Puts an event of librdkafka where `poll` finds it.
    fn take(&mut self, event: &Event) {
        match event.kind() {
            rk::RD_KAFKA_EVENT_REBALANCE => {
                let partitions = event.partitions();
                // Safety: the client is alive.
                let lost = unsafe { rk::rd_kafka_assignment_lost(self.client.raw()) } != 0;
                let event = match event.code() {
                    Code::ASSIGN => GroupEvent::Assigned(partitions),
                    _ if lost => GroupEvent::Lost(partitions),
                    _ => GroupEvent::Revoked(partitions),
                };
                tracing::debug!(target: "kafka", client_id = self.client.id(), group = self.group, ?event, "rebalance");
                self.pending.push_back(Ok(event));
            }
            rk::RD_KAFKA_EVENT_ERROR => {
                if let Some(error) = self.error(event) {
                    self.pending.push_back(Err(error));
                }
            }
            _ => {}
        }
    }

    /// Errors that the caller should hear of. A broker connection that broke is not one: librdkafka logs it and goes on.
    fn error(&self, event: &Event) -> Option<Error> {
        let (code, detail) = match event.code() {
            Code::FATAL => self.client.fatal()?,
            code => (code, event.text()),
        };
        let what = format!("group `{}`", self.group);
        match code {
            Code::MAX_POLL_EXCEEDED => {
                // The assignment is lost, which the next event tells.
                tracing::warn!(
                    target: "kafka", client_id = self.client.id(), group = self.group,
                    "left the group: {detail}. Make processing of one batch shorter, or raise `max.poll.interval.ms`"
                );
                None
            }
            Code::ALL_BROKERS_DOWN => Some(self.client.error_text(code, what, &detail)),
            code if code.kind() == ErrorKind::Unavailable => {
                tracing::debug!(target: "kafka", client_id = self.client.id(), group = self.group, "{detail}");
                None
            }
            code if code.is_missing_topic() => {
                Some(Error::new(ErrorKind::Topology, format!("{what}: {detail}. Create the topic, or correct its name")))
            }
            code => Some(self.client.error_text(code, what, &detail)),
        }
    }

    /// Takes what librdkafka has to tell, without waiting.
    fn drain(&mut self) {
        while let Some(event) = self.queue.poll(Duration::ZERO) {
            self.take(&event);
        }
    }

    /// Refuses when what this member worked on may be another's by now.
    fn check_generation(&mut self) -> Result<()> {
        self.drain();
        // Safety: the client is alive.
        let lost = unsafe { rk::rd_kafka_assignment_lost(self.client.raw()) } != 0
            || self.pending.iter().any(|e| matches!(e, Ok(GroupEvent::Lost(_))));
        if lost || !self.assigned {
            return Err(no_longer_its(&self.group, if lost { "has lost its assignment" } else { "is not a member" }));
        }
        Ok(())
    }

    fn handed_over(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::Assigned(partitions) => {
                self.assigned = true;
                self.owned.extend(partitions.iter().cloned());
            }
            // Owned until answered: their tasks are committed before that.
            GroupEvent::Revoked(_) => {}
            GroupEvent::Lost(_) => {
                self.assigned = false;
                self.owned.clear();
            }
        }
    }

    /// Answers librdkafka for an event, with nothing.
    fn answer(&self, event: &GroupEvent) -> Result<()> {
        let nothing = Partitions::new(0);
        // Safety: client and list are alive.
        let result = unsafe {
            RkError::take(match event {
                GroupEvent::Assigned(_) => rk::rd_kafka_incremental_assign(self.client.raw(), nothing.raw()),
                GroupEvent::Revoked(_) | GroupEvent::Lost(_) => rk::rd_kafka_incremental_unassign(self.client.raw(), nothing.raw()),
            })
        };
        check_object(&self.client, result, format_args!("group `{}`: a rebalance cannot be answered", self.group))
    }
}

impl Membership for KafkaMembership {
    fn poll(&mut self, timeout: Duration) -> Result<Option<GroupEvent>> {
        if !self.joined {
            self.join()?;
        }
        if self.open.is_none() && self.pending.is_empty() {
            if let Some(event) = self.queue.poll(timeout) {
                self.take(&event);
            }
        } else {
            // Says that this thread lives (`max.poll.interval.ms`), and never hands over a second event before the first is answered.
            self.drain();
            if self.open.is_some() {
                return Ok(None);
            }
        }
        let Some(event) = self.pending.pop_front().transpose()? else { return Ok(None) };
        self.handed_over(&event);
        self.open = Some(event.clone());
        Ok(Some(event))
    }

    fn acknowledge(&mut self) -> Result<()> {
        let Some(event) = self.open.take() else { return Ok(()) };
        if let GroupEvent::Revoked(partitions) = &event {
            for partition in partitions {
                self.owned.remove(partition);
            }
        }
        self.answer(&event)
    }

    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)], timeout: Duration) -> Result<()> {
        if offsets.is_empty() {
            return Ok(());
        }
        self.check_generation()?;
        let mut list = Partitions::new(offsets.len());
        for (partition, offset) in offsets {
            if !self.owned.contains(partition) && self.topics.iter().any(|t| **t == *partition.topic) {
                let text = format!("group `{}`: {partition} is not this member's any more; its offset is not committed", self.group);
                return Err(Error::new(ErrorKind::Fenced, text));
            }
            list.add_committed(partition, offset)?;
        }
        let what = || format!("group `{}`: offsets of {} partitions are not committed", self.group, offsets.len());
        let answers = Queue::new(&self.client)?;
        // Safety: list and queue are alive; without a callback the answer is an event of the queue.
        let sent = unsafe { rk::rd_kafka_commit_queue(self.client.raw(), list.raw(), answers.raw(), None, ptr::null_mut()) };
        check(&self.client, sent, what())?;
        let Some(answer) = answers.poll(timeout) else { return Err(self.client.error(Code::TIMED_OUT, what())) };
        match (answer.code(), answer.partition_error()) {
            (Code::NONE, None) => Ok(()),
            (Code::NONE | Code::ILLEGAL_GENERATION, Some((_, Code::ILLEGAL_GENERATION))) | (Code::ILLEGAL_GENERATION, None) => {
                // The group is ahead: its next generation began, and librdkafka has not joined it yet. What this member keeps it still owns
                // then, and commits under the new generation. Had it been thrown out, `check_generation` would see the loss next time.
                Err(Error::new(ErrorKind::Unavailable, format!("{}: the group is being rebalanced, commit again", what())))
            }
            (Code::NONE, Some((partition, code))) => Err(self.client.error(code, format_args!("{} ({partition})", what()))),
            (code, _) => Err(self.client.error(code, what())),
        }
    }

    fn committed(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Vec<Option<CommittedOffset>>> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let mut list = Partitions::new(partitions.len());
        for partition in partitions {
            list.add(partition, i64::from(rk::RD_KAFKA_OFFSET_INVALID))?;
        }
        let what = || format!("group `{}`: the committed offsets of {} partitions cannot be read", self.group, partitions.len());
        // Safety: the list is alive. Asks with RequireStable, as the isolation level is read_committed.
        let code = unsafe { rk::rd_kafka_committed(self.client.raw(), list.raw(), super::client::millis(timeout)) };
        check(&self.client, code, what())?;
        let entries = list.entries();
        partitions
            .iter()
            .map(|partition| match entries.iter().find(|e| e.partition == *partition) {
                Some(e) if e.code != Code::NONE => Err(self.client.error(e.code, format_args!("{} ({partition})", what()))),
                Some(e) if e.offset >= 0 => Ok(Some(CommittedOffset { offset: e.offset, metadata: e.metadata.clone() })),
                _ => Ok(None),
            })
            .collect()
    }

    fn token(&mut self) -> Result<Box<dyn CommitToken>> {
        self.check_generation()?;
        Ok(Box::new(Token::new(self.group.as_str().into(), self.client.clone())?))
    }

    fn leave(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        if !self.joined {
            return Ok(());
        }
        let deadline = Instant::now() + timeout.min(self.waits.block);
        if let Some(event) = self.open.take() {
            self.answer(&event)?;
        }
        for event in std::mem::take(&mut self.pending).into_iter().flatten() {
            self.answer(&event)?;
        }
        let closing = Queue::new(&self.client)?;
        // Safety: client and queue are alive.
        let result = unsafe { RkError::take(rk::rd_kafka_consumer_close_queue(self.client.raw(), closing.raw())) };
        check_object(&self.client, result, format_args!("group `{}` cannot be left", self.group))?;
        // Safety: as above.
        while unsafe { rk::rd_kafka_consumer_closed(self.client.raw()) } == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = format!("group `{}` was not left in time; the others take over when the session is over", self.group);
                return Err(self.client.error(Code::TIMED_OUT, what));
            }
            let Some(event) = closing.poll(left.min(Duration::from_millis(100))) else { continue };
            if event.kind() == rk::RD_KAFKA_EVENT_REBALANCE {
                self.answer(&match event.code() {
                    Code::ASSIGN => GroupEvent::Assigned(Vec::new()),
                    _ => GroupEvent::Revoked(Vec::new()),
                })?;
            }
        }
        Ok(())
    }
}

//! Sources by pattern: topics come and go while the thread runs.
//!
//! The supervisor looks for topics and hands over a new plan; the thread takes it up when everything is committed. Tasks that have other inputs
//! then are put together again, with their stores. In the group one topic of each sub-topology stands for its tasks. Which one that is may
//! change with the topics, and a thread for which it does leaves and joins anew.
//!
//! Every instance looks for itself, so for a while members may subscribe to different topics, and two of them could be given the same task, by
//! the partitions of different topics. So a thread begins no task for which another topic stands with some member: the group is asked, at a
//! moment when it knows what all subscribe to. Tasks that run already go on until their thread has seen the topic, too, for which it looks
//! whenever the group is rebalanced.

use super::StreamThread;
use super::commit::{ATTEMPT, Outcome};
use super::slots::{History, Resting, Slot};
use crate::runtime::app_plan::Plan;
use crate::runtime::backoff::Backoff;
use crate::runtime::supervisor::Message;
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How soon the group, or the supervisor, is asked again.
const ASK_AGAIN: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
/// How often it is asked whether a topic is gone.
const LOOKS: u32 = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// For so long after new topics were taken up some broker may not know them yet.
const NEWS_SPREADS: Duration = Duration::from_secs(30);

/// What a thread is to do about topics.
pub(super) struct TopicChanges {
    /// To be taken up when everything is committed.
    next: Option<Arc<Plan>>,
    /// Assigned by the group; their tasks have not begun.
    held: Vec<TopicPartition>,
    /// When to ask who subscribes to what; `None`: there is no need.
    ask_at: Option<Duration>,
    ask_again: Backoff,
    /// Out of the group because a topic that was read is gone, until the supervisor has looked; when it is asked for that again.
    away: Option<Duration>,
    /// It was said that tasks wait.
    said: bool,
    /// When other topics were taken up, or the first; `None`: none are by pattern.
    changed_at: Option<Duration>,
}

impl Default for TopicChanges {
    fn default() -> Self {
        TopicChanges { next: None, held: Vec::new(), ask_at: None, ask_again: ASK_AGAIN, away: None, said: false, changed_at: None }
    }
}

impl TopicChanges {
    /// Of a thread that begins by the plan.
    pub fn new(plan: &Plan, now: Duration) -> Self {
        TopicChanges { changed_at: plan.has_patterns().then_some(now), ..TopicChanges::default() }
    }

    /// The supervisor has looked; a plan that says nothing new is an answer, too.
    pub fn looked(&mut self, plan: Arc<Plan>) {
        self.next = Some(plan);
    }

    pub fn assigned(&mut self, partitions: &[TopicPartition], now: Duration) {
        self.held.extend_from_slice(partitions);
        (self.ask_at, self.ask_again) = (Some(now), ASK_AGAIN);
    }

    pub fn taken_away(&mut self, partitions: &[TopicPartition]) {
        self.held.retain(|held| !partitions.contains(held));
    }

    /// Whether tasks are assigned that have not begun.
    pub fn holds_tasks(&self) -> bool {
        !self.held.is_empty()
    }
}

impl StreamThread {
    /// All tasks were given up and the thread joins anew: a plan that waits can be taken up.
    pub(super) fn join_with_topics(&mut self) -> Vec<String> {
        let TopicChanges { next, changed_at, .. } = std::mem::take(&mut self.topics);
        self.topics.changed_at = changed_at;
        if let Some(plan) = next {
            self.set_plan(plan);
        }
        self.plan.tasks.subscription()
    }

    fn set_plan(&mut self, plan: Arc<Plan>) {
        if !Arc::ptr_eq(&plan, &self.plan) {
            self.topics.changed_at = Some(self.now());
            self.plan = plan;
        }
    }

    /// Does what is to be done about topics, before tasks go on.
    pub(super) fn follow_topics(&mut self, now: Duration) -> Result<()> {
        self.take_up_plan(now)?;
        if self.topics.away.is_some_and(|at| at <= now) {
            self.topics.away = Some(now + self.topics.ask_again.next());
            self.look_for_topics();
        }
        self.open_assigned(now)
    }

    pub(super) fn look_for_topics(&self) {
        let _ = self.shared.supervisor.post(Message::LookForTopics);
    }

    fn take_up_plan(&mut self, now: Duration) -> Result<()> {
        let Some(plan) = self.topics.next.clone() else { return Ok(()) };
        if Arc::ptr_eq(&plan, &self.plan) && self.topics.away.is_none() {
            self.topics.next = None;
            return Ok(());
        }
        if self.commit.trouble.as_ref().is_some_and(|trouble| now < trouble.retry_at) {
            return Ok(());
        }
        let joins = self.topics.away.is_some() || plan.tasks.subscription() != self.plan.tasks.subscription();
        let others = |id: &TaskId, inputs: &[super::slots::Input]| {
            let planned = plan.tasks.inputs(*id);
            planned.len() != inputs.len() || planned.iter().zip(inputs).any(|(planned, input)| *planned != input.partition)
        };
        let changes = |(id, slot): (&TaskId, &Slot)| match slot {
            Slot::Running(running) if joins || others(id, &running.inputs) => Some(*id),
            _ => None,
        };
        let ids: Vec<TaskId> = self.slots.iter().filter_map(changes).collect();
        self.topics_deleted(|topic| !plan.sources.contains_key(topic) && !plan.repartition.contains(topic));
        let outcome = self.commit(&ids, now + ATTEMPT)?;
        if !matches!(outcome, Outcome::Done) {
            return self.take_outcome(outcome);
        }
        let committed = |id: &TaskId| !matches!(self.slots.get(id), Some(Slot::Running(running)) if running.task.commit_needed());
        if !ids.iter().all(committed) {
            return Ok(());
        }
        if joins {
            self.leave_group(true);
            return self.join();
        }
        self.topics.next = None;
        self.set_plan(plan);
        for id in ids {
            let Some(mut running) = self.take_running(id) else { continue };
            tracing::info!(target: "streams::thread", thread = self.entry.name, task = %id, "the task's topics have changed: it goes on with them");
            let (history, starts): (History, _) = (std::mem::take(&mut running.history), std::mem::take(&mut running.starts));
            let stores = self.take_apart(running, true)?;
            self.slots.insert(id, Slot::Resting(Resting { stores, starts, history, asking: None }));
        }
        self.slots_changed();
        if self.topics.holds_tasks() {
            self.topics.ask_at = Some(now);
        }
        Ok(())
    }

    /// Nothing is committed any more for topics that are gone.
    fn topics_deleted(&mut self, gone: impl Fn(&str) -> bool) {
        for slot in self.slots.values_mut() {
            let Slot::Running(running) = slot else { continue };
            for (index, _) in running.inputs.iter().enumerate().filter(|(_, input)| gone(&input.partition.topic)) {
                running.task.input_deleted(index);
            }
        }
    }

    /// Begins the tasks that the group has assigned, unless they may be another member's by a topic that this one has not seen, or the other
    /// way round.
    pub(super) fn open_assigned(&mut self, now: Duration) -> Result<()> {
        if self.topics.ask_at.is_none_or(|at| now < at) || self.membership.is_none() {
            return Ok(());
        }
        let has_patterns = self.plan.has_patterns();
        let subscribed = match has_patterns {
            true => self.shared.admin.subscribed_topics(&self.shared.settings.application_id),
            false => Ok(BTreeSet::new()),
        };
        let subscribed = match subscribed {
            Ok(subscribed) => subscribed,
            // the group is being rebalanced
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                self.topics.ask_at = Some(now + self.topics.ask_again.next());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let other = self.plan.other_stand_in(None, &subscribed);
        let mut look = other.is_some_and(|topic| !self.plan.sources.contains_key(topic));
        let (mut begin, mut hold) = (Vec::new(), Vec::new());
        for partition in std::mem::take(&mut self.topics.held) {
            match self.plan.tasks.task(&partition) {
                Ok(id) if self.plan.other_stand_in(Some(id.subtopology), &subscribed).is_none() => begin.push(id),
                Ok(_) => hold.push(partition),
                // the topic has more partitions than when it was looked for
                Err(_) if has_patterns => {
                    look = true;
                    hold.push(partition);
                }
                Err(error) => return Err(error),
            }
        }
        if !hold.is_empty() && !std::mem::replace(&mut self.topics.said, true) {
            tracing::warn!(
                target: "streams::thread",
                thread = self.entry.name,
                "tasks of {} partitions wait until all instances have seen the same topics{}; each looks every metadata.max.age.ms, and when the group is rebalanced",
                hold.len(),
                other.map(|topic| format!(": others subscribe to {topic}")).unwrap_or_default()
            );
        }
        self.topics.said &= !hold.is_empty();
        self.topics.ask_at = (look || !hold.is_empty()).then(|| now + self.topics.ask_again.next());
        self.topics.held = hold;
        if look {
            self.look_for_topics();
        }
        for id in begin {
            if self.slots.contains_key(&id) {
                tracing::warn!(target: "streams::thread", thread = self.entry.name, task = %id, "assigned a task that the thread has already");
            } else {
                self.open(id, History::default());
            }
        }
        self.slots_changed();
        Ok(())
    }

    /// Whether the error says no more than that a topic is gone which a pattern matched, or not everywhere known yet. The thread then leaves
    /// the group, having committed what it can, until the supervisor has looked for topics.
    pub(super) fn outlives(&mut self, error: &Error) -> bool {
        if error.kind() != ErrorKind::Topology || self.topics.away.is_some() || self.others_are_sound {
            return false;
        }
        let now = self.now();
        if !self.is_of_gone_topics(error) {
            if self.topics.changed_at.is_none_or(|at| now.saturating_sub(at) >= NEWS_SPREADS) {
                return false;
            }
            tracing::warn!(target: "streams::thread", thread = self.entry.name, "new topics may not be known to all brokers yet, trying again: {error}");
        }
        let outcome = self.commit(&self.running(), self.now() + ATTEMPT);
        let clean = match outcome {
            Ok(Outcome::Done) => true,
            Ok(Outcome::Later(error) | Outcome::Fenced(error) | Outcome::Undone(error)) | Err(error) => {
                tracing::warn!(target: "streams::thread", thread = self.entry.name, "tasks are given up without a last commit: {error}");
                false
            }
        };
        self.leave_group(clean);
        self.rejoin = false;
        self.topics = TopicChanges { away: Some(now), changed_at: self.topics.changed_at, ..TopicChanges::default() };
        true
    }

    /// Whether topics that a pattern matched are gone, which may be what the error says. Then nothing is committed for them any more.
    pub(super) fn is_of_gone_topics(&mut self, error: &Error) -> bool {
        if error.kind() != ErrorKind::Topology {
            return false;
        }
        let gone = self.gone();
        if gone.is_empty() {
            return false;
        }
        let names: Vec<&str> = gone.iter().map(|topic| &**topic).collect();
        tracing::warn!(
            target: "streams::thread",
            thread = self.entry.name,
            "topics [{}], which a pattern matched, are gone; the tasks go on without them: {error}",
            names.join(", ")
        );
        self.topics_deleted(|topic| gone.contains(topic));
        true
    }

    /// The topics that a pattern matched and that do not exist any more. Brokers hear of a topic, and of its end, at different times, so that one
    /// answer is not believed: what is missing in all later looks is gone.
    fn gone(&self) -> BTreeSet<Arc<str>> {
        let topics = &self.plan.by_pattern.matched;
        let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
        let mut gone = topics.clone();
        for look in 0..if names.is_empty() { 0 } else { LOOKS } {
            if look > 0 {
                std::thread::sleep(LOOK_AGAIN);
            }
            let Ok(counts) = self.shared.admin.partition_counts(&names) else { return BTreeSet::new() };
            if look >= LOOKS / 2 {
                topics.iter().zip(counts).filter(|(_, count)| count.is_some()).for_each(|(topic, _)| _ = gone.remove(topic));
            }
        }
        gone
    }
}

//! A stream thread: a member of the group that runs the tasks it is given.
//!
//! `step` does what can be done now and never sleeps; `run` repeats it on an OS thread.

mod commit;
mod deliveries;
mod failure;
mod group;
mod in_flight;
mod queries;
mod run;
mod slots;
mod topics;
mod transaction;
mod work;

pub(crate) use queries::Query;
pub(crate) use run::{Ended, ask_handler, run};

use super::app_plan::Plan;
use super::backoff::Backoff;
use super::metadata::TaskMetadata;
use super::restorer::Restored;
use super::shared::{Shared, ThreadEntry};
use super::thread_state::ThreadState;
use crate::cluster::{Fetcher, FetcherOptions, Membership, Producer};
use crate::metrics::ThreadMetrics;
use crate::task::{TaskEnv, TaskSettings, ThreadProducer};
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use in_flight::InFlight;
use slots::Slot;
use std::cell::RefMut;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use topics::TopicChanges;
use transaction::Transactions;

/// How often figures are published that take a look at every task.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// What others tell a thread.
pub(crate) enum ThreadMessage {
    /// A task's stores, restored, or why they could not be.
    Restored(Restored),
    /// The topics that patterns match were looked for.
    Topics(Arc<Plan>),
    /// They were, and the application cannot go on with them.
    TopicsRefused(Error),
    /// Somebody wants to read a store.
    Query(Box<dyn Query>),
    /// Commit, close the tasks, leave the group and end, until the clock's monotonic time.
    Stop { deadline: Duration },
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Again,
    /// Nothing to do for this long, unless records or messages arrive.
    Idle(Duration),
    Stopped,
}

pub(crate) struct StreamThread {
    shared: Arc<Shared>,
    plan: Arc<Plan>,
    entry: Arc<ThreadEntry>,
    metrics: Arc<ThreadMetrics>,
    /// `None` only while it is replaced, while there is no topic to join with, and after the end.
    membership: Option<Box<dyn Membership>>,
    fetcher: Box<dyn Fetcher>,
    env: TaskEnv,
    slots: BTreeMap<TaskId, Slot>,
    state: ThreadState,
    next_ticket: u64,
    stopping: Option<Duration>,
    /// Thrown out of the group: give everything up and join anew.
    rejoin: bool,
    /// The group took tasks away since this was last set to false.
    lost: bool,
    /// Since when the thread has none of the tasks that it had, and the group has not assigned anything; a partition to ask the group about.
    outside: Option<(Duration, TopicPartition)>,
    topics: TopicChanges,
    /// The error that ends the thread is that of a task which has been given up: the others may still be committed.
    others_are_sound: bool,
    commit: CommitTimer,
    /// `None`: at least once.
    transactions: Option<Transactions>,
    /// Records a task may process before the group is asked again; follows how long they take.
    chunk: usize,
    /// Waits that ended at once with nothing to do after them.
    idle_in_a_row: u32,
    totals: Totals,
    summary: Summary,
    tasks_published: Duration,
}

/// When to commit, and since when it does not work.
struct CommitTimer {
    /// The end of the last commit of all tasks: the interval counts from there, as in Java, so that commits that take long leave room for work.
    last: Duration,
    trouble: Option<Trouble>,
    /// Exactly once: the commit that the cluster is making.
    in_flight: Option<InFlight>,
}

struct Trouble {
    since: Duration,
    retry_at: Duration,
    backoff: Backoff,
    /// A warning was logged.
    said: bool,
}

impl Trouble {
    fn new(now: Duration) -> Self {
        Trouble { since: now, retry_at: now, backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(2)), said: false }
    }
}

/// Since the thread began.
#[derive(Clone, Copy, Default)]
struct Totals {
    records: u64,
    punctuations: u64,
    commits: u64,
}

/// For the line that is logged now and then.
struct Summary {
    at: Duration,
    totals: Totals,
}

impl StreamThread {
    /// On the thread that will run it.
    pub fn new(shared: Arc<Shared>, plan: Arc<Plan>, entry: Arc<ThreadEntry>, tasks: Arc<TaskSettings>) -> Result<Self> {
        let settings = &shared.settings;
        let fetcher = shared.cluster.fetcher(FetcherOptions {
            client: settings.main_consumer(&entry.name),
            read_committed: settings.read_committed,
            bulk: false,
        })?;
        entry.mailbox.set_waker(Some(fetcher.waker()));
        let producer = transaction::producer(&shared, &entry, &plan)?;
        let transactions = Transactions::of(settings);
        let env = TaskEnv {
            application_id: settings.application_id.as_str().into(),
            thread_name: entry.name.as_str().into(),
            registry: shared.metrics.clone(),
            producer: ThreadProducer::shared(producer),
            budget: entry.budget.clone(),
            settings: tasks,
            globals: plan.globals.clone(),
        };
        let now = shared.clock.monotonic();
        let metrics = shared.metrics.thread(&entry.name);
        metrics.started.set_ms(shared.clock.now_ms());
        let mut thread = StreamThread {
            topics: TopicChanges::new(&plan, now),
            plan,
            metrics,
            membership: None,
            fetcher,
            env,
            slots: BTreeMap::new(),
            state: ThreadState::Created,
            next_ticket: 0,
            stopping: None,
            rejoin: false,
            lost: false,
            outside: None,
            others_are_sound: false,
            commit: CommitTimer { last: now, trouble: None, in_flight: None },
            transactions,
            chunk: work::FIRST_CHUNK,
            idle_in_a_row: 0,
            totals: Totals::default(),
            tasks_published: now,
            summary: Summary { at: now, totals: Totals::default() },
            shared,
            entry,
        };
        thread.set_state(ThreadState::Starting);
        thread.join()?;
        Ok(thread)
    }

    /// Does what can be done now. An error ends the thread: call `close` then.
    pub fn step(&mut self) -> Result<Step> {
        while let Some(message) = self.entry.mailbox.take() {
            match message {
                ThreadMessage::Restored(restored) => self.restored(restored)?,
                ThreadMessage::Query(mut query) => self.answer(&mut *query),
                ThreadMessage::Topics(plan) => self.topics.looked(plan),
                ThreadMessage::TopicsRefused(error) => {
                    self.others_are_sound = true;
                    return Err(error);
                }
                ThreadMessage::Stop { deadline } => self.stopping = Some(deadline),
            }
        }
        if let Some(deadline) = self.stopping {
            self.close(Some(deadline));
            return Ok(Step::Stopped);
        }
        let now = self.now();
        self.serve_group()?;
        self.expect_the_group(now)?;
        self.follow_topics(now)?;
        let settled = self.settle_transactions()?;
        if settled {
            self.start_restored(now)?;
        }
        let mut worked = false;
        let round = tracing::trace_span!(target: "streams::thread", "round", thread = self.entry.name).entered();
        if settled && !self.shared.paused() && !self.is_held_back() && self.begin_transaction()? {
            worked |= self.fetch()?;
            worked |= self.process()?;
            worked |= self.punctuate()?;
        }
        drop(round);
        worked |= self.commit_if_due()?;
        self.producer().poll();
        if self.commit.in_flight.is_none()
            && let Some(error) = self.check_deliveries()?
            && self.is_transactional()
        {
            self.commit_later(error)?;
        }
        if std::mem::take(&mut self.rejoin) {
            // where the group has told already that the tasks are lost, being a member goes on
            self.lost = false;
            self.serve_group()?;
            if !self.lost {
                self.join_anew()?;
            }
        }
        self.publish();
        if worked {
            self.idle_in_a_row = 0;
            return Ok(Step::Again);
        }
        Ok(Step::Idle(self.idle_for()))
    }

    /// Sleeps until records or messages arrive, or the time is over.
    pub fn wait(&mut self, timeout: Duration) {
        if self.shared.paused() {
            return self.entry.mailbox.wait(timeout);
        }
        let before = self.now();
        self.fetcher.wait(timeout);
        // records may wait that no task wants (it idles for another input): the fetcher returns at once, again and again
        if self.now().saturating_sub(before) < Duration::from_millis(1) {
            self.idle_in_a_row = (self.idle_in_a_row + 1).min(10);
            if self.idle_in_a_row > 2 {
                self.entry.mailbox.wait(timeout.min(Duration::from_millis(u64::from(self.idle_in_a_row))));
            }
        } else {
            self.idle_in_a_row = 0;
        }
        self.metrics.poll_time.add(self.now().saturating_sub(before));
    }

    fn now(&self) -> Duration {
        self.shared.clock.monotonic()
    }

    fn producer(&self) -> RefMut<'_, Box<dyn Producer>> {
        RefMut::map(self.env.producer.borrow_mut(), ThreadProducer::client)
    }

    fn membership(&mut self) -> Result<&mut dyn Membership> {
        match &mut self.membership {
            Some(membership) => Ok(&mut **membership),
            None => Err(Error::new(ErrorKind::Closed, "the thread is no member of the group")),
        }
    }

    fn set_state(&mut self, next: ThreadState) {
        if self.state != next && self.state.may_become(next) {
            self.state = next;
            self.metrics.state.set(next as i64);
            self.shared.thread_state(&self.entry, next);
        }
    }

    /// Tells the outside which tasks there are, and that all of them run.
    fn slots_changed(&mut self) {
        let describe = |(id, slot): (&TaskId, &Slot)| TaskMetadata {
            id: *id,
            partitions: self.plan.tasks.inputs(*id),
            running: matches!(slot, Slot::Running(_)),
        };
        let readers = self.slots.values().filter_map(|slot| match slot {
            Slot::Running(running) => Some(running.readers.iter().cloned()),
            _ => None,
        });
        self.shared.thread_tasks(&self.entry, self.slots.iter().map(describe).collect(), readers.flatten().collect());
        self.metrics.tasks.set_size(self.slots.values().filter(|slot| matches!(slot, Slot::Running(_))).count());
        let all_run = !self.topics.holds_tasks() && self.slots.values().all(|slot| matches!(slot, Slot::Running(_)));
        match (self.state, all_run) {
            (ThreadState::PartitionsAssigned, true) => self.set_state(ThreadState::Running),
            (ThreadState::Running, false) => self.set_state(ThreadState::PartitionsAssigned),
            _ => {}
        }
    }

    /// How long nothing needs to be done unless something arrives.
    fn idle_for(&self) -> Duration {
        let now = self.now();
        let wall = self.shared.clock.now_ms();
        let mut next = now + self.shared.settings.poll;
        for slot in self.slots.values() {
            match slot {
                Slot::Running(running) => {
                    if let Some(at) = running.task.next_wall_clock() {
                        next = next.min(now + Duration::from_millis(u64::try_from(at.saturating_sub(wall)).unwrap_or_default()));
                    }
                    if running.task.commit_needed() && self.commit.in_flight.is_none() {
                        next = next.min(self.next_commit());
                    }
                }
                Slot::Resting(resting) => next = next.min(resting.due()),
                Slot::Restoring { .. } => {}
            }
        }
        next.min(self.next_settling().unwrap_or(next)).saturating_sub(now).max(Duration::from_millis(1))
    }

    /// Metrics that follow from what is counted anyway, and now and then a line in the log.
    fn publish(&mut self) {
        self.metrics.process_records.set(self.totals.records);
        self.metrics.punctuations.set(self.totals.punctuations);
        self.metrics.cache_bytes.set_size(self.entry.budget.used());
        self.metrics.cache_limit_bytes.set_size(self.entry.budget.limit());
        let limit = self.entry.uncommitted_limit.load(Ordering::Relaxed);
        self.metrics.uncommitted_limit_bytes.set(i64::try_from(limit).unwrap_or(-1));
        let now = self.now();
        if now.saturating_sub(self.tasks_published) >= PUBLISH_EVERY {
            self.tasks_published = now;
            self.publish_tasks();
        }
        self.log_summary();
    }

    fn publish_tasks(&mut self) {
        for slot in self.slots.values_mut() {
            let Slot::Running(running) = slot else { continue };
            let mut lag = Some(0);
            for (index, (input, start)) in running.inputs.iter().zip(&running.starts).enumerate() {
                let next = running.task.next_offset(index).unwrap_or(start.offset);
                let behind = self.fetcher.known_end(input.handle).map(|end| (end - next).max(0));
                lag = lag.zip(behind).map(|(sum, behind)| sum + behind);
            }
            running.task.publish(lag);
        }
    }

    fn log_summary(&mut self) {
        let (now, Some(interval)) = (self.now(), self.shared.settings.log_summary_interval) else { return };
        if now.saturating_sub(self.summary.at) < interval {
            return;
        }
        let (all, before) = (self.totals, self.summary.totals);
        let (records, punctuations) = (all.records - before.records, all.punctuations - before.punctuations);
        let commits = all.commits - before.commits;
        tracing::info!(
            target: "streams::thread",
            thread = self.entry.name,
            "processed {records} records, ran {punctuations} punctuations and {commits} commits of {} tasks since the last summary",
            self.slots.len()
        );
        self.summary = Summary { at: now, totals: all };
    }
}

#[cfg(test)]
mod tests;

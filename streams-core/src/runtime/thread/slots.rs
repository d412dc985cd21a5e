//! The tasks of a thread on their way from the restorer to running, and back.

use super::{StreamThread, ThreadMessage, Trouble};
use crate::cluster::{CommittedOffset, FetchHandle, OffsetSpec};
use crate::config::OffsetReset;
use crate::runtime::restorer::{Command, Reply, Restored};
use crate::runtime::shared::StoreReader;
use crate::task::Task;
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use streams_state::store::StateStore;

/// How long the group is asked for committed offsets in one go; it is asked again later.
const ASK_FOR: Duration = Duration::from_secs(5);

pub(super) enum Slot {
    /// The restorer has it.
    Restoring {
        ticket: u64,
        history: History,
    },
    /// Its stores are here; where to read from is to be found out.
    Resting(Resting),
    Running(Box<Running>),
}

/// What is remembered of a task while it is taken apart and put together again.
#[derive(Default)]
pub(super) struct History {
    /// Records to leave out.
    pub skip: Vec<(TopicPartition, i64)>,
    /// Since when its calls to the cluster fail.
    pub trouble: Option<Trouble>,
    /// How often its state was thrown away.
    pub resets: u32,
    /// What it counted so far.
    pub metrics: Vec<Arc<dyn Any>>,
    /// Where to go on once stores are restored that an abort has emptied.
    pub starts: Vec<Start>,
}

pub(super) struct Resting {
    pub stores: Vec<Box<dyn StateStore>>,
    /// Where the stores stand; of other inputs the group knows.
    pub starts: Vec<Start>,
    pub history: History,
    /// Since when the group does not say where to read from.
    pub asking: Option<Trouble>,
}

impl Resting {
    /// When it may be tried to let it run.
    pub fn due(&self) -> Duration {
        let at = |trouble: &Option<Trouble>| trouble.as_ref().map_or(Duration::ZERO, |t| t.retry_at);
        at(&self.history.trouble).max(at(&self.asking))
    }
}

pub(super) struct Running {
    pub task: Task,
    pub inputs: Vec<Input>,
    /// Where the stores stand, by input. The group may be ahead: a commit whose answer did not come may have been made.
    pub starts: Vec<Start>,
    pub history: History,
    pub readers: Vec<StoreReader>,
}

pub(super) struct Input {
    pub partition: TopicPartition,
    pub handle: FetchHandle,
    /// The partition's end when it was caught up with.
    pub caught_up_at: Option<i64>,
}

impl StreamThread {
    /// Asks the restorer for a task.
    pub(super) fn open(&mut self, id: TaskId, history: History) {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        let entry = self.entry.clone();
        let reply: Reply = Arc::new(move |restored| match entry.mailbox.post(ThreadMessage::Restored(restored)) {
            Err(ThreadMessage::Restored(restored)) => Err(restored),
            _ => Ok(()),
        });
        self.tell_restorer(Command::Open { id, thread: self.entry.index, ticket, reply });
        self.slots.insert(id, Slot::Restoring { ticket, history });
    }

    pub(super) fn tell_restorer(&self, command: Command) {
        if self.shared.restorer.post(command).is_err() {
            // it ends after all threads have, unless it panicked
            tracing::error!(target: "streams::thread", thread = self.entry.name, "the restorer is gone; a task's stores are closed as they are");
        }
    }

    /// The restorer's answer.
    pub(super) fn restored(&mut self, Restored { id, ticket, stores }: Restored) -> Result<()> {
        let wanted = match self.slots.get_mut(&id) {
            Some(Slot::Restoring { ticket: of, history }) if *of == ticket => Some(std::mem::take(history)),
            _ => None,
        };
        match (stores, wanted) {
            (Ok(stores), Some(mut history)) => {
                let starts = std::mem::take(&mut history.starts);
                self.slots.insert(id, Slot::Resting(Resting { stores, starts, history, asking: None }));
            }
            (Ok(stores), None) => self.tell_restorer(Command::Release { id, stores }),
            (Err(error), Some(_)) => {
                self.slots.remove(&id);
                self.others_are_sound = true;
                return Err(error);
            }
            (Err(_), None) => {}
        }
        Ok(())
    }

    /// Lets tasks run whose stores are here.
    pub(super) fn start_restored(&mut self, now: Duration) -> Result<()> {
        let (mut known, mut ids, mut to_ask) = (Vec::new(), Vec::new(), Vec::new());
        for (id, slot) in &self.slots {
            let Slot::Resting(resting) = slot else { continue };
            if resting.due() > now {
                continue;
            }
            let before = to_ask.len();
            to_ask.extend(self.plan.tasks.inputs(*id).into_iter().filter(|input| resting.starts.iter().all(|s| s.partition != *input)));
            let all_known = to_ask.len() == before;
            if all_known { known.push(*id) } else { ids.push(*id) }
        }
        if known.is_empty() && ids.is_empty() {
            return Ok(());
        }
        for id in known {
            self.start(id, &[])?;
        }
        if ids.is_empty() {
            self.slots_changed();
            return Ok(());
        }
        match self.starting_offsets(&to_ask) {
            Ok(starts) => {
                for id in ids {
                    self.start(id, &starts)?;
                }
                self.slots_changed();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                let (timeout, now) = (self.shared.settings.task_timeout, self.now());
                for id in ids {
                    let Some(Slot::Resting(Resting { asking, .. })) = self.slots.get_mut(&id) else { continue };
                    let trouble = asking.get_or_insert_with(|| Trouble::new(now));
                    if now.saturating_sub(trouble.since) >= timeout {
                        let text = "the committed offsets of the task's inputs could not be read within task.timeout.ms";
                        return Err(Error::caused(ErrorKind::Unavailable, format!("{text} = {}", timeout.as_millis()), error)
                            .at(format!("task {id}")));
                    }
                    trouble.retry_at = now + trouble.backoff.next();
                }
                tracing::warn!(target: "streams::thread", thread = self.entry.name, "committed offsets could not be read, trying again: {error}");
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Fenced => {
                self.rejoin = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// What the group has committed, else what the reset policy says.
    fn starting_offsets(&mut self, inputs: &[TopicPartition]) -> Result<Vec<Start>> {
        let committed = self.membership()?.committed(inputs, ASK_FOR)?;
        let fresh: Vec<TopicPartition> = inputs.iter().zip(&committed).filter(|(_, c)| c.is_none()).map(|(p, _)| p.clone()).collect();
        let mut begins = self.reset_offsets(&fresh)?.into_iter();
        let start = |(partition, committed): (&TopicPartition, Option<CommittedOffset>)| Start {
            partition: partition.clone(),
            offset: committed.as_ref().map(|c| c.offset).or_else(|| begins.next()).unwrap_or_default(),
            committed,
        };
        Ok(inputs.iter().zip(committed).map(start).collect())
    }

    /// Where the reset policies of the partitions' topics begin.
    pub(super) fn reset_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>> {
        let mut asked = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let spec = match self.plan.reset_of(&partition.topic) {
                OffsetReset::Earliest => OffsetSpec::Earliest,
                OffsetReset::Latest if self.shared.settings.read_committed => OffsetSpec::LatestCommitted,
                OffsetReset::Latest => OffsetSpec::Latest,
                OffsetReset::ByDuration(age) => {
                    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                    OffsetSpec::Timestamp(self.shared.clock.now_ms().saturating_sub(age).max(0))
                }
                OffsetReset::Fail => {
                    return Err(Error::new(
                        ErrorKind::Topology,
                        format!(
                            "there is no usable committed offset for {partition} in group {} and its reset policy is none: commit one \
                             (kafka-consumer-groups --reset-offsets), or let auto.offset.reset be earliest, latest or by_duration",
                            self.shared.settings.application_id
                        ),
                    ));
                }
            };
            asked.push((partition.clone(), spec));
        }
        if asked.is_empty() { Ok(Vec::new()) } else { self.shared.admin.list_offsets(&asked) }
    }

    /// Lets a task run on the inputs that the plan gives it. `from_group`: where to begin in those that its stores know nothing of.
    fn start(&mut self, id: TaskId, from_group: &[Start]) -> Result<()> {
        let Some(Slot::Resting(resting)) = self.slots.remove(&id) else { return Ok(()) };
        let Resting { stores, starts: own, mut history, .. } = resting;
        let inputs = self.plan.tasks.inputs(id);
        let of = |input: &TopicPartition| own.iter().chain(from_group).find(|start| start.partition == *input).cloned();
        let starts: Vec<Start> = inputs.iter().filter_map(of).collect();
        history.forget_before(&starts);
        let skip: Vec<(usize, i64)> =
            history.skip.iter().filter_map(|(p, offset)| Some((inputs.iter().position(|i| i == p)?, *offset))).collect();
        let committed: Vec<Option<CommittedOffset>> = starts.iter().map(|s| s.committed.clone()).collect();
        let now_ms = self.shared.clock.now_ms();
        let readers = stores.iter().map(|store| StoreReader { store: store.name().into(), reader: store.committed_reader() }).collect();
        let task = Task::new(&self.plan.topology, id, inputs.clone(), stores, &committed, self.env.clone(), now_ms, &skip);
        let task = match task.map_err(|error| error.at(format!("task {id}"))) {
            Ok(task) => task,
            Err(error) if error.kind() == ErrorKind::Unavailable => return self.start_later(id, history, error),
            Err(error) => {
                // its stores have closed
                self.tell_restorer(Command::Dropped { id });
                return Err(error);
            }
        };
        history.metrics = task.metrics();
        let mut running = Box::new(Running { task, inputs: Vec::with_capacity(inputs.len()), starts, history, readers });
        let mut refused = Ok(());
        for (partition, start) in inputs.into_iter().zip(&running.starts) {
            tracing::debug!(target: "streams::thread", task = %id, "reads {partition} from offset {}", start.offset);
            match self.fetcher.add(&partition, start.offset) {
                Ok(handle) => running.inputs.push(Input { partition, handle, caught_up_at: None }),
                Err(error) => refused = Err(error.at(format!("task {id}"))),
            }
        }
        self.metrics.tasks_created.add(1);
        self.slots.insert(id, Slot::Running(running));
        if refused.is_err() {
            self.give_up(id, false);
        }
        refused
    }

    /// The cluster did not say what it writes to: its stores, which have closed, are opened again until `task.timeout.ms` is over.
    fn start_later(&mut self, id: TaskId, mut history: History, error: Error) -> Result<()> {
        let (now, timeout) = (self.now(), self.shared.settings.task_timeout);
        let trouble = history.trouble.get_or_insert_with(|| Trouble::new(now));
        self.tell_restorer(Command::Dropped { id });
        if now.saturating_sub(trouble.since) >= timeout {
            let text = format!("the task could not be started within task.timeout.ms = {}", timeout.as_millis());
            return Err(Error::caused(ErrorKind::Unavailable, text, error));
        }
        trouble.retry_at = now + trouble.backoff.next();
        tracing::warn!(target: "streams::thread", thread = self.entry.name, "the task cannot start yet, trying again: {error}");
        self.open(id, history);
        Ok(())
    }

    /// A running task, out of its slot. One that another failure has taken apart meanwhile stays where it is.
    pub(super) fn take_running(&mut self, id: TaskId) -> Option<Box<Running>> {
        match self.slots.remove(&id)? {
            Slot::Running(running) => Some(running),
            other => {
                self.slots.insert(id, other);
                None
            }
        }
    }

    /// Takes a running task apart; its stores stay at their last commit unless `clean`.
    pub(super) fn take_apart(&mut self, running: Box<Running>, clean: bool) -> Result<Vec<Box<dyn StateStore>>> {
        self.metrics.tasks_closed.add(1);
        for input in &running.inputs {
            if let Err(error) = self.fetcher.remove(input.handle) {
                tracing::debug!(target: "streams::thread", "{}: {error}", input.partition);
            }
        }
        let id = running.task.id();
        running.task.into_stores(clean).map_err(|error| {
            // they closed when they were dropped; the directory has what they committed last
            self.tell_restorer(Command::Dropped { id });
            error.at(format!("task {id}"))
        })
    }

    /// Gives a task up, whatever it is doing.
    pub(super) fn give_up(&mut self, id: TaskId, clean: bool) {
        match self.slots.remove(&id) {
            None => {}
            Some(Slot::Restoring { ticket, .. }) => self.tell_restorer(Command::Cancel { id, thread: self.entry.index, ticket }),
            Some(Slot::Resting(resting)) => self.tell_restorer(Command::Release { id, stores: resting.stores }),
            Some(Slot::Running(running)) => match self.take_apart(running, clean) {
                Ok(stores) => self.tell_restorer(Command::Release { id, stores }),
                Err(error) => {
                    tracing::error!(target: "streams::thread", thread = self.entry.name, "the task was not closed cleanly: {error}");
                }
            },
        }
    }
}

impl History {
    /// Forgets records that lie before what is committed.
    pub fn forget_before(&mut self, starts: &[Start]) {
        self.skip.retain(|(input, offset)| starts.iter().any(|start| start.partition == *input && start.offset <= *offset));
    }
}

/// Where an input is read from.
#[derive(Clone)]
pub(super) struct Start {
    pub partition: TopicPartition,
    pub offset: i64,
    pub committed: Option<CommittedOffset>,
}

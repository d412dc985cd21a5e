//! Opens, restores, keeps and closes the state stores of an instance's tasks, on a thread of its own: running tasks never wait for it.
//!
//! It is also where a task's stores are while no stream thread has them, so at most one of them holds a task at any time: a task that moves
//! between two threads is parked here with its stores open.

mod changelog;
mod command;
mod search;
mod source;
mod task;

pub(crate) use command::{Command, Next, OpenedStore, Parts, Reply, Restored, RestoredFrom, TaskStores};

use super::backoff::Backoff;
use crate::cluster::Fetcher;
use crate::{Error, ErrorKind, Result, TaskId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;
use streams_state::store::StateStore;
use task::{Progress, RestoringTask};

/// How long the stores of a task that no thread has stay open: a rebalance gives it back, or to a sibling, within this time.
const PARKED_FOR: Duration = Duration::from_secs(10);
/// How long a bulk reader without work is kept.
const FETCHER_KEPT_FOR: Duration = Duration::from_secs(30);
/// Rows that stores hold back together, to be loaded in one go.
const HELD_BACK: usize = 32 << 20;
/// How many changelog partitions are read side by side; each fills a queue of its own.
const SIDE_BY_SIDE: usize = 16;

struct Waiting {
    id: TaskId,
    thread: usize,
    ticket: u64,
    reply: Reply,
}

struct Parked {
    stores: Vec<OpenedStore>,
    until: Duration,
}

/// What a thread holds: the changelogs of its stores, to put them together again when it gives them back.
struct Held {
    thread: usize,
    changelogs: Vec<Option<RestoredFrom>>,
}

pub(crate) struct Restorer {
    parts: Parts,
    fetcher: Option<Box<dyn Fetcher>>,
    fetcher_used: Duration,
    waiting: VecDeque<Waiting>,
    restoring: Vec<RestoringTask>,
    parked: BTreeMap<TaskId, Parked>,
    held: BTreeMap<TaskId, Held>,
    next_clean: Duration,
}

impl Restorer {
    pub fn new(parts: Parts) -> Self {
        let now = parts.clock.monotonic();
        Restorer {
            next_clean: now + parts.clean_every,
            parts,
            fetcher: None,
            fetcher_used: now,
            waiting: VecDeque::new(),
            restoring: Vec::new(),
            parked: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// Does what can be done now.
    pub fn step(&mut self) -> Next {
        let now = self.parts.clock.monotonic();
        let mut worked = false;
        while let Some(command) = self.parts.mailbox.take() {
            worked = true;
            if !self.obey(command, now) {
                return Next::Stopped;
            }
        }
        worked |= self.admit(now);
        worked |= self.restore(now);
        self.expire(now);
        match worked {
            true => Next::Again,
            false => Next::Wait(self.idle_for(now)),
        }
    }

    /// Sleeps until there is something to do or the time is over.
    pub fn wait(&mut self, timeout: Duration) {
        let reading = !self.paused() && self.restoring.iter().any(RestoringTask::is_reading);
        match &mut self.fetcher {
            Some(fetcher) if reading => fetcher.wait(timeout),
            _ => self.parts.mailbox.wait(timeout),
        }
    }

    fn paused(&self) -> bool {
        self.parts.paused.load(Ordering::Relaxed)
    }

    /// False: stop.
    fn obey(&mut self, command: Command, now: Duration) -> bool {
        match command {
            Command::Open { id, thread, ticket, reply } => self.waiting.push_back(Waiting { id, thread, ticket, reply }),
            Command::Cancel { id, thread, ticket } => {
                self.waiting.retain(|w| (w.id, w.thread, w.ticket) != (id, thread, ticket));
                if let Some(at) = self.restoring.iter().position(|t| (t.id, t.thread, t.ticket) == (id, thread, ticket)) {
                    let task = self.restoring.swap_remove(at);
                    self.park_restoring(task, now);
                }
            }
            Command::Release { id, stores } => {
                let changelogs = self.held.remove(&id).map(|h| h.changelogs).unwrap_or_default();
                let stores =
                    stores.into_iter().enumerate().map(|(i, store)| OpenedStore { store, changelog: changelogs.get(i).cloned().flatten() });
                self.parked.insert(id, Parked { stores: stores.collect(), until: now + PARKED_FOR });
            }
            Command::Discard { id, stores } => {
                self.held.remove(&id);
                self.close(id, stores);
                self.wipe(id);
            }
            Command::Dropped { id } => {
                self.held.remove(&id);
                self.parts.stores.closed(id);
            }
            Command::ThreadGone { thread } => {
                let gone: Vec<TaskId> = self.held.iter().filter(|(_, held)| held.thread == thread).map(|(id, _)| *id).collect();
                for id in gone {
                    self.held.remove(&id);
                    self.parts.stores.closed(id);
                }
                self.waiting.retain(|w| w.thread != thread);
                while let Some(at) = self.restoring.iter().position(|t| t.thread == thread) {
                    let task = self.restoring.swap_remove(at);
                    self.park_restoring(task, now);
                }
            }
            Command::Stop => {
                for task in std::mem::take(&mut self.restoring) {
                    self.park_restoring(task, now);
                }
                for (id, parked) in std::mem::take(&mut self.parked) {
                    self.close(id, parked.stores.into_iter().map(|s| s.store));
                }
                self.drop_fetcher();
                return false;
            }
        }
        true
    }

    fn park(&mut self, id: TaskId, stores: Vec<Box<dyn StateStore>>, changelogs: Vec<Option<RestoredFrom>>, now: Duration) {
        let stores = stores.into_iter().zip(changelogs).map(|(store, changelog)| OpenedStore { store, changelog }).collect();
        self.parked.insert(id, Parked { stores, until: now + PARKED_FOR });
    }

    fn park_restoring(&mut self, mut task: RestoringTask, now: Duration) {
        if let Some(fetcher) = &mut self.fetcher {
            task.stop_reading(&mut **fetcher, self.parts.listener.as_ref());
        }
        self.parked.insert(task.id, Parked { stores: task.take_stores(), until: now + PARKED_FOR });
    }

    /// Begins with the first task in line that nobody else has. One a step: opening a store takes a while.
    fn admit(&mut self, now: Duration) -> bool {
        let free = |id: TaskId| !self.held.contains_key(&id) && self.restoring.iter().all(|t| t.id != id);
        let Some(at) = self.waiting.iter().position(|w| free(w.id)) else { return false };
        let Some(Waiting { id, thread, ticket, reply }) = self.waiting.remove(at) else { return false };
        let opened = match self.parked.remove(&id) {
            Some(parked) => Ok(parked.stores),
            None => self.open(id),
        };
        match opened {
            Ok(stores) => self.restoring.push(RestoringTask::new(id, thread, ticket, reply, stores, now)),
            Err(error) => tell_failure(&reply, id, ticket, error),
        }
        true
    }

    fn open(&self, id: TaskId) -> Result<Vec<OpenedStore>> {
        match self.parts.stores.open(id) {
            Err(error) if error.kind() == ErrorKind::Corrupted => {
                tracing::warn!(target: "streams::restore", task = %id, "{error}; the task's local state is deleted and restored from its changelogs");
                self.parts.stores.wipe(id)?;
                self.parts.stores.open(id)
            }
            opened => opened,
        }
    }

    fn wipe(&self, id: TaskId) {
        if let Err(error) = self.parts.stores.wipe(id) {
            tracing::error!(target: "streams::restore", task = %id, "local state that cannot be trusted could not be deleted: {error}");
        }
    }

    fn restore(&mut self, now: Duration) -> bool {
        if self.restoring.is_empty() || self.paused() {
            return false;
        }
        let mut worked = false;
        let mut at = 0;
        while at < self.restoring.len() {
            let reading: usize = self.restoring.iter().map(RestoringTask::reading).sum();
            let progress = self.advance(at, reading, now);
            match progress {
                Ok(Progress::Idle) => at += 1,
                Ok(Progress::Worked) => (worked, at) = (true, at + 1),
                Ok(Progress::Done) => {
                    let task = self.restoring.swap_remove(at);
                    task.log_summary(now);
                    self.hand_over(task, now);
                    worked = true;
                }
                Err(error) => {
                    let mut task = self.restoring.swap_remove(at);
                    if let Some(fetcher) = &mut self.fetcher {
                        task.stop_reading(&mut **fetcher, self.parts.listener.as_ref());
                    }
                    self.close(task.id, task.take_stores().into_iter().map(|s| s.store));
                    tell_failure(&task.reply, task.id, task.ticket, error);
                    worked = true;
                }
            }
        }
        worked
    }

    fn hand_over(&mut self, mut task: RestoringTask, now: Duration) {
        let (stores, changelogs): (Vec<_>, Vec<_>) = task.take_stores().into_iter().map(|s| (s.store, s.changelog)).unzip();
        match (task.reply)(Restored { id: task.id, ticket: task.ticket, stores: Ok(stores) }) {
            Ok(()) => {
                self.held.insert(task.id, Held { thread: task.thread, changelogs });
            }
            Err(Restored { stores, .. }) => self.park(task.id, stores.unwrap_or_default(), changelogs, now),
        }
    }

    /// `reading`: how many logs are read by now.
    fn advance(&mut self, at: usize, reading: usize, now: Duration) -> Result<Progress> {
        let Some(task) = self.restoring.get_mut(at) else { return Ok(Progress::Idle) };
        let _span = tracing::debug_span!(target: "streams::restore", "restore", task = %task.id).entered();
        if !task.plan(&self.parts, now)? {
            return Ok(Progress::Idle);
        }
        if task.is_complete() {
            return Ok(Progress::Done);
        }
        let fetcher = match &mut self.fetcher {
            Some(fetcher) => fetcher,
            empty => {
                let fetcher = (self.parts.fetcher)()?;
                self.parts.mailbox.set_waker(Some(fetcher.waker()));
                empty.insert(fetcher)
            }
        };
        self.fetcher_used = now;
        let room = SIDE_BY_SIDE.saturating_sub(reading);
        task.read(&mut **fetcher, room, HELD_BACK / reading.max(1), &self.parts, now)
    }

    fn expire(&mut self, now: Duration) {
        let over: Vec<TaskId> = self.parked.iter().filter(|(_, parked)| parked.until <= now).map(|(id, _)| *id).collect();
        for id in over {
            if let Some(parked) = self.parked.remove(&id) {
                self.close(id, parked.stores.into_iter().map(|s| s.store));
            }
        }
        if self.restoring.is_empty() && self.fetcher_used + FETCHER_KEPT_FOR <= now {
            self.drop_fetcher();
        }
        if self.next_clean <= now {
            self.next_clean = now + self.parts.clean_every;
            self.parts.stores.clean();
        }
    }

    fn close(&self, id: TaskId, stores: impl IntoIterator<Item = Box<dyn StateStore>>) {
        close_stores(id, stores);
        self.parts.stores.closed(id);
    }

    fn drop_fetcher(&mut self) {
        self.parts.mailbox.set_waker(None);
        self.fetcher = None;
    }

    fn idle_for(&self, now: Duration) -> Duration {
        let tasks = self.restoring.iter().map(|t| t.wait_until(now));
        let parked = self.parked.values().map(|p| p.until);
        let fetcher = self.fetcher.as_ref().map(|_| self.fetcher_used.max(now) + FETCHER_KEPT_FOR);
        let next = tasks.chain(parked).chain(fetcher).chain([self.next_clean]).min().unwrap_or(self.next_clean);
        next.saturating_sub(now).max(Duration::from_millis(1))
    }
}

fn tell_failure(reply: &Reply, id: TaskId, ticket: u64, error: Error) {
    if let Err(Restored { stores: Err(error), .. }) = reply(Restored { id, ticket, stores: Err(error.at(format!("task {id}"))) }) {
        tracing::warn!(target: "streams::restore", "{error}; the thread that wanted the task is gone");
    }
}

fn close_stores(id: TaskId, stores: impl IntoIterator<Item = Box<dyn StateStore>>) {
    for store in stores {
        let name = store.name().to_owned();
        if let Err(error) = store.close() {
            tracing::error!(target: "streams::restore", task = %id, store = name, "closing the store failed: {error}; it is restored from its last commit next time");
        }
    }
}

/// The error of a task that could not be restored in time.
fn timed_out(what: &str, timeout: Duration, last: Error) -> Error {
    Error::caused(
        ErrorKind::Unavailable,
        format!("{what} could not be done within task.timeout.ms = {}: check that the brokers are reachable", timeout.as_millis()),
        last,
    )
}

/// How often a cluster that does not answer is asked again.
const fn ask_again() -> Backoff {
    Backoff::new(Duration::from_millis(100), Duration::from_secs(5))
}

#[cfg(test)]
mod tests;

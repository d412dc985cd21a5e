//! One global store with the task that keeps it.

use crate::cluster::{FetchHandle, Fetcher, OffsetSpec};
use crate::exec::GlobalStores;
use crate::metrics::RestoreMetrics;
use crate::runtime::backoff::Backoff;
use crate::runtime::listener::{RestoreEvent, tell};
use crate::runtime::mailbox::Mailbox;
use crate::runtime::shared::Shared;
use crate::runtime::stores::StateFiles;
use crate::task::{Task, TaskEnv};
use crate::topology::{Subtopology, Topology};
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_state::OpenEnv;
use streams_state::store::StateStore;

/// After so many fresh starts the log or the disk is beyond help.
const FRESH_STARTS: u32 = 3;

pub(super) struct GlobalTask {
    topology: Topology,
    id: TaskId,
    store: Arc<str>,
    env: TaskEnv,
    inputs: Vec<Input>,
    state: State,
    /// Records to leave out: input and offset.
    skip: Vec<(usize, i64)>,
    metrics: Arc<RestoreMetrics>,
    /// What the task counted so far, kept while it is taken apart and put together again.
    counted: Vec<Arc<dyn Any>>,
    fresh_starts: u32,
}

enum State {
    Opened(Vec<Box<dyn StateStore>>),
    Running(Box<Task>),
}

struct Input {
    partition: TopicPartition,
    /// `None` before it is read.
    handle: Option<FetchHandle>,
    /// The next record to be processed, after everything that the store has.
    next: i64,
    /// Where the topic ended when reading began, uncommitted records included.
    end: i64,
    restored: u64,
    complete: bool,
}

impl GlobalTask {
    /// Opens the store.
    pub fn open(
        topology: &Topology,
        subtopology: &Subtopology,
        counts: &BTreeMap<Arc<str>, i32>,
        env: &TaskEnv,
        files: &StateFiles,
    ) -> Result<Self> {
        let id = TaskId { subtopology: subtopology.id, partition: OpenEnv::GLOBAL };
        let store = subtopology.stores.first().map_or_else(|| Arc::from(""), |store| store.name().clone());
        let topics = subtopology.sources.iter().map(|source| source.topic.resolve(&env.application_id));
        let partitions = topics
            .flat_map(|topic| (0..counts.get(&topic).copied().unwrap_or_default()).map(move |p| TopicPartition::new(topic.clone(), p)));
        let input = |partition| Input { partition, handle: None, next: 0, end: 0, restored: 0, complete: false };
        Ok(GlobalTask {
            topology: topology.clone(),
            id,
            inputs: partitions.map(input).collect(),
            state: State::Opened(files.open_global(subtopology).map_err(|error| error.at(format!("global store {store}")))?),
            skip: Vec::new(),
            metrics: env.registry.restore(id, &store),
            store,
            env: env.clone(),
            counted: Vec::new(),
            fresh_starts: 0,
        })
    }

    /// Decides where to begin, and begins to read. `None`: the application is closing.
    pub fn begin(mut self, fetcher: &mut dyn Fetcher, shared: &Shared, stop: &Mailbox<()>) -> Result<Option<Self>> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        let begun = shared.clock.monotonic();
        loop {
            match self.plan(fetcher, shared) {
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    let timeout = shared.settings.task_timeout;
                    if shared.clock.monotonic().saturating_sub(begun) >= timeout {
                        let text = format!("the ends of its topic could not be read within task.timeout.ms = {}", timeout.as_millis());
                        return Err(Error::caused(ErrorKind::Unavailable, text, error).at(format!("global store {}", self.store)));
                    }
                    stop.wait(backoff.next());
                }
                Err(error) => return Err(error.at(format!("global store {}", self.store))),
                Ok(()) => return Ok(Some(self)),
            }
            if stop.take().is_some() {
                self.close(false);
                return Ok(None);
            }
        }
    }

    /// Begins behind what the store has, or with the topic's first record.
    fn plan(&mut self, fetcher: &mut dyn Fetcher, shared: &Shared) -> Result<()> {
        self.stop_reading(fetcher)?;
        let ends = |input: &Input| [(input.partition.clone(), OffsetSpec::Earliest), (input.partition.clone(), OffsetSpec::Latest)];
        let offsets = shared.admin.list_offsets(&self.inputs.iter().flat_map(ends).collect::<Vec<_>>())?;
        let State::Opened(stores) = &mut self.state else { return Ok(()) };
        let begins = starts(&self.inputs, stores, &offsets)?;
        for ((input, range), next) in self.inputs.iter_mut().zip(offsets.chunks_exact(2)).zip(begins) {
            (input.next, input.end, input.complete) = (next, range[1], false);
            let event = RestoreEvent::Start { changelog: &input.partition, store: &self.store, start: next, end: input.end };
            tell(shared.restore_listener.as_ref(), &event);
        }
        self.build(shared)?;
        for input in &mut self.inputs {
            input.handle = Some(fetcher.add(&input.partition, input.next)?);
        }
        self.metrics.remaining.set(self.remaining());
        Ok(())
    }

    /// Makes the task of the opened stores.
    fn build(&mut self, shared: &Shared) -> Result<()> {
        let State::Opened(stores) = &mut self.state else { return Ok(()) };
        let stores = std::mem::take(stores);
        let inputs: Vec<TopicPartition> = self.inputs.iter().map(|input| input.partition.clone()).collect();
        let (committed, now_ms) = (vec![None; inputs.len()], shared.clock.now_ms());
        let task = Task::new(&self.topology, self.id, inputs, stores, &committed, self.env.clone(), now_ms, &self.skip)?;
        self.counted = task.metrics();
        self.state = State::Running(Box::new(task));
        Ok(())
    }

    pub fn step(&mut self, fetcher: &mut dyn Fetcher, shared: &Shared) -> Result<bool> {
        match self.advance(fetcher, shared) {
            // before streams read the store it can begin anew
            Err(error) if error.kind() == ErrorKind::Corrupted && !self.is_complete() && self.fresh_starts < FRESH_STARTS => {
                tracing::warn!(target: "streams::global", "global store {}: {error}; it is wiped and read from the beginning", self.store);
                self.fresh_starts += 1;
                self.begin_anew(fetcher, shared)?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::Corrupted => Err(Error::caused(
                ErrorKind::Corrupted,
                format!(
                    "global store {} does not fit its topic any longer (records were deleted before they were read, or the topic was made anew); its \
                     local state is deleted: start the application again",
                    self.store
                ),
                error,
            )),
            result => result.map_err(|error| error.at(format!("global store {}", self.store))),
        }
    }

    fn advance(&mut self, fetcher: &mut dyn Fetcher, shared: &Shared) -> Result<bool> {
        let State::Running(task) = &mut self.state else { return Ok(false) };
        let (mut worked, max) = (false, shared.settings.max_poll_records);
        let mut fetched = vec![0u64; if self.inputs.iter().all(|input| input.complete) { 0 } else { self.inputs.len() }];
        for (index, input) in self.inputs.iter().enumerate() {
            let Some(handle) = input.handle else { continue };
            if let Some(batch) = fetcher.fetch(handle, max).map_err(|error| error.at(input.partition.to_string()))? {
                worked = true;
                if let Some(fetched) = fetched.get_mut(index) {
                    *fetched = batch.len() as u64;
                }
                task.add(index, batch);
            }
        }
        if worked {
            let begun = shared.clock.monotonic();
            let done = task.process(shared.clock.now_ms(), usize::MAX);
            task.took(shared.clock.monotonic().saturating_sub(begun));
            match done {
                Ok(_) => {
                    task.prepare_commit()?;
                    task.post_commit()?;
                    for (index, input) in self.inputs.iter_mut().enumerate() {
                        input.next = task.next_offset(index).unwrap_or(input.next);
                    }
                }
                Err(error) => match task.take_poisoned() {
                    Some(record) => return self.leave_out(record, &error, fetcher, shared).map(|()| true),
                    None => return Err(error),
                },
            }
        }
        if !fetched.is_empty() {
            worked |= self.note_progress(&fetched, fetcher, shared)?;
        }
        Ok(worked)
    }

    /// While the store is brought up: tells how far it is. True when a partition was found to be complete.
    fn note_progress(&mut self, fetched: &[u64], fetcher: &mut dyn Fetcher, shared: &Shared) -> Result<bool> {
        let (mut found, listener, store) = (false, shared.restore_listener.as_ref(), &*self.store);
        for (input, &records) in self.inputs.iter_mut().zip(fetched) {
            let Some(handle) = input.handle.filter(|_| !input.complete) else { continue };
            if records > 0 {
                input.restored += records;
                self.metrics.records.add(records);
                tell(listener, &RestoreEvent::Batch { changelog: &input.partition, store, end_offset: input.next - 1, records });
            }
            // the last records before the end may be transaction markers: positions tell
            let position = fetcher.position(handle)?;
            if position.max(input.next) >= input.end {
                (input.complete, found) = (true, true);
                tell(listener, &RestoreEvent::End { changelog: &input.partition, store, total: input.restored });
                tracing::info!(target: "streams::global", "global store {store} has all of {}: {} records were read", input.partition, input.restored);
            }
        }
        self.metrics.remaining.set(self.remaining());
        Ok(found)
    }

    fn remaining(&self) -> i64 {
        self.inputs.iter().filter(|input| !input.complete).map(|input| (input.end - input.next).max(0)).sum()
    }

    /// Builds the task again on what is committed, and reads again what came after it, without one record.
    fn leave_out(&mut self, record: (usize, i64), error: &Error, fetcher: &mut dyn Fetcher, shared: &Shared) -> Result<()> {
        tracing::warn!(target: "streams::global", "{error}; the global store {} goes on without that record", self.store);
        self.skip.push(record);
        self.take_apart()?;
        self.build(shared)?;
        for input in &self.inputs {
            if let Some(handle) = input.handle {
                fetcher.seek(handle, input.next)?;
            }
        }
        Ok(())
    }

    /// Back to opened stores, at their last commit.
    fn take_apart(&mut self) -> Result<()> {
        self.state = match std::mem::replace(&mut self.state, State::Opened(Vec::new())) {
            State::Running(task) => State::Opened(task.into_stores(false)?),
            opened @ State::Opened(_) => opened,
        };
        Ok(())
    }

    fn stop_reading(&mut self, fetcher: &mut dyn Fetcher) -> Result<()> {
        for handle in self.inputs.iter_mut().filter_map(|input| input.handle.take()) {
            fetcher.remove(handle)?;
        }
        self.take_apart()
    }

    fn begin_anew(&mut self, fetcher: &mut dyn Fetcher, shared: &Shared) -> Result<()> {
        self.stop_reading(fetcher)?;
        let State::Opened(stores) = &mut self.state else { return Ok(()) };
        stores.iter_mut().try_for_each(|store| store.wipe())?;
        self.plan(fetcher, shared)
    }

    pub fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.complete)
    }

    /// The partitions that are not read to where they ended.
    pub fn missing(&self) -> Vec<String> {
        let missing = self.inputs.iter().filter(|input| !input.complete);
        missing.map(|input| format!("{} at {} of {}", input.partition, input.next, input.end)).collect()
    }

    pub fn share(&mut self, readers: &mut GlobalStores) -> Result<()> {
        let mut shared = Ok(());
        if let State::Running(task) = &mut self.state {
            task.stores_mut().each(|_, store| {
                let result = readers.share(store);
                if result.is_err() {
                    shared = result;
                }
            });
        }
        shared
    }

    pub fn publish(&mut self, fetcher: &mut dyn Fetcher) {
        let State::Running(task) = &mut self.state else { return };
        let mut lag = Some(0);
        for input in &self.inputs {
            let end = input.handle.and_then(|handle| fetcher.known_end(handle));
            lag = lag.zip(end).map(|(sum, end)| sum + (end - input.next).max(0));
        }
        task.publish(lag);
    }

    /// Closes the store as it was committed last; `wipe` deletes its rows.
    pub fn close(mut self, wipe: bool) {
        let taken = self.take_apart();
        if let Err(error) = taken {
            tracing::error!(target: "streams::global", "global store {} was not closed cleanly: {error}", self.store);
        }
        let State::Opened(stores) = self.state else { return };
        for mut store in stores {
            let wiped = if wipe { store.wipe() } else { Ok(()) };
            if let Err(error) = wiped.and_then(|()| store.close()) {
                tracing::error!(target: "streams::global", "global store {}: {error}", self.store);
            }
        }
    }
}

/// Where to read each partition from, of which `offsets` has begin and end. A store that does not fit its topic is wiped.
fn starts(inputs: &[Input], stores: &mut [Box<dyn StateStore>], offsets: &[i64]) -> Result<Vec<i64>> {
    for store in stores.iter_mut() {
        let reached = store.reached();
        let mut misfit = (reached.is_empty() && store.approximate_num_entries() > 0)
            .then(|| "has rows and does not know up to where it has read".to_owned());
        for entry in &reached {
            let known =
                inputs.iter().position(|input| *input.partition.topic == *entry.topic && input.partition.partition == entry.partition);
            let fits = match known.and_then(|index| offsets.get(2 * index..2 * index + 2)) {
                Some(range) => (range[0]..=range[1]).contains(&(entry.offset + 1)),
                None => false,
            };
            if !fits {
                misfit = Some(format!(
                    "has read {}-{} up to offset {}, which is not in the topic now",
                    entry.topic, entry.partition, entry.offset
                ));
            }
        }
        if let Some(why) = misfit {
            tracing::warn!(target: "streams::global", "global store {} {why}; it is wiped and read from the beginning", store.name());
            store.wipe()?;
        }
    }
    let reached: Vec<_> = stores.iter().flat_map(|store| store.reached()).collect();
    let start = |(input, range): (&Input, &[i64])| {
        let entry = reached.iter().find(|entry| entry.topic == *input.partition.topic && entry.partition == input.partition.partition);
        entry.map_or(range[0], |entry| entry.offset + 1)
    };
    Ok(inputs.iter().zip(offsets.chunks_exact(2)).map(start).collect())
}

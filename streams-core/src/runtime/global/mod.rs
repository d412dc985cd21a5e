//! The global thread: reads the topics of global tables and stores whole, on every instance. Stream threads start when it has read each topic to
//! where it ended at the start; from then on it keeps the stores up to date while they are read.
//!
//! It runs the same tasks as stream threads do, one per store, with all partitions of the topic as inputs. What such a task has processed is
//! committed at once: there is no output that a commit would have to wait for, and readers see committed rows. A row and how far its partition
//! has been read are one write batch, so a restart reads the tail only.

mod no_producer;
mod run;
mod task;

pub(crate) use run::{Global, start};

use super::mailbox::Mailbox;
use super::shared::Shared;
use super::stores::StateFiles;
use crate::cluster::{Fetcher, FetcherOptions};
use crate::config::Settings;
use crate::exec::GlobalStores;
use crate::task::{TaskEnv, TaskSettings, ThreadProducer};
use crate::topology::Topology;
use crate::{Error, ErrorKind, Result};
use no_producer::NoProducer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_state::CacheBudget;
use task::GlobalTask;

/// How often figures are published that take a look at every task.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// What the global thread is made of.
pub(crate) struct Parts {
    pub shared: Arc<Shared>,
    pub files: Arc<StateFiles>,
    pub topology: Topology,
    /// Partition counts of the global topics.
    pub counts: BTreeMap<Arc<str>, i32>,
    pub tasks: Arc<TaskSettings>,
    /// Anything posted ends the thread.
    pub stop: Arc<Mailbox<()>>,
}

pub(super) struct GlobalThread {
    shared: Arc<Shared>,
    fetcher: Box<dyn Fetcher>,
    tasks: Vec<GlobalTask>,
    /// When something was last read, or found complete, before all stores were.
    progress: Duration,
    published: Duration,
}

impl GlobalThread {
    /// On the thread that will run it. `None`: the application is closing.
    pub fn new(parts: &Parts) -> Result<Option<Self>> {
        let Parts { shared, files, topology, counts, tasks, stop } = parts;
        let settings = &shared.settings;
        let mut fetcher = shared.cluster.fetcher(FetcherOptions {
            client: settings.global_consumer(&shared.client_id),
            read_committed: settings.read_committed,
            bulk: false,
        })?;
        stop.set_waker(Some(fetcher.waker()));
        let env = TaskEnv {
            application_id: settings.application_id.as_str().into(),
            thread_name: Settings::global_thread_name(&shared.client_id).into(),
            producer: ThreadProducer::shared(Box::new(NoProducer)),
            budget: Arc::new(CacheBudget::new(0)),
            settings: tasks.clone(),
            registry: shared.metrics.clone(),
            globals: Arc::default(),
        };
        let env = env.for_globals();
        let mut opened = Vec::new();
        for subtopology in topology.globals() {
            let task = GlobalTask::open(topology, subtopology, counts, &env, files)?;
            match task.begin(&mut *fetcher, shared, stop)? {
                Some(task) => opened.push(task),
                None => {
                    opened.into_iter().for_each(|task: GlobalTask| task.close(false));
                    return Ok(None);
                }
            }
        }
        let now = shared.clock.monotonic();
        Ok(Some(GlobalThread { shared: shared.clone(), fetcher, tasks: opened, progress: now, published: now }))
    }

    /// Reads and applies what is there; false when there was nothing.
    pub fn step(&mut self) -> Result<bool> {
        let mut worked = false;
        for task in &mut self.tasks {
            worked |= task.step(&mut *self.fetcher, &self.shared)?;
        }
        let now = self.shared.clock.monotonic();
        if now.saturating_sub(self.published) >= PUBLISH_EVERY {
            self.published = now;
            for task in &mut self.tasks {
                task.publish(&mut *self.fetcher);
            }
        }
        if worked {
            self.progress = now;
        }
        Ok(worked)
    }

    /// Whether every store has what its topic had at the start.
    pub fn is_complete(&self) -> bool {
        self.tasks.iter().all(GlobalTask::is_complete)
    }

    /// The error of a start that does not come to its end.
    pub fn expect_progress(&self) -> Result<()> {
        let timeout = self.shared.settings.task_timeout;
        if self.shared.clock.monotonic().saturating_sub(self.progress) < timeout {
            return Ok(());
        }
        let missing: Vec<String> = self.tasks.iter().flat_map(GlobalTask::missing).collect();
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "global stores made no progress within task.timeout.ms = {}: [{}] are not read to their ends; check that the brokers are reachable \
                 and that no transaction is left open in these topics",
                timeout.as_millis(),
                missing.join(", ")
            ),
        ))
    }

    /// What stream threads read the stores with.
    pub fn readers(&mut self) -> Result<GlobalStores> {
        let mut readers = GlobalStores::default();
        self.tasks.iter_mut().try_for_each(|task| task.share(&mut readers))?;
        Ok(readers)
    }

    pub fn wait(&mut self, timeout: Duration) {
        self.fetcher.wait(timeout);
    }

    /// Closes the stores. `wipe`: what they have does not fit their topics.
    pub fn close(self, wipe: bool) {
        for task in self.tasks {
            task.close(wipe);
        }
    }
}

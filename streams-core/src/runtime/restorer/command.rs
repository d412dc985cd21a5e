//! What the restorer is told, what it answers, and what it is made of.

use crate::cluster::{Admin, Fetcher};
use crate::handlers::TimestampExtractor;
use crate::metrics::MetricsRegistry;
use crate::runtime::listener::RestoreListener;
use crate::runtime::mailbox::Mailbox;
use crate::time::Clock;
use crate::topology::SourceChangelog;
use crate::{Result, TaskId, TopicPartition};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use streams_state::store::StateStore;

/// A store with what it is restored from; `None` for a store that is not.
pub(crate) struct OpenedStore {
    pub store: Box<dyn StateStore>,
    pub changelog: Option<RestoredFrom>,
}

/// A changelog partition, or an input of the task that stands for it.
#[derive(Clone)]
pub(crate) struct RestoredFrom {
    pub partition: TopicPartition,
    /// How rows are made of its records, where it is an input: it is read as far as the task has committed it, and no further.
    pub source: Option<SourceChangelog>,
}

/// Where stores come from.
pub(crate) trait TaskStores: Send {
    /// Opens all stores of a task, in the order of its sub-topology's stores.
    fn open(&self, id: TaskId) -> Result<Vec<OpenedStore>>;
    /// Deletes what a task has on disk; none of its stores is open.
    fn wipe(&self, id: TaskId) -> Result<()>;
    /// All stores of a task that `open` gave are closed.
    fn closed(&self, id: TaskId);
    /// Deletes the directories of tasks that are not open and were not for the configured time.
    fn clean(&self);
}

/// The answer to `Command::Open`.
pub(crate) struct Restored {
    pub id: TaskId,
    pub ticket: u64,
    /// In the order of the sub-topology's stores. With an error nothing is held for the thread any longer.
    pub stores: Result<Vec<Box<dyn StateStore>>>,
}

/// Called from the restorer's thread. Gives the answer back when the thread that asked is gone.
pub(crate) type Reply = Arc<dyn Fn(Restored) -> Result<(), Restored> + Send + Sync>;

pub(crate) enum Command {
    /// Open and restore a task's stores for a thread, as soon as no other thread has them.
    Open { id: TaskId, thread: usize, ticket: u64, reply: Reply },
    /// Forget an `Open` of this thread that has not been answered. Each thread counts its own tickets.
    Cancel { id: TaskId, thread: usize, ticket: u64 },
    /// A thread gives stores back, at their last commit.
    Release { id: TaskId, stores: Vec<Box<dyn StateStore>> },
    /// The same for stores that can no longer be trusted: delete them.
    Discard { id: TaskId, stores: Vec<Box<dyn StateStore>> },
    /// Stores that could not be given back: they are closed, at their last commit.
    Dropped { id: TaskId },
    /// A thread ended and holds nothing any longer.
    ThreadGone { thread: usize },
    /// Close everything and end.
    Stop,
}

/// What to do until the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Again,
    Wait(Duration),
    Stopped,
}

pub(crate) struct Parts {
    /// The application's group, by its id.
    pub group: String,
    pub admin: Arc<dyn Admin>,
    /// Where sources that name no extractor take the time of their records from.
    pub timestamp_extractor: Arc<dyn TimestampExtractor>,
    pub clock: Arc<dyn Clock>,
    pub stores: Box<dyn TaskStores>,
    pub fetcher: Box<dyn Fn() -> Result<Box<dyn Fetcher>> + Send>,
    pub listener: Option<RestoreListener>,
    pub metrics: Arc<MetricsRegistry>,
    pub mailbox: Arc<Mailbox<Command>>,
    pub paused: Arc<AtomicBool>,
    /// Whether logs outlive this process. The embedded cluster's do not, so that it means nothing when they are empty.
    pub logs_last: bool,
    pub task_timeout: Duration,
    pub clean_every: Duration,
}

//! What all threads of an application share.

use super::listener::RestoreListener;
use super::mailbox::Mailbox;
use super::metadata::{TaskMetadata, ThreadMetadata};
use super::purge::Purgeable;
use super::restorer;
use super::state::{State, StateCell};
use super::supervisor;
use super::thread::ThreadMessage;
use super::thread_state::ThreadState;
use crate::cluster::{Admin, Cluster};
use crate::config::Settings;
use crate::exec::GlobalStores;
use crate::handlers::Handlers;
use crate::metrics::MetricsRegistry;
use crate::time::Clock;
use crate::topology::Topology;
use crate::{Error, Result};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use streams_state::CacheBudget;

pub(crate) struct Shared {
    pub settings: Settings,
    pub topology: Topology,
    pub client_id: String,
    /// Kept in the state directory: the transactional ids of a process are the same when it starts again.
    pub process_id: String,
    pub cluster: Arc<dyn Cluster>,
    pub admin: Arc<dyn Admin>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<MetricsRegistry>,
    pub handlers: Handlers,
    pub restore_listener: Option<RestoreListener>,
    pub state: StateCell,
    pub paused: Arc<AtomicBool>,
    pub restorer: Arc<Mailbox<restorer::Command>>,
    pub supervisor: Arc<Mailbox<supervisor::Message>>,
    /// The error that ended the application.
    pub error: Mutex<Option<Arc<Error>>>,
    threads: Mutex<BTreeMap<usize, Arc<ThreadEntry>>>,
    /// What queries read the global stores with, once these are complete.
    globals: Mutex<Vec<StoreReader>>,
    pub purgeable: Mutex<Purgeable>,
}

/// The outside of one stream thread.
pub(crate) struct ThreadEntry {
    pub index: usize,
    pub name: String,
    pub mailbox: Mailbox<ThreadMessage>,
    /// Its share of the record cache.
    pub budget: Arc<CacheBudget>,
    /// Its share of the uncommitted buffer in bytes; `u64::MAX` is no limit.
    pub uncommitted_limit: AtomicU64,
    view: Mutex<View>,
}

struct View {
    state: ThreadState,
    tasks: Vec<TaskMetadata>,
    readers: Vec<StoreReader>,
}

/// A store of a running task as queries read what it has committed; `None` where its thread must be asked.
#[derive(Clone)]
pub(crate) struct StoreReader {
    pub store: Arc<str>,
    pub reader: Option<Arc<dyn Any + Send + Sync>>,
}

pub(crate) struct SharedParts {
    pub settings: Settings,
    pub topology: Topology,
    pub client_id: String,
    pub process_id: String,
    pub cluster: Arc<dyn Cluster>,
    pub admin: Arc<dyn Admin>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<MetricsRegistry>,
    pub handlers: Handlers,
    pub restore_listener: Option<RestoreListener>,
    pub state: StateCell,
}

impl Shared {
    pub fn new(parts: SharedParts) -> Self {
        Shared {
            settings: parts.settings,
            topology: parts.topology,
            client_id: parts.client_id,
            process_id: parts.process_id,
            cluster: parts.cluster,
            admin: parts.admin,
            clock: parts.clock,
            metrics: parts.metrics,
            handlers: parts.handlers,
            restore_listener: parts.restore_listener,
            state: parts.state,
            paused: Arc::new(AtomicBool::new(false)),
            restorer: Arc::new(Mailbox::new()),
            supervisor: Arc::new(Mailbox::new()),
            error: Mutex::new(None),
            threads: Mutex::new(BTreeMap::new()),
            globals: Mutex::default(),
            purgeable: Mutex::default(),
        }
    }

    pub fn paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// A thread with the lowest free number, and its share of the limits.
    pub fn new_thread(&self) -> Arc<ThreadEntry> {
        let mut threads = self.threads.lock();
        let index = (1..).find(|n| !threads.contains_key(n)).unwrap_or_default();
        let entry = Arc::new(ThreadEntry {
            index,
            name: Settings::stream_thread_name(&self.client_id, index),
            mailbox: Mailbox::new(),
            budget: Arc::new(CacheBudget::new(0)),
            uncommitted_limit: AtomicU64::new(u64::MAX),
            view: Mutex::new(View { state: ThreadState::Created, tasks: Vec::new(), readers: Vec::new() }),
        });
        threads.insert(index, entry.clone());
        self.divide_limits(&threads);
        entry
    }

    pub fn remove_thread(&self, index: usize) {
        {
            let mut threads = self.threads.lock();
            threads.remove(&index);
            self.divide_limits(&threads);
        }
        self.derive_state();
    }

    fn publish_limits(&self, threads: usize) {
        let app = self.metrics.app();
        let signed = |n: Option<u64>| n.map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
        app.threads_alive.set_size(threads);
        app.cache_limit_bytes.set(signed(Some(self.settings.statestore_cache_max_bytes)));
        app.uncommitted_limit_bytes.set(signed(self.settings.statestore_uncommitted_max_bytes));
    }

    /// KIP-663: the limits of the instance are divided among the threads that there are.
    fn divide_limits(&self, threads: &BTreeMap<usize, Arc<ThreadEntry>>) {
        self.publish_limits(threads.len());
        let among = threads.len().max(1) as u64;
        for thread in threads.values() {
            thread.budget.set_limit(usize::try_from(self.settings.statestore_cache_max_bytes / among).unwrap_or(usize::MAX));
            let uncommitted = self.settings.statestore_uncommitted_max_bytes.map_or(u64::MAX, |limit| limit / among);
            thread.uncommitted_limit.store(uncommitted, Ordering::Relaxed);
        }
    }

    pub fn threads(&self) -> Vec<Arc<ThreadEntry>> {
        self.threads.lock().values().cloned().collect()
    }

    pub fn thread_metadata(&self) -> Vec<ThreadMetadata> {
        let describe = |thread: &Arc<ThreadEntry>| {
            let view = thread.view.lock();
            ThreadMetadata { name: thread.name.clone(), state: view.state, tasks: view.tasks.clone() }
        };
        self.threads().iter().map(describe).collect()
    }

    /// A thread changed its state: the application's follows from the states of all.
    pub fn thread_state(&self, thread: &ThreadEntry, next: ThreadState) {
        let old = std::mem::replace(&mut thread.view.lock().state, next);
        if old != next {
            tracing::info!(target: "streams::thread", thread = thread.name, "state transition from {old} to {next}");
        }
        self.derive_state();
    }

    /// The application's state follows from those of its threads.
    fn derive_state(&self) {
        self.state.set_by(|| {
            let states: Vec<ThreadState> = self.threads().iter().map(|t| t.view.lock().state).collect();
            let moving = |s: &ThreadState| matches!(s, ThreadState::PartitionsRevoked | ThreadState::PartitionsAssigned);
            if states.iter().any(moving) {
                return Some(State::Rebalancing);
            }
            let settled = states.iter().all(|s| matches!(s, ThreadState::Running | ThreadState::Dead));
            (settled && states.contains(&ThreadState::Running)).then_some(State::Running)
        });
    }

    pub fn thread_tasks(&self, thread: &ThreadEntry, tasks: Vec<TaskMetadata>, readers: Vec<StoreReader>) {
        let mut view = thread.view.lock();
        (view.tasks, view.readers) = (tasks, readers);
    }

    /// The global stores are complete: queries may read them.
    pub fn globals_complete(&self, stores: &GlobalStores) {
        let reader = |(store, reader): (&Arc<str>, Option<&Arc<_>>)| StoreReader { store: store.clone(), reader: reader.cloned() };
        *self.globals.lock() = stores.for_queries().map(reader).collect();
    }

    /// What a global store is read with; `None` before it is complete.
    pub fn global_reader(&self, store: &str) -> Option<Arc<dyn Any + Send + Sync>> {
        self.globals.lock().iter().find(|r| &*r.store == store)?.reader.clone()
    }

    /// What the committed rows of a store are read with, for each task here that runs and has it.
    pub fn committed_readers(&self, store: &str) -> Vec<Option<Arc<dyn Any + Send + Sync>>> {
        let of_thread = |thread: &Arc<ThreadEntry>| {
            let view = thread.view.lock();
            view.readers.iter().filter(|r| &*r.store == store).map(|r| r.reader.clone()).collect::<Vec<_>>()
        };
        self.threads().iter().flat_map(of_thread).collect()
    }

    /// Remembers the first error that ends the application.
    pub fn fail(&self, error: Error) {
        let mut first = self.error.lock();
        if first.is_none() {
            *first = Some(Arc::new(error));
        }
    }

    /// The error that ended the application, as a new one of the same kind.
    pub fn failure(&self) -> Option<Error> {
        self.error.lock().as_ref().map(|error| Error::new(error.kind(), error.to_string()))
    }

    /// What a call answers that needs a running application.
    pub fn must_be_alive(&self, call: &str) -> Result<()> {
        let state = self.state.get();
        match state.is_alive() {
            true => Ok(()),
            false => Err(Error::new(crate::ErrorKind::Closed, format!("{call} needs a running application; this one is {state}"))),
        }
    }
}

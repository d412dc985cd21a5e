//! Opens the stores of tasks in the application's state directory.

use super::restorer::{OpenedStore, RestoredFrom, TaskStores};
use crate::config::{DslStore, Settings};
use crate::topology::{StoreLog, Subtopology, Topology};
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use streams_state::store::StateStore;
use streams_state::{OpenEnv, ResourceLimits, SharedResources, StateDirectory, StoreSupplier, TaskDirectory};
use uuid::Uuid;

/// The state directory of one application while it runs; an application without durable stores has none.
pub(crate) struct StateFiles {
    topology: Topology,
    application_id: String,
    state_dir: PathBuf,
    group_write: bool,
    cleanup_delay: Duration,
    /// `default.dsl.store`
    default_engine: DslStore,
    resources: SharedResources,
    directory: Mutex<Option<StateDirectory>>,
    /// Directories of tasks whose stores are open.
    open: Mutex<BTreeMap<TaskId, TaskDirectory>>,
}

impl StateFiles {
    /// Locks the directory. `resources` makes what the stores share.
    pub fn open(topology: &Topology, settings: &Settings, resources: impl FnOnce(ResourceLimits) -> SharedResources) -> Result<Self> {
        let mut stores = topology.subtopologies().iter().chain(topology.globals()).flat_map(|s| &s.stores);
        let durable = stores.any(|store| is_durable(&**store, settings.default_dsl_store));
        let directory = match durable {
            true => Some(StateDirectory::open(&settings.state_dir, &settings.application_id, settings.allow_os_group_write_access)?),
            false => None,
        };
        if let (Some(directory), Some(age)) = (&directory, settings.state_cleanup_dir_max_age) {
            for task in directory.clean_outdated(SystemTime::now(), age)? {
                tracing::info!(
                    target: "streams::state",
                    "deleted the state of task {}_{}: nothing was written there for state.cleanup.dir.max.age.ms = {}",
                    task.subtopology, task.partition, age.as_millis()
                );
            }
        }
        let bytes = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let limits = ResourceLimits {
            block_cache_bytes: bytes(settings.state_block_cache_bytes),
            write_buffer_bytes: bytes(settings.state_write_buffer_bytes),
            ..ResourceLimits::default()
        };
        Ok(StateFiles {
            topology: topology.clone(),
            application_id: settings.application_id.clone(),
            state_dir: settings.state_dir.clone(),
            group_write: settings.allow_os_group_write_access,
            cleanup_delay: settings.state_cleanup_delay,
            default_engine: settings.default_dsl_store,
            resources: resources(limits),
            directory: Mutex::new(directory),
            open: Mutex::new(BTreeMap::new()),
        })
    }

    /// What its stores share.
    pub fn resources(&self) -> &SharedResources {
        &self.resources
    }

    /// Kept in the directory across restarts; without a directory it is new each time.
    pub fn process_id(&self) -> Uuid {
        self.directory.lock().as_ref().map_or_else(Uuid::new_v4, StateDirectory::process_id)
    }

    /// The repartition topics that the application was last seen with here, and their ids; none without a directory.
    pub fn repartition_topics(&self) -> Result<BTreeMap<String, String>> {
        self.directory.lock().as_ref().map_or(Ok(BTreeMap::new()), |directory| Ok(directory.repartition_topics()?))
    }

    /// Remembers them, where there is a directory.
    pub fn remember_repartition_topics(&self, topics: &BTreeMap<String, String>) -> Result<()> {
        self.directory.lock().as_ref().map_or(Ok(()), |directory| Ok(directory.remember_repartition_topics(topics)?))
    }

    /// Lets others lock the directory.
    pub fn release(&self) {
        self.open.lock().clear();
        *self.directory.lock() = None;
    }

    /// Deletes all state of the application, which must not run.
    pub fn clean_up(&self) -> Result<()> {
        if !self.state_dir.join(&self.application_id).exists() {
            return Ok(());
        }
        Ok(StateDirectory::open(&self.state_dir, &self.application_id, self.group_write)?.clean_up()?)
    }

    /// Opens the stores of a global task. What is damaged is deleted: its topic has it all.
    pub fn open_global(&self, global: &Subtopology) -> Result<Vec<Box<dyn StateStore>>> {
        let mut stores = Vec::with_capacity(global.stores.len());
        for supplier in &global.stores {
            let directory = match is_durable(&**supplier, self.default_engine) {
                true => self.directory.lock().as_ref().map(StateDirectory::global).transpose()?,
                false => None,
            };
            let topic = global.sources.first().map_or_else(|| Arc::from(""), |source| source.topic.resolve(&self.application_id));
            let env = OpenEnv { task_dir: directory, changelog_topic: topic, partition: OpenEnv::GLOBAL, shared: self.resources.clone() };
            let opened = supplier.open(&env).map_err(Error::from).or_else(|error| match error.kind() {
                ErrorKind::Corrupted => {
                    tracing::warn!(target: "streams::global", "{error}; it is deleted and read from its topic again");
                    supplier.destroy(&env)?;
                    Ok(supplier.open(&env)?)
                }
                _ => Err(error),
            });
            stores.push(opened?);
        }
        Ok(stores)
    }

    fn lock_task(&self, id: TaskId) -> Result<Option<TaskDirectory>> {
        let Some(directory) = self.directory.lock().clone() else { return Ok(None) };
        let locked = directory.lock_task(id.subtopology, id.partition)?;
        let busy = || Error::new(ErrorKind::Internal, format!("the directory of task {id} is in use although nobody has the task"));
        locked.map(Some).ok_or_else(busy)
    }
}

/// Whether the rows of a store lie on disk.
fn is_durable(store: &dyn StoreSupplier, default_engine: DslStore) -> bool {
    store.persistent() && !(store.has_default_engine() && default_engine == DslStore::InMemory)
}

impl std::fmt::Debug for StateFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateFiles").field("state_dir", &self.state_dir).finish_non_exhaustive()
    }
}

impl TaskStores for Arc<StateFiles> {
    fn open(&self, id: TaskId) -> Result<Vec<OpenedStore>> {
        let Some(subtopology) = self.topology.subtopology(id.subtopology).filter(|sub| !sub.stores.is_empty()) else {
            return Ok(Vec::new());
        };
        let suppliers = &subtopology.stores;
        let is_durable = |store: &dyn StoreSupplier| is_durable(store, self.default_engine);
        let directory = if suppliers.iter().any(|store| is_durable(&**store)) { self.lock_task(id)? } else { None };
        let mut stores = Vec::with_capacity(suppliers.len());
        for (index, supplier) in suppliers.iter().enumerate() {
            let env = OpenEnv {
                task_dir: directory.as_ref().filter(|_| is_durable(&**supplier)).map(|d| d.path().to_owned()),
                changelog_topic: subtopology.serde_topic(index, &self.application_id),
                partition: id.partition,
                shared: self.resources.clone(),
            };
            let store = supplier.open(&env)?;
            let source = match &subtopology.changelogs[index] {
                StoreLog::Source(source) => Some(source.clone()),
                _ => None,
            };
            let restored_from = |topic| RestoredFrom { partition: TopicPartition::new(topic, id.partition), source };
            stores.push(OpenedStore { store, changelog: subtopology.restored_from(index, &self.application_id).map(restored_from) });
        }
        if let Some(directory) = directory {
            self.open.lock().insert(id, directory);
        }
        Ok(stores)
    }

    fn wipe(&self, id: TaskId) -> Result<()> {
        self.open.lock().remove(&id);
        let Some(directory) = self.lock_task(id)? else { return Ok(()) };
        let path = directory.path();
        let refused = |e: std::io::Error| {
            Error::caused(
                ErrorKind::Io,
                format!("{} could not be deleted; delete it by hand before the application starts again", path.display()),
                e,
            )
        };
        for entry in fs::read_dir(path).map_err(refused)? {
            let inner = entry.map_err(refused)?.path();
            if inner.is_dir() { fs::remove_dir_all(&inner) } else { fs::remove_file(&inner) }.map_err(refused)?;
        }
        Ok(())
    }

    fn closed(&self, id: TaskId) {
        self.open.lock().remove(&id);
    }

    fn clean(&self) {
        let Some(directory) = self.directory.lock().clone() else { return };
        match directory.clean_obsolete(SystemTime::now(), self.cleanup_delay) {
            Ok(gone) => {
                for task in gone {
                    tracing::info!(
                        target: "streams::state",
                        "deleted the state of task {}_{}: it has not been here for state.cleanup.delay.ms = {}",
                        task.subtopology, task.partition, self.cleanup_delay.as_millis()
                    );
                }
            }
            Err(error) => tracing::warn!(target: "streams::state", "state of tasks that went away could not be deleted: {error}"),
        }
    }
}

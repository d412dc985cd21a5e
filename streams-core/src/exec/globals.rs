//! Global stores as tasks read them.

use crate::{Error, ErrorKind, Result};
use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::sync::Arc;
use streams_state::store::StateStore;

/// What tasks read the global stores of an instance with, by the stores' names. Shared by all its tasks once the stores are complete.
#[derive(Default)]
pub(crate) struct GlobalStores(BTreeMap<Arc<str>, Readers>);

struct Readers {
    tasks: Arc<dyn Any + Send + Sync>,
    /// It keeps no file open.
    queries: Option<Arc<dyn Any + Send + Sync>>,
}

impl GlobalStores {
    /// Lets tasks read a store that is about to be given to its own task.
    pub fn share(&mut self, store: &dyn StateStore) -> Result<()> {
        let Some(tasks) = store.reader() else {
            return Err(Error::new(ErrorKind::Internal, format!("store {} cannot be read by others than its task", store.name())));
        };
        self.0.insert(store.name().into(), Readers { tasks, queries: store.committed_reader() });
        Ok(())
    }

    /// The reader of a store: a `KvReader` or `StoreReader` of its types.
    pub fn reader<R: Clone + 'static>(&self, name: &str, node: &str) -> Result<R> {
        let Some(readers) = self.0.get(name) else {
            return Err(Error::new(ErrorKind::Topology, format!("node {node} reads {name}, which is no global store of the topology")));
        };
        readers
            .tasks
            .downcast_ref::<R>()
            .cloned()
            .ok_or_else(|| Error::new(ErrorKind::Topology, format!("global store {name} is not read by a {}", type_name::<R>())))
    }

    /// What queries read each store with.
    pub fn for_queries(&self) -> impl Iterator<Item = (&Arc<str>, Option<&Arc<dyn Any + Send + Sync>>)> {
        self.0.iter().map(|(name, readers)| (name, readers.queries.as_ref()))
    }
}

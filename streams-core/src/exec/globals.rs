//! Global stores as tasks read them.

use crate::{Error, ErrorKind, Result};
use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::sync::Arc;
use streams_state::KvReader;
use streams_state::store::StateStore;

/// What tasks read the global stores of an instance with, by the stores' names. Shared by all its tasks once the stores are complete.
#[derive(Default)]
pub(crate) struct GlobalStores(BTreeMap<Arc<str>, Arc<dyn Any + Send + Sync>>);

impl GlobalStores {
    /// Lets tasks read a store that is about to be given to its own task.
    pub fn share(&mut self, store: &dyn StateStore) -> Result<()> {
        let Some(reader) = store.reader() else {
            return Err(Error::new(ErrorKind::Internal, format!("store {} cannot be read by others than its task", store.name())));
        };
        self.0.insert(store.name().into(), reader);
        Ok(())
    }

    /// The reader of a store.
    pub fn reader<K: 'static, V: 'static>(&self, name: &str, node: &str) -> Result<KvReader<K, V>> {
        let Some(reader) = self.0.get(name) else {
            return Err(Error::new(ErrorKind::Topology, format!("node {node} reads {name}, which is no global store of the topology")));
        };
        reader
            .downcast_ref::<KvReader<K, V>>()
            .cloned()
            .ok_or_else(|| Error::new(ErrorKind::Topology, format!("global store {name} is not a {}", type_name::<KvReader<K, V>>())))
    }
}

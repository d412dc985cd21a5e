//! What others want to read of the stores of a thread's tasks.

use super::StreamThread;
use super::slots::Slot;
use crate::TaskId;
use crate::exec::StoreSlots;

/// A question to a stream thread, told each of its tasks that has the store.
pub(crate) trait Query: Send {
    /// The store that it is about.
    fn store(&self) -> &str;
    /// A task that runs, and the store's index in it.
    fn running(&mut self, task: TaskId, stores: &mut StoreSlots, index: usize);
    /// A task whose store is not there yet.
    fn restoring(&mut self, task: TaskId);
}

impl StreamThread {
    /// Shows a query the stores that it is about.
    pub(super) fn answer(&mut self, query: &mut dyn Query) {
        let index = |id: &TaskId| {
            let subtopology = self.plan.topology.subtopology(id.subtopology)?;
            subtopology.stores.iter().position(|store| **store.name() == *query.store())
        };
        let asked: Vec<(TaskId, usize)> = self.slots.keys().filter_map(|id| Some((*id, index(id)?))).collect();
        for (id, index) in asked {
            match self.slots.get_mut(&id) {
                Some(Slot::Running(running)) => query.running(id, running.task.stores_mut(), index),
                _ => query.restoring(id),
            }
        }
    }
}

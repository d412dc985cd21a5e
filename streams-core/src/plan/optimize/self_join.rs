//! `single.store.self.join`: a stream that is joined with itself is kept in one store.

use crate::plan::{Plan, PlanId, Role, WriteNode};
use crate::topology::TopologyError;
use std::sync::Arc;

/// How a join is written when both of its sides turn out to be one stream.
#[derive(Clone)]
pub(crate) struct SelfJoin {
    pub join: PlanId,
    pub this_window: PlanId,
    pub other_window: PlanId,
    pub write_window: Arc<dyn WriteNode>,
    pub write_join: Arc<dyn WriteNode>,
}

impl Plan {
    /// Also two streams of the same topics are one.
    pub(super) fn rewrite_self_joins(&mut self) -> Result<(), TopologyError> {
        let merged = self.merged_sources()?;
        for SelfJoin { join, this_window, other_window, write_window, write_join } in std::mem::take(&mut self.self_joins) {
            let mut parents = self.nodes[join.0].parents.iter().map(|id| merged.replaced.get(id).unwrap_or(id));
            let Some(first) = parents.next() else { continue };
            if !parents.all(|id| id == first) {
                continue;
            }
            for parent in std::mem::take(&mut self.nodes[other_window.0].parents) {
                self.nodes[parent.0].children.retain(|id| *id != other_window);
            }
            self.nodes[other_window.0].role = Role::Removed;
            self.nodes[this_window.0].write = write_window;
            self.nodes[join.0].write = write_join;
        }
        Ok(())
    }
}

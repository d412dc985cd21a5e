//! Optimisations: rewrites of a copy of the plan, so that the builder can go on, and be built otherwise.

mod repartitions;
mod self_join;

pub(crate) use self_join::SelfJoin;

use super::Plan;
use super::write::WriteNode;
use crate::config::TopologyOptimization;
use crate::topology::{PhysicalBuilder, TopologyError};
use std::any::TypeId;
use std::sync::Arc;

/// What a node does to records, as far as rewrites ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nobody said: rewrites do not reach across it.
    #[default]
    Opaque,
    /// Keys and values come out as they went in, and are of the same types.
    Keeps,
    /// The same for records of several streams.
    Merges,
    /// Keys come out as they went in, and values do not.
    ChangesValue,
    ChangesKey,
    /// A node that Java does not have, between two types that are one in Java.
    Hidden,
}

/// A repartition that groupings and joins put in, seen without its types. Others of the same records may be merged with it.
pub(crate) trait Repartition: Send + Sync {
    /// `Serde::canonical_id` of the keys in its topic.
    fn key_id(&self) -> Option<TypeId>;
    /// The repartition as that of several: through the same topic, under names that begin with the topic's. The answer is its name and what
    /// writes it. `same_keys`: the others would have written the same bytes as keys.
    fn shared(&self, same_keys: bool) -> (Arc<str>, Arc<dyn WriteNode>);
}

impl Plan {
    /// [`compile`](Self::compile) with optimisations.
    pub fn compile_with(&self, optimization: TopologyOptimization) -> Result<PhysicalBuilder, TopologyError> {
        let mut plan = self.rewritable();
        plan.optimization = optimization;
        if optimization.merge_repartition_topics {
            plan.merge_repartitions();
        }
        if optimization.single_store_self_join {
            plan.rewrite_self_joins()?;
        }
        plan.compile()
    }

    /// A copy of what is compiled.
    fn rewritable(&self) -> Plan {
        Plan {
            nodes: self.nodes.clone(),
            generated: self.generated.clone(),
            stores: self.stores.clone(),
            copartitions: self.copartitions.clone(),
            self_joins: self.self_joins.clone(),
            errors: self.errors.clone(),
            ..Plan::default()
        }
    }
}

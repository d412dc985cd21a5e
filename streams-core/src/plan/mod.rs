//! The logical graph that DSL calls make: names are burned here as Java burns them, and the physical graph is written from here.
//! Rewrites of the graph (optimisations) happen in this layer and nowhere else.

mod grace;
mod names;
mod optimize;
mod write;

pub use names::Named;
pub(crate) use names::Names;
pub(crate) use optimize::{Effect, Repartition, SelfJoin};
pub(crate) use write::{Target, WriteNode};

use crate::config::{OffsetReset, TopologyOptimization};
use crate::topology::{ProcessorWrapper, TopicName, Topology, TopologyError};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use streams_state::StoreSupplier;

/// A node of the plan.
#[derive(Clone)]
pub(crate) struct PlanNode {
    /// The physical node that children attach to.
    pub name: Arc<str>,
    pub parents: Vec<PlanId>,
    pub children: Vec<PlanId>,
    pub role: Role,
    /// Nodes are written in the order of their priorities, each behind its parents: its index, unless a rewrite put it in.
    pub priority: usize,
    pub effect: Effect,
    /// Of a repartition that may be merged with others.
    pub repartition: Option<Arc<dyn Repartition>>,
    /// Writes the physical nodes.
    pub write: Arc<dyn WriteNode>,
}

/// What rewrites need to know of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reads these topics, sorted, as a stream. Sources of equal topics become one.
    StreamSource {
        topics: Vec<TopicName>,
        reset: Option<OffsetReset>,
        /// Tells extractors apart.
        extractor: Option<usize>,
    },
    /// Writes records to a repartition topic and reads them again.
    Repartition,
    /// Taken out by a rewrite.
    Removed,
    /// A join that also lets records without a key through: repartition nodes above it must not drop them.
    NullKeyRelaxedJoin,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PlanId(pub usize);

/// The plan of one builder.
#[derive(Default)]
pub(crate) struct Plan {
    pub nodes: Vec<PlanNode>,
    pub names: Names,
    /// Those of stores and repartition topics that nobody has named: they change with the topology.
    pub generated: BTreeSet<Arc<str>>,
    /// Stores that the user added by hand.
    pub stores: Vec<Arc<dyn StoreSupplier>>,
    /// The repartition node last made for joins of a stream.
    pub join_repartitions: HashMap<(PlanId, Arc<str>), PlanId>,
    /// Nodes that aggregate by window, and how long after its end a window may still change, in milliseconds.
    pub graces: HashMap<PlanId, i64>,
    /// Sets of source nodes that are joined, each with the node that needs them to be partitioned alike.
    pub copartitions: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// Joins of streams that may turn out to be one.
    pub self_joins: Vec<SelfJoin>,
    /// What was wrong with DSL calls: told by `build()`, so that calls need not return results.
    pub errors: Vec<TopologyError>,
    /// What goes around processors.
    pub wrapper: Option<Arc<dyn ProcessorWrapper>>,
    /// What it was rewritten with; nothing, in the plan of a builder.
    pub optimization: TopologyOptimization,
}

impl Plan {
    pub fn add(&mut self, name: Arc<str>, parents: &[PlanId], role: Role, write: Arc<dyn WriteNode>) -> PlanId {
        let id = PlanId(self.nodes.len());
        for parent in parents {
            self.nodes[parent.0].children.push(id);
        }
        let (parents, children, priority) = (parents.to_vec(), Vec::new(), id.0);
        self.nodes.push(PlanNode { name, parents, children, role, priority, effect: Effect::Opaque, repartition: None, write });
        id
    }

    /// Says that `node` needs what these source nodes read to be partitioned alike.
    pub fn copartition(&mut self, node: &Arc<str>, sources: &BTreeSet<Arc<str>>) {
        self.copartitions.push((node.clone(), sources.iter().cloned().collect()));
    }

    /// Says what a node does to records, so that rewrites may reach across it.
    pub fn mark(&mut self, id: PlanId, effect: Effect) {
        self.nodes[id.0].effect = effect;
    }

    /// The supplier of a store of `node`. What is wrong with it is told with the node's name, and `any` serves in its place until `build()`.
    pub fn supplier_of(
        &mut self,
        node: &str,
        built: streams_state::Result<Arc<dyn StoreSupplier>>,
        any: impl FnOnce() -> streams_state::Result<Arc<dyn StoreSupplier>>,
    ) -> Arc<dyn StoreSupplier> {
        built.unwrap_or_else(|error| {
            self.error(format!("the store of {node}: {error}"));
            any().expect("a plain store of a legal name is always valid")
        })
    }

    pub fn error(&mut self, message: impl Into<String>) {
        self.errors.push(TopologyError::new(message));
    }
}

/// A plan shared by its builder and all handles. A lock, not a `RefCell`: a builder may be held over an await in a spawned task.
#[derive(Clone, Default)]
pub struct SharedPlan(Arc<Mutex<Plan>>);

impl SharedPlan {
    /// A plan is changed by short calls that cannot leave it half done, so a panic elsewhere does not spoil it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks everything and makes the topology, with these optimisations.
    pub(crate) fn build(&self, optimization: TopologyOptimization) -> Result<Topology, TopologyError> {
        let plan = self.lock();
        let (mut builder, wrapper) = (plan.compile_with(optimization)?, plan.wrapper.clone());
        // user code: it may use the builder
        drop(plan);
        if let Some(wrapper) = wrapper {
            builder.wrap(&*wrapper, self)?;
        }
        builder.build()
    }

    pub(crate) fn is(&self, other: &SharedPlan) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

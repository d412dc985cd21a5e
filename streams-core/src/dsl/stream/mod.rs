//! `KStream`: an unbounded sequence of records, each on its own. One file per operator: the method, its documentation and its node.

mod branch;
mod deduplicate;
mod fallible;
mod filter;
mod flat_map;
mod flat_map_values;
mod for_each;
mod group_by;
mod join_global;
mod join_global_mapped;
mod join_stream;
mod join_table;
mod late;
mod map;
mod map_values;
mod merge;
mod null_records;
mod peek;
mod print;
mod process;
mod process_values;
mod repartition;
mod select_key;
mod self_join;
mod to;
mod to_table;

pub use branch::{BranchedKStream, Branches};
pub use flat_map_values::Emit;
pub(crate) use group_by::{refuse_null_values, refuse_nullable, refuse_nullable_keys};
pub use join_table::TableKey;
pub use late::Lateness;
pub(crate) use late::late_only;
pub(crate) use merge::PassThrough;
pub use print::Printed;
pub(crate) use process::{connected, user_node};
pub(crate) use repartition::{RepartitionNames, RepartitionSpec, add_repartition};
pub(crate) use to::{Destination, SinkSpec};

use crate::Data;
use crate::exec::{Maker, operator};
use crate::plan::{Effect, Named, PlanId, Role, SharedPlan, Target};
use crate::topology::TopologyError;
use std::any::TypeId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use streams_state::serde::Serde;

/// A stream of records. A cheap handle: clone it to read the stream several times.
#[must_use = "a stream that nothing follows has no effect"]
pub struct KStream<K, V> {
    pub(crate) plan: SharedPlan,
    pub(crate) node: PlanId,
    /// The physical node that gives the records.
    pub(crate) name: Arc<str>,
    pub(crate) key_serde: Option<Arc<dyn Serde<K>>>,
    pub(crate) value_serde: Option<Arc<dyn Serde<V>>>,
    /// Canonical id of the serde whose bytes travel with the key; see `Serde::canonical_id`.
    pub(crate) key_bytes: Option<TypeId>,
    /// The source nodes that decide how the records are partitioned.
    pub(crate) sources: Arc<BTreeSet<Arc<str>>>,
    /// The key was changed since: grouping and joining need a repartition topic.
    pub(crate) repartition_required: bool,
}

impl<K, V> Clone for KStream<K, V> {
    fn clone(&self) -> Self {
        KStream {
            plan: self.plan.clone(),
            node: self.node,
            name: self.name.clone(),
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone(),
            key_bytes: self.key_bytes,
            sources: self.sources.clone(),
            repartition_required: self.repartition_required,
        }
    }
}

impl<K, V> fmt::Debug for KStream<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KStream({})", self.name)
    }
}

/// A node just added to the plan.
pub(crate) struct Added {
    pub node: PlanId,
    pub name: Arc<str>,
}

/// Writes one processor without stores.
pub(crate) fn processor<KI: Data, VI: Data, KO: Data, VO: Data>(make: Maker<KI, VI, KO, VO>) -> Arc<dyn crate::plan::WriteNode> {
    let factory = operator(make);
    Arc::new(move |target: &mut Target<'_>| -> Result<(), TopologyError> {
        target.builder.add_processor(&target.name, &target.parents, factory.clone())
    })
}

impl<K: Data, V: Data> KStream<K, V> {
    /// Adds a stateless operator behind this stream.
    pub(crate) fn add<KO: Data, VO: Data>(&self, prefix: &str, named: &Named, make: Maker<K, V, KO, VO>) -> Added {
        let mut plan = self.plan.lock();
        let name = plan.processor_name(named, prefix);
        let node = plan.add(name.clone(), &[self.node], Role::Other, processor(make));
        Added { node, name }
    }

    /// The stream behind an operator that changes neither key nor value type.
    pub(crate) fn unchanged(&self, added: Added) -> KStream<K, V> {
        self.plan.lock().mark(added.node, Effect::Keeps);
        KStream { node: added.node, name: added.name, ..self.clone() }
    }

    /// The stream behind an operator that keeps the key.
    pub(crate) fn same_key<VO>(&self, added: Added) -> KStream<K, VO> {
        KStream {
            plan: self.plan.clone(),
            node: added.node,
            name: added.name,
            key_serde: self.key_serde.clone(),
            value_serde: None,
            key_bytes: self.key_bytes,
            sources: self.sources.clone(),
            repartition_required: self.repartition_required,
        }
    }

    /// The stream behind an operator that maps values, and nothing else.
    pub(crate) fn new_value<VO>(&self, added: Added) -> KStream<K, VO> {
        self.plan.lock().mark(added.node, Effect::ChangesValue);
        self.same_key(added)
    }

    /// The stream behind an operator that may change the key.
    pub(crate) fn new_key<KO, VO>(&self, added: Added) -> KStream<KO, VO> {
        self.plan.lock().mark(added.node, Effect::ChangesKey);
        self.behind_new_key(added)
    }

    /// The same for a node that keeps the key, under another type.
    fn behind_new_key<KO, VO>(&self, added: Added) -> KStream<KO, VO> {
        KStream {
            plan: self.plan.clone(),
            node: added.node,
            name: added.name,
            key_serde: None,
            value_serde: None,
            key_bytes: None,
            sources: self.sources.clone(),
            repartition_required: true,
        }
    }
}

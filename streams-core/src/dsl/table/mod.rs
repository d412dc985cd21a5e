//! `KTable`: the newest value of each key. One file per operator, as for streams.

mod derived;
mod filter;
mod getter;
mod group_by;
mod join;
mod join_node;
mod map_values;
mod node;
mod source;
mod store;
mod suppress;
mod to_stream;
mod transform_values;
mod try_join;
mod ttl;
mod versions;
mod writer;

pub(crate) use derived::Derived;
pub use filter::TableOptions;
pub(crate) use getter::{GetterSupplier, ValueGetter};
pub(crate) use node::{TableNode, TableStore, key_value_supplier};
pub(crate) use source::{source_table, table_factory, table_from_stream};
pub(crate) use ttl::{Ttl, refuse_ttl};
pub(crate) use writer::TableWriter;

use crate::plan::{Plan, PlanId, SharedPlan};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use streams_state::serde::Serde;

/// A table: for each key its newest value. A cheap handle.
#[must_use = "a table that nothing follows has no effect"]
pub struct KTable<K, V> {
    pub(crate) plan: SharedPlan,
    pub(crate) plan_node: PlanId,
    pub(crate) name: Arc<str>,
    pub(crate) key_serde: Option<Arc<dyn Serde<K>>>,
    pub(crate) value_serde: Option<Arc<dyn Serde<V>>>,
    /// Canonical id of the serde whose bytes travel with the key.
    pub(crate) key_bytes: Option<TypeId>,
    pub(crate) sources: Arc<BTreeSet<Arc<str>>>,
    pub(crate) table: Arc<dyn TableNode<K, V>>,
}

impl<K, V> Clone for KTable<K, V> {
    fn clone(&self) -> Self {
        KTable {
            plan: self.plan.clone(),
            plan_node: self.plan_node,
            name: self.name.clone(),
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone(),
            key_bytes: self.key_bytes,
            sources: self.sources.clone(),
            table: self.table.clone(),
        }
    }
}

impl<K, V> KTable<K, V> {
    /// The name under which the table's store can be queried; `None` where it is not kept under a name.
    #[doc(alias = "queryableStoreName")]
    pub fn queryable_store_name(&self) -> Option<Arc<str>> {
        self.table.queryable().map(|store| store.name().clone())
    }

    /// Has the table send old values with its changes, for the node `reader`.
    pub(crate) fn require_old_values(&self, plan: &mut Plan, reader: &str) {
        if !self.table.send_old_values(true) {
            plan.error(format!(
                "{reader} needs to know what the rows of {} were before they change, but a closure that may fail makes them, and what it failed \
                 for is not known where they are not kept: give the `try_` form of it a `Materialized` with a name",
                self.name
            ));
        }
    }
}

impl<K, V> fmt::Debug for KTable<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KTable({})", self.name)
    }
}

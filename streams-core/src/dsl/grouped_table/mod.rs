//! Grouped tables and their aggregations.

mod aggregate;
mod change_serde;
mod count;
mod node;
mod reduce;
mod repartition;
mod top_n;

pub(crate) use node::{Selector, select_factory};

use crate::Data;
use crate::dsl::options::Grouped;
use crate::dsl::stream::refuse_nullable;
use crate::plan::{Named, Plan, PlanId, SharedPlan};
use std::fmt;
use std::sync::{Arc, Mutex};
use streams_state::serde::Serde;

/// A table whose rows are grouped by another key: count, reduce or aggregate them. Each aggregation is told of a row that it goes away and of
/// its new form that it comes, so that it can be kept up in place.
#[must_use = "a grouping does nothing until it is aggregated"]
pub struct KGroupedTable<K, V> {
    plan: SharedPlan,
    /// The node that chooses keys and values.
    select: PlanId,
    name: Arc<str>,
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<V>>,
    named: Named,
    /// With a name, several aggregations share one repartition topic.
    shared_repartition: Arc<Mutex<Option<PlanId>>>,
}

impl<K, V> Clone for KGroupedTable<K, V> {
    fn clone(&self) -> Self {
        KGroupedTable {
            plan: self.plan.clone(),
            select: self.select,
            name: self.name.clone(),
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone(),
            named: self.named.clone(),
            shared_repartition: self.shared_repartition.clone(),
        }
    }
}

impl<K, V> fmt::Debug for KGroupedTable<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KGroupedTable({})", self.name)
    }
}

impl<K: Data, V: Data> KGroupedTable<K, V> {
    pub(crate) fn new(shared: &SharedPlan, plan: &mut Plan, select: PlanId, name: Arc<str>, grouped: Grouped<K, V>) -> Self {
        refuse_nullable::<K, V>(plan, &name, "grouping");
        KGroupedTable {
            plan: shared.clone(),
            select,
            key_serde: grouped.key.resolve(&None, plan, &name, "key"),
            value_serde: grouped.value.resolve(&None, plan, &name, "value"),
            name,
            named: grouped.named,
            shared_repartition: Arc::default(),
        }
    }
}

//! `ensure.explicit.internal.resource.naming` (KIP-1111): names that come from the counter change when the topology does, and with them the
//! stores and topics that an application would go on with.

use super::builder::PhysicalBuilder;
use super::{Topology, TopologyError};
use crate::config::keys::ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING;

impl PhysicalBuilder {
    /// What is there that nobody has named.
    pub(super) fn unnamed(&self) -> Vec<String> {
        let stores = self.stores.iter().zip(&self.store_owners).filter(|(store, _)| self.generated.contains(store.name()));
        let stores = stores.map(|(store, owner)| {
            let is_logged = store.logging().is_some() && !self.source_changelogs.contains_key(store.name());
            let what = if is_logged { "store (with its changelog)" } else { "store" };
            format!("{what} {} of node {}", store.name(), owner.as_deref().unwrap_or_default())
        });
        let topics = self.repartition_topics.iter().zip(&self.repartition_parents);
        let topics = topics.filter(|(topic, _)| self.generated.contains(topic.name.plain()));
        stores.chain(topics.map(|(topic, parents)| format!("repartition topic {} behind {parents}", topic.name.plain()))).collect()
    }
}

impl Topology {
    /// Refuses generated names of stores and topics.
    pub(crate) fn check_names(&self) -> Result<(), TopologyError> {
        if self.0.unnamed.is_empty() {
            return Ok(());
        }
        Err(TopologyError::new(format!(
            "{ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING} is true, and nobody has named: {}; give stores a name with `Materialized`, `StreamJoined` or \
             another of their operators' options, and repartition topics with `Grouped`, `Joined`, `StreamJoined`, `Repartitioned` or `TableJoined`",
            self.0.unnamed.join("; ")
        )))
    }
}

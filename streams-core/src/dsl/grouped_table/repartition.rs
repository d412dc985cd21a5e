//! The repartition topic of a grouped table, which carries both values of a change.

use super::KGroupedTable;
use super::change_serde::ChangeSerde;
use super::node::sink_factory;
use crate::Data;
use crate::exec::{NodeFactory, SourceFactory};
use crate::handlers::FailOnInvalidTimestamp;
use crate::plan::{Plan, PlanId, Role, Target};
use crate::topology::{SinkTopic, TopicName};
use std::sync::{Arc, PoisonError};

/// The names of a repartition: its topic and two nodes.
pub(super) struct TableRepartition {
    pub topic: Arc<str>,
    pub sink: Arc<str>,
    pub source: Arc<str>,
}

impl<K: Data, V: Data> KGroupedTable<K, V> {
    /// The node that reads the topic again. With a name the first one serves all aggregations.
    pub(super) fn repartitioned(&self, plan: &mut Plan, names: TableRepartition) -> PlanId {
        let mut shared = self.shared_repartition.lock().unwrap_or_else(PoisonError::into_inner);
        let node = match *shared {
            Some(node) if self.named.get().is_some() => node,
            _ => self.add_repartition(plan, names),
        };
        *shared = Some(node);
        node
    }

    fn add_repartition(&self, plan: &mut Plan, names: TableRepartition) -> PlanId {
        let values = Arc::new(ChangeSerde { values: self.value_serde.clone() });
        let source: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde: self.key_serde.clone(), value_serde: values.clone() });
        let sink = sink_factory::<K, V>(TopicName::Internal(names.topic.clone()), self.key_serde.clone(), values);
        let name = names.source.clone();
        let write = move |target: &mut Target<'_>| {
            let topic = TopicName::Internal(names.topic.clone());
            target.builder.add_repartition_topic(names.topic.clone(), None, &target.parents)?;
            target.builder.add_sink(&names.sink, SinkTopic::Fixed(topic.clone()), &target.parents, sink.clone())?;
            target.builder.add_source(&names.source, vec![topic], None, Some(Arc::new(FailOnInvalidTimestamp)), source.clone())
        };
        plan.add(name, &[self.select], Role::Other, Arc::new(write))
    }
}

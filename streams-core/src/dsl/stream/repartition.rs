//! `repartition`, and the repartition nodes that groupings and joins put in by themselves.

use super::to::{Destination, SinkSpec};
use super::{KStream, merge::PassThrough};
use crate::Data;
use crate::dsl::options::{Repartitioned, StreamPartitioner};
use crate::exec::{NodeFactory, SourceFactory, operator};
use crate::handlers::FailOnInvalidTimestamp;
use crate::plan::{Plan, PlanId, Role, Target};
use crate::topology::{SinkTopic, TopicName};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde};

const SUFFIX: &str = "-repartition";

impl<K: Data, V: Data> KStream<K, V> {
    /// Writes the records to an internal topic and reads them again from there, so that they are spread by their key, or to change the
    /// number of tasks. Groupings and joins do this by themselves where the key was changed.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.repartition());
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn repartition(&self) -> KStream<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.repartition_with(Repartitioned::default())
    }

    /// [`repartition`](Self::repartition) with serdes, a name, a number of partitions or a partitioner.
    pub fn repartition_with(&self, repartitioned: impl Into<Repartitioned<K, V>>) -> KStream<K, V> {
        let options = repartitioned.into();
        let mut plan = self.plan.lock();
        let prefix = plan.processor_name_lazy(&options.named, "KSTREAM-REPARTITION-");
        if options.partitions.is_some_and(|n| n < 1) {
            plan.error(format!("repartition {prefix} asks for {:?} partitions: at least 1 is needed", options.partitions));
        }
        let spec = RepartitionSpec {
            key_serde: options.key.resolve(&self.key_serde, &mut plan, &prefix, "key"),
            value_serde: options.value.resolve(&self.value_serde, &mut plan, &prefix, "value"),
            key_bytes: self.key_bytes,
            partitions: options.partitions,
            partitioner: options.partitioner.clone(),
        };
        let names = RepartitionNames::burn(&mut plan, &prefix);
        let node = add_repartition(&mut plan, self.node, &names, spec.clone());
        drop(plan);
        self.behind_repartition(node, &names, &spec)
    }

    /// The stream as read from a repartition topic.
    pub(crate) fn behind_repartition(&self, node: PlanId, names: &RepartitionNames, spec: &RepartitionSpec<K, V>) -> KStream<K, V> {
        KStream {
            plan: self.plan.clone(),
            node,
            name: names.source.clone(),
            key_bytes: spec.key_serde.canonical_id(),
            key_serde: Some(spec.key_serde.clone()),
            value_serde: Some(spec.value_serde.clone()),
            sources: Arc::new(BTreeSet::from([names.source.clone()])),
            repartition_required: false,
        }
    }

    /// The stream partitioned by its key for a join. Names are burned each time; the node of an earlier join without a name is used again.
    pub(crate) fn repartitioned_for_join(&self, plan: &mut Plan, prefix: &str, spec: RepartitionSpec<K, V>) -> KStream<K, V> {
        let mut names = RepartitionNames::burn(plan, prefix);
        let known = plan.join_repartitions.get(&(self.node, self.name.clone())).copied().filter(|_| *self.name == *prefix);
        let node = match known {
            Some(node) => {
                // Java keeps the name just burned, which no node has, and so forgets what this join must be co-partitioned with
                names.source = plan.nodes[node.0].name.clone();
                node
            }
            None => {
                let node = add_repartition(plan, self.node, &names, spec.clone());
                plan.join_repartitions.insert((self.node, self.name.clone()), node);
                node
            }
        };
        self.behind_repartition(node, &names, &spec)
    }
}

/// What goes through a repartition topic, and how.
pub(crate) struct RepartitionSpec<K, V> {
    pub key_serde: Arc<dyn Serde<K>>,
    pub value_serde: Arc<dyn Serde<V>>,
    pub key_bytes: Option<TypeId>,
    pub partitions: Option<i32>,
    pub partitioner: Option<StreamPartitioner<K, V>>,
}

impl<K, V> Clone for RepartitionSpec<K, V> {
    fn clone(&self) -> Self {
        RepartitionSpec {
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone(),
            key_bytes: self.key_bytes,
            partitions: self.partitions,
            partitioner: self.partitioner.clone(),
        }
    }
}

/// The names of a repartition: its topic and three nodes.
#[derive(Clone, Debug)]
pub(crate) struct RepartitionNames {
    pub topic: Arc<str>,
    pub sink: Arc<str>,
    pub filter: Arc<str>,
    pub source: Arc<str>,
}

impl RepartitionNames {
    /// Three names are always burned; they are used where the prefix is itself a generated name.
    pub fn burn(plan: &mut Plan, prefix: &str) -> Self {
        plan.check_name(prefix);
        let topic: Arc<str> = if prefix.ends_with(SUFFIX) { prefix.into() } else { format!("{prefix}{SUFFIX}").into() };
        let [sink, filter, source] = ["KSTREAM-SINK-", "KSTREAM-FILTER-", "KSTREAM-SOURCE-"].map(|p| plan.names.processor(p));
        if is_generated(prefix) {
            return RepartitionNames { topic, sink, filter, source };
        }
        let [sink, filter, source] = ["sink", "filter", "source"].map(|part| format!("{topic}-{part}").into());
        RepartitionNames { topic, sink, filter, source }
    }
}

/// Java's `KSTREAM.*-[0-9]{10}`.
fn is_generated(prefix: &str) -> bool {
    let Some(rest) = prefix.strip_prefix("KSTREAM") else { return false };
    rest.len() >= 11 && rest.is_char_boundary(rest.len() - 11) && {
        let (dash, digits) = rest[rest.len() - 11..].split_at(1);
        dash == "-" && digits.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Adds the node that writes to the topic and reads from it.
pub(crate) fn add_repartition<K: Data, V: Data>(
    plan: &mut Plan,
    parent: PlanId,
    names: &RepartitionNames,
    spec: RepartitionSpec<K, V>,
) -> PlanId {
    plan.add(names.source.clone(), &[parent], Role::Repartition, Arc::new(repartition_writer(names.clone(), spec)))
}

fn repartition_writer<K: Data, V: Data>(
    names: RepartitionNames,
    spec: RepartitionSpec<K, V>,
) -> impl Fn(&mut Target<'_>) -> Result<(), crate::topology::TopologyError> + Send + Sync {
    move |target| {
        let topic = TopicName::Internal(names.topic.clone());
        target.builder.add_repartition_topic(names.topic.clone(), spec.partitions)?;
        // the null keys that Java drops here are dropped by the sink, which knows them by their bytes
        let filter = operator::<K, V, K, V>(Box::new(|_, next| Ok(Box::new(PassThrough(next)))));
        target.builder.add_processor(&names.filter, &target.parents, filter)?;
        let sink = SinkSpec {
            key_serde: spec.key_serde.clone(),
            value_serde: spec.value_serde.clone(),
            partitioner: spec.partitioner.clone(),
            pass_key: spec.key_bytes.is_some() && spec.key_bytes == spec.key_serde.canonical_id(),
            drop_null_keys: !target.keep_null_keys,
            is_repartition: true,
        };
        let sink = sink
            .factory_with(Destination::Fixed(names.topic.clone()), |name, app| TopicName::Internal(name.into()).resolve(app).to_string());
        target.builder.add_sink(&names.sink, SinkTopic::Fixed(topic.clone()), std::slice::from_ref(&names.filter), sink)?;
        let source: Arc<dyn NodeFactory> =
            Arc::new(SourceFactory { key_serde: spec.key_serde.clone(), value_serde: spec.value_serde.clone() });
        target.builder.add_source(&names.source, vec![topic], None, Some(Arc::new(FailOnInvalidTimestamp)), source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_told_from_given_ones() {
        assert!(is_generated("KSTREAM-AGGREGATE-STATE-STORE-0000000003"));
        assert!(!is_generated("COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003"));
        assert!(!is_generated("KSTREAM-mine"));
        assert!(!is_generated("counts"));
    }
}

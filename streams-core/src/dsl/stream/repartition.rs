//! `repartition`, and the repartition nodes that groupings and joins put in by themselves.

use super::to::{Destination, SinkSpec};
use super::{KStream, merge::PassThrough};
use crate::dsl::options::{Repartitioned, StreamPartitioner};
use crate::exec::{NodeFactory, SourceFactory, operator};
use crate::handlers::FailOnInvalidTimestamp;
use crate::plan::{Plan, PlanId, Repartition, Role, Target, WriteNode};
use crate::topology::{SinkTopic, TopicName, TopologyError};
use crate::{BoxError, Data};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde, SerdeContext, Wrote};

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
        if let Some(n) = options.partitions.filter(|n| *n < 1) {
            plan.error(format!("repartition {prefix} asks for {n} partitions: at least 1 is needed"));
        }
        let spec = RepartitionSpec {
            key_serde: options.key.resolve(&self.key_serde, &mut plan, &prefix, "key"),
            value_serde: options.value.resolve(&self.value_serde, &mut plan, &prefix, "value"),
            key_bytes: self.key_bytes,
            partitions: options.partitions,
            partitioner: options.partitioner.clone(),
        };
        let names = RepartitionNames::burn(&mut plan, &prefix);
        plan.note_generated(&names.topic, options.named.get().is_some());
        // one that was asked for is not merged with others
        let write = RepartitionNode { names: names.clone(), spec: spec.clone(), same_keys: true };
        let node = plan.add(names.source.clone(), &[self.node], Role::Repartition, Arc::new(write));
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

    /// The stream partitioned by its key for a join, through a topic named after what was `given` or else the stream's node. Names are burned each time; the node of an earlier join without a name is used again.
    pub(crate) fn repartitioned_for_join(&self, plan: &mut Plan, given: Option<&str>, spec: RepartitionSpec<K, V>) -> KStream<K, V> {
        let prefix = given.unwrap_or(&self.name);
        let mut names = RepartitionNames::burn(plan, prefix);
        let known = plan.join_repartitions.get(&(self.node, self.name.clone())).copied().filter(|_| *self.name == *prefix);
        let node = match known {
            Some(node) => {
                // Java keeps the name just burned, which no node has, and so forgets what this join must be co-partitioned with
                names.source = plan.nodes[node.0].name.clone();
                node
            }
            None => {
                plan.note_generated(&names.topic, given.is_some());
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
        RepartitionNames::of_topic(topic)
    }

    /// Names that begin with the topic's.
    fn of_topic(topic: Arc<str>) -> Self {
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

/// Adds the node that writes to the topic and reads from it. It may be merged with others of the same records.
pub(crate) fn add_repartition<K: Data, V: Data>(
    plan: &mut Plan,
    parent: PlanId,
    names: &RepartitionNames,
    spec: RepartitionSpec<K, V>,
) -> PlanId {
    let node = Arc::new(RepartitionNode { names: names.clone(), spec, same_keys: true });
    let id = plan.add(names.source.clone(), &[parent], Role::Repartition, node.clone());
    plan.nodes[id.0].repartition = Some(node);
    id
}

struct RepartitionNode<K, V> {
    names: RepartitionNames,
    spec: RepartitionSpec<K, V>,
    /// Whether all that follows expects keys in the bytes of this serde.
    same_keys: bool,
}

impl<K: Data, V: Data> WriteNode for RepartitionNode<K, V> {
    fn write(&self, target: &mut Target<'_>) -> Result<(), TopologyError> {
        let RepartitionNode { names, spec, same_keys } = self;
        let topic = TopicName::Internal(names.topic.clone());
        target.builder.add_repartition_topic(names.topic.clone(), spec.partitions, &target.parents)?;
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
        let key_serde = if *same_keys { spec.key_serde.clone() } else { Arc::new(OwnBytes(spec.key_serde.clone())) };
        let source: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde, value_serde: spec.value_serde.clone() });
        target.builder.add_source(&names.source, vec![topic], None, Some(Arc::new(FailOnInvalidTimestamp)), source)
    }
}

impl<K: Data, V: Data> Repartition for RepartitionNode<K, V> {
    fn key_id(&self) -> Option<TypeId> {
        self.spec.key_serde.canonical_id()
    }

    fn shared(&self, same_keys: bool) -> (Arc<str>, Arc<dyn WriteNode>) {
        let names = RepartitionNames::of_topic(self.names.topic.clone());
        (names.source.clone(), Arc::new(RepartitionNode { names, spec: self.spec.clone(), same_keys }))
    }
}

/// A serde whose bytes are for its own topic only.
struct OwnBytes<K>(Arc<dyn Serde<K>>);

impl<K: Data> Serde<K> for OwnBytes<K> {
    fn serialize(&self, cx: &SerdeContext<'_>, value: &K, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        self.0.serialize(cx, value, out)
    }
    fn deserialize(&self, cx: &SerdeContext<'_>, data: Option<&[u8]>) -> Result<K, BoxError> {
        self.0.deserialize(cx, data)
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

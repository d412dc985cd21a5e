//! Grouped streams and their aggregations.

mod aggregate;
mod count;
mod reduce;
mod top_n;

pub(crate) use aggregate::aggregate_factory;

use crate::Data;
use crate::dsl::options::{Grouped, SerdeChoice};
use crate::dsl::stream::{KStream, RepartitionNames, RepartitionSpec, add_repartition, refuse_nullable};
use crate::plan::{Named, Plan, PlanId};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use streams_state::serde::Serde;

/// A stream grouped by its key: count, reduce or aggregate it, as a whole or by windows.
#[must_use = "a grouping does nothing until it is aggregated"]
pub struct KGroupedStream<K, V> {
    pub(crate) stream: KStream<K, V>,
    pub(crate) key: SerdeChoice<K>,
    value: SerdeChoice<V>,
    pub(crate) named: Named,
    /// With a name, several aggregations share one repartition topic.
    shared_repartition: Arc<Mutex<Option<PlanId>>>,
}

impl<K, V> Clone for KGroupedStream<K, V> {
    fn clone(&self) -> Self {
        KGroupedStream {
            stream: self.stream.clone(),
            key: self.key.clone(),
            value: self.value.clone(),
            named: self.named.clone(),
            shared_repartition: self.shared_repartition.clone(),
        }
    }
}

impl<K, V> fmt::Debug for KGroupedStream<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KGroupedStream({})", self.stream.name)
    }
}

/// Where an aggregation attaches.
#[derive(Clone)]
pub(crate) struct GroupedInput {
    pub node: PlanId,
    pub key_bytes: Option<TypeId>,
    pub sources: Arc<BTreeSet<Arc<str>>>,
}

impl<K: Data, V: Data> KGroupedStream<K, V> {
    pub(crate) fn new(stream: KStream<K, V>, grouped: Grouped<K, V>) -> Self {
        refuse_nullable::<K, V>(&mut stream.plan.lock(), &stream.name, "grouping");
        KGroupedStream { stream, key: grouped.key, value: grouped.value, named: grouped.named, shared_repartition: Arc::default() }
    }

    /// The same for all handles of one grouping, and for no other.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.shared_repartition) as usize
    }

    /// The serde of the values: given with the grouping, or come with the stream.
    pub(crate) fn value_choice(&self) -> SerdeChoice<V> {
        match self.value.given_or(&self.stream.value_serde) {
            Some(serde) => SerdeChoice::given(serde),
            None => self.value.clone(),
        }
    }

    /// The stream as aggregations of it read it, for the node that tells of late records beside them.
    pub(crate) fn beside(&self, plan: &mut Plan, node: &str) -> KStream<K, V> {
        let stream = &self.stream;
        let mut beside = stream.clone();
        beside.value_serde = self.value_choice().given_or(&stream.value_serde);
        if stream.repartition_required {
            if self.named.get().is_none() {
                plan.error(format!(
                    "{node}: late records of a stream with a new key lie behind its repartition topic: name the grouping, so that the aggregation \
                     shares it"
                ));
            }
            let key_serde = self.key.clone().resolve(&stream.key_serde, plan, node, "key");
            let input = self.partitioned(plan, node, &key_serde);
            (beside.node, beside.key_bytes, beside.sources) = (input.node, input.key_bytes, input.sources);
            (beside.key_serde, beside.repartition_required) = (Some(key_serde), false);
        }
        beside
    }

    /// The stream partitioned by its key: through a repartition topic, named after the grouping or else the store, if the key was changed.
    pub(crate) fn partitioned(&self, plan: &mut Plan, store_name: &str, key_serde: &Arc<dyn Serde<K>>) -> GroupedInput {
        let stream = &self.stream;
        if !stream.repartition_required {
            return GroupedInput { node: stream.node, key_bytes: stream.key_bytes, sources: stream.sources.clone() };
        }
        let prefix = self.named.get().map_or(store_name, |name| name);
        let names = RepartitionNames::burn(plan, prefix);
        let is_given = self.named.get().is_some() || !plan.generated.contains(store_name);
        plan.note_generated(&names.topic, is_given);
        let key_serde = self.key.given_or(&stream.key_serde).unwrap_or_else(|| key_serde.clone());
        let spec = RepartitionSpec {
            value_serde: self.value.resolve(&stream.value_serde, plan, &names.source, "value"),
            key_bytes: stream.key_bytes,
            partitions: None,
            partitioner: None,
            key_serde: key_serde.clone(),
        };
        let mut shared = self.shared_repartition.lock().unwrap_or_else(PoisonError::into_inner);
        let node = match *shared {
            Some(node) if self.named.get().is_some() => node,
            _ => add_repartition(plan, stream.node, &names, spec),
        };
        *shared = Some(node);
        GroupedInput { node, key_bytes: key_serde.canonical_id(), sources: Arc::new(BTreeSet::from([names.source])) }
    }
}

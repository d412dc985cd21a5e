//! `merge`: two streams as one.

use super::{KStream, processor};
use crate::exec::{Cx, Edge, Meta, Process};
use crate::plan::{Effect, Named, Role};
use crate::{Data, Result};
use std::collections::BTreeSet;
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Both streams as one. There is no order between records of different inputs. Serdes given to either are not carried on.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 2)], |stream| {
    ///     stream.filter(|_, v| *v == 1).merge(&stream.filter(|_, v| *v == 2))
    /// });
    /// assert_eq!(out.len(), 2);
    /// ```
    pub fn merge(&self, other: &KStream<K, V>) -> KStream<K, V> {
        self.merge_with(other, Named::default())
    }

    /// [`merge`](Self::merge) with a name for its node.
    pub fn merge_with(&self, other: &KStream<K, V>, named: impl Into<Named>) -> KStream<K, V> {
        let mut plan = self.plan.lock();
        if !self.plan.is(&other.plan) {
            plan.error(format!("{} is merged with {}, a stream of another builder: make both with one builder", self.name, other.name));
            drop(plan);
            return self.clone();
        }
        let name = plan.processor_name(&named.into(), "KSTREAM-MERGE-");
        let write = processor::<K, V, K, V>(Box::new(|_, next| Ok(Box::new(PassThrough(next)))));
        let node = plan.add(name.clone(), &[self.node, other.node], Role::Other, write);
        plan.mark(node, Effect::Merges);
        let sources: BTreeSet<Arc<str>> = self.sources.union(&other.sources).cloned().collect();
        KStream {
            plan: self.plan.clone(),
            node,
            name,
            key_serde: None,
            value_serde: None,
            key_bytes: self.key_bytes.filter(|_| self.key_bytes == other.key_bytes),
            sources: Arc::new(sources),
            repartition_required: self.repartition_required || other.repartition_required,
        }
    }
}

/// A node that only has a name.
pub(crate) struct PassThrough<K, V>(pub Edge<K, V>);

impl<K, V> Process<K, V> for PassThrough<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        self.0.process(cx, key, value, meta)
    }
}

//! Leaving out records without a key or without a value, where the types have room for null.

use super::{Added, KStream};
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Maker, Meta, Process, operator};
use crate::plan::{Effect, Role, Target};
use crate::{Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<Option<K>, V> {
    /// Drops records without a key, counted and logged; behind it the key is a plain `K`.
    ///
    /// Java drops such records in the nodes that cannot use them. So this is no operator: it takes no name and `describe()` does not show it.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([(Some("a"), 1_i64), (None, 2)], |stream| stream.skip_null_keys());
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn skip_null_keys(&self) -> KStream<K, V> {
        let make = |env: &mut GraphEnv<'_>, next| Ok(Box::new(SkipNullKeys { name: env.node_name(), next }) as Edge<Option<K>, V>);
        let added = self.add_hidden("skip-null-keys", Box::new(make));
        let repartition_required = self.repartition_required;
        KStream { key_bytes: self.key_bytes, value_serde: self.value_serde.clone(), repartition_required, ..self.behind_new_key(added) }
    }
}

impl<K: Data, V: Data> KStream<K, Option<V>> {
    /// Drops records without a value, counted and logged; behind it the value is a plain `V`.
    ///
    /// Java drops such records in the nodes that cannot use them. So this is no operator: it takes no name and `describe()` does not show it.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", Some(1_i64)), ("b", None)], |stream| stream.skip_null_values());
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn skip_null_values(&self) -> KStream<K, V> {
        let make = |env: &mut GraphEnv<'_>, next| Ok(Box::new(SkipNullValues { name: env.node_name(), next }) as Edge<K, Option<V>>);
        self.same_key(self.add_hidden("skip-null-values", Box::new(make)))
    }
}

impl<K: Data, V: Data> KStream<K, V> {
    /// Adds a node that Java does not have, or finds it again. The stream keeps its name, because topics are named after it.
    fn add_hidden<KO: Data, VO: Data>(&self, what: &str, make: Maker<K, V, KO, VO>) -> Added {
        let mut plan = self.plan.lock();
        let parent = &plan.nodes[self.node.0];
        let name: Arc<str> = format!("{}-{what}", parent.name).into();
        let known = parent.children.iter().copied().find(|child| plan.nodes[child.0].name == name);
        let node = known.unwrap_or_else(|| {
            let factory = operator(make);
            let write = move |target: &mut Target<'_>| target.builder.add_hidden(&target.name, &target.parents, factory.clone());
            let node = plan.add(name, &[self.node], Role::Other, Arc::new(write));
            plan.mark(node, Effect::Hidden);
            node
        });
        Added { node, name: self.name.clone() }
    }
}

struct SkipNullKeys<K, V> {
    name: Arc<str>,
    next: Edge<K, V>,
}

impl<K, V> Process<Option<K>, V> for SkipNullKeys<K, V> {
    fn process(&mut self, cx: &mut Cx, key: Option<K>, value: V, meta: &Meta<'_>) -> Result<()> {
        match key {
            Some(key) => self.next.process(cx, key, value, meta),
            None => {
                cx.dropped(&self.name, DropReason::NullKey);
                Ok(())
            }
        }
    }
}

struct SkipNullValues<K, V> {
    name: Arc<str>,
    next: Edge<K, V>,
}

impl<K, V> Process<K, Option<V>> for SkipNullValues<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: Option<V>, meta: &Meta<'_>) -> Result<()> {
        match value {
            Some(value) => self.next.process(cx, key, value, meta),
            None => {
                cx.dropped(&self.name, DropReason::NullValue);
                Ok(())
            }
        }
    }
}

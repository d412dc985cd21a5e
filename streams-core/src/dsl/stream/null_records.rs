//! Leaving out records without a key or without a value, where the types have room for null.

use super::KStream;
use crate::Data;
use crate::Result;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, Process};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<Option<K>, V> {
    /// Drops records without a key, counted and logged; behind it the key is a plain `K`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([(Some("a"), 1_i64), (None, 2)], |stream| stream.skip_null_keys());
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn skip_null_keys(&self) -> KStream<K, V> {
        let make = |env: &mut GraphEnv<'_>, next| Ok(Box::new(SkipNullKeys { name: env.node_name(), next }) as Edge<Option<K>, V>);
        let added = self.add("KSTREAM-FILTER-", &Default::default(), Box::new(make));
        let repartition_required = self.repartition_required;
        KStream { key_bytes: self.key_bytes, value_serde: self.value_serde.clone(), repartition_required, ..self.new_key(added) }
    }
}

impl<K: Data, V: Data> KStream<K, Option<V>> {
    /// Drops records without a value, counted and logged; behind it the value is a plain `V`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", Some(1_i64)), ("b", None)], |stream| stream.skip_null_values());
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn skip_null_values(&self) -> KStream<K, V> {
        let make = |env: &mut GraphEnv<'_>, next| Ok(Box::new(SkipNullValues { name: env.node_name(), next }) as Edge<K, Option<V>>);
        self.same_key(self.add("KSTREAM-FILTER-", &Default::default(), Box::new(make)))
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

//! `map_values` of tables.

use super::KTable;
use super::derived::Derived;
use super::filter::TableOptions;
use crate::Data;
use crate::plan::Named;
use std::sync::Arc;

impl<K: Data, V: Data> KTable<K, V> {
    /// Replaces each row's value; deletions pass on. Not kept in a store unless asked for: a join computes the row it reads.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.group_by_key().count().map_values(|count| count * 10).to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(10))]);
    /// ```
    #[doc(alias = "mapValues")]
    pub fn map_values<VO: Data>(&self, f: impl Fn(&V) -> VO + Send + Sync + 'static) -> KTable<K, VO> {
        self.map_values_with(f, Named::default())
    }

    /// [`map_values`](Self::map_values) with a name for its node, or kept in a store: pass a `Named` (or `&str`), or a
    /// [`Materialized`](crate::Materialized).
    pub fn map_values_with<VO: Data>(
        &self,
        f: impl Fn(&V) -> VO + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        self.map_values_with_key_with(move |_, value| f(value), options)
    }

    /// [`map_values`](Self::map_values) for a closure that also looks at the key.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| {
    ///     stream.group_by_key().count().map_values_with_key(|key, count| format!("{key}{count}")).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some("a1".to_string()))]);
    /// ```
    #[doc(alias = "ValueMapperWithKey")]
    pub fn map_values_with_key<VO: Data>(&self, f: impl Fn(&K, &V) -> VO + Send + Sync + 'static) -> KTable<K, VO> {
        self.map_values_with_key_with(f, Named::default())
    }

    /// [`map_values_with_key`](Self::map_values_with_key) with a name for its node, or kept in a store.
    pub fn map_values_with_key_with<VO: Data>(
        &self,
        f: impl Fn(&K, &V) -> VO + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let map = Arc::new(move |key: &K, value: &V| Some(f(key, value)));
        Derived { prefix: "KTABLE-MAPVALUES-", is_filter: false, unchanged: None, map, value_serde: None }.attach(self, options.into())
    }
}

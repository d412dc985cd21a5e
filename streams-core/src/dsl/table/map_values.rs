//! `map_values` of tables.

use super::KTable;
use super::derived::{Derived, Mapping};
use super::filter::TableOptions;
use crate::plan::Named;
use crate::{BoxError, Data};
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
        self.mapped(Arc::new(move |key, value| Some(Ok(f(key, value)))), false, options.into())
    }

    fn mapped<VO: Data>(&self, map: Mapping<K, V, VO>, may_fail: bool, options: TableOptions<K, VO>) -> KTable<K, VO> {
        Derived { prefix: "KTABLE-MAPVALUES-", is_filter: false, unchanged: None, map, may_fail, value_serde: None }.attach(self, options)
    }

    /// [`map_values`](Self::map_values) whose closure may fail: an error goes to the processing exception handler, which fails the task (the
    /// default) or leaves the change out, counted as `processing`. The row is then as it was before, in its store and for whoever was told of it.
    ///
    /// What the row was is known only where it is kept. So a table that is not cannot be grouped, suppressed, or be a side of a join that needs
    /// its old rows (left, outer, by foreign key): keep it, by [`try_map_values_with`](Self::try_map_values_with) and a
    /// [`Materialized`](crate::Materialized) with a name. Where a join reads a row of a table that is not kept, and the closure fails for it, the
    /// record that reads is left out.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "17".to_string())], |stream| {
    ///     stream.to_table().try_map_values(|text| Ok(text.parse::<i64>()?)).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(17))]);
    /// ```
    pub fn try_map_values<VO: Data>(&self, f: impl Fn(&V) -> Result<VO, BoxError> + Send + Sync + 'static) -> KTable<K, VO> {
        self.try_map_values_with(f, Named::default())
    }

    /// [`try_map_values`](Self::try_map_values) with a name for its node, or kept in a store.
    pub fn try_map_values_with<VO: Data>(
        &self,
        f: impl Fn(&V) -> Result<VO, BoxError> + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        self.try_map_values_with_key_with(move |_, value| f(value), options)
    }

    /// [`try_map_values`](Self::try_map_values) for a closure that also looks at the key.
    pub fn try_map_values_with_key<VO: Data>(&self, f: impl Fn(&K, &V) -> Result<VO, BoxError> + Send + Sync + 'static) -> KTable<K, VO> {
        self.try_map_values_with_key_with(f, Named::default())
    }

    /// [`try_map_values_with_key`](Self::try_map_values_with_key) with a name for its node, or kept in a store.
    pub fn try_map_values_with_key_with<VO: Data>(
        &self,
        f: impl Fn(&K, &V) -> Result<VO, BoxError> + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        self.mapped(Arc::new(move |key, value| Some(f(key, value))), true, options.into())
    }
}

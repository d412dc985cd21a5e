//! `filter` and `filter_not` of tables.

use super::KTable;
use super::derived::{Derived, Mapping};
use crate::dsl::options::Materialized;
use crate::plan::Named;
use crate::{BoxError, Data};
use std::sync::Arc;

impl<K: Data, V: Data> KTable<K, V> {
    /// The rows for which `keep` is true; a row that stops being so is deleted from the result. A deletion is passed on only if there may
    /// be something to delete.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("a", 2)], |stream| {
    ///     stream.group_by_key().count().filter(|_, count| *count > 1).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(2))]);
    /// ```
    pub fn filter(&self, keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KTable<K, V> {
        self.filter_with(keep, Named::default())
    }

    /// [`filter`](Self::filter) with a name for its node, or kept in a store: pass a `Named` (or `&str`), or a [`Materialized`].
    pub fn filter_with(
        &self,
        keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
        options: impl Into<TableOptions<K, V>>,
    ) -> KTable<K, V> {
        self.filtered(Arc::new(move |key, value| keep(key, value).then(|| Ok(value.clone()))), false, options.into())
    }

    fn filtered(&self, map: Mapping<K, V, V>, may_fail: bool, options: TableOptions<K, V>) -> KTable<K, V> {
        let value_serde = self.value_serde.clone();
        Derived { prefix: "KTABLE-FILTER-", is_filter: true, unchanged: None, map, may_fail, value_serde }.attach(self, options)
    }

    /// [`filter`](Self::filter) whose closure may fail, as in [`try_map_values`](Self::try_map_values).
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "17".to_string())], |stream| {
    ///     stream.to_table().try_filter(|_, text| Ok(text.parse::<i64>()? > 10)).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some("17".to_string()))]);
    /// ```
    pub fn try_filter(&self, keep: impl Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync + 'static) -> KTable<K, V> {
        self.try_filter_with(keep, Named::default())
    }

    /// [`try_filter`](Self::try_filter) with options as [`filter_with`](Self::filter_with).
    pub fn try_filter_with(
        &self,
        keep: impl Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync + 'static,
        options: impl Into<TableOptions<K, V>>,
    ) -> KTable<K, V> {
        let map = move |key: &K, value: &V| keep(key, value).map(|kept| kept.then(|| value.clone())).transpose();
        self.filtered(Arc::new(map), true, options.into())
    }

    /// The rows for which `drop` is false.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.group_by_key().count().filter_not(|_, count| *count > 1).to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(1))]);
    /// ```
    #[doc(alias = "filterNot")]
    pub fn filter_not(&self, drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KTable<K, V> {
        self.filter_not_with(drop, Named::default())
    }

    /// [`filter_not`](Self::filter_not) with options as [`filter_with`](Self::filter_with).
    pub fn filter_not_with(
        &self,
        drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
        options: impl Into<TableOptions<K, V>>,
    ) -> KTable<K, V> {
        self.filter_with(move |key, value| !drop(key, value), options)
    }
}

/// What a table made of another one may be given: a name for its node, and how it is kept.
#[derive(Debug)]
pub struct TableOptions<K, V> {
    pub(crate) named: Named,
    pub(crate) materialized: Option<Materialized<K, V>>,
}

impl<K, V> From<Named> for TableOptions<K, V> {
    fn from(named: Named) -> Self {
        TableOptions { named, materialized: None }
    }
}

impl<K, V> From<&str> for TableOptions<K, V> {
    fn from(name: &str) -> Self {
        Named::new(name).into()
    }
}

impl<K, V> From<Materialized<K, V>> for TableOptions<K, V> {
    fn from(materialized: Materialized<K, V>) -> Self {
        TableOptions { named: materialized.node.clone(), materialized: Some(materialized) }
    }
}

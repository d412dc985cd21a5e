//! `reduce` of grouped tables.

use super::KGroupedTable;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::{BoxError, Data};

impl<K: Data, V: Data> KGroupedTable<K, V> {
    /// Combines the values of each group: `add` takes a row's new value into the result, `subtract` takes the old one out of it. The first
    /// value of a group stands as it is. Where a group without rows shall go away, use [`fold`](Self::fold).
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 5), ("a", 3)], |stream| {
    ///     let grouped = stream.to_table().group_by(|_, value| ("sum".to_string(), *value));
    ///     grouped.reduce(|sum, value| sum + value, |sum, value| sum - value).to_stream()
    /// });
    /// assert_eq!(out.last(), Some(&("sum".to_string(), Some(8))));
    /// ```
    pub fn reduce(
        &self,
        add: impl Fn(V, V) -> V + Send + Sync + 'static,
        subtract: impl Fn(V, V) -> V + Send + Sync + 'static,
    ) -> KTable<K, V> {
        self.reduce_with(add, subtract, Materialized::implied(SerdeChoice::default(), SerdeChoice::default()))
    }

    /// [`reduce`](Self::reduce) with a name for the store, serdes, cache or changelog options.
    pub fn reduce_with(
        &self,
        add: impl Fn(V, V) -> V + Send + Sync + 'static,
        subtract: impl Fn(V, V) -> V + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<K, V> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&SerdeChoice::given(self.value_serde.clone()));
        let subtract = move |_: &K, value: V, slot: &mut Option<V>| *slot = slot.take().map(|all| subtract(all, value));
        self.aggregation("KTABLE-REDUCE-", Folder::reducing(add), Folder::sure(subtract), materialized)
    }

    /// [`reduce`](Self::reduce) whose closures may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the change out, counted as `processing`. The row of the group is then as it was before: the closures get clones of it. What going
    /// on costs later, [`try_aggregate`](Self::try_aggregate) tells.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 5), ("a", 3)], |stream| {
    ///     let grouped = stream.to_table().group_by(|_, value| ("sum".to_string(), *value));
    ///     let add = |sum: i64, value: i64| sum.checked_add(value).ok_or_else(|| "too much".into());
    ///     grouped.try_reduce(add, |sum, value| Ok(sum - value)).to_stream()
    /// });
    /// assert_eq!(out.last(), Some(&("sum".to_string(), Some(8))));
    /// ```
    pub fn try_reduce(
        &self,
        add: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static,
        subtract: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static,
    ) -> KTable<K, V> {
        self.try_reduce_with(add, subtract, Materialized::implied(SerdeChoice::default(), SerdeChoice::default()))
    }

    /// [`try_reduce`](Self::try_reduce) with a name for the store, serdes, cache or changelog options.
    pub fn try_reduce_with(
        &self,
        add: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static,
        subtract: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<K, V> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&SerdeChoice::given(self.value_serde.clone()));
        let subtract = move |_: &K, value: V, slot: &mut Option<V>| {
            *slot = slot.take().map(|all| subtract(all, value)).transpose()?;
            Ok(())
        };
        self.aggregation("KTABLE-REDUCE-", Folder::try_reducing(add), Folder::fallible(subtract), materialized)
    }
}

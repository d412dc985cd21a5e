//! `reduce`.

use super::KGroupedStream;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::{BoxError, Data};
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// Combines the values of each key, two at a time; the first value stands as it is.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("a", 5)], |stream| stream.group_by_key().reduce(|sum, value| sum + value).to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(1)), ("a".to_string(), Some(6))]);
    /// ```
    pub fn reduce(&self, combine: impl Fn(V, V) -> V + Send + Sync + 'static) -> KTable<K, V>
    where
        V: DefaultSerde,
    {
        self.reduce_with(combine, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`reduce`](Self::reduce) with a name for the store, serdes, cache or changelog options.
    pub fn reduce_with(
        &self,
        combine: impl Fn(V, V) -> V + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<K, V> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.value_choice());
        self.aggregation("KSTREAM-REDUCE-", Folder::reducing(combine), materialized)
    }

    /// [`reduce`](Self::reduce) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`. The row is then as it was before: the closure gets a clone of it.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("a", 5)], |stream| {
    ///     stream.group_by_key().try_reduce(|sum, value| sum.checked_add(value).ok_or_else(|| "too much".into())).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(1)), ("a".to_string(), Some(6))]);
    /// ```
    pub fn try_reduce(&self, combine: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static) -> KTable<K, V>
    where
        V: DefaultSerde,
    {
        self.try_reduce_with(combine, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_reduce`](Self::try_reduce) with a name for the store, serdes, cache or changelog options.
    pub fn try_reduce_with(
        &self,
        combine: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<K, V> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.value_choice());
        self.aggregation("KSTREAM-REDUCE-", Folder::try_reducing(combine), materialized)
    }
}

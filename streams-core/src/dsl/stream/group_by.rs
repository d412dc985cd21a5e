//! `group_by` and `group_by_key`.

use super::KStream;
use crate::dsl::grouped::KGroupedStream;
use crate::dsl::options::Grouped;
use crate::plan::Plan;
use crate::{BoxError, Data};
use std::any::type_name;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// Groups by a new key; the records go through a repartition topic.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("x", "a".to_string()), ("y", "a".to_string())], |stream| {
    ///     stream.group_by(|_, word| word.clone()).count().to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(1)), ("a".to_string(), Some(2))]);
    /// ```
    #[doc(alias = "groupBy")]
    pub fn group_by<KO: Data + DefaultSerde>(&self, key: impl Fn(&K, &V) -> KO + Send + Sync + 'static) -> KGroupedStream<KO, V>
    where
        V: DefaultSerde,
    {
        self.group_by_with(key, Grouped::default())
    }

    /// [`group_by`](Self::group_by) with serdes, or a name for the repartition topic.
    pub fn group_by_with<KO: Data>(
        &self,
        key: impl Fn(&K, &V) -> KO + Send + Sync + 'static,
        grouped: impl Into<Grouped<KO, V>>,
    ) -> KGroupedStream<KO, V> {
        let grouped = grouped.into();
        let keyed = self.select_key_with(key, grouped.named.clone());
        KGroupedStream::new(keyed, grouped)
    }

    /// [`group_by`](Self::group_by) whose closure may fail: an error goes to the processing exception handler, which fails the task (the
    /// default) or leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("x", "7".to_string())], |stream| {
    ///     stream.try_group_by(|_, text| Ok(text.parse::<i64>()?)).count().to_stream()
    /// });
    /// assert_eq!(out, [(7, Some(1))]);
    /// ```
    pub fn try_group_by<KO: Data + DefaultSerde>(
        &self,
        key: impl Fn(&K, &V) -> Result<KO, BoxError> + Send + Sync + 'static,
    ) -> KGroupedStream<KO, V>
    where
        V: DefaultSerde,
    {
        self.try_group_by_with(key, Grouped::default())
    }

    /// [`try_group_by`](Self::try_group_by) with serdes, or a name for the repartition topic.
    pub fn try_group_by_with<KO: Data>(
        &self,
        key: impl Fn(&K, &V) -> Result<KO, BoxError> + Send + Sync + 'static,
        grouped: impl Into<Grouped<KO, V>>,
    ) -> KGroupedStream<KO, V> {
        let grouped = grouped.into();
        let keyed = self.try_select_key_with(key, grouped.named.clone());
        KGroupedStream::new(keyed, grouped)
    }

    /// Groups by the key as it is; through a repartition topic only if the key was changed.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("a", 5)], |stream| stream.group_by_key().reduce(|sum, value| sum + value).to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(1)), ("a".to_string(), Some(6))]);
    /// ```
    #[doc(alias = "groupByKey")]
    pub fn group_by_key(&self) -> KGroupedStream<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.group_by_key_with(Grouped::default())
    }

    /// [`group_by_key`](Self::group_by_key) with serdes, or a name for the repartition topic.
    pub fn group_by_key_with(&self, grouped: impl Into<Grouped<K, V>>) -> KGroupedStream<K, V> {
        KGroupedStream::new(self.clone(), grouped.into())
    }
}

/// Grouping and joining drop null keys and values in Java; here the types say that there are none, and where they do not, the user is told.
pub(crate) fn refuse_nullable<K, V>(plan: &mut Plan, node: &str, what: &str) {
    refuse_nullable_keys::<K>(plan, node, what);
    refuse_null_values::<V>(plan, node, what);
}

/// The same for operators that take records without a value.
pub(crate) fn refuse_nullable_keys<K>(plan: &mut Plan, node: &str, what: &str) {
    let nullable = |name: &str| name.starts_with("core::option::Option<") || name == "()";
    if nullable(type_name::<K>()) {
        plan.error(format!(
            "{node}: {what} needs a key, but {} has room for null: call `skip_null_keys()` or `select_key(..)` first",
            type_name::<K>()
        ));
    }
}

/// The same for operators that take records without a key.
pub(crate) fn refuse_null_values<V>(plan: &mut Plan, node: &str, what: &str) {
    if type_name::<V>().starts_with("core::option::Option<") {
        plan.error(format!("{node}: {what} needs a value, but {} has room for null: call `skip_null_values()` first", type_name::<V>()));
    }
}

//! `filter` and `filter_not`.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Keeps the records for which `keep` is true.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 20), ("c", 30)], |stream| stream.filter(|_, value| *value > 10));
    /// assert_eq!(out, [("b".to_string(), 20), ("c".to_string(), 30)]);
    /// ```
    pub fn filter(&self, keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KStream<K, V> {
        self.filter_with(keep, Named::default())
    }

    /// [`filter`](Self::filter) with a name for its node.
    pub fn filter_with(&self, keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static, named: impl Into<Named>) -> KStream<K, V> {
        let keep = Arc::new(keep);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(Filter { keep: keep.clone(), next }) as Edge<K, V>);
        self.unchanged(self.add("KSTREAM-FILTER-", &named.into(), Box::new(make)))
    }

    /// Drops the records for which `drop` is true.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 20)], |stream| stream.filter_not(|_, value| *value > 10));
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    #[doc(alias = "filterNot")]
    pub fn filter_not(&self, drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KStream<K, V> {
        self.filter_not_with(drop, Named::default())
    }

    /// [`filter_not`](Self::filter_not) with a name for its node.
    pub fn filter_not_with(&self, drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static, named: impl Into<Named>) -> KStream<K, V> {
        self.filter_with(move |key, value| !drop(key, value), named)
    }

    /// [`filter`](Self::filter) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "17".to_string()), ("b", "3".to_string())], |stream| {
    ///     stream.try_filter(|_, text| Ok(text.parse::<i64>()? > 10))
    /// });
    /// assert_eq!(out, [("a".to_string(), "17".to_string())]);
    /// ```
    pub fn try_filter(&self, keep: impl Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync + 'static) -> KStream<K, V> {
        self.try_filter_with(keep, Named::default())
    }

    /// [`try_filter`](Self::try_filter) with a name for its node.
    pub fn try_filter_with(
        &self,
        keep: impl Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, V> {
        let keep = move |key, value| Ok(keep(&key, &value)?.then_some((key, value)));
        self.unchanged(self.add_fallible("KSTREAM-FILTER-", named, Key::Keeps, keep))
    }
}

struct Filter<F, K, V> {
    keep: Arc<F>,
    next: Edge<K, V>,
}

impl<K, V, F: Fn(&K, &V) -> bool> Process<K, V> for Filter<F, K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        if (self.keep)(&key, &value) { self.next.process(cx, key, value, meta) } else { Ok(()) }
    }
}

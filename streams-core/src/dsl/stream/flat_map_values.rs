//! `flat_map_values`: any number of values under the same key.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Replaces each value by any number of values under the same key. What the closure returns must own its items; where collecting them
    /// costs too much, use [`flat_map_values_emit`](Self::flat_map_values_emit).
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("k", "a b".to_string())], |stream| {
    ///     stream.flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    /// });
    /// assert_eq!(out, [("k".to_string(), "a".to_string()), ("k".to_string(), "b".to_string())]);
    /// ```
    #[doc(alias = "flatMapValues")]
    pub fn flat_map_values<VO: Data, I: IntoIterator<Item = VO> + 'static>(
        &self,
        f: impl Fn(V) -> I + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.flat_map_values_with(f, Named::default())
    }

    /// [`flat_map_values`](Self::flat_map_values) with a name for its node.
    pub fn flat_map_values_with<VO: Data, I: IntoIterator<Item = VO> + 'static>(
        &self,
        f: impl Fn(V) -> I + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        self.flat_map_values_with_key_with(move |_, value| f(value), named)
    }

    /// [`flat_map_values`](Self::flat_map_values) for a closure that also looks at the key.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("k", 2_i64)], |stream| {
    ///     stream.flat_map_values_with_key(|key, n| (0..n).map(|n| format!("{key}{n}")).collect::<Vec<_>>())
    /// });
    /// assert_eq!(out, [("k".to_string(), "k0".to_string()), ("k".to_string(), "k1".to_string())]);
    /// ```
    #[doc(alias = "ValueMapperWithKey")]
    pub fn flat_map_values_with_key<VO: Data, I: IntoIterator<Item = VO> + 'static>(
        &self,
        f: impl Fn(&K, V) -> I + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.flat_map_values_with_key_with(f, Named::default())
    }

    /// [`flat_map_values_with_key`](Self::flat_map_values_with_key) with a name for its node.
    pub fn flat_map_values_with_key_with<VO: Data, I: IntoIterator<Item = VO> + 'static>(
        &self,
        f: impl Fn(&K, V) -> I + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(FlatMapValues { f: f.clone(), next }) as Edge<K, V>);
        self.new_value(self.add("KSTREAM-FLATMAPVALUES-", &named.into(), Box::new(make)))
    }

    /// [`flat_map_values`](Self::flat_map_values) by pushing: the closure may hand out what it borrows from the value, and nothing is
    /// collected on the way.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("k", "a b".to_string())], |stream| {
    ///     stream.flat_map_values_emit(|line: &String, out| line.split_whitespace().for_each(|word| out.emit(word.to_owned())))
    /// });
    /// assert_eq!(out, [("k".to_string(), "a".to_string()), ("k".to_string(), "b".to_string())]);
    /// ```
    pub fn flat_map_values_emit<VO: Data>(&self, f: impl Fn(&V, &mut Emit<'_, VO>) + Send + Sync + 'static) -> KStream<K, VO> {
        self.flat_map_values_emit_with(f, Named::default())
    }

    /// [`flat_map_values_emit`](Self::flat_map_values_emit) with a name for its node.
    pub fn flat_map_values_emit_with<VO: Data>(
        &self,
        f: impl Fn(&V, &mut Emit<'_, VO>) + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(FlatMapValuesEmit { f: f.clone(), next }) as Edge<K, V>);
        self.new_value(self.add("KSTREAM-FLATMAPVALUES-", &named.into(), Box::new(make)))
    }

    /// [`flat_map_values`](Self::flat_map_values) whose closure may fail: an error goes to the processing exception handler, which fails the task
    /// (the default) or leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "1,2".to_string())], |stream| {
    ///     stream.try_flat_map_values(|list| Ok(list.split(',').map(str::parse).collect::<Result<Vec<i64>, _>>()?))
    /// });
    /// assert_eq!(out, [("a".to_string(), 1), ("a".to_string(), 2)]);
    /// ```
    pub fn try_flat_map_values<VO: Data, I: IntoIterator<Item = VO> + 'static>(
        &self,
        f: impl Fn(V) -> Result<I, BoxError> + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.try_flat_map_values_with(f, Named::default())
    }

    /// [`try_flat_map_values`](Self::try_flat_map_values) with a name for its node.
    pub fn try_flat_map_values_with<VO: Data, I: IntoIterator<Item = VO> + 'static>(
        &self,
        f: impl Fn(V) -> Result<I, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let f = move |key: K, value| Ok(f(value)?.into_iter().map(move |value| (key.clone(), value)));
        self.new_value(self.add_fallible("KSTREAM-FLATMAPVALUES-", named, Key::Keeps, f))
    }
}

/// Takes the values that a closure pushes.
pub struct Emit<'a, V> {
    push: &'a mut dyn FnMut(V),
}

impl<V> Emit<'_, V> {
    /// Passes one value on.
    pub fn emit(&mut self, value: V) {
        (self.push)(value);
    }
}

impl<V> std::fmt::Debug for Emit<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emit")
    }
}

struct FlatMapValues<F, K, VO> {
    f: Arc<F>,
    next: Edge<K, VO>,
}

impl<K: Clone, V, VO, I: IntoIterator<Item = VO>, F: Fn(&K, V) -> I> Process<K, V> for FlatMapValues<F, K, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        (self.f)(&key, value).into_iter().try_for_each(|value| self.next.process(cx, key.clone(), value, meta))
    }
}

struct FlatMapValuesEmit<F, K, VO> {
    f: Arc<F>,
    next: Edge<K, VO>,
}

impl<K: Clone, V, VO, F: Fn(&V, &mut Emit<'_, VO>)> Process<K, V> for FlatMapValuesEmit<F, K, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let mut result = Ok(());
        let next = &mut self.next;
        let mut push = |value| {
            if result.is_ok() {
                result = next.process(cx, key.clone(), value, meta);
            }
        };
        (self.f)(&value, &mut Emit { push: &mut push });
        result
    }
}

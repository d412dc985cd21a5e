//! `map_values`: a new value under the same key.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Replaces each value. The key stays, so nothing is repartitioned.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.map_values(|value| value * 2));
    /// assert_eq!(out, [("a".to_string(), 2)]);
    /// ```
    #[doc(alias = "mapValues")]
    pub fn map_values<VO: Data>(&self, f: impl Fn(V) -> VO + Send + Sync + 'static) -> KStream<K, VO> {
        self.map_values_with(f, Named::default())
    }

    /// [`map_values`](Self::map_values) with a name for its node.
    pub fn map_values_with<VO: Data>(&self, f: impl Fn(V) -> VO + Send + Sync + 'static, named: impl Into<Named>) -> KStream<K, VO> {
        self.map_values_with_key_with(move |_, value| f(value), named)
    }

    /// [`map_values`](Self::map_values) for a closure that also looks at the key.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.map_values_with_key(|key, value| format!("{key}{value}")));
    /// assert_eq!(out, [("a".to_string(), "a1".to_string())]);
    /// ```
    #[doc(alias = "ValueMapperWithKey")]
    pub fn map_values_with_key<VO: Data>(&self, f: impl Fn(&K, V) -> VO + Send + Sync + 'static) -> KStream<K, VO> {
        self.map_values_with_key_with(f, Named::default())
    }

    /// [`map_values_with_key`](Self::map_values_with_key) with a name for its node.
    pub fn map_values_with_key_with<VO: Data>(
        &self,
        f: impl Fn(&K, V) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(MapValues { f: f.clone(), next }) as Edge<K, V>);
        self.new_value(self.add("KSTREAM-MAPVALUES-", &named.into(), Box::new(make)))
    }

    /// [`map_values`](Self::map_values) whose closure may fail: an error goes to the processing exception handler, which fails the task (the
    /// default) or leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "17".to_string())], |stream| stream.try_map_values(|text| Ok(text.parse::<i64>()?)));
    /// assert_eq!(out, [("a".to_string(), 17)]);
    /// ```
    pub fn try_map_values<VO: Data>(&self, f: impl Fn(V) -> Result<VO, BoxError> + Send + Sync + 'static) -> KStream<K, VO> {
        self.try_map_values_with(f, Named::default())
    }

    /// [`try_map_values`](Self::try_map_values) with a name for its node.
    pub fn try_map_values_with<VO: Data>(
        &self,
        f: impl Fn(V) -> Result<VO, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        self.try_map_values_with_key_with(move |_, value| f(value), named)
    }

    /// [`try_map_values`](Self::try_map_values) for a closure that also looks at the key.
    pub fn try_map_values_with_key<VO: Data>(&self, f: impl Fn(&K, V) -> Result<VO, BoxError> + Send + Sync + 'static) -> KStream<K, VO> {
        self.try_map_values_with_key_with(f, Named::default())
    }

    /// [`try_map_values_with_key`](Self::try_map_values_with_key) with a name for its node.
    pub fn try_map_values_with_key_with<VO: Data>(
        &self,
        f: impl Fn(&K, V) -> Result<VO, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let f = move |key: K, value| {
            let value = f(&key, value)?;
            Ok(Some((key, value)))
        };
        self.new_value(self.add_fallible("KSTREAM-MAPVALUES-", named, Key::Keeps, f))
    }
}

struct MapValues<F, K, VO> {
    f: Arc<F>,
    next: Edge<K, VO>,
}

impl<K, V, VO, F: Fn(&K, V) -> VO> Process<K, V> for MapValues<F, K, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let value = (self.f)(&key, value);
        self.next.process(cx, key, value, meta)
    }
}

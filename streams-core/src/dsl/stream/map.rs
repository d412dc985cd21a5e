//! `map`: a new key and a new value.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Replaces key and value. A later grouping or join writes the records to a repartition topic first, because the key may have changed;
    /// where it does not, use [`map_values`](Self::map_values).
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.map(|key, value| (value, key)));
    /// assert_eq!(out, [(1, "a".to_string())]);
    /// ```
    pub fn map<KO: Data, VO: Data>(&self, f: impl Fn(K, V) -> (KO, VO) + Send + Sync + 'static) -> KStream<KO, VO> {
        self.map_with(f, Named::default())
    }

    /// [`map`](Self::map) with a name for its node.
    pub fn map_with<KO: Data, VO: Data>(
        &self,
        f: impl Fn(K, V) -> (KO, VO) + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, VO> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(Map { f: f.clone(), next }) as Edge<K, V>);
        self.new_key(self.add("KSTREAM-MAP-", &named.into(), Box::new(make)))
    }

    /// [`map`](Self::map) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("17", 1_i64)], |stream| stream.try_map(|key, value| Ok((key.parse::<i64>()?, value))));
    /// assert_eq!(out, [(17, 1)]);
    /// ```
    pub fn try_map<KO: Data, VO: Data>(&self, f: impl Fn(K, V) -> Result<(KO, VO), BoxError> + Send + Sync + 'static) -> KStream<KO, VO> {
        self.try_map_with(f, Named::default())
    }

    /// [`try_map`](Self::try_map) with a name for its node.
    pub fn try_map_with<KO: Data, VO: Data>(
        &self,
        f: impl Fn(K, V) -> Result<(KO, VO), BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, VO> {
        self.new_key(self.add_fallible("KSTREAM-MAP-", named, Key::Changes, move |key, value| Ok(Some(f(key, value)?))))
    }
}

struct Map<F, KO, VO> {
    f: Arc<F>,
    next: Edge<KO, VO>,
}

impl<K, V, KO, VO, F: Fn(K, V) -> (KO, VO)> Process<K, V> for Map<F, KO, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let (key, value) = (self.f)(key, value);
        self.next.process(cx, key, value, &meta.with_new_key())
    }
}

//! `flat_map`: any number of records from one.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Replaces each record by any number of records, keys included; see [`map`](Self::map) for what that means for a later grouping.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 2_i64)], |stream| stream.flat_map(|key, value| [(key.clone(), value), (key, value + 1)]));
    /// assert_eq!(out, [("a".to_string(), 2), ("a".to_string(), 3)]);
    /// ```
    #[doc(alias = "flatMap")]
    pub fn flat_map<KO: Data, VO: Data, I: IntoIterator<Item = (KO, VO)> + 'static>(
        &self,
        f: impl Fn(K, V) -> I + Send + Sync + 'static,
    ) -> KStream<KO, VO> {
        self.flat_map_with(f, Named::default())
    }

    /// [`flat_map`](Self::flat_map) with a name for its node.
    pub fn flat_map_with<KO: Data, VO: Data, I: IntoIterator<Item = (KO, VO)> + 'static>(
        &self,
        f: impl Fn(K, V) -> I + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, VO> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(FlatMap { f: f.clone(), next }) as Edge<K, V>);
        self.new_key(self.add("KSTREAM-FLATMAP-", &named.into(), Box::new(make)))
    }

    /// [`flat_map`](Self::flat_map) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default)
    /// or leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "1,2".to_string())], |stream| {
    ///     stream.try_flat_map(|key, list| {
    ///         let numbers: Vec<i64> = list.split(',').map(str::parse).collect::<Result<_, _>>()?;
    ///         Ok(numbers.into_iter().map(move |number| (key.clone(), number)))
    ///     })
    /// });
    /// assert_eq!(out, [("a".to_string(), 1), ("a".to_string(), 2)]);
    /// ```
    pub fn try_flat_map<KO: Data, VO: Data, I: IntoIterator<Item = (KO, VO)> + 'static>(
        &self,
        f: impl Fn(K, V) -> Result<I, BoxError> + Send + Sync + 'static,
    ) -> KStream<KO, VO> {
        self.try_flat_map_with(f, Named::default())
    }

    /// [`try_flat_map`](Self::try_flat_map) with a name for its node.
    pub fn try_flat_map_with<KO: Data, VO: Data, I: IntoIterator<Item = (KO, VO)> + 'static>(
        &self,
        f: impl Fn(K, V) -> Result<I, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, VO> {
        self.new_key(self.add_fallible("KSTREAM-FLATMAP-", named, Key::Changes, f))
    }
}

struct FlatMap<F, KO, VO> {
    f: Arc<F>,
    next: Edge<KO, VO>,
}

impl<K, V, KO, VO, I: IntoIterator<Item = (KO, VO)>, F: Fn(K, V) -> I> Process<K, V> for FlatMap<F, KO, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let meta = meta.with_new_key();
        (self.f)(key, value).into_iter().try_for_each(|(key, value)| self.next.process(cx, key, value, &meta))
    }
}

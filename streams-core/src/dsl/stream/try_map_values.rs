//! `try_map_values`: a mapping that may fail.

use super::KStream;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`map_values`](Self::map_values) whose closure may fail: an error goes to the processing exception handler, which fails the task
    /// (the default) or skips the record.
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
        let f = Arc::new(f);
        let make =
            move |env: &mut GraphEnv<'_>, next| Ok(Box::new(TryMapValues { name: env.node_name(), f: f.clone(), next }) as Edge<K, V>);
        self.new_value(self.add("KSTREAM-MAPVALUES-", &named.into(), Box::new(make)))
    }
}

struct TryMapValues<F, K, VO> {
    name: Arc<str>,
    f: Arc<F>,
    next: Edge<K, VO>,
}

impl<K, V, VO, F: Fn(V) -> Result<VO, BoxError>> Process<K, V> for TryMapValues<F, K, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        match (self.f)(value) {
            Ok(value) => self.next.process(cx, key, value, meta),
            Err(error) => cx.user_error(&self.name, error),
        }
    }
}

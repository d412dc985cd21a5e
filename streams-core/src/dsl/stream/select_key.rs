//! `select_key`: a new key for the same value.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Gives each record another key. A later grouping or join writes the records to a repartition topic first.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 7_i64)], |stream| stream.select_key(|_, value| *value));
    /// assert_eq!(out, [(7, 7)]);
    /// ```
    #[doc(alias = "selectKey")]
    pub fn select_key<KO: Data>(&self, f: impl Fn(&K, &V) -> KO + Send + Sync + 'static) -> KStream<KO, V> {
        self.select_key_with(f, Named::default())
    }

    /// [`select_key`](Self::select_key) with a name for its node.
    pub fn select_key_with<KO: Data>(&self, f: impl Fn(&K, &V) -> KO + Send + Sync + 'static, named: impl Into<Named>) -> KStream<KO, V> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(SelectKey { f: f.clone(), next }) as Edge<K, V>);
        let added = self.add("KSTREAM-KEY-SELECT-", &named.into(), Box::new(make));
        KStream { value_serde: self.value_serde.clone(), ..self.new_key(added) }
    }

    /// [`select_key`](Self::select_key) whose closure may fail: an error goes to the processing exception handler, which fails the task (the
    /// default) or leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "7".to_string())], |stream| stream.try_select_key(|_, text| Ok(text.parse::<i64>()?)));
    /// assert_eq!(out, [(7, "7".to_string())]);
    /// ```
    pub fn try_select_key<KO: Data>(&self, f: impl Fn(&K, &V) -> Result<KO, BoxError> + Send + Sync + 'static) -> KStream<KO, V> {
        self.try_select_key_with(f, Named::default())
    }

    /// [`try_select_key`](Self::try_select_key) with a name for its node.
    pub fn try_select_key_with<KO: Data>(
        &self,
        f: impl Fn(&K, &V) -> Result<KO, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, V> {
        let f = move |key, value| Ok(Some((f(&key, &value)?, value)));
        let added = self.add_fallible("KSTREAM-KEY-SELECT-", named, Key::Changes, f);
        KStream { value_serde: self.value_serde.clone(), ..self.new_key(added) }
    }
}

struct SelectKey<F, KO, V> {
    f: Arc<F>,
    next: Edge<KO, V>,
}

impl<K, V, KO, F: Fn(&K, &V) -> KO> Process<K, V> for SelectKey<F, KO, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let key = (self.f)(&key, &value);
        self.next.process(cx, key, value, &meta.with_new_key())
    }
}

//! `peek`: look at records as they pass.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Calls `f` for each record and passes it on. What `f` does is outside of any guarantee: after a failure records are seen again.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.peek(|key, value| println!("{key} = {value}")));
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn peek(&self, f: impl Fn(&K, &V) + Send + Sync + 'static) -> KStream<K, V> {
        self.peek_with(f, Named::default())
    }

    /// [`peek`](Self::peek) with a name for its node.
    pub fn peek_with(&self, f: impl Fn(&K, &V) + Send + Sync + 'static, named: impl Into<Named>) -> KStream<K, V> {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, next| Ok(Box::new(Peek { f: f.clone(), next }) as Edge<K, V>);
        self.unchanged(self.add("KSTREAM-PEEK-", &named.into(), Box::new(make)))
    }

    /// [`peek`](Self::peek) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`. A check that all records must pass.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.try_peek(|_, value| u8::try_from(*value).map(drop).map_err(Into::into)));
    /// assert_eq!(out, [("a".to_string(), 1)]);
    /// ```
    pub fn try_peek(&self, f: impl Fn(&K, &V) -> Result<(), BoxError> + Send + Sync + 'static) -> KStream<K, V> {
        self.try_peek_with(f, Named::default())
    }

    /// [`try_peek`](Self::try_peek) with a name for its node.
    pub fn try_peek_with(
        &self,
        f: impl Fn(&K, &V) -> Result<(), BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, V> {
        let f = move |key, value| f(&key, &value).map(|()| Some((key, value)));
        self.unchanged(self.add_fallible("KSTREAM-PEEK-", named, Key::Keeps, f))
    }
}

struct Peek<F, K, V> {
    f: Arc<F>,
    next: Edge<K, V>,
}

impl<K, V, F: Fn(&K, &V)> Process<K, V> for Peek<F, K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        (self.f)(&key, &value);
        self.next.process(cx, key, value, meta)
    }
}

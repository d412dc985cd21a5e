//! The one node behind all operators whose closures may fail.

use super::{Added, KStream};
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Adds a node that passes on what `f` makes of a record. Where `f` fails, the processing handler decides, and nothing was passed on.
    pub(super) fn add_fallible<KO: Data, VO: Data, I: IntoIterator<Item = (KO, VO)> + 'static>(
        &self,
        prefix: &str,
        named: impl Into<Named>,
        key: Key,
        f: impl Fn(K, V) -> Result<I, BoxError> + Send + Sync + 'static,
    ) -> Added {
        let f = Arc::new(f);
        let make =
            move |env: &mut GraphEnv<'_>, next| Ok(Box::new(Fallible { name: env.node_name(), f: f.clone(), key, next }) as Edge<K, V>);
        self.add(prefix, &named.into(), Box::new(make))
    }
}

/// What a closure does to keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Keeps,
    Changes,
}

struct Fallible<F, KO, VO> {
    name: Arc<str>,
    f: Arc<F>,
    key: Key,
    next: Edge<KO, VO>,
}

impl<K, V, KO, VO, I, F> Process<K, V> for Fallible<F, KO, VO>
where
    I: IntoIterator<Item = (KO, VO)>,
    F: Fn(K, V) -> Result<I, BoxError>,
{
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let meta = if self.key == Key::Keeps { *meta } else { meta.with_new_key() };
        match (self.f)(key, value) {
            Ok(records) => records.into_iter().try_for_each(|(key, value)| self.next.process(cx, key, value, &meta)),
            Err(error) => cx.user_error(&self.name, error),
        }
    }
}

//! What becomes of one branch of a split.

use crate::dsl::KStream;
use crate::plan::Named;
use std::fmt;

type Then<K, V> = Box<dyn FnOnce(KStream<K, V>) -> Option<KStream<K, V>>>;

/// A branch of a split: its name, and what follows it. A `&str` is a name.
///
/// ```
/// # use streams_core::{Branched, KStream, testing::through};
/// let out = through([("a", 1_i64), ("b", 20)], |stream| {
///     let negative = Branched::function(|large: KStream<String, i64>| large.map_values(|value| -value)).named("large");
///     let branches = stream.split().branch_with(|_, value| *value > 10, negative).default_branch_with("rest");
///     branches.get("large").expect("declared above").merge(branches.get("rest").expect("declared above"))
/// });
/// assert_eq!(out, [("a".to_string(), 1), ("b".to_string(), -20)]);
/// ```
pub struct Branched<K, V> {
    pub(crate) named: Named,
    pub(crate) then: Option<Then<K, V>>,
}

impl<K: 'static, V: 'static> Branched<K, V> {
    /// `f` ends the branch, for example in a topic. It is not among the [`Branches`](crate::Branches) of the split.
    #[doc(alias = "withConsumer")]
    pub fn consumer(f: impl FnOnce(KStream<K, V>) + 'static) -> Self {
        let then = |stream| {
            f(stream);
            None
        };
        Branched { named: Named::default(), then: Some(Box::new(then)) }
    }

    /// What `f` makes of the branch is found under the branch's name.
    #[doc(alias = "withFunction")]
    pub fn function(f: impl FnOnce(KStream<K, V>) -> KStream<K, V> + 'static) -> Self {
        Branched { named: Named::default(), then: Some(Box::new(|stream| Some(f(stream)))) }
    }

    /// A name, which stands behind the split's; without one it is the position.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }
}

impl<K, V> From<Named> for Branched<K, V> {
    fn from(named: Named) -> Self {
        Branched { named, then: None }
    }
}

impl<K, V> From<&str> for Branched<K, V> {
    fn from(name: &str) -> Self {
        Named::new(name).into()
    }
}

impl<K, V> fmt::Debug for Branched<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branched").field("named", &self.named).finish_non_exhaustive()
    }
}

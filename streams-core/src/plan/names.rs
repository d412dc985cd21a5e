//! Names of nodes and stores, from one counter that moves exactly as Java's does: internal topics are named after them, so a topology
//! taken over from Java finds its topics.

use super::Plan;
use std::sync::Arc;

/// A name for an operator, which is then the name of its node, in place of a generated one.
///
/// ```
/// use streams_core::Named;
/// let named: Named = "only-large-orders".into();
/// # let _ = named;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Named(Option<Arc<str>>);

impl Named {
    /// The operator's node gets this name. Letters, digits, `.`, `_` and `-`, at most 249 characters.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Named(Some(name.into()))
    }

    pub(crate) fn get(&self) -> Option<&Arc<str>> {
        self.0.as_ref()
    }
}

impl<S: Into<Arc<str>>> From<S> for Named {
    fn from(name: S) -> Self {
        Named::new(name)
    }
}

/// The counter.
#[derive(Default)]
pub(crate) struct Names {
    next: u32,
}

impl Names {
    fn burn(&mut self) -> u32 {
        let index = self.next;
        self.next += 1;
        index
    }

    /// `KSTREAM-FILTER-0000000003`
    pub fn processor(&mut self, prefix: &str) -> Arc<str> {
        format!("{prefix}{:010}", self.burn()).into()
    }

    /// `KSTREAM-AGGREGATE-STATE-STORE-0000000003`
    pub fn store(&mut self, prefix: &str) -> Arc<str> {
        format!("{prefix}STATE-STORE-{:010}", self.burn()).into()
    }
}

impl Plan {
    /// The given name, or a generated one; the counter moves in both cases.
    pub fn processor_name(&mut self, named: &Named, prefix: &str) -> Arc<str> {
        let generated = self.names.processor(prefix);
        self.given(named).unwrap_or(generated)
    }

    /// The given name with a suffix, or a generated one; the counter moves in both cases.
    pub fn processor_name_suffixed(&mut self, named: &Named, suffix: &str, prefix: &str) -> Arc<str> {
        let generated = self.names.processor(prefix);
        self.given(named).map_or(generated, |name| format!("{name}{suffix}").into())
    }

    /// The given name, or a generated one; the counter moves only in the second case.
    pub fn processor_name_lazy(&mut self, named: &Named, prefix: &str) -> Arc<str> {
        self.given(named).unwrap_or_else(|| self.names.processor(prefix))
    }

    /// The given name of a store, or a generated one, which is noted.
    pub fn store_name(&mut self, given: Option<&Arc<str>>, prefix: &str) -> Arc<str> {
        given.cloned().unwrap_or_else(|| {
            let name = self.names.store(prefix);
            self.generated.insert(name.clone());
            name
        })
    }

    /// Notes that the name of a store or of a repartition topic comes from the counter, unless the user has given something to name it after.
    pub fn note_generated(&mut self, name: &Arc<str>, is_given: bool) {
        if !is_given {
            self.generated.insert(name.clone());
        }
    }

    fn given(&mut self, named: &Named) -> Option<Arc<str>> {
        let name = named.get()?.clone();
        self.check_name(&name);
        Some(name)
    }

    /// Kafka's rule for topic names, which all names must follow because topics are named after them.
    pub fn check_name(&mut self, name: &str) {
        self.check("name", name);
    }

    /// The same for the name of a topic of the user.
    pub fn check_topic(&mut self, name: &str) {
        self.check("topic name", name);
    }

    fn check(&mut self, what: &str, name: &str) {
        let legal = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if name.is_empty() || name == "." || name == ".." || name.len() > 249 || !legal {
            self.error(format!("the {what} {name:?} is not allowed: use 1 to 249 letters, digits, `.`, `_` or `-`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_burn_as_javas() {
        let mut plan = Plan::default();
        assert_eq!(&*plan.processor_name(&Named::default(), "KSTREAM-SOURCE-"), "KSTREAM-SOURCE-0000000000");
        assert_eq!(&*plan.processor_name(&"mine".into(), "KSTREAM-FILTER-"), "mine");
        assert_eq!(&*plan.processor_name_lazy(&"lazy".into(), "KSTREAM-PROCESSOR-"), "lazy");
        assert_eq!(&*plan.names.store("KSTREAM-REDUCE-"), "KSTREAM-REDUCE-STATE-STORE-0000000002");
    }

    #[test]
    fn illegal_names_are_told() {
        let mut plan = Plan::default();
        for name in ["", ".", "..", "a b", "ü"] {
            plan.check_name(name);
        }
        assert_eq!(plan.errors.len(), 5);
    }
}

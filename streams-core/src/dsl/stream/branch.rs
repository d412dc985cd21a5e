//! `split`: one stream into several.

use super::{Added, KStream, processor};
use crate::dsl::options::Branched;
use crate::exec::{Built, Cx, Edge, ErasedEdge, GraphEnv, Meta, NodeFactory, Process, Types};
use crate::plan::{Named, Role, Target};
use crate::{BoxError, Data, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

type Predicate<K, V> = Arc<dyn Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync>;

impl<K: Data, V: Data> KStream<K, V> {
    /// Sends each record to the first branch that wants it.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 20)], |stream| {
    ///     let branches = stream.split().branch_with(|_, value| *value > 10, "large").default_branch_with("rest");
    ///     branches.get("large").expect("declared above").map_values(|value| -value).merge(branches.get("rest").expect("declared above"))
    /// });
    /// assert_eq!(out, [("a".to_string(), 1), ("b".to_string(), -20)]);
    /// ```
    pub fn split(&self) -> BranchedKStream<K, V> {
        self.split_with(Named::default())
    }

    /// [`split`](Self::split) with a name for its node, which is also the prefix of the branches' names.
    pub fn split_with(&self, named: impl Into<Named>) -> BranchedKStream<K, V> {
        let predicates: Arc<Mutex<Vec<Predicate<K, V>>>> = Arc::default();
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&named.into(), "KSTREAM-BRANCH-");
        let shared = predicates.clone();
        let write = move |target: &mut Target<'_>| {
            let predicates: Arc<[Predicate<K, V>]> = shared.lock().unwrap_or_else(PoisonError::into_inner).clone().into();
            let factory = BranchFactory { predicates };
            target.builder.add_processor(&target.name, &target.parents, Arc::new(factory))
        };
        let node = plan.add(name.clone(), &[self.node], Role::Other, Arc::new(write));
        drop(plan);
        BranchedKStream { splitter: self.unchanged(Added { node, name }), predicates, streams: BTreeMap::new(), count: 0 }
    }
}

/// A stream being split; see [`KStream::split`].
#[must_use = "end it with `default_branch` or `no_default_branch`"]
pub struct BranchedKStream<K, V> {
    splitter: KStream<K, V>,
    predicates: Arc<Mutex<Vec<Predicate<K, V>>>>,
    streams: BTreeMap<String, KStream<K, V>>,
    count: usize,
}

impl<K, V> std::fmt::Debug for BranchedKStream<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BranchedKStream({})", self.splitter.name)
    }
}

/// The branches by name.
#[derive(Debug)]
pub struct Branches<K, V> {
    prefix: Arc<str>,
    streams: BTreeMap<String, KStream<K, V>>,
}

impl<K, V> Branches<K, V> {
    /// The branch by its own name (`large`), by its position (`1`, `2`, …; `0` is the default branch), or by its full name.
    pub fn get(&self, name: &str) -> Option<&KStream<K, V>> {
        self.streams.get(&format!("{}{name}", self.prefix)).or_else(|| self.streams.get(name))
    }

    /// All branches by full name, as Java's map.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &KStream<K, V>)> {
        self.streams.iter().map(|(name, stream)| (name.as_str(), stream))
    }
}

impl<K: Data, V: Data> BranchedKStream<K, V> {
    /// Records for which `wants` is true and no earlier branch was. Its name is the split's with the position behind.
    pub fn branch(self, wants: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        self.branch_with(wants, Named::default())
    }

    /// [`branch`](Self::branch) with a name (a `&str`), or with what follows it: see [`Branched`].
    pub fn branch_with(self, wants: impl Fn(&K, &V) -> bool + Send + Sync + 'static, branched: impl Into<Branched<K, V>>) -> Self {
        self.try_branch_with(move |key, value| Ok(wants(key, value)), branched)
    }

    /// [`branch`](Self::branch) whose closure may fail: an error goes to the processing exception handler, with the name of the split's node. It
    /// fails the task (the default) or leaves the record out, counted as `processing`: no later branch gets it, the default one neither.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "17".to_string()), ("b", "3".to_string())], |stream| {
    ///     let branches = stream.split().try_branch_with(|_, text| Ok(text.parse::<i64>()? > 10), "large").no_default_branch();
    ///     branches.get("large").expect("declared above").clone()
    /// });
    /// assert_eq!(out, [("a".to_string(), "17".to_string())]);
    /// ```
    pub fn try_branch(self, wants: impl Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync + 'static) -> Self {
        self.try_branch_with(wants, Named::default())
    }

    /// [`try_branch`](Self::try_branch) with a name, or with what follows it.
    pub fn try_branch_with(
        self,
        wants: impl Fn(&K, &V) -> Result<bool, BoxError> + Send + Sync + 'static,
        branched: impl Into<Branched<K, V>>,
    ) -> Self {
        self.add(Some(Arc::new(wants)), branched.into())
    }

    /// All other records go to branch `0`.
    #[doc(alias = "defaultBranch")]
    pub fn default_branch(self) -> Branches<K, V> {
        self.default_branch_with(Named::default())
    }

    /// [`default_branch`](Self::default_branch) with a name, or with what follows it.
    pub fn default_branch_with(self, branched: impl Into<Branched<K, V>>) -> Branches<K, V> {
        self.add(None, branched.into()).no_default_branch()
    }

    /// All other records are dropped, on purpose and uncounted.
    #[doc(alias = "noDefaultBranch")]
    pub fn no_default_branch(self) -> Branches<K, V> {
        Branches { prefix: self.splitter.name, streams: self.streams }
    }

    fn add(mut self, wants: Option<Predicate<K, V>>, branched: Branched<K, V>) -> Self {
        let position = match wants {
            Some(_) => {
                self.count += 1;
                self.count
            }
            None => 0,
        };
        let mut plan = self.splitter.plan.lock();
        plan.processor_name(&Named::default(), "KSTREAM-BRANCHCHILD-"); // Java burns an index that it never shows
        let suffix = branched.named.get().map_or_else(|| position.to_string(), ToString::to_string);
        let name: Arc<str> = format!("{}{suffix}", self.splitter.name).into();
        plan.check_name(&name);
        let write = processor::<K, V, K, V>(Box::new(|_, next| Ok(Box::new(super::merge::PassThrough(next)))));
        let node = plan.add(name.clone(), &[self.splitter.node], Role::Other, write);
        drop(plan);
        self.predicates.lock().unwrap_or_else(PoisonError::into_inner).push(wants.unwrap_or_else(|| Arc::new(|_, _| Ok(true))));
        let stream = self.splitter.unchanged(Added { node, name: name.clone() });
        let kept = match branched.then {
            Some(then) => then(stream),
            None => Some(stream),
        };
        self.streams.extend(kept.map(|stream| (name.to_string(), stream)));
        self
    }
}

/// Unlike other nodes it keeps its children apart.
struct BranchFactory<K, V> {
    predicates: Arc<[Predicate<K, V>]>,
}

impl<K: Data, V: Data> NodeFactory for BranchFactory<K, V> {
    fn input(&self) -> Option<Types> {
        Some(Types::of::<K, V>())
    }
    fn output(&self) -> Option<Types> {
        self.input()
    }
    fn build(&self, env: &mut GraphEnv<'_>, next: Vec<ErasedEdge>) -> Result<Built> {
        let children = next.into_iter().map(|edge| ErasedEdge::join(vec![edge])).collect();
        let branch = Branch { name: env.node_name(), predicates: self.predicates.clone(), children };
        Ok(Built::Edge(ErasedEdge::new(Box::new(branch) as Edge<K, V>)))
    }
}

struct Branch<K, V> {
    name: Arc<str>,
    predicates: Arc<[Predicate<K, V>]>,
    children: Vec<Edge<K, V>>,
}

impl<K, V> Process<K, V> for Branch<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        for (wants, child) in self.predicates.iter().zip(&mut self.children) {
            match wants(&key, &value) {
                Ok(true) => return child.process(cx, key, value, meta),
                Ok(false) => {}
                Err(error) => return cx.user_error(&self.name, error),
            }
        }
        Ok(())
    }
}

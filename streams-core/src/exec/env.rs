//! What nodes are made with.

use super::cx::{Collector, Cx};
use super::edge::{Edge, Process, Shared};
use super::facts::TaskFacts;
use super::globals::GlobalStores;
use super::graph::{Maintain, Outside};
use super::kept::KeptNumbers;
use super::stores::StoreSlots;
use super::timers::{PunctuationType, TimerId, Timers};
use super::wrapper::{Around, WrappedMaintain};
use crate::{BoxError, Error, ErrorKind, Result, TaskId};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use streams_state::store::StateStore;

/// What factories may ask for while a graph is built.
pub struct GraphEnv<'a> {
    stores: &'a mut StoreSlots,
    globals: &'a GlobalStores,
    maintained: Vec<Box<dyn Maintain>>,
    /// By the index of a maintained node: what it is called.
    maintained_names: Vec<Arc<str>>,
    shared: HashMap<(String, TypeId), Rc<dyn Any>>,
    timers: Timers,
    /// Why a punctuation of the node being built cannot be scheduled: the supplier that asked has no error to give.
    unscheduled: Option<BoxError>,
    out: &'a mut dyn Collector,
    kept: &'a mut KeptNumbers,
    application_id: &'a str,
    task_id: TaskId,
    facts: Arc<TaskFacts>,
    stream_time: i64,
    now: i64,
    /// Name of the node being built.
    pub(super) node: Arc<str>,
    /// Names of its children, in the order of the edges to them.
    pub(super) children: Vec<Arc<str>>,
}

impl<'a> GraphEnv<'a> {
    /// For the nodes of one graph, or for a node alone. `cx` has timers already where nodes were made before.
    pub(crate) fn new(stores: &'a mut StoreSlots, globals: &'a GlobalStores, application_id: &'a str, cx: &'a mut Cx) -> Self {
        GraphEnv {
            stores,
            globals,
            maintained: Vec::new(),
            maintained_names: Vec::new(),
            shared: HashMap::new(),
            timers: std::mem::take(&mut cx.timers),
            unscheduled: None,
            out: &mut *cx.out,
            kept: &mut cx.kept,
            application_id,
            task_id: cx.task_id,
            facts: cx.facts.clone(),
            stream_time: cx.stream_time,
            now: cx.wall_clock,
            node: "".into(),
            children: Vec::new(),
        }
    }

    /// For the node of that name.
    pub(crate) fn at(self, node: Arc<str>) -> Self {
        GraphEnv { node, ..self }
    }

    /// The punctuations that were asked for, and what is to be called between records, with its names.
    pub(crate) fn finish(self) -> (Timers, Vec<Box<dyn Maintain>>, Vec<Arc<str>>) {
        (self.timers, self.maintained, self.maintained_names)
    }

    /// The store of that name.
    pub(crate) fn store<S: StateStore>(&mut self, name: &str) -> Result<Rc<RefCell<S>>> {
        match self.stores.index_of(name) {
            Some(index) => self.stores.typed(index),
            None => {
                Err(Error::new(ErrorKind::Topology, format!("node {} uses store {name}, which is not part of its sub-topology", self.node)))
            }
        }
    }

    /// Whether the store of that name is an `S`.
    pub(crate) fn store_is<S: StateStore>(&self, name: &str) -> bool {
        self.stores.index_of(name).is_some_and(|index| self.stores.is::<S>(index))
    }

    /// What nodes of one operator have in common beside stores: the first that asks for this name and type makes it. It lives as long as they
    /// do, so it may only hold what need not outlive an abort.
    pub(crate) fn shared<T: 'static>(&mut self, name: &str, make: impl FnOnce(&mut Self) -> T) -> Rc<T> {
        let key = (name.to_owned(), TypeId::of::<T>());
        if let Some(shared) = self.shared.get(&key) {
            return shared.clone().downcast().expect("the type is part of the key");
        }
        let made = Rc::new(make(self));
        self.shared.insert(key, made.clone());
        made
    }

    /// The reader of the global store of that name: a `KvReader` or `StoreReader` of its types.
    pub(crate) fn global_store<R: Clone + 'static>(&mut self, name: &str) -> Result<R> {
        self.globals.reader(name, &self.node)
    }

    /// Registers a node for flush, eviction and punctuation; the answer names it to `Cx::touched` and to timers.
    pub(crate) fn maintain(&mut self, node: Box<dyn Maintain>) -> usize {
        self.maintained.push(node);
        self.maintained_names.push(self.node.clone());
        self.maintained.len() - 1
    }

    /// Registers a node that also its parents call, and gives the edge to it.
    pub(crate) fn maintained<K, V, N: Process<K, V> + Maintain + 'static>(&mut self, node: N) -> Edge<K, V> {
        let node = Rc::new(RefCell::new(node));
        self.maintain(Box::new(Outside(node.clone())));
        Box::new(Shared(node))
    }

    /// Puts code around what was registered since there were `from` nodes.
    pub(super) fn wrap_maintained(&mut self, from: usize, around: &Around) {
        let of_node = self.maintained.split_off(from);
        let wrapped = of_node.into_iter().map(|node| Box::new(WrappedMaintain { around: around.clone(), node }) as Box<dyn Maintain>);
        self.maintained.extend(wrapped);
    }

    /// The index that the next call of `maintain` will give.
    pub(crate) fn next_maintained(&self) -> usize {
        self.maintained.len()
    }

    /// What cannot be scheduled fails the node once it is made.
    pub(crate) fn schedule(&mut self, kind: PunctuationType, interval: Duration, start: Option<i64>) -> TimerId {
        let now = kind.of(self.stream_time, self.now);
        match self.timers.add(self.next_maintained(), kind, interval, start, now) {
            Ok(timer) => timer,
            Err(error) => {
                self.unscheduled.get_or_insert(error);
                TimerId::NONE
            }
        }
    }

    /// The first mistake in what was scheduled since the last call.
    pub(crate) fn scheduled(&mut self) -> Result<()> {
        match self.unscheduled.take() {
            Some(error) => Err(Error::new(ErrorKind::Topology, error.to_string())),
            None => Ok(()),
        }
    }

    pub(crate) fn collector(&mut self) -> &mut dyn Collector {
        self.out
    }

    /// The index of a number that is committed with the offsets, and what was committed last.
    pub(crate) fn kept_number(&mut self, name: &str) -> (usize, Option<i64>) {
        let index = self.kept.index(name);
        (index, self.kept.get(index))
    }

    /// The same of a number that Java does not keep: `what` of `owner`, a node or a store.
    pub(crate) fn kept_beyond_java(&mut self, owner: &str, what: &str) -> (usize, Option<i64>) {
        let index = self.kept.index_beyond_java(owner, what);
        (index, self.kept.get(index))
    }

    pub(crate) fn application_id(&self) -> &str {
        self.application_id
    }

    pub(crate) fn task_id(&self) -> TaskId {
        self.task_id
    }

    pub(crate) fn facts(&self) -> &TaskFacts {
        &self.facts
    }

    /// Wall clock in milliseconds: when the graph is built.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// `i64::MIN` before the first record.
    pub(crate) fn stream_time(&self) -> i64 {
        self.stream_time
    }

    /// Names of the children of the node being built, in the order of the edges to them.
    pub(crate) fn children(&self) -> Vec<Arc<str>> {
        self.children.clone()
    }

    pub(crate) fn node_ref(&self) -> &str {
        &self.node
    }

    /// Name of the node being built.
    pub(crate) fn node_name(&self) -> Arc<str> {
        self.node.clone()
    }
}

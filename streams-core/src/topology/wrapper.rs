//! What goes around processors, decided when the topology is built.

use super::TopologyError;
use super::around::AroundProcessor;
use super::context::Setup;
use super::stores::{StateStoreBuilder, StoreSet};
use crate::exec::{GraphEnv, NodeFactory, Types};
use crate::plan::SharedPlan;
use crate::{Data, Result};
use std::fmt;
use std::sync::Arc;
use streams_state::StoreSupplier;

/// Puts code around the processors of a topology, those of the DSL included, but not around sources and sinks: for tracing, limits, delays and
/// tests (KIP-1112). Given to the builder, by [`StreamsBuilder::processor_wrapper`](crate::StreamsBuilder::processor_wrapper).
pub trait ProcessorWrapper: Send + Sync + 'static {
    /// Asked about each processor whenever the topology is built. [`WrappedNode::around`] puts code around it; else it stays as it is, at no cost.
    fn wrap(&self, node: &mut WrappedNode<'_>);
}

/// Makes what goes around a processor, for each task.
pub(crate) type AroundFactory = Arc<dyn Fn(&mut GraphEnv<'_>) -> Result<Box<dyn AroundProcessor>> + Send + Sync>;

/// A processor that a [`ProcessorWrapper`] is asked about.
pub struct WrappedNode<'a> {
    name: &'a Arc<str>,
    factory: &'a dyn NodeFactory,
    builder: &'a SharedPlan,
    /// Keeps the stores that are added: they are the topology's, and not the builder's, which may build again.
    added: SharedPlan,
    wrapping: Wrapping,
    error: Option<String>,
}

/// What a [`ProcessorWrapper`] has said of a processor.
#[derive(Default)]
pub(super) struct Wrapping {
    pub added: Vec<Arc<dyn StoreSupplier>>,
    /// Names of stores, added or not.
    pub connected: Vec<Arc<str>>,
    pub around: Option<AroundFactory>,
}

impl<'a> WrappedNode<'a> {
    pub(super) fn new(name: &'a Arc<str>, factory: &'a dyn NodeFactory, builder: &'a SharedPlan) -> Self {
        WrappedNode { name, factory, builder, added: SharedPlan::default(), wrapping: Wrapping::default(), error: None }
    }

    /// The processor's name, as in `describe()`.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Whether the processor takes records of these types. Behind tables values are [`Change`](crate::Change)s.
    pub fn takes<K: Data, V: Data>(&self) -> bool {
        self.factory.input().is_some_and(|types| types.id == Types::of::<K, V>().id)
    }

    /// Whether it forwards records of these types.
    pub fn gives<K: Data, V: Data>(&self) -> bool {
        self.factory.output().is_some_and(|types| types.id == Types::of::<K, V>().id)
    }

    /// Adds a store and connects it to the processor: `describe()` shows it there, and it has a changelog as any other. Its name must be new in the
    /// topology. A store that processors of two sub-topologies shared would make one of them: add one for each, or use a store of the builder.
    pub fn add_state_store<B: StateStoreBuilder>(&mut self, store: B) -> B::Handle {
        store.add_to(&self.added)
    }

    /// Puts code around the processor, which `supplier` makes on the thread that runs it, once for each task. `stores` are those that it is
    /// connected to: `()`, a handle of [`add_state_store`](Self::add_state_store) or of the builder, or a tuple of handles.
    pub fn around<S: StoreSet, A: AroundProcessor>(
        &mut self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> A + Send + Sync + 'static,
    ) {
        let mut names = Vec::new();
        stores.names(&mut names);
        for (store, of) in names {
            if !of.is(&self.added) && !of.is(self.builder) {
                self.error = Some(format!("the wrapper of node {} uses store {store} of another builder or node", self.name));
            }
            self.wrapping.connected.push(store);
        }
        if self.wrapping.around.is_some() {
            self.error = Some(format!("node {} is wrapped twice: put one into the other", self.name));
        }
        self.wrapping.around = Some(Arc::new(move |env: &mut GraphEnv<'_>| {
            let opened = stores.open(env)?;
            Ok(Box::new(supplier(&mut Setup { env }, opened)) as Box<dyn AroundProcessor>)
        }));
    }

    pub(super) fn finish(mut self) -> std::result::Result<Wrapping, TopologyError> {
        let mut added = self.added.lock();
        if let Some(error) = self.error {
            return Err(TopologyError::new(error));
        }
        if let Some(error) = added.errors.first() {
            return Err(error.clone());
        }
        self.wrapping.added = std::mem::take(&mut added.stores);
        drop(added);
        Ok(self.wrapping)
    }
}

impl fmt::Debug for WrappedNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedNode({})", self.name)
    }
}

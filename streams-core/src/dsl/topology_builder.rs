//! `TopologyBuilder`: a topology of sources, processors and sinks put together by hand.

use super::builder::{build_with, checked, source};
use super::options::{Consumed, Produced, Topics};
use super::stream::{Destination, KStream, connected, user_node};
use crate::Data;
use crate::config::{StreamsConfig, TopologyOptimization};
use crate::plan::{Named, PlanId, Role, SharedPlan, Target};
use crate::topology::{Processor, ProcessorWrapper, RecordContext, Setup, StateStoreBuilder, StoreSet, Topology, TopologyError};
use std::fmt;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

/// Builds a topology node by node: the Processor API without the DSL. Every node has a name, and its types are those of its processor, so
/// that a wrong edge does not compile.
///
/// ```
/// use streams_core::processor::{Context, KeyValueStore, Processor, TopologyBuilder};
/// use streams_core::state::Stores;
/// use streams_core::{BoxError, Record, testing::TopologyTestDriver};
///
/// struct Sum { sums: KeyValueStore<String, i64> }
///
/// impl Processor<String, i64, String, i64> for Sum {
///     fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
///         let sum = self.sums.get(&record.key)?.unwrap_or(0) + record.value;
///         self.sums.put(ctx, &record.key, sum)?;
///         let even = if sum % 2 == 0 { "even" } else { "odd" };
///         ctx.forward_to(even, Record { value: sum, ..record })
///     }
/// }
///
/// let builder = TopologyBuilder::new();
/// let input = builder.add_source::<String, i64>("input", "numbers");
/// let sums = builder.add_state_store(Stores::key_value("sums"));
/// let sum = builder.add_processor("sum", sums, |_, sums| Sum { sums }, &[&input]);
/// builder.add_sink("even", "even-sums", &[&sum]);
/// builder.add_sink("odd", "odd-sums", &[&sum]);
///
/// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
/// let mut numbers = driver.input::<String, i64>("numbers");
/// numbers.pipe("a".to_string(), 2)?;
/// numbers.pipe("a".to_string(), 3)?;
/// assert_eq!(driver.output::<String, i64>("even-sums").read_all()?, [("a".to_string(), 2)]);
/// assert_eq!(driver.output::<String, i64>("odd-sums").read_all()?, [("a".to_string(), 5)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[doc(alias = "Topology")]
pub struct TopologyBuilder {
    pub(super) plan: SharedPlan,
}

/// A node of a [`TopologyBuilder`] that gives records of these types. A cheap handle.
#[must_use = "records of a node that nothing follows go nowhere"]
pub struct Node<K, V>(pub(super) KStream<K, V>);

impl<K, V> Clone for Node<K, V> {
    fn clone(&self) -> Self {
        Node(self.0.clone())
    }
}

impl<K, V> Node<K, V> {
    /// The node's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl<K, V> fmt::Debug for Node<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.0.name)
    }
}

impl TopologyBuilder {
    /// An empty topology.
    pub fn new() -> Self {
        TopologyBuilder::default()
    }

    /// Reads one topic, or several. A topic can be read by one source only.
    #[doc(alias = "addSource")]
    pub fn add_source<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, name: &str, topics: impl Into<Topics>) -> Node<K, V> {
        self.add_source_with(name, topics, Consumed::default())
    }

    /// [`add_source`](Self::add_source) with serdes, timestamps, or where to begin. The name is the one given here.
    pub fn add_source_with<K: Data, V: Data>(&self, name: &str, topics: impl Into<Topics>, consumed: Consumed<K, V>) -> Node<K, V> {
        let topics = checked(&self.plan, topics.into());
        Node(source(&self.plan, topics, consumed.named(name), false))
    }

    /// Adds a store for processors: pass the handle to [`add_processor`](Self::add_processor).
    #[doc(alias = "addStateStore")]
    #[doc(alias = "ConnectedStoreProvider")]
    pub fn add_state_store<B: StateStoreBuilder>(&self, store: B) -> B::Handle {
        store.add_to(&self.plan)
    }

    /// Runs a [`Processor`] on the records of all `parents`. `stores` are those it is connected to: `()`, the handle of a store, or a tuple
    /// of handles; processors that share a store are in the same sub-topology.
    #[doc(alias = "addProcessor")]
    #[doc(alias = "connectProcessorAndStateStores")]
    pub fn add_processor<S: StoreSet, KI: Data, VI: Data, KO: Data, VO: Data, P: Processor<KI, VI, KO, VO>>(
        &self,
        name: &str,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> P + Send + Sync + 'static,
        parents: &[&Node<KI, VI>],
    ) -> Node<KO, VO> {
        let ids = self.parents(name, parents);
        let mut plan = self.plan.lock();
        plan.check_name(name);
        let name: Arc<str> = name.into();
        let connected = connected(&mut plan, &self.plan, &name, &stores);
        let factory = user_node::<KI, VI, KO, VO, P>(move |env| {
            let opened = stores.open(env)?;
            Ok(supplier(&mut Setup { env }, opened))
        });
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            connected.iter().try_for_each(|store| target.builder.connect_store(&target.name, store))
        };
        let node = plan.add(name.clone(), &ids, Role::Other, Arc::new(write));
        let sources = parents.iter().flat_map(|parent| parent.0.sources.iter().cloned()).collect();
        drop(plan);
        Node(KStream {
            plan: self.plan.clone(),
            node,
            name,
            key_serde: None,
            value_serde: None,
            key_bytes: None,
            sources: Arc::new(sources),
            repartition_required: false,
        })
    }

    /// Writes the records of all `parents` to a topic, which must exist.
    #[doc(alias = "addSink")]
    pub fn add_sink<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, name: &str, topic: &str, parents: &[&Node<K, V>]) {
        self.add_sink_with(name, topic, Produced::default(), parents);
    }

    /// [`add_sink`](Self::add_sink) with serdes or a partitioner. The name is the one given here.
    pub fn add_sink_with<K: Data, V: Data>(&self, name: &str, topic: &str, produced: Produced<K, V>, parents: &[&Node<K, V>]) {
        self.plan.lock().check_topic(topic);
        self.sink(name, Destination::Fixed(topic.into()), produced, parents);
    }

    /// Writes each record to the topic that `choose` names; all of them must exist.
    pub fn add_sink_computed<K: Data, V: Data>(
        &self,
        name: &str,
        choose: impl Fn(&K, &V, &RecordContext<'_>) -> String + Send + Sync + 'static,
        produced: Produced<K, V>,
        parents: &[&Node<K, V>],
    ) {
        let destination = Destination::computed(choose, &produced);
        self.sink(name, destination, produced, parents);
    }

    fn sink<K: Data, V: Data>(&self, name: &str, destination: Destination<K, V>, produced: Produced<K, V>, parents: &[&Node<K, V>]) {
        let ids = self.parents(name, parents);
        let Some(first) = parents.first() else { return };
        // bytes of a key travel only where all parents agree on them
        let key_bytes = first.0.key_bytes.filter(|_| parents.iter().all(|parent| parent.0.key_bytes == first.0.key_bytes));
        let stream = KStream { plan: self.plan.clone(), key_bytes, ..first.0.clone() };
        stream.sink_behind(&ids, destination, produced.named(Named::new(name)));
    }

    fn parents<K, V>(&self, name: &str, parents: &[&Node<K, V>]) -> Vec<PlanId> {
        let mut plan = self.plan.lock();
        if parents.is_empty() {
            plan.error(format!("node {name} has no parent: name at least one node that it follows"));
        }
        let mut ids = Vec::with_capacity(parents.len());
        for parent in parents {
            if !self.plan.is(&parent.0.plan) {
                plan.error(format!("node {name} follows {}, a node of another builder: make both with one builder", parent.name()));
            } else if ids.contains(&parent.0.node) {
                plan.error(format!("node {name} names {} twice as its parent", parent.name()));
            } else {
                ids.push(parent.0.node);
            }
        }
        ids
    }

    /// Has a wrapper asked about each processor when the topology is built: see
    /// [`StreamsBuilder::processor_wrapper`](crate::StreamsBuilder::processor_wrapper).
    pub fn processor_wrapper(&self, wrapper: impl ProcessorWrapper) {
        self.plan.lock().wrapper = Some(Arc::new(wrapper));
    }

    /// Checks everything and makes the topology. The builder can go on.
    ///
    /// # Errors
    /// Names the first node, store or topic that cannot work, and the way out.
    pub fn build(&self) -> Result<Topology, TopologyError> {
        self.plan.build(TopologyOptimization::NONE)
    }

    /// [`build`](Self::build) as the config says: see [`StreamsBuilder::build_with`](crate::StreamsBuilder::build_with). Nodes and stores that were
    /// put together by hand are never rewritten.
    ///
    /// # Errors
    /// Those of [`StreamsBuilder::build_with`](crate::StreamsBuilder::build_with).
    pub fn build_with(&self, config: &StreamsConfig) -> Result<Topology, TopologyError> {
        build_with(&self.plan, config)
    }
}

impl fmt::Debug for TopologyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TopologyBuilder({} nodes)", self.plan.lock().nodes.len())
    }
}

//! `StreamsBuilder`: where topologies begin.

use super::options::{Consumed, Materialized, Topics};
use super::stream::KStream;
use super::table::{KTable, source_table};
use crate::Data;
use crate::config::{StreamsConfig, TopologyOptimization, boolean, keys};
use crate::exec::{NodeFactory, SourceFactory};
use crate::plan::{Role, SharedPlan, Target};
use crate::topology::{ProcessorWrapper, StateStoreBuilder, TopicName, Topology, TopologyError};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

/// Builds a topology by fluent calls. Clones share one topology.
///
/// ```
/// use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
///
/// let builder = StreamsBuilder::new();
/// builder
///     .stream::<(), String>("lines")
///     .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
///     .group_by(|_, word| word.clone())
///     .count_with("counts")
///     .to_stream()
///     .to("word-counts");
///
/// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
/// driver.input::<(), String>("lines").pipe((), "to be or not to be".to_string())?;
/// let counts = driver.output::<String, u64>("word-counts").read_map()?;
/// assert_eq!((counts["to"], counts["or"]), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct StreamsBuilder {
    pub(super) plan: SharedPlan,
}

impl StreamsBuilder {
    /// An empty topology.
    pub fn new() -> Self {
        StreamsBuilder::default()
    }

    /// Reads one topic, or several, as a stream of records. A topic read twice is one source.
    ///
    /// Keys and values that cannot be read go to the deserialization exception handler, which fails the task by default. A null where the
    /// type has no room for it cannot be read: use `Option<V>` for values that may be null, and `()` for keys that do not matter.
    pub fn stream<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, topics: impl Into<Topics>) -> KStream<K, V> {
        self.stream_with(topics, Consumed::default())
    }

    /// [`stream`](Self::stream) with serdes, timestamps, or where to begin.
    pub fn stream_with<K: Data, V: Data>(&self, topics: impl Into<Topics>, consumed: Consumed<K, V>) -> KStream<K, V> {
        let topics = checked(&self.plan, topics.into());
        source(&self.plan, topics, consumed, true)
    }

    /// Reads a topic as a table: the newest value of each key, a null deletes. It is kept in a store only where something needs it: a join,
    /// or a name (`table_with`).
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.table::<String, i64>("prices").to_stream().to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, Option<i64>>("prices").pipe("a".to_string(), None)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").read_all()?, [("a".to_string(), None)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn table<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, topic: &str) -> KTable<K, V> {
        source_table(&self.plan, topic, Consumed::default(), None)
    }

    /// [`table`](Self::table) with serdes of the topic, and how the table is kept; a name makes a store that can be queried.
    pub fn table_with<K: Data, V: Data>(
        &self,
        topic: &str,
        consumed: Consumed<K, V>,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<K, V> {
        source_table(&self.plan, topic, consumed, Some(materialized.into()))
    }

    /// Adds a store for processors: pass the handle to [`process`](KStream::process).
    #[doc(alias = "addStateStore")]
    #[doc(alias = "ConnectedStoreProvider")]
    pub fn add_state_store<B: StateStoreBuilder>(&self, store: B) -> B::Handle {
        store.add_to(&self.plan)
    }

    /// Has a wrapper asked about each processor when the topology is built, those of the DSL and of global stores included. Names stay as they are. A later call
    /// takes the place of an earlier one.
    ///
    /// ```
    /// # use streams_core::{BoxError, Record, StreamsBuilder, testing::TopologyTestDriver};
    /// use streams_core::processor::{AroundContext, AroundProcessor, KeyValueStore, ProcessorWrapper, WrappedNode, WrappedRecord};
    /// use streams_core::state::Stores;
    ///
    /// /// Lets so many records of a key through to a processor.
    /// struct Limit(u64);
    ///
    /// struct Limited { most: u64, seen: KeyValueStore<String, u64> }
    ///
    /// impl ProcessorWrapper for Limit {
    ///     fn wrap(&self, node: &mut WrappedNode<'_>) {
    ///         let most = self.0;
    ///         if node.name().starts_with("costly") && node.takes::<String, i64>() {
    ///             let seen = node.add_state_store(Stores::key_value(format!("{}-seen", node.name())));
    ///             node.around(seen, move |_, seen| Limited { most, seen });
    ///         }
    ///     }
    /// }
    ///
    /// impl AroundProcessor for Limited {
    ///     fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Result<(), BoxError> {
    ///         let Some(key) = record.key::<String>().cloned() else { return record.proceed(ctx) };
    ///         let seen = self.seen.get(&key)?.unwrap_or(0) + 1;
    ///         self.seen.put(ctx, &key, seen)?;
    ///         if seen <= self.most { record.proceed(ctx) } else { Ok(()) }
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.processor_wrapper(Limit(2));
    /// builder.stream::<String, i64>("in").map_values_with(|value| value * 2, "costly").to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// for value in 1..=3 {
    ///     driver.input::<String, i64>("in").pipe("a".to_string(), value)?;
    /// }
    /// assert_eq!(driver.output::<String, i64>("out").read_values()?, [2, 4]);
    /// assert_eq!(driver.key_value_store::<String, u64>("costly-seen").unwrap().get(&"a".to_string())?, Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "processor.wrapper.class")]
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

    /// [`build`](Self::build) with the optimisations that `topology.optimization` of the config names, and without generated names of stores and
    /// internal topics if `ensure.explicit.internal.resource.naming` is true; no other key of it counts here. An application with the topology
    /// must have the same optimisations.
    ///
    /// ```
    /// # use streams_core::StreamsBuilder;
    /// use streams_core::config::{StreamsConfig, TopologyOptimization};
    ///
    /// let config = StreamsConfig::new("app", "embedded").topology_optimization(TopologyOptimization::ALL);
    /// let builder = StreamsBuilder::new();
    /// let by_word = builder.stream::<(), String>("words").select_key(|_, word| word.clone());
    /// by_word.group_by_key().count_with("counts").to_stream().to("word-counts");
    /// by_word.group_by_key().reduce(|_, newest| newest).to_stream().to("words-seen");
    ///
    /// // both groupings read one repartition topic
    /// let repartition_topics = |topology: &streams_core::Topology| topology.describe().matches("Sink: ").count() - 2;
    /// assert_eq!(repartition_topics(&builder.build()?), 2);
    /// assert_eq!(repartition_topics(&builder.build_with(&config)?), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`build`](Self::build), when the value of one of the keys is not valid, and when a name is generated that must not be.
    pub fn build_with(&self, config: &StreamsConfig) -> Result<Topology, TopologyError> {
        build_with(&self.plan, config)
    }
}

pub(super) fn build_with(plan: &SharedPlan, config: &StreamsConfig) -> Result<Topology, TopologyError> {
    let given = config.get(keys::TOPOLOGY_OPTIMIZATION).unwrap_or("none");
    let optimization = TopologyOptimization::parse(given).ok_or_else(|| {
        TopologyError::new(format!("{}: `{given}` is not valid: see `TopologyOptimization`", keys::TOPOLOGY_OPTIMIZATION))
    })?;
    let ensure_names = match config.get(keys::ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING) {
        None => false,
        Some(given) => boolean(given).ok_or_else(|| {
            TopologyError::new(format!(
                "{}: `{given}` is not valid: expected `true` or `false`",
                keys::ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING
            ))
        })?,
    };
    let topology = plan.build(optimization)?;
    if ensure_names {
        topology.check_names()?;
    }
    Ok(topology)
}

/// The topics of a list, each once.
pub(super) fn checked(plan: &SharedPlan, topics: Topics) -> Vec<TopicName> {
    let mut plan = plan.lock();
    let mut read: Vec<TopicName> = Vec::new();
    for topic in topics.0.into_iter().map(TopicName::External) {
        plan.check_topic(topic.plain());
        if !read.contains(&topic) {
            read.push(topic);
        }
    }
    if read.is_empty() {
        plan.error("a stream needs the name of at least one topic");
    }
    read
}

/// A source node, and the stream that it gives. `shared`: another source of the same topics may take its place.
pub(super) fn source<K: Data, V: Data>(
    shared_plan: &SharedPlan,
    read: Vec<TopicName>,
    consumed: Consumed<K, V>,
    shared: bool,
) -> KStream<K, V> {
    let mut topics = read.clone();
    topics.sort(); // the order of a list makes no other source of it
    let mut plan = shared_plan.lock();
    let name = plan.processor_name(&consumed.named, "KSTREAM-SOURCE-");
    let key_serde = consumed.key.resolve(&None, &mut plan, &name, "key");
    let value_serde = consumed.value.resolve(&None, &mut plan, &name, "value");
    let factory: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde: key_serde.clone(), value_serde: value_serde.clone() });
    let (reset, extractor) = (consumed.reset, consumed.extractor.clone());
    let write =
        move |target: &mut Target<'_>| target.builder.add_source(&target.name, read.clone(), reset, extractor.clone(), factory.clone());
    let extractor = consumed.extractor.as_ref().map(|e| Arc::as_ptr(e).cast::<()>().addr());
    let role = if shared { Role::StreamSource { topics, reset, extractor } } else { Role::Other };
    let node = plan.add(name.clone(), &[], role, Arc::new(write));
    drop(plan);
    KStream {
        plan: shared_plan.clone(),
        node,
        key_bytes: key_serde.canonical_id(),
        key_serde: Some(key_serde),
        value_serde: Some(value_serde),
        sources: Arc::new(BTreeSet::from([name.clone()])),
        name,
        repartition_required: false,
    }
}

impl fmt::Debug for StreamsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamsBuilder({} nodes)", self.plan.lock().nodes.len())
    }
}

//! The physical graph: sources, processors, sinks, stores, and the sub-topologies they form. The DSL is written with it.

mod around;
mod builder;
mod context;
mod copartitions;
mod describe;
mod description;
mod fixed_key;
mod global;
mod groups;
mod java_order;
mod java_tree;
mod pattern;
mod processor;
mod read_only;
mod read_only_kinds;
mod record_context;
mod shared_stores;
mod source_row;
mod spec;
mod stores;
mod topics;
mod transform;
mod unnamed;
mod wrapper;

pub(crate) use around::Waiting;
pub use around::{AroundContext, AroundProcessor, WrappedPunctuation, WrappedRecord};
pub(crate) use builder::PhysicalBuilder;
pub use context::{Context, ProcessingContext, Setup};
pub use description::{NodeDescription, NodeRole, SubtopologyDescription, TopologyDescription};
pub use fixed_key::{FixedKeyContext, FixedKeyRecord};
pub(crate) use global::GlobalStoreSpec;
pub(crate) use pattern::TopicPattern;
pub use processor::{FixedKeyProcessor, Processor};
pub use read_only::{GlobalStoreHandle, ReadOnlyKeyValueStore, ReadOnlyRows, ReadOnlyStateStoreHandle};
pub use read_only_kinds::{
    GlobalSessionStoreHandle, GlobalVersionedStoreHandle, GlobalWindowStoreHandle, ReadOnlySessionStore, ReadOnlySessionStoreHandle,
    ReadOnlyVersionedStore, ReadOnlyVersionedStoreHandle, ReadOnlyWindowStore, ReadOnlyWindowStoreHandle,
};
pub use record_context::{RecordContext, RecordMetadata};
pub use shared_stores::{FilledStore, GlobalStore, GlobalStoreBuilder, ReadOnlyStoreBuilder, SourceSerdes};
pub(crate) use source_row::{Recoded, SourceRow};
pub use spec::TopicName;
pub(crate) use spec::{NodeKind, NodeSpec, ReadRow, RepartitionTopic, SinkTopic, SourceChangelog, StoreLog, Subtopology};
pub use stores::{
    KeyValueRows, KeyValueStore, KeyValueStoreHandle, Own, OwnStoreHandle, ReadOnlyOwn, ReadOnlyOwnHandle, SessionStore,
    SessionStoreHandle, StateStoreBuilder, StoreSet, VersionedKeyValueStore, VersionedStoreHandle, WindowRows, WindowStoreHandle,
    WindowedStore, WithTimestamps,
};
pub use topics::{InternalTopic, SubtopologyTopics, TopologyTopics};
pub use transform::{TransformContext, ValueTransformer};
pub(crate) use wrapper::AroundFactory;
pub use wrapper::{ProcessorWrapper, WrappedNode};

use crate::config::TopologyOptimization;
use crate::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;

/// A topology that cannot work: names the node, store or topic, and the way out.
#[derive(Clone)]
pub struct TopologyError(String);

impl TopologyError {
    #[cold]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        TopologyError(message.into())
    }
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid topology: {}", self.0)
    }
}

impl fmt::Debug for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for TopologyError {}

impl From<TopologyError> for Error {
    fn from(e: TopologyError) -> Self {
        Error::new(ErrorKind::Topology, e.to_string())
    }
}

/// A checked topology: what applications and test drivers run. Cheap to clone, and any number of instances can be made of it.
#[derive(Clone)]
pub struct Topology(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    nodes: Vec<NodeSpec>,
    /// Store names by the index that nodes use.
    store_names: Vec<Arc<str>>,
    subtopologies: Vec<Subtopology>,
    /// Those that keep a global store: every instance runs them whole, and they make no tasks.
    globals: Vec<Subtopology>,
    repartition_topics: Vec<RepartitionTopic>,
    copartition_groups: Vec<Vec<TopicName>>,
    optimization: TopologyOptimization,
    /// Stores and topics that nobody has named, each with its node.
    unnamed: Vec<String>,
}

impl Topology {
    /// What it was optimised with: an application must be configured with the same.
    pub fn optimization(&self) -> TopologyOptimization {
        self.0.optimization
    }

    pub(crate) fn nodes(&self) -> &[NodeSpec] {
        &self.0.nodes
    }

    /// In the order of their ids.
    pub(crate) fn subtopologies(&self) -> &[Subtopology] {
        &self.0.subtopologies
    }

    /// Those of global stores, in the order of their ids.
    pub(crate) fn globals(&self) -> &[Subtopology] {
        &self.0.globals
    }

    pub(crate) fn subtopology(&self, id: u32) -> Option<&Subtopology> {
        self.0.subtopologies.iter().chain(&self.0.globals).find(|s| s.id == id)
    }

    pub(crate) fn repartition_topics(&self) -> &[RepartitionTopic] {
        &self.0.repartition_topics
    }

    /// Topics that are joined, so that they must have equal partition counts.
    pub(crate) fn copartition_groups(&self) -> &[Vec<TopicName>] {
        &self.0.copartition_groups
    }

    /// The text of Java's `Topology.describe()`, byte for byte: visualisers of Kafka Streams topologies read it. It is the
    /// [`description`](Self::description), printed.
    pub fn describe(&self) -> String {
        self.description().to_string()
    }

    /// The sub-topologies, their nodes, and how these are connected, for programs.
    ///
    /// ```
    /// use streams_core::{NodeRole, StreamsBuilder};
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, String>("in").group_by_key().count_with("counts").to_stream().to("out");
    /// let description = builder.build()?.description();
    /// let nodes = &description.subtopologies[0].nodes;
    /// let counting = nodes.iter().find(|node| node.role == NodeRole::Processor { stores: vec!["counts".into()] }).unwrap();
    /// assert_eq!(*counting.predecessors, [nodes[0].name.clone()]);
    /// assert!(matches!(&nodes[0].role, NodeRole::Source { topics, .. } if *topics == ["in".into()]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "describe")]
    pub fn description(&self) -> TopologyDescription {
        describe::describe(&self.0)
    }
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

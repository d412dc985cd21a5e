//! What a built topology consists of.

use super::pattern::TopicPattern;
use super::wrapper::AroundFactory;
use crate::cluster::RawRecord;
use crate::config::OffsetReset;
use crate::exec::NodeFactory;
use crate::handlers::TimestampExtractor;
use crate::{BoxError, Headers};
use std::sync::Arc;
use streams_state::StoreSupplier;

/// A topic as the topology names it: internal ones get the application's id in front once it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TopicName {
    /// A topic of the user, by its full name.
    External(Arc<str>),
    /// A repartition topic or changelog of the application.
    Internal(Arc<str>),
    /// Topics of the user whose names match: which ones is known when the cluster's topics are.
    Matching(TopicPattern),
}

impl TopicName {
    /// The changelog of a store.
    pub fn changelog(store: &str) -> TopicName {
        TopicName::Internal(format!("{store}-changelog").into())
    }

    /// The name on the cluster.
    pub fn resolve(&self, application_id: &str) -> Arc<str> {
        match self {
            TopicName::External(name) => name.clone(),
            // until topics take its place
            TopicName::Matching(pattern) => pattern.text().clone(),
            TopicName::Internal(name) => format!("{application_id}-{name}").into(),
        }
    }

    /// The name as the topology prints it, without the application's id.
    pub fn plain(&self) -> &str {
        match self {
            TopicName::External(name) | TopicName::Internal(name) => name,
            TopicName::Matching(pattern) => pattern.text(),
        }
    }

    /// The pattern, where it is one.
    pub fn pattern(&self) -> Option<&TopicPattern> {
        match self {
            TopicName::Matching(pattern) => Some(pattern),
            TopicName::External(_) | TopicName::Internal(_) => None,
        }
    }
}

/// A topic that a sub-topology reads.
#[derive(Clone)]
pub(crate) struct SourceTopic {
    pub topic: TopicName,
    pub reset: Option<OffsetReset>,
    /// Index of its source node in the topology.
    pub node: usize,
}

/// A repartition topic and the partition count that the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepartitionTopic {
    pub name: TopicName,
    pub partitions: Option<i32>,
}

/// Nodes that are connected by edges or stores: the unit that tasks are made of.
#[derive(Clone)]
pub(crate) struct Subtopology {
    pub id: u32,
    /// Indices of its nodes, parents before children.
    pub nodes: Vec<usize>,
    /// Every topic it reads, in order of declaration.
    pub sources: Vec<SourceTopic>,
    /// Every fixed topic it writes.
    pub sinks: Vec<TopicName>,
    /// Its stores; the index is the store's `ChangelogId`.
    pub stores: Vec<Arc<dyn StoreSupplier>>,
    /// What each of them is restored from.
    pub changelogs: Vec<StoreLog>,
}

impl Subtopology {
    /// The topic that a store, by its index, is restored from.
    pub fn restored_from(&self, store: usize, application_id: &str) -> Option<Arc<str>> {
        match &self.changelogs[store] {
            StoreLog::None => None,
            StoreLog::Changelog => Some(TopicName::changelog(self.stores[store].name()).resolve(application_id)),
            StoreLog::Source(source) => Some(source.topic.resolve(application_id)),
        }
    }

    /// The topic whose name serdes of a store are told: what it is restored from, or would be if it were logged.
    pub fn serde_topic(&self, store: usize, application_id: &str) -> Arc<str> {
        let unlogged = || TopicName::changelog(self.stores[store].name()).resolve(application_id);
        self.restored_from(store, application_id).unwrap_or_else(unlogged)
    }
}

/// What a store is restored from.
#[derive(Clone)]
pub(crate) enum StoreLog {
    /// Nothing.
    None,
    /// Its changelog, which the task writes.
    Changelog,
    /// A topic that the task reads, up to what it has committed there.
    Source(SourceChangelog),
}

impl StoreLog {
    /// Whether the task writes it.
    pub fn is_written(&self) -> bool {
        matches!(self, StoreLog::Changelog)
    }
}

/// A source topic in the place of a changelog.
#[derive(Clone)]
pub(crate) struct SourceChangelog {
    pub topic: TopicName,
    /// Where the source takes the time of its records from, if not from the application's default.
    pub extractor: Option<Arc<dyn TimestampExtractor>>,
    /// Makes a row of the store out of a record of the topic.
    pub row: Arc<dyn ReadRow>,
}

/// What a source and its table make of a record, without its types: the bytes that the store would have got.
pub(crate) trait ReadRow: Send + Sync {
    /// Fills the bytes of key and value; `Ok(false)`: the row is deleted.
    ///
    /// # Errors
    /// The record cannot be read, or has no key: the source left it out, too.
    fn read(
        &self,
        topic: &str,
        record: &RawRecord<'_>,
        headers: &Headers,
        key: &mut Vec<u8>,
        value: &mut Vec<u8>,
    ) -> Result<bool, BoxError>;
}

/// What a node does at the edge of the graph.
#[derive(Clone)]
pub(crate) enum NodeKind {
    Source {
        topics: Vec<TopicName>,
        reset: Option<OffsetReset>,
        extractor: Option<Arc<dyn TimestampExtractor>>,
    },
    Processor,
    /// A processor where Java needs none, because its types do not tell null apart: it is not described and burns no name.
    Hidden,
    Sink {
        topic: SinkTopic,
    },
}

/// Where a sink writes.
#[derive(Clone, Debug)]
pub(crate) enum SinkTopic {
    Fixed(TopicName),
    /// Chosen per record; the text is what `describe()` prints.
    Computed(Arc<str>),
}

/// A node of the physical graph.
#[derive(Clone)]
pub(crate) struct NodeSpec {
    pub name: Arc<str>,
    pub kind: NodeKind,
    /// Indices of its parents, all smaller than its own.
    pub parents: Vec<usize>,
    /// Indices of its children in the order in which they were added: the order of forwarding.
    pub children: Vec<usize>,
    /// Indices of the stores it may use.
    pub stores: Vec<usize>,
    pub factory: Arc<dyn NodeFactory>,
    /// Makes what a wrapper puts around it.
    pub around: Option<AroundFactory>,
}

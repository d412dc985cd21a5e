//! What a topology looks like, for programs and for people: `describe()` prints it.

use std::fmt;
use std::sync::Arc;

/// The nodes of a topology and how they are connected: see [`Topology::description`](super::Topology::description). Printed, it is the text
/// of Java's `Topology.describe()`, byte for byte; all parts are in the order of that text. Repartition topics have their names without
/// the application's id, which a topology does not know: [`Topology::topics`](super::Topology::topics) knows the full ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopologyDescription {
    /// Those that make tasks, by their ids.
    pub subtopologies: Vec<SubtopologyDescription>,
    /// Those that keep a global table or store, by their ids: a source and a processor each. Every instance runs all of them, without tasks.
    pub global_stores: Vec<SubtopologyDescription>,
}

/// Nodes that are connected by edges or stores.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias("TopologyDescription.Subtopology", "TopologyDescription.GlobalStore"))]
pub struct SubtopologyDescription {
    /// The first number of the ids of its tasks. Global stores have numbers of the same row.
    pub id: u32,
    /// Its nodes; those with the larger sub-tree below them come first.
    pub nodes: Vec<NodeDescription>,
}

/// A node of a topology.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "TopologyDescription.Node")]
pub struct NodeDescription {
    /// Its name, which no other node of the topology has.
    pub name: Arc<str>,
    /// What it is, and the topics or stores that are its own.
    pub role: NodeRole,
    /// The names of the nodes that forward to it: none for a source.
    pub predecessors: Vec<Arc<str>>,
    /// The names of the nodes that it forwards to: none for a sink.
    pub successors: Vec<Arc<str>>,
}

/// What a node does at the edge of the topology.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeRole {
    /// It reads topics: named ones or those that match.
    #[doc(alias = "TopologyDescription.Source")]
    Source {
        /// The topics by name; empty where there is a pattern.
        topics: Vec<Arc<str>>,
        /// The regular expression that the names of its topics match.
        pattern: Option<Arc<str>>,
    },
    /// It processes records.
    #[doc(alias = "TopologyDescription.Processor")]
    Processor {
        /// The names of the stores that it uses.
        stores: Vec<Arc<str>>,
    },
    /// It writes records to a topic: a fixed one, or one computed for each record.
    #[doc(alias = "TopologyDescription.Sink")]
    Sink {
        /// The topic; `None` where it is computed.
        topic: Option<Arc<str>>,
        /// What computes it: the name of the closure's type, or that given with
        /// [`Produced::extractor_name`](crate::Produced::extractor_name); `None` where the topic is fixed.
        extractor: Option<Arc<str>>,
    },
}

impl fmt::Display for TopologyDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Topologies:\n ")?;
        let with_tasks = self.subtopologies.iter().map(|part| (part, "", "\n"));
        let global = self.global_stores.iter().map(|part| (part, " for global store (will not generate tasks)", ""));
        let mut parts: Vec<_> = with_tasks.chain(global).collect();
        parts.sort_by_key(|(part, ..)| part.id);
        for (part, what, end) in parts {
            writeln!(f, "  Sub-topology: {}{what}", part.id)?;
            part.nodes.iter().try_for_each(|node| write!(f, "{node}"))?;
            f.write_str(end)?;
        }
        Ok(())
    }
}

impl fmt::Display for NodeDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.role {
            NodeRole::Source { pattern: Some(pattern), .. } => writeln!(f, "    Source: {name} (topics: {pattern})")?,
            NodeRole::Source { topics, pattern: None } => writeln!(f, "    Source: {name} (topics: [{}])", topics.join(", "))?,
            NodeRole::Processor { stores } => writeln!(f, "    Processor: {name} (stores: [{}])", stores.join(", "))?,
            NodeRole::Sink { topic: Some(topic), .. } => writeln!(f, "    Sink: {name} (topic: {topic})")?,
            NodeRole::Sink { topic: None, extractor } => {
                writeln!(f, "    Sink: {name} (extractor class: {})", extractor.as_deref().unwrap_or_default())?;
            }
        }
        if !matches!(self.role, NodeRole::Sink { .. }) {
            writeln!(f, "      --> {}", names_or_none(&self.successors))?;
        }
        if !matches!(self.role, NodeRole::Source { .. }) {
            writeln!(f, "      <-- {}", names_or_none(&self.predecessors))?;
        }
        Ok(())
    }
}

fn names_or_none(names: &[Arc<str>]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

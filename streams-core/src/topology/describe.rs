//! Describes a topology in Java's order: that of its sets and of the sizes of sub-trees.

use super::description::{NodeDescription, NodeRole, SubtopologyDescription, TopologyDescription};
use super::java_order::{hash_set_order, sort_as_hash_map};
use super::java_tree::JavaTree;
use super::spec::{NodeKind, NodeSpec, SinkTopic, TopicName};
use super::{Inner, Subtopology};
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) fn describe(topology: &Inner) -> TopologyDescription {
    let parts = |parts: &[Subtopology]| parts.iter().map(|part| subtopology(topology, part)).collect();
    TopologyDescription { subtopologies: parts(&topology.subtopologies), global_stores: parts(&topology.globals) }
}

/// Nodes with the larger sub-tree first, then by name.
fn subtopology(topology: &Inner, subtopology: &Subtopology) -> SubtopologyDescription {
    let edges = Edges::connect(topology, subtopology);
    let mut sorted = edges.nodes.clone();
    sorted.sort_by(|&a, &b| edges.order(a, b));
    let names = |set: &JavaTree| set.values().into_iter().map(|index| topology.nodes[index].name.clone()).collect();
    let describe = |index: usize| {
        let node = &topology.nodes[index];
        NodeDescription {
            name: node.name.clone(),
            role: role(topology, node),
            predecessors: names(&edges.parents[index]),
            successors: names(&edges.children[index]),
        }
    };
    SubtopologyDescription { id: subtopology.id, nodes: sorted.into_iter().map(describe).collect() }
}

fn role(topology: &Inner, node: &NodeSpec) -> NodeRole {
    match &node.kind {
        NodeKind::Source { topics, .. } => match &topics[..] {
            [TopicName::Matching(pattern)] => NodeRole::Source { topics: Vec::new(), pattern: Some(pattern.text().clone()) },
            topics => NodeRole::Source { topics: in_java_order(topics.iter().map(TopicName::plain)), pattern: None },
        },
        NodeKind::Processor | NodeKind::Hidden => {
            NodeRole::Processor { stores: in_java_order(node.stores.iter().map(|&store| &*topology.store_names[store])) }
        }
        NodeKind::Sink { topic: SinkTopic::Fixed(topic) } => NodeRole::Sink { topic: Some(topic.plain().into()), extractor: None },
        NodeKind::Sink { topic: SinkTopic::Computed(chooser) } => NodeRole::Sink { topic: None, extractor: Some(chooser.clone()) },
    }
}

fn in_java_order<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Arc<str>> {
    hash_set_order(names).into_iter().map(Arc::from).collect()
}

/// The nodes that are shown and the edges between them. Vectors go by the index of the node in the topology.
struct Edges<'t> {
    topology: &'t Inner,
    nodes: Vec<usize>,
    /// Nodes in the sub-tree below each node, itself included; one that is reached in several ways counts for each of them.
    sizes: Vec<u64>,
    parents: Vec<JavaTree>,
    children: Vec<JavaTree>,
}

impl<'t> Edges<'t> {
    /// Java connects node after node in the order of a hash map and adds up sizes as it goes; sets of neighbours are ordered by the sizes
    /// that nodes have at that moment.
    fn connect(topology: &'t Inner, subtopology: &Subtopology) -> Self {
        let count = topology.nodes.len();
        let trees = || (0..count).map(|_| JavaTree::default()).collect();
        let mut nodes: Vec<usize> = subtopology.nodes.iter().copied().filter(|&index| is_shown(&topology.nodes[index])).collect();
        sort_as_hash_map(&mut nodes, |index| &topology.nodes[index].name);
        let mut edges = Edges { topology, nodes, sizes: vec![1; count], parents: trees(), children: trees() };
        let mut connected: Vec<Vec<usize>> = vec![Vec::new(); count];
        for node in edges.nodes.clone() {
            for parent in shown_parents(topology, node) {
                let mut parents = std::mem::take(&mut edges.parents[node]);
                parents.insert(parent, |other| edges.order(parent, other).is_lt());
                edges.parents[node] = parents;
                let mut children = std::mem::take(&mut edges.children[parent]);
                children.insert(node, |other| edges.order(node, other).is_lt());
                edges.children[parent] = children;
                connected[node].push(parent);
                edges.grow(parent, edges.sizes[node], &connected);
            }
        }
        edges
    }

    /// Adds to the size of a node, and for each way up to the sizes of those above it.
    fn grow(&mut self, node: usize, by: u64, parents: &[Vec<usize>]) {
        let mut pending = vec![0u64; node + 1];
        pending[node] = by;
        for at in (0..=node).rev() {
            let by = pending[at];
            self.sizes[at] = self.sizes[at].wrapping_add(by);
            for &parent in parents[at].iter().filter(|_| by > 0) {
                pending[parent] = pending[parent].wrapping_add(by);
            }
        }
    }

    fn order(&self, a: usize, b: usize) -> Ordering {
        self.sizes[b].cmp(&self.sizes[a]).then_with(|| self.topology.nodes[a].name.cmp(&self.topology.nodes[b].name))
    }
}

fn is_shown(node: &NodeSpec) -> bool {
    !matches!(node.kind, NodeKind::Hidden)
}

/// The parents, or what is above those that are hidden.
fn shown_parents(topology: &Inner, node: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for &parent in &topology.nodes[node].parents {
        let shown = if is_shown(&topology.nodes[parent]) { vec![parent] } else { shown_parents(topology, parent) };
        found.extend(shown.into_iter().filter(|p| !found.contains(p)).collect::<Vec<_>>());
    }
    found
}

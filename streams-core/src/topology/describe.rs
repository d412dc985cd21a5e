//! `describe()`: Java's text, byte for byte.

use super::java_order::{hash_set_order, sort_as_hash_map};
use super::java_tree::JavaTree;
use super::spec::{NodeKind, NodeSpec, SinkTopic, TopicName};
use super::{Inner, Subtopology};
use std::cmp::Ordering;
use std::fmt::Write;

pub(super) fn describe(topology: &Inner) -> String {
    let mut text = String::from("Topologies:\n ");
    let parts = topology.subtopologies.iter().map(|s| (s, "", "\n"));
    let globals = topology.globals.iter().map(|s| (s, " for global store (will not generate tasks)", ""));
    let mut parts: Vec<_> = parts.chain(globals).collect();
    parts.sort_by_key(|(subtopology, ..)| subtopology.id);
    for (subtopology, what, end) in parts {
        let _ = write!(text, "  Sub-topology: {}{what}\n{}{end}", subtopology.id, nodes(topology, subtopology));
    }
    text
}

/// Nodes with the larger sub-tree first, then by name.
fn nodes(topology: &Inner, subtopology: &Subtopology) -> String {
    let edges = Edges::connect(topology, subtopology);
    let mut sorted = edges.nodes.clone();
    sorted.sort_by(|&a, &b| edges.order(a, b));
    let names = |set: &JavaTree| match set.values() {
        none if none.is_empty() => "none".to_owned(),
        some => some.iter().map(|&i| &*topology.nodes[i].name).collect::<Vec<_>>().join(", "),
    };
    let mut text = String::new();
    for index in sorted {
        let node = &topology.nodes[index];
        let (children, parents) = (names(&edges.children[index]), names(&edges.parents[index]));
        let _ = match &node.kind {
            NodeKind::Source { topics, .. } => {
                let topics = match &topics[..] {
                    [TopicName::Matching(pattern)] => pattern.text().to_string(),
                    topics => format!("[{}]", hash_set_order(topics.iter().map(TopicName::plain)).join(", ")),
                };
                writeln!(text, "    Source: {} (topics: {topics})\n      --> {children}", node.name)
            }
            NodeKind::Processor | NodeKind::Hidden => {
                let stores = hash_set_order(node.stores.iter().map(|&s| &*topology.store_names[s])).join(", ");
                writeln!(text, "    Processor: {} (stores: [{stores}])\n      --> {children}\n      <-- {parents}", node.name)
            }
            NodeKind::Sink { topic: SinkTopic::Fixed(topic) } => {
                writeln!(text, "    Sink: {} (topic: {})\n      <-- {parents}", node.name, topic.plain())
            }
            NodeKind::Sink { topic: SinkTopic::Computed(chooser) } => {
                writeln!(text, "    Sink: {} (extractor class: {chooser})\n      <-- {parents}", node.name)
            }
        };
    }
    text
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

//! `describe()`: Java's text, byte for byte.

use super::java_order::hash_set_order;
use super::spec::{NodeKind, SinkTopic};
use super::{Inner, Subtopology};
use std::fmt::Write;

pub(super) fn describe(topology: &Inner) -> String {
    let mut text = String::from("Topologies:\n ");
    for subtopology in &topology.subtopologies {
        let _ = write!(text, "  Sub-topology: {}\n{}\n", subtopology.id, nodes(topology, subtopology));
    }
    text
}

/// Nodes with the larger sub-tree first, then by name. A node below several parents counts once for each way to it.
fn nodes(topology: &Inner, subtopology: &Subtopology) -> String {
    let mut size = vec![0u64; topology.nodes.len()];
    for &index in subtopology.nodes.iter().rev() {
        size[index] = 1 + topology.nodes[index].children.iter().map(|&child| size[child]).sum::<u64>();
    }
    let order = |a: &usize, b: &usize| size[*b].cmp(&size[*a]).then_with(|| topology.nodes[*a].name.cmp(&topology.nodes[*b].name));
    let names = |indices: &[usize]| {
        let mut sorted: Vec<usize> = indices.to_vec();
        sorted.sort_by(order);
        sorted.dedup();
        match sorted.is_empty() {
            true => "none".to_owned(),
            false => sorted.iter().map(|&i| &*topology.nodes[i].name).collect::<Vec<_>>().join(", "),
        }
    };
    let mut sorted = subtopology.nodes.clone();
    sorted.sort_by(order);
    let mut text = String::new();
    for index in sorted {
        let node = &topology.nodes[index];
        let (children, parents) = (names(&node.children), names(&node.parents));
        let _ = match &node.kind {
            NodeKind::Source { topics, .. } => {
                let topics = hash_set_order(topics.iter().map(|t| t.plain())).join(", ");
                writeln!(text, "    Source: {} (topics: [{topics}])\n      --> {children}", node.name)
            }
            NodeKind::Processor => {
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

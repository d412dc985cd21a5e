//! What `describe()` prints, as data.

use std::sync::Arc;
use streams_core::{NodeDescription, NodeRole, Produced, StreamsBuilder, SubtopologyDescription};

fn names(list: &[&str]) -> Vec<Arc<str>> {
    list.iter().map(|&name| name.into()).collect()
}

fn node<'a>(part: &'a SubtopologyDescription, name: &str) -> &'a NodeDescription {
    part.nodes.iter().find(|node| &*node.name == name).unwrap_or_else(|| panic!("{name} is not in {part:?}"))
}

#[test]
fn has_every_part_of_a_topology() {
    let b = StreamsBuilder::new();
    let stream = b.stream_pattern::<String, String>("in-.*");
    stream.group_by(|_, value| value.clone()).count_with("counts").to_stream().to("output");
    stream.to_computed_with(|key: &String, _, _| key.clone(), Produced::default().extractor_name("by key").named("computed"));
    let _global = b.global_table::<String, String>("global");
    let topology = b.build().expect("the topology is right");
    let description = topology.description();
    assert_eq!(description.to_string(), topology.describe());

    let [reading, counting] = &description.subtopologies[..] else { panic!("two sub-topologies: {description:?}") };
    assert_eq!((reading.id, counting.id), (0, 1));
    let source = node(reading, "KSTREAM-SOURCE-0000000000");
    assert_eq!(source.role, NodeRole::Source { topics: Vec::new(), pattern: Some("in-.*".into()) });
    assert_eq!((source.predecessors.len(), source.successors.len()), (0, 2));
    assert!(source.successors.contains(&"computed".into()));
    let computed = node(reading, "computed");
    assert_eq!(computed.role, NodeRole::Sink { topic: None, extractor: Some("by key".into()) });
    assert_eq!((&computed.predecessors, computed.successors.len()), (&vec![source.name.clone()], 0));

    let repartition = names(&["counts-repartition"]);
    let written = reading.nodes.iter().any(|node| node.role == NodeRole::Sink { topic: Some(repartition[0].clone()), extractor: None });
    assert!(written, "{reading:?}");
    assert_eq!(counting.nodes[0].role, NodeRole::Source { topics: repartition, pattern: None });
    let aggregate = &counting.nodes[1];
    assert_eq!(aggregate.role, NodeRole::Processor { stores: names(&["counts"]) });
    assert_eq!(aggregate.predecessors, [counting.nodes[0].name.clone()]);
    assert_eq!(aggregate.successors, [counting.nodes[2].name.clone()]);

    let [global] = &description.global_stores[..] else { panic!("one global store: {description:?}") };
    assert_eq!((global.id, global.nodes.len()), (2, 2));
    assert_eq!(global.nodes[0].role, NodeRole::Source { topics: names(&["global"]), pattern: None });
    assert!(matches!(global.nodes[1].role, NodeRole::Processor { .. }), "{global:?}");
}

//! Puts a physical graph together and checks it.

use super::copartitions::Copartitions;
use super::global::GlobalStoreSpec;
use super::groups::Groups;
use super::spec::{NodeKind, NodeSpec, RepartitionTopic, SinkTopic, SourceChangelog, SourceTopic, StoreLog, Subtopology, TopicName};
use super::wrapper::{ProcessorWrapper, WrappedNode};
use super::{Inner, Topology, TopologyError};
use crate::config::{OffsetReset, TopologyOptimization};
use crate::exec::NodeFactory;
use crate::handlers::TimestampExtractor;
use crate::plan::SharedPlan;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use streams_state::StoreSupplier;

type Result<T = ()> = std::result::Result<T, TopologyError>;

/// Nodes and stores by name, in the order in which they are added: that order decides the numbers of sub-topologies.
#[derive(Default)]
pub(crate) struct PhysicalBuilder {
    nodes: Vec<NodeSpec>,
    by_name: HashMap<Arc<str>, usize>,
    pub(super) stores: Vec<Arc<dyn StoreSupplier>>,
    store_names: Vec<Arc<str>>,
    /// The node that each store was added for; `None`: the user added it.
    pub(super) store_owners: Vec<Option<Arc<str>>>,
    pub(super) repartition_topics: Vec<RepartitionTopic>,
    /// The nodes whose records go to them.
    pub(super) repartition_parents: Vec<String>,
    copartitions: Copartitions,
    /// The sources of global stores.
    global_sources: Vec<usize>,
    global_stores: Vec<usize>,
    /// Stores that are restored from a source topic, by name.
    pub(super) source_changelogs: HashMap<Arc<str>, SourceChangelog>,
    /// Names of stores and repartition topics that nobody has given.
    pub(super) generated: BTreeSet<Arc<str>>,
    optimization: TopologyOptimization,
}

impl PhysicalBuilder {
    /// `optimization`: what the plan was rewritten with. `generated`: names that nobody has given.
    pub fn new(optimization: TopologyOptimization, generated: &BTreeSet<Arc<str>>) -> Self {
        PhysicalBuilder { optimization, generated: generated.clone(), ..PhysicalBuilder::default() }
    }

    pub fn add_source(
        &mut self,
        name: &Arc<str>,
        topics: Vec<TopicName>,
        reset: Option<OffsetReset>,
        extractor: Option<Arc<dyn TimestampExtractor>>,
        factory: Arc<dyn NodeFactory>,
    ) -> Result {
        self.check_not_read(name, &topics)?;
        self.add(name, NodeKind::Source { topics, reset, extractor }, &[], factory)
    }

    /// Adds a global store with the nodes that keep it.
    pub fn add_global_store(&mut self, global: &GlobalStoreSpec) -> Result {
        let GlobalStoreSpec { source, topic, extractor, source_factory, processor, processor_factory, store } = global;
        let topics = vec![topic.clone()];
        self.check_not_read(source, &topics)?;
        self.global_sources.push(self.nodes.len());
        self.add(source, NodeKind::Source { topics, reset: None, extractor: extractor.clone() }, &[], source_factory.clone())?;
        self.add(processor, NodeKind::Processor, std::slice::from_ref(source), processor_factory.clone())?;
        self.add_store_of(processor, store)?;
        self.global_stores.extend(self.store_names.iter().position(|name| name == store.name()));
        Ok(())
    }

    /// A topic has one source, and so has one that matches a pattern.
    fn check_not_read(&self, name: &str, topics: &[TopicName]) -> Result {
        for topic in topics {
            let Some((node, other)) = self.source_of(topic) else { continue };
            let other = &self.nodes[other].name;
            return Err(TopologyError::new(match node.pattern().or(topic.pattern()) {
                Some(pattern) if node != topic => format!(
                    "pattern {} of a source matches topic {} of another one ({name} and {other}): a topic can be read by one source only; make the \
                     pattern narrower",
                    pattern.text(),
                    if node.pattern().is_some() { topic.plain() } else { node.plain() },
                ),
                _ => format!(
                    "topic {} is read by source {other} already, so source {name} cannot read it too: use one stream and branch from it",
                    topic.plain(),
                ),
            }));
        }
        Ok(())
    }

    pub fn add_processor(&mut self, name: &Arc<str>, parents: &[Arc<str>], factory: Arc<dyn NodeFactory>) -> Result {
        self.add(name, NodeKind::Processor, parents, factory)
    }

    /// A processor that `describe()` does not show.
    pub fn add_hidden(&mut self, name: &Arc<str>, parents: &[Arc<str>], factory: Arc<dyn NodeFactory>) -> Result {
        self.add(name, NodeKind::Hidden, parents, factory)
    }

    pub fn add_sink(&mut self, name: &Arc<str>, topic: SinkTopic, parents: &[Arc<str>], factory: Arc<dyn NodeFactory>) -> Result {
        self.add(name, NodeKind::Sink { topic }, parents, factory)
    }

    fn add(&mut self, name: &Arc<str>, kind: NodeKind, parents: &[Arc<str>], factory: Arc<dyn NodeFactory>) -> Result {
        if self.by_name.contains_key(name) {
            return Err(TopologyError::new(format!("there are two nodes of the name {name}: give one of them another name")));
        }
        let index = self.nodes.len();
        let mut parent_indices = Vec::with_capacity(parents.len());
        for parent in parents {
            if parent == name {
                return Err(TopologyError::new(format!("node {name} is its own parent, which would be a cycle")));
            }
            let &parent_index = self.by_name.get(parent).ok_or_else(|| {
                TopologyError::new(format!(
                    "node {name} names {parent} as its parent, but there is no such node before it: add the parent first"
                ))
            })?;
            self.check_edge(parent_index, name, &*factory)?;
            parent_indices.push(parent_index);
        }
        for &parent in &parent_indices {
            self.nodes[parent].children.push(index);
        }
        self.by_name.insert(name.clone(), index);
        self.nodes.push(NodeSpec {
            name: name.clone(),
            kind,
            parents: parent_indices,
            children: Vec::new(),
            stores: Vec::new(),
            factory,
            around: None,
        });
        Ok(())
    }

    fn check_edge(&self, parent: usize, child: &str, factory: &dyn NodeFactory) -> Result {
        let parent = &self.nodes[parent];
        let Some(output) = parent.factory.output() else {
            return Err(TopologyError::new(format!("{} is a sink, so {child} cannot follow it", parent.name)));
        };
        match factory.input() {
            Some(input) if input.id != output.id => Err(TopologyError::new(format!(
                "node {} gives {} as (key, value), but {child} takes {}: read the topic with the same types everywhere",
                parent.name, output.name, input.name
            ))),
            _ => Ok(()),
        }
    }

    /// The source that reads a topic, and as what. A pattern and the topic of a global store do not meet: the pattern leaves it out.
    fn source_of(&self, topic: &TopicName) -> Option<(&TopicName, usize)> {
        let meets = |index: &usize, other: &TopicName| match (topic, other) {
            (TopicName::Matching(pattern), TopicName::External(name)) => !self.global_sources.contains(index) && pattern.matches(name),
            (TopicName::External(name), TopicName::Matching(pattern)) => pattern.matches(name),
            _ => other == topic,
        };
        self.nodes.iter().enumerate().find_map(|(index, node)| match &node.kind {
            NodeKind::Source { topics, .. } => topics.iter().find(|other| meets(&index, other)).map(|other| (other, index)),
            _ => None,
        })
    }

    /// Adds a store of the user's. The same supplier may be added any number of times, another one of the same name may not.
    pub fn add_store(&mut self, store: &Arc<dyn StoreSupplier>) -> Result {
        self.add_store_for(None, store)
    }

    /// Adds the store of a node, and connects the two. Nodes may share it, by the same supplier.
    pub fn add_store_of(&mut self, node: &str, store: &Arc<dyn StoreSupplier>) -> Result {
        self.add_store_for(Some(node), store)?;
        self.connect_store(node, store.name())
    }

    fn add_store_for(&mut self, owner: Option<&str>, store: &Arc<dyn StoreSupplier>) -> Result {
        let whose = |owner: Option<&str>| owner.map_or_else(|| "added with `add_state_store`".to_owned(), |node| format!("of node {node}"));
        match self.store_names.iter().position(|name| name == store.name()) {
            Some(index) if Arc::ptr_eq(&self.stores[index], store) => Ok(()),
            Some(index) => Err(TopologyError::new(format!(
                "there are two stores of the name {}, one {} and one {}: give one of them another name",
                store.name(),
                whose(self.store_owners[index].as_deref()),
                whose(owner)
            ))),
            None => {
                self.store_names.push(store.name().clone());
                self.store_owners.push(owner.map(Arc::from));
                self.stores.push(store.clone());
                Ok(())
            }
        }
    }

    /// The store is restored from a topic that its sub-topology reads, and has no changelog of its own.
    pub fn restore_from_source(&mut self, store: &Arc<str>, changelog: SourceChangelog) {
        self.source_changelogs.insert(store.clone(), changelog);
    }

    pub fn connect_store(&mut self, node: &str, store: &str) -> Result {
        let index = self.store_names.iter().position(|name| **name == *store).ok_or_else(|| {
            TopologyError::new(format!("node {node} uses store {store}, which was never added: call `add_state_store` for it first"))
        })?;
        let Some(&node) = self.by_name.get(node) else {
            return Err(TopologyError::new(format!("store {store} is connected to node {node}, which does not exist")));
        };
        // every processor may read a global store, and it is nobody's but its own task's
        if !self.nodes[node].stores.contains(&index) && !self.global_stores.contains(&index) {
            self.nodes[node].stores.push(index);
        }
        Ok(())
    }

    /// `parents`: the nodes whose records go there.
    pub fn add_repartition_topic(&mut self, name: Arc<str>, partitions: Option<i32>, parents: &[Arc<str>]) -> Result {
        let (name, parents) = (TopicName::Internal(name), parents.join(", "));
        if let Some(index) = self.repartition_topics.iter().position(|t| t.name == name) {
            return Err(TopologyError::new(format!(
                "there are two repartition topics of the name {}, one behind {} and one behind {parents}: give one of the groupings, joins or \
                 stores that they are named after another name",
                name.plain(),
                self.repartition_parents[index]
            )));
        }
        self.repartition_topics.push(RepartitionTopic { name, partitions });
        self.repartition_parents.push(parents);
        Ok(())
    }

    /// The topics behind these source nodes are joined by `node`.
    pub fn copartition(&mut self, node: &Arc<str>, sources: &[Arc<str>]) {
        let mut topics: Vec<TopicName> = Vec::new();
        for source in sources {
            if let Some(&index) = self.by_name.get(source)
                && let NodeKind::Source { topics: of_source, .. } = &self.nodes[index].kind
            {
                topics.extend(of_source.iter().filter(|t| !topics.contains(t)).cloned().collect::<Vec<_>>());
            }
        }
        if topics.len() > 1 || topics.iter().any(|topic| topic.pattern().is_some()) {
            self.copartitions.add(node, topics);
        }
    }

    /// Asks the wrapper about each processor. `plan`: that of the builder that made them.
    pub fn wrap(&mut self, wrapper: &dyn ProcessorWrapper, plan: &SharedPlan) -> Result {
        for index in 0..self.nodes.len() {
            let NodeSpec { name, kind: NodeKind::Processor, factory, .. } = &self.nodes[index] else { continue };
            let (name, factory) = (name.clone(), factory.clone());
            let mut node = WrappedNode::new(&name, &*factory, plan);
            wrapper.wrap(&mut node);
            let wrapping = node.finish()?;
            if let Some(store) = wrapping.added.first().map(|store| store.name()).or(wrapping.connected.first())
                && self.nodes[index].parents.iter().any(|parent| self.global_sources.contains(parent))
            {
                return Err(TopologyError::new(format!(
                    "the wrapper of node {name} uses store {store}, but the node keeps a global store and can have no other"
                )));
            }
            wrapping.added.iter().try_for_each(|store| self.add_store_of(&name, store))?;
            wrapping.connected.iter().try_for_each(|store| self.connect_store(&name, store))?;
            self.nodes[index].around = wrapping.around;
        }
        Ok(())
    }

    pub fn build(self) -> Result<Topology> {
        if !self.nodes.iter().any(|n| matches!(n.kind, NodeKind::Source { .. })) {
            return Err(TopologyError::new("it reads no topic: begin with `builder.stream(..)` or `builder.table(..)`"));
        }
        let mut groups = Groups::new(self.nodes.len());
        let mut user_of_store: Vec<Option<usize>> = vec![None; self.stores.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            node.parents.iter().for_each(|&parent| groups.unite(parent, index));
            for &store in &node.stores {
                match user_of_store[store] {
                    Some(other) => groups.unite(other, index),
                    None => user_of_store[store] = Some(index),
                }
            }
        }
        let (mut subtopologies, mut globals) = (Vec::new(), Vec::new());
        for (id, nodes) in groups.numbered().into_iter().enumerate() {
            let of = if nodes.iter().any(|node| self.global_sources.contains(node)) { &mut globals } else { &mut subtopologies };
            of.push(self.subtopology(id as u32, nodes)?);
        }
        let unnamed = self.unnamed();
        Ok(Topology(Arc::new(Inner {
            unnamed,
            copartition_groups: self.copartitions.groups(&self.repartition_topics)?,
            nodes: self.nodes,
            store_names: self.store_names,
            subtopologies,
            globals,
            repartition_topics: self.repartition_topics,
            optimization: self.optimization,
        })))
    }

    fn subtopology(&self, id: u32, nodes: Vec<usize>) -> Result<Subtopology> {
        let (mut sources, mut sinks, mut stores) = (Vec::new(), Vec::new(), Vec::<usize>::new());
        for &index in &nodes {
            let node = &self.nodes[index];
            match &node.kind {
                NodeKind::Source { topics, reset, .. } => {
                    sources.extend(topics.iter().map(|topic| SourceTopic { topic: topic.clone(), reset: *reset, node: index }));
                }
                NodeKind::Sink { topic: SinkTopic::Fixed(topic) } if !sinks.contains(topic) => sinks.push(topic.clone()),
                _ => {}
            }
            stores.extend(node.stores.iter().filter(|s| !stores.contains(s)).copied().collect::<Vec<_>>());
        }
        if sources.is_empty() {
            let names: Vec<&str> = nodes.iter().map(|&n| &*self.nodes[n].name).collect();
            return Err(TopologyError::new(format!("nodes {} are reached by no source: connect them to one", names.join(", "))));
        }
        let stores: Vec<Arc<dyn StoreSupplier>> = stores.into_iter().map(|s| self.stores[s].clone()).collect();
        let changelogs = stores.iter().map(|store| match self.source_changelogs.get(store.name()) {
            Some(source) => StoreLog::Source(source.clone()),
            None => store.logging().map_or(StoreLog::None, |_| StoreLog::Changelog),
        });
        Ok(Subtopology { id, nodes, sources, sinks, changelogs: changelogs.collect(), stores })
    }
}

#[cfg(test)]
mod tests;

//! From the plan to the physical graph, in Java's order.

use super::{Plan, PlanId, Role};
use crate::topology::{PhysicalBuilder, TopologyError};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Writes the physical nodes of one plan node.
pub(crate) trait WriteNode: Send + Sync {
    fn write(&self, target: &mut Target<'_>) -> Result<(), TopologyError>;
}

impl<F: Fn(&mut Target<'_>) -> Result<(), TopologyError> + Send + Sync> WriteNode for F {
    fn write(&self, target: &mut Target<'_>) -> Result<(), TopologyError> {
        self(target)
    }
}

/// What a node is written to.
pub(crate) struct Target<'a> {
    pub builder: &'a mut PhysicalBuilder,
    pub name: Arc<str>,
    /// The physical nodes it follows.
    pub parents: Vec<Arc<str>>,
    /// Whether a join that lets null keys through is downstream of this repartition.
    pub keep_null_keys: bool,
    /// Whether tables read from a topic are restored from it, and have no changelog.
    pub reuse_source_topics: bool,
}

/// Sources that are read as another one is, and the children that the other one gets by that.
#[derive(Default)]
pub(super) struct MergedSources {
    pub replaced: HashMap<PlanId, PlanId>,
    extra_children: HashMap<PlanId, Vec<PlanId>>,
}

impl Plan {
    pub fn compile(&self) -> Result<PhysicalBuilder, TopologyError> {
        if let Some(error) = self.errors.first() {
            return Err(error.clone());
        }
        let merged = self.merged_sources()?;
        let mut builder = PhysicalBuilder::new(self.optimization, &self.generated);
        for store in &self.stores {
            builder.add_store(store)?;
        }
        let mut written = vec![false; self.nodes.len()];
        // nodes leave by priority once a parent is written; one whose other parents are not written yet comes again with them
        let by_priority = |id: &PlanId| (self.nodes[id.0].priority, *id);
        let sources = (0..self.nodes.len()).map(PlanId).filter(|id| self.is_source(*id));
        let mut queue: BTreeSet<(usize, PlanId)> = sources.map(|id| by_priority(&id)).collect();
        while let Some((_, id)) = queue.pop_first() {
            let node = &self.nodes[id.0];
            let parents: Vec<PlanId> = node.parents.iter().map(|p| *merged.replaced.get(p).unwrap_or(p)).collect();
            if merged.replaced.contains_key(&id) || written[id.0] || !parents.iter().all(|p| written[p.0]) {
                continue;
            }
            let mut names: Vec<Arc<str>> = Vec::with_capacity(parents.len());
            for parent in &parents {
                let name = &self.nodes[parent.0].name;
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            let keep_null_keys = node.role == Role::Repartition && self.relaxed_join_below(id);
            let reuse_source_topics = self.optimization.reuse_ktable_source_topics;
            let (name, parents) = (node.name.clone(), names);
            node.write.write(&mut Target { builder: &mut builder, name, parents, keep_null_keys, reuse_source_topics })?;
            written[id.0] = true;
            queue.extend(node.children.iter().map(by_priority));
            queue.extend(merged.extra_children.get(&id).into_iter().flatten().map(by_priority));
        }
        for (node, sources) in &self.copartitions {
            let sources: Vec<Arc<str>> = sources.iter().map(|name| self.name_after_merging(name, &merged)).collect();
            builder.copartition(node, &sources);
        }
        Ok(builder)
    }

    fn is_source(&self, id: PlanId) -> bool {
        let node = &self.nodes[id.0];
        node.parents.is_empty() && node.role != Role::Removed
    }

    /// Streams of the same topics share the first one's source node.
    #[allow(clippy::mutable_key_type, reason = "a pattern is compared by its text")]
    pub(super) fn merged_sources(&self) -> Result<MergedSources, TopologyError> {
        let mut merged = MergedSources::default();
        let mut first_of_topic = HashMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Role::StreamSource { topics, reset, extractor } = &node.role else { continue };
            for topic in topics {
                let first = *first_of_topic.entry(topic).or_insert(PlanId(index));
                if first.0 == index {
                    continue;
                }
                let main = &self.nodes[first.0];
                let differ = match &main.role {
                    Role::StreamSource { topics: of_main, .. } if of_main != topics => Some("not the same list of topics"),
                    Role::StreamSource { reset: of_main, .. } if of_main != reset => Some("with different offset resets"),
                    Role::StreamSource { extractor: of_main, .. } if of_main != extractor => Some("with different timestamp extractors"),
                    _ => None,
                };
                if let Some(how) = differ {
                    return Err(TopologyError::new(format!(
                        "streams {} and {} both read topic {} but {how}: read it once, then merge or branch",
                        main.name,
                        node.name,
                        topic.plain()
                    )));
                }
                if merged.replaced.insert(PlanId(index), first).is_none() {
                    merged.extra_children.entry(first).or_default().extend(node.children.iter().copied());
                }
            }
        }
        Ok(merged)
    }

    fn name_after_merging(&self, name: &Arc<str>, merged: &MergedSources) -> Arc<str> {
        let replaced = merged.replaced.iter().find(|(from, _)| self.nodes[from.0].name == *name);
        replaced.map_or_else(|| name.clone(), |(_, to)| self.nodes[to.0].name.clone())
    }

    fn relaxed_join_below(&self, id: PlanId) -> bool {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack = vec![id];
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut seen[at.0], true) {
                continue;
            }
            if self.nodes[at.0].role == Role::NullKeyRelaxedJoin {
                return true;
            }
            stack.extend(self.nodes[at.0].children.iter().copied());
        }
        false
    }
}

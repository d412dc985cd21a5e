//! `merge.repartition.topics`: a re-keyed stream goes through one repartition topic, right behind the node that changed its keys, whatever
//! number of groupings and joins it has.
//!
//! Repartitions are merged behind their *anchor*: the node above them that changes keys, or a merge of streams one of which has new keys.
//! In between there are only nodes that let records through as they are, so that all of them write the same records. Java merges also
//! what lies partly above and partly below a merge of streams, and then joins and groups records of the other stream that were never
//! partitioned; each of the two gets an anchor of its own here.

use super::Effect;
use crate::plan::{Plan, PlanId, PlanNode, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Plan {
    pub(super) fn merge_repartitions(&mut self) {
        let mut groups: BTreeMap<PlanId, Vec<PlanId>> = BTreeMap::new();
        for id in (0..self.nodes.len()).map(PlanId) {
            if self.nodes[id.0].repartition.is_some()
                && let Some(anchor) = self.anchor_of(id)
            {
                groups.entry(anchor).or_default().push(id);
            }
        }
        for (anchor, repartitions) in groups {
            self.merge_behind(anchor, &repartitions);
        }
    }

    fn anchor_of(&self, repartition: PlanId) -> Option<PlanId> {
        let mut at = repartition;
        loop {
            let &[parent] = self.nodes[at.0].parents.as_slice() else { return None };
            match self.nodes[parent.0].effect {
                Effect::Keeps => at = parent,
                Effect::ChangesKey => return Some(parent),
                Effect::Merges | Effect::Hidden => return (self.first_change_above(parent) == Some(Effect::ChangesKey)).then_some(parent),
                Effect::ChangesValue | Effect::Opaque => return None,
            }
        }
    }

    /// What the first node above that changes records changes. Of several parents the first one counts that leads to an answer, as in Java.
    fn first_change_above(&self, id: PlanId) -> Option<Effect> {
        self.nodes[id.0].parents.iter().find_map(|parent| match self.nodes[parent.0].effect {
            change @ (Effect::ChangesKey | Effect::ChangesValue) => Some(change),
            Effect::Keeps | Effect::Merges | Effect::Hidden => self.first_change_above(*parent),
            Effect::Opaque => None,
        })
    }

    fn merge_behind(&mut self, anchor: PlanId, repartitions: &[PlanId]) {
        let of = |plan: &Plan, id: &PlanId| plan.nodes[id.0].repartition.clone();
        let Some(first) = repartitions.first().and_then(|id| of(self, id)) else { return };
        let same_keys = repartitions.iter().all(|id| of(self, id).is_some_and(|r| r.key_id() == first.key_id()));
        let (name, write) = first.shared(same_keys);
        let shared = PlanId(self.nodes.len());
        self.nodes.push(PlanNode {
            name: name.clone(),
            parents: Vec::new(),
            children: Vec::new(),
            role: Role::Repartition,
            // before everything that was behind the anchor
            priority: self.nodes[anchor.0].priority,
            effect: Effect::Opaque,
            repartition: None,
            write,
        });
        for &repartition in repartitions {
            // what leads from the anchor to the repartition now begins behind the shared one
            let top = self.below(anchor, repartition);
            if self.detach(anchor, top) {
                self.attach(shared, top);
            }
            self.take_out(repartition);
            self.rename_in_copartitions(repartition, &name);
        }
        self.attach(anchor, shared);
    }

    /// The node on the way from `anchor` to `id` that follows the anchor, or the shared repartition that has taken its place.
    fn below(&self, anchor: PlanId, id: PlanId) -> PlanId {
        let mut at = id;
        while let [parent] = self.nodes[at.0].parents[..] {
            if parent == anchor {
                break;
            }
            at = parent;
        }
        at
    }

    fn attach(&mut self, parent: PlanId, child: PlanId) {
        let add = |to: &mut Vec<PlanId>, id| {
            if !to.contains(&id) {
                to.push(id);
            }
        };
        add(&mut self.nodes[parent.0].children, child);
        add(&mut self.nodes[child.0].parents, parent);
    }

    fn detach(&mut self, parent: PlanId, child: PlanId) -> bool {
        let was = self.nodes[child.0].parents.contains(&parent);
        self.nodes[parent.0].children.retain(|id| *id != child);
        self.nodes[child.0].parents.retain(|id| *id != parent);
        was
    }

    /// Removes a node; its children follow its parents.
    fn take_out(&mut self, id: PlanId) {
        let (parents, children) = (self.nodes[id.0].parents.clone(), self.nodes[id.0].children.clone());
        for &child in &children {
            parents.iter().for_each(|parent| self.attach(*parent, child));
            self.detach(id, child);
        }
        parents.iter().for_each(|parent| {
            self.detach(*parent, id);
        });
        self.nodes[id.0].role = Role::Removed;
    }

    fn rename_in_copartitions(&mut self, from: PlanId, to: &Arc<str>) {
        let from = self.nodes[from.0].name.clone();
        for name in self.copartitions.iter_mut().flat_map(|(_, sources)| sources).filter(|name| **name == from) {
            *name = to.clone();
        }
    }
}

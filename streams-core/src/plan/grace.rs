//! When windows close: known to the nodes that aggregate by window, asked for by those behind them.

use super::{Plan, PlanId};

impl Plan {
    /// A window that `node` aggregates changes no more once stream time is `after_end_ms` or more past its end: the grace of time windows; of
    /// sliding windows, and of sessions with their inactivity gap, 1 ms more, because they still take a record when it is just the grace.
    pub fn windows_close(&mut self, node: PlanId, after_end_ms: i64) {
        self.graces.insert(node, after_end_ms);
    }

    /// How long after its end a window that comes to `node` may still change: the most of all ways that lead there. `Err` has the way on which
    /// nothing aggregates by window.
    pub fn grace_above(&self, node: PlanId) -> Result<i64, String> {
        let mut known = vec![None; self.nodes.len()];
        self.grace_of(node, &mut known)
    }

    fn grace_of(&self, node: PlanId, known: &mut [Option<i64>]) -> Result<i64, String> {
        if let Some(grace) = self.graces.get(&node).copied().or(known[node.0]) {
            return Ok(grace);
        }
        let name = &self.nodes[node.0].name;
        let parents = &self.nodes[node.0].parents;
        if parents.is_empty() {
            return Err(name.to_string());
        }
        let mut most = 0;
        for parent in parents {
            most = most.max(self.grace_of(*parent, known).map_err(|way| format!("{way} -> {name}"))?);
        }
        known[node.0] = Some(most);
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Role, Target};
    use std::sync::Arc;

    fn add(plan: &mut Plan, name: &str, parents: &[PlanId]) -> PlanId {
        plan.add(name.into(), parents, Role::Other, Arc::new(|_: &mut Target<'_>| Ok(())))
    }

    #[test]
    fn the_longest_grace_of_all_ways_counts_and_each_way_needs_one() {
        let mut plan = Plan::default();
        let source = add(&mut plan, "source", &[]);
        let short = add(&mut plan, "short", &[source]);
        let long = add(&mut plan, "long", &[source]);
        plan.windows_close(short, 5);
        plan.windows_close(long, 9);
        let merged = add(&mut plan, "merged", &[short, long]);
        let behind = add(&mut plan, "behind", &[merged]);
        assert_eq!((plan.grace_above(behind), plan.grace_above(short)), (Ok(9), Ok(5)));
        let open = add(&mut plan, "open", &[merged, source]);
        assert_eq!(plan.grace_above(open), Err("source -> open".to_owned()));
    }
}

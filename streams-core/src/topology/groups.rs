//! Which nodes belong together: those joined by edges, and processors that share a store. Topics do not join.

/// Disjoint sets of node indices.
pub(crate) struct Groups(Vec<usize>);

impl Groups {
    pub fn new(nodes: usize) -> Self {
        Groups((0..nodes).collect())
    }

    pub fn root(&mut self, node: usize) -> usize {
        let mut at = node;
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    pub fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// The groups, numbered by their first node in the order of declaration; each lists its nodes in that order.
    pub fn numbered(mut self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut number_of_root = vec![usize::MAX; self.0.len()];
        for node in 0..self.0.len() {
            let root = self.root(node);
            if number_of_root[root] == usize::MAX {
                number_of_root[root] = groups.len();
                groups.push(Vec::new());
            }
            groups[number_of_root[root]].push(node);
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_declaration() {
        let mut groups = Groups::new(5);
        groups.unite(3, 1);
        groups.unite(4, 0);
        assert_eq!(groups.numbered(), vec![vec![0, 4], vec![1, 3], vec![2]]);
    }
}

//! The order in which Java's `TreeSet` gives its elements when what it compares them by changes while they are in it: then the order depends
//! on the shape that the tree had at each insertion. `describe()` fills such sets, with nodes compared by sizes that it is still adding up.

const LEFT: usize = 0;
const RIGHT: usize = 1;

struct Node {
    value: usize,
    parent: Option<usize>,
    children: [Option<usize>; 2],
    red: bool,
}

/// A red-black tree that only grows, turned after each insertion as `java.util.TreeMap` does.
#[derive(Default)]
pub(crate) struct JavaTree {
    nodes: Vec<Node>,
    root: Option<usize>,
}

impl JavaTree {
    /// Inserts a value, unless it is met on the way down. `before` says whether it comes before the value it is given.
    pub fn insert(&mut self, value: usize, before: impl Fn(usize) -> bool) {
        let mut place = None;
        let mut next = self.root;
        while let Some(at) = next {
            if self.nodes[at].value == value {
                return;
            }
            let side = if before(self.nodes[at].value) { LEFT } else { RIGHT };
            place = Some((at, side));
            next = self.nodes[at].children[side];
        }
        let new = self.nodes.len();
        self.nodes.push(Node { value, parent: place.map(|(parent, _)| parent), children: [None; 2], red: true });
        match place {
            Some((parent, side)) => self.nodes[parent].children[side] = Some(new),
            None => self.root = Some(new),
        }
        self.balance(new);
    }

    /// The values from left to right.
    pub fn values(&self) -> Vec<usize> {
        let mut values = Vec::with_capacity(self.nodes.len());
        let (mut above, mut next) = (Vec::new(), self.root);
        loop {
            while let Some(at) = next {
                above.push(at);
                next = self.nodes[at].children[LEFT];
            }
            let Some(at) = above.pop() else { return values };
            values.push(self.nodes[at].value);
            next = self.nodes[at].children[RIGHT];
        }
    }

    fn balance(&mut self, mut at: usize) {
        while let Some(parent) = self.nodes[at].parent.filter(|&parent| self.nodes[parent].red)
            && let Some(grandparent) = self.nodes[parent].parent
        {
            let side = if self.nodes[grandparent].children[LEFT] == Some(parent) { LEFT } else { RIGHT };
            self.nodes[grandparent].red = true;
            match self.nodes[grandparent].children[1 - side].filter(|&uncle| self.nodes[uncle].red) {
                Some(uncle) => {
                    self.nodes[parent].red = false;
                    self.nodes[uncle].red = false;
                    at = grandparent;
                }
                None => {
                    let mut top = parent;
                    if self.nodes[parent].children[1 - side] == Some(at) {
                        self.rotate(parent, side);
                        (at, top) = (parent, at);
                    }
                    self.nodes[top].red = false;
                    self.rotate(grandparent, 1 - side);
                }
            }
        }
        if let Some(root) = self.root {
            self.nodes[root].red = false;
        }
    }

    /// Turns the tree at `at` towards `side`: its child on the other side takes its place.
    fn rotate(&mut self, at: usize, side: usize) {
        let Some(up) = self.nodes[at].children[1 - side] else { return };
        let (parent, inner) = (self.nodes[at].parent, self.nodes[up].children[side]);
        self.nodes[at].children[1 - side] = inner;
        if let Some(inner) = inner {
            self.nodes[inner].parent = Some(at);
        }
        self.nodes[up].parent = parent;
        match parent {
            None => self.root = Some(up),
            Some(parent) => {
                let of = if self.nodes[parent].children[LEFT] == Some(at) { LEFT } else { RIGHT };
                self.nodes[parent].children[of] = Some(up);
            }
        }
        self.nodes[up].children[side] = Some(at);
        self.nodes[at].parent = Some(up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_where_the_order_stays() {
        let mut tree = JavaTree::default();
        for value in (0..1000).map(|i| i * 619 % 1000) {
            tree.insert(value, |other| value < other);
            tree.insert(value, |other| value < other);
        }
        assert_eq!(tree.values(), (0..1000).collect::<Vec<_>>());
        assert!(height(&tree, tree.root) <= 20, "it is not balanced");
    }

    fn height(tree: &JavaTree, at: Option<usize>) -> usize {
        at.map_or(0, |at| 1 + tree.nodes[at].children.iter().map(|&child| height(tree, child)).max().unwrap_or(0))
    }

    #[test]
    fn keeps_the_place_that_a_value_had_when_it_came() {
        let mut tree = JavaTree::default();
        tree.insert(1, |_| false);
        tree.insert(2, |_| true);
        tree.insert(3, |other| other == 1);
        assert_eq!(tree.values(), [2, 3, 1]);
    }
}

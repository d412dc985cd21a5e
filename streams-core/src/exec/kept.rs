//! Numbers that nodes keep from one commit to the next, beside stores: they travel in the metadata of the committed offsets, as Java's do.
//!
//! Java keeps one for each aggregation whose results are told when windows close, under the name of its store. Ours have names that begin with
//! a mark which no store's name may have, and go on with a hash: there may be many, and the metadata has little room. Java carries names along
//! that it does not know.

use crate::murmur3::murmur3;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

/// Begins the names that Java does not have.
const MARK: char = '~';
/// Bytes of the hash in such a name: enough to tell a million of them apart.
const HASH_BYTES: usize = 6;

/// Numbers by name. A node finds its own by an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptNumbers {
    numbers: Vec<Kept>,
    /// Whether there are others than Java's.
    beyond_java: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    name: Arc<str>,
    number: Option<i64>,
    /// A node or store goes on with it.
    in_use: bool,
}

impl Default for KeptNumbers {
    fn default() -> Self {
        KeptNumbers::new(true)
    }
}

impl KeptNumbers {
    /// `beyond_java`: whether numbers are kept that Java does not keep; otherwise those that come along are left out.
    pub fn new(beyond_java: bool) -> Self {
        KeptNumbers { numbers: Vec::new(), beyond_java }
    }

    fn find(&mut self, name: &str) -> usize {
        self.numbers.iter().position(|kept| &*kept.name == name).unwrap_or_else(|| {
            self.numbers.push(Kept { name: name.into(), number: None, in_use: false });
            self.numbers.len() - 1
        })
    }

    /// The index of a name.
    pub fn index(&mut self, name: &str) -> usize {
        let index = self.find(name);
        self.numbers[index].in_use = true;
        index
    }

    /// The index of what is kept of an owner, a node or a store, that Java does not keep: a place that remembers nothing where that is not wanted.
    pub fn index_beyond_java(&mut self, owner: &str, what: &str) -> usize {
        if !self.beyond_java {
            return usize::MAX;
        }
        let hash = murmur3(format!("{what} {owner}").as_bytes());
        self.index(&format!("{MARK}{}", URL_SAFE_NO_PAD.encode(&hash[..HASH_BYTES])))
    }

    #[inline]
    pub fn get(&self, index: usize) -> Option<i64> {
        self.numbers.get(index)?.number
    }

    #[inline]
    pub fn set(&mut self, index: usize, number: i64) {
        if let Some(kept) = self.numbers.get_mut(index) {
            kept.number = Some(number);
        }
    }

    /// Takes what another input's metadata has: the larger of two numbers counts.
    pub fn merge(&mut self, name: &str, number: i64) {
        if self.beyond_java || !name.starts_with(MARK) {
            let index = self.find(name);
            self.set(index, self.get(index).map_or(number, |known| known.max(number)));
        }
    }

    /// Forgets ours that nobody goes on with: their operators have left the topology.
    pub fn forget_unused(&mut self) {
        for kept in self.numbers.iter_mut().filter(|kept| !kept.in_use && kept.name.starts_with(MARK)) {
            kept.number = None;
        }
    }

    /// Those that are set, Java's first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        let set = |ours| move |kept: &Kept| kept.number.is_some() && kept.name.starts_with(MARK) == ours;
        let javas = self.numbers.iter().filter(move |kept| set(false)(kept));
        let ours = self.numbers.iter().filter(move |kept| set(true)(kept));
        javas.chain(ours).filter_map(|kept| Some((&*kept.name, kept.number?)))
    }

    /// How many of those that [`iter`](Self::iter) gives are Java's.
    pub fn javas(&self) -> usize {
        self.iter().take_while(|(name, _)| !name.starts_with(MARK)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_number_counts_and_unset_ones_do_not_travel() {
        let mut kept = KeptNumbers::default();
        let (a, b) = (kept.index("a"), kept.index("b"));
        for number in [3, 9, 5] {
            kept.merge("a", number);
        }
        assert_eq!((kept.index("a"), kept.get(a), kept.get(b)), (a, Some(9), None));
        assert_eq!(kept.iter().collect::<Vec<_>>(), [("a", 9)]);
        kept.set(a, 1);
        assert_eq!(kept.get(a), Some(1));
    }

    #[test]
    fn ours_come_behind_javas_and_go_with_their_operators() {
        let mut before = KeptNumbers::default();
        for (owner, number) in [("old", 1), ("new", 2)] {
            let index = before.index_beyond_java(owner, "time");
            before.set(index, number);
        }
        before.merge("store", 3);
        assert_eq!((before.iter().next(), before.iter().count(), before.javas()), (Some(("store", 3)), 3, 1));

        let mut after = KeptNumbers::default();
        before.iter().for_each(|(name, number)| after.merge(name, number));
        let index = after.index_beyond_java("new", "time");
        after.forget_unused();
        assert_eq!((after.get(index), after.iter().count()), (Some(2), 2), "what Java wrote stays");

        let mut javas = KeptNumbers::new(false);
        before.iter().for_each(|(name, number)| javas.merge(name, number));
        let index = javas.index_beyond_java("new", "time");
        javas.set(index, 5);
        assert_eq!((javas.get(index), javas.iter().collect::<Vec<_>>()), (None, vec![("store", 3)]));
    }
}

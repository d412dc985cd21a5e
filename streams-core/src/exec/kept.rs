//! Numbers that nodes keep from one commit to the next, beside stores: they travel in the metadata of the committed offsets, as Java's do.

use std::sync::Arc;

/// Numbers by name. A node finds its own by an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeptNumbers(Vec<(Arc<str>, Option<i64>)>);

impl KeptNumbers {
    /// The index of a name.
    pub fn index(&mut self, name: &str) -> usize {
        self.0.iter().position(|(known, _)| &**known == name).unwrap_or_else(|| {
            self.0.push((name.into(), None));
            self.0.len() - 1
        })
    }

    #[inline]
    pub fn get(&self, index: usize) -> Option<i64> {
        self.0.get(index)?.1
    }

    #[inline]
    pub fn set(&mut self, index: usize, number: i64) {
        if let Some(kept) = self.0.get_mut(index) {
            kept.1 = Some(number);
        }
    }

    /// Takes what another input's metadata has: the larger of two numbers counts.
    pub fn merge(&mut self, name: &str, number: i64) {
        let index = self.index(name);
        self.set(index, self.get(index).map_or(number, |known| known.max(number)));
    }

    /// Those that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().filter_map(|(name, number)| Some((&**name, (*number)?)))
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
}

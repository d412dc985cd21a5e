//! A sum of hashes: equal for equal sets of entries, in whatever order they come.

use std::fmt;

/// How many entries there were, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    entries: u64,
    sum: u64,
}

impl Digest {
    /// Adds an entry.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        self.add_hashed(hash(key), hash(value));
    }

    /// Adds an entry by its hashes.
    pub fn add_hashed(&mut self, key: u64, value: u64) {
        self.entries += 1;
        self.sum = self.sum.wrapping_add(crate::input::random(key.rotate_left(17) ^ value));
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.entries, self.sum)
    }
}

/// FNV-1a, mixed once more.
pub fn hash(bytes: &[u8]) -> u64 {
    let fnv = bytes.iter().fold(0xCBF2_9CE4_8422_2325, |h: u64, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3));
    crate::input::random(fnv)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(entries: &[(&str, &str)]) -> Digest {
        let mut digest = Digest::default();
        entries.iter().for_each(|(k, v)| digest.add(k.as_bytes(), v.as_bytes()));
        digest
    }

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let a = digest(&[("a", "1"), ("b", "2")]);
        assert_eq!(a, digest(&[("b", "2"), ("a", "1")]));
        assert!(a != digest(&[("a", "2"), ("b", "1")]) && a != digest(&[("a", "1")]) && a != digest(&[("1", "a"), ("b", "2")]));
    }
}

//! How far each input partition has been applied to a store: Java's position vector (KIP-796).

use crate::store::PositionEntry;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// The last applied offset of every input partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(BTreeMap<String, BTreeMap<i32, i64>>);

impl Position {
    /// Takes over offsets that are ahead. Returns whether there were any.
    pub fn advance(&mut self, entries: &[PositionEntry]) -> bool {
        let mut ahead = false;
        for entry in entries {
            ahead |= self.advance_one(&entry.topic, entry.partition, entry.offset);
        }
        ahead
    }

    fn advance_one(&mut self, topic: &str, partition: i32, offset: i64) -> bool {
        let partitions = match self.0.get_mut(topic) {
            Some(partitions) => partitions,
            None => self.0.entry(topic.to_owned()).or_default(),
        };
        let known = partitions.entry(partition).or_insert(i64::MIN);
        let ahead = offset > *known;
        *known = offset.max(*known);
        ahead
    }

    /// Takes over what is ahead in `other`.
    pub fn merge(&mut self, other: &Position) {
        for (topic, partitions) in &other.0 {
            for (&partition, &offset) in partitions {
                self.advance_one(topic, partition, offset);
            }
        }
    }

    /// What both have reached.
    #[cfg(any(test, feature = "rocksdb"))]
    pub(crate) fn least(&self, other: &Position) -> Position {
        let mut least = Position::default();
        for (topic, partition, offset) in self.entries() {
            if let Some(other) = other.get(topic, partition) {
                least.advance_one(topic, partition, offset.min(other));
            }
        }
        least
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last applied offset of an input partition.
    pub fn get(&self, topic: &str, partition: i32) -> Option<i64> {
        self.0.get(topic)?.get(&partition).copied()
    }

    /// All offsets, by topic and partition.
    pub fn entries(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        self.0.iter().flat_map(|(topic, partitions)| partitions.iter().map(move |(&p, &offset)| (topic.as_str(), p, offset)))
    }

    /// `00 | topics i32 | { length i32, name | partitions i32 | { partition i32, offset i64 }* }*`, without the zero tail that Java leaves.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0];
        out.extend_from_slice(&(self.0.len() as i32).to_be_bytes());
        for (topic, partitions) in &self.0 {
            out.extend_from_slice(&(topic.len() as i32).to_be_bytes());
            out.extend_from_slice(topic.as_bytes());
            out.extend_from_slice(&(partitions.len() as i32).to_be_bytes());
            for (partition, offset) in partitions {
                out.extend_from_slice(&partition.to_be_bytes());
                out.extend_from_slice(&offset.to_be_bytes());
            }
        }
        out
    }

    /// Reads [`to_bytes`](Self::to_bytes), with or without Java's tail.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupted`] when the bytes end too early or have another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        read(bytes).ok_or_else(|| Error::new(ErrorKind::Corrupted, format!("a position of {} bytes cannot be read", bytes.len())))
    }
}

fn read(bytes: &[u8]) -> Option<Position> {
    let (0, mut rest) = bytes.split_first()? else { return None };
    let mut position = Position::default();
    for _ in 0..int(&mut rest)? {
        let (name, tail) = rest_at(rest)?;
        rest = tail;
        let topic = std::str::from_utf8(name).ok()?;
        for _ in 0..int(&mut rest)? {
            let partition = int(&mut rest)?;
            let (offset, tail) = rest.split_first_chunk::<8>()?;
            rest = tail;
            position.advance_one(topic, partition, i64::from_be_bytes(*offset));
        }
    }
    Some(position)
}

fn rest_at(mut bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::try_from(int(&mut bytes)?).ok()?;
    bytes.split_at_checked(len)
}

fn int(rest: &mut &[u8]) -> Option<i32> {
    let (n, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(i32::from_be_bytes(*n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(topic: &str, partition: i32, offset: i64) -> PositionEntry {
        PositionEntry { topic: topic.into(), partition, offset }
    }

    #[test]
    fn bytes_are_java_s_and_the_tail_is_ignored() {
        let mut position = Position::default();
        assert!(position.advance(&[entry("ab", 3, 7)]));
        let mut bytes = position.to_bytes();
        assert_eq!(bytes, [&[0, 0, 0, 0, 1, 0, 0, 0, 2][..], b"ab", &[0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 7]].concat());
        bytes.extend([0; 200]);
        assert_eq!(Position::from_bytes(&bytes).unwrap(), position);
    }

    #[test]
    fn it_never_goes_back() {
        let mut position = Position::default();
        position.advance(&[entry("a", 0, 7)]);
        assert!(!position.advance(&[entry("a", 0, 6)]));
        assert_eq!(position.get("a", 0), Some(7));
        assert_eq!(position.get("a", 1), None);
    }

    #[test]
    fn what_two_have_reached() {
        let position = |entries: &[PositionEntry]| {
            let mut position = Position::default();
            position.advance(entries);
            position
        };
        let one = position(&[entry("a", 0, 7), entry("a", 1, 3), entry("b", 0, 1)]);
        let other = position(&[entry("a", 0, 5), entry("a", 1, 4), entry("c", 0, 1)]);
        assert_eq!(one.least(&other), position(&[entry("a", 0, 5), entry("a", 1, 3)]));
        assert_eq!(other.least(&one), one.least(&other));
    }

    #[test]
    fn cut_off_bytes_are_an_error() {
        let mut position = Position::default();
        position.advance(&[entry("topic", 0, 7)]);
        let bytes = position.to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(Position::from_bytes(&bytes[..end]).unwrap_err().kind(), ErrorKind::Corrupted, "{end}");
        }
    }
}

//! Keys of rows that lie by time first: `0x00 | start i64 | K | sequence i32`, and of the index that finds them by record key:
//! `0x01 | K | start i64 | sequence i32`. Stores above know only `K | start | sequence`; these forms stand in engines.

use super::window;
use std::ops::Bound;

const BASE: u8 = 0;
const INDEX: u8 = 1;
const TIME: usize = 8;
const SEQUENCE: usize = window::SUFFIX - TIME;

/// Appends the row's key.
pub(crate) fn base(out: &mut Vec<u8>, composed: &[u8]) {
    let (rest, sequence) = composed.split_at(composed.len().saturating_sub(SEQUENCE));
    let (key, start) = rest.split_at(rest.len().saturating_sub(TIME));
    out.push(BASE);
    out.extend_from_slice(start);
    out.extend_from_slice(key);
    out.extend_from_slice(sequence);
}

/// Appends the key of a row, of its parts.
pub(crate) fn compose(out: &mut Vec<u8>, key: &[u8], start: i64, sequence: i32) {
    out.push(BASE);
    out.extend_from_slice(&start.to_be_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(&sequence.to_be_bytes());
}

/// Time and record key of a row's key; `None` for that of another kind of row.
pub(crate) fn split(row: &[u8]) -> Option<(i64, &[u8])> {
    let (_, rest) = row.split_first().filter(|(kind, _)| **kind == BASE)?;
    let (start, rest) = rest.split_first_chunk()?;
    let (key, _) = rest.split_last_chunk::<SEQUENCE>()?;
    Some((i64::from_be_bytes(*start), key))
}

/// Appends the key of the row's entry in the index.
pub(crate) fn index(out: &mut Vec<u8>, composed: &[u8]) {
    out.push(INDEX);
    out.extend_from_slice(composed);
}

/// Writes `K | start | sequence` of a row's key over what `out` holds; false for the key of another kind of row.
pub(crate) fn from_base(out: &mut Vec<u8>, row: &[u8]) -> bool {
    out.clear();
    match row.split_first() {
        Some((&BASE, rest)) if rest.len() >= window::SUFFIX => {
            let (start, rest) = rest.split_at(TIME);
            let (key, sequence) = rest.split_at(rest.len() - SEQUENCE);
            out.extend_from_slice(key);
            out.extend_from_slice(start);
            out.extend_from_slice(sequence);
            true
        }
        _ => false,
    }
}

/// `K | start | sequence` of an entry of the index.
pub(crate) fn from_index(entry: &[u8]) -> Option<&[u8]> {
    entry.split_first().filter(|(kind, rest)| **kind == INDEX && rest.len() >= window::SUFFIX).map(|(_, composed)| composed)
}

/// The bounds of all rows whose windows begin in `[from, to]`.
pub(crate) fn times(from: i64, to: i64) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let at = |time: i64| [&[BASE], &time.to_be_bytes()[..]].concat();
    // times before 1970 lie behind all others, and windows do not begin there
    let end = to.checked_add(1).map_or_else(|| vec![INDEX], at);
    (Bound::Included(at(from.max(0))), Bound::Excluded(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let mut composed = Vec::new();
        window::compose(&mut composed, b"k", 60_000, 7);
        let (mut row, mut entry, mut back) = (Vec::new(), Vec::new(), Vec::new());
        base(&mut row, &composed);
        index(&mut entry, &composed);
        assert_eq!(row, [0, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0x6b, 0, 0, 0, 7]);
        assert_eq!(entry, [1, 0x6b, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 7]);
        assert!(from_base(&mut back, &row) && back == composed);
        assert_eq!(from_index(&entry), Some(&composed[..]));
        let mut composed_at_once = Vec::new();
        compose(&mut composed_at_once, b"k", 60_000, 7);
        assert_eq!((&composed_at_once, split(&row), split(&entry)), (&row, Some((60_000, &b"k"[..])), None));
        assert!(!from_base(&mut back, &entry));
        assert_eq!((from_index(&row), from_index(b"\x01short")), (None, None));
    }
}

//! Keys of rows that lie by time first, and of the index that finds them by record key: `0x01 | K | suffix`. Stores above know only `K | suffix`, whose
//! suffix begins with the time; these forms stand in engines.

use super::{session, window};
use std::ops::Bound;

const BASE: u8 = 0;
const INDEX: u8 = 1;
const TIME: usize = 8;
const SEQUENCE: usize = window::SUFFIX - TIME;

/// How a kind of store lays its rows by time: `0x00 | front of the suffix | K | rest of the suffix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeFirst {
    /// Bytes of the suffix that stand before the record key.
    front: usize,
    /// Those behind it.
    rest: usize,
}

impl TimeFirst {
    /// `0x00 | start i64 | K | sequence i32`.
    pub const WINDOW: Self = TimeFirst { front: TIME, rest: SEQUENCE };
    /// `0x00 | end i64 | start i64 | K`.
    pub const SESSION: Self = TimeFirst { front: session::SUFFIX, rest: 0 };
    /// `0x00 | end i64 | K | start i64`: the order in which Java's store in memory walks.
    pub const SESSION_IN_MEMORY: Self = TimeFirst { front: TIME, rest: session::SUFFIX - TIME };

    fn suffix(self) -> usize {
        self.front + self.rest
    }

    /// The record key of `K | suffix`. `None` for bytes too short to be a key of this kind.
    pub fn key(self, composed: &[u8]) -> Option<&[u8]> {
        composed.len().checked_sub(self.suffix()).map(|length| &composed[..length])
    }

    /// The time by which a row lies, 0 for bytes too short to hold one.
    pub fn time(self, composed: &[u8]) -> i64 {
        let suffix = self.key(composed).map_or(&[][..], |key| &composed[key.len()..]);
        suffix.first_chunk().map_or(0, |time| i64::from_be_bytes(*time))
    }

    /// Appends the row's key.
    pub fn base(self, out: &mut Vec<u8>, composed: &[u8]) {
        let (key, suffix) = composed.split_at(composed.len().saturating_sub(self.suffix()));
        let (front, rest) = suffix.split_at(suffix.len().saturating_sub(self.rest));
        out.push(BASE);
        out.extend_from_slice(front);
        out.extend_from_slice(key);
        out.extend_from_slice(rest);
    }

    /// Writes `K | suffix` of a row's key over what `out` holds; false for the key of another kind of row.
    pub fn read_base(self, out: &mut Vec<u8>, row: &[u8]) -> bool {
        out.clear();
        match row.split_first() {
            Some((&BASE, row)) if row.len() >= self.suffix() => {
                let (front, row) = row.split_at(self.front);
                let (key, rest) = row.split_at(row.len() - self.rest);
                out.extend_from_slice(key);
                out.extend_from_slice(front);
                out.extend_from_slice(rest);
                true
            }
            _ => false,
        }
    }

    /// `K | suffix` of an entry of the index.
    pub fn read_index(self, entry: &[u8]) -> Option<&[u8]> {
        entry.split_first().filter(|(kind, rest)| **kind == INDEX && rest.len() >= self.suffix()).map(|(_, composed)| composed)
    }
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

/// The bounds of all rows whose times are in `[from, to]`.
pub(crate) fn times(from: i64, to: i64) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let at = |time: i64| [&[BASE], &time.to_be_bytes()[..]].concat();
    // times before 1970 lie behind all others, and windows do not begin there
    let end = to.checked_add(1).map_or_else(|| vec![INDEX], at);
    (Bound::Included(at(from.max(0))), Bound::Excluded(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(form: TimeFirst, composed: &[u8], row: &[u8], entry: &[u8]) {
        let (mut base, mut key, mut back) = (Vec::new(), Vec::new(), Vec::new());
        form.base(&mut base, composed);
        index(&mut key, composed);
        assert_eq!((&base[..], &key[..]), (row, entry));
        assert!(form.read_base(&mut back, row) && back == composed);
        assert_eq!((form.read_index(entry), form.read_index(row), form.read_index(b"\x01short")), (Some(composed), None, None));
        assert!(!form.read_base(&mut back, entry));
        assert_eq!((form.key(composed), form.key(b"short"), form.time(b"short")), (Some(&b"k"[..]), None, 0));
    }

    #[test]
    fn golden() {
        let mut composed = Vec::new();
        window::compose(&mut composed, b"k", 60_000, 7);
        let row = [0, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0x6b, 0, 0, 0, 7];
        both(TimeFirst::WINDOW, &composed, &row, &[1, 0x6b, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 7]);
        assert_eq!(TimeFirst::WINDOW.time(&composed), 60_000);
        let mut at_once = Vec::new();
        compose(&mut at_once, b"k", 60_000, 7);
        assert_eq!((&at_once[..], split(&row)), (&row[..], Some((60_000, &b"k"[..]))));
        session::compose(&mut composed, b"k", 1_000, 5_000);
        let row = [0, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0x03, 0xe8, 0x6b];
        let entry = [1, 0x6b, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0x03, 0xe8];
        both(TimeFirst::SESSION, &composed, &row, &entry);
        let row = [0, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0x6b, 0, 0, 0, 0, 0, 0, 0x03, 0xe8];
        both(TimeFirst::SESSION_IN_MEMORY, &composed, &row, &entry);
        assert_eq!((TimeFirst::SESSION.time(&composed), TimeFirst::SESSION_IN_MEMORY.time(&composed)), (5_000, 5_000));
    }
}

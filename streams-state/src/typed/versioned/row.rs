//! Rows of a versioned store's segments: the older versions of one key.
//!
//! `next i64 | min i64 | { valid from i64 | length i32 }* | values`: versions are listed newest first and their bytes lie oldest first. `next` is
//! when the newest of them ended, `min` when the oldest began, which ends the list. A length of -1 is a deletion. A row whose `next` is its
//! `min` is *degenerate*: all it says is that the key was deleted then.

const TIME: usize = 8;

/// One version: when it began, and its value if it is no deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version<'a> {
    pub from: i64,
    pub value: Option<&'a [u8]>,
}

/// The versions of a row, newest first; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentRow<'a> {
    pub next: i64,
    pub versions: Vec<Version<'a>>,
}

/// Where a version lies in its row, and until when it was valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub index: usize,
    pub to: i64,
}

/// When the newest version of a row ended, and when the oldest began.
pub(super) fn span(row: &[u8]) -> Option<(i64, i64)> {
    let (next, rest) = row.split_first_chunk()?;
    let (min, _) = rest.split_first_chunk()?;
    Some((i64::from_be_bytes(*next), i64::from_be_bytes(*min)))
}

impl<'a> SegmentRow<'a> {
    /// Of one version.
    pub fn of(version: Version<'a>, next: i64) -> Self {
        SegmentRow { next, versions: vec![version] }
    }

    /// `None` where the bytes are no such row.
    pub fn read(row: &'a [u8]) -> Option<Self> {
        let (next, min) = span(row)?;
        let (mut entries, mut end) = (&row[2 * TIME..], row.len());
        let mut versions = Vec::new();
        loop {
            let (from, rest) = entries.split_first_chunk()?;
            let (length, rest) = rest.split_first_chunk()?;
            let (from, length) = (i64::from_be_bytes(*from), i32::from_be_bytes(*length));
            entries = rest;
            let value = match usize::try_from(length) {
                Ok(length) => {
                    let start = end.checked_sub(length)?;
                    let value = row.get(start..end)?;
                    end = start;
                    Some(value)
                }
                Err(_) => None,
            };
            versions.push(Version { from, value });
            if from == min {
                break;
            }
        }
        (end == row.len() - entries.len()).then_some(SegmentRow { next, versions })
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.next.to_be_bytes());
        out.extend_from_slice(&self.min().to_be_bytes());
        for Version { from, value } in &self.versions {
            out.extend_from_slice(&from.to_be_bytes());
            out.extend_from_slice(&value.map_or(-1, |value| value.len() as i32).to_be_bytes());
        }
        for Version { value, .. } in self.versions.iter().rev() {
            out.extend_from_slice(value.unwrap_or_default());
        }
    }

    pub fn min(&self) -> i64 {
        self.versions.last().map_or(self.next, |oldest| oldest.from)
    }

    fn is_degenerate(&self) -> bool {
        self.next == self.min()
    }

    /// The version that was valid at `time`, which lies between [`min`](Self::min) and `next`.
    pub fn find(&self, time: i64) -> Option<Found> {
        let index = self.versions.iter().position(|version| version.from <= time).filter(|_| time < self.next)?;
        Some(Found { index, to: if index == 0 { self.next } else { self.versions[index - 1].from } })
    }

    /// Adds a version that is newer than the others. Those that reach beyond its beginning are cut off: they are there when a changelog is read
    /// once more over rows that had it already.
    pub fn insert_as_latest(&mut self, version: Version<'a>, to: i64) {
        if self.next > version.from {
            self.truncate(version.from);
        }
        if self.next == version.from {
            if self.is_degenerate() {
                self.versions.clear();
            }
        } else if !self.is_degenerate() {
            // what ended before was deleted
            self.versions.insert(0, Version { from: self.next, value: None });
        }
        self.versions.insert(0, version);
        self.next = to;
    }

    /// Adds a version that is older than the others.
    pub fn insert_as_earliest(&mut self, version: Version<'a>) {
        if self.is_degenerate() {
            self.versions.clear();
        }
        self.versions.push(version);
    }

    fn truncate(&mut self, time: i64) {
        if time <= self.min() {
            self.versions = vec![Version { from: time, value: None }];
        } else {
            self.versions.retain(|version| version.from < time);
        }
        self.next = time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(from: i64, value: &'static str) -> Version<'static> {
        Version { from, value: Some(value.as_bytes()) }
    }

    const fn deleted(from: i64) -> Version<'static> {
        Version { from, value: None }
    }

    fn bytes(row: &SegmentRow<'_>) -> Vec<u8> {
        let mut out = b"left over".to_vec();
        row.write(&mut out);
        out
    }

    #[test]
    fn golden() {
        // A from 10, deleted from 20, B from 30 to 40
        let row = SegmentRow { next: 40, versions: vec![version(30, "B"), deleted(20), version(10, "A")] };
        let expected = [
            [0, 0, 0, 0, 0, 0, 0, 40].to_vec(),
            [0, 0, 0, 0, 0, 0, 0, 10].to_vec(),
            [0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 1].to_vec(),
            [0, 0, 0, 0, 0, 0, 0, 20, 0xff, 0xff, 0xff, 0xff].to_vec(),
            [0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1].to_vec(),
            b"AB".to_vec(),
        ];
        assert_eq!(bytes(&row), expected.concat());
        assert_eq!(SegmentRow::read(&expected.concat()), Some(row.clone()));
        assert_eq!(span(&expected.concat()), Some((40, 10)));
        assert_eq!(row.find(30), Some(Found { index: 0, to: 40 }));
        assert_eq!(row.find(29), Some(Found { index: 1, to: 30 }));
        assert_eq!(row.find(10), Some(Found { index: 2, to: 20 }));
        assert_eq!((row.find(9), row.find(40)), (None, None));
    }

    #[test]
    fn damaged_rows_are_seen() {
        let whole = bytes(&SegmentRow { next: 40, versions: vec![version(30, "B"), version(10, "A")] });
        for length in 0..whole.len() {
            assert_eq!(SegmentRow::read(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(SegmentRow::read(&[&whole[..], b"x"].concat()), None);
    }

    #[test]
    fn versions_are_added_at_either_end() {
        let mut row = SegmentRow::of(deleted(20), 20);
        assert!(row.is_degenerate());
        let mut gap = row.clone();
        gap.insert_as_latest(version(25, "B"), 30);
        assert_eq!(gap, SegmentRow { next: 30, versions: vec![version(25, "B"), deleted(20)] });
        row.insert_as_earliest(version(10, "A"));
        assert_eq!(row, SegmentRow { next: 20, versions: vec![version(10, "A")] });
        row.insert_as_latest(version(20, "B"), 30);
        row.insert_as_latest(version(35, "C"), 40);
        let all = vec![version(35, "C"), deleted(30), version(20, "B"), version(10, "A")];
        assert_eq!(row, SegmentRow { next: 40, versions: all });
        row.insert_as_latest(version(20, "D"), 25);
        assert_eq!(row, SegmentRow { next: 25, versions: vec![version(20, "D"), version(10, "A")] });
        row.insert_as_latest(version(5, "E"), 6);
        assert_eq!(row, SegmentRow { next: 6, versions: vec![version(5, "E")] });
    }
}

//! Where a version is put: Java's procedure, which decides the segment of each version by the time at which it ended.

use super::row::{Found, SegmentRow, Version, span};
use super::{LATEST, PutResult, VersionedStore};
use crate::Result;

impl<K: 'static, V: 'static> VersionedStore<K, V> {
    /// Puts a version that is not too old. `value` is the value's bytes; `None` deletes.
    pub(super) fn insert(&mut self, key: &[u8], value: Option<&[u8]>, time: i64) -> Result<PutResult> {
        // the least time known at which the version ends; none: it is the latest
        let mut ends = None;
        let mut row = std::mem::take(&mut self.row);
        let latest = self.read_latest(key, &mut row)?;
        let result = match latest {
            Some(from) if time >= from => {
                if time > from {
                    self.move_to_segment(key, Version { from, value: row.get(8..) }, time)?;
                }
                self.put_latest(key, value, time)?;
                Some(PutResult::Latest)
            }
            _ => {
                ends = latest;
                self.insert_in_segment(key, value, time, &mut ends, &mut row)?
            }
        };
        self.row = row;
        match result {
            Some(result) => Ok(result),
            None => self.insert_at_end(key, value, time, ends),
        }
    }

    /// Looks for the row that spans `time`, from the newest segment backwards. `None`: there is none, and `ends` tells when the version ends.
    fn insert_in_segment(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        time: i64,
        ends: &mut Option<i64>,
        row: &mut Vec<u8>,
    ) -> Result<Option<PutResult>> {
        for segment in self.segments_from(time)? {
            if !self.read_segment(segment, key, row)? {
                continue;
            }
            let Some((next, min)) = span(row) else { return Err(self.damaged(key)) };
            if next <= time {
                break;
            }
            if min <= time {
                return self.insert_in_row(segment, key, value, time, row).map(Some);
            }
            if min < self.oldest() {
                return Ok(Some(PutResult::TooOld));
            }
            *ends = Some(min);
        }
        Ok(None)
    }

    /// Puts the version into the row that spans its time. The version before it ends earlier by that, which may be in another segment.
    fn insert_in_row(&mut self, segment: i64, key: &[u8], value: Option<&[u8]>, time: i64, row: &[u8]) -> Result<PutResult> {
        let Some(mut versions) = SegmentRow::read(row) else { return Err(self.damaged(key)) };
        let Some(Found { index, to }) = versions.find(time) else { return Err(self.damaged(key)) };
        let (before, new) = (versions.versions[index], Version { from: time, value });
        if before.from == time {
            versions.versions[index] = new;
        } else if self.segment_of(time) == segment {
            versions.versions.insert(index, new);
        } else {
            self.move_to_segment(key, before, time)?;
            versions.versions[index] = new;
        }
        self.write_segment(segment, key, &versions)?;
        Ok(PutResult::ValidTo(to))
    }

    /// Puts a version that begins or ends what is known of the key.
    fn insert_at_end(&mut self, key: &[u8], value: Option<&[u8]>, time: i64, ends: Option<i64>) -> Result<PutResult> {
        let new = Version { from: time, value };
        let Some(ends) = ends else {
            if value.is_some() {
                self.put_latest(key, value, time)?;
                return Ok(PutResult::Latest);
            }
            // the latest rows have no deletions: this one lies in a segment, by its own time
            let put = self.change_segment(self.segment_of(time), key, &mut Vec::new(), |row| match row {
                None => Some(SegmentRow::of(new, time)),
                Some(row) if row.next == time => None,
                Some(mut row) => {
                    let deleted = Version { from: row.next, value: None };
                    row.insert_as_latest(deleted, time);
                    Some(row)
                }
            })?;
            return Ok(if put { PutResult::Latest } else { PutResult::TooOld });
        };
        let put = self.change_segment(self.segment_of(ends), key, &mut Vec::new(), |row| match row {
            None => Some(SegmentRow::of(new, ends)),
            Some(mut row) => {
                if row.next <= time {
                    row.insert_as_latest(new, ends);
                } else {
                    row.insert_as_earliest(new);
                }
                Some(row)
            }
        })?;
        Ok(if put { PutResult::ValidTo(ends) } else { PutResult::TooOld })
    }

    /// Moves a version that has ended at `to` to the segment where it belongs.
    fn move_to_segment(&mut self, key: &[u8], version: Version<'_>, to: i64) -> Result<()> {
        self.change_segment(self.segment_of(to), key, &mut Vec::new(), |row| match row {
            None => Some(SegmentRow::of(version, to)),
            Some(mut row) => {
                row.insert_as_latest(version, to);
                Some(row)
            }
        })?;
        Ok(())
    }

    /// Changes the row of a key in a segment; `change` gets the row if there is one, and `None` leaves it. `row` is where its bytes go. `false`:
    /// the segment has expired.
    fn change_segment<'r>(
        &mut self,
        segment: i64,
        key: &[u8],
        row: &'r mut Vec<u8>,
        change: impl FnOnce(Option<SegmentRow<'r>>) -> Option<SegmentRow<'r>>,
    ) -> Result<bool> {
        if segment < self.live_from() {
            return Ok(false);
        }
        let versions = match self.read_segment(segment, key, row)? {
            true => match SegmentRow::read(row) {
                Some(versions) => Some(versions),
                None => return Err(self.damaged(key)),
            },
            false => None,
        };
        if let Some(versions) = change(versions) {
            self.write_segment(segment, key, &versions)?;
        }
        Ok(true)
    }

    fn write_segment(&mut self, segment: i64, key: &[u8], row: &SegmentRow<'_>) -> Result<()> {
        row.write(&mut self.written);
        self.known_segments()?.insert(segment);
        self.compose(segment, key);
        self.core.put_unlogged(&self.composed, Some(&self.written));
        Ok(())
    }

    fn put_latest(&mut self, key: &[u8], value: Option<&[u8]>, time: i64) -> Result<()> {
        self.written.clear();
        self.written.extend_from_slice(&time.to_be_bytes());
        self.written.extend_from_slice(value.unwrap_or_default());
        self.compose(LATEST, key);
        self.core.put_unlogged(&self.composed, value.is_some().then_some(&self.written));
        Ok(())
    }
}

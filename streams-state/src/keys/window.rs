//! Keys of window stores: `K | window start i64 | sequence i32`.

use crate::store::StoredRow;

/// Bytes behind the record key.
pub(crate) const SUFFIX: usize = 12;

/// Writes the key of a window over what `out` holds.
#[inline]
pub(crate) fn compose(out: &mut Vec<u8>, key: &[u8], start: i64, seq: i32) {
    out.clear();
    out.extend_from_slice(key);
    let mut suffix = [0; SUFFIX];
    suffix[..8].copy_from_slice(&start.to_be_bytes());
    suffix[8..].copy_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(&suffix);
}

/// Not less than the key of any window of a record key up to `key`; see [`upper_bound`](super::upper_bound).
pub(crate) fn upper_bound(key: &[u8]) -> Vec<u8> {
    let last = [&i64::MAX.to_be_bytes()[..], &i32::MAX.to_be_bytes()].concat();
    super::upper_bound(key, &last)
}

/// Record key and window start. `None` for bytes too short to be a window's key.
#[inline]
pub(crate) fn split(composed: &[u8]) -> Option<(&[u8], i64)> {
    let (key, suffix) = composed.split_last_chunk::<SUFFIX>()?;
    let (start, _) = suffix.split_first_chunk::<8>()?;
    Some((key, i64::from_be_bytes(*start)))
}

/// The window start, 0 for bytes too short to hold one.
#[inline]
pub(crate) fn start(composed: &[u8]) -> i64 {
    split(composed).map_or(0, |(_, start)| start)
}

/// A row of a window store. `None` for a key that is none of a window.
pub(crate) fn row<'a>(composed: &'a [u8], value: &'a [u8]) -> Option<StoredRow<'a>> {
    split(composed).map(|(key, start)| StoredRow { key, start: Some(start), end: None, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let mut out = b"left over".to_vec();
        compose(&mut out, b"k", 60_000, 0);
        assert_eq!(out, [0x6b, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 0]);
        compose(&mut out, b"", 1, 0x7fff_ffff);
        assert_eq!(out, [0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff]);
        assert_eq!(split(&out), Some((&b""[..], 1)));
        assert_eq!(split(&out[1..]), None);
        assert_eq!(start(b"short"), 0);
    }
}

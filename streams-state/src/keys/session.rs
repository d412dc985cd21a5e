//! Keys of session stores: `K | session end i64 | session start i64`.

use crate::store::StoredRow;

/// Bytes behind the record key.
pub(crate) const SUFFIX: usize = 16;

/// Writes the key of a session over what `out` holds.
#[inline]
pub(crate) fn compose(out: &mut Vec<u8>, key: &[u8], start: i64, end: i64) {
    out.clear();
    out.extend_from_slice(key);
    let mut suffix = [0; SUFFIX];
    suffix[..8].copy_from_slice(&end.to_be_bytes());
    suffix[8..].copy_from_slice(&start.to_be_bytes());
    out.extend_from_slice(&suffix);
}

/// Record key, session start and end. `None` for bytes too short to be a session's key.
#[inline]
pub(crate) fn split(composed: &[u8]) -> Option<(&[u8], i64, i64)> {
    let (rest, start) = composed.split_last_chunk::<8>()?;
    let (key, end) = rest.split_last_chunk::<8>()?;
    Some((key, i64::from_be_bytes(*start), i64::from_be_bytes(*end)))
}

/// The session's end, 0 for bytes too short to hold one.
#[inline]
pub(crate) fn end(composed: &[u8]) -> i64 {
    split(composed).map_or(0, |(_, _, end)| end)
}

/// A row of a session store. `None` for a key that is none of a session.
pub(crate) fn row<'a>(composed: &'a [u8], value: &'a [u8]) -> Option<StoredRow<'a>> {
    split(composed).map(|(key, start, end)| StoredRow { key, start: Some(start), end: Some(end), value })
}

/// Not less than the key of any session of a record key up to `key`; see [`upper_bound`](super::upper_bound).
pub(crate) fn upper_bound(key: &[u8]) -> Vec<u8> {
    let last = [i64::MAX.to_be_bytes(), i64::MAX.to_be_bytes()].concat();
    super::upper_bound(key, &last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden() {
        let mut out = b"left over".to_vec();
        compose(&mut out, b"k", 1_000, 5_000);
        assert_eq!(out, [0x6b, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0x03, 0xe8]);
        assert_eq!(split(&out), Some((&b"k"[..], 1_000, 5_000)));
        assert_eq!((end(&out), end(b"short")), (5_000, 0));
        assert_eq!((split(&out[1..]), split(&out[2..])), (Some((&b""[..], 1_000, 5_000)), None));
    }

    fn key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(vec![0, 1, 0x7e, 0x7f, 0x80, 0xff]), 1..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_session_of_a_key_in_range_is_beyond_the_bound(key in key(), to in key(), start in 0..i64::MAX, end in 0..i64::MAX) {
            let mut composed = Vec::new();
            compose(&mut composed, &key, start, end);
            prop_assert!(key > to || composed <= upper_bound(&to));
        }
    }
}

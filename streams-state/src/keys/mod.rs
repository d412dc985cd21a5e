//! Key layouts, Java's byte for byte. Pure functions, no I/O.

pub(crate) mod session;
pub(crate) mod time_first;
pub(crate) mod window;

/// A key that is not less than that of any row of a record key up to `key`, where what follows record keys is `last` at most, as Java's
/// `OrderedBytes.upperRange` makes it; not for times before 1970.
pub(crate) fn upper_bound(key: &[u8], last: &[u8]) -> Vec<u8> {
    // a shorter key that `key` begins with has its times where `key` goes on, and no time begins with more than `last` does
    let kept = key.iter().enumerate().take_while(|&(i, &byte)| i == 0 || Some(&byte) >= last.first()).count();
    [&key[..kept], last].concat()
}

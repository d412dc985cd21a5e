//! Key layouts, Java's byte for byte. Pure functions, no I/O.

pub(crate) mod session;
pub(crate) mod time_first;
pub(crate) mod window;

/// How the rows of a store lie that expire by spans of time.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "rocksdb"), expect(dead_code, reason = "only RocksDB has filters"))]
pub(crate) struct Segments {
    /// Milliseconds of a segment.
    pub interval: i64,
    /// What rows' keys have behind the record's, where they begin with it.
    pub suffix: Option<Suffix>,
    /// Whether rows are also looked for by their whole keys, not only by record key.
    pub read_by_row: bool,
}

/// What a row's key has behind the record's.
#[derive(Clone, Copy)]
pub(crate) enum Suffix {
    /// `window start i64 | sequence i32`
    Window,
    /// `session end i64 | session start i64`
    Session,
}

/// A key that is not less than that of any row of a record key up to `key`, where what follows record keys is `last` at most, as Java's
/// `OrderedBytes.upperRange` makes it; not for times before 1970.
pub(crate) fn upper_bound(key: &[u8], last: &[u8]) -> Vec<u8> {
    // a shorter key that `key` begins with has its times where `key` goes on, and no time begins with more than `last` does
    let kept = key.iter().enumerate().take_while(|&(i, &byte)| i == 0 || Some(&byte) >= last.first()).count();
    [&key[..kept], last].concat()
}

//! Recordings that cannot be written yet, and the feature that each waits for.

pub const MISSING: &[(&str, &str)] = &[
    ("stream-pattern", "sources by pattern"),
    ("global-table-joined", "global tables"),
    ("table-group-by-count", "KTable::group_by"),
    ("table-group-by-reduce-named", "KTable::group_by"),
    ("table-table-join", "joins of two tables"),
];

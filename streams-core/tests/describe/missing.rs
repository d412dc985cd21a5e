//! Recordings that cannot be written yet, and the feature that each waits for.

pub const MISSING: &[(&str, &str)] = &[
    ("stream-stream-left-join", "left join of two streams"),
    ("stream-stream-outer-join", "outer join of two streams"),
    ("table-group-by-count", "KTable::group_by"),
    ("table-group-by-reduce-named", "KTable::group_by"),
    ("table-table-join", "joins of two tables"),
];

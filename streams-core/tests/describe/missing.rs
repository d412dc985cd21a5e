//! Recordings that cannot be written yet, and the feature that each waits for.

pub const MISSING: &[(&str, &str)] = &[];

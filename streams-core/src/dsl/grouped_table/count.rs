//! `count` of grouped tables.

use super::KGroupedTable;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};

impl<K: Data, V: Data> KGroupedTable<K, V> {
    /// Counts the rows of each group; a group that has lost its last row counts 0. Written as Java's `Long`: 8 bytes, big-endian.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 1), ("a", 2)], |stream| {
    ///     stream.to_table().group_by(|key, value| (value.to_string(), key.clone())).count().to_stream()
    /// });
    /// let counts: Vec<_> = out.iter().map(|(value, count)| (value.as_str(), count.unwrap())).collect();
    /// assert_eq!(counts, [("1", 1), ("1", 2), ("1", 1), ("2", 1)]);
    /// ```
    pub fn count(&self) -> KTable<K, u64> {
        self.count_with(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`count`](Self::count) with a name for the store, or cache or changelog options.
    pub fn count_with(&self, materialized: impl Into<Materialized<K, u64>>) -> KTable<K, u64> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&SerdeChoice::by_type());
        // wrapping: records that come twice after a crash may take away first, and the count is right again once they are through
        let add = |_: &K, _: V, count: &mut Option<u64>| *count = Some(count.unwrap_or(0).wrapping_add(1));
        let subtract = |_: &K, _: V, count: &mut Option<u64>| *count = count.map(|count| count.wrapping_sub(1));
        self.aggregation("KTABLE-AGGREGATE-", Folder::sure(add), Folder::sure(subtract), materialized)
    }
}

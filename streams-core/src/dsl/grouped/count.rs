//! `count`.

use super::KGroupedStream;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// Counts the records of each key. The count is written as Java's `Long`: 8 bytes, big-endian.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("b", 1), ("a", 1)], |stream| stream.group_by_key().count().to_stream());
    /// assert_eq!(out.last(), Some(&("a".to_string(), Some(2))));
    /// ```
    pub fn count(&self) -> KTable<K, u64> {
        self.count_with(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`count`](Self::count) with a name for the store, or cache or changelog options.
    pub fn count_with(&self, materialized: impl Into<Materialized<K, u64>>) -> KTable<K, u64> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&SerdeChoice::by_type());
        if materialized.name.is_none() && !materialized.implied {
            self.stream.plan.lock().names.store("KSTREAM-AGGREGATE-"); // an index that Java burns for nothing
        }
        let one_more = |_: &K, _: V, count: &mut Option<u64>| *count.get_or_insert(0) += 1;
        self.aggregation("KSTREAM-AGGREGATE-", Folder::sure(one_more), materialized)
    }
}

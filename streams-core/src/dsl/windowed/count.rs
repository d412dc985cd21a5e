//! `count` by window.

use super::TimeWindowedKStream;
use super::slices::Merger;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::windows::Cut;
use streams_state::serde::Windowed;

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// Counts the records of each key and window. The count is written as Java's `Long`: 8 bytes, big-endian.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// // windows of ten seconds, one every five: each record is in two of them
    /// let windows = TimeWindows::hopping(Duration::from_secs(10), Duration::from_secs(5)).no_grace();
    /// let _counts = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).count_with("counts");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// input.pipe_at("a".to_string(), 1, 7_000)?;
    /// input.pipe_at("a".to_string(), 1, 12_000)?;
    /// let counts = driver.window_store::<String, u64>("counts").expect("the store has a name");
    /// let of_a = |start| counts.fetch(&"a".to_string(), start);
    /// assert_eq!((of_a(5_000)?, of_a(10_000)?, of_a(15_000)?), (Some(2), Some(1), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count(&self) -> KTable<Windowed<K>, u64> {
        self.count_with(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`count`](Self::count) with a name for the store, retention, cache or changelog options.
    pub fn count_with(&self, materialized: impl Into<Materialized<K, u64>>) -> KTable<Windowed<K>, u64> {
        self.counted(materialized.into(), None)
    }

    pub(super) fn counted(&self, mut materialized: Materialized<K, u64>, merge: Option<Merger<K, u64>>) -> KTable<Windowed<K>, u64> {
        materialized.value = materialized.value.with_fallback(&SerdeChoice::by_type());
        let sliding = matches!(self.windows, Cut::Sliding(_));
        if materialized.name.is_none() && !materialized.implied && !sliding {
            self.grouped.stream.plan.lock().names.store("KSTREAM-AGGREGATE-"); // an index that Java burns for nothing
        }
        let one_more = |_: &K, _: V, count: &mut Option<u64>| *count.get_or_insert(0) += 1;
        self.aggregation("KSTREAM-AGGREGATE-", (Folder::sure(one_more), merge), materialized)
    }
}

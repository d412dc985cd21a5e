//! `count` by session.

use super::SessionWindowedKStream;
use super::merge::Folders;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use streams_state::serde::Windowed;

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// Counts the records of each key and session. The count is written as Java's `Long`: 8 bytes, big-endian.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(60));
    /// let _counts = builder.stream::<String, i64>("in").group_by_key().windowed_by(visits).count_with("counts");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// input.pipe_at("a".to_string(), 1, 7_000)?;
    /// input.pipe_at("a".to_string(), 1, 12_000)?;
    /// input.pipe_at("a".to_string(), 1, 17_001)?;
    /// let counts = driver.session_store::<String, u64>("counts").expect("the store has a name");
    /// let of_a = |start, end| counts.fetch_session(&"a".to_string(), start, end);
    /// assert_eq!((of_a(7_000, 12_000)?, of_a(17_001, 17_001)?), (Some(2), Some(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count(&self) -> KTable<Windowed<K>, u64> {
        self.count_with(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`count`](Self::count) with a name for the store, retention, cache or changelog options.
    pub fn count_with(&self, materialized: impl Into<Materialized<K, u64>>) -> KTable<Windowed<K>, u64> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&SerdeChoice::by_type());
        if materialized.name.is_none() && !materialized.implied {
            self.grouped.stream.plan.lock().names.store("KSTREAM-AGGREGATE-"); // an index that Java burns for nothing
        }
        let folders = Folders {
            add: Folder::sure(|_: &K, _: V, count: &mut Option<u64>| *count.get_or_insert(0) += 1),
            merge: Folder::sure(|_, other, count| *count.get_or_insert(0) += other),
        };
        self.aggregation("KSTREAM-AGGREGATE-", folders, materialized)
    }
}

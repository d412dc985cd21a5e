//! `fold` by window.

use super::TimeWindowedKStream;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::{BoxError, Data};
use streams_state::serde::{DefaultSerde, Windowed};

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// The general form of [`aggregate`](Self::aggregate): `f` finds an empty slot where the window has no row, and may empty it, which deletes
    /// the row, as an aggregator of Java's does that answers null. A deletion has the time of its record. A window that has no row when it
    /// closes gives no final result.
    ///
    /// Sliding windows are found by their rows: where a row was deleted, the records that it was made of are as if they had never been.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    /// let grouped = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows);
    /// let open = grouped.fold(|_key, change, open: &mut Option<i64>| *open = Some(open.unwrap_or(0) + change).filter(|open| *open > 0));
    /// open.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (change, at) in [(1, 1_000), (-1, 2_000), (2, 11_000)] {
    ///     input.pipe_at("a".to_string(), change, at)?;
    /// }
    /// assert_eq!(driver.output::<i64, Option<i64>>("out").read_all()?, [(0, Some(1)), (0, None), (10_000, Some(2))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fold<A: Data + DefaultSerde>(&self, f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static) -> KTable<Windowed<K>, A> {
        self.fold_with(f, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`fold`](Self::fold) with a name for the store, serdes, retention, cache or changelog options.
    pub fn fold_with<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        self.aggregation("KSTREAM-AGGREGATE-", (Folder::sure(f), None), materialized.into())
    }

    /// [`fold`](Self::fold) whose closure may fail, as in [`try_aggregate`](Self::try_aggregate).
    pub fn try_fold<A: Data + DefaultSerde>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.try_fold_with(f, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_fold`](Self::try_fold) with a name for the store, serdes, retention, cache or changelog options.
    pub fn try_fold_with<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        self.aggregation("KSTREAM-AGGREGATE-", (Folder::fallible(f), None), materialized.into())
    }
}

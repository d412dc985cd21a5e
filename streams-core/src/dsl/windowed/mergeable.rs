//! Aggregates of which two can be merged into one: hopping windows then cost little more than tumbling ones.

use super::TimeWindowedKStream;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Windowed};

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// [`aggregate`](Self::aggregate) of which two parts can be merged, for hopping windows: a record then changes one partial aggregate in
    /// place of `size / advance` windows, and each window takes its parts when the record cache is flushed. Java has no such form.
    ///
    /// The results are those of `aggregate` if it does not matter how records are divided into parts and in which order these are merged:
    /// `merge` must be associative and commutative, and an aggregate of `init()` alone must change nothing when it is merged. Sums, counts, least,
    /// largest, sets and sketches are so; a text to which each record appends is not.
    ///
    /// What is told is what a record cache tells: at each commit the windows that have changed, once each; final results
    /// ([`EmitStrategy::on_window_close`](crate::EmitStrategy::on_window_close)) as ever. Store and changelog have the rows of whole windows, as
    /// without merging; the store, and who looks into it, has them from the next commit on. Parts that wait for it count as uncommitted changes
    /// (`statestore.uncommitted.max.bytes`), not as record cache. Without a cache, and with `statestore.cache.max.bytes=0`, every window of every
    /// record is told at once, at the cost of `aggregate`. For other windows it is the same as `aggregate`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::hopping(Duration::from_secs(60), Duration::from_secs(5)).grace(Duration::from_secs(5));
    /// let grouped = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows);
    /// let sums = grouped.aggregate_mergeable(|| 0, |_key, value, sum| *sum += value, |_key, sum, part| *sum += part);
    /// sums.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (value, at) in [(1, 2_000), (10, 7_000)] {
    ///     input.pipe_at("key".to_string(), value, at)?;
    /// }
    /// assert_eq!(driver.output::<i64, Option<i64>>("out").read_map()?, [(0, Some(11)), (5_000, Some(10))].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aggregate_mergeable<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.aggregate_mergeable_with(init, add, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate_mergeable`](Self::aggregate_mergeable) with a name for the store, serdes, retention, cache or changelog options.
    pub fn aggregate_mergeable_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let fold = move |key: &K, value, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(&init));
        let merge = move |key: &K, slot: &mut Option<A>, part| match slot {
            Some(aggregate) => merge(key, aggregate, part),
            None => *slot = Some(part),
        };
        self.aggregation("KSTREAM-AGGREGATE-", (Folder::sure(fold), Some(Arc::new(merge))), materialized.into())
    }

    /// [`count`](Self::count) for hopping windows at the cost of tumbling ones: see [`aggregate_mergeable`](Self::aggregate_mergeable).
    pub fn count_mergeable(&self) -> KTable<Windowed<K>, u64> {
        self.count_mergeable_with(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`count_mergeable`](Self::count_mergeable) with a name for the store, retention, cache or changelog options.
    pub fn count_mergeable_with(&self, materialized: impl Into<Materialized<K, u64>>) -> KTable<Windowed<K>, u64> {
        self.counted(materialized.into(), Some(Arc::new(|_, count, part| *count.get_or_insert(0) += part)))
    }

    /// [`reduce`](Self::reduce) by a function that is associative and commutative, such as a sum or the larger of two, for hopping windows at
    /// the cost of tumbling ones: see [`aggregate_mergeable`](Self::aggregate_mergeable).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::hopping(Duration::from_secs(10), Duration::from_secs(5)).no_grace();
    /// let largest = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).reduce_mergeable(|a, b| a.max(b));
    /// largest.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (value, at) in [(9, 1_000), (4, 6_000)] {
    ///     input.pipe_at("a".to_string(), value, at)?;
    /// }
    /// assert_eq!(driver.output::<i64, Option<i64>>("out").read_map()?, [(0, Some(9)), (5_000, Some(4))].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reduce_mergeable(&self, combine: impl Fn(V, V) -> V + Send + Sync + 'static) -> KTable<Windowed<K>, V>
    where
        V: DefaultSerde,
    {
        self.reduce_mergeable_with(combine, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`reduce_mergeable`](Self::reduce_mergeable) with a name for the store, serdes, retention, cache or changelog options.
    pub fn reduce_mergeable_with(
        &self,
        combine: impl Fn(V, V) -> V + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<Windowed<K>, V> {
        self.reduced(combine, materialized.into(), true)
    }
}

//! `reduce` by window.

use super::TimeWindowedKStream;
use super::slices::Merger;
use crate::dsl::KTable;
use crate::dsl::folder::{Folder, reduce_into};
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::{BoxError, Data};
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Windowed};

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// Combines the values of each key and window, two at a time; the first value stands as it is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    /// let largest = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).reduce(|a, b| a.max(b));
    /// largest.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (value, at) in [(3, 1_000), (9, 2_000), (4, 9_999), (5, 10_000)] {
    ///     input.pipe_at("a".to_string(), value, at)?;
    /// }
    /// let largest = driver.output::<i64, Option<i64>>("out").read_map()?;
    /// assert_eq!(largest, [(0, Some(9)), (10_000, Some(5))].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reduce(&self, combine: impl Fn(V, V) -> V + Send + Sync + 'static) -> KTable<Windowed<K>, V>
    where
        V: DefaultSerde,
    {
        self.reduce_with(combine, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`reduce`](Self::reduce) with a name for the store, serdes, retention, cache or changelog options.
    pub fn reduce_with(
        &self,
        combine: impl Fn(V, V) -> V + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<Windowed<K>, V> {
        self.reduced(combine, materialized.into(), false)
    }

    /// [`reduce`](Self::reduce) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`. It is then left out of all of its windows: the closure gets clones of their values.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    /// let sum = |sum: i64, value: i64| sum.checked_add(value).ok_or_else(|| "too much".into());
    /// let sums = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).try_reduce(sum);
    /// sums.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe_at("a".to_string(), 3, 11_000)?;
    /// assert_eq!(driver.output::<i64, i64>("out").read_all()?, [(10_000, 3)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_reduce(&self, combine: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static) -> KTable<Windowed<K>, V>
    where
        V: DefaultSerde,
    {
        self.try_reduce_with(combine, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_reduce`](Self::try_reduce) with a name for the store, serdes, retention, cache or changelog options.
    pub fn try_reduce_with(
        &self,
        combine: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<Windowed<K>, V> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.grouped.value_choice());
        self.aggregation("KSTREAM-REDUCE-", (Folder::try_reducing(combine), None), materialized)
    }

    pub(super) fn reduced(
        &self,
        combine: impl Fn(V, V) -> V + Send + Sync + 'static,
        mut materialized: Materialized<K, V>,
        mergeable: bool,
    ) -> KTable<Windowed<K>, V> {
        materialized.value = materialized.value.with_fallback(&self.grouped.value_choice());
        let combine = Arc::new(combine);
        let part = combine.clone();
        let merge = mergeable.then(|| Arc::new(move |_: &K, slot: &mut Option<V>, value| reduce_into(slot, value, &*part)) as Merger<K, V>);
        self.aggregation("KSTREAM-REDUCE-", (Folder::reducing(move |sum, value| combine(sum, value)), merge), materialized)
    }
}

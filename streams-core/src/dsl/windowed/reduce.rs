//! `reduce` by window.

use super::TimeWindowedKStream;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::session::Merger;
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

    pub(super) fn reduced(
        &self,
        combine: impl Fn(V, V) -> V + Send + Sync + 'static,
        mut materialized: Materialized<K, V>,
        mergeable: bool,
    ) -> KTable<Windowed<K>, V> {
        materialized.value = materialized.value.with_fallback(&self.grouped.value_choice());
        let combine = Arc::new(move |value: V, slot: &mut Option<V>| {
            *slot = Some(match slot.take() {
                Some(sum) => combine(sum, value),
                None => value,
            });
        });
        let part = combine.clone();
        let merge = mergeable.then(|| Arc::new(move |_: &K, slot: &mut Option<V>, value| part(value, slot)) as Merger<K, V>);
        self.aggregation("KSTREAM-REDUCE-", (Arc::new(move |_: &K, value, slot: &mut Option<V>| combine(value, slot)), merge), materialized)
    }
}

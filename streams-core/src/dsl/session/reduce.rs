//! `reduce` by session.

use super::SessionWindowedKStream;
use super::merge::Folders;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::options::{Materialized, SerdeChoice};
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Windowed};

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// Combines the values of each key and session, two at a time; the first value stands as it is. Sessions that are merged are combined in
    /// the order of their times, and the record that merges them comes last.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(60));
    /// let pages = builder.stream::<String, String>("in").group_by_key().windowed_by(visits).reduce(|a, b| a + &b);
    /// pages.to_stream().map(|windowed, pages| (windowed.to_string(), pages)).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// // "c" comes late, and joins what was apart
    /// for (value, at) in [("a", 1_000), ("b", 9_000), ("c", 5_000)] {
    ///     input.pipe_at("key".to_string(), value.to_string(), at)?;
    /// }
    /// let pages = driver.output::<String, Option<String>>("out").read_map()?;
    /// assert_eq!(pages["[key@1000/9000]"], Some("abc".to_string()));
    /// assert_eq!((&pages["[key@1000/1000]"], &pages["[key@9000/9000]"]), (&None, &None));
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
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.grouped.value_choice());
        let combine = Arc::new(move |_: &K, slot: &mut Option<V>, value: V| {
            *slot = Some(match slot.take() {
                Some(sum) => combine(sum, value),
                None => value,
            });
        });
        let merge = combine.clone();
        let folders =
            Folders::new(move |key: &K, value, slot: &mut Option<V>| combine(key, slot, value), move |k, slot, v| merge(k, slot, v));
        self.aggregation("KSTREAM-REDUCE-", folders, materialized)
    }
}

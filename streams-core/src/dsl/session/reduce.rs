//! `reduce` by session.

use super::SessionWindowedKStream;
use super::merge::Folders;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::{BoxError, Data};
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
        let combine = Folder::reducing(combine);
        self.aggregation("KSTREAM-REDUCE-", Folders { add: combine.clone(), merge: combine }, materialized)
    }

    /// [`reduce`](Self::reduce) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`. The sessions are then as they were before: the closure gets clones of their values.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).no_grace();
    /// let sum = |sum: i64, value: i64| sum.checked_add(value).ok_or_else(|| "too much".into());
    /// let sums = builder.stream::<String, i64>("in").group_by_key().windowed_by(visits).try_reduce(sum);
    /// sums.to_stream().map(|windowed, sum| (windowed.to_string(), sum)).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe_at("a".to_string(), 5, 1_000)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("[a@1000/1000]".to_string(), 5)]);
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
        let combine = Folder::try_reducing(combine);
        self.aggregation("KSTREAM-REDUCE-", Folders { add: combine.clone(), merge: combine }, materialized)
    }
}

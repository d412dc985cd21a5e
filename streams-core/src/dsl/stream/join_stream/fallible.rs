//! Joins of two streams by closures that may fail.

use super::{Form, Joiner};
use crate::dsl::KStream;
use crate::dsl::options::StreamJoined;
use crate::dsl::windows::JoinWindows;
use crate::{BoxError, Data};
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`join`](Self::join) whose joiner, which sees the key, may fail: an error goes to the processing exception handler, which fails the task
    /// (the default) or leaves the record out, counted as `processing`.
    ///
    /// Left out is the record that has met the others, with all of its pairs: those that the joiner did not fail for are not emitted either. It
    /// had been kept before it met them, so records of the other stream that come later still meet it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    /// let joiner = |key: &String, left: &i64, right: &i64| left.checked_mul(*right).ok_or_else(|| format!("{key}: too much").into());
    /// left.try_join(&right, joiner, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("left").pipe_at("a".to_string(), 3, 1_000)?;
    /// driver.input::<String, i64>("right").pipe_at("a".to_string(), 4, 4_000)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_string(), 12)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> Result<VO, BoxError> + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.try_join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`try_join`](Self::try_join) with serdes, names, or options of the stores.
    pub fn try_join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> Result<VO, BoxError> + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |key, left, right| Some(joiner(key, left?, right?)));
        self.join_streams(other, Form::Inner, joiner, windows, joined.into())
    }

    /// [`left_join`](Self::left_join) whose joiner, which sees the key, may fail, as in [`try_join`](Self::try_join). Records that a left out one
    /// would have met wait on for another partner. Where the joiner fails for a record that has waited for one in vain, that record has no result;
    /// the handler is told of the record that closed its window.
    pub fn try_left_join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.try_left_join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`try_left_join`](Self::try_left_join) with serdes, names, or options of the stores.
    pub fn try_left_join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |key, left, right| Some(joiner(key, left?, right)));
        self.join_streams(other, Form::Left, joiner, windows, joined.into())
    }

    /// [`outer_join`](Self::outer_join) whose joiner, which sees the key, may fail, as in [`try_left_join`](Self::try_left_join).
    pub fn try_outer_join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.try_outer_join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`try_outer_join`](Self::try_outer_join) with serdes, names, or options of the stores.
    pub fn try_outer_join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |key, left, right| Some(joiner(key, left, right)));
        self.join_streams(other, Form::Outer, joiner, windows, joined.into())
    }
}

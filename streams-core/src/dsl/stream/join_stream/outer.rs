//! `outer_join` of two streams: pairs, and the records of both streams that meet nothing.

use super::{Form, Joiner};
use crate::Data;
use crate::dsl::KStream;
use crate::dsl::options::StreamJoined;
use crate::dsl::windows::JoinWindows;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`left_join`](Self::left_join) for both sides: each record of either stream that has met no record of the other one is emitted too, once
    /// and at its own time, when its window has closed. The joiner gets at least one of the two values.
    ///
    /// Records without a key (`KStream<Option<K>, _>`) are emitted at once, those of either stream (KIP-962).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, i64>("clicks");
    /// let views = builder.stream::<String, i64>("views");
    /// let joiner = |view: Option<&i64>, click: Option<&i64>| view.unwrap_or(&0) * 10 + click.unwrap_or(&0);
    /// views.outer_join(&clicks, joiner, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("views").pipe_at("a".to_string(), 1, 1_000)?;
    /// driver.input::<String, i64>("clicks").pipe_at("b".to_string(), 2, 2_000)?;
    /// driver.input::<String, i64>("clicks").pipe_at("c".to_string(), 5, 7_001)?; // both windows are over
    /// let joined = driver.output::<String, i64>("out").read_all()?;
    /// assert_eq!(joined, [("a".to_string(), 10), ("b".to_string(), 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "outerJoin")]
    pub fn outer_join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.outer_join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`outer_join`](Self::outer_join) with serdes, names, or options of the stores.
    pub fn outer_join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |_, left, right| Some(Ok(joiner(left, right))));
        self.join_streams(other, Form::Outer, joiner, windows, joined.into())
    }

    /// [`outer_join`](Self::outer_join) where the joiner sees the key.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    /// let joiner = |key: &String, left: Option<&i64>, right: Option<&i64>| format!("{key} {left:?} {right:?}");
    /// left.outer_join_with_key(&right, joiner, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("right").pipe_at("a".to_string(), 1, 1_000)?;
    /// driver.input::<String, i64>("left").pipe_at("b".to_string(), 2, 9_000)?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), "a None Some(1)".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithKey")]
    pub fn outer_join_with_key<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.outer_join_with_key_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`outer_join_with_key`](Self::outer_join_with_key) with serdes, names, or options of the stores.
    pub fn outer_join_with_key_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |key, left, right| Some(Ok(joiner(key, left, right))));
        self.join_streams(other, Form::Outer, joiner, windows, joined.into())
    }
}

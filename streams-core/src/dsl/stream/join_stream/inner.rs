//! `join` of two streams: pairs only.

use super::{Form, Joiner};
use crate::Data;
use crate::dsl::KStream;
use crate::dsl::options::StreamJoined;
use crate::dsl::windows::JoinWindows;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// Joins two streams: each pair of records of the same key whose times are within the window gives one record, at the later of the two
    /// times. Both sides are kept in window stores. Sides whose key was changed go through a repartition topic first; all topics must have
    /// the same number of partitions.
    ///
    /// A stream may be joined with itself: then each record also meets itself.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, i64>("clicks");
    /// let views = builder.stream::<String, i64>("views");
    /// views.join(&clicks, |view, click| view * 10 + click, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("views").pipe_at("a".to_string(), 1, 1_000)?;
    /// driver.input::<String, i64>("clicks").pipe_at("a".to_string(), 2, 4_000)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_string(), 12)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&V, &V2) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`join`](Self::join) with serdes, names, or options of the stores.
    pub fn join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&V, &V2) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |_, left, right| Some(Ok(joiner(left?, right?))));
        self.join_streams(other, Form::Inner, joiner, windows, joined.into())
    }

    /// [`join`](Self::join) where the joiner sees the key.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    /// let joiner = |key: &String, left: &i64, right: &i64| format!("{key}: {left} + {right}");
    /// left.join_with_key(&right, joiner, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("left").pipe_at("a".to_string(), 1, 1_000)?;
    /// driver.input::<String, i64>("right").pipe_at("a".to_string(), 2, 4_000)?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), "a: 1 + 2".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithKey")]
    pub fn join_with_key<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.join_with_key_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`join_with_key`](Self::join_with_key) with serdes, names, or options of the stores.
    pub fn join_with_key_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |key, left, right| Some(Ok(joiner(key, left?, right?))));
        self.join_streams(other, Form::Inner, joiner, windows, joined.into())
    }
}

//! `left_join` of two streams: pairs, and the records of this stream that meet nothing.

use super::{Form, Joiner};
use crate::Data;
use crate::dsl::KStream;
use crate::dsl::options::StreamJoined;
use crate::dsl::windows::JoinWindows;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`join`](Self::join) that also emits, once and at its own time, each record of this stream that has met no record of the other one.
    ///
    /// Whether a record meets one is only known when its window, with the grace, has closed: when stream time, the greatest time of any record
    /// of either stream, has passed it (KIP-633). Until then the record waits in one more store. A record of either stream lets go what has
    /// waited long enough; where no more records come, nothing is emitted. A record that comes so late that stream time has passed its window
    /// already is emitted at once.
    ///
    /// The streams may have records without a key (`KStream<Option<K>, _>`): such a record of this stream is emitted at once, such a record of
    /// the other one is dropped and counted (KIP-962).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, i64>("clicks");
    /// let views = builder.stream::<String, i64>("views");
    /// let joiner = |view: &i64, click: Option<&i64>| view * 10 + click.unwrap_or(&0);
    /// views.left_join(&clicks, joiner, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("views").pipe_at("a".to_string(), 1, 1_000)?;
    /// driver.input::<String, i64>("views").pipe_at("b".to_string(), 3, 2_000)?;
    /// driver.input::<String, i64>("clicks").pipe_at("a".to_string(), 2, 4_000)?;
    /// let mut output = driver.output::<String, i64>("out");
    /// assert_eq!(output.read_all()?, [("a".to_string(), 12)]);
    /// driver.input::<String, i64>("clicks").pipe_at("c".to_string(), 5, 7_001)?; // the window of b's view is over
    /// assert_eq!(output.read_all()?, [("b".to_string(), 30)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "leftJoin")]
    pub fn left_join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&V, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.left_join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`left_join`](Self::left_join) with serdes, names, or options of the stores.
    pub fn left_join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&V, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |_, left, right| Some(Ok(joiner(left?, right))));
        self.join_streams(other, Form::Left, joiner, windows, joined.into())
    }

    /// [`left_join`](Self::left_join) where the joiner sees the key.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let (left, right) = (builder.stream::<Option<String>, i64>("left"), builder.stream("right"));
    /// let joiner = |key: &Option<String>, left: &i64, right: Option<&i64>| format!("{key:?} {left} {right:?}");
    /// left.left_join_with_key(&right, joiner, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<Option<String>, i64>("left").pipe(None, 1)?; // without a key: there is nothing to wait for
    /// assert_eq!(driver.output::<Option<String>, String>("out").read_all()?, [(None, "None 1 None".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithKey")]
    pub fn left_join_with_key<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.left_join_with_key_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`left_join_with_key`](Self::left_join_with_key) with serdes, names, or options of the stores.
    pub fn left_join_with_key_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, V2, VO> = Arc::new(move |key, left, right| Some(Ok(joiner(key, left?, right))));
        self.join_streams(other, Form::Left, joiner, windows, joined.into())
    }
}

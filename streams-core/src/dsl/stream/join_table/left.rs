//! `left_join_table`: records of a stream with the row of their key, or with nothing.

use super::{Form, Joiner, TableKey};
use crate::Data;
use crate::dsl::options::Joined;
use crate::dsl::{KStream, KTable};
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`join_table`](Self::join_table) that also passes on records without a row, as `None`.
    ///
    /// The stream may have records without a key (`KStream<Option<K>, _>` with a `KTable<K, _>`): they have no row, and are joined with `None`
    /// at once. A repartition topic between keeps them, in any of its partitions (KIP-962).
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.table::<String, String>("names");
    /// builder.stream::<String, i64>("in").left_join_table(&names, |_, name| name.cloned().unwrap_or_default()).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), String::new())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "leftJoin")]
    pub fn left_join_table<KT: Data, VT: Data, VO: Data>(
        &self,
        table: &KTable<KT, VT>,
        joiner: impl Fn(V, Option<&VT>) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT> + DefaultSerde,
        V: DefaultSerde,
    {
        self.left_join_table_with(table, joiner, Joined::default())
    }

    /// [`left_join_table`](Self::left_join_table) with serdes for the repartition topic, a name, or a grace period.
    pub fn left_join_table_with<KT: Data, VT: Data, VO: Data>(
        &self,
        table: &KTable<KT, VT>,
        joiner: impl Fn(V, Option<&VT>) -> VO + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT>,
    {
        let joiner: Joiner<K, V, VT, VO> = Arc::new(move |_, value, row| Some(Ok(joiner(value, row))));
        self.table_join(Form::Left, table, joiner, joined.into())
    }

    /// [`left_join_table`](Self::left_join_table) where the joiner sees the key.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.table::<String, String>("names");
    /// let joiner = |key: &Option<String>, value: i64, name: Option<&String>| format!("{key:?} {value} {name:?}");
    /// builder.stream::<Option<String>, i64>("in").left_join_table_with_key(&names, joiner).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<Option<String>, i64>("in").pipe(None, 2)?;
    /// assert_eq!(driver.output::<Option<String>, String>("out").read_all()?, [(None, "None 2 None".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithKey")]
    pub fn left_join_table_with_key<KT: Data, VT: Data, VO: Data>(
        &self,
        table: &KTable<KT, VT>,
        joiner: impl Fn(&K, V, Option<&VT>) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT> + DefaultSerde,
        V: DefaultSerde,
    {
        self.left_join_table_with_key_with(table, joiner, Joined::default())
    }

    /// [`left_join_table_with_key`](Self::left_join_table_with_key) with serdes for the repartition topic, a name, or a grace period.
    pub fn left_join_table_with_key_with<KT: Data, VT: Data, VO: Data>(
        &self,
        table: &KTable<KT, VT>,
        joiner: impl Fn(&K, V, Option<&VT>) -> VO + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT>,
    {
        let joiner: Joiner<K, V, VT, VO> = Arc::new(move |key, value, row| Some(Ok(joiner(key, value, row))));
        self.table_join(Form::Left, table, joiner, joined.into())
    }
}

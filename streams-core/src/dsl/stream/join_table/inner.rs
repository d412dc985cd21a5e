//! `join_table`: records of a stream with the row of their key.

use super::{Form, Joiner};
use crate::Data;
use crate::dsl::options::Joined;
use crate::dsl::{KStream, KTable};
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// Joins each record with the table's row of the same key, as it stands when the record comes; a record without a row is dropped.
    /// Changes of the table alone emit nothing. If the stream's key was changed, it goes through a repartition topic first; both topics must
    /// have the same number of partitions.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, i64>("prices");
    /// builder.stream::<String, i64>("orders").join_table(&prices, |amount, price| amount * price).to("totals");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// driver.input::<String, i64>("orders").pipe("tea".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, i64>("totals").read_all()?, [("tea".to_string(), 6)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "join")]
    pub fn join_table<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(V, &VT) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.join_table_with(table, joiner, Joined::default())
    }

    /// [`join_table`](Self::join_table) with serdes for the repartition topic, a name, or a grace period.
    pub fn join_table_with<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(V, &VT) -> VO + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, VT, VO> = Arc::new(move |_, value, row| Some(Ok(joiner(value, row?))));
        self.table_join(Form::Inner, table, joiner, joined.into())
    }

    /// [`join_table`](Self::join_table) where the joiner sees the key.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, i64>("prices");
    /// let orders = builder.stream::<String, i64>("orders");
    /// orders.join_table_with_key(&prices, |item, amount, price| format!("{item}: {}", amount * price)).to("totals");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// driver.input::<String, i64>("orders").pipe("tea".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, String>("totals").read_all()?, [("tea".to_string(), "tea: 6".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithKey")]
    pub fn join_table_with_key<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(&K, V, &VT) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.join_table_with_key_with(table, joiner, Joined::default())
    }

    /// [`join_table_with_key`](Self::join_table_with_key) with serdes for the repartition topic, a name, or a grace period.
    pub fn join_table_with_key_with<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(&K, V, &VT) -> VO + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, VT, VO> = Arc::new(move |key, value, row| Some(Ok(joiner(key, value, row?))));
        self.table_join(Form::Inner, table, joiner, joined.into())
    }
}

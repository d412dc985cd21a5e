//! Joins of a stream with a table by closures that may fail.

use super::{Form, Joiner, TableKey};
use crate::dsl::options::Joined;
use crate::dsl::{KStream, KTable};
use crate::{BoxError, Data};
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`join_table_with_key`](Self::join_table_with_key) whose joiner may fail: an error goes to the processing exception handler, which fails
    /// the task (the default) or leaves the record out, counted as `processing`. A record that has waited for the table
    /// ([`Joined::grace`]) waits no longer then.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, String>("prices");
    /// let total = |_: &String, amount: i64, price: &String| Ok(amount * price.parse::<i64>()?);
    /// builder.stream::<String, i64>("orders").try_join_table(&prices, total).to("totals");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("prices").pipe("tea".to_string(), "3".to_string())?;
    /// driver.input::<String, i64>("orders").pipe("tea".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, i64>("totals").read_all()?, [("tea".to_string(), 6)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_join_table<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(&K, V, &VT) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.try_join_table_with(table, joiner, Joined::default())
    }

    /// [`try_join_table`](Self::try_join_table) with serdes for the repartition topic, a name, or a grace period.
    pub fn try_join_table_with<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(&K, V, &VT) -> Result<VO, BoxError> + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, VT, VO> = Arc::new(move |key, value, row| Some(joiner(key, value, row?)));
        self.table_join(Form::Inner, table, joiner, joined.into())
    }

    /// [`left_join_table_with_key`](Self::left_join_table_with_key) whose joiner may fail, as in [`try_join_table`](Self::try_join_table).
    pub fn try_left_join_table<KT: Data, VT: Data, VO: Data>(
        &self,
        table: &KTable<KT, VT>,
        joiner: impl Fn(&K, V, Option<&VT>) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT> + DefaultSerde,
        V: DefaultSerde,
    {
        self.try_left_join_table_with(table, joiner, Joined::default())
    }

    /// [`try_left_join_table`](Self::try_left_join_table) with serdes for the repartition topic, a name, or a grace period.
    pub fn try_left_join_table_with<KT: Data, VT: Data, VO: Data>(
        &self,
        table: &KTable<KT, VT>,
        joiner: impl Fn(&K, V, Option<&VT>) -> Result<VO, BoxError> + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT>,
    {
        let joiner: Joiner<K, V, VT, VO> = Arc::new(move |key, value, row| Some(joiner(key, value, row)));
        self.table_join(Form::Left, table, joiner, joined.into())
    }
}

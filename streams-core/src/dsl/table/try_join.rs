//! Joins of two tables by closures that may fail.

use super::KTable;
use super::filter::TableOptions;
use super::join::Form;
use super::join_node::RowJoiner;
use crate::plan::Named;
use crate::{BoxError, Data};
use std::sync::Arc;

impl<K: Data, V: Data> KTable<K, V> {
    /// [`join`](Self::join) whose joiner, which sees the key, may fail: an error goes to the processing exception handler, which fails the task
    /// (the default) or leaves the change out, be it of this or of the other table, counted as `processing`. The joined row is then as it was
    /// before, until the next change of either table; what that means for a join that is not kept, [`try_map_values`](Self::try_map_values) tells.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, i64>("prices");
    /// let worth = |tea: &String, amount: &i64, price: &i64| amount.checked_mul(*price).ok_or_else(|| format!("{tea}: too much").into());
    /// builder.table::<String, i64>("stock").try_join(&prices, worth).to_stream().to("worth");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("stock").pipe("tea".to_string(), 4)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("worth").read_all()?, [("tea".to_string(), Some(12))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_join<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KTable<K, VO> {
        self.try_join_with(other, joiner, Named::default())
    }

    /// [`try_join`](Self::try_join) with options as [`join_with`](Self::join_with).
    pub fn try_join_with<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> Result<VO, BoxError> + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let joiner: RowJoiner<K, V, V2, VO> = Arc::new(move |key, this, other| Some(joiner(key, this?, other?)));
        self.join_tables(other, (joiner, true), Form::Inner, options.into())
    }

    /// [`left_join`](Self::left_join) whose joiner, which sees the key, may fail, as in [`try_join`](Self::try_join).
    pub fn try_left_join<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KTable<K, VO> {
        self.try_left_join_with(other, joiner, Named::default())
    }

    /// [`try_left_join`](Self::try_left_join) with options as [`join_with`](Self::join_with).
    pub fn try_left_join_with<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let joiner: RowJoiner<K, V, V2, VO> = Arc::new(move |key, this, other| Some(joiner(key, this?, other)));
        self.join_tables(other, (joiner, true), Form::Left, options.into())
    }

    /// [`outer_join`](Self::outer_join) whose joiner, which sees the key, may fail, as in [`try_join`](Self::try_join).
    pub fn try_outer_join<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KTable<K, VO> {
        self.try_outer_join_with(other, joiner, Named::default())
    }

    /// [`try_outer_join`](Self::try_outer_join) with options as [`join_with`](Self::join_with).
    pub fn try_outer_join_with<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> Result<VO, BoxError> + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let joiner: RowJoiner<K, V, V2, VO> =
            Arc::new(move |key, this, other| (this.is_some() || other.is_some()).then(|| joiner(key, this, other)));
        self.join_tables(other, (joiner, true), Form::Outer, options.into())
    }
}

//! Joins of two tables by a key that is found in the values of one (KIP-213, KIP-775).
//!
//! A row says in a topic to which foreign key it belongs; the other table's side keeps that, and answers through a second topic, at once and
//! whenever its own row changes. An answer carries the hash of the value that asked, so that one for a row which has changed since is known.

mod plan;
mod receive;
mod resolve;
mod send;
mod wire;

use super::KTable;
use super::options::{Materialized, SerdeChoice, TableJoined};
use crate::{BoxError, Data};
use resolve::AnswerJoiner;
use send::Extractor;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KTable<K, V> {
    /// Joins each row with the row of `other` that `foreign_key` names; rows without one, or whose partner does not exist, are not in the
    /// result. The result has the keys of this table and is kept up by the changes of either; a change of the other table reaches all rows that
    /// name it. The time of a change is the later one of the two rows.
    ///
    /// Two topics are made between the tables, which may have different numbers of partitions. As in Java, a change that takes its row out of
    /// the result may give a deletion of what was never there.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// // orders name their customer
    /// let orders = builder.table::<String, String>("orders");
    /// let customers = builder.table::<String, String>("customers");
    /// let customer_of = |_: &String, order: &String| order.split_once(": ").map(|(customer, _)| customer.to_string());
    /// orders.join_on_foreign_key(&customers, customer_of, |order, city| format!("{order} to {city}")).to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("orders").pipe("1".to_string(), "Ann: tea".to_string())?;
    /// driver.input::<String, String>("customers").pipe("Ann".to_string(), "Rome".to_string())?;
    /// let out = driver.output::<String, Option<String>>("out").read_all()?;
    /// assert_eq!(out, [("1".to_string(), Some("Ann: tea to Rome".to_string()))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "join")]
    pub fn join_on_foreign_key<KO, VO, R>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Option<KO> + Send + Sync + 'static,
        joiner: impl Fn(&V, &VO) -> R + Send + Sync + 'static,
    ) -> KTable<K, R>
    where
        K: DefaultSerde,
        V: DefaultSerde,
        KO: Data + DefaultSerde,
        VO: Data + DefaultSerde,
        R: Data + DefaultSerde,
    {
        self.join_on_foreign_key_with(other, foreign_key, joiner, by_type())
    }

    /// [`join_on_foreign_key`](Self::join_on_foreign_key) with names, partitioners, serdes, or a store for the result.
    pub fn join_on_foreign_key_with<KO: Data, VO: Data, R: Data>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Option<KO> + Send + Sync + 'static,
        joiner: impl Fn(&V, &VO) -> R + Send + Sync + 'static,
        joined: TableJoined<K, V, KO, VO, R>,
    ) -> KTable<K, R> {
        let joiner: AnswerJoiner<K, V, VO, R> = Arc::new(move |_, value, other| Some(Ok(joiner(value, other?))));
        self.foreign_key_join(other, cannot_fail(foreign_key), joiner, false, joined)
    }

    /// [`join_on_foreign_key`](Self::join_on_foreign_key) that has every row of this table: where it names no partner, or one that does not
    /// exist, the joiner gets `None`.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let (people, cities) = (builder.table::<String, String>("people"), builder.table::<String, i64>("cities"));
    /// people
    ///     .left_join_on_foreign_key(&cities, |_, city| Some(city.clone()), |city, size| format!("{city} {}", size.unwrap_or(&0)))
    ///     .to_stream()
    ///     .to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("people").pipe("Ann".to_string(), "Rome".to_string())?;
    /// driver.input::<String, i64>("cities").pipe("Rome".to_string(), 3)?;
    /// let out = driver.output::<String, Option<String>>("out").read_all()?;
    /// assert_eq!(out, [("Ann".to_string(), Some("Rome 0".to_string())), ("Ann".to_string(), Some("Rome 3".to_string()))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "leftJoin")]
    pub fn left_join_on_foreign_key<KO, VO, R>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Option<KO> + Send + Sync + 'static,
        joiner: impl Fn(&V, Option<&VO>) -> R + Send + Sync + 'static,
    ) -> KTable<K, R>
    where
        K: DefaultSerde,
        V: DefaultSerde,
        KO: Data + DefaultSerde,
        VO: Data + DefaultSerde,
        R: Data + DefaultSerde,
    {
        self.left_join_on_foreign_key_with(other, foreign_key, joiner, by_type())
    }

    /// [`left_join_on_foreign_key`](Self::left_join_on_foreign_key) with names, partitioners, serdes, or a store for the result.
    pub fn left_join_on_foreign_key_with<KO: Data, VO: Data, R: Data>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Option<KO> + Send + Sync + 'static,
        joiner: impl Fn(&V, Option<&VO>) -> R + Send + Sync + 'static,
        joined: TableJoined<K, V, KO, VO, R>,
    ) -> KTable<K, R> {
        let joiner: AnswerJoiner<K, V, VO, R> = Arc::new(move |_, value, other| Some(Ok(joiner(value, other))));
        self.foreign_key_join(other, cannot_fail(foreign_key), joiner, true, joined)
    }

    /// [`join_on_foreign_key`](Self::join_on_foreign_key) whose joiner, which sees the key, may fail: an error goes to the processing exception
    /// handler, which fails the task (the default) or leaves out the change, be it of this or of the other table, counted as `processing`. The row
    /// of the result is then as it was before, until the next change of either.
    ///
    /// The closure that finds the foreign key may fail, too: the handler is asked when the row comes, and where it says to go on the row is one
    /// that names no partner until it changes. It must fail for the same rows again, as it must find the same keys.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let orders = builder.table::<String, String>("orders");
    /// let prices = builder.table::<String, String>("prices");
    /// let cents = |_: &String, _: &String, price: &String| Ok(price.parse::<i64>()? * 100);
    /// orders.try_join_on_foreign_key(&prices, |_, product| Ok(Some(product.clone())), cents).to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("orders").pipe("1".to_string(), "tea".to_string())?;
    /// driver.input::<String, String>("prices").pipe("tea".to_string(), "3".to_string())?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("1".to_string(), 300)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_join_on_foreign_key<KO, VO, R>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Result<Option<KO>, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, &V, &VO) -> Result<R, BoxError> + Send + Sync + 'static,
    ) -> KTable<K, R>
    where
        K: DefaultSerde,
        V: DefaultSerde,
        KO: Data + DefaultSerde,
        VO: Data + DefaultSerde,
        R: Data + DefaultSerde,
    {
        self.try_join_on_foreign_key_with(other, foreign_key, joiner, by_type())
    }

    /// [`try_join_on_foreign_key`](Self::try_join_on_foreign_key) with names, partitioners, serdes, or a store for the result.
    pub fn try_join_on_foreign_key_with<KO: Data, VO: Data, R: Data>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Result<Option<KO>, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, &V, &VO) -> Result<R, BoxError> + Send + Sync + 'static,
        joined: TableJoined<K, V, KO, VO, R>,
    ) -> KTable<K, R> {
        let joiner: AnswerJoiner<K, V, VO, R> = Arc::new(move |key, value, other| Some(joiner(key, value, other?)));
        self.foreign_key_join(other, Arc::new(foreign_key), joiner, false, joined)
    }

    /// [`left_join_on_foreign_key`](Self::left_join_on_foreign_key) whose closures may fail, the joiner, which sees the key, and the one that finds
    /// the foreign key, as in [`try_join_on_foreign_key`](Self::try_join_on_foreign_key).
    pub fn try_left_join_on_foreign_key<KO, VO, R>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Result<Option<KO>, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, &V, Option<&VO>) -> Result<R, BoxError> + Send + Sync + 'static,
    ) -> KTable<K, R>
    where
        K: DefaultSerde,
        V: DefaultSerde,
        KO: Data + DefaultSerde,
        VO: Data + DefaultSerde,
        R: Data + DefaultSerde,
    {
        self.try_left_join_on_foreign_key_with(other, foreign_key, joiner, by_type())
    }

    /// [`try_left_join_on_foreign_key`](Self::try_left_join_on_foreign_key) with names, partitioners, serdes, or a store for the result.
    pub fn try_left_join_on_foreign_key_with<KO: Data, VO: Data, R: Data>(
        &self,
        other: &KTable<KO, VO>,
        foreign_key: impl Fn(&K, &V) -> Result<Option<KO>, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, &V, Option<&VO>) -> Result<R, BoxError> + Send + Sync + 'static,
        joined: TableJoined<K, V, KO, VO, R>,
    ) -> KTable<K, R> {
        let joiner: AnswerJoiner<K, V, VO, R> = Arc::new(move |key, value, other| Some(joiner(key, value, other)));
        self.foreign_key_join(other, Arc::new(foreign_key), joiner, true, joined)
    }
}

fn cannot_fail<K, V, KO>(foreign_key: impl Fn(&K, &V) -> Option<KO> + Send + Sync + 'static) -> Extractor<K, V, KO> {
    Arc::new(move |key, value| Ok(foreign_key(key, value)))
}

fn by_type<K, V, KO, VO, R>() -> TableJoined<K, V, KO, VO, R>
where
    K: Data + DefaultSerde,
    V: Data + DefaultSerde,
    KO: Data + DefaultSerde,
    VO: Data + DefaultSerde,
    R: Data + DefaultSerde,
{
    TableJoined::default().materialized(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
}

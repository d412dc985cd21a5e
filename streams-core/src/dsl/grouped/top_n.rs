//! `top_n`: the records of each key with the largest scores.

use super::KGroupedStream;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::ranking::{check_room, rank};

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// Keeps the `n` values of each key whose scores are the largest, the largest first; of equal scores the one that came first is ahead.
    /// A record that is not among them changes nothing. For the smallest, let `score` give [`Reverse`](std::cmp::Reverse). It must give the same
    /// for the same value.
    ///
    /// Only these `n` are kept: records of a stream are never taken back. Where rows change, as counts do, group a table
    /// ([`KGroupedTable::top_n`](crate::KGroupedTable::top_n)). The list is written as Java's `ListSerde` writes it, in the values' serde.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 5_i64), ("a", 9), ("a", 3), ("a", 7)], |bids| {
    ///     bids.group_by_key().top_n(2, |bid| *bid).to_stream().map_values(|top| format!("{:?}", top.unwrap_or_default()))
    /// });
    /// let lists: Vec<_> = out.iter().map(|(_, top)| top.as_str()).collect();
    /// assert_eq!(lists, ["[5]", "[9, 5]", "[9, 7]"]);
    /// ```
    pub fn top_n<S: Ord>(&self, n: usize, score: impl Fn(&V) -> S + Send + Sync + 'static) -> KTable<K, Vec<V>> {
        self.top_n_with(n, score, Materialized::implied(SerdeChoice::default(), SerdeChoice::default()))
    }

    /// [`top_n`](Self::top_n) with a name for the store (`Materialized::inherited().named(name)`), serdes, cache or changelog options.
    pub fn top_n_with<S: Ord>(
        &self,
        n: usize,
        score: impl Fn(&V) -> S + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, Vec<V>>>,
    ) -> KTable<K, Vec<V>> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.value_choice().listed());
        check_room(&mut self.stream.plan.lock(), &self.stream.name, n);
        let enter = move |_: &K, value, slot: &mut Option<Vec<V>>| rank(slot.get_or_insert_default(), value, n.max(1), &score);
        self.aggregation("KSTREAM-TOPN-", Folder::selective(enter), materialized)
    }
}

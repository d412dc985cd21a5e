//! `top_n` of grouped tables: the rows of each group with the largest scores.

use super::KGroupedTable;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::ranking::{check_room, rank};
use crate::dsl::table::Derived;
use crate::plan::Named;
use std::sync::Arc;
use streams_state::serde::ListSerde;

impl<K: Data, V: Data + PartialEq> KGroupedTable<K, V> {
    /// Keeps the `n` rows of each group whose scores are the largest, the largest first: a leader board that follows its table. Of equal scores
    /// the row that came into the group first is ahead; a row that changes comes anew. The list changes only where one of its rows does; a group
    /// without rows has none. For the smallest, let `score` give [`Reverse`](std::cmp::Reverse). It must give the same for the same value.
    ///
    /// Where a row leaves the list, the next one takes its place. So all rows of a group are kept, sorted, in one row of the store: an update
    /// costs as much as writing the group. That is for groups of up to some thousands of rows. Values are taken out by equality: let them hold
    /// what tells rows apart, such as the key.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 5_i64), ("b", 9), ("c", 7), ("b", 1)], |stream| {
    ///     let all = stream.to_table().group_by(|key, value| ("all".to_string(), format!("{value} {key}")));
    ///     all.top_n(2, |row| row.clone()).to_stream().map_values(|top| top.unwrap_or_default().join(", "))
    /// });
    /// let lists: Vec<_> = out.iter().map(|(_, top)| top.as_str()).collect();
    /// assert_eq!(lists, ["5 a", "9 b, 5 a", "9 b, 7 c", "7 c, 5 a"]);
    /// ```
    pub fn top_n<S: Ord>(&self, n: usize, score: impl Fn(&V) -> S + Send + Sync + 'static) -> KTable<K, Vec<V>> {
        self.top_n_with(n, score, Materialized::implied(SerdeChoice::default(), SerdeChoice::default()))
    }

    /// [`top_n`](Self::top_n) with a name for the store of all rows (`Materialized::inherited().named(name)`), serdes, cache or changelog options.
    /// A name for the node is that of the list; the node of all rows is `<name>-rows`.
    pub fn top_n_with<S: Ord>(
        &self,
        n: usize,
        score: impl Fn(&V) -> S + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, Vec<V>>>,
    ) -> KTable<K, Vec<V>> {
        let mut materialized = materialized.into();
        check_room(&mut self.plan.lock(), &self.name, n);
        let list_serde = SerdeChoice::given(ListSerde::new(self.value_serde.clone()));
        materialized.value = materialized.value.with_fallback(&list_serde);
        let value_serde = materialized.value.given_or(&None);
        let named = materialized.node.clone();
        if let Some(name) = named.get() {
            materialized.node = Named::new(format!("{name}-rows"));
        }
        let add = move |_: &K, value, slot: &mut Option<Vec<V>>| {
            rank(slot.get_or_insert_default(), value, usize::MAX, &score);
        };
        let subtract = |_: &K, value: V, slot: &mut Option<Vec<V>>| {
            if let Some(rows) = slot {
                if let Some(at) = rows.iter().position(|row| *row == value) {
                    rows.remove(at);
                }
                if rows.is_empty() {
                    *slot = None;
                }
            }
        };
        let rows = self.aggregation("KTABLE-TOPN-", Folder::sure(add), Folder::sure(subtract), materialized);
        let first = Arc::new(move |_: &K, rows: &Vec<V>| Some(Ok(rows.iter().take(n).cloned().collect())));
        let list = Derived {
            prefix: "KTABLE-TOPN-",
            is_filter: false,
            unchanged: Some(|old, new| old == new),
            map: first,
            may_fail: false,
            value_serde,
        };
        list.attach(&rows, named.into())
    }
}

//! `top_n` by session.

use super::SessionWindowedKStream;
use super::merge::Folders;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::ranking::{check_room, rank};
use std::sync::Arc;
use streams_state::serde::Windowed;

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// Keeps the `n` values of each key and session whose scores are the largest, the largest first. Of equal scores the one that came first is
    /// ahead, and where sessions merge those of the older session are.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).no_grace();
    /// let top = builder.stream::<String, i64>("in").group_by_key().windowed_by(visits).top_n(2, |value| *value);
    /// top.to_stream().map(|windowed, top| (windowed.key, top.map(|top| format!("{top:?}")))).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (value, at) in [(5, 1_000), (9, 2_000), (7, 3_000)] {
    ///     input.pipe_at("a".to_string(), value, at)?;
    /// }
    /// let out = driver.output::<String, Option<String>>("out").read_all()?;
    /// assert_eq!(out.last(), Some(&("a".to_string(), Some("[9, 7]".to_string()))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn top_n<S: Ord>(&self, n: usize, score: impl Fn(&V) -> S + Send + Sync + 'static) -> KTable<Windowed<K>, Vec<V>> {
        self.top_n_with(n, score, Materialized::implied(SerdeChoice::default(), SerdeChoice::default()))
    }

    /// [`top_n`](Self::top_n) with a name for the store (`Materialized::inherited().named(name)`), serdes, retention, cache or changelog
    /// options.
    pub fn top_n_with<S: Ord>(
        &self,
        n: usize,
        score: impl Fn(&V) -> S + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, Vec<V>>>,
    ) -> KTable<Windowed<K>, Vec<V>> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.grouped.value_choice().listed());
        check_room(&mut self.grouped.stream.plan.lock(), &self.grouped.stream.name, n);
        let n = n.max(1);
        let score = Arc::new(score);
        let of_merged = score.clone();
        let add = move |_: &K, value, slot: &mut Option<Vec<V>>| {
            rank(slot.get_or_insert_default(), value, n, &*score);
        };
        let merge = move |_: &K, other, slot: &mut Option<Vec<V>>| {
            let list = slot.get_or_insert_default();
            for value in other {
                rank(list, value, n, &*of_merged);
            }
        };
        let folders = Folders { add: Folder::sure(add), merge: Folder::sure(merge) };
        self.aggregation("KSTREAM-TOPN-", folders, materialized)
    }
}

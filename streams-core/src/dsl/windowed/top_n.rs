//! `top_n` by window.

use super::TimeWindowedKStream;
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::ranking::{check_room, rank};
use streams_state::serde::Windowed;

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// Keeps the `n` values of each key and window whose scores are the largest, the largest first; of equal scores the one that came first is
    /// ahead. As [`KGroupedStream::top_n`](crate::KGroupedStream::top_n), but a record that is not among them is a change of the window all the
    /// same.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{EmitStrategy, StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let minutes = TimeWindows::tumbling(Duration::from_secs(60)).no_grace();
    /// let bids = builder.stream::<String, i64>("in").group_by_key().windowed_by(minutes);
    /// let top = bids.emit_strategy(EmitStrategy::on_window_close()).top_n(2, |bid| *bid);
    /// top.to_stream().map(|windowed, top| (windowed.key, format!("{:?}", top.unwrap_or_default()))).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (bid, at) in [(5, 1_000), (9, 2_000), (7, 59_000), (1, 60_000)] {
    ///     input.pipe_at("a".to_string(), bid, at)?;
    /// }
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), "[9, 7]".to_string())]);
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
        let enter = move |_: &K, value, slot: &mut Option<Vec<V>>| {
            rank(slot.get_or_insert_default(), value, n.max(1), &score);
        };
        self.aggregation("KSTREAM-TOPN-", (Folder::sure(enter), None), materialized)
    }
}

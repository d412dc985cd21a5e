//! Cogrouped streams by window.

use super::{CogroupedKStream, Kind};
use crate::dsl::cogrouped::input::Init;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::TableNode;
use crate::dsl::windowed::{WindowedTable, window_supplier};
use crate::dsl::windows::{Cut, EmitStrategy};
use crate::dsl::{KGroupedStream, KStream, KTable, TimeWindowedKStream};
use crate::plan::Named;
use crate::{Change, Data};
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde, TimeWindowedSerde, Windowed};

/// Cogrouped streams cut into windows; the result is a table by key and window.
#[must_use = "windows do nothing until they are aggregated"]
pub struct TimeWindowedCogroupedKStream<K, A> {
    cogrouped: CogroupedKStream<K, A>,
    windows: Cut,
}

impl<K, A> fmt::Debug for TimeWindowedCogroupedKStream<K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeWindowedCogroupedKStream({:?}, {:?})", self.cogrouped, self.windows)
    }
}

impl<K: Data, A: Data> TimeWindowedCogroupedKStream<K, A> {
    pub(crate) fn new(cogrouped: &CogroupedKStream<K, A>, windows: Cut) -> Self {
        TimeWindowedCogroupedKStream { cogrouped: cogrouped.clone(), windows }
    }

    /// The records of an input that come too late for all of their windows: see
    /// [`TimeWindowedKStream::late_records`](crate::TimeWindowedKStream::late_records). Each input has a stream time of its own, by which its
    /// records are late. One that is not, but for which the store has no room any more because another input is further on by more than the
    /// store's retention, is counted as dropped, and is not among them.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, String>("clicks").group_by_key();
    /// let views = builder.stream::<String, i64>("views").group_by_key();
    /// let both = clicks.cogroup(|_, _, seen: &mut u64| *seen += 1).cogroup(&views, |_, _, seen| *seen += 1);
    /// let windowed = both.windowed_by(TimeWindows::tumbling(Duration::from_secs(10)).no_grace());
    /// let _seen = windowed.aggregate(|| 0);
    /// windowed.late_records(&views).to("late-views");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("views");
    /// for (value, at) in [(1, 5_000), (2, 15_000), (3, 9_999)] {
    ///     input.pipe_at("ann".to_string(), value, at)?;
    /// }
    /// assert_eq!(driver.output::<String, i64>("late-views").read_all()?, [("ann".to_string(), 3)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn late_records<V: Data>(&self, input: &KGroupedStream<K, V>) -> KStream<K, V> {
        self.late_records_with(input, Named::default())
    }

    /// [`late_records`](Self::late_records) with a name for its node.
    pub fn late_records_with<V: Data>(&self, input: &KGroupedStream<K, V>, named: impl Into<Named>) -> KStream<K, V> {
        self.cogrouped.check_input(input);
        TimeWindowedKStream::new(input, self.windows.clone()).late_records_with(named)
    }

    /// All records of an input that come too late for `table`, the result of [`aggregate`](Self::aggregate): see
    /// [`TimeWindowedKStream::late_records_of`](crate::TimeWindowedKStream::late_records_of).
    pub fn late_records_of<V: Data>(&self, input: &KGroupedStream<K, V>, table: &KTable<Windowed<K>, A>) -> KStream<K, V> {
        self.late_records_of_with(input, table, Named::default())
    }

    /// [`late_records_of`](Self::late_records_of) with a name for its node.
    pub fn late_records_of_with<V: Data>(
        &self,
        input: &KGroupedStream<K, V>,
        table: &KTable<Windowed<K>, A>,
        named: impl Into<Named>,
    ) -> KStream<K, V> {
        self.cogrouped.check_input(input);
        TimeWindowedKStream::new(input, self.windows.clone()).late_records_of_with(table, named)
    }

    /// Keeps an aggregate per key and window, beginning with `init()` and changed in place by the aggregator of each input. Its time is the
    /// largest of its records'.
    pub fn aggregate(&self, init: impl Fn() -> A + Send + Sync + 'static) -> KTable<Windowed<K>, A>
    where
        A: DefaultSerde,
    {
        self.aggregate_with(init, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, retention, cache or changelog options. A name for the node names them
    /// all: `<name>-cogroup-agg-<input>` and `<name>-cogroup-merge`.
    pub fn aggregate_with(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let (init, materialized): (Init<A>, _) = (Arc::new(init), materialized.into());
        let (cogrouped, windows) = (&self.cogrouped, &self.windows);
        let mut plan = cogrouped.plan.lock();
        let store_name = plan.store_name(materialized.name.as_ref(), "COGROUPKSTREAM-AGGREGATE-");
        let key_serde = cogrouped.key_serde(&mut plan, &materialized.key, &store_name);
        let placed = cogrouped.place(&mut plan, &materialized.node, &store_name, &key_serde);
        let value_serde = materialized.value.resolve(&None, &mut plan, &placed.name, "value");
        let supplier = window_supplier(
            &mut plan,
            (&placed.name, &store_name),
            &materialized,
            (windows, EmitStrategy::default()),
            key_serde.clone(),
            value_serde.clone(),
        );
        let table =
            Arc::new(WindowedTable { supplier: supplier.clone(), queryable: materialized.name.is_some(), old_values: false.into() });
        let factory = &|input: &dyn super::CogroupInput<K, A>, key_bytes| input.windowed(windows, &table, &init, key_bytes);
        let kind = Kind { factory, closes_after_ms: Some(windows.closes_after_ms()) };
        let attached = cogrouped.attach::<Windowed<K>, Change<A>>(&mut plan, placed, std::slice::from_ref(&supplier), kind);
        drop(plan);
        let windowed_serde: Arc<dyn Serde<Windowed<K>>> = Arc::new(TimeWindowedSerde::new(key_serde, windows.size_ms()));
        KTable {
            plan: cogrouped.plan.clone(),
            plan_node: attached.node,
            name: attached.name,
            key_serde: Some(windowed_serde),
            value_serde: Some(value_serde),
            key_bytes: None,
            sources: attached.sources,
            table: table as Arc<dyn TableNode<Windowed<K>, A>>,
        }
    }
}

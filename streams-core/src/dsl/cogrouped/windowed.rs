//! Cogrouped streams by window.

use super::{CogroupedKStream, Kind};
use crate::dsl::KTable;
use crate::dsl::cogrouped::input::Init;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::TableNode;
use crate::dsl::windowed::{WindowedTable, window_supplier};
use crate::dsl::windows::{Cut, EmitStrategy, TimeWindows};
use crate::{Change, Data};
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde, TimeWindowedSerde, Windowed};

/// Cogrouped streams cut into windows; the result is a table by key and window.
#[must_use = "windows do nothing until they are aggregated"]
pub struct TimeWindowedCogroupedKStream<K, A> {
    cogrouped: CogroupedKStream<K, A>,
    windows: TimeWindows,
}

impl<K, A> fmt::Debug for TimeWindowedCogroupedKStream<K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeWindowedCogroupedKStream({:?}, {:?})", self.cogrouped, self.windows)
    }
}

impl<K: Data, A: Data> CogroupedKStream<K, A> {
    /// Cuts the streams into tumbling or hopping windows.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, String>("clicks").group_by_key();
    /// let views = builder.stream::<String, String>("views").group_by_key();
    /// clicks
    ///     .cogroup(|_, _, seen: &mut String| seen.push('c'))
    ///     .cogroup(&views, |_, _, seen| seen.push('v'))
    ///     .windowed_by(TimeWindows::tumbling(Duration::from_secs(10)).no_grace())
    ///     .aggregate(String::new)
    ///     .to_stream()
    ///     .select_key(|windowed, _| windowed.window.start)
    ///     .to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("clicks").pipe_at("ann".to_string(), "/".to_string(), 3_000)?;
    /// driver.input::<String, String>("views").pipe_at("ann".to_string(), "/".to_string(), 4_000)?;
    /// driver.input::<String, String>("views").pipe_at("ann".to_string(), "/".to_string(), 12_000)?;
    /// let seen = driver.output::<i64, String>("out").read_map()?;
    /// assert_eq!(seen, [(0, "cv".to_string()), (10_000, "v".to_string())].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "windowedBy")]
    pub fn windowed_by(&self, windows: TimeWindows) -> TimeWindowedCogroupedKStream<K, A> {
        if let Err(reason) = windows.check() {
            self.plan.lock().error(format!("a cogroup by window: {reason}"));
        }
        TimeWindowedCogroupedKStream { cogrouped: self.clone(), windows }
    }
}

impl<K: Data, A: Data> TimeWindowedCogroupedKStream<K, A> {
    /// Keeps an aggregate per key and window, beginning with `init()` and changed in place by the aggregator of each input. Its time is the
    /// largest of its records'. Each input has a stream time of its own, by which its records are late or not; all of them lose records that
    /// are older than the store keeps windows behind the newest window of any input, which are counted as late.
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
        let (cogrouped, windows) = (&self.cogrouped, self.windows);
        let mut plan = cogrouped.plan.lock();
        let store_name = materialized.name.clone().unwrap_or_else(|| plan.names.store("COGROUPKSTREAM-AGGREGATE-"));
        let key_serde = cogrouped.key_serde(&mut plan, &materialized.key, &store_name);
        let value_serde = materialized.value.resolve(&None, &mut plan, &store_name, "value");
        let supplier = window_supplier(
            &mut plan,
            &store_name,
            &materialized,
            (&Cut::Time(windows), EmitStrategy::default()),
            key_serde.clone(),
            value_serde.clone(),
        );
        let table =
            Arc::new(WindowedTable { supplier: supplier.clone(), queryable: materialized.name.is_some(), old_values: false.into() });
        let factory = &|input: &dyn super::CogroupInput<K, A>, key_bytes| input.windowed(windows, &table, &init, key_bytes);
        let kind = Kind { factory, grace_ms: Some(windows.grace_ms) };
        let attached =
            cogrouped.attach::<Windowed<K>, Change<A>>(&mut plan, &materialized, std::slice::from_ref(&supplier), &key_serde, kind);
        drop(plan);
        let windowed_serde: Arc<dyn Serde<Windowed<K>>> = Arc::new(TimeWindowedSerde::new(key_serde, windows.size_ms));
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

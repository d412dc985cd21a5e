//! `aggregate` by session.

use super::SessionWindowedKStream;
use super::merge::{Folders, session_aggregate_factory};
use super::table::{SessionTable, session_supplier};
use crate::dsl::KTable;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::TableNode;
use crate::plan::{Role, Target};
use crate::{BoxError, Data};
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde, SessionWindowedSerde, Windowed};

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// Keeps an aggregate per key and session: begun with `init()`, `merge`d in place with that of each session that the record is near
    /// enough to, the oldest first, and then changed in place by `add`. Its time is the session's end.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(2));
    /// let grouped = builder.stream::<String, i64>("in").group_by_key().windowed_by(visits);
    /// let largest = grouped.aggregate(|| 0, |_key, value, largest| *largest = value.max(*largest), |_key, one, other| *one = other.max(*one));
    /// largest.to_stream().map(|windowed, value| (windowed.to_string(), value)).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (value, at) in [(3, 1_000), (9, 5_000), (4, 20_000)] {
    ///     input.pipe_at("a".to_string(), value, at)?;
    /// }
    /// // the window of a session changes as it grows
    /// let out = driver.output::<String, Option<i64>>("out").read_all()?;
    /// let expected = [("[a@1000/1000]", Some(3)), ("[a@1000/1000]", None), ("[a@1000/5000]", Some(9)), ("[a@20000/20000]", Some(4))];
    /// assert_eq!(out, expected.map(|(window, largest)| (window.to_string(), largest)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.aggregate_with(init, add, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, retention, cache or changelog options.
    pub fn aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let init = Arc::new(init);
        let begin = init.clone();
        let add = move |key: &K, value, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(&*init));
        self.fold_with(add, move |key, slot, other| merge(key, slot.get_or_insert_with(&*begin), other), materialized)
    }

    /// [`aggregate`](Self::aggregate) whose closures may fail: an error of either goes to the processing exception handler, which fails the task
    /// (the default) or leaves the record out, counted as `processing`. The sessions are then as they were before, none of them merged: the
    /// closures work on clones of their aggregates.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).no_grace();
    /// let grouped = builder.stream::<String, String>("in").group_by_key().windowed_by(visits);
    /// let merge = |_key: &String, sum: &mut i64, other: i64| Ok(*sum = sum.checked_add(other).ok_or("too much")?);
    /// let sums = grouped.try_aggregate(|| 0, |_key, text, sum| Ok(*sum += text.parse::<i64>()?), merge);
    /// sums.to_stream().map(|windowed, sum| (windowed.to_string(), sum)).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("in").pipe_at("a".to_string(), "5".to_string(), 1_000)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("[a@1000/1000]".to_string(), 5)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.try_aggregate_with(init, add, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_aggregate`](Self::try_aggregate) with a name for the store, serdes, retention, cache or changelog options.
    pub fn try_aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let init = Arc::new(init);
        let begin = init.clone();
        let add = move |key: &K, value, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(&*init));
        self.try_fold_with(add, move |key, slot, other| merge(key, slot.get_or_insert_with(&*begin), other), materialized)
    }

    pub(super) fn aggregation<A: Data>(
        &self,
        prefix: &str,
        folders: Folders<K, V, A>,
        materialized: Materialized<K, A>,
    ) -> KTable<Windowed<K>, A> {
        let (grouped, windows, emit) = (&self.grouped, self.windows, self.emit);
        let mut plan = grouped.stream.plan.lock();
        let store_name = plan.store_name(materialized.name.as_ref(), prefix);
        let name = plan.processor_name(&materialized.node, prefix);
        let carried = grouped.key.given_or(&grouped.stream.key_serde);
        let key_serde = materialized.key.clone().with_fallback(&grouped.key).resolve(&carried, &mut plan, &name, "key");
        let value_serde = materialized.value.resolve(&None, &mut plan, &name, "value");
        let supplier =
            session_supplier(&mut plan, (&name, &store_name), &materialized, (windows, emit), key_serde.clone(), value_serde.clone());
        let table = Arc::new(SessionTable { supplier, queryable: materialized.name.is_some(), old_values: false.into() });
        let input = grouped.partitioned(&mut plan, &store_name, &key_serde);
        let factory = session_aggregate_factory(folders, (windows, emit), &table, input.key_bytes);
        let kept = table.clone();
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            target.builder.add_store_of(&name, &kept.supplier)
        };
        let plan_node = plan.add(name.clone(), &[input.node], Role::Other, Arc::new(write));
        plan.windows_close(plan_node, windows.closes_after_ms());
        drop(plan);
        let windowed_serde: Arc<dyn Serde<Windowed<K>>> = Arc::new(SessionWindowedSerde::new(key_serde));
        KTable {
            plan: grouped.stream.plan.clone(),
            plan_node,
            name,
            key_serde: Some(windowed_serde),
            value_serde: Some(value_serde),
            key_bytes: None,
            sources: input.sources,
            table: table as Arc<dyn TableNode<Windowed<K>, A>>,
        }
    }
}

//! `aggregate` by window, and the node behind all windowed aggregations.

use super::TimeWindowedKStream;
use super::table::{WindowedTable, window_supplier};
use super::writer::WindowWriter;
use crate::dsl::KTable;
use crate::dsl::grouped::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::TableNode;
use crate::dsl::windows::TimeWindows;
use crate::exec::{Cx, DropReason, GraphEnv, Maintain, Meta, NodeFactory, Process, operator};
use crate::plan::{Role, Target};
use crate::{Change, Data, Result};
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use streams_state::serde::{DefaultSerde, Serde, TimeWindowedSerde, Windowed};

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// Keeps an aggregate per key and window, beginning with `init()` and changed in place by `add`. Its time is the largest of its records'.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(2));
    /// let grouped = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
    /// let joined = grouped.aggregate(String::new, |_key, value, text| text.push_str(&value));
    /// joined.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// // "c" comes within the grace of the first window, "d" after it
    /// for (value, at) in [("a", 1_000), ("b", 11_000), ("c", 9_000), ("e", 12_000), ("d", 9_000)] {
    ///     input.pipe_at("key".to_string(), value.to_string(), at)?;
    /// }
    /// let joined = driver.output::<i64, Option<String>>("out").read_map()?;
    /// assert_eq!(joined, [(0, Some("ac".to_string())), (10_000, Some("be".to_string()))].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.aggregate_with(init, add, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, retention, cache or changelog options.
    pub fn aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let fold = move |key: &K, value, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(&init));
        self.aggregation("KSTREAM-AGGREGATE-", Arc::new(fold), materialized.into())
    }

    pub(super) fn aggregation<A: Data>(
        &self,
        prefix: &str,
        f: Folder<K, V, A>,
        materialized: Materialized<K, A>,
    ) -> KTable<Windowed<K>, A> {
        let (grouped, windows) = (&self.grouped, self.windows);
        let mut plan = grouped.stream.plan.lock();
        let store_name = materialized.name.clone().unwrap_or_else(|| plan.names.store(prefix));
        let name = plan.processor_name(&materialized.node, prefix);
        let carried = grouped.key.given_or(&grouped.stream.key_serde);
        let key_serde = materialized.key.clone().with_fallback(&grouped.key).resolve(&carried, &mut plan, &name, "key");
        let value_serde = materialized.value.resolve(&None, &mut plan, &name, "value");
        let supplier = window_supplier(&mut plan, &store_name, &materialized, windows, key_serde.clone(), value_serde.clone());
        let table = Arc::new(WindowedTable { supplier, queryable: materialized.name.is_some(), old_values: false.into() });
        let input = grouped.partitioned(&mut plan, &store_name, &key_serde);
        let factory = window_aggregate_factory(f, windows, &table, input.key_bytes);
        let kept = table.clone();
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            target.builder.add_store(&kept.supplier)?;
            target.builder.connect_store(&name, kept.supplier.name())
        };
        let plan_node = plan.add(name.clone(), &[input.node], Role::Other, Arc::new(write));
        plan.windows_close(plan_node, windows.grace_ms);
        drop(plan);
        let windowed_serde: Arc<dyn Serde<Windowed<K>>> = Arc::new(TimeWindowedSerde::new(key_serde, windows.size_ms));
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

/// The node that folds records into the windows of `table`'s store, which several nodes may share.
pub(crate) fn window_aggregate_factory<K: Data, V: Data, A: Data>(
    f: Folder<K, V, A>,
    windows: TimeWindows,
    table: &Arc<WindowedTable>,
    key_bytes: Option<TypeId>,
) -> Arc<dyn NodeFactory> {
    let flags = table.clone();
    operator::<K, V, Windowed<K>, Change<A>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let keep_old = flags.old_values.load(Ordering::Relaxed);
        let writer = WindowWriter::new(env, flags.supplier.name(), keep_old, key_bytes, next)?;
        Ok(env.maintained(WindowAggregate { f: f.clone(), windows, stream_time: -1, writer, values: PhantomData }))
    }))
}

struct WindowAggregate<K, V, A> {
    f: Folder<K, V, A>,
    windows: TimeWindows,
    /// Largest time of any record that came here: Java's rule, per node. Not kept over a restart, as in Java.
    stream_time: i64,
    writer: WindowWriter<K, A>,
    values: PhantomData<fn(V)>,
}

impl<K: Data, V: Data, A: Data> Process<K, V> for WindowAggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        self.stream_time = self.stream_time.max(meta.timestamp);
        let closed = self.stream_time.saturating_sub(self.windows.grace_ms);
        let size = self.windows.size_ms;
        let is_open = move |start: &i64| start.saturating_add(size) > closed;
        let (mut open, mut late) = (0, 0);
        self.windows.starts(meta.timestamp).for_each(|start| if is_open(&start) { open += 1 } else { late += 1 });
        for _ in 0..late {
            cx.dropped(&self.writer.name, DropReason::Late);
        }
        if open == 0 {
            return Ok(());
        }
        // every window but the last gets a copy
        let (f, mut value) = (&*self.f, Some(value));
        self.writer.update(cx, &key, meta, self.windows.starts(meta.timestamp).filter(is_open), |slot| {
            open -= 1;
            let value = if open == 0 { value.take() } else { value.clone() };
            if let Some(value) = value {
                f(&key, value, &mut slot.value);
                slot.timestamp = slot.timestamp.max(meta.timestamp);
            }
        })
    }
}

impl<K: Data, V: Data, A: Data> Maintain for WindowAggregate<K, V, A> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}

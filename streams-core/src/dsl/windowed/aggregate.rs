//! `aggregate` by window, and the node behind all windowed aggregations.

use super::TimeWindowedKStream;
use super::finals::Finals;
use super::other::OtherAggregate;
use super::slices::{Merger, Slices};
use super::sliding::SlidingAggregate;
use super::table::{WindowedTable, window_supplier};
use super::writer::WindowWriter;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::TableNode;
use crate::dsl::windows::{Cut, EmitStrategy, TimeWindows};
use crate::exec::{Cx, DropReason, GraphEnv, Maintain, Meta, NodeFactory, Process, StreamTime, operator};
use crate::plan::{Role, Target};
use crate::{BoxError, Change, Data, Result};
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
        self.fold_with(move |key, value, slot| add(key, value, slot.get_or_insert_with(&init)), materialized)
    }

    /// [`aggregate`](Self::aggregate) whose `add` may fail: an error goes to the processing exception handler, which fails the task (the default)
    /// or leaves the record out, counted as `processing`. It is then left out of all of its windows: `add` works on clones of their aggregates.
    ///
    /// There is no such form of [`aggregate_mergeable`](Self::aggregate_mergeable): it merges when the records that a failure would leave out are
    /// in no one's hands any more.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
    /// let grouped = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
    /// let sums = grouped.try_aggregate(|| 0, |_key, text, sum| Ok(*sum += text.parse::<i64>()?));
    /// sums.to_stream().select_key(|windowed, _| windowed.window.start).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("in").pipe_at("a".to_string(), "3".to_string(), 11_000)?;
    /// assert_eq!(driver.output::<i64, i64>("out").read_all()?, [(10_000, 3)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.try_aggregate_with(init, add, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_aggregate`](Self::try_aggregate) with a name for the store, serdes, retention, cache or changelog options.
    pub fn try_aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        self.try_fold_with(move |key, value, slot| add(key, value, slot.get_or_insert_with(&init)), materialized)
    }

    pub(super) fn aggregation<A: Data>(
        &self,
        prefix: &str,
        f: Folding<K, V, A>,
        materialized: Materialized<K, A>,
    ) -> KTable<Windowed<K>, A> {
        let (grouped, windows, emit) = (&self.grouped, self.windows.clone(), self.emit);
        let mut plan = grouped.stream.plan.lock();
        let store_name = plan.store_name(materialized.name.as_ref(), prefix);
        let name = plan.processor_name(&materialized.node, prefix);
        let carried = grouped.key.given_or(&grouped.stream.key_serde);
        let key_serde = materialized.key.clone().with_fallback(&grouped.key).resolve(&carried, &mut plan, &name, "key");
        let value_serde = materialized.value.resolve(&None, &mut plan, &name, "value");
        let supplier =
            window_supplier(&mut plan, (&name, &store_name), &materialized, (&windows, emit), key_serde.clone(), value_serde.clone());
        let table = Arc::new(WindowedTable { supplier, queryable: materialized.name.is_some(), old_values: false.into() });
        let input = grouped.partitioned(&mut plan, &store_name, &key_serde);
        let (size_ms, closes_after_ms) = (windows.size_ms(), windows.closes_after_ms());
        let factory = window_aggregate_factory(f, (windows, emit), &table, input.key_bytes);
        let kept = table.clone();
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            target.builder.add_store_of(&name, &kept.supplier)
        };
        let plan_node = plan.add(name.clone(), &[input.node], Role::Other, Arc::new(write));
        plan.windows_close(plan_node, closes_after_ms);
        drop(plan);
        let windowed_serde: Arc<dyn Serde<Windowed<K>>> = Arc::new(TimeWindowedSerde::new(key_serde, size_ms));
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

/// What becomes of records, and of partial aggregates where they can be merged.
pub(crate) type Folding<K, V, A> = (Folder<K, V, A>, Option<Merger<K, A>>);

/// The node that folds records into the windows of `table`'s store, which several nodes may share.
pub(crate) fn window_aggregate_factory<K: Data, V: Data, A: Data>(
    (f, merge): Folding<K, V, A>,
    (windows, emit): (Cut, EmitStrategy),
    table: &Arc<WindowedTable>,
    key_bytes: Option<TypeId>,
) -> Arc<dyn NodeFactory> {
    let flags = table.clone();
    operator::<K, V, Windowed<K>, Change<A>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let keep_old = flags.old_values.load(Ordering::Relaxed);
        let store = flags.supplier.name();
        let writer = WindowWriter::new(env, store, (keep_old, emit.at_close), key_bytes, next)?;
        let finals = emit.at_close.then(|| Finals::new(env, store));
        let (f, stream_time) = (f.clone(), StreamTime::of_node(env));
        Ok(match &windows {
            Cut::Other(windows) => env.maintained(OtherAggregate::new(f, windows.clone(), stream_time, writer)),
            &Cut::Time(windows) => {
                let merge = merge.clone().filter(|_| writer.caching() && windows.advance_ms < windows.size_ms);
                let slices = merge.map(|merge| Slices::new(merge, windows));
                env.maintained(WindowAggregate { f, windows, stream_time, writer, finals, slices, values: PhantomData })
            }
            &Cut::Sliding(windows) => env.maintained(SlidingAggregate::new(f, windows, stream_time, writer, finals)),
        })
    }))
}

struct WindowAggregate<K, V, A> {
    f: Folder<K, V, A>,
    windows: TimeWindows,
    /// Of the records that came here: Java's rule, per node.
    stream_time: StreamTime,
    writer: WindowWriter<K, A>,
    finals: Option<Finals>,
    /// Of hopping windows whose aggregates can be merged.
    slices: Option<Slices<K, A>>,
    values: PhantomData<fn(V)>,
}

impl<K: Data, V: Data, A: Data> WindowAggregate<K, V, A> {
    /// Forwards the windows that have closed since the last time.
    fn tell(&mut self, cx: &mut Cx, closed: i64, meta: &Meta<'_>) -> Result<()> {
        let Some(finals) = &mut self.finals else { return Ok(()) };
        let (windows, Some(told)) = (self.windows, finals.told_before(closed)) else { return Ok(()) };
        let to = closed.saturating_sub(windows.size_ms);
        if to < 0 {
            return Ok(());
        }
        let mut from = 0;
        if told != -1 {
            from = (told - windows.size_ms).max(0);
            if windows.edges(from) == windows.edges(to) {
                return Ok(()); // no window has begun between the two
            }
            from += 1;
        }
        if let Some(slices) = &mut self.slices {
            slices.settle(cx, &mut self.writer)?;
        }
        finals.tell(cx, &mut self.writer, (from, to), closed, meta)
    }

    /// Puts a record into its slice; the windows from `first` on take it.
    fn put_aside(&mut self, cx: &mut Cx, key: &K, value: V, meta: &Meta<'_>, first: i64) -> Result<()> {
        let Some(slices) = &mut self.slices else { return Ok(()) };
        let Some(bytes) = self.writer.take_key(cx, key, meta)? else { return Ok(()) };
        let f = &self.f;
        let changed = slices.update(&bytes, first, cx.origin, meta, |slot| f.call(key, value, slot));
        self.writer.give_back(bytes);
        changed.map(drop).or_else(|error| cx.user_error(&self.writer.name, error))
    }
}

impl<K: Data, V: Data, A: Data> Process<K, V> for WindowAggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let closed = self.stream_time.observe(cx, meta.timestamp).saturating_sub(self.windows.grace_ms);
        let TimeWindows { size_ms: size, advance_ms: advance, .. } = self.windows;
        if self.finals.is_some() {
            self.tell(cx, closed, meta)?;
        }
        let (oldest, last) = self.windows.edges(meta.timestamp);
        // a cache of no size holds nothing back
        let in_slices = self.slices.is_some() && cx.budget.limit() > 0;
        let mut open_from = closed.saturating_sub(size).saturating_add(1);
        if in_slices {
            open_from = open_from.max(self.writer.oldest_visible());
        }
        let late = if open_from > oldest { ((open_from.min(last.saturating_add(1)) - oldest - 1) / advance) + 1 } else { 0 };
        for _ in 0..late {
            cx.dropped(&self.writer.name, DropReason::Late);
        }
        let first = oldest.saturating_add(late.saturating_mul(advance));
        if first > last {
            return Ok(());
        }
        if let Some(finals) = &mut self.finals {
            finals.changed(first);
        }
        if in_slices {
            return self.put_aside(cx, &key, value, meta, first);
        }
        // every window but the last gets a copy
        let (f, mut value, mut open) = (&self.f, Some(value), (last - first) / advance + 1);
        let starts = self.windows.starts(meta.timestamp).skip_while(|start| *start < first);
        self.writer.update(cx, &key, meta, starts, f.may_fail, |slot| {
            open -= 1;
            let value = if open == 0 { value.take() } else { value.clone() };
            if let Some(value) = value {
                f.call_on_row(&key, value, slot, meta.timestamp)?;
            }
            Ok(())
        })
    }
}

impl<K: Data, V: Data, A: Data> Maintain for WindowAggregate<K, V, A> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        if let Some(slices) = &mut self.slices {
            slices.settle(cx, &mut self.writer)?;
        }
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
    fn held_bytes(&self) -> usize {
        self.slices.as_ref().map_or(0, Slices::bytes)
    }
}

//! `count`, `reduce` and `aggregate` by window.

use super::TimeWindowedKStream;
use super::writer::WindowWriter;
use crate::dsl::KTable;
use crate::dsl::grouped::Folder;
use crate::dsl::options::{Materialized, SerdeChoice, StoreType};
use crate::dsl::table::{GetterSupplier, TableNode};
use crate::dsl::windows::{TimeWindows, millis};
use crate::exec::{Cx, DropReason, GraphEnv, Maintain, Meta, Process, operator};
use crate::plan::{Plan, Role, Target};
use crate::{Change, Data, Result};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use streams_state::serde::{DefaultSerde, Serde, TimeWindowedSerde, Windowed};
use streams_state::{StoreSupplier, Stores};

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// Counts the records of each key and window.
    pub fn count(&self) -> KTable<Windowed<K>, u64> {
        self.count_with(Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`count`](Self::count) with a name for the store, retention, cache or changelog options.
    pub fn count_with(&self, materialized: impl Into<Materialized<K, u64>>) -> KTable<Windowed<K>, u64> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&SerdeChoice::by_type());
        if materialized.name.is_none() && !materialized.implied {
            self.grouped.stream.plan.lock().names.store("KSTREAM-AGGREGATE-"); // an index that Java burns for nothing
        }
        let one_more = |_: &K, _: V, count: &mut Option<u64>| *count.get_or_insert(0) += 1;
        self.aggregation("KSTREAM-AGGREGATE-", Arc::new(one_more), materialized)
    }

    /// Combines the values of each key and window, two at a time.
    pub fn reduce(&self, combine: impl Fn(V, V) -> V + Send + Sync + 'static) -> KTable<Windowed<K>, V>
    where
        V: DefaultSerde,
    {
        self.reduce_with(combine, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`reduce`](Self::reduce) with a name for the store, serdes, retention, cache or changelog options.
    pub fn reduce_with(
        &self,
        combine: impl Fn(V, V) -> V + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, V>>,
    ) -> KTable<Windowed<K>, V> {
        let mut materialized = materialized.into();
        materialized.value = materialized.value.with_fallback(&self.grouped.value_choice());
        let combine = move |_: &K, value: V, slot: &mut Option<V>| {
            *slot = Some(match slot.take() {
                Some(sum) => combine(sum, value),
                None => value,
            });
        };
        self.aggregation("KSTREAM-REDUCE-", Arc::new(combine), materialized)
    }

    /// Keeps an aggregate per key and window, changed in place.
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

    fn aggregation<A: Data>(&self, prefix: &str, f: Folder<K, V, A>, materialized: Materialized<K, A>) -> KTable<Windowed<K>, A> {
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
        let (flags, key_bytes) = (table.clone(), input.key_bytes);
        let factory = operator::<K, V, Windowed<K>, Change<A>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let keep_old = flags.old_values.load(Ordering::Relaxed);
            let writer = WindowWriter::new(env, flags.supplier.name(), keep_old, key_bytes, next)?;
            Ok(env.maintained(WindowAggregate { f: f.clone(), windows, stream_time: -1, writer, values: PhantomData }))
        }));
        let kept = table.clone();
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            target.builder.add_store(&kept.supplier)?;
            target.builder.connect_store(&name, kept.supplier.name())
        };
        let plan_node = plan.add(name.clone(), &[input.node], Role::Other, Arc::new(write));
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

fn window_supplier<K: Data, A: Data>(
    plan: &mut Plan,
    name: &Arc<str>,
    materialized: &Materialized<K, A>,
    windows: TimeWindows,
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<A>>,
) -> Arc<dyn StoreSupplier> {
    let needed = windows.size_ms.saturating_add(windows.grace_ms);
    let retention = materialized.retention.map_or(needed, millis);
    if retention < needed {
        plan.error(format!(
            "store {name} keeps windows for {retention} ms, but size and grace need {needed} ms: give a longer retention or a shorter grace"
        ));
    }
    let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
    let (retention, size) = (duration(retention.max(needed)), duration(windows.size_ms.max(1)));
    let mut builder =
        Stores::window_with(name.clone(), key_serde.clone(), value_serde.clone(), retention.max(size), size).caching(materialized.caching);
    builder = match &materialized.logging {
        Some(configs) => builder.logging(configs.clone()),
        None => builder.without_logging(),
    };
    if materialized.store_type == StoreType::InMemory {
        builder = builder.in_memory();
    }
    builder.build().unwrap_or_else(|e| {
        plan.error(e.to_string());
        let hour = Duration::from_secs(3600);
        Stores::window_with("invalid", key_serde, value_serde, hour, hour).build().expect("a plain store of a legal name is always valid")
    })
}

struct WindowedTable {
    supplier: Arc<dyn StoreSupplier>,
    queryable: bool,
    old_values: AtomicBool,
}

impl<K: Data, A: Data> TableNode<Windowed<K>, A> for WindowedTable {
    fn send_old_values(&self, _: bool) -> bool {
        self.old_values.store(true, Ordering::Relaxed);
        true
    }
    fn getter(&self) -> Arc<dyn GetterSupplier<Windowed<K>, A>> {
        Arc::new(WindowGetterSupplier { store: self.supplier.name().clone() })
    }
    fn queryable_name(&self) -> Option<Arc<str>> {
        self.queryable.then(|| self.supplier.name().clone())
    }
}

struct WindowGetterSupplier {
    store: Arc<str>,
}

impl<K: Data, A: Data> GetterSupplier<Windowed<K>, A> for WindowGetterSupplier {
    fn stores(&self) -> Vec<Arc<str>> {
        vec![self.store.clone()]
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn crate::dsl::table::ValueGetter<Windowed<K>, A>>> {
        Ok(Box::new(WindowGetter { store: env.store::<streams_state::WindowStore<K, A>>(&self.store)?, key_buf: Vec::new() }))
    }
}

struct WindowGetter<K, A> {
    store: std::rc::Rc<std::cell::RefCell<streams_state::WindowStore<K, A>>>,
    key_buf: Vec<u8>,
}

impl<K: Data, A: Data> crate::dsl::table::ValueGetter<Windowed<K>, A> for WindowGetter<K, A> {
    fn get(&mut self, key: &Windowed<K>, _: Option<&[u8]>, look: &mut dyn FnMut(Option<(&A, i64)>)) -> Result<()> {
        let mut store = self.store.borrow_mut();
        self.key_buf.clear();
        store
            .write_key(&key.key, &mut self.key_buf)
            .map_err(|e| crate::Error::caused(crate::ErrorKind::Serde, "cannot serialize the key to look it up in the table", e))?;
        Ok(store.with(&self.key_buf, key.window.start, look)?)
    }
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

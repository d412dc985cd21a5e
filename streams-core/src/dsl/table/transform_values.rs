//! `transform_values` of tables.

use super::KTable;
use super::filter::TableOptions;
use super::getter::{GetterSupplier, ValueGetter};
use super::node::{TableNode, TableStore, history_of_derived, key_value_supplier, refuse_unnamed_history};
use super::writer::TableWriter;
use crate::dsl::stream::connected;
use crate::exec::{Cx, Edge, GraphEnv, Maintain, Meta, Outside, Process, TimerId, operator};
use crate::plan::{Named, Role, Target};
use crate::topology::{Setup, StoreSet, TransformContext, ValueTransformer};
use crate::{Change, Data, Headers, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::NO_HEADERS;

impl<K: Data, V: Data> KTable<K, V> {
    /// Replaces each row's value by what a [`ValueTransformer`] makes of it: [`map_values`](Self::map_values) with stores, punctuations and the
    /// context of the record. `stores` are those it is connected to: `()`, the handle of a store, or a tuple of handles.
    ///
    /// Not kept in a store unless asked for: a join or grouping that reads a row has it computed by a transformer of its own, which reads and
    /// writes the same stores. So what it gives should follow from the row, and from stores that reading does not change.
    ///
    /// ```
    /// # use streams_core::{BoxError, StreamsBuilder, testing::TopologyTestDriver};
    /// # use streams_core::processor::{KeyValueStore, TransformContext, ValueTransformer};
    /// # use streams_core::state::Stores;
    /// /// Tells how often a price has changed.
    /// struct Versions { seen: KeyValueStore<String, i64> }
    ///
    /// impl ValueTransformer<String, i64, String> for Versions {
    ///     fn transform(&mut self, ctx: &mut TransformContext<'_>, key: &String, price: Option<&i64>) -> Result<Option<String>, BoxError> {
    ///         let version = self.seen.get(key)?.unwrap_or(0) + 1;
    ///         self.seen.put(ctx, key, version)?;
    ///         Ok(price.map(|price| format!("{price} (version {version})")))
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// let seen = builder.add_state_store(Stores::key_value::<String, i64>("seen"));
    /// builder.table::<String, i64>("prices").transform_values(seen, |_, seen| Versions { seen }).to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut prices = driver.input::<String, i64>("prices");
    /// prices.pipe("tea".to_string(), 3)?;
    /// prices.pipe("tea".to_string(), 4)?;
    /// let out = driver.output::<String, Option<String>>("out").read_map()?;
    /// assert_eq!(out["tea"], Some("4 (version 2)".to_string()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "transformValues")]
    pub fn transform_values<S: StoreSet, VO: Data, T: ValueTransformer<K, V, VO>>(
        &self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> T + Send + Sync + 'static,
    ) -> KTable<K, VO> {
        self.transform_values_with(stores, supplier, Named::default())
    }

    /// [`transform_values`](Self::transform_values) with a name for its node, or kept in a store: pass a `Named` (or `&str`), or a
    /// [`Materialized`](crate::Materialized) with a name. Rows that are kept are read, not computed.
    pub fn transform_values_with<S: StoreSet, VO: Data, T: ValueTransformer<K, V, VO>>(
        &self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> T + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let options = options.into();
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&options.named, "KTABLE-TRANSFORMVALUES-");
        let connected = connected(&mut plan, &self.plan, &name, &stores);
        let make: MakeTransformer<K, V, VO> = Arc::new(move |env| {
            let opened = stores.open(env)?;
            let code = Box::new(supplier(&mut Setup { env }, opened));
            Ok(Transformer { name: env.node_name(), index: env.next_maintained(), code })
        });
        refuse_unnamed_history(&mut plan, &name, &options);
        let given = options.materialized.is_some();
        let (mut value_serde, mut key_bytes) = (None, self.key_bytes);
        // as in Java, the table is kept only if the user named its store, and no name is burned otherwise
        let store = options.materialized.and_then(|m| m.name.clone().map(|name| (m, name))).map(|(materialized, store_name)| {
            let keys = materialized.key.resolve(&self.key_serde, &mut plan, &name, "key");
            let values = materialized.value.resolve(&None, &mut plan, &name, "value");
            (value_serde, key_bytes) = (Some(values.clone()), keys.canonical_id());
            TableStore::new(key_value_supplier(&mut plan, &store_name, &materialized, keys, values), true, true)
        });
        let (parent, stores) = (self.table.clone(), connected.clone());
        let history_ms = history_of_derived(given, store.as_ref(), parent.history_ms());
        let table =
            Arc::new(TransformedTable { parent, make, stores, store: store.clone(), old_values: AtomicBool::new(false), history_ms });
        let (of, parent_key_bytes) = (table.clone(), self.key_bytes);
        let factory = operator::<K, Change<V>, K, Change<VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let transformer = (of.make)(env)?;
            Ok(match &of.store {
                None => env.maintained(Computed { transformer, old_values: of.old_values.load(Ordering::Relaxed), next }),
                Some(store) => {
                    let writer = TableWriter::new(env, store.name(), store.sends_old_values(), parent_key_bytes, next)?;
                    env.maintained(Kept { transformer, writer }) as Edge<K, Change<V>>
                }
            })
        }));
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            store.as_ref().map_or(Ok(()), |store| store.write(target, &name))?;
            connected.iter().try_for_each(|store| target.builder.connect_store(&name, store))
        };
        let node = plan.add(name.clone(), &[self.plan_node], Role::Other, Arc::new(write));
        drop(plan);
        KTable {
            plan: self.plan.clone(),
            plan_node: node,
            name,
            key_serde: self.key_serde.clone(),
            value_serde,
            key_bytes,
            sources: self.sources.clone(),
            table,
        }
    }
}

type MakeTransformer<K, V, VO> = Arc<dyn Fn(&mut GraphEnv<'_>) -> Result<Transformer<K, V, VO>> + Send + Sync>;

/// User code with what its context needs.
struct Transformer<K, V, VO> {
    /// The node that it runs in: its own, or one that reads the table.
    name: Arc<str>,
    index: usize,
    code: Box<dyn ValueTransformer<K, V, VO>>,
}

impl<K: Data, V: Data, VO: Data> Transformer<K, V, VO> {
    /// The row that it makes; `None` where it failed and the processing handler goes on.
    fn row(&mut self, cx: &mut Cx, key: &K, value: Option<&V>, timestamp: i64, headers: &Headers) -> Result<Option<Option<VO>>> {
        let around = cx.timestamp;
        // what it writes to stores has a time, also where that of the row is not known
        cx.timestamp = if timestamp < 0 { around } else { timestamp };
        let result = self.code.transform(&mut TransformContext { cx, index: self.index, node: &self.name, timestamp, headers }, key, value);
        cx.timestamp = around;
        result.map(Some).or_else(|error| cx.user_error(&self.name, error).map(|()| None))
    }

    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        let result = self.code.punctuate(
            &mut TransformContext { cx, index: self.index, node: &self.name, timestamp: time, headers: &NO_HEADERS },
            timer,
            time,
        );
        result.or_else(|error| cx.user_error(&self.name, error))
    }
}

struct TransformedTable<K, V, VO> {
    parent: Arc<dyn TableNode<K, V>>,
    make: MakeTransformer<K, V, VO>,
    /// Those that the transformer is connected to.
    stores: Vec<Arc<str>>,
    store: Option<Arc<TableStore<K, VO>>>,
    old_values: AtomicBool,
    history_ms: Option<i64>,
}

impl<K: Data, V: Data, VO: Data> TableNode<K, VO> for TransformedTable<K, V, VO> {
    fn send_old_values(&self, force: bool) -> bool {
        let will = match &self.store {
            Some(store) => store.send_old_values(true),
            None => self.parent.send_old_values(force),
        };
        self.old_values.fetch_or(will, Ordering::Relaxed);
        self.old_values.load(Ordering::Relaxed)
    }

    fn getter(&self) -> Arc<dyn GetterSupplier<K, VO>> {
        match &self.store {
            Some(store) => store.getter(),
            None => {
                Arc::new(TransformedGetterSupplier { parent: self.parent.getter(), make: self.make.clone(), stores: self.stores.clone() })
            }
        }
    }

    fn queryable_name(&self) -> Option<Arc<str>> {
        self.store.as_ref().and_then(|store| store.queryable_name())
    }

    fn history_ms(&self) -> Option<i64> {
        self.history_ms
    }
}

/// Not kept: computed as changes pass.
struct Computed<K, V, VO> {
    transformer: Transformer<K, V, VO>,
    old_values: bool,
    next: Edge<K, Change<VO>>,
}

impl<K: Data, V: Data, VO: Data> Process<K, Change<V>> for Computed<K, V, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let mut row = |cx: &mut Cx, value: Option<&V>| self.transformer.row(cx, &key, value, meta.timestamp, meta.headers);
        let Some(new) = row(cx, change.new.as_ref())? else { return Ok(()) };
        let old = if self.old_values { row(cx, change.old.as_ref())? } else { Some(None) };
        let Some(old) = old else { return Ok(()) };
        self.next.process(cx, key, Change { old, new, is_latest: change.is_latest }, meta)
    }
}

impl<K: Data, V: Data, VO: Data> Maintain for Computed<K, V, VO> {
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        self.transformer.punctuate(cx, timer, time)
    }
    fn close(&mut self, _: &mut Cx) {
        self.transformer.code.close();
    }
}

/// Kept in a store of its own.
struct Kept<K, V, VO> {
    transformer: Transformer<K, V, VO>,
    writer: TableWriter<K, VO>,
}

impl<K: Data, V: Data, VO: Data> Process<K, Change<V>> for Kept<K, V, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let Some(new) = self.transformer.row(cx, &key, change.new.as_ref(), meta.timestamp, meta.headers)? else { return Ok(()) };
        self.writer.update(cx, &key, meta, |slot| {
            slot.value = new;
            slot.timestamp = meta.timestamp;
        })
    }
}

impl<K: Data, V: Data, VO: Data> Maintain for Kept<K, V, VO> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        self.transformer.punctuate(cx, timer, time)
    }
    fn close(&mut self, _: &mut Cx) {
        self.transformer.code.close();
    }
}

struct TransformedGetterSupplier<K, V, VO> {
    parent: Arc<dyn GetterSupplier<K, V>>,
    make: MakeTransformer<K, V, VO>,
    stores: Vec<Arc<str>>,
}

impl<K: Data, V: Data, VO: Data> GetterSupplier<K, VO> for TransformedGetterSupplier<K, V, VO> {
    fn stores(&self) -> Vec<Arc<str>> {
        let mut stores = self.parent.stores();
        stores.extend(self.stores.iter().cloned());
        stores
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<K, VO>>> {
        let parent = self.parent.make(env)?;
        let transformer = Rc::new(RefCell::new((self.make)(env)?));
        env.maintain(Box::new(Outside(transformer.clone())));
        Ok(Box::new(TransformedGetter { parent, transformer }))
    }
}

/// What a node that reads the table has of it: a transformer of its own.
struct TransformedGetter<K, V, VO> {
    parent: Box<dyn ValueGetter<K, V>>,
    transformer: Rc<RefCell<Transformer<K, V, VO>>>,
}

/// Of a row that is not there.
const UNKNOWN: i64 = -1;

impl<K: Data, V: Data, VO: Data> TransformedGetter<K, V, VO> {
    /// `row`: the parent's, a copy because it may lie in a store that the transformer reads; nothing where it was not told.
    fn tell(&self, cx: &mut Cx, key: &K, row: Option<Option<(V, i64)>>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        let Some(row) = row else { return Ok(()) };
        let timestamp = row.as_ref().map_or(UNKNOWN, |(_, timestamp)| *timestamp);
        // the record that made the row is not known
        let known = std::mem::replace(&mut cx.record_known, false);
        let made = self.transformer.borrow_mut().row(cx, key, row.as_ref().map(|(value, _)| value), timestamp, &NO_HEADERS);
        cx.record_known = known;
        if let Some(made) = made? {
            look(made.as_ref().map(|value| (value, timestamp)));
        }
        Ok(())
    }
}

impl<K: Data, V: Data, VO: Data> ValueGetter<K, VO> for TransformedGetter<K, V, VO> {
    fn get(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        let mut found = None;
        self.parent.get(cx, key, key_bytes, &mut |row| found = Some(row.map(|(value, at)| (value.clone(), at))))?;
        self.tell(cx, key, found, look)
    }
    fn get_as_of(
        &mut self,
        cx: &mut Cx,
        key: &K,
        key_bytes: Option<&[u8]>,
        time: i64,
        look: &mut dyn FnMut(Option<(&VO, i64)>),
    ) -> Result<()> {
        let mut found = None;
        self.parent.get_as_of(cx, key, key_bytes, time, &mut |row| found = Some(row.map(|(value, at)| (value.clone(), at))))?;
        self.tell(cx, key, found, look)
    }
    fn get_forwarded(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        let mut found = None;
        self.parent.get_forwarded(cx, key, key_bytes, &mut |row| found = Some(row.map(|(value, at)| (value.clone(), at))))?;
        self.tell(cx, key, found, look)
    }
    fn waits(&mut self, key: &K, key_bytes: Option<&[u8]>) -> Result<bool> {
        self.parent.waits(key, key_bytes)
    }
    fn remember(&mut self) {
        self.parent.remember();
    }
}

impl<K: Data, V: Data, VO: Data> Maintain for Transformer<K, V, VO> {
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        Transformer::punctuate(self, cx, timer, time)
    }
    fn close(&mut self, _: &mut Cx) {
        self.code.close();
    }
}

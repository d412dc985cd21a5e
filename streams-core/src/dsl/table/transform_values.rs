//! `transform_values` of tables.

use super::KTable;
use super::derived::{Derivation, Making, attach};
use super::filter::TableOptions;
use super::getter::{GetterSupplier, ValueGetter};
use super::writer::TableWriter;
use crate::dsl::stream::connected;
use crate::exec::{Cx, Edge, GraphEnv, Maintain, Meta, Outside, Process, TimerId};
use crate::plan::Named;
use crate::topology::{Setup, StoreSet, TransformContext, ValueTransformer};
use crate::{Change, Data, Headers, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
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
        let making = Arc::new(Transformed { make, stores: connected.clone() });
        // as in Java, no name is burned for a store
        let given_store = options.materialized.as_ref().and_then(|m| m.name.clone());
        let derivation = Derivation { name, options, given_store, value_serde: None, stores: connected, old_values: false, making };
        attach(&mut plan, self, derivation)
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
        // what it writes to stores has a time, also where that of the row is not known
        let at = if timestamp < 0 { cx.timestamp } else { timestamp };
        let (code, index, node) = (&mut self.code, self.index, &self.name);
        let result =
            cx.with_record(at, headers, |cx| code.transform(&mut TransformContext { cx, index, node, timestamp, headers }, key, value));
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

/// By a transformer.
struct Transformed<K, V, VO> {
    make: MakeTransformer<K, V, VO>,
    /// Those that it is connected to.
    stores: Vec<Arc<str>>,
}

impl<K: Data, V: Data, VO: Data> Making<K, V, VO> for Transformed<K, V, VO> {
    fn getter(&self, parent: Arc<dyn GetterSupplier<K, V>>) -> Arc<dyn GetterSupplier<K, VO>> {
        Arc::new(TransformedGetterSupplier { parent, make: self.make.clone(), stores: self.stores.clone() })
    }
    fn computed(&self, env: &mut GraphEnv<'_>, old_values: bool, next: Edge<K, Change<VO>>) -> Result<Edge<K, Change<V>>> {
        let transformer = (self.make)(env)?;
        Ok(env.maintained(Computed { transformer, old_values, next }))
    }
    fn kept(&self, env: &mut GraphEnv<'_>, _: bool, writer: TableWriter<K, VO>) -> Result<Edge<K, Change<V>>> {
        let transformer = (self.make)(env)?;
        Ok(env.maintained(Kept { transformer, writer }))
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

//! `suppress`: a table whose changes are held back.

mod getter;
mod node;

use super::{GetterSupplier, KTable, TableNode};
use crate::Data;
use crate::dsl::options::{SerdeChoice, Suppressed, Until};
use crate::exec::{GraphEnv, operator};
use crate::plan::{Plan, Role, Target};
use crate::record::Change;
use getter::SuppressedGetterSupplier;
use node::{Limits, Suppress};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::serde::{DefaultSerde, Serde};
use streams_state::{StoreSupplier, Stores};

impl<K: Data, V: Data> KTable<K, V> {
    /// Holds changes back: for each row only the newest is emitted, when [`Suppressed`] says so. Time is that of the table's changes, so nothing
    /// is emitted while none arrive.
    ///
    /// One result for each window, once it is closed:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{BufferConfig, StreamsBuilder, Suppressed, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(2));
    /// builder
    ///     .stream::<String, String>("in")
    ///     .group_by_key()
    ///     .windowed_by(windows)
    ///     .count()
    ///     .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
    ///     .to_stream()
    ///     .select_key(|windowed, _| windowed.window.start)
    ///     .to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// for at in [1_000, 5_000, 11_999] {
    ///     input.pipe_at("ann".to_string(), "click".to_string(), at)?;
    /// }
    /// assert!(driver.output::<i64, u64>("out").is_empty());
    /// input.pipe_at("bob".to_string(), "click".to_string(), 12_000)?;
    /// assert_eq!(driver.output::<i64, u64>("out").read_all()?, [(0, 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The newest value of each row, at most every so often:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{BufferConfig, StreamsBuilder, Suppressed, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, i64>("prices");
    /// prices.suppress(Suppressed::until_time_limit(Duration::from_secs(60), BufferConfig::max_records(1_000))).to_stream().to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("prices");
    /// for (price, at) in [(10, 0), (11, 30_000), (12, 60_000)] {
    ///     input.pipe_at("apple".to_string(), price, at)?;
    /// }
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("apple".to_string(), 12)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`build`](crate::StreamsBuilder::build) tells of a suppression until windows close that is not behind a windowed aggregation.
    pub fn suppress(&self, suppressed: Suppressed<K>) -> KTable<K, V>
    where
        V: DefaultSerde,
    {
        self.suppressed(suppressed, SerdeChoice::by_type())
    }

    /// [`suppress`](Self::suppress) with a serde for the values that are held back.
    pub fn suppress_with(&self, suppressed: Suppressed<K>, values: impl Serde<V>) -> KTable<K, V> {
        self.suppressed(suppressed, SerdeChoice::given(values))
    }

    fn suppressed(&self, suppressed: Suppressed<K>, values: SerdeChoice<V>) -> KTable<K, V> {
        let Suppressed { until, window_end, buffer, named } = suppressed;
        let mut plan = self.plan.lock();
        let name = plan.processor_name_lazy(&named, "KTABLE-SUPPRESS-");
        if self.table.history_ms().is_some() {
            // which of its changes is the newest is not told by their order
            plan.error(format!(
                "{name} holds back the changes of {}, a versioned table, and can do so only for others: leave `versioned` out, or keep the table \
                 once more without it before",
                self.name
            ));
        }
        let store: Arc<str> = match named.get() {
            Some(_) => format!("{name}-store").into(),
            // without a changelog it is nothing but memory
            None if buffer.logging.is_some() => plan.store_name(None, "KTABLE-SUPPRESS-"),
            None => plan.names.store("KTABLE-SUPPRESS-"),
        };
        let key_serde = SerdeChoice::default().resolve(&self.key_serde, &mut plan, &name, "key");
        let value_serde = values.resolve(&self.value_serde, &mut plan, &name, "value");
        let wait_ms = match until {
            Until::TimeLimit(limit_ms) => limit_ms,
            Until::WindowCloses => plan.grace_above(self.plan_node).unwrap_or_else(|way| {
                plan.error(format!(
                    "{name} waits for windows to close, but no windowed aggregation is on the way {way}: put it behind one, or use \
                     `Suppressed::until_time_limit`"
                ));
                0
            }),
        };
        let limits = Limits { wait_ms, max_records: buffer.max_records, max_bytes: buffer.max_bytes, emit_early: buffer.emit_early };
        let built = Stores::change_buffer(store, key_serde.clone(), value_serde.clone()).logging(buffer.logging).build();
        let any = || Stores::change_buffer("invalid", key_serde.clone(), value_serde.clone()).build();
        let supplier = plan.supplier_of(&name, built, any);
        // who looks a row up that is held back must find what it was before
        self.require_old_values(&mut plan, &name);
        let table = Arc::new(SuppressedTable { parent: self.table.clone(), supplier, old_values: false.into() });
        let (node_table, key_bytes) = (table.clone(), self.key_bytes);
        let factory = operator::<K, Change<V>, K, Change<V>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let old_values = node_table.old_values.load(Ordering::Relaxed);
            let node = Suppress::new(env, node_table.supplier.name(), (limits, window_end), old_values, key_bytes, next)?;
            Ok(env.maintained(node))
        }));
        let supplier = table.supplier.clone();
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            target.builder.add_store_of(&target.name, &supplier)
        };
        let node = Plan::add(&mut plan, name.clone(), &[self.plan_node], Role::Other, Arc::new(write));
        drop(plan);
        KTable {
            plan: self.plan.clone(),
            plan_node: node,
            name,
            key_bytes: self.key_bytes.filter(|_| self.key_bytes == key_serde.canonical_id()),
            key_serde: Some(key_serde),
            value_serde: Some(value_serde),
            sources: self.sources.clone(),
            table,
        }
    }
}

struct SuppressedTable<K, V> {
    parent: Arc<dyn TableNode<K, V>>,
    supplier: Arc<dyn StoreSupplier>,
    old_values: AtomicBool,
}

impl<K: Data, V: Data> TableNode<K, V> for SuppressedTable<K, V> {
    fn send_old_values(&self, _: bool) -> bool {
        self.old_values.store(true, Ordering::Relaxed);
        true
    }
    fn getter(&self) -> Arc<dyn GetterSupplier<K, V>> {
        Arc::new(SuppressedGetterSupplier { parent: self.parent.getter(), buffer: self.supplier.name().clone() })
    }
    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>> {
        None
    }
}

//! What operators ask of a table while a topology is built: shall it be kept, shall it send old values, where is a row looked up.

use super::filter::TableOptions;
use super::getter::{GetterSupplier, StoreGetterSupplier};
use super::ttl::{Ttl, refuse_ttl};
use crate::Data;
use crate::dsl::options::{History, Materialized, Needs, StoreType, kept_as};
use crate::plan::{Plan, Target};
use crate::topology::TopologyError;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::serde::Serde;
use streams_state::{KeyValueStoreBuilder, StoreKind, StoreSupplier, Stores};

/// The build-time side of a table. Flags are set by later DSL calls and read when the topology is written.
pub(crate) trait TableNode<K, V>: Send + Sync {
    /// Asks the table to send old values with its changes. `force` keeps the table if that is what it takes; of closures that may fail it does
    /// not, see [`require_old_values`](super::KTable::require_old_values). The answer is whether it will.
    fn send_old_values(&self, force: bool) -> bool;
    /// Where rows are looked up; keeps a source table that was not kept so far.
    fn getter(&self) -> Arc<dyn GetterSupplier<K, V>>;
    /// The store, if it has a name that was given to it.
    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>>;
    /// Where its windows or sessions lie, if it aggregates a stream by them.
    fn windows_store(&self) -> Option<&Arc<dyn StoreSupplier>> {
        None
    }
    /// Of a versioned table: for how many milliseconds its versions are kept. What is made of a versioned table row by row is one too.
    fn history_ms(&self) -> Option<i64> {
        None
    }
}

/// The store of a table, which may turn out not to be needed.
pub(crate) struct TableStore<K, V> {
    supplier: Arc<dyn StoreSupplier>,
    queryable: bool,
    kept: AtomicBool,
    old_values: AtomicBool,
    /// Why it cannot be kept.
    problem: Option<String>,
    ttl: Option<Arc<Ttl>>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Data, V: Data> TableStore<K, V> {
    pub fn new(supplier: Arc<dyn StoreSupplier>, queryable: bool, kept: bool) -> Arc<Self> {
        TableStore::unless(None, supplier, queryable, kept)
    }

    /// A table whose rows may expire; it is kept if they do.
    pub fn expiring(ttl: Option<Arc<Ttl>>, supplier: Arc<dyn StoreSupplier>, queryable: bool, kept: bool) -> Arc<Self> {
        let kept = (kept || ttl.is_some()).into();
        Arc::new(TableStore { supplier, queryable, kept, old_values: false.into(), problem: None, ttl, types: PhantomData })
    }

    /// Of a table that is made of others and that the user wants kept.
    pub(super) fn made(
        plan: &mut Plan,
        names: (&str, &Arc<str>),
        mut materialized: Materialized<K, V>,
        key_serde: Arc<dyn Serde<K>>,
        value_serde: Arc<dyn Serde<V>>,
    ) -> Arc<Self> {
        let ttl = Ttl::take(plan, names, &mut materialized);
        TableStore::expiring(ttl, key_value_supplier(plan, names, &materialized, key_serde, value_serde), true, true)
    }

    /// With what is wrong if it turns out to be needed.
    pub fn unless(problem: Option<String>, supplier: Arc<dyn StoreSupplier>, queryable: bool, kept: bool) -> Arc<Self> {
        Arc::new(TableStore { supplier, queryable, kept: kept.into(), old_values: false.into(), problem, ttl: None, types: PhantomData })
    }

    pub fn name(&self) -> &Arc<str> {
        self.supplier.name()
    }

    pub fn ttl(&self) -> Option<&Arc<Ttl>> {
        self.ttl.as_ref()
    }

    pub fn kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    pub fn sends_old_values(&self) -> bool {
        self.old_values.load(Ordering::Relaxed)
    }

    /// Adds the store to the topology, if it is kept, and connects it to `node`.
    pub fn write(&self, target: &mut Target<'_>, node: &str) -> Result<(), TopologyError> {
        if !self.kept() {
            return Ok(());
        }
        if let Some(problem) = &self.problem {
            return Err(TopologyError::new(problem.clone()));
        }
        target.builder.add_store_of(node, &self.supplier)?;
        self.ttl.as_ref().map_or(Ok(()), |ttl| ttl.write(target, node))
    }
}

impl<K: Data, V: Data> TableNode<K, V> for TableStore<K, V> {
    fn send_old_values(&self, force: bool) -> bool {
        if !force && !self.kept() {
            return false;
        }
        self.kept.store(true, Ordering::Relaxed);
        self.old_values.store(true, Ordering::Relaxed);
        true
    }

    fn getter(&self) -> Arc<dyn GetterSupplier<K, V>> {
        self.kept.store(true, Ordering::Relaxed);
        Arc::new(StoreGetterSupplier { store: self.name().clone(), types: PhantomData })
    }

    fn history_ms(&self) -> Option<i64> {
        match self.supplier.kind() {
            StoreKind::Versioned { history_retention_ms } => Some(history_retention_ms),
            _ => None,
        }
    }

    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>> {
        self.queryable.then_some(&self.supplier)
    }
}

/// Refuses versions for a table that would not be kept.
pub(super) fn refuse_unnamed_history<K, V>(plan: &mut Plan, node: &str, options: &TableOptions<K, V>) {
    if options.materialized.as_ref().is_some_and(|m| m.name.is_none() && m.history.is_some()) {
        plan.error(format!("{node} makes a versioned table, which needs a name for its store: `.named(..)`"));
    }
}

/// The history of a table that is made row by row of one with the history `parent`. As in Java, being `given` a way to be kept decides also where
/// it is not kept for want of a name.
pub(super) fn history_of_derived<K: Data, V: Data>(given: bool, store: Option<&Arc<TableStore<K, V>>>, parent: Option<i64>) -> Option<i64> {
    if given { store.and_then(|store| store.history_ms()) } else { parent }
}

/// The supplier of a table's key-value store.
pub(crate) fn key_value_supplier<K: Data, V: Data>(
    plan: &mut Plan,
    (node, name): (&str, &Arc<str>),
    materialized: &Materialized<K, V>,
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<V>>,
) -> Arc<dyn StoreSupplier> {
    refuse_ttl(plan, (node, name), materialized, "give it to the tables that this one is made of, whose deletions it follows");
    materialized.check_supplier(plan, node, Needs::KeyValue);
    if let Some(history) = &materialized.history {
        return versioned_supplier(plan, (node, name), (materialized, history), key_serde, value_serde);
    }
    let built = key_value_builder(name.clone(), materialized, key_serde.clone(), value_serde.clone()).build();
    plan.supplier_of(node, built, || Stores::key_value_with("invalid", key_serde, value_serde).build())
}

/// A point store as `materialized` says, with serdes of its own.
pub(super) fn key_value_builder<K: Data, V: Data, SK: Data, SV: Data>(
    name: Arc<str>,
    materialized: &Materialized<K, V>,
    key_serde: Arc<dyn Serde<SK>>,
    value_serde: Arc<dyn Serde<SV>>,
) -> KeyValueStoreBuilder<SK, SV> {
    let mut builder = Stores::key_value_with(name, key_serde, value_serde).caching(materialized.caching);
    if materialized.is_plain() {
        builder = builder.plain();
    }
    if let Some(most) = materialized.most_keys() {
        builder = builder.at_most_unlogged(most);
    }
    kept_as!(builder, &materialized.logging, materialized.store_type)
}

/// The supplier of a versioned table's store. Nothing waits in a cache: versions may not be left out.
fn versioned_supplier<K: Data, V: Data>(
    plan: &mut Plan,
    (node, name): (&str, &Arc<str>),
    (materialized, history): (&Materialized<K, V>, &History),
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<V>>,
) -> Arc<dyn StoreSupplier> {
    if materialized.name.is_none() {
        plan.error(format!("{node} makes a versioned table, which needs a name for its store {name}: `.named(..)`"));
    }
    let described = |name: Arc<str>| Stores::versioned_key_value_with(name, key_serde.clone(), value_serde.clone(), history.retention);
    let mut builder = described(name.clone());
    if let Some(interval) = history.segment_interval {
        builder = builder.segment_interval(interval);
    }
    builder = match &materialized.logging {
        Some(configs) => builder.logging(configs.clone()),
        None => builder.without_logging(),
    };
    if materialized.store_type == StoreType::InMemory {
        builder = builder.in_memory();
    }
    plan.supplier_of(node, builder.build(), || described("invalid".into()).build())
}

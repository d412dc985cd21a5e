//! What operators ask of a table while a topology is built: shall it be kept, shall it send old values, where is a row looked up.

use super::getter::{GetterSupplier, StoreGetterSupplier};
use crate::Data;
use crate::dsl::options::{Materialized, StoreType};
use crate::plan::{Plan, Target};
use crate::topology::TopologyError;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::serde::Serde;
use streams_state::{StoreSupplier, Stores};

/// The build-time side of a table. Flags are set by later DSL calls and read when the topology is written.
pub(crate) trait TableNode<K, V>: Send + Sync {
    /// Asks the table to send old values with its changes. `force` keeps the table if that is what it takes. The answer is whether it will.
    fn send_old_values(&self, force: bool) -> bool;
    /// Where rows are looked up; keeps a source table that was not kept so far.
    fn getter(&self) -> Arc<dyn GetterSupplier<K, V>>;
    fn queryable_name(&self) -> Option<Arc<str>>;
}

/// The store of a table, which may turn out not to be needed.
pub(crate) struct TableStore<K, V> {
    supplier: Arc<dyn StoreSupplier>,
    queryable: bool,
    kept: AtomicBool,
    old_values: AtomicBool,
    /// Why it cannot be kept.
    problem: Option<String>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Data, V: Data> TableStore<K, V> {
    pub fn new(supplier: Arc<dyn StoreSupplier>, queryable: bool, kept: bool) -> Arc<Self> {
        TableStore::unless(None, supplier, queryable, kept)
    }

    /// With what is wrong if it turns out to be needed.
    pub fn unless(problem: Option<String>, supplier: Arc<dyn StoreSupplier>, queryable: bool, kept: bool) -> Arc<Self> {
        Arc::new(TableStore { supplier, queryable, kept: kept.into(), old_values: false.into(), problem, types: PhantomData })
    }

    pub fn name(&self) -> &Arc<str> {
        self.supplier.name()
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
        target.builder.add_store(&self.supplier)?;
        target.builder.connect_store(node, self.name())
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

    fn queryable_name(&self) -> Option<Arc<str>> {
        self.queryable.then(|| self.name().clone())
    }
}

/// The supplier of a table's key-value store.
pub(crate) fn key_value_supplier<K: Data, V: Data>(
    plan: &mut Plan,
    name: &Arc<str>,
    materialized: &Materialized<K, V>,
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<V>>,
) -> Arc<dyn StoreSupplier> {
    let mut builder = Stores::key_value_with(name.clone(), key_serde.clone(), value_serde.clone()).caching(materialized.caching);
    builder = match &materialized.logging {
        Some(configs) => builder.logging(configs.clone()),
        None => builder.without_logging(),
    };
    builder = match materialized.store_type {
        StoreType::Default => builder.default_engine(),
        StoreType::InMemory => builder.in_memory(),
        StoreType::RocksDb => builder,
    };
    builder.build().unwrap_or_else(|e| {
        plan.error(e.to_string());
        // any supplier serves: `build()` tells the error above
        Stores::key_value_with("invalid", key_serde, value_serde).build().expect("a plain store of a legal name is always valid")
    })
}

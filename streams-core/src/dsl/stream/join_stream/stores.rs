//! The stores of a join of two streams.

use crate::Data;
use crate::dsl::options::{StoreType, kept_as};
use crate::dsl::windows::JoinWindows;
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{LeftOrRightSerde, Serde, SideKeySerde};
use streams_state::{ListStoreBuilder, StoreSupplier, Stores, WindowBytesStoreSupplier};

pub(super) struct JoinStores<'a> {
    pub windows: JoinWindows,
    pub logging: &'a Option<BTreeMap<String, String>>,
    pub store_type: StoreType,
}

impl JoinStores<'_> {
    /// Refuses stores given that do not fit the join.
    pub fn check_given(
        &self,
        plan: &mut Plan,
        join: &str,
        this: Option<&WindowBytesStoreSupplier>,
        other: Option<&WindowBytesStoreSupplier>,
    ) {
        if let (Some(this), Some(other)) = (this, other)
            && this.name() == other.name()
        {
            plan.error(format!("{join}: both stores have the name {}: give one of them another name", this.name()));
        }
        let (size, retention) = (self.windows.size_ms(), self.retention_ms());
        for store in [this, other].into_iter().flatten() {
            let name = store.name();
            if !store.retain_duplicates() {
                plan.error(format!(
                    "{join}: store {name} must retain duplicates, for a key may have several records of one time: give `true`"
                ));
            }
            let told = (store.window_size_ms(), store.retention_ms());
            if told != (size, retention) {
                plan.error(format!(
                    "{join}: store {name} is for windows of {} ms and keeps them for {} ms, but the join needs windows of {size} ms, kept for \
                     {retention} ms: give it these",
                    told.0, told.1
                ));
            }
        }
    }

    fn retention_ms(&self) -> i64 {
        self.windows.size_ms().saturating_add(self.windows.grace_ms)
    }

    /// Where the records of one side wait for those of the other: in the store `given`, else in one of that name.
    pub fn window<K: Data, V: Data>(
        &self,
        plan: &mut Plan,
        (join, name): (&str, Arc<str>),
        given: Option<&WindowBytesStoreSupplier>,
        key_serde: &Arc<dyn Serde<K>>,
        value_serde: &Arc<dyn Serde<V>>,
    ) -> Arc<dyn StoreSupplier> {
        let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        let (retention, size) = (self.retention_ms(), self.windows.size_ms());
        let name = given.map_or(name, |store| store.name().clone());
        let builder = Stores::window_with(name, key_serde.clone(), value_serde.clone(), duration(retention), duration(size));
        let builder = builder.retain_duplicates().plain().timed_by_records();
        // rows of a join are never overwritten, so there is nothing to compact
        let forced = || [("cleanup.policy".to_owned(), "delete".to_owned())];
        let logging = self.logging.as_ref().map(|configs| configs.clone().into_iter().chain(forced()).collect::<BTreeMap<_, _>>());
        // as in Java, a store given is logged, whatever the join's options say
        let logging = if given.is_some() { &Some(BTreeMap::new()) } else { &logging };
        let builder = kept_as!(builder, logging, given.map_or(self.store_type, engine_of));
        plan.supplier_of(join, builder.build(), || any(key_serde, value_serde))
    }

    /// Where the records that have not met a partner wait for the end of their window; where this side's store lies if that was given.
    pub fn unmatched<K: Data, L: Data, R: Data>(
        &self,
        plan: &mut Plan,
        (join, name): (&str, Arc<str>),
        this: Option<&WindowBytesStoreSupplier>,
        key_serde: &Arc<dyn Serde<K>>,
        left: &Arc<dyn Serde<L>>,
        right: &Arc<dyn Serde<R>>,
    ) -> Arc<dyn StoreSupplier> {
        let (keys, values) = (SideKeySerde::new(key_serde.clone()), LeftOrRightSerde::new(left.clone(), right.clone()));
        let builder = ListStoreBuilder::new(name, keys, values);
        let engine = match (self.store_type, this) {
            (StoreType::Default, Some(this)) => engine_of(this),
            (engine, _) => engine,
        };
        let builder = kept_as!(builder, self.logging, engine);
        plan.supplier_of(join, builder.build(), || any(key_serde, left))
    }
}

fn engine_of(store: &WindowBytesStoreSupplier) -> StoreType {
    if store.in_memory() { StoreType::InMemory } else { StoreType::RocksDb }
}

/// A store that the plan can go on with until `build()` says what is wrong with another one.
fn any<K: Data, V: Data>(key_serde: &Arc<dyn Serde<K>>, value_serde: &Arc<dyn Serde<V>>) -> streams_state::Result<Arc<dyn StoreSupplier>> {
    let hour = Duration::from_secs(3600);
    Stores::window_with("invalid", key_serde.clone(), value_serde.clone(), hour, hour).build()
}

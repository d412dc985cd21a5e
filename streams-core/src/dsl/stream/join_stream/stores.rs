//! The stores of a join of two streams.

use crate::Data;
use crate::dsl::windows::JoinWindows;
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{LeftOrRightSerde, Serde, SideKeySerde};
use streams_state::{ListStoreBuilder, StoreSupplier, Stores};

pub(super) struct JoinStores<'a> {
    pub windows: JoinWindows,
    pub logging: &'a Option<BTreeMap<String, String>>,
    pub in_memory: bool,
}

impl JoinStores<'_> {
    /// Where the records of one side wait for those of the other.
    pub fn window<K: Data, V: Data>(
        &self,
        plan: &mut Plan,
        name: Arc<str>,
        key_serde: &Arc<dyn Serde<K>>,
        value_serde: &Arc<dyn Serde<V>>,
    ) -> Arc<dyn StoreSupplier> {
        let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        let (retention, size) = (self.windows.size_ms().saturating_add(self.windows.grace_ms), self.windows.size_ms());
        let builder = Stores::window_with(name, key_serde.clone(), value_serde.clone(), duration(retention), duration(size));
        let builder = builder.retain_duplicates().plain();
        let mut builder = match self.logging {
            Some(configs) => {
                // rows of a join are never overwritten, so there is nothing to compact
                let forced = [("cleanup.policy".to_owned(), "delete".to_owned())];
                builder.logging(configs.clone().into_iter().chain(forced))
            }
            None => builder.without_logging(),
        };
        builder = if self.in_memory { builder.in_memory() } else { builder.default_engine() };
        builder.build().unwrap_or_else(|e| invalid(plan, &e, key_serde, value_serde))
    }

    /// Where the records that have not met a partner wait for the end of their window.
    pub fn unmatched<K: Data, L: Data, R: Data>(
        &self,
        plan: &mut Plan,
        name: Arc<str>,
        key_serde: &Arc<dyn Serde<K>>,
        left: &Arc<dyn Serde<L>>,
        right: &Arc<dyn Serde<R>>,
    ) -> Arc<dyn StoreSupplier> {
        let (keys, values) = (SideKeySerde::new(key_serde.clone()), LeftOrRightSerde::new(left.clone(), right.clone()));
        let builder = ListStoreBuilder::new(name, keys, values);
        let builder = match self.logging {
            Some(configs) => builder.logging(configs.clone()),
            None => builder.without_logging(),
        };
        let builder = if self.in_memory { builder.in_memory() } else { builder.default_engine() };
        builder.build().unwrap_or_else(|e| invalid(plan, &e, key_serde, left))
    }
}

/// Tells what is wrong, and gives a store that the plan can go on with until `build()` says it.
fn invalid<K: Data, V: Data>(
    plan: &mut Plan,
    error: &streams_state::Error,
    key_serde: &Arc<dyn Serde<K>>,
    value_serde: &Arc<dyn Serde<V>>,
) -> Arc<dyn StoreSupplier> {
    plan.error(error.to_string());
    let hour = Duration::from_secs(3600);
    Stores::window_with("invalid", key_serde.clone(), value_serde.clone(), hour, hour)
        .build()
        .expect("a plain store of a legal name is always valid")
}

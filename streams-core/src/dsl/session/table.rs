//! A table of sessions: its store, and how other operators look into it.

use crate::dsl::options::{Materialized, Needs, kept_as};
use crate::dsl::table::{GetterSupplier, TableNode, ValueGetter, refuse_ttl};
use crate::dsl::windows::{EmitStrategy, SessionWindows, millis};
use crate::exec::{Cx, GraphEnv};
use crate::plan::Plan;
use crate::{Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use streams_state::serde::{Serde, Windowed};
use streams_state::{SessionStore, StoreSupplier, Stores};

/// The supplier of the store of a table of sessions.
pub(crate) fn session_supplier<K: Data, A: Data>(
    plan: &mut Plan,
    (node, name): (&str, &Arc<str>),
    materialized: &Materialized<K, A>,
    (windows, emit): (SessionWindows, EmitStrategy),
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<A>>,
) -> Arc<dyn StoreSupplier> {
    refuse_ttl(plan, (node, name), materialized, "sessions go by their `retention`");
    materialized.refuse_history(plan, (node, name), "one of sessions");
    materialized.check_supplier(plan, node, Needs::Sessions);
    let needed = windows.open_ms();
    let retention = materialized.retention.map_or(needed, millis);
    if retention < needed {
        plan.error(format!(
            "{node}: store {name} keeps sessions for {retention} ms, but gap and grace need {needed} ms: give a longer retention or a shorter \
             grace"
        ));
    }
    let kept = Duration::from_millis(retention.max(needed).unsigned_abs());
    // as in Java: final results are not held back in a cache
    let caching = materialized.caching && !emit.at_close;
    let mut builder = Stores::session_with(name.clone(), key_serde.clone(), value_serde.clone(), kept).caching(caching);
    if emit.at_close {
        builder = builder.time_first();
    }
    builder = kept_as!(builder, &materialized.logging, materialized.store_type);
    plan.supplier_of(node, builder.build(), || Stores::session_with("invalid", key_serde, value_serde, kept).build())
}

/// What other operators ask of a table of sessions.
pub(crate) struct SessionTable {
    pub supplier: Arc<dyn StoreSupplier>,
    pub queryable: bool,
    pub old_values: AtomicBool,
}

impl<K: Data, A: Data> TableNode<Windowed<K>, A> for SessionTable {
    fn send_old_values(&self, _: bool) -> bool {
        self.old_values.store(true, Ordering::Relaxed);
        true
    }
    fn getter(&self) -> Arc<dyn GetterSupplier<Windowed<K>, A>> {
        Arc::new(SessionGetterSupplier { store: self.supplier.name().clone() })
    }
    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>> {
        self.queryable.then_some(&self.supplier)
    }
    fn windows_store(&self) -> Option<&Arc<dyn StoreSupplier>> {
        Some(&self.supplier)
    }
}

struct SessionGetterSupplier {
    store: Arc<str>,
}

impl<K: Data, A: Data> GetterSupplier<Windowed<K>, A> for SessionGetterSupplier {
    fn stores(&self) -> Vec<Arc<str>> {
        vec![self.store.clone()]
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<Windowed<K>, A>>> {
        Ok(Box::new(SessionGetter { store: env.store::<SessionStore<K, A>>(&self.store)?, key_buf: Vec::new() }))
    }
}

struct SessionGetter<K, A> {
    store: Rc<RefCell<SessionStore<K, A>>>,
    key_buf: Vec<u8>,
}

impl<K: Data, A: Data> ValueGetter<Windowed<K>, A> for SessionGetter<K, A> {
    fn get(&mut self, _: &mut Cx, key: &Windowed<K>, _: Option<&[u8]>, look: &mut dyn FnMut(Option<(&A, i64)>)) -> Result<()> {
        let mut store = self.store.borrow_mut();
        self.key_buf.clear();
        store
            .write_key(&key.key, &mut self.key_buf)
            .map_err(|e| Error::caused(ErrorKind::Serde, "cannot serialize the key to look it up in the table", e))?;
        let Windowed { window, .. } = key;
        // a session's end is its time
        Ok(store.with(&self.key_buf, window.start, window.end, |found| look(found.map(|value| (value, window.end))))?)
    }
}

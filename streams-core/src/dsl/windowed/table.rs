//! A windowed table: its store, and how other operators look into it.

use crate::dsl::options::{Materialized, Needs, kept_as};
use crate::dsl::table::{GetterSupplier, TableNode, ValueGetter, refuse_ttl};
use crate::dsl::windows::{Cut, EmitStrategy, millis};
use crate::exec::{Cx, GraphEnv};
use crate::plan::Plan;
use crate::{Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use streams_state::serde::{Serde, Windowed};
use streams_state::{StoreSupplier, Stores, WindowStore};

/// The supplier of a windowed table's store.
pub(crate) fn window_supplier<K: Data, A: Data>(
    plan: &mut Plan,
    (node, name): (&str, &Arc<str>),
    materialized: &Materialized<K, A>,
    (windows, emit): (&Cut, EmitStrategy),
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<A>>,
) -> Arc<dyn StoreSupplier> {
    if let Err(reason) = windows.check() {
        plan.error(format!("{node}: {reason}"));
    }
    if emit.at_close && !windows.can_be_final() {
        plan.error(format!(
            "{node}: only time windows, sliding windows and sessions can be forwarded when they close; others need \
             EmitStrategy::on_window_update()"
        ));
    }
    refuse_ttl(plan, (node, name), materialized, "windows go by their `retention`");
    materialized.refuse_history(plan, (node, name), "one of windows");
    materialized.check_supplier(plan, node, Needs::Windows { size_ms: windows.size_ms().max(0) });
    let (needed, why) = windows.needed_retention();
    let retention = materialized.retention.map_or(needed, millis);
    if retention < needed {
        plan.error(format!(
            "{node}: store {name} keeps windows for {retention} ms, but {why} {needed} ms: give a longer retention or a shorter grace"
        ));
    }
    let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
    let (retention, size) = (duration(retention.max(needed).max(windows.visible_ms())), duration(windows.size_ms().max(0)));
    let sliding = matches!(windows, Cut::Sliding(_));
    // as in Java: final results of sliding windows are not held back in a cache
    let caching = materialized.caching && !(sliding && emit.at_close);
    let mut builder = Stores::window_with(name.clone(), key_serde.clone(), value_serde.clone(), retention.max(size), size).caching(caching);
    builder = builder.open_longer(Duration::from_millis(windows.margin_ms()));
    if windows.begin_by_record_time() {
        builder = builder.timed_by_records();
    }
    if emit.at_close {
        builder = builder.time_first(sliding);
    }
    if materialized.is_plain() {
        builder = builder.plain();
    }
    builder = kept_as!(builder, &materialized.logging, materialized.store_type);
    plan.supplier_of(node, builder.build(), || {
        let hour = Duration::from_secs(3600);
        Stores::window_with("invalid", key_serde, value_serde, hour, hour).build()
    })
}

/// What other operators ask of a windowed table.
pub(crate) struct WindowedTable {
    pub supplier: Arc<dyn StoreSupplier>,
    pub queryable: bool,
    pub old_values: AtomicBool,
}

impl<K: Data, A: Data> TableNode<Windowed<K>, A> for WindowedTable {
    fn send_old_values(&self, _: bool) -> bool {
        self.old_values.store(true, Ordering::Relaxed);
        true
    }
    fn getter(&self) -> Arc<dyn GetterSupplier<Windowed<K>, A>> {
        Arc::new(WindowGetterSupplier { store: self.supplier.name().clone() })
    }
    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>> {
        self.queryable.then_some(&self.supplier)
    }
    fn windows_store(&self) -> Option<&Arc<dyn StoreSupplier>> {
        Some(&self.supplier)
    }
}

struct WindowGetterSupplier {
    store: Arc<str>,
}

impl<K: Data, A: Data> GetterSupplier<Windowed<K>, A> for WindowGetterSupplier {
    fn stores(&self) -> Vec<Arc<str>> {
        vec![self.store.clone()]
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<Windowed<K>, A>>> {
        Ok(Box::new(WindowGetter { store: env.store::<WindowStore<K, A>>(&self.store)?, key_buf: Vec::new() }))
    }
}

struct WindowGetter<K, A> {
    store: Rc<RefCell<WindowStore<K, A>>>,
    key_buf: Vec<u8>,
}

impl<K: Data, A: Data> WindowGetter<K, A> {
    fn with_key<R>(&mut self, key: &K, f: impl FnOnce(&mut WindowStore<K, A>, &[u8]) -> Result<R>) -> Result<R> {
        let mut store = self.store.borrow_mut();
        self.key_buf.clear();
        store
            .write_key(key, &mut self.key_buf)
            .map_err(|e| Error::caused(ErrorKind::Serde, "cannot serialize the key to look it up in the table", e))?;
        f(&mut store, &self.key_buf)
    }
}

impl<K: Data, A: Data> ValueGetter<Windowed<K>, A> for WindowGetter<K, A> {
    fn get(&mut self, _: &mut Cx, key: &Windowed<K>, _: Option<&[u8]>, look: &mut dyn FnMut(Option<(&A, i64)>)) -> Result<()> {
        self.with_key(&key.key, |store, bytes| Ok(store.with(bytes, key.window.start, look)?))
    }
    fn get_forwarded(&mut self, _: &mut Cx, key: &Windowed<K>, _: Option<&[u8]>, look: &mut dyn FnMut(Option<(&A, i64)>)) -> Result<()> {
        self.with_key(&key.key, |store, bytes| Ok(store.with_forwarded(bytes, key.window.start, look)?))
    }
    fn waits(&mut self, key: &Windowed<K>, _: Option<&[u8]>) -> Result<bool> {
        self.with_key(&key.key, |store, bytes| Ok(store.waits(bytes, key.window.start)))
    }
}

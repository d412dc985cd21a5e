//! Tables computed row by row from another table: the common part of `filter` and `map_values`.

use super::KTable;
use super::filter::TableOptions;
use super::getter::{GetterSupplier, MappedGetterSupplier};
use super::node::{TableNode, TableStore, history_of_derived, refuse_unnamed_history};
use super::writer::TableWriter;
use crate::dsl::folder::Made;
use crate::exec::{Cx, Edge, GraphEnv, Maintain, Meta, Process, operator};
use crate::plan::{Plan, Role, Target};
use crate::{Change, Data, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::StoreSupplier;
use streams_state::serde::Serde;

pub(super) type Mapping<K, V, VO> = Arc<dyn Fn(&K, &V) -> Made<VO> + Send + Sync>;

/// Says whether two values are the same.
type Same<V> = fn(&V, &V) -> bool;

/// A mapping of rows to be put behind a table.
pub(crate) struct Derived<K, V, VO> {
    pub prefix: &'static str,
    /// A filter does not pass on the deletion of a row that was not there.
    pub is_filter: bool,
    /// Where given, a change between two values that are the same is not passed on.
    pub unchanged: Option<Same<VO>>,
    pub map: Mapping<K, V, VO>,
    /// Then what a row was before cannot be computed: it may have been left out.
    pub may_fail: bool,
    pub value_serde: Option<Arc<dyn Serde<VO>>>,
}

impl<K: Data, V: Data, VO: Data> Derived<K, V, VO> {
    pub fn attach(self, parent: &KTable<K, V>, options: TableOptions<K, VO>) -> KTable<K, VO> {
        let Derived { prefix, is_filter, unchanged, map, may_fail, value_serde } = self;
        let mut plan = parent.plan.lock();
        let given_store = options.materialized.as_ref().map(|m| plan.store_name(m.name.as_ref(), prefix));
        let name = plan.processor_name(&options.named, prefix);
        let kept = options.materialized.as_ref().is_some_and(|m| m.name.is_some());
        // an upstream that is kept anyway spares the result needless deletions
        let old_values = (is_filter || unchanged.is_some()) && (kept || !may_fail) && parent.table.send_old_values(false);
        // of a versioned table every deletion counts: an earlier version of the row may still be there
        let spare_deletions = is_filter && parent.table.history_ms().is_none();
        let making = Arc::new(Mapped { map, may_fail, spare_deletions, unchanged });
        attach(&mut plan, parent, Derivation { name, options, given_store, value_serde, stores: Vec::new(), old_values, making })
    }
}

/// How the rows of a table are made of another one's, one by one.
pub(super) trait Making<K, V, VO>: Send + Sync {
    /// Looks rows up where they are not kept.
    fn getter(&self, parent: Arc<dyn GetterSupplier<K, V>>) -> Arc<dyn GetterSupplier<K, VO>>;

    /// The node of a table that is not kept.
    fn computed(&self, env: &mut GraphEnv<'_>, old_values: bool, next: Edge<K, Change<VO>>) -> Result<Edge<K, Change<V>>>;

    /// The node of one that is.
    fn kept(&self, env: &mut GraphEnv<'_>, old_values: bool, writer: TableWriter<K, VO>) -> Result<Edge<K, Change<V>>>;

    /// Whether what a row was before can be computed of what the other table's row was.
    fn knows_old_rows(&self) -> bool {
        true
    }
}

/// A table that is made of another one.
pub(super) struct Derivation<K, V, VO> {
    pub name: Arc<str>,
    pub options: TableOptions<K, VO>,
    /// The store's name, given or generated, where one was asked for.
    pub given_store: Option<Arc<str>>,
    pub value_serde: Option<Arc<dyn Serde<VO>>>,
    /// Stores that the node is connected to beside the table's own.
    pub stores: Vec<Arc<str>>,
    /// The other table sends old values anyway.
    pub old_values: bool,
    pub making: Arc<dyn Making<K, V, VO>>,
}

/// Puts a table behind the one that it is made of.
pub(super) fn attach<K: Data, V: Data, VO: Data>(
    plan: &mut Plan,
    parent: &KTable<K, V>,
    derivation: Derivation<K, V, VO>,
) -> KTable<K, VO> {
    let Derivation { name, options, given_store, mut value_serde, stores, old_values, making } = derivation;
    let given = options.materialized.is_some();
    let mut key_bytes = parent.key_bytes;
    if options.materialized.as_ref().is_some_and(|m| m.name.is_none() && m.ttl.is_some()) {
        plan.error(format!(
            "{name}: its rows cannot have a `ttl`: the table is not kept, and follows the deletions of the one that it is made of: give the \
             `ttl` to that one, or name this one's store"
        ));
    }
    refuse_unnamed_history(plan, &name, &options);
    // as in Java, the table is kept only if the user named its store
    let store = options.materialized.filter(|m| m.name.is_some()).zip(given_store).map(|(materialized, store_name)| {
        let keys = materialized.key.resolve(&parent.key_serde, plan, &name, "key");
        let values = materialized.value.resolve(&value_serde, plan, &name, "value");
        value_serde = materialized.value.given_or(&value_serde);
        key_bytes = keys.canonical_id();
        TableStore::made(plan, (&name, &store_name), materialized, keys, values)
    });
    let table = Arc::new(DerivedTable {
        parent: parent.table.clone(),
        making,
        store: store.clone(),
        old_values: old_values.into(),
        history_ms: history_of_derived(given, store.as_ref(), parent.table.history_ms()),
    });
    let (flags, parent_key_bytes) = (table.clone(), parent.key_bytes);
    let factory = operator::<K, Change<V>, K, Change<VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let old_values = flags.old_values.load(Ordering::Relaxed);
        match &flags.store {
            None => flags.making.computed(env, old_values, next),
            Some(store) => {
                let writer = TableWriter::new(env, store.name(), store.sends_old_values(), parent_key_bytes, next)?;
                let writer = writer.following(env, store.ttl())?;
                flags.making.kept(env, old_values || store.sends_old_values(), writer)
            }
        }
    }));
    let write = move |target: &mut Target<'_>| {
        let name = target.name.clone();
        target.builder.add_processor(&name, &target.parents, factory.clone())?;
        store.as_ref().map_or(Ok(()), |store| store.write(target, &name))?;
        stores.iter().try_for_each(|store| target.builder.connect_store(&name, store))
    };
    let node = plan.add(name.clone(), &[parent.plan_node], Role::Other, Arc::new(write));
    KTable {
        plan: parent.plan.clone(),
        plan_node: node,
        name,
        key_serde: parent.key_serde.clone(),
        value_serde,
        key_bytes,
        sources: parent.sources.clone(),
        table,
    }
}

struct DerivedTable<K, V, VO> {
    parent: Arc<dyn TableNode<K, V>>,
    making: Arc<dyn Making<K, V, VO>>,
    store: Option<Arc<TableStore<K, VO>>>,
    old_values: AtomicBool,
    history_ms: Option<i64>,
}

impl<K: Data, V: Data, VO: Data> TableNode<K, VO> for DerivedTable<K, V, VO> {
    fn send_old_values(&self, force: bool) -> bool {
        let will = match &self.store {
            Some(store) => store.send_old_values(true),
            None => self.making.knows_old_rows() && self.parent.send_old_values(force),
        };
        self.old_values.fetch_or(will, Ordering::Relaxed);
        self.old_values.load(Ordering::Relaxed)
    }

    fn getter(&self) -> Arc<dyn GetterSupplier<K, VO>> {
        match &self.store {
            Some(store) => store.getter(),
            None => self.making.getter(self.parent.getter()),
        }
    }

    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>> {
        self.store.as_ref().and_then(|store| store.queryable())
    }

    fn history_ms(&self) -> Option<i64> {
        self.history_ms
    }
}

/// By a closure.
struct Mapped<K, V, VO> {
    map: Mapping<K, V, VO>,
    may_fail: bool,
    spare_deletions: bool,
    unchanged: Option<Same<VO>>,
}

impl<K: Data, V: Data, VO: Data> Making<K, V, VO> for Mapped<K, V, VO> {
    fn getter(&self, parent: Arc<dyn GetterSupplier<K, V>>) -> Arc<dyn GetterSupplier<K, VO>> {
        Arc::new(MappedGetterSupplier { parent, map: self.map.clone() })
    }
    fn computed(&self, env: &mut GraphEnv<'_>, old_values: bool, next: Edge<K, Change<VO>>) -> Result<Edge<K, Change<V>>> {
        let Mapped { spare_deletions, unchanged, .. } = *self;
        Ok(Box::new(Computed { name: env.node_name(), map: self.map.clone(), spare_deletions, unchanged, old_values, next }))
    }
    fn kept(&self, env: &mut GraphEnv<'_>, old_values: bool, writer: TableWriter<K, VO>) -> Result<Edge<K, Change<V>>> {
        Ok(env.maintained(Kept { map: self.map.clone(), spare_deletions: self.spare_deletions, old_values, writer }))
    }
    fn knows_old_rows(&self) -> bool {
        !self.may_fail
    }
}

/// Not kept: computed as changes pass.
struct Computed<K, V, VO> {
    name: Arc<str>,
    map: Mapping<K, V, VO>,
    spare_deletions: bool,
    unchanged: Option<Same<VO>>,
    old_values: bool,
    next: Edge<K, Change<VO>>,
}

impl<K: Data, V: Data, VO: Data> Process<K, Change<V>> for Computed<K, V, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let map = |value: Option<V>| value.and_then(|value| (self.map)(&key, &value)).transpose();
        let made = map(change.new).and_then(|new| Ok((new, if self.old_values { map(change.old)? } else { None })));
        let (new, old) = match made {
            Ok(made) => made,
            Err(error) => return cx.user_error(&self.name, error),
        };
        if self.spare_deletions && self.old_values && old.is_none() && new.is_none() {
            return Ok(());
        }
        if let (Some(same), Some(old), Some(new)) = (self.unchanged, &old, &new)
            && same(old, new)
        {
            return Ok(());
        }
        self.next.process(cx, key, Change { old, new, is_latest: change.is_latest }, meta)
    }
}

/// Kept in a store of its own.
struct Kept<K, V, VO> {
    map: Mapping<K, V, VO>,
    spare_deletions: bool,
    old_values: bool,
    writer: TableWriter<K, VO>,
}

impl<K: Data, V: Data, VO: Data> Process<K, Change<V>> for Kept<K, V, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let new = match change.new.and_then(|value| (self.map)(&key, &value)).transpose() {
            Ok(new) => new,
            Err(error) => return cx.user_error(&self.writer.name, error),
        };
        if self.spare_deletions && self.old_values && new.is_none() && self.writer.look(&key, |row| row.is_none())? {
            return Ok(());
        }
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
}

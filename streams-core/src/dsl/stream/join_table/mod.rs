//! Joins of a stream with a table.

mod fallible;
mod inner;
mod later;
mod left;
mod table_key;

use super::{Added, KStream, RepartitionSpec, refuse_null_values, refuse_nullable, refuse_nullable_keys};
use crate::dsl::KTable;
use crate::dsl::folder::Made;
use crate::dsl::options::Joined;
use crate::dsl::table::ValueGetter;
use crate::dsl::windows::millis;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process, operator};
use crate::plan::{Plan, Role, Target};
use crate::{Data, Result};
use later::JoinLater;
use std::any::type_name;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use streams_state::{StoreSupplier, Stores};
pub use table_key::TableKey;

/// Makes a result of key, value and row. `None`: without a row there is no result.
type Joiner<K, V, VT, VO> = Arc<dyn Fn(&K, V, Option<&VT>) -> Made<VO> + Send + Sync>;

/// Which records give a result without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Inner,
    Left,
}

impl Form {
    /// How the generated name of the node begins, and what the node is to a repartition above it.
    fn node(self) -> (&'static str, Role) {
        match self {
            Form::Inner => ("KSTREAM-JOIN-", Role::Other),
            Form::Left => ("KSTREAM-LEFTJOIN-", Role::NullKeyRelaxedJoin),
        }
    }
}

impl<K: Data, V: Data> KStream<K, V> {
    fn table_join<KT: Data, VT: Data, VO: Data>(
        &self,
        form: Form,
        table: &KTable<KT, VT>,
        joiner: Joiner<K, V, VT, VO>,
        joined: Joined<K, V>,
    ) -> KStream<K, VO>
    where
        K: TableKey<KT>,
    {
        let mut plan = self.plan.lock();
        if !self.plan.is(&table.plan) {
            plan.error(format!("{} is joined with {}, a table of another builder: make both with one builder", self.name, table.name));
        }
        self.check_table_join::<KT>(&mut plan, form, &table.name);
        let left = if self.repartition_required {
            let the_join = format!("the join of {} with {}", self.name, table.name);
            let spec = RepartitionSpec {
                key_serde: joined.key.resolve(&self.key_serde, &mut plan, &the_join, "key"),
                value_serde: joined.value.resolve(&self.value_serde, &mut plan, &the_join, "value"),
                key_bytes: self.key_bytes,
                partitions: None,
                partitioner: None,
            };
            self.repartitioned_for_join(&mut plan, joined.named.get().map(|name| &**name), spec)
        } else {
            self.clone()
        };
        let sources: BTreeSet<Arc<str>> = left.sources.union(&table.sources).cloned().collect();
        let (prefix, role) = form.node();
        let name = plan.processor_name(&joined.named, prefix);
        plan.copartition(&name, &sources);
        let getter = table.table.getter();
        let stores = getter.stores();
        let buffer = joined.grace.map(|grace| left.waiting(&mut plan, table, &name, &joined, grace));
        let pass_key = left.key_bytes.is_some() && left.key_bytes == table.key_bytes;
        let (waiting, key_bytes) = (buffer.clone(), left.key_bytes);
        let factory = operator::<K, V, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let join: Edge<K, V> =
                Box::new(TableJoin { name: env.node_name(), joiner: joiner.clone(), getter: getter.make(env)?, pass_key, next });
            Ok(match &waiting {
                None => join,
                Some(buffer) => Box::new(JoinLater::new(env, join, form, buffer.name(), key_bytes)?),
            })
        }));
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            if let Some(buffer) = &buffer {
                target.builder.add_store_of(&target.name, buffer)?;
            }
            stores.iter().try_for_each(|store| target.builder.connect_store(&target.name, store))
        };
        let node = plan.add(name.clone(), &[left.node], role, Arc::new(write));
        drop(plan);
        let key_serde = joined.key.given_or(&left.key_serde);
        let stream = left.same_key(Added { node, name });
        KStream { key_serde, sources: Arc::new(sources), repartition_required: false, ..stream }
    }

    fn check_table_join<KT: Data>(&self, plan: &mut Plan, form: Form, table: &str) {
        match form {
            Form::Inner => refuse_nullable::<K, V>(plan, &self.name, "a join"),
            // records without a key are part of it: they are joined with nothing
            Form::Left => {
                if type_name::<K>() == "()" {
                    plan.error(format!("{}: a join needs keys, but `()` is none: call `select_key(..)` first", self.name));
                }
                refuse_nullable_keys::<KT>(plan, table, "a table that is joined");
                refuse_null_values::<V>(plan, &self.name, "a join");
            }
        }
    }

    /// The store where records wait for the table.
    fn waiting<KT: Data, VT: Data>(
        &self,
        plan: &mut Plan,
        table: &KTable<KT, VT>,
        name: &Arc<str>,
        joined: &Joined<K, V>,
        grace: Duration,
    ) -> Arc<dyn StoreSupplier> {
        match table.table.history_ms() {
            None => plan.error(format!(
                "{name} joins with a grace period, but {} is not a versioned table: keep it with `Materialized::versioned`, or leave the grace \
                 period out",
                table.name
            )),
            Some(history_ms) if millis(grace) > history_ms => plan.error(format!(
                "{name} joins with a grace period of {} ms, but {} keeps its history for {history_ms} ms: give a longer history retention or a \
                 shorter grace period",
                millis(grace),
                table.name
            )),
            Some(_) => {}
        }
        let keys = joined.key.resolve(&self.key_serde, plan, name, "key");
        let values = joined.value.resolve(&self.value_serde, plan, name, "value");
        let buffer = |store: &str| Stores::record_buffer(store, keys.clone(), values.clone(), name.clone(), grace).build();
        let store: Arc<str> = format!("{name}-Buffer").into();
        plan.note_generated(&store, joined.named.get().is_some());
        plan.supplier_of(name, buffer(&store), || buffer("invalid"))
    }
}

struct TableJoin<K, KT, V, VT, VO> {
    name: Arc<str>,
    joiner: Joiner<K, V, VT, VO>,
    getter: Box<dyn ValueGetter<KT, VT>>,
    pass_key: bool,
    next: Edge<K, VO>,
}

impl<K: Data + TableKey<KT>, KT: Data, V: Data, VT: Data, VO: Data> Process<K, V> for TableJoin<K, KT, V, VT, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let joined = match key.table_key() {
            None => (self.joiner)(&key, value, None),
            Some(row_key) => {
                let (joiner, mut value, mut joined) = (&self.joiner, Some(value), None);
                let key_bytes = meta.key_bytes.filter(|_| self.pass_key);
                self.getter.get_as_of(cx, row_key, key_bytes, meta.timestamp, &mut |row| {
                    joined = value.take().and_then(|value| joiner(&key, value, row.map(|(row, _)| row)));
                })?;
                joined
            }
        };
        match joined {
            Some(Ok(joined)) => self.next.process(cx, key, joined, meta),
            Some(Err(error)) => cx.user_error(&self.name, error),
            None => Ok(()),
        }
    }
}

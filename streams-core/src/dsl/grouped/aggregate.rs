//! `aggregate` and `fold`, and the node behind all aggregations that are not windowed.

use super::KGroupedStream;
use crate::dsl::KTable;
use crate::dsl::folder::{Folder, atomically};
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::{TableNode, TableStore, TableWriter, Ttl, key_value_supplier};
use crate::exec::{Cx, GraphEnv, Maintain, Meta, NodeFactory, Process, operator};
use crate::plan::{Role, Target};
use crate::{BoxError, Change, Data, Result};
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// Keeps an aggregate per key, beginning with `init()` and changed in place by `add`. Its time is the largest of its records'.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 3_i64), ("a", 9)], |stream| {
    ///     stream.group_by_key().aggregate(|| 0_i64, |_key, value, largest| *largest = value.max(*largest)).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(3)), ("a".to_string(), Some(9))]);
    /// ```
    pub fn aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.aggregate_with(init, add, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, cache or changelog options.
    pub fn aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        self.fold_with(move |key, value, slot| add(key, value, slot.get_or_insert_with(&init)), materialized)
    }

    /// The general form of [`aggregate`](Self::aggregate): `f` may also empty the slot, which deletes the row.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 3_i64), ("a", 0)], |stream| {
    ///     stream.group_by_key().fold(|_key, value, slot: &mut Option<i64>| *slot = (value != 0).then_some(value)).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(3)), ("a".to_string(), None)]);
    /// ```
    pub fn fold<A: Data + DefaultSerde>(&self, f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static) -> KTable<K, A> {
        self.fold_with(f, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`fold`](Self::fold) with a name for the store, serdes, cache or changelog options.
    pub fn fold_with<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        self.aggregation("KSTREAM-AGGREGATE-", Folder::sure(f), materialized.into())
    }

    /// [`aggregate`](Self::aggregate) whose `add` may fail: an error goes to the processing exception handler, which fails the task (the default)
    /// or leaves the record out, counted as `processing`. The aggregate is then as it was before the record: `add` works on a clone of it.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "3".to_string()), ("a", "9".to_string())], |stream| {
    ///     let add = |_: &String, text: String, sum: &mut i64| Ok(*sum += text.parse::<i64>()?);
    ///     stream.group_by_key().try_aggregate(|| 0_i64, add).to_stream()
    /// });
    /// assert_eq!(out, [("a".to_string(), Some(3)), ("a".to_string(), Some(12))]);
    /// ```
    pub fn try_aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.try_aggregate_with(init, add, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_aggregate`](Self::try_aggregate) with a name for the store, serdes, cache or changelog options.
    pub fn try_aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        self.try_fold_with(move |key, value, slot| add(key, value, slot.get_or_insert_with(&init)), materialized)
    }

    /// [`fold`](Self::fold) whose closure may fail, as in [`try_aggregate`](Self::try_aggregate).
    pub fn try_fold<A: Data + DefaultSerde>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.try_fold_with(f, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_fold`](Self::try_fold) with a name for the store, serdes, cache or changelog options.
    pub fn try_fold_with<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        self.aggregation("KSTREAM-AGGREGATE-", Folder::fallible(f), materialized.into())
    }

    pub(crate) fn aggregation<A: Data>(&self, prefix: &str, f: Folder<K, V, A>, mut materialized: Materialized<K, A>) -> KTable<K, A> {
        let mut plan = self.stream.plan.lock();
        let store_name = plan.store_name(materialized.name.as_ref(), prefix);
        let name = plan.processor_name(&materialized.node, prefix);
        let carried = self.key.given_or(&self.stream.key_serde);
        let key_serde = materialized.key.clone().with_fallback(&self.key).resolve(&carried, &mut plan, &name, "key");
        let value_serde = materialized.value.resolve(&None, &mut plan, &name, "value");
        let ttl = Ttl::take(&mut plan, (&name, &store_name), &mut materialized);
        let supplier = key_value_supplier(&mut plan, (&name, &store_name), &materialized, key_serde.clone(), value_serde.clone());
        let store = TableStore::expiring(ttl, supplier, materialized.name.is_some(), true);
        let input = self.partitioned(&mut plan, &store_name, &key_serde);
        let factory = aggregate_factory(f, &store, input.key_bytes);
        let kept = store.clone();
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            kept.write(target, &name)
        };
        let plan_node = plan.add(name.clone(), &[input.node], Role::Other, Arc::new(write));
        drop(plan);
        KTable {
            plan: self.stream.plan.clone(),
            plan_node,
            name,
            key_serde: Some(key_serde.clone()),
            value_serde: Some(value_serde),
            key_bytes: key_serde.canonical_id(),
            sources: input.sources,
            table: store as Arc<dyn TableNode<K, A>>,
        }
    }
}

/// The node that folds records into the rows of `store`, which several nodes may share.
pub(crate) fn aggregate_factory<K: Data, V: Data, A: Data>(
    f: Folder<K, V, A>,
    store: &Arc<TableStore<K, A>>,
    key_bytes: Option<TypeId>,
) -> Arc<dyn NodeFactory> {
    let kept = store.clone();
    operator::<K, V, K, Change<A>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let writer = TableWriter::new(env, kept.name(), kept.sends_old_values(), key_bytes, next)?.expiring(env, kept.ttl())?;
        Ok(env.maintained(Aggregate { f: f.clone(), writer, values: PhantomData }))
    }))
}

struct Aggregate<K, V, A> {
    f: Folder<K, V, A>,
    writer: TableWriter<K, A>,
    values: PhantomData<fn(V)>,
}

impl<K: Data, V: Data, A: Data> Process<K, V> for Aggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let f = &self.f;
        let versioned = self.writer.is_versioned();
        self.writer.try_update(cx, &key, meta, |slot| {
            let changed = atomically(f.may_fail, &mut slot.value, |aggregate| f.call(&key, value, aggregate))?;
            if changed {
                // a deletion has the time of the record that caused it, as in Java; in a versioned store it must not end versions before they
                // began
                slot.timestamp = if slot.value.is_some() || versioned { slot.timestamp.max(meta.timestamp) } else { meta.timestamp };
            }
            Ok(changed)
        })
    }
}

impl<K: Data, V: Data, A: Data> Maintain for Aggregate<K, V, A> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}

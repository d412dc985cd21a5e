//! `aggregate` and `fold` of grouped tables, and the node behind all their aggregations.

use super::KGroupedTable;
use super::repartition::TableRepartition;
use crate::dsl::KTable;
use crate::dsl::folder::{Folder, atomically};
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::{TableNode, TableStore, TableWriter, key_value_supplier};
use crate::exec::{Cx, GraphEnv, Maintain, Meta, Process, operator};
use crate::plan::{Role, Target};
use crate::{BoxError, Change, Data, Result};
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KGroupedTable<K, V> {
    /// Keeps an aggregate per group, beginning with `init()`: `add` takes a row's new value into it in place, `subtract` takes the old one out
    /// of it. Its time is the largest of its rows' times.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// // words and how often each came, then the words by how often
    /// let out = through([("a", 1_i64), ("b", 1), ("a", 1)], |words| {
    ///     let counts = words.group_by_key().count();
    ///     let by_count = counts.group_by(|word, count| (count.to_string(), word.clone()));
    ///     let add = |_: &String, word: String, all: &mut String| all.push_str(&word);
    ///     by_count.aggregate(String::new, add, |_, word, all| *all = all.replacen(&word, "", 1)).to_stream()
    /// });
    /// let last = |count: &str| out.iter().rev().find(|(key, _)| key == count).and_then(|(_, words)| words.as_deref());
    /// assert_eq!((last("1"), last("2")), (Some("b"), Some("a")));
    /// ```
    pub fn aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.aggregate_with(init, add, subtract, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, cache or changelog options.
    pub fn aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        let add = move |key: &K, value: V, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(&init));
        let subtract = move |key: &K, value: V, slot: &mut Option<A>| {
            if let Some(aggregate) = slot {
                subtract(key, value, aggregate);
            }
        };
        self.fold_with(add, subtract, materialized)
    }

    /// The general form of [`aggregate`](Self::aggregate): `add` finds an empty slot where the group has no row yet, and either closure may
    /// empty it, which deletes the row. `subtract` is called only where there is one.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("a", 2)], |stream| {
    ///     let by_value = stream.to_table().group_by(|key, value| (value.to_string(), key.clone()));
    ///     // a group without rows is no group
    ///     let add = |_: &String, _: String, rows: &mut Option<u64>| *rows.get_or_insert(0) += 1;
    ///     let subtract = |_: &String, _: String, rows: &mut Option<u64>| *rows = rows.and_then(|n| n.checked_sub(1)).filter(|n| *n > 0);
    ///     by_value.fold(add, subtract).to_stream()
    /// });
    /// assert_eq!(out, [("1".to_string(), Some(1)), ("1".to_string(), None), ("2".to_string(), Some(1))]);
    /// ```
    pub fn fold<A: Data + DefaultSerde>(
        &self,
        add: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.fold_with(add, subtract, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`fold`](Self::fold) with a name for the store, serdes, cache or changelog options.
    pub fn fold_with<A: Data>(
        &self,
        add: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        self.aggregation("KTABLE-AGGREGATE-", Folder::sure(add), Folder::sure(subtract), materialized.into())
    }

    /// [`aggregate`](Self::aggregate) whose closures may fail: an error of either goes to the processing exception handler, which fails the task
    /// (the default) or leaves the change out, counted as `processing`. The aggregate is then as it was before the change, the old value of which
    /// may have been subtracted already where both are in the same group: the closures work on a clone of it.
    ///
    /// Going on has a price that streams do not pay: the row stays in its table, and when it changes again its value, which was never added, is
    /// subtracted (or one that was not subtracted is in the aggregate for good). So let `subtract` expect that, or fail the task.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", "3".to_string()), ("b", "4".to_string()), ("a", "5".to_string())], |stream| {
    ///     let all = stream.to_table().group_by(|_, text| ("sum".to_string(), text.clone()));
    ///     let add = |_: &String, text: String, sum: &mut i64| Ok(*sum += text.parse::<i64>()?);
    ///     all.try_aggregate(|| 0, add, |_, text, sum| Ok(*sum -= text.parse::<i64>()?)).to_stream()
    /// });
    /// assert_eq!(out.last(), Some(&("sum".to_string(), Some(9))));
    /// ```
    pub fn try_aggregate<A: Data + DefaultSerde>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.try_aggregate_with(init, add, subtract, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_aggregate`](Self::try_aggregate) with a name for the store, serdes, cache or changelog options.
    pub fn try_aggregate_with<A: Data>(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        let add = move |key: &K, value: V, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(&init));
        let subtract = move |key: &K, value: V, slot: &mut Option<A>| match slot {
            Some(aggregate) => subtract(key, value, aggregate),
            None => Ok(()),
        };
        self.try_fold_with(add, subtract, materialized)
    }

    /// [`fold`](Self::fold) whose closures may fail, as in [`try_aggregate`](Self::try_aggregate).
    pub fn try_fold<A: Data + DefaultSerde>(
        &self,
        add: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<K, A> {
        self.try_fold_with(add, subtract, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_fold`](Self::try_fold) with a name for the store, serdes, cache or changelog options.
    pub fn try_fold_with<A: Data>(
        &self,
        add: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        subtract: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        self.aggregation("KTABLE-AGGREGATE-", Folder::fallible(add), Folder::fallible(subtract), materialized.into())
    }

    pub(super) fn aggregation<A: Data>(
        &self,
        prefix: &str,
        add: Folder<K, V, A>,
        subtract: Folder<K, V, A>,
        materialized: Materialized<K, A>,
    ) -> KTable<K, A> {
        let mut plan = self.plan.lock();
        // the store's prefix is the same for all, the node's is not
        let store_name = plan.store_name(materialized.name.as_ref(), "KTABLE-AGGREGATE-");
        let sink = plan.processor_name_suffixed(&materialized.node, "-sink", "KSTREAM-SINK-");
        let source = plan.processor_name_suffixed(&materialized.node, "-source", "KSTREAM-SOURCE-");
        let name = plan.processor_name(&materialized.node, prefix);
        let topic: Arc<str> = format!("{}-repartition", self.named.get().unwrap_or(&store_name)).into();
        let is_given = self.named.get().is_some() || materialized.name.is_some();
        plan.note_generated(&topic, is_given);
        let key_serde = materialized.key.resolve(&Some(self.key_serde.clone()), &mut plan, &name, "key");
        let value_serde = materialized.value.resolve(&None, &mut plan, &name, "value");
        let supplier = key_value_supplier(&mut plan, (&name, &store_name), &materialized, key_serde.clone(), value_serde.clone());
        let store = TableStore::new(supplier, materialized.name.is_some(), true);
        let input = self.repartitioned(&mut plan, TableRepartition { topic, sink, source });
        // the name of the node that reads: of the first aggregation, where the topic is shared
        let sources = Arc::new(BTreeSet::from([plan.nodes[input.0].name.clone()]));
        let (kept, key_bytes) = (store.clone(), self.key_serde.canonical_id());
        let factory = operator::<K, Change<V>, K, Change<A>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let writer = TableWriter::new(env, kept.name(), kept.sends_old_values(), key_bytes, next)?;
            Ok(env.maintained(Aggregate { add: add.clone(), subtract: subtract.clone(), writer, values: PhantomData }))
        }));
        let kept = store.clone();
        let write = move |target: &mut Target<'_>| {
            let name = target.name.clone();
            target.builder.add_processor(&name, &target.parents, factory.clone())?;
            kept.write(target, &name)
        };
        let plan_node = plan.add(name.clone(), &[input], Role::Other, Arc::new(write));
        drop(plan);
        KTable {
            plan: self.plan.clone(),
            plan_node,
            name,
            key_bytes: key_serde.canonical_id(),
            key_serde: Some(key_serde),
            value_serde: Some(value_serde),
            sources,
            table: store as Arc<dyn TableNode<K, A>>,
        }
    }
}

struct Aggregate<K, V, A> {
    add: Folder<K, V, A>,
    subtract: Folder<K, V, A>,
    writer: TableWriter<K, A>,
    values: PhantomData<fn(V)>,
}

impl<K: Data, V: Data, A: Data> Process<K, Change<V>> for Aggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        let (add, subtract) = (&self.add, &self.subtract);
        let versioned = self.writer.is_versioned();
        self.writer.try_update(cx, &key, meta, |slot| {
            atomically(add.may_fail || subtract.may_fail, &mut slot.value, |aggregate| {
                if let Some(old) = change.old
                    && aggregate.is_some()
                {
                    subtract.call(&key, old, aggregate)?;
                }
                if let Some(new) = change.new {
                    add.call(&key, new, aggregate)?;
                }
                Ok(())
            })?;
            // a deletion has the time of the record that caused it, as in Java; in a versioned store it must not end versions before they began
            slot.timestamp = if slot.value.is_some() || versioned { slot.timestamp.max(meta.timestamp) } else { meta.timestamp };
            Ok(true)
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

//! Joins of two tables by their keys.

use super::filter::TableOptions;
use super::getter::GetterSupplier;
use super::join_node::{JoinSide, JoinedGetterSupplier, KeptJoin, RowJoiner};
use super::node::{TableNode, TableStore};
use super::{KTable, TableWriter};
use crate::dsl::stream::PassThrough;
use crate::exec::{Edge, GraphEnv, operator};
use crate::plan::{Named, Role, Target};
use crate::{Change, Data};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use streams_state::StoreSupplier;

/// Which rows need a partner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Inner,
    Left,
    /// A left join, seen from its other side.
    Right,
    Outer,
}

impl<K: Data, V: Data> KTable<K, V> {
    /// A table of the keys that both tables have, kept up by the changes of either. The time of a row is the later one of the two. Both topics
    /// must have the same number of partitions.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, i64>("prices");
    /// builder.table::<String, i64>("stock").join(&prices, |amount, price| amount * price).to_stream().to("worth");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("stock").pipe("tea".to_string(), 4)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// driver.input::<String, i64>("stock").pipe("tea".to_string(), 5)?;
    /// let worth = driver.output::<String, Option<i64>>("worth").read_all()?;
    /// assert_eq!(worth, [("tea".to_string(), Some(12)), ("tea".to_string(), Some(15))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join<V2: Data, VO: Data>(&self, other: &KTable<K, V2>, joiner: impl Fn(&V, &V2) -> VO + Send + Sync + 'static) -> KTable<K, VO> {
        self.join_with(other, joiner, Named::default())
    }

    /// [`join`](Self::join) with a name for its nodes, or kept in a store: pass a `Named` (or `&str`), or a
    /// [`Materialized`](crate::Materialized).
    pub fn join_with<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&V, &V2) -> VO + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let joiner: RowJoiner<K, V, V2, VO> = Arc::new(move |_, this, other| Some(Ok(joiner(this?, other?))));
        self.join_tables(other, (joiner, false), Form::Inner, options.into())
    }

    /// [`join`](Self::join) that has every key of this table: where the other one lacks it, the joiner gets `None`.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.table::<String, String>("names");
    /// let scores = builder.table::<String, i64>("scores");
    /// scores.left_join(&names, |score, name| format!("{}: {score}", name.map_or("?", String::as_str))).to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("scores").pipe("a".to_string(), 7)?;
    /// driver.input::<String, String>("names").pipe("a".to_string(), "Ann".to_string())?;
    /// let out = driver.output::<String, Option<String>>("out").read_all()?;
    /// assert_eq!(out, [("a".to_string(), Some("?: 7".to_string())), ("a".to_string(), Some("Ann: 7".to_string()))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "leftJoin")]
    pub fn left_join<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&V, Option<&V2>) -> VO + Send + Sync + 'static,
    ) -> KTable<K, VO> {
        self.left_join_with(other, joiner, Named::default())
    }

    /// [`left_join`](Self::left_join) with options as [`join_with`](Self::join_with).
    pub fn left_join_with<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(&V, Option<&V2>) -> VO + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let joiner: RowJoiner<K, V, V2, VO> = Arc::new(move |_, this, other| Some(Ok(joiner(this?, other))));
        self.join_tables(other, (joiner, false), Form::Left, options.into())
    }

    /// [`join`](Self::join) that has every key of either table; the joiner gets `None` for the one that lacks it, never for both.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let (paid, due) = (builder.table::<String, i64>("paid"), builder.table::<String, i64>("due"));
    /// paid.outer_join(&due, |paid, due| paid.unwrap_or(&0) - due.unwrap_or(&0)).to_stream().to("balance");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("due").pipe("a".to_string(), 7)?;
    /// driver.input::<String, i64>("paid").pipe("a".to_string(), 9)?;
    /// let balance = driver.output::<String, Option<i64>>("balance").read_all()?;
    /// assert_eq!(balance, [("a".to_string(), Some(-7)), ("a".to_string(), Some(2))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "outerJoin")]
    pub fn outer_join<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> VO + Send + Sync + 'static,
    ) -> KTable<K, VO> {
        self.outer_join_with(other, joiner, Named::default())
    }

    /// [`outer_join`](Self::outer_join) with options as [`join_with`](Self::join_with).
    pub fn outer_join_with<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> VO + Send + Sync + 'static,
        options: impl Into<TableOptions<K, VO>>,
    ) -> KTable<K, VO> {
        let joiner: RowJoiner<K, V, V2, VO> =
            Arc::new(move |_, this, other| (this.is_some() || other.is_some()).then(|| Ok(joiner(this, other))));
        self.join_tables(other, (joiner, false), Form::Outer, options.into())
    }

    pub(super) fn join_tables<V2: Data, VO: Data>(
        &self,
        other: &KTable<K, V2>,
        (joiner, may_fail): (RowJoiner<K, V, V2, VO>, bool),
        form: Form,
        options: TableOptions<K, VO>,
    ) -> KTable<K, VO> {
        let mut plan = self.plan.lock();
        let mut parents = vec![self.plan_node];
        if self.plan.is(&other.plan) {
            parents.push(other.plan_node);
        } else {
            plan.error(format!("{} is joined with {}, a table of another builder: make both with one builder", self.name, other.name));
        }
        // unlike a filter, a join is kept wherever it is given a `Materialized`, with or without a name
        let store_name = options.materialized.as_ref().map(|m| plan.store_name(m.name.as_ref(), "KTABLE-MERGE-"));
        let name = plan.processor_name(&options.named, "KTABLE-MERGE-");
        let sources: BTreeSet<Arc<str>> = self.sources.union(&other.sources).cloned().collect();
        plan.copartition(&name, &sources);
        if form != Form::Inner {
            self.require_old_values(&mut plan, &name);
        }
        if form == Form::Outer {
            other.require_old_values(&mut plan, &name);
        }
        let this_name = plan.processor_name_suffixed(&options.named, "-join-this", "KTABLE-JOINTHIS-");
        let other_name = plan.processor_name_suffixed(&options.named, "-join-other", "KTABLE-JOINOTHER-");

        let mut key_serde = self.key_serde.clone();
        let mut value_serde = None;
        let mut key_bytes = self.key_bytes.filter(|_| self.key_bytes == other.key_bytes);
        let pass_key = key_bytes.is_some();
        let joined_key_bytes = key_bytes;
        let store = options.materialized.zip(store_name).map(|(materialized, store_name)| {
            let keys = materialized.key.resolve(&self.key_serde.clone().or_else(|| other.key_serde.clone()), &mut plan, &name, "key");
            let values = materialized.value.resolve(&None, &mut plan, &name, "value");
            key_serde = materialized.key.given_or(&key_serde);
            value_serde = Some(values.clone());
            key_bytes = keys.canonical_id();
            TableStore::made(&mut plan, (&name, &store_name), materialized, keys, values)
        });
        let (this_getter, other_getter) = (self.table.getter(), other.table.getter());
        let table = Arc::new(JoinedTable {
            this: self.table.clone(),
            other: other.table.clone(),
            joiner: joiner.clone(),
            may_fail,
            needs_this: form != Form::Outer,
            store,
            old_values: AtomicBool::new(false),
        });
        let reversed: RowJoiner<K, V2, V, VO> = {
            let joiner = joiner.clone();
            Arc::new(move |key, mine, theirs| joiner(key, theirs, mine))
        };
        let (this_stores, other_stores) = (this_getter.stores(), other_getter.stores());
        let reversed_form = if form == Form::Left { Form::Right } else { form };
        let (this_versioned, other_versioned) = (self.table.history_ms().is_some(), other.table.history_ms().is_some());
        let this_factory = side(table.clone(), (joiner, form), other_getter, this_versioned, pass_key);
        let other_factory = side(table.clone(), (reversed, reversed_form), this_getter, other_versioned, pass_key);
        let merged = table.clone();
        let merge_factory = operator::<K, Change<VO>, K, Change<VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            Ok(match &merged.store {
                None => Box::new(PassThrough(next)) as Edge<K, Change<VO>>,
                Some(store) => {
                    let writer = TableWriter::new(env, store.name(), store.sends_old_values(), joined_key_bytes, next)?;
                    let writer = writer.following(env, store.ttl())?;
                    env.maintained(KeptJoin { writer })
                }
            })
        }));
        let (this_parent, other_parent, merged) = (self.name.clone(), other.name.clone(), table.clone());
        let write = move |target: &mut Target<'_>| {
            let merge = target.name.clone();
            let builder = &mut *target.builder;
            builder.add_processor(&this_name, std::slice::from_ref(&this_parent), this_factory.clone())?;
            builder.add_processor(&other_name, std::slice::from_ref(&other_parent), other_factory.clone())?;
            builder.add_processor(&merge, &[this_name.clone(), other_name.clone()], merge_factory.clone())?;
            merged.store.as_ref().map_or(Ok(()), |store| store.write(target, &merge))?;
            other_stores.iter().try_for_each(|store| target.builder.connect_store(&this_name, store))?;
            this_stores.iter().try_for_each(|store| target.builder.connect_store(&other_name, store))
        };
        let plan_node = plan.add(name.clone(), &parents, Role::Other, Arc::new(write));
        drop(plan);
        KTable { plan: self.plan.clone(), plan_node, name, key_serde, value_serde, key_bytes, sources: Arc::new(sources), table }
    }
}

/// The node that one table's changes go to.
fn side<K: Data, V1: Data, V2: Data, A: Data, B: Data, VO: Data>(
    table: Arc<JoinedTable<K, A, B, VO>>,
    (joiner, form): (RowJoiner<K, V1, V2, VO>, Form),
    other: Arc<dyn GetterSupplier<K, V2>>,
    versioned: bool,
    pass_key: bool,
) -> Arc<dyn crate::exec::NodeFactory> {
    operator::<K, Change<V1>, K, Change<VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        // a store knows what it had, and of versions what it had last
        let old_values = table.old_values.load(Ordering::Relaxed) && !table.knows_old_values();
        let mut other = other.make(env)?;
        if form == Form::Inner {
            other.remember();
        }
        Ok(Box::new(JoinSide {
            name: env.node_name(),
            versioned,
            joiner: joiner.clone(),
            other,
            needs_other: matches!(form, Form::Inner | Form::Right),
            inner: form == Form::Inner,
            old_values,
            // a store knows what it gave last; without one the old row must be computed of what the other table gave last
            forwarded: old_values && table.store.is_none(),
            pass_key,
            next,
        }) as Edge<K, Change<V1>>)
    }))
}

struct JoinedTable<K, V1, V2, VO> {
    this: Arc<dyn TableNode<K, V1>>,
    other: Arc<dyn TableNode<K, V2>>,
    joiner: RowJoiner<K, V1, V2, VO>,
    /// Then what a row was before cannot be computed: it may have been left out.
    may_fail: bool,
    needs_this: bool,
    store: Option<Arc<TableStore<K, VO>>>,
    old_values: AtomicBool,
}

impl<K: Data, V1: Data, V2: Data, VO: Data> JoinedTable<K, V1, V2, VO> {
    fn knows_old_values(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.history_ms().is_none())
    }
}

impl<K: Data, V1: Data, V2: Data, VO: Data> TableNode<K, VO> for JoinedTable<K, V1, V2, VO> {
    fn send_old_values(&self, _: bool) -> bool {
        // the tables are kept anyway, to be joined
        let of_both = self.this.send_old_values(true) & self.other.send_old_values(true);
        if let Some(store) = &self.store {
            store.send_old_values(true);
        }
        self.old_values.store(true, Ordering::Relaxed);
        self.knows_old_values() || (of_both && !self.may_fail)
    }

    fn getter(&self) -> Arc<dyn GetterSupplier<K, VO>> {
        match &self.store {
            Some(store) => store.getter(),
            None => Arc::new(JoinedGetterSupplier {
                this: self.this.getter(),
                other: self.other.getter(),
                joiner: self.joiner.clone(),
                needs_this: self.needs_this,
            }),
        }
    }

    fn queryable(&self) -> Option<&Arc<dyn StoreSupplier>> {
        self.store.as_ref().and_then(|store| store.queryable())
    }

    /// As in Java, a join of versioned tables is not one by itself.
    fn history_ms(&self) -> Option<i64> {
        self.store.as_ref().and_then(|store| store.history_ms())
    }
}

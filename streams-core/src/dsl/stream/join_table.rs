//! Joins of a stream with a table.

use super::join_later::JoinLater;
use super::{KStream, RepartitionSpec, refuse_nullable};
use crate::dsl::KTable;
use crate::dsl::options::Joined;
use crate::dsl::table::ValueGetter;
use crate::dsl::windows::millis;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process, operator};
use crate::plan::{Plan, Role, Target};
use crate::{Data, Result};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::DefaultSerde;
use streams_state::{StoreSupplier, Stores};

type Joiner<V, VT, VO> = Arc<dyn Fn(V, Option<&VT>) -> Option<VO> + Send + Sync>;

impl<K: Data, V: Data> KStream<K, V> {
    /// Joins each record with the table's row of the same key, as it stands when the record comes; a record without a row is dropped.
    /// Changes of the table alone emit nothing. If the stream's key was changed, it goes through a repartition topic first; both topics must
    /// have the same number of partitions.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table::<String, i64>("prices");
    /// builder.stream::<String, i64>("orders").join_table(&prices, |amount, price| amount * price).to("totals");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// driver.input::<String, i64>("orders").pipe("tea".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, i64>("totals").read_all()?, [("tea".to_string(), 6)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "join")]
    pub fn join_table<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(V, &VT) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.join_table_with(table, joiner, Joined::default())
    }

    /// [`join_table`](Self::join_table) with serdes for the repartition topic, or a name.
    pub fn join_table_with<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(V, &VT) -> VO + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<V, VT, VO> = Arc::new(move |value, row| row.map(|row| joiner(value, row)));
        self.table_join("KSTREAM-JOIN-", table, joiner, joined.into(), Role::Other)
    }

    /// [`join_table`](Self::join_table) that also passes on records without a row, as `None`.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.table::<String, String>("names");
    /// builder.stream::<String, i64>("in").left_join_table(&names, |_, name| name.cloned().unwrap_or_default()).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), String::new())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "leftJoin")]
    pub fn left_join_table<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(V, Option<&VT>) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.left_join_table_with(table, joiner, Joined::default())
    }

    /// [`left_join_table`](Self::left_join_table) with serdes for the repartition topic, or a name.
    pub fn left_join_table_with<VT: Data, VO: Data>(
        &self,
        table: &KTable<K, VT>,
        joiner: impl Fn(V, Option<&VT>) -> VO + Send + Sync + 'static,
        joined: impl Into<Joined<K, V>>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<V, VT, VO> = Arc::new(move |value, row| Some(joiner(value, row)));
        self.table_join("KSTREAM-LEFTJOIN-", table, joiner, joined.into(), Role::NullKeyRelaxedJoin)
    }

    fn table_join<VT: Data, VO: Data>(
        &self,
        prefix: &str,
        table: &KTable<K, VT>,
        joiner: Joiner<V, VT, VO>,
        joined: Joined<K, V>,
        role: Role,
    ) -> KStream<K, VO> {
        let mut plan = self.plan.lock();
        if !self.plan.is(&table.plan) {
            plan.error(format!("{} is joined with {}, a table of another builder: make both with one builder", self.name, table.name));
        }
        refuse_nullable::<K, V>(&mut plan, &self.name, "a join");
        let left = if self.repartition_required {
            let prefix = joined.named.get().cloned().unwrap_or_else(|| self.name.clone());
            let spec = RepartitionSpec {
                key_serde: joined.key.resolve(&self.key_serde, &mut plan, &prefix, "key"),
                value_serde: joined.value.resolve(&self.value_serde, &mut plan, &prefix, "value"),
                key_bytes: self.key_bytes,
                partitions: None,
                partitioner: None,
            };
            self.repartitioned_for_join(&mut plan, &prefix, spec)
        } else {
            self.clone()
        };
        let sources: BTreeSet<Arc<str>> = left.sources.union(&table.sources).cloned().collect();
        plan.copartitions.push(sources.iter().cloned().collect());
        let name = plan.processor_name(&joined.named, prefix);
        let getter = table.table.getter();
        let stores = getter.stores();
        let buffer = joined.grace.map(|grace| left.waiting(&mut plan, table, &name, &joined, grace));
        let pass_key = left.key_bytes.is_some() && left.key_bytes == table.key_bytes;
        let (waiting, key_bytes) = (buffer.clone(), left.key_bytes);
        let factory = operator::<K, V, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let join = TableJoin { joiner: joiner.clone(), getter: getter.make(env)?, pass_key, next };
            Ok(match &waiting {
                None => Box::new(join) as Edge<K, V>,
                Some(buffer) => Box::new(JoinLater::new(env, join, buffer.name(), key_bytes)?),
            })
        }));
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            if let Some(buffer) = &buffer {
                target.builder.add_store(buffer)?;
                target.builder.connect_store(&target.name, buffer.name())?;
            }
            stores.iter().try_for_each(|store| target.builder.connect_store(&target.name, store))
        };
        let node = plan.add(name.clone(), &[left.node], role, Arc::new(write));
        drop(plan);
        let key_serde = joined.key.given_or(&left.key_serde);
        let stream = left.same_key(super::Added { node, name });
        KStream { key_serde, sources: Arc::new(sources), repartition_required: false, ..stream }
    }

    /// The store where records wait for the table.
    fn waiting<VT: Data>(
        &self,
        plan: &mut Plan,
        table: &KTable<K, VT>,
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
        buffer(&format!("{name}-Buffer")).unwrap_or_else(|e| {
            plan.error(e.to_string());
            buffer("invalid").expect("a store of a legal name is always valid")
        })
    }
}

pub(super) struct TableJoin<K, V, VT, VO> {
    joiner: Joiner<V, VT, VO>,
    getter: Box<dyn ValueGetter<K, VT>>,
    pass_key: bool,
    next: Edge<K, VO>,
}

impl<K: Data, V: Data, VT: Data, VO: Data> Process<K, V> for TableJoin<K, V, VT, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let (joiner, mut value, mut joined) = (&self.joiner, Some(value), None);
        let key_bytes = meta.key_bytes.filter(|_| self.pass_key);
        self.getter.get_as_of(cx, &key, key_bytes, meta.timestamp, &mut |row| {
            joined = value.take().and_then(|value| joiner(value, row.map(|(row, _)| row)));
        })?;
        match joined {
            Some(joined) => self.next.process(cx, key, joined, meta),
            None => Ok(()),
        }
    }
}

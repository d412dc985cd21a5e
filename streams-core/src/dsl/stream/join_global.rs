//! Joins of a stream with a global table.

use super::{KStream, refuse_null_values};
use crate::dsl::GlobalKTable;
use crate::dsl::folder::Made;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, Process, operator};
use crate::plan::{Named, Role, Target};
use crate::{BoxError, Data, Error, ErrorKind, Result};
use std::sync::Arc;
use streams_state::KvReader;

pub(super) type Select<K, V, KG> = Arc<dyn Fn(&K, &V) -> Result<Option<KG>, BoxError> + Send + Sync>;
/// The stream's key, the table's (`None`: the record has none), the value and the row.
pub(super) type Joiner<K, V, KG, VG, VO> = Arc<dyn Fn(&K, Option<&KG>, V, Option<&VG>) -> Made<VO> + Send + Sync>;

impl<K: Data, V: Data> KStream<K, V> {
    /// Joins each record with the row of a global table that `select` names, as the row stands when the record comes; a record without a row is
    /// dropped. `select` gives the table's key, or an `Option` of it: a record that it gives `None` for is dropped, counted and logged. The
    /// stream keeps its own key, which may be null, and needs no repartition topic. Changes of the table alone emit nothing.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.global_table::<String, i64>("prices");
    /// let orders = builder.stream::<(), String>("orders");
    /// orders.join_global(&prices, |(), product| product.clone(), |product, price| format!("{product}: {price}")).to("bills");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// driver.input::<(), String>("orders").pipe((), "tea".to_string())?;
    /// driver.input::<(), String>("orders").pipe((), "milk".to_string())?;
    /// assert_eq!(driver.output::<(), String>("bills").read_all()?, [((), "tea: 3".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "join")]
    pub fn join_global<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(V, &VG) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.join_global_with(table, select, joiner, Named::default())
    }

    /// [`join_global`](Self::join_global) with a name for its node.
    pub fn join_global_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(V, &VG) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        self.join_global_keyed_with(table, select, move |_, value, row| joiner(value, row), named)
    }

    /// [`join_global`](Self::join_global) with a joiner that sees the stream's key.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.global_table::<i64, String>("names");
    /// let visits = builder.stream::<String, i64>("visits");
    /// visits.join_global_keyed(&names, |_, user| *user, |page, _, name| format!("{name} saw {page}")).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<i64, String>("names").pipe(7, "Ada".to_string())?;
    /// driver.input::<String, i64>("visits").pipe("home".to_string(), 7)?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("home".to_string(), "Ada saw home".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithKey")]
    pub fn join_global_keyed<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, V, &VG) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.join_global_keyed_with(table, select, joiner, Named::default())
    }

    /// [`join_global_keyed`](Self::join_global_keyed) with a name for its node.
    pub fn join_global_keyed_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, V, &VG) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, KG, VG, VO> = Arc::new(move |key, _, value, row| Some(Ok(joiner(key, value, row?))));
        self.global_join(false, table, Arc::new(move |key, value| Ok(select(key, value).into())), joiner, &named.into())
    }

    /// [`join_global`](Self::join_global) that also passes on records without a row, and those that `select` gives `None` for, as `None`.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.global_table::<String, String>("names");
    /// let stream = builder.stream::<String, String>("in");
    /// let id = |_: &String, id: &String| (!id.is_empty()).then(|| id.clone());
    /// stream.left_join_global(&names, id, |id, name| name.cloned().unwrap_or(id)).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("in").pipe("a".to_string(), "7".to_string())?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), "7".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "leftJoin")]
    pub fn left_join_global<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(V, Option<&VG>) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.left_join_global_with(table, select, joiner, Named::default())
    }

    /// [`left_join_global`](Self::left_join_global) with a name for its node.
    pub fn left_join_global_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(V, Option<&VG>) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        self.left_join_global_keyed_with(table, select, move |_, value, row| joiner(value, row), named)
    }

    /// [`left_join_global`](Self::left_join_global) with a joiner that sees the stream's key.
    pub fn left_join_global_keyed<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, V, Option<&VG>) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.left_join_global_keyed_with(table, select, joiner, Named::default())
    }

    /// [`left_join_global_keyed`](Self::left_join_global_keyed) with a name for its node.
    pub fn left_join_global_keyed_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, V, Option<&VG>) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, KG, VG, VO> = Arc::new(move |key, _, value, row| Some(Ok(joiner(key, value, row))));
        self.global_join(true, table, Arc::new(move |key, value| Ok(select(key, value).into())), joiner, &named.into())
    }

    /// [`join_global_keyed`](Self::join_global_keyed) whose closures may fail: an error goes to the processing exception handler, which fails the
    /// task (the default) or leaves the record out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let rates = builder.global_table::<String, String>("rates");
    /// let amounts = builder.stream::<String, f64>("amounts");
    /// let in_euro = |_: &String, amount: f64, rate: &String| Ok(amount * rate.parse::<f64>()?);
    /// amounts.try_join_global(&rates, |currency, _| Ok(currency.clone()), in_euro).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("rates").pipe("CHF".to_string(), "0.5".to_string())?;
    /// driver.input::<String, f64>("amounts").pipe("CHF".to_string(), 3.0)?;
    /// assert_eq!(driver.output::<String, f64>("out").read_all()?, [("CHF".to_string(), 1.5)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_join_global<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> Result<S, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, V, &VG) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.try_join_global_with(table, select, joiner, Named::default())
    }

    /// [`try_join_global`](Self::try_join_global) with a name for its node.
    pub fn try_join_global_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> Result<S, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, V, &VG) -> Result<VO, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, KG, VG, VO> = Arc::new(move |key, _, value, row| Some(joiner(key, value, row?)));
        self.global_join(false, table, Arc::new(move |key, value| Ok(select(key, value)?.into())), joiner, &named.into())
    }

    /// [`left_join_global_keyed`](Self::left_join_global_keyed) whose closures may fail, as in [`try_join_global`](Self::try_join_global).
    pub fn try_left_join_global<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> Result<S, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, V, Option<&VG>) -> Result<VO, BoxError> + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.try_left_join_global_with(table, select, joiner, Named::default())
    }

    /// [`try_left_join_global`](Self::try_left_join_global) with a name for its node.
    pub fn try_left_join_global_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> Result<S, BoxError> + Send + Sync + 'static,
        joiner: impl Fn(&K, V, Option<&VG>) -> Result<VO, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, KG, VG, VO> = Arc::new(move |key, _, value, row| Some(joiner(key, value, row)));
        self.global_join(true, table, Arc::new(move |key, value| Ok(select(key, value)?.into())), joiner, &named.into())
    }

    pub(super) fn global_join<KG: Data, VG: Data, VO: Data>(
        &self,
        left: bool,
        table: &GlobalKTable<KG, VG>,
        select: Select<K, V, KG>,
        joiner: Joiner<K, V, KG, VG, VO>,
        named: &Named,
    ) -> KStream<K, VO> {
        let mut plan = self.plan.lock();
        if !self.plan.is(&table.plan) {
            plan.error(format!(
                "{} is joined with {}, a global table of another builder: make both with one builder",
                self.name, table.name
            ));
        }
        refuse_null_values::<V>(&mut plan, &self.name, "a join");
        // Java gives inner joins this prefix, too
        let name = plan.processor_name(named, "KSTREAM-LEFTJOIN-");
        let store = table.store.clone();
        let factory = operator::<K, V, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let (select, joiner, rows) = (select.clone(), joiner.clone(), env.global_store(&store)?);
            let (key_buf, row_buf) = Default::default();
            Ok(Box::new(GlobalJoin { name: env.node_name(), left, select, joiner, rows, key_buf, row_buf, next }) as Edge<K, V>)
        }));
        let write = move |target: &mut Target<'_>| target.builder.add_processor(&target.name, &target.parents, factory.clone());
        let role = if left { Role::NullKeyRelaxedJoin } else { Role::Other };
        let node = plan.add(name.clone(), &[self.node], role, Arc::new(write));
        drop(plan);
        self.same_key(super::Added { node, name })
    }
}

struct GlobalJoin<K, V, KG, VG, VO> {
    name: Arc<str>,
    left: bool,
    select: Select<K, V, KG>,
    joiner: Joiner<K, V, KG, VG, VO>,
    rows: KvReader<KG, VG>,
    key_buf: Vec<u8>,
    row_buf: Vec<u8>,
    next: Edge<K, VO>,
}

impl<K, V, KG: Data, VG: Data, VO> Process<K, V> for GlobalJoin<K, V, KG, VG, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let mut selected = match (self.select)(&key, &value) {
            Ok(selected) => selected,
            Err(error) => return cx.user_error(&self.name, error),
        };
        let mut row = None;
        if let Some(selected_key) = &selected {
            self.key_buf.clear();
            let unwritable = |e| Error::caused(ErrorKind::Serde, "cannot serialize the key to look it up in the global table", e);
            match self.rows.write_key(selected_key, &mut self.key_buf).map_err(unwritable)? {
                true => row = self.rows.get(&self.key_buf, &mut self.row_buf)?,
                // a key that is written as null is none
                false => selected = None,
            }
        }
        if selected.is_none() && !self.left {
            cx.dropped(&self.name, DropReason::NullKey);
            return Ok(());
        }
        match (self.joiner)(&key, selected.as_ref(), value, row.as_ref().map(|(row, _)| row)) {
            Some(Ok(joined)) => self.next.process(cx, key, joined, meta),
            Some(Err(error)) => cx.user_error(&self.name, error),
            None => Ok(()),
        }
    }
}

//! `aggregate` of cogrouped streams.

use super::{CogroupedKStream, Kind};
use crate::dsl::KTable;
use crate::dsl::cogrouped::input::Init;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::{TableNode, TableStore, Ttl, key_value_supplier};
use crate::{Change, Data};
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, A: Data> CogroupedKStream<K, A> {
    /// Keeps an aggregate per key, beginning with `init()` and changed in place by the aggregator of each input. Its time is the largest of its
    /// records'.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let left = builder.stream::<String, String>("left").group_by_key();
    /// let right = builder.stream::<String, String>("right").group_by_key();
    /// let both = left.cogroup(|_, value, text: &mut String| text.push_str(&value)).cogroup(&right, |_, value, text| {
    ///     text.insert_str(0, &value);
    /// });
    /// both.aggregate(String::new).to_stream().to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("left").pipe("a".to_string(), "1".to_string())?;
    /// driver.input::<String, String>("right").pipe("a".to_string(), "2".to_string())?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?[1], ("a".to_string(), "21".to_string()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aggregate(&self, init: impl Fn() -> A + Send + Sync + 'static) -> KTable<K, A>
    where
        A: DefaultSerde,
    {
        self.aggregate_with(init, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, cache or changelog options. A name for the node names them all:
    /// `<name>-cogroup-agg-<input>` and `<name>-cogroup-merge`.
    pub fn aggregate_with(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<K, A> {
        let (init, mut materialized): (Init<A>, _) = (Arc::new(init), materialized.into());
        let mut plan = self.plan.lock();
        let store_name = plan.store_name(materialized.name.as_ref(), "COGROUPKSTREAM-AGGREGATE-");
        let key_serde = self.key_serde(&mut plan, &materialized.key, &store_name);
        let placed = self.place(&mut plan, &materialized.node, &store_name, &key_serde);
        let value_serde = materialized.value.resolve(&None, &mut plan, &placed.name, "value");
        let ttl = Ttl::take(&mut plan, (&placed.name, &store_name), &mut materialized);
        let supplier = key_value_supplier(&mut plan, (&placed.name, &store_name), &materialized, key_serde.clone(), value_serde.clone());
        let suppliers: Vec<_> = [&supplier].into_iter().chain(ttl.as_ref().map(|ttl| ttl.supplier())).cloned().collect();
        let store = TableStore::expiring(ttl, supplier, materialized.name.is_some(), true);
        let kind = Kind { factory: &|input, key_bytes| input.plain(&store, &init, key_bytes), closes_after_ms: None };
        let attached = self.attach::<K, Change<A>>(&mut plan, placed, &suppliers, kind);
        drop(plan);
        KTable {
            plan: self.plan.clone(),
            plan_node: attached.node,
            name: attached.name,
            key_serde: Some(key_serde.clone()),
            value_serde: Some(value_serde),
            key_bytes: key_serde.canonical_id(),
            sources: attached.sources,
            table: store as Arc<dyn TableNode<K, A>>,
        }
    }
}

//! `to_table`: the newest record of each key as a row.

use super::{KStream, RepartitionNames, RepartitionSpec, add_repartition};
use crate::Data;
use crate::dsl::KTable;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::table::{TableStore, Ttl, key_value_supplier, table_from_stream};
use std::collections::BTreeSet;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, OptionSerde, Serde};

impl<K: Data, V: Data> KStream<K, V> {
    /// Takes each record as the new value of its key. For streams whose values may be null use
    /// [`to_table_with_deletes`](Self::to_table_with_deletes).
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64), ("a", 2)], |stream| stream.to_table().to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(1)), ("a".to_string(), Some(2))]);
    /// ```
    #[doc(alias = "toTable")]
    pub fn to_table(&self) -> KTable<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.to_table_with(Materialized::implied(SerdeChoice::by_type(), SerdeChoice::by_type()))
    }

    /// [`to_table`](Self::to_table) with serdes, a store that can be queried, or a name for the node.
    pub fn to_table_with(&self, materialized: impl Into<Materialized<K, V>>) -> KTable<K, V> {
        if std::any::type_name::<V>().starts_with("core::option::Option<") {
            self.plan.lock().error(format!("{}: values may be null: use `to_table_with_deletes`, where null deletes the row", self.name));
        }
        let carried = self.value_serde.clone();
        self.table(materialized.into(), &carried, |serde| serde, Some)
    }
}

impl<K: Data, V: Data> KStream<K, Option<V>> {
    /// Takes each record as the new value of its key; `None` deletes the row.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", Some(1_i64)), ("a", None)], |stream| stream.to_table_with_deletes("rows").to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(1)), ("a".to_string(), None)]);
    /// ```
    pub fn to_table_with_deletes(&self, materialized: impl Into<Materialized<K, V>>) -> KTable<K, V>
    where
        K: DefaultSerde,
    {
        let mut materialized = materialized.into();
        materialized.key = materialized.key.with_fallback(&SerdeChoice::by_type());
        self.table(materialized, &None, |serde| Arc::new(OptionSerde::new(serde)), |row| row)
    }
}

impl<K: Data, I: Data> KStream<K, I> {
    fn table<V: Data>(
        &self,
        mut materialized: Materialized<K, V>,
        carried: &Option<Arc<dyn Serde<V>>>,
        input_serde: fn(Arc<dyn Serde<V>>) -> Arc<dyn Serde<I>>,
        into_row: fn(I) -> Option<V>,
    ) -> KTable<K, V> {
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&materialized.node, "KSTREAM-TOTABLE-");
        let store_name = plan.store_name(materialized.name.as_ref(), "KSTREAM-TOTABLE-");
        let key_serde = materialized.key.resolve(&self.key_serde, &mut plan, &name, "key");
        let value_serde = materialized.value.resolve(carried, &mut plan, &name, "value");
        let (mut parent, mut key_bytes, mut sources) = (self.node, self.key_bytes, self.sources.clone());
        if self.repartition_required {
            let names = RepartitionNames::burn(&mut plan, &name);
            plan.note_generated(&names.topic, materialized.node.get().is_some());
            let spec = RepartitionSpec {
                key_serde: key_serde.clone(),
                value_serde: input_serde(value_serde.clone()),
                key_bytes,
                partitions: None,
                partitioner: None,
            };
            parent = add_repartition(&mut plan, parent, &names, spec);
            key_bytes = key_serde.canonical_id();
            sources = Arc::new(BTreeSet::from([names.source]));
        }
        let ttl = Ttl::take(&mut plan, (&name, &store_name), &mut materialized);
        let supplier = key_value_supplier(&mut plan, (&name, &store_name), &materialized, key_serde.clone(), value_serde.clone());
        let queryable = materialized.name.is_some();
        let store = TableStore::expiring(ttl, supplier, queryable, queryable);
        let plan_node = table_from_stream(&mut plan, name.clone(), parent, store.clone(), key_bytes, into_row);
        // whether the table is kept shows later: if it is, the bytes are those of its store
        let key_bytes = key_bytes.filter(|_| key_bytes == key_serde.canonical_id());
        drop(plan);
        KTable {
            plan: self.plan.clone(),
            plan_node,
            name,
            key_serde: Some(key_serde),
            value_serde: Some(value_serde),
            key_bytes,
            sources,
            table: store,
        }
    }
}

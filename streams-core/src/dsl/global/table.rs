//! Tables that every instance has whole.

use crate::Data;
use crate::dsl::StreamsBuilder;
use crate::dsl::options::{Consumed, Materialized};
use crate::dsl::table::{TableStore, key_value_supplier, table_factory};
use crate::exec::{NodeFactory, SourceFactory};
use crate::plan::{Role, SharedPlan, Target};
use crate::topology::{GlobalStoreHandle, GlobalStoreSpec, TopicName};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, OptionSerde, Serde};

/// A table of which every instance has all rows: a stream can be joined with it by any key, and need not be partitioned as its topic is. A cheap
/// handle.
///
/// Each instance reads all partitions of the topic, on a thread of its own, completely before it processes the first record of any stream; after
/// that the table follows its topic without waiting for the streams, and the streams do not wait for it. There is no changelog: the topic is
/// the truth, and should be compacted.
#[must_use = "a global table that nothing reads has no effect"]
pub struct GlobalKTable<K, V> {
    pub(crate) plan: SharedPlan,
    pub(crate) name: Arc<str>,
    pub(crate) store: Arc<str>,
    queryable: bool,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for GlobalKTable<K, V> {
    fn clone(&self) -> Self {
        let GlobalKTable { plan, name, store, queryable, .. } = self;
        GlobalKTable { plan: plan.clone(), name: name.clone(), store: store.clone(), queryable: *queryable, types: PhantomData }
    }
}

impl<K, V> fmt::Debug for GlobalKTable<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GlobalKTable({})", self.name)
    }
}

impl<K: Data, V: Data> GlobalKTable<K, V> {
    /// The name under which the table's store can be queried; `None` where options were given and no name among them.
    #[doc(alias = "queryableStoreName")]
    pub fn queryable_store_name(&self) -> Option<Arc<str>> {
        self.queryable.then(|| self.store.clone())
    }

    /// The table's store, to be read in a processor: pass it to [`process`](crate::KStream::process).
    pub fn store(&self) -> GlobalStoreHandle<K, V> {
        GlobalStoreHandle { name: self.store.clone(), plan: self.plan.clone(), types: PhantomData }
    }
}

impl StreamsBuilder {
    /// Reads a topic as a table that every instance has whole; a null deletes. Its node and its store cannot be seen by others than
    /// [`join_global`](crate::KStream::join_global) and processors that are given [`store`](GlobalKTable::store).
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let countries = builder.global_table::<String, String>("countries");
    /// let orders = builder.stream::<u64, String>("orders");
    /// orders.join_global(&countries, |_, code| code.clone(), |_, country| country.clone()).to("out");
    ///
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("countries").pipe("is".to_string(), "Iceland".to_string())?;
    /// driver.input::<u64, String>("orders").pipe(1, "is".to_string())?;
    /// assert_eq!(driver.output::<u64, String>("out").read_all()?, [(1, "Iceland".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "globalTable")]
    pub fn global_table<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, topic: &str) -> GlobalKTable<K, V> {
        global_table(&self.plan, topic, Consumed::default(), None)
    }

    /// [`global_table`](Self::global_table) with serdes of the topic, and how the table is kept. It always begins with the topic's first record,
    /// and neither cache nor changelog of the options are of use to it.
    pub fn global_table_with<K: Data, V: Data>(
        &self,
        topic: &str,
        consumed: Consumed<K, V>,
        materialized: impl Into<Materialized<K, V>>,
    ) -> GlobalKTable<K, V> {
        global_table(&self.plan, topic, consumed, Some(materialized.into()))
    }
}

fn global_table<K: Data, V: Data>(
    shared: &SharedPlan,
    topic: &str,
    consumed: Consumed<K, V>,
    materialized: Option<Materialized<K, V>>,
) -> GlobalKTable<K, V> {
    let mut plan = shared.lock();
    plan.check_topic(topic);
    let given_name = materialized.as_ref().and_then(|m| m.name.clone());
    let queryable = materialized.is_none() || given_name.is_some();
    let store_name = plan.store_name(given_name.as_ref(), &format!("{topic}-"));
    let source = plan.processor_name_suffixed(&consumed.named, "-source", "KSTREAM-SOURCE-");
    let name = plan.processor_name(&consumed.named, "KTABLE-SOURCE-");
    let mut options = materialized.unwrap_or_else(|| Materialized::implied(Default::default(), Default::default()));
    options.refuse_history(&mut plan, (&name, &store_name), "one of a global table");
    options.history = None;
    // rows are committed as soon as they are read, and the topic is their changelog
    (options.caching, options.logging) = (false, None);
    let key_serde = options.key.clone().with_fallback(&consumed.key).resolve(&None, &mut plan, &name, "key");
    let value_serde = options.value.clone().with_fallback(&consumed.value).resolve(&None, &mut plan, &name, "value");
    let supplier = key_value_supplier(&mut plan, (&name, &store_name), &options, key_serde.clone(), value_serde.clone());
    let table = TableStore::<K, V>::new(supplier.clone(), queryable, true);
    let read_value: Arc<dyn Serde<Option<V>>> = Arc::new(OptionSerde::new(value_serde));
    let source_factory: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde: key_serde.clone(), value_serde: read_value });
    let spec = GlobalStoreSpec {
        source,
        topic: TopicName::External(topic.into()),
        extractor: consumed.extractor.clone(),
        source_factory,
        processor: name.clone(),
        processor_factory: table_factory(&table, key_serde.canonical_id(), |row: Option<V>| row),
        store: supplier,
    };
    let write = move |target: &mut Target<'_>| target.builder.add_global_store(&spec);
    plan.add(name.clone(), &[], Role::Other, Arc::new(write));
    drop(plan);
    GlobalKTable { plan: shared.clone(), name, store: store_name, queryable, types: PhantomData }
}

//! Stores that every instance has whole, kept by a processor of the user's.

use crate::Data;
use crate::dsl::options::Consumed;
use crate::dsl::stream::user_node;
use crate::dsl::{StreamsBuilder, TopologyBuilder};
use crate::exec::{NodeFactory, SourceFactory};
use crate::plan::{Plan, Role, SharedPlan, Target};
use crate::topology::{GlobalStoreHandle, GlobalStoreSpec, KeyValueStore, KeyValueStoreHandle, Processor, Setup, StoreSet, TopicName};
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::KeyValueStoreBuilder;

impl StreamsBuilder {
    /// Adds a store that every instance has whole, kept by a processor that gets every record of a topic, of all its partitions. Other
    /// processors read it by the handle, and cannot write it.
    ///
    /// The processor is run for all records that the store has not seen, also while the store is brought up again after a restart or a lost
    /// disk (KAFKA-7663): what it writes must follow from the records, and writing it twice must do no harm. It gets them in the order of
    /// each partition, cannot forward, and its store has no changelog.
    ///
    /// ```
    /// # use streams_core::processor::{Context, KeyValueStore, Processor};
    /// # use streams_core::{BoxError, Consumed, Record, StreamsBuilder, state::Stores, testing::TopologyTestDriver};
    /// /// Keeps the longest name that was ever given to a key.
    /// struct Longest { names: KeyValueStore<String, String> }
    ///
    /// impl Processor<String, String, (), ()> for Longest {
    ///     fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, String>) -> Result<(), BoxError> {
    ///         let known = self.names.get(&record.key)?.unwrap_or_default();
    ///         if record.value.len() > known.len() {
    ///             self.names.put(ctx, &record.key, record.value)?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// # use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, ReadOnlyKeyValueStore};
    /// # struct Look { names: ReadOnlyKeyValueStore<String, String> }
    /// # impl FixedKeyProcessor<String, i64, String> for Look {
    /// #     fn process(&mut self, ctx: &mut FixedKeyContext<'_, String, String>, r: FixedKeyRecord<'_, String, i64>) -> Result<(), BoxError> {
    /// #         let name = self.names.get(r.key())?.unwrap_or_default();
    /// #         ctx.forward(r.with_value(name))
    /// #     }
    /// # }
    ///
    /// let builder = StreamsBuilder::new();
    /// let store = Stores::key_value::<String, String>("longest");
    /// let names = builder.add_global_store(store, "names", Consumed::default(), |_, names| Longest { names });
    /// builder.stream::<String, i64>("in").process_values(names, |_, names| Look { names }).to("out");
    ///
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut topic = driver.input::<String, String>("names");
    /// topic.pipe("a".to_string(), "Ada".to_string())?;
    /// topic.pipe("a".to_string(), "A.".to_string())?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// assert_eq!(driver.output::<String, String>("out").read_all()?, [("a".to_string(), "Ada".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "addGlobalStore")]
    pub fn add_global_store<K: Data, V: Data, KI: Data, VI: Data, P: Processor<KI, VI, (), ()>>(
        &self,
        store: KeyValueStoreBuilder<K, V>,
        topic: &str,
        consumed: Consumed<KI, VI>,
        supplier: impl Fn(&mut Setup<'_, '_>, KeyValueStore<K, V>) -> P + Send + Sync + 'static,
    ) -> GlobalStoreHandle<K, V> {
        let named = consumed.named.clone();
        let name = |plan: &mut Plan| {
            let source = plan.processor_name_suffixed(&named, "-source", "KSTREAM-SOURCE-");
            (source, plan.processor_name(&named, "KTABLE-SOURCE-"))
        };
        add(&self.plan, store, topic, consumed, name, supplier)
    }
}

impl TopologyBuilder {
    /// Adds a store that every instance has whole: see [`StreamsBuilder::add_global_store`]. `source` and `processor` name its two nodes.
    ///
    /// ```
    /// # use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, TopologyBuilder};
    /// # use streams_core::{BoxError, Consumed, Record, state::Stores, testing::TopologyTestDriver};
    /// struct Keep { prices: KeyValueStore<String, i64> }
    ///
    /// impl Processor<String, i64, (), ()> for Keep {
    ///     fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, i64>) -> Result<(), BoxError> {
    ///         self.prices.put(ctx, &record.key, record.value)
    ///     }
    /// }
    ///
    /// struct Bill { prices: ReadOnlyKeyValueStore<String, i64> }
    ///
    /// impl Processor<String, i64, String, i64> for Bill {
    ///     fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
    ///         let price = self.prices.get(&record.key)?.unwrap_or(0);
    ///         ctx.forward(Record { value: record.value * price, ..record })
    ///     }
    /// }
    ///
    /// let builder = TopologyBuilder::new();
    /// let store = Stores::key_value::<String, i64>("prices");
    /// let prices = builder.add_global_store(store, "list", "prices", Consumed::default(), "keep", |_, prices| Keep { prices });
    /// let orders = builder.add_source::<String, i64>("orders", "orders");
    /// let bill = builder.add_processor("bill", prices, |_, prices| Bill { prices }, &[&orders]);
    /// builder.add_sink("bills", "bills", &[&bill]);
    ///
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("prices").pipe("tea".to_string(), 3)?;
    /// driver.input::<String, i64>("orders").pipe("tea".to_string(), 5)?;
    /// assert_eq!(driver.output::<String, i64>("bills").read_all()?, [("tea".to_string(), 15)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "addGlobalStore")]
    pub fn add_global_store<K: Data, V: Data, KI: Data, VI: Data, P: Processor<KI, VI, (), ()>>(
        &self,
        store: KeyValueStoreBuilder<K, V>,
        source: &str,
        topic: &str,
        consumed: Consumed<KI, VI>,
        processor: &str,
        supplier: impl Fn(&mut Setup<'_, '_>, KeyValueStore<K, V>) -> P + Send + Sync + 'static,
    ) -> GlobalStoreHandle<K, V> {
        let name = |plan: &mut Plan| {
            plan.check_name(source);
            plan.check_name(processor);
            (source.into(), processor.into())
        };
        add(&self.plan, store, topic, consumed, name, supplier)
    }
}

/// `name` makes the names of the source and of the processor.
fn add<K: Data, V: Data, KI: Data, VI: Data, P: Processor<KI, VI, (), ()>>(
    shared: &SharedPlan,
    store: KeyValueStoreBuilder<K, V>,
    topic: &str,
    consumed: Consumed<KI, VI>,
    name: impl FnOnce(&mut Plan) -> (Arc<str>, Arc<str>),
    supplier: impl Fn(&mut Setup<'_, '_>, KeyValueStore<K, V>) -> P + Send + Sync + 'static,
) -> GlobalStoreHandle<K, V> {
    let mut plan = shared.lock();
    plan.check_topic(topic);
    let store_name: Arc<str> = store.name().into();
    let (source, name) = name(&mut plan);
    let key_serde = consumed.key.resolve(&None, &mut plan, &name, "key");
    let value_serde = consumed.value.resolve(&None, &mut plan, &name, "value");
    let source_factory: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde, value_serde });
    let own = KeyValueStoreHandle::<K, V> { name: store_name.clone(), plan: shared.clone(), types: PhantomData };
    let processor_factory = user_node::<KI, VI, (), (), P>(move |env| {
        let opened = own.open(env)?;
        Ok(supplier(&mut Setup { env }, opened))
    });
    match store.caching(false).without_logging().build() {
        Ok(store) => {
            let spec = GlobalStoreSpec {
                source,
                topic: TopicName::External(topic.into()),
                extractor: consumed.extractor,
                source_factory,
                processor: name.clone(),
                processor_factory,
                store,
            };
            let write = move |target: &mut Target<'_>| target.builder.add_global_store(&spec);
            plan.add(name, &[], Role::Other, Arc::new(write));
        }
        Err(error) => plan.error(format!("the store of {name}: {error}")),
    }
    drop(plan);
    GlobalStoreHandle { name: store_name, plan: shared.clone(), types: PhantomData }
}

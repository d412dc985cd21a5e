//! Stores that every instance has whole, kept by a processor of the user's.

use crate::Data;
use crate::dsl::options::Consumed;
use crate::dsl::stream::user_node;
use crate::dsl::{StreamsBuilder, TopologyBuilder};
use crate::exec::{NodeFactory, SourceFactory};
use crate::plan::{Plan, Role, SharedPlan, Target};
use crate::topology::{GlobalStore, GlobalStoreBuilder, GlobalStoreSpec, Processor, Setup, StoreSet, TopicName};
use std::sync::Arc;

impl StreamsBuilder {
    /// Adds a store that every instance has whole, kept by a processor that gets every record of a topic, of all its partitions. Other
    /// processors read it by the handle, and cannot write it. It may be a key-value, window, session or versioned store; caching and logging of
    /// the builder are of no use to it.
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
    ///
    /// A window store:
    ///
    /// ```
    /// # use streams_core::processor::{Context, Processor, ReadOnlyWindowStore, WindowedStore};
    /// # use streams_core::{BoxError, Consumed, Record, StreamsBuilder, state::Stores, testing::TopologyTestDriver};
    /// # use std::time::Duration;
    /// struct Hourly { rates: WindowedStore<String, i64> }
    ///
    /// impl Processor<String, i64, (), ()> for Hourly {
    ///     fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, i64>) -> Result<(), BoxError> {
    ///         self.rates.put(ctx, &record.key, record.value, record.timestamp / 3_600_000 * 3_600_000)?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// struct Convert { rates: ReadOnlyWindowStore<String, i64> }
    ///
    /// impl Processor<String, i64, String, i64> for Convert {
    ///     fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
    ///         match self.rates.fetch(&record.key, record.timestamp / 3_600_000 * 3_600_000)? {
    ///             Some(rate) => ctx.forward(Record { value: record.value * rate, ..record }),
    ///             None => Ok(()),
    ///         }
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// let store = Stores::window::<String, i64>("rates", Duration::from_secs(86_400), Duration::from_secs(3_600));
    /// let rates = builder.add_global_store(store, "rates", Consumed::default(), |_, rates| Hourly { rates });
    /// builder.stream::<String, i64>("amounts").process(rates, |_, rates| Convert { rates }).to("out");
    ///
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("rates").pipe_at("eur".to_string(), 2, 7_200_000)?;
    /// driver.input::<String, i64>("amounts").pipe_at("eur".to_string(), 50, 7_300_000)?;
    /// driver.input::<String, i64>("amounts").pipe_at("eur".to_string(), 50, 3_600_000)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_values()?, [100]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "addGlobalStore")]
    pub fn add_global_store<S: GlobalStoreBuilder, KI: Data, VI: Data, P: Processor<KI, VI, (), ()>>(
        &self,
        store: S,
        topic: &str,
        consumed: Consumed<KI, VI>,
        supplier: impl Fn(&mut Setup<'_, '_>, <S::Handle as StoreSet>::Open) -> P + Send + Sync + 'static,
    ) -> S::Global {
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
    pub fn add_global_store<S: GlobalStoreBuilder, KI: Data, VI: Data, P: Processor<KI, VI, (), ()>>(
        &self,
        store: S,
        source: &str,
        topic: &str,
        consumed: Consumed<KI, VI>,
        processor: &str,
        supplier: impl Fn(&mut Setup<'_, '_>, <S::Handle as StoreSet>::Open) -> P + Send + Sync + 'static,
    ) -> S::Global {
        let name = |plan: &mut Plan| {
            plan.check_name(source);
            plan.check_name(processor);
            (source.into(), processor.into())
        };
        add(&self.plan, store, topic, consumed, name, supplier)
    }
}

/// `name` makes the names of the source and of the processor.
fn add<S: GlobalStoreBuilder, KI: Data, VI: Data, P: Processor<KI, VI, (), ()>>(
    shared: &SharedPlan,
    store: S,
    topic: &str,
    consumed: Consumed<KI, VI>,
    name: impl FnOnce(&mut Plan) -> (Arc<str>, Arc<str>),
    supplier: impl Fn(&mut Setup<'_, '_>, <S::Handle as StoreSet>::Open) -> P + Send + Sync + 'static,
) -> S::Global {
    let mut plan = shared.lock();
    plan.check_topic(topic);
    let GlobalStore { supplier: described, own, global } = store.describe(shared);
    let (source, name) = name(&mut plan);
    let key_serde = consumed.key.resolve(&None, &mut plan, &name, "key");
    let value_serde = consumed.value.resolve(&None, &mut plan, &name, "value");
    let source_factory: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde, value_serde });
    let processor_factory = user_node::<KI, VI, (), (), P>(move |env| {
        let opened = own.open(env)?;
        Ok(supplier(&mut Setup { env }, opened))
    });
    match described {
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
    global
}

//! Stores that every instance has whole, kept by a processor of the user's.

use crate::Data;
use crate::dsl::StreamsBuilder;
use crate::dsl::options::Consumed;
use crate::dsl::stream::user_node;
use crate::exec::{NodeFactory, SourceFactory};
use crate::plan::{Role, Target};
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
        let mut plan = self.plan.lock();
        plan.check_topic(topic);
        let store_name: Arc<str> = store.name().into();
        let source = plan.processor_name_suffixed(&consumed.named, "-source", "KSTREAM-SOURCE-");
        let name = plan.processor_name(&consumed.named, "KTABLE-SOURCE-");
        let key_serde = consumed.key.resolve(&None, &mut plan, &name, "key");
        let value_serde = consumed.value.resolve(&None, &mut plan, &name, "value");
        let source_factory: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde, value_serde });
        let own = KeyValueStoreHandle::<K, V> { name: store_name.clone(), plan: self.plan.clone(), types: PhantomData };
        let processor_factory = user_node::<KI, VI, (), (), P>(move |env| {
            let opened = own.open(env)?;
            Ok(supplier(&mut Setup { env }, opened))
        });
        match store.caching(false).without_logging().build() {
            Ok(store) => {
                let spec = GlobalStoreSpec {
                    source,
                    topic: TopicName::External(topic.into()),
                    extractor: consumed.extractor.clone(),
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
        GlobalStoreHandle { name: store_name, plan: self.plan.clone(), types: PhantomData }
    }
}

//! Stores that are filled from a topic, which is their changelog, by a processor of the user's.

use super::options::Consumed;
use super::stream::user_node;
use super::{StreamsBuilder, TopologyBuilder};
use crate::config::OffsetReset;
use crate::exec::{NodeFactory, SourceFactory};
use crate::plan::{Role, SharedPlan, Target};
use crate::topology::{FilledStore, Processor, ReadOnlyStoreBuilder, Setup, SourceChangelog, SourceSerdes, StoreSet, TopicName};
use std::sync::Arc;
use streams_state::serde::{OptionSerde, Serde};

macro_rules! add_read_only_state_store {
    ($(#[$doc:meta])*) => {
        $(#[$doc])*
        #[doc(alias = "addReadOnlyStateStore")]
        pub fn add_read_only_state_store<S: ReadOnlyStoreBuilder, P: Processor<S::Key, Option<S::Value>, (), ()>>(
            &self,
            store: S,
            source: &str,
            topic: &str,
            consumed: Consumed<S::Key, S::Value>,
            processor: &str,
            supplier: impl Fn(&mut Setup<'_, '_>, <S::Handle as StoreSet>::Open) -> P + Send + Sync + 'static,
        ) -> S::ReadOnly {
            add(&self.plan, store, [source, topic, processor], consumed, supplier)
        }
    };
}

impl TopologyBuilder {
    add_read_only_state_store! {
        /// Adds a store that is filled from a topic by a processor of its own, and that other processors can only read (KIP-813). `source` and
        /// `processor` name the two nodes. Each task has the rows of its partition.
        ///
        /// The topic is the store's changelog: it has no other, whatever the builder says of one, and the topic should be compacted. When the store
        /// is brought up again, the records that the application has committed become rows past the processor, key by key, those without a value
        /// deletions, as in Java. So the processor should put each record as it is, at the record's time, where rows have one: what else it does to
        /// the store is lost with the disk. Serdes of source and store may differ.
        ///
        /// It may be a key-value, window, session or versioned store. The keys of a topic for windows or sessions are [`Windowed`](crate::Windowed)
        /// and need a serde, of the changelog of another store for instance
        /// ([`TimeWindowedSerde::for_changelog`](crate::serde::TimeWindowedSerde::for_changelog),
        /// [`SessionWindowedSerde`](crate::serde::SessionWindowedSerde)): the processor puts each row in the window that its key tells.
        /// A window store that retains duplicates is refused, since their numbers cannot be told. A store of your own kind ([`Stores::own`](crate::state::Stores::own)) has
        /// keys and values as bytes; what its processor puts should be what the record has.
        ///
        /// Without a committed offset reading begins at the first record, whatever `auto.offset.reset` says; another `Consumed::offset_reset` is
        /// refused, and its name has no effect.
        ///
        /// ```
        /// use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, TopologyBuilder};
        /// use streams_core::{BoxError, Consumed, Record, state::Stores, testing::TopologyTestDriver};
        ///
        /// struct Fill { prices: KeyValueStore<String, i64> }
        ///
        /// impl Processor<String, Option<i64>, (), ()> for Fill {
        ///     fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<i64>>) -> Result<(), BoxError> {
        ///         match record.value {
        ///             Some(price) => self.prices.put(ctx, &record.key, price)?,
        ///             None => drop(self.prices.delete(ctx, &record.key)?),
        ///         }
        ///         Ok(())
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
        /// let prices = builder.add_read_only_state_store(store, "list", "prices", Consumed::default(), "fill", |_, prices| Fill { prices });
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
    }
}

impl StreamsBuilder {
    add_read_only_state_store! {
        /// As [`TopologyBuilder::add_read_only_state_store`]: a store filled from a topic, which is its changelog, for
        /// [`process`](crate::KStream::process) and its kin to read. In Java it is added to the topology that the builder has made.
    }
}

fn add<S: ReadOnlyStoreBuilder, P: Processor<S::Key, Option<S::Value>, (), ()>>(
    shared: &SharedPlan,
    store: S,
    [source, topic, processor]: [&str; 3],
    consumed: Consumed<S::Key, S::Value>,
    supplier: impl Fn(&mut Setup<'_, '_>, <S::Handle as StoreSet>::Open) -> P + Send + Sync + 'static,
) -> S::ReadOnly {
    let (source, name): (Arc<str>, Arc<str>) = (source.into(), processor.into());
    let mut plan = shared.lock();
    let key = consumed.key.resolve(&None, &mut plan, &name, "key");
    let value = consumed.value.resolve(&None, &mut plan, &name, "value");
    drop(plan);
    let read_value: Arc<dyn Serde<Option<S::Value>>> = Arc::new(OptionSerde::new(value.clone()));
    let reader: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde: key.clone(), value_serde: read_value });
    let FilledStore { name: store, own, read_only, row } = store.fill(shared, SourceSerdes { key, value });
    let mut plan = shared.lock();
    plan.check_topic(topic);
    plan.check_name(&source);
    plan.check_name(&name);
    if consumed.reset.is_some_and(|reset| reset != OffsetReset::Earliest) {
        plan.error(format!(
            "store {store} is restored from topic {topic}, so source {source} begins at its first record: set no other reset"
        ));
    }
    let changelog = SourceChangelog { topic: TopicName::External(topic.into()), extractor: consumed.extractor, row };
    let filler = user_node::<S::Key, Option<S::Value>, (), (), P>(move |env| {
        let opened = own.open(env)?;
        Ok(supplier(&mut Setup { env }, opened))
    });
    let write = move |target: &mut Target<'_>| {
        let (name, builder) = (&target.name, &mut *target.builder);
        let topics = vec![changelog.topic.clone()];
        builder.add_source(&source, topics, Some(OffsetReset::Earliest), changelog.extractor.clone(), reader.clone())?;
        builder.add_processor(name, std::slice::from_ref(&source), filler.clone())?;
        builder.restore_from_source(&store, changelog.clone());
        builder.connect_store(name, &store)
    };
    plan.add(name, &[], Role::Other, Arc::new(write));
    drop(plan);
    read_only
}

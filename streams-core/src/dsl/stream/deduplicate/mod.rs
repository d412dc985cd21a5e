//! `deduplicate_by_key` and `deduplicate_by_key_value`: each record once.

mod node;
mod seen;

use super::{KStream, RepartitionNames, RepartitionSpec, add_repartition, refuse_nullable_keys};
use crate::dsl::options::{Deduplicated, SerdeChoice, kept_as};
use crate::dsl::windows::millis;
use crate::exec::{GraphEnv, operator};
use crate::plan::{Plan, Role, Target};
use crate::{BoxError, Data};
use node::{Spec, WriteId};
use seen::SeenSerde;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::DefaultSerde;
use streams_state::{StoreSupplier, Stores};

impl<K: Data, V: Data> KStream<K, V> {
    /// Passes the first record of a key and drops those of the same key that are at most `within` earlier or later than a record that was
    /// passed. A record that is dropped does not extend the time. Dropped ones are counted as `duplicate`.
    ///
    /// Records that come out of order are judged by their own times, up to a grace behind stream time (see
    /// [`Deduplicated::grace`]; as long as `within` by default); a later one is dropped and counted as `late`, because what it might repeat is
    /// forgotten. Exactly once, no key passes twice within the time, whatever fails; at least once, what was passed on before a crash and not
    /// committed passes again. Stream time goes on where it was after a restart. A stream with a new key goes through a repartition topic, as
    /// before [`group_by_key`](Self::group_by_key). Values may be null.
    ///
    /// Java has no such operator yet (KIP-655).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").deduplicate_by_key(Duration::from_secs(10)).to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// for (value, at) in [(1, 20_000), (2, 28_000), (3, 12_000), (4, 31_000)] {
    ///     input.pipe_at("a".to_string(), value, at)?;
    /// }
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_string(), 1), ("a".to_string(), 4)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "deduplicate")]
    #[doc(alias = "deduplicateByKey")]
    #[doc(alias = "distinct")]
    pub fn deduplicate_by_key(&self, within: Duration) -> KStream<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.deduplicate_by_key_with(within, Deduplicated::default())
    }

    /// [`deduplicate_by_key`](Self::deduplicate_by_key) with a grace, names, serdes, or options of the store.
    pub fn deduplicate_by_key_with(&self, within: Duration, options: impl Into<Deduplicated<K, V>>) -> KStream<K, V> {
        self.deduplicate(within, options.into(), |_, _| None)
    }

    /// [`deduplicate_by_key`](Self::deduplicate_by_key) where only records with the same key *and* the same id are repetitions: `id` takes it
    /// from the record, for instance the number of an event. Two ids are the same when their bytes are. A record whose id is `None` has no
    /// repetitions and passes. Records of one id under different keys are different: set the key first where they are not.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::testing::through;
    /// let out = through([("a", "7: x"), ("a", "8: x"), ("b", "7: x"), ("a", "7: again")], |stream| {
    ///     let id = |_: &String, value: &String| value.split(':').next().map(str::to_owned);
    ///     stream.deduplicate_by_key_value(id, Duration::from_secs(10))
    /// });
    /// let values: Vec<_> = out.iter().map(|(key, value)| format!("{key} {value}")).collect();
    /// assert_eq!(values, ["a 7: x", "a 8: x", "b 7: x"]);
    /// ```
    #[doc(alias = "deduplicateByKeyValue")]
    pub fn deduplicate_by_key_value<I: Data + DefaultSerde>(
        &self,
        id: impl Fn(&K, &V) -> I + Send + Sync + 'static,
        within: Duration,
    ) -> KStream<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.deduplicate_by_key_value_with(id, within, Deduplicated::default())
    }

    /// [`deduplicate_by_key_value`](Self::deduplicate_by_key_value) with a grace, names, serdes, or options of the store.
    pub fn deduplicate_by_key_value_with<I: Data>(
        &self,
        id: impl Fn(&K, &V) -> I + Send + Sync + 'static,
        within: Duration,
        options: impl Into<Deduplicated<K, V, I>>,
    ) -> KStream<K, V> {
        self.try_deduplicate_by_key_value_with(move |key, value| Ok(id(key, value)), within, options)
    }

    /// [`deduplicate_by_key_value`](Self::deduplicate_by_key_value) whose `id` may fail: an error goes to the processing exception handler, which
    /// fails the task (the default) or leaves the record out, counted as `processing`. No id is kept of it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::testing::through;
    /// let out = through([("a", "7"), ("a", "07"), ("a", "8")], |stream| {
    ///     stream.try_deduplicate_by_key_value(|_, value| Ok(value.parse::<i64>()?), Duration::from_secs(10))
    /// });
    /// let values: Vec<_> = out.iter().map(|(_, value)| value.as_str()).collect();
    /// assert_eq!(values, ["7", "8"]);
    /// ```
    pub fn try_deduplicate_by_key_value<I: Data + DefaultSerde>(
        &self,
        id: impl Fn(&K, &V) -> Result<I, BoxError> + Send + Sync + 'static,
        within: Duration,
    ) -> KStream<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.try_deduplicate_by_key_value_with(id, within, Deduplicated::default())
    }

    /// [`try_deduplicate_by_key_value`](Self::try_deduplicate_by_key_value) with a grace, names, serdes, or options of the store.
    pub fn try_deduplicate_by_key_value_with<I: Data>(
        &self,
        id: impl Fn(&K, &V) -> Result<I, BoxError> + Send + Sync + 'static,
        within: Duration,
        options: impl Into<Deduplicated<K, V, I>>,
    ) -> KStream<K, V> {
        self.deduplicate(within, options.into(), move |choice, (plan, name)| {
            let serde = choice.resolve(&None, plan, name, "id");
            Some(Arc::new(move |cx, key, value, out| serde.serialize(cx, &id(key, value)?, out)))
        })
    }

    fn deduplicate<I: Data>(
        &self,
        within: Duration,
        options: Deduplicated<K, V, I>,
        write_id: impl FnOnce(&SerdeChoice<I>, (&mut Plan, &str)) -> Option<WriteId<K, V>>,
    ) -> KStream<K, V> {
        let mut plan = self.plan.lock();
        refuse_nullable_keys::<K>(&mut plan, &self.name, "leaving out repetitions");
        let store_name = plan.store_name(options.store_name.as_ref(), "KSTREAM-DEDUPLICATE-");
        let name = plan.processor_name(&options.named, "KSTREAM-DEDUPLICATE-");
        let key_serde = options.key.resolve(&self.key_serde, &mut plan, &name, "key");
        let id = write_id(&options.id, (&mut plan, &name));
        let (within_ms, grace_ms) = (millis(within), millis(options.grace.unwrap_or(within)));
        // a row lies at the begin of its span
        let kept_ms = within_ms.saturating_add(grace_ms).saturating_add(within_ms);
        let store = store(&mut plan, (&name, &store_name), &options, kept_ms);
        let mut out = self.clone();
        if self.repartition_required {
            let names = RepartitionNames::burn(&mut plan, options.named.get().unwrap_or(&store_name));
            plan.note_generated(&names.topic, options.named.get().or(options.store_name.as_ref()).is_some());
            let value_serde = options.value.resolve(&self.value_serde, &mut plan, &names.source, "value");
            let spec = RepartitionSpec {
                key_serde: key_serde.clone(),
                value_serde: value_serde.clone(),
                key_bytes: self.key_bytes,
                partitions: None,
                partitioner: None,
            };
            out.node = add_repartition(&mut plan, self.node, &names, spec);
            (out.key_bytes, out.sources) = (key_serde.canonical_id(), Arc::new(BTreeSet::from([names.source])));
            (out.key_serde, out.value_serde, out.repartition_required) = (Some(key_serde.clone()), Some(value_serde), false);
        }
        let (key_bytes, pass_late) = (out.key_bytes, options.pass_late);
        let spec = Spec { store: store_name, key_serde, pass_key: false, id, within_ms, grace_ms, pass_late };
        let factory = operator::<K, V, K, V>(Box::new(move |env: &mut GraphEnv<'_>, next| spec.open(env, key_bytes, next)));
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            target.builder.add_store_of(&target.name, &store)
        };
        out.node = plan.add(name.clone(), &[out.node], Role::Other, Arc::new(write));
        out.name = name;
        drop(plan);
        out
    }
}

/// The store of the ids.
fn store<K: Data, V: Data, I: Data>(
    plan: &mut Plan,
    (node, name): (&str, &Arc<str>),
    options: &Deduplicated<K, V, I>,
    retention_ms: i64,
) -> Arc<dyn StoreSupplier> {
    // the store hides the last millisecond of its retention
    let retention = Duration::from_millis(retention_ms.saturating_add(1).unsigned_abs());
    let make = |name: Arc<str>| Stores::window_with(name, Vec::<u8>::default_serde(), SeenSerde::shared(), retention, Duration::ZERO);
    let mut builder = make(name.clone()).plain();
    builder = kept_as!(builder, &options.logging, options.store_type);
    plan.supplier_of(node, builder.build(), || make("invalid".into()).build())
}

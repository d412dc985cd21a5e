//! The nodes and topics of a join by foreign key, named and ordered as Java does.

use super::receive::{Broadcast, Keys, Question, Receive, Respond, SubscriptionStore};
use super::resolve::{AnswerJoiner, Resolve};
use super::send::{Extractor, Request, Subscribe, SubscriptionSink};
use super::wire::{Answer, AnswerSerde, Subscription, SubscriptionSerde, written_version};
use crate::dsl::KTable;
use crate::dsl::options::{KeyPartitioner, Materialized, Partitions, SerdeChoice, StreamPartitioner, TableJoined};
use crate::dsl::stream::{Destination, SinkSpec};
use crate::dsl::table::{TableStore, key_value_supplier, table_from_stream};
use crate::exec::{Edge, GraphEnv, NodeFactory, SourceFactory, operator, terminal};
use crate::plan::{Named, Plan, PlanId, Role, Target};
use crate::topology::{SinkTopic, TopicName, TopologyError};
use crate::{Change, Data, Headers};
use std::collections::BTreeSet;
use std::sync::Arc;
use streams_state::serde::{BytesSerde, OptionSerde, Serde};
use streams_state::{KvStore, StoreSupplier, Stores};

struct Names {
    registration_topic: Arc<str>,
    subscribe: Arc<str>,
    registration_sink: Arc<str>,
    registration_source: Arc<str>,
    store: Arc<str>,
    receive: Arc<str>,
    respond: Arc<str>,
    broadcast: Arc<str>,
    response_topic: Arc<str>,
    response_sink: Arc<str>,
    response_source: Arc<str>,
    resolve: Arc<str>,
    result: Arc<str>,
}

const REGISTRATION: &str = "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-";
const PROCESSOR: &str = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-";

impl Names {
    fn burn(plan: &mut Plan, named: &Named) -> Names {
        let mut name = |suffix: &str, prefix: &str| plan.processor_name_suffixed(named, suffix, prefix);
        Names {
            registration_topic: format!("{}-topic", name("-subscription-registration", REGISTRATION)).into(),
            subscribe: name("-subscription-registration-processor", REGISTRATION),
            registration_sink: name("-subscription-registration-sink", "KTABLE-SINK-"),
            registration_source: name("-subscription-registration-source", "KTABLE-SOURCE-"),
            store: name("-subscription-store", "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-"),
            receive: name("-subscription-receive", PROCESSOR),
            respond: name("-subscription-join-foreign", PROCESSOR),
            broadcast: name("-foreign-join-subscription", PROCESSOR),
            response_topic: format!("{}-topic", name("-subscription-response", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-")).into(),
            response_sink: name("-subscription-response-sink", "KTABLE-SINK-"),
            response_source: name("-subscription-response-source", "KTABLE-SOURCE-"),
            resolve: name("-subscription-response-resolver", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-"),
            result: name("-result", "KTABLE-FK-JOIN-OUTPUT-"),
        }
    }
}

/// The topics that serdes are told for keys and values that are parts of a record: none of them exists.
#[derive(Clone)]
struct PseudoTopics(Arc<str>);

impl PseudoTopics {
    fn name(&self, env: &GraphEnv<'_>, suffix: &str) -> Arc<str> {
        TopicName::Internal(format!("{}-{suffix}", self.0).into()).resolve(env.application_id())
    }
}

impl<K: Data, V: Data> KTable<K, V> {
    pub(super) fn foreign_key_join<KO: Data, VO: Data, R: Data>(
        &self,
        other: &KTable<KO, VO>,
        extract: Extractor<K, V, KO>,
        joiner: AnswerJoiner<K, V, VO, R>,
        left: bool,
        options: TableJoined<K, V, KO, VO, R>,
    ) -> KTable<K, R> {
        let mut plan = self.plan.lock();
        let mut other_node = other.plan_node;
        if !self.plan.is(&other.plan) {
            plan.error(format!("{} is joined with {}, a table of another builder: make both with one builder", self.name, other.name));
            other_node = self.plan_node;
        }
        let names = Names::burn(&mut plan, &options.named);
        for name in [&names.registration_topic, &names.store, &names.response_topic] {
            plan.note_generated(name, options.named.get().is_some());
        }
        other.require_old_values(&mut plan, &names.broadcast);
        self.require_old_values(&mut plan, &names.subscribe);
        let keys = options.key.resolve(&self.key_serde, &mut plan, &names.subscribe, "key");
        let values = options.value.resolve(&self.value_serde, &mut plan, &names.subscribe, "value");
        let foreign_keys = options.other_key.resolve(&other.key_serde, &mut plan, &names.subscribe, "foreign key");
        let foreign_values = options.other_value.resolve(&other.value_serde, &mut plan, &names.subscribe, "foreign value");
        let topics = PseudoTopics(names.registration_topic.clone());
        let (versioned, other_versioned) = (self.table.history_ms().is_some(), other.table.history_ms().is_some());
        let key_bytes = keys.canonical_id();
        let pass_key = key_bytes.is_some() && key_bytes == self.key_bytes;
        let pass_foreign_key = other.key_bytes.is_some() && other.key_bytes == foreign_keys.canonical_id();

        let (pseudo, fks, vs) = (topics.clone(), foreign_keys.clone(), values.clone());
        let subscribe = operator::<K, Change<V>, K, Request<KO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            Ok(Box::new(Subscribe {
                name: env.node_name(),
                extract: extract.clone(),
                versioned,
                answers_all: left || options.answer_every_change,
                foreign_key_topic: pseudo.name(env, "fk"),
                value_topic: pseudo.name(env, "vh"),
                foreign_keys: fks.clone(),
                values: vs.clone(),
                buffer: Vec::new(),
                other_buffer: Vec::new(),
                next,
            }) as Edge<K, Change<V>>)
        }));
        let at = add(&mut plan, &names.subscribe, &[self.plan_node], subscribe, None, Vec::new());
        let sink =
            subscription_sink(&names.registration_topic, &topics, keys.clone(), foreign_keys.clone(), pass_key, options.other_partitioner);
        let at = add_sink(&mut plan, &names.registration_sink, &[at], &names.registration_topic, sink);
        let source: Arc<dyn NodeFactory> = Arc::new(SourceFactory {
            key_serde: Arc::new(OptionSerde::new(foreign_keys.clone())) as Arc<dyn Serde<Option<KO>>>,
            value_serde: Arc::new(SubscriptionSerde) as Arc<dyn Serde<Subscription>>,
        });
        let at = add_source(&mut plan, &names.registration_source, at, &names.registration_topic, source);
        copartition(&mut plan, &names.receive, &other.sources, &names.registration_source);

        let store = subscription_store(&mut plan, &names.receive, &names.store);
        let kept_keys = ForeignKeys { keys: keys.clone(), foreign_keys: foreign_keys.clone(), topics: topics.clone() };
        let (opened, of_receive) = (names.store.clone(), kept_keys.clone());
        let receive = operator::<Option<KO>, Subscription, Option<KO>, Question<K>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let store: SubscriptionStore = env.store::<KvStore<Vec<u8>, Vec<u8>>>(&opened)?;
            let keys = of_receive.open(env, of_receive.foreign_keys.canonical_id().is_some());
            let version = written_version(env);
            Ok(Box::new(Receive { name: env.node_name(), store, keys, version, key_buf: Vec::new(), next })
                as Edge<Option<KO>, Subscription>)
        }));
        let at = add(&mut plan, &names.receive, &[at], receive, Some(store.clone()), Vec::new());
        let foreign_rows = other.table.getter();
        let foreign_stores = foreign_rows.stores();
        let respond = operator::<Option<KO>, Question<K>, K, Answer<VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            Ok(Box::new(Respond { rows: foreign_rows.make(env)?, pass_foreign_key, next }) as Edge<Option<KO>, Question<K>>)
        }));
        let respond = add(&mut plan, &names.respond, &[at], respond, None, foreign_stores);
        let opened = names.store.clone();
        let broadcast = operator::<KO, Change<VO>, K, Answer<VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let store: SubscriptionStore = env.store::<KvStore<Vec<u8>, Vec<u8>>>(&opened)?;
            let keys = kept_keys.open(env, pass_foreign_key);
            Ok(Box::new(Broadcast {
                name: env.node_name(),
                versioned: other_versioned,
                store,
                keys,
                prefix: Vec::new(),
                end: Vec::new(),
                next,
            }) as Edge<KO, Change<VO>>)
        }));
        let broadcast = add(&mut plan, &names.broadcast, &[other_node], broadcast, Some(store), Vec::new());

        let answers: Arc<dyn Serde<Answer<VO>>> = Arc::new(AnswerSerde { values: foreign_values });
        let sink = answer_sink(&names.response_topic, keys.clone(), answers.clone(), options.partitioner);
        let at = add_sink(&mut plan, &names.response_sink, &[respond, broadcast], &names.response_topic, sink);
        let source: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde: keys.clone(), value_serde: answers });
        let at = add_source(&mut plan, &names.response_source, at, &names.response_topic, source);
        let sources = copartition(&mut plan, &names.resolve, &self.sources, &names.response_source);

        let rows = self.table.getter();
        let stores = rows.stores();
        let resolve = operator::<K, Answer<VO>, K, Option<R>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            Ok(Box::new(Resolve {
                name: env.node_name(),
                rows: rows.make(env)?,
                joiner: joiner.clone(),
                values: values.clone(),
                value_topic: topics.name(env, "vh"),
                pass_key,
                buffer: Vec::new(),
                next,
            }) as Edge<K, Answer<VO>>)
        }));
        let at = add(&mut plan, &names.resolve, &[at], resolve, None, stores);

        // the result is a table of its own, kept where it has a name or where it is needed
        let materialized = options.materialized.unwrap_or_else(|| Materialized::implied(SerdeChoice::default(), SerdeChoice::default()));
        let store_name = plan.store_name(materialized.name.as_ref(), "KTABLE-FK-JOIN-OUTPUT-");
        let result_keys = materialized.key.given_or(&None).unwrap_or_else(|| keys.clone());
        let (result_values, problem) = match materialized.value.resolve_late(&None) {
            Ok(serde) => (serde, None),
            Err(none) => {
                let what = std::any::type_name::<R>();
                let problem = format!(
                    "{} must be kept and needs a serde for its value of type {what}: give one with `TableJoined::materialized(..)`",
                    names.result
                );
                (none, Some(problem))
            }
        };
        let value_serde = problem.is_none().then(|| result_values.clone());
        let supplier = key_value_supplier(&mut plan, (&names.result, &store_name), &materialized, result_keys.clone(), result_values);
        let queryable = materialized.name.is_some();
        let table = TableStore::<K, R>::unless(problem, supplier, queryable, queryable);
        let plan_node = table_from_stream(&mut plan, names.result.clone(), at, table.clone(), key_bytes, |row: Option<R>| row);
        drop(plan);
        KTable {
            plan: self.plan.clone(),
            plan_node,
            name: names.result,
            key_bytes: key_bytes.filter(|_| key_bytes == result_keys.canonical_id()),
            key_serde: Some(result_keys),
            value_serde,
            sources: Arc::new(sources),
            table,
        }
    }
}

/// What the nodes with the store of subscriptions need to read and write its keys.
struct ForeignKeys<K, KO> {
    keys: Arc<dyn Serde<K>>,
    foreign_keys: Arc<dyn Serde<KO>>,
    topics: PseudoTopics,
}

impl<K, KO> Clone for ForeignKeys<K, KO> {
    fn clone(&self) -> Self {
        ForeignKeys { keys: self.keys.clone(), foreign_keys: self.foreign_keys.clone(), topics: self.topics.clone() }
    }
}

impl<K, KO> ForeignKeys<K, KO> {
    fn open(&self, env: &GraphEnv<'_>, pass_foreign_key: bool) -> Keys<K, KO> {
        Keys {
            keys: self.keys.clone(),
            foreign_keys: self.foreign_keys.clone(),
            key_topic: self.topics.name(env, "pk"),
            foreign_key_topic: self.topics.name(env, "fk"),
            pass_foreign_key,
        }
    }
}

fn subscription_store(plan: &mut Plan, node: &str, name: &Arc<str>) -> Arc<dyn StoreSupplier> {
    let store = |name: Arc<str>| Stores::key_value_with(name, BytesSerde, BytesSerde).default_engine().build();
    plan.supplier_of(node, store(name.clone()), || store("invalid".into()))
}

fn subscription_sink<K: Data, KO: Data>(
    topic: &Arc<str>,
    topics: &PseudoTopics,
    keys: Arc<dyn Serde<K>>,
    foreign_keys: Arc<dyn Serde<KO>>,
    pass_key: bool,
    partitioner: Option<KeyPartitioner<KO>>,
) -> Arc<dyn NodeFactory> {
    let (topic, topics) = (TopicName::Internal(topic.clone()), topics.clone());
    terminal::<K, Request<KO>>(Box::new(move |env: &mut GraphEnv<'_>| {
        let topic_name = topic.resolve(env.application_id());
        Ok(Box::new(SubscriptionSink {
            name: env.node_name(),
            topic: env.collector().topic(&topic_name)?,
            topic_name,
            key_topic: topics.name(env, "pk"),
            keys: keys.clone(),
            foreign_keys: foreign_keys.clone(),
            partitioner: partitioner.clone(),
            pass_key,
            version: written_version(env),
            key_buf: Vec::new(),
            value_buf: Vec::new(),
        }) as Edge<K, Request<KO>>)
    }))
}

/// Answers go to the partition that asked, unless the user says where keys are.
fn answer_sink<K: Data, VO: Data>(
    topic: &Arc<str>,
    keys: Arc<dyn Serde<K>>,
    answers: Arc<dyn Serde<Answer<VO>>>,
    partitioner: Option<KeyPartitioner<K>>,
) -> Arc<dyn NodeFactory> {
    let partitioner: StreamPartitioner<K, Answer<VO>> =
        Arc::new(move |topic: &str, _: &Headers, key: &K, answer: &Answer<VO>, partitions: i32| {
            let chosen = match &partitioner {
                Some(choose) => choose(topic, key, partitions),
                None => answer.partition,
            };
            chosen.map_or(Partitions::ByKey, Partitions::One)
        });
    let pass_key = keys.canonical_id().is_some();
    let (drop_null_keys, is_repartition) = (true, false);
    let sink = SinkSpec { key_serde: keys, value_serde: answers, partitioner: Some(partitioner), pass_key, drop_null_keys, is_repartition };
    sink.factory_with(Destination::Fixed(topic.clone()), |name, app| TopicName::Internal(name.into()).resolve(app).to_string())
}

/// Adds a processor that uses `store`, which is this join's own, and `others`, which exist already.
fn add(
    plan: &mut Plan,
    name: &Arc<str>,
    parents: &[PlanId],
    factory: Arc<dyn NodeFactory>,
    store: Option<Arc<dyn StoreSupplier>>,
    others: Vec<Arc<str>>,
) -> PlanId {
    let write = move |target: &mut Target<'_>| -> Result<(), TopologyError> {
        target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
        if let Some(store) = &store {
            target.builder.add_store_of(&target.name, store)?;
        }
        others.iter().try_for_each(|store| target.builder.connect_store(&target.name, store))
    };
    plan.add(name.clone(), parents, Role::Other, Arc::new(write))
}

fn add_sink(plan: &mut Plan, name: &Arc<str>, parents: &[PlanId], topic: &Arc<str>, factory: Arc<dyn NodeFactory>) -> PlanId {
    let topic = topic.clone();
    let write = move |target: &mut Target<'_>| {
        target.builder.add_repartition_topic(topic.clone(), None, &target.parents)?;
        let topic = SinkTopic::Fixed(TopicName::Internal(topic.clone()));
        target.builder.add_sink(&target.name, topic, &target.parents, factory.clone())
    };
    plan.add(name.clone(), parents, Role::Other, Arc::new(write))
}

fn add_source(plan: &mut Plan, name: &Arc<str>, sink: PlanId, topic: &Arc<str>, factory: Arc<dyn NodeFactory>) -> PlanId {
    let topic = TopicName::Internal(topic.clone());
    let write = move |target: &mut Target<'_>| target.builder.add_source(&target.name, vec![topic.clone()], None, None, factory.clone());
    plan.add(name.clone(), &[sink], Role::Other, Arc::new(write))
}

/// The topic behind `source` must have as many partitions as those behind `sources`.
fn copartition(plan: &mut Plan, node: &Arc<str>, sources: &BTreeSet<Arc<str>>, source: &Arc<str>) -> BTreeSet<Arc<str>> {
    let mut all = sources.clone();
    all.insert(source.clone());
    plan.copartition(node, &all);
    all
}

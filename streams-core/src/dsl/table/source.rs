//! Tables read from a topic, and streams taken as tables.

use super::KTable;
use super::node::{TableStore, key_value_supplier};
use super::ttl::Ttl;
use super::writer::TableWriter;
use crate::dsl::options::{Consumed, Materialized};
use crate::exec::{Cx, Edge, GraphEnv, Maintain, Meta, NodeFactory, Process, SourceFactory, operator};
use crate::plan::{Plan, PlanId, Role, SharedPlan, Target};
use crate::topology::{ReadRow, Recoded, SourceChangelog, SourceRow, TopicName};
use crate::{Change, Data, Result};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::Arc;
use streams_state::serde::{OptionSerde, Serde};

/// `StreamsBuilder::table`.
pub(crate) fn source_table<K: Data, V: Data>(
    shared: &SharedPlan,
    topic: &str,
    consumed: Consumed<K, V>,
    materialized: Option<Materialized<K, V>>,
) -> KTable<K, V> {
    let mut plan = shared.lock();
    plan.check_topic(topic);
    let given_name = materialized.as_ref().and_then(|m| m.name.clone());
    let store_name = plan.store_name(given_name.as_ref(), &format!("{topic}-"));
    let source_name = plan.processor_name_suffixed(&consumed.named, "-source", "KSTREAM-SOURCE-");
    let name = plan.processor_name(&consumed.named, "KTABLE-SOURCE-");
    let mut options = materialized.unwrap_or_else(|| Materialized::implied(Default::default(), Default::default()));
    let key = options.key.clone().with_fallback(&consumed.key);
    let value = options.value.clone().with_fallback(&consumed.value);
    let key_serde = key.resolve(&None, &mut plan, &name, "key");
    let value_serde = value.resolve(&None, &mut plan, &name, "value");
    let ttl = Ttl::take(&mut plan, (&name, &store_name), &mut options);
    let supplier = key_value_supplier(&mut plan, (&name, &store_name), &options, key_serde.clone(), value_serde.clone());
    let table = TableStore::expiring(ttl, supplier, given_name.is_some(), given_name.is_some());

    let read_value: Arc<dyn Serde<Option<V>>> = Arc::new(OptionSerde::new(value_serde.clone()));
    let source: Arc<dyn NodeFactory> = Arc::new(SourceFactory { key_serde: key_serde.clone(), value_serde: read_value });
    let key_bytes = key_serde.canonical_id();
    let topics = vec![TopicName::External(topic.into())];
    let (reset, extractor) = (consumed.reset, consumed.extractor.clone());
    let (store, source_of) = (table.clone(), source_name.clone());
    let row: Arc<dyn ReadRow> = Arc::new(SourceRow { key: Recoded::by(&key_serde), value: Recoded::by(&value_serde) });
    let write = move |target: &mut Target<'_>| {
        target.builder.add_source(&source_of, topics.clone(), reset, extractor.clone(), source.clone())?;
        let name = target.name.clone();
        target.builder.add_processor(&name, std::slice::from_ref(&source_of), table_factory(&store, key_bytes, |row: Option<V>| row))?;
        // what has expired is still in the topic
        if target.reuse_source_topics && store.kept() && store.ttl().is_none() {
            let (topic, extractor, row) = (topics[0].clone(), extractor.clone(), row.clone());
            target.builder.restore_from_source(store.name(), SourceChangelog { topic, extractor, row });
        }
        store.write(target, &name)
    };
    let node = plan.add(name.clone(), &[], Role::Other, Arc::new(write));
    drop(plan);
    KTable {
        plan: shared.clone(),
        plan_node: node,
        name,
        key_serde: Some(key_serde),
        value_serde: Some(value_serde),
        key_bytes,
        sources: Arc::new(BTreeSet::from([source_name])),
        table,
    }
}

/// The node of a table read from a topic or made of a stream.
///
/// `into_row` says what a record's value means: the row's value, or its deletion.
pub(crate) fn table_factory<K: Data, V: Data, I: Data>(
    store: &Arc<TableStore<K, V>>,
    key_bytes: Option<TypeId>,
    into_row: fn(I) -> Option<V>,
) -> Arc<dyn NodeFactory> {
    let store = store.clone();
    operator::<K, I, K, Change<V>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        if !store.kept() {
            return Ok(Box::new(Unkept { into_row, next }) as Edge<K, I>);
        }
        let writer = TableWriter::new(env, store.name(), store.sends_old_values(), key_bytes, next)?.expiring(env, store.ttl())?;
        Ok(env.maintained(TableSource { into_row, writer }))
    }))
}

/// A stream as a table: `KStream::to_table`.
pub(crate) fn table_from_stream<K: Data, V: Data, I: Data>(
    plan: &mut Plan,
    name: Arc<str>,
    parent: PlanId,
    store: Arc<TableStore<K, V>>,
    key_bytes: Option<TypeId>,
    into_row: fn(I) -> Option<V>,
) -> PlanId {
    let write = move |target: &mut Target<'_>| {
        let name = target.name.clone();
        target.builder.add_processor(&name, &target.parents, table_factory(&store, key_bytes, into_row))?;
        store.write(target, &name)
    };
    plan.add(name, &[parent], Role::Other, Arc::new(write))
}

/// Kept in a store.
struct TableSource<K, V, I> {
    into_row: fn(I) -> Option<V>,
    writer: TableWriter<K, V>,
}

impl<K: Data, V: Data, I: Data> Process<K, I> for TableSource<K, V, I> {
    fn process(&mut self, cx: &mut Cx, key: K, value: I, meta: &Meta<'_>) -> Result<()> {
        let row = (self.into_row)(value);
        self.writer.update(cx, &key, meta, |slot| {
            slot.value = row;
            slot.timestamp = meta.timestamp;
        })
    }
}

impl<K: Data, V: Data, I> Maintain for TableSource<K, V, I> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}

/// Needed by nobody: changes pass by.
struct Unkept<K, V, I> {
    into_row: fn(I) -> Option<V>,
    next: Edge<K, Change<V>>,
}

impl<K, V, I> Process<K, I> for Unkept<K, V, I> {
    fn process(&mut self, cx: &mut Cx, key: K, value: I, meta: &Meta<'_>) -> Result<()> {
        self.next.process(cx, key, Change { old: None, new: (self.into_row)(value), is_latest: true }, meta)
    }
}

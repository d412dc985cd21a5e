//! `to`: the end of a stream in a topic.

use super::KStream;
use crate::dsl::options::{Partitions, Produced, StreamPartitioner};
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, OutTopic, Process, SendTo, terminal};
use crate::handlers::ProductionStage;
use crate::plan::{PlanId, Role, Target};
use crate::topology::{RecordContext, SinkTopic, TopicName};
use crate::{Data, Result};
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde, SerdeContext, Wrote};

/// Chooses the topic of each record.
#[doc(alias = "TopicNameExtractor")]
pub(crate) type TopicChooser<K, V> = Arc<dyn Fn(&K, &V, &RecordContext<'_>) -> String + Send + Sync>;

impl<K: Data, V: Data> KStream<K, V> {
    /// Writes the records to a topic, which must exist. The partition is the hash of the key, as in Java.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_string(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to(&self, topic: &str)
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.to_with(topic, Produced::default());
    }

    /// [`to`](Self::to) with serdes, a partitioner, or a name for the node.
    pub fn to_with(&self, topic: &str, produced: Produced<K, V>) {
        self.plan.lock().check_topic(topic);
        self.sink(Destination::Fixed(topic.into()), produced);
    }

    /// Writes each record to the topic that `choose` names; all of them must exist. It is told the record's key and value, and in a
    /// [`RecordContext`](crate::processor::RecordContext) its time, its headers and where the input record came from.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").to_computed(|key, _, context| match context.source {
    ///     Some(from) => format!("{}-{key}", from.topic),
    ///     None => "punctuated".to_string(),
    /// });
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// assert_eq!(driver.output::<String, i64>("in-a").read_all()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_computed(&self, choose: impl Fn(&K, &V, &RecordContext<'_>) -> String + Send + Sync + 'static)
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.to_computed_with(choose, Produced::default());
    }

    /// [`to_computed`](Self::to_computed) with serdes, a partitioner, or a name for the node.
    pub fn to_computed_with(
        &self,
        choose: impl Fn(&K, &V, &RecordContext<'_>) -> String + Send + Sync + 'static,
        produced: Produced<K, V>,
    ) {
        let destination = Destination::computed(choose, &produced);
        self.sink(destination, produced);
    }

    fn sink(&self, destination: Destination<K, V>, produced: Produced<K, V>) {
        self.sink_behind(&[self.node], destination, produced);
    }

    /// A sink behind several nodes that give the same types as this one.
    pub(crate) fn sink_behind(&self, parents: &[PlanId], destination: Destination<K, V>, produced: Produced<K, V>) {
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&produced.named, "KSTREAM-SINK-");
        let key_serde = produced.key.resolve(&self.key_serde, &mut plan, &name, "key");
        let value_serde = produced.value.resolve(&self.value_serde, &mut plan, &name, "value");
        let sink = SinkSpec {
            pass_key: self.key_bytes.is_some() && self.key_bytes == key_serde.canonical_id(),
            key_serde,
            value_serde,
            partitioner: produced.partitioner,
            drop_null_keys: false,
            is_repartition: false,
        };
        let write = move |target: &mut Target<'_>| {
            let kind = match &destination {
                Destination::Fixed(topic) => SinkTopic::Fixed(TopicName::External(topic.clone())),
                Destination::Computed(_, name) => SinkTopic::Computed(name.clone()),
            };
            target.builder.add_sink(&target.name, kind, &target.parents, sink.clone().factory(destination.clone()))
        };
        plan.add(name, parents, Role::Other, Arc::new(write));
    }
}

fn type_name_of<T>(_: &T) -> &'static str {
    std::any::type_name::<T>()
}

/// Where a sink writes.
pub(crate) enum Destination<K, V> {
    Fixed(Arc<str>),
    /// The closure, and what `describe()` calls it.
    Computed(TopicChooser<K, V>, Arc<str>),
}

impl<K, V> Destination<K, V> {
    pub fn computed(choose: impl Fn(&K, &V, &RecordContext<'_>) -> String + Send + Sync + 'static, produced: &Produced<K, V>) -> Self {
        let name = produced.extractor_name.clone().unwrap_or_else(|| type_name_of(&choose).into());
        Destination::Computed(Arc::new(choose), name)
    }
}

impl<K, V> Clone for Destination<K, V> {
    fn clone(&self) -> Self {
        match self {
            Destination::Fixed(topic) => Destination::Fixed(topic.clone()),
            Destination::Computed(choose, name) => Destination::Computed(choose.clone(), name.clone()),
        }
    }
}

/// What all sinks of one node share.
pub(crate) struct SinkSpec<K, V> {
    pub key_serde: Arc<dyn Serde<K>>,
    pub value_serde: Arc<dyn Serde<V>>,
    pub partitioner: Option<StreamPartitioner<K, V>>,
    /// The bytes that travel with the key are those that the key's serde would write.
    pub pass_key: bool,
    /// Of a repartition topic without a null-key-relaxed join behind it: records without a key are of no use there.
    pub drop_null_keys: bool,
    /// Of a repartition topic: the partition goes by the whole key, windows included, as in Java.
    pub is_repartition: bool,
}

impl<K, V> Clone for SinkSpec<K, V> {
    fn clone(&self) -> Self {
        SinkSpec {
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone(),
            partitioner: self.partitioner.clone(),
            ..*self
        }
    }
}

impl<K: Data, V: Data> SinkSpec<K, V> {
    /// Full names are known only when a task is made: an internal topic carries the application's id.
    pub fn factory(self, destination: Destination<K, V>) -> Arc<dyn crate::exec::NodeFactory> {
        self.factory_with(destination, |name, _| name.into())
    }

    pub fn factory_with(
        self,
        destination: Destination<K, V>,
        full_name: impl Fn(&str, &str) -> String + Send + Sync + 'static,
    ) -> Arc<dyn crate::exec::NodeFactory> {
        terminal(Box::new(move |env: &mut GraphEnv<'_>| {
            let target = match &destination {
                Destination::Fixed(topic) => {
                    let name: Arc<str> = full_name(topic, env.application_id()).into();
                    let topic = env.collector().topic(&name)?;
                    To::Fixed { topic, name }
                }
                Destination::Computed(choose, _) => To::Computed(choose.clone()),
            };
            Ok(Box::new(Sink { name: env.node_name(), to: target, spec: self.clone(), key_buf: Vec::new(), value_buf: Vec::new() })
                as Edge<K, V>)
        }))
    }
}

enum To<K, V> {
    Fixed { topic: OutTopic, name: Arc<str> },
    Computed(TopicChooser<K, V>),
}

struct Sink<K, V> {
    name: Arc<str>,
    to: To<K, V>,
    spec: SinkSpec<K, V>,
    key_buf: Vec<u8>,
    value_buf: Vec<u8>,
}

impl<K: Data, V: Data> Process<K, V> for Sink<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let chosen;
        let (topic, topic_name): (OutTopic, &str) = match &self.to {
            To::Fixed { topic, name } => (*topic, name),
            To::Computed(choose) => {
                chosen = choose(&key, &value, &RecordContext::of(cx, meta));
                (cx.out.topic(&chosen).map_err(|e| e.at(format!("node {}", self.name)))?, &chosen)
            }
        };
        let serde_cx = SerdeContext { topic: topic_name, headers: meta.headers };
        let key_bytes = match meta.key_bytes {
            Some(bytes) if self.spec.pass_key => Some(bytes),
            _ => {
                self.key_buf.clear();
                match self.spec.key_serde.serialize(&serde_cx, &key, &mut self.key_buf) {
                    Ok(Wrote::Bytes) => Some(&*self.key_buf),
                    Ok(Wrote::Null) => None,
                    Err(error) => return cx.serialization_error(&self.name, topic_name, ProductionStage::Key, cx.origin, error),
                }
            }
        };
        if key_bytes.is_none() && self.spec.drop_null_keys {
            cx.dropped(&self.name, DropReason::NullKey);
            return Ok(());
        }
        self.value_buf.clear();
        let value_bytes = match self.spec.value_serde.serialize(&serde_cx, &value, &mut self.value_buf) {
            Ok(Wrote::Bytes) => Some(&*self.value_buf),
            Ok(Wrote::Null) => None,
            Err(error) => return cx.serialization_error(&self.name, topic_name, ProductionStage::Value, cx.origin, error),
        };
        let by_key = match key_bytes {
            Some(bytes) if !self.spec.is_repartition => SendTo::HashOf(self.spec.key_serde.partition_bytes(bytes)),
            _ => SendTo::KeyHash,
        };
        let partitions = cx.out.partitions(topic);
        let mut send = |to| cx.out.send(topic, to, key_bytes, value_bytes, meta.timestamp, meta.headers);
        let sent = match &self.spec.partitioner {
            None => send(by_key),
            Some(partitioner) => match partitioner(topic_name, meta.headers, &key, &value, partitions) {
                Partitions::ByKey => send(by_key),
                Partitions::One(partition) => send(SendTo::Partition(partition)),
                Partitions::Many(mut list) if !list.is_empty() => {
                    list.sort_unstable();
                    list.dedup();
                    list.into_iter().try_for_each(|partition| send(SendTo::Partition(partition)))
                }
                Partitions::Many(_) | Partitions::Nowhere => {
                    cx.dropped(&self.name, DropReason::NoPartition);
                    Ok(())
                }
            },
        };
        sent.map_err(|e| e.at(format!("node {}", self.name)))
    }
}

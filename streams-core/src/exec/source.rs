//! Source nodes: from bytes to typed records.

use super::cx::{Cx, Meta};
use super::edge::{Edge, ErasedEdge};
use super::env::GraphEnv;
use super::graph::{Built, NodeFactory, Types};
use crate::cluster::RawRecord;
use crate::metrics::NodeMetrics;
use crate::{Data, Headers, Result};
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext};

/// A source node, its types forgotten.
pub(crate) trait SourceNode {
    fn accept(&mut self, cx: &mut Cx, record: &RawRecord<'_>, headers: &Headers, timestamp: i64) -> Result<()>;
}

/// A source node whose records are counted.
pub(super) struct CountedSource {
    pub metrics: Arc<NodeMetrics>,
    pub source: Box<dyn SourceNode>,
}

impl SourceNode for CountedSource {
    fn accept(&mut self, cx: &mut Cx, record: &RawRecord<'_>, headers: &Headers, timestamp: i64) -> Result<()> {
        self.metrics.records_processed.add(1);
        self.source.accept(cx, record, headers, timestamp)
    }
}

pub(crate) struct SourceFactory<K, V> {
    pub key_serde: Arc<dyn Serde<K>>,
    pub value_serde: Arc<dyn Serde<V>>,
}

impl<K: Data, V: Data> NodeFactory for SourceFactory<K, V> {
    fn input(&self) -> Option<Types> {
        None
    }
    fn output(&self) -> Option<Types> {
        Some(Types::of::<K, V>())
    }
    fn build(&self, env: &mut GraphEnv<'_>, next: Vec<ErasedEdge>) -> Result<Built> {
        Ok(Built::Source(Box::new(Source {
            name: env.node_name(),
            pass_key: self.key_serde.canonical_id().is_some(),
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone(),
            next: ErasedEdge::join::<K, V>(next),
        })))
    }
}

struct Source<K, V> {
    name: Arc<str>,
    key_serde: Arc<dyn Serde<K>>,
    value_serde: Arc<dyn Serde<V>>,
    pass_key: bool,
    next: Edge<K, V>,
}

impl<K: 'static, V: 'static> SourceNode for Source<K, V> {
    fn accept(&mut self, cx: &mut Cx, record: &RawRecord<'_>, headers: &Headers, timestamp: i64) -> Result<()> {
        let topic = cx.inputs.get(cx.origin.source as usize).map_or("", |input| &*input.topic);
        let serde_cx = SerdeContext { topic, headers };
        let key = match self.key_serde.deserialize(&serde_cx, record.key) {
            Ok(key) => key,
            Err(error) => return cx.undecodable(&self.name, "key", record, headers, error),
        };
        let value = match self.value_serde.deserialize(&serde_cx, record.value) {
            Ok(value) => value,
            Err(error) => return cx.undecodable(&self.name, "value", record, headers, error),
        };
        let key_bytes = if self.pass_key { record.key } else { None };
        self.next.process(cx, key, value, &Meta { timestamp, key_bytes, headers })
    }
}

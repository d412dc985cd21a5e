//! From a change of a row to the changes of the groups that it leaves and enters.

use super::change_serde::ChangeSerde;
use crate::config::UpgradeFrom;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, NodeFactory, OutTopic, Process, SendTo, operator, terminal};
use crate::handlers::ProductionStage;
use crate::topology::TopicName;
use crate::{BoxError, Change, Data, Result};
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// Key and value of a row in its group.
pub(crate) type Selector<K, V, KO, VO> = Arc<dyn Fn(&K, &V) -> Result<(KO, VO), BoxError> + Send + Sync>;

/// What a row was in its group, and what it is now.
#[derive(Clone)]
struct Moved<KO, VO> {
    old: Option<(KO, VO)>,
    new: Option<(KO, VO)>,
}

/// Of a versioned table only the newest rows are in groups. The group's key, which is not known before the sink, stands in the value.
pub(crate) fn select_factory<KO: Data, VO: Data, K: Data, V: Data>(
    select: Selector<K, V, KO, VO>,
    versioned: bool,
) -> Arc<dyn NodeFactory> {
    operator::<K, Change<V>, (), Moved<KO, VO>>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        Ok(Box::new(Select { name: env.node_name(), select: select.clone(), versioned, next }) as Edge<K, Change<V>>)
    }))
}

struct Select<K, V, KO, VO> {
    name: Arc<str>,
    select: Selector<K, V, KO, VO>,
    /// Changes that came out of order are left out: groups are made of the newest rows. Java does not count them.
    versioned: bool,
    next: Edge<(), Moved<KO, VO>>,
}

impl<K: Data, V: Data, KO: Data, VO: Data> Process<K, Change<V>> for Select<K, V, KO, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V>, meta: &Meta<'_>) -> Result<()> {
        if self.versioned && !change.is_latest {
            return Ok(());
        }
        let new = match change.new.as_ref().map(|value| (self.select)(&key, value)).transpose() {
            Ok(new) => new,
            Err(error) => {
                cx.user_error(&self.name, error)?;
                None
            }
        };
        // a row whose selection failed was told of when it came, and is in no group
        let old = change.old.as_ref().and_then(|value| (self.select)(&key, value).ok());
        if new.is_none() && old.is_none() {
            return Ok(());
        }
        self.next.process(cx, (), Moved { old, new }, &meta.with_new_key())
    }
}

/// Writes what [`select_factory`] gives to the repartition topic.
pub(super) fn sink_factory<KO: Data, VO: Data>(
    topic: TopicName,
    keys: Arc<dyn Serde<KO>>,
    values: Arc<ChangeSerde<VO>>,
) -> Arc<dyn NodeFactory> {
    terminal::<(), Moved<KO, VO>>(Box::new(move |env: &mut GraphEnv<'_>| {
        let topic_name = topic.resolve(env.application_id());
        let topic = env.collector().topic(&topic_name)?;
        let (keys, values) = (keys.clone(), values.clone());
        let (old_key, new_key, bytes) = (Vec::new(), Vec::new(), Vec::new());
        // versions before 3.5 cannot read records of both values
        let apart = env.facts().upgrades_from(UpgradeFrom::V3_4);
        Ok(Box::new(ChangeSink { name: env.node_name(), topic, topic_name, apart, keys, values, old_key, new_key, bytes })
            as Edge<(), Moved<KO, VO>>)
    }))
}

struct ChangeSink<KO, VO> {
    name: Arc<str>,
    topic: OutTopic,
    topic_name: Arc<str>,
    /// Old and new value are never in one record.
    apart: bool,
    keys: Arc<dyn Serde<KO>>,
    values: Arc<ChangeSerde<VO>>,
    old_key: Vec<u8>,
    new_key: Vec<u8>,
    bytes: Vec<u8>,
}

impl<KO: Data, VO: Data> Process<(), Moved<KO, VO>> for ChangeSink<KO, VO> {
    fn process(&mut self, cx: &mut Cx, (): (), moved: Moved<KO, VO>, meta: &Meta<'_>) -> Result<()> {
        let (mut old_key, mut new_key) = (std::mem::take(&mut self.old_key), std::mem::take(&mut self.new_key));
        let sent = self.send_moved(cx, moved, meta, &mut old_key, &mut new_key);
        (self.old_key, self.new_key) = (old_key, new_key);
        sent
    }
}

impl<KO: Data, VO: Data> ChangeSink<KO, VO> {
    fn send_moved(
        &mut self,
        cx: &mut Cx,
        moved: Moved<KO, VO>,
        meta: &Meta<'_>,
        old_key: &mut Vec<u8>,
        new_key: &mut Vec<u8>,
    ) -> Result<()> {
        let old = self.with_key(cx, moved.old, meta, old_key)?;
        let new = self.with_key(cx, moved.new, meta, new_key)?;
        // keys are equal where their bytes are; then one record is enough, and the aggregate is changed once (KIP-904)
        if !self.apart && old.is_some() && new.is_some() && old_key == new_key {
            return self.send(cx, new_key, &Change { old, new, is_latest: true }, meta);
        }
        // the old one first: within one partition a value leaves its group before it comes again
        if old.is_some() {
            self.send(cx, old_key, &Change { old, new: None, is_latest: true }, meta)?;
        }
        if new.is_some() {
            self.send(cx, new_key, &Change { old: None, new, is_latest: true }, meta)?;
        }
        Ok(())
    }

    /// The value, with its key's bytes in `out`; `None` where there is none or the key cannot be written.
    fn with_key(&self, cx: &mut Cx, row: Option<(KO, VO)>, meta: &Meta<'_>, out: &mut Vec<u8>) -> Result<Option<VO>> {
        let Some((key, value)) = row else { return Ok(None) };
        out.clear();
        match self.keys.serialize(&SerdeContext { topic: &self.topic_name, headers: meta.headers }, &key, out) {
            Ok(Wrote::Bytes) => Ok(Some(value)),
            Ok(Wrote::Null) => {
                cx.dropped(&self.name, DropReason::NullKey);
                Ok(None)
            }
            Err(error) => {
                cx.serialization_error(&self.name, &self.topic_name, ProductionStage::Key, cx.origin, error)?;
                Ok(None)
            }
        }
    }

    fn send(&mut self, cx: &mut Cx, key: &[u8], change: &Change<VO>, meta: &Meta<'_>) -> Result<()> {
        self.bytes.clear();
        let serde_cx = SerdeContext { topic: &self.topic_name, headers: meta.headers };
        if let Err(error) = self.values.serialize(&serde_cx, change, &mut self.bytes) {
            return cx.serialization_error(&self.name, &self.topic_name, ProductionStage::Value, cx.origin, error);
        }
        cx.out
            .send(self.topic, SendTo::KeyHash, Some(key), Some(&self.bytes), meta.timestamp, meta.headers)
            .map_err(|e| e.at(format!("node {}", self.name)))
    }
}

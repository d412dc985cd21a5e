//! Buffers of records that wait, described.

use super::key_value::check_name;
use super::{Common, OpenEnv, StoreKind, StoreSupplier, StoreType, common_answers, millis};
use crate::Result;
use crate::keys::Segments;
use crate::serde::Serde;
use crate::store::StateStore;
use crate::typed::RecordBuffer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Describes a [`RecordBuffer`]; made by [`Stores::record_buffer`](super::Stores::record_buffer).
#[must_use]
pub struct RecordBufferBuilder<K, V> {
    common: Common<K, V>,
    serde_topic: Arc<str>,
    grace: i64,
}

/// All rows lie in one segment, as in Java.
const SEGMENT: Option<Segments> = Some(Segments { interval: i64::MAX, suffix: None, read_by_row: true });

impl<K: 'static, V: 'static> RecordBufferBuilder<K, V> {
    pub(super) fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>, serde_topic: Arc<str>, grace: Duration) -> Self {
        let common = Common { timestamped: false, ..Common::new(name, keys, values) };
        RecordBufferBuilder { common, serde_topic, grace: millis(grace) }
    }

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a name that cannot be part of a topic's.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.common.name)?;
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: 'static> StoreSupplier for RecordBufferBuilder<K, V> {
    common_answers!();

    /// The changelog is that of a point store.
    fn kind(&self) -> StoreKind {
        StoreKind::KeyValue
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, SEGMENT)
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let engine = self.common.engine(env, SEGMENT)?;
        Ok(Box::new(RecordBuffer::open(self.common.parts(env, engine), self.serde_topic.clone(), self.grace)))
    }
}

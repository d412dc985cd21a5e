//! Buffers of suppressed tables described.

use super::key_value::check_name;
use super::{OpenEnv, StoreKind, StoreSupplier, StoreType};
use crate::Result;
use crate::buffer::{BufferParts, ChangeBuffer};
use crate::serde::Serde;
use crate::store::StateStore;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Describes a [`ChangeBuffer`]; made by [`Stores::change_buffer`](super::Stores::change_buffer).
#[must_use]
pub struct ChangeBufferBuilder<K, V> {
    name: Arc<str>,
    keys: Arc<dyn Serde<K>>,
    values: Arc<dyn Serde<V>>,
    logging: Option<BTreeMap<String, String>>,
}

impl<K: 'static, V: Send + 'static> ChangeBufferBuilder<K, V> {
    pub(super) fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>) -> Self {
        ChangeBufferBuilder { name, keys, values, logging: Some(BTreeMap::new()) }
    }

    /// Configs for the changelog topic; `None` writes none, so that what is held back is lost with the process. Default: logged, no configs.
    pub fn logging(mut self, configs: Option<BTreeMap<String, String>>) -> Self {
        self.logging = configs;
        self
    }

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a name that cannot be part of a topic's.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.name)?;
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: Send + 'static> StoreSupplier for ChangeBufferBuilder<K, V> {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn persistent(&self) -> bool {
        false
    }

    fn caching(&self) -> bool {
        false
    }

    fn logging(&self) -> Option<&BTreeMap<String, String>> {
        self.logging.as_ref()
    }

    /// The changelog is that of a point store.
    fn kind(&self) -> StoreKind {
        StoreKind::KeyValue
    }

    fn key_type(&self) -> StoreType {
        StoreType::of::<K>()
    }

    fn value_type(&self) -> StoreType {
        StoreType::of::<V>()
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        Ok(Box::new(ChangeBuffer::open(BufferParts {
            name: self.name.clone(),
            topic: env.changelog_topic.clone(),
            partition: env.partition,
            keys: self.keys.clone(),
            values: self.values.clone(),
        })))
    }
}

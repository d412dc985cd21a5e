//! Session stores described.

use super::key_value::check_name;
use super::{Common, OpenEnv, StoreKind, StoreSupplier, StoreType, common_answers, common_settings, millis};
use crate::Result;
use crate::serde::Serde;
use crate::store::StateStore;
use crate::typed::{SessionShape, SessionStore};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Describes a [`SessionStore`]; made by [`Stores::session`](super::Stores::session).
#[must_use]
pub struct SessionStoreBuilder<K, V> {
    common: Common<K, V>,
    shape: SessionShape,
}

impl<K: 'static, V: Clone + Send + 'static> SessionStoreBuilder<K, V> {
    pub(super) fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>, retention: Duration) -> Self {
        // a session's end is its time: rows have no other
        let common = Common { timestamped: false, ..Common::new(name, keys, values) };
        SessionStoreBuilder { common, shape: SessionShape { retention: millis(retention) } }
    }

    common_settings!();

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a name that cannot be part of a topic's and a directory's.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.common.name)?;
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: Clone + Send + 'static> StoreSupplier for SessionStoreBuilder<K, V> {
    common_answers!();

    fn kind(&self) -> StoreKind {
        StoreKind::Session { retention_ms: self.shape.retention }
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, Some(self.shape.segment_interval()))
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let engine = self.common.engine(env, Some(self.shape.segment_interval()))?;
        Ok(Box::new(SessionStore::open(self.common.parts(env, engine), self.shape)))
    }
}

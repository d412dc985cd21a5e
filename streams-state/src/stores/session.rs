//! Session stores described.

use super::key_value::check_name;
use super::{Common, OpenEnv, StoreKind, StoreSupplier, StoreType, common_answers, common_settings, headers_setting, millis};
use crate::Result;
use crate::keys::time_first::TimeFirst;
use crate::keys::{Segments, Suffix};
use crate::serde::Serde;
use crate::store::StateStore;
use crate::time_first::TimeFirstEngine;
use crate::typed::{Layout, SessionShape, SessionStore, StoreParts, WithHeaders};
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
    headers_setting!(SessionStoreBuilder { shape }, "sessionStoreWithHeadersBuilder", "persistentSessionStoreWithHeaders");

    /// Lays rows out by time first, so that [`cursor_by_end`](SessionStore::cursor_by_end) finds the sessions that close without looking at others,
    /// with an index that finds the sessions of one key as fast. Default: by key. Changelogs are the same.
    #[doc(alias = "RocksDbTimeOrderedSessionBytesStoreSupplier")]
    pub fn time_first(mut self) -> Self {
        self.common.time_first = Some(TimeFirst::SESSION);
        self
    }

    fn segments(&self) -> Segments {
        let suffix = if self.common.time_first.is_some() { None } else { Some(Suffix::Session) };
        Segments { interval: self.shape.segment_interval(), suffix, read_by_row: true }
    }

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a name that cannot be part of a topic's and a directory's, and for headers in a store
    /// that lies by time.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.common.name)?;
        self.common.check_headers(false)?;
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: Clone + Send + 'static> StoreSupplier for SessionStoreBuilder<K, V> {
    common_answers!();

    fn kind(&self) -> StoreKind {
        StoreKind::Session { retention_ms: self.shape.retention }
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, Some(self.segments()))
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let segments = self.segments();
        let mut engine = self.common.engine(env, Some(segments))?;
        // Java's store in memory walks in another order
        let form = self.common.time_first.map(|form| if self.common.in_memory { TimeFirst::SESSION_IN_MEMORY } else { form });
        if let Some(form) = form {
            engine = Box::new(TimeFirstEngine::new(engine, form, segments.interval, true));
        }
        let engine = self.common.locked(env, engine, Layout::session(segments.interval));
        let parts = StoreParts { time_first: form, ..self.common.parts(env, engine) };
        let store = SessionStore::open(parts, self.shape);
        Ok(Box::new(if env.is_global() { store.shared()? } else { store }))
    }
}

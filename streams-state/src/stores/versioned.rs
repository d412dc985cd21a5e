//! Versioned stores described.

use super::key_value::check_name;
use super::{Common, OpenEnv, StoreKind, StoreSupplier, StoreType, common_answers, common_settings, millis};
use crate::serde::Serde;
use crate::store::StateStore;
use crate::typed::{Layout, VersionedShape, VersionedStore};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Describes a [`VersionedStore`]; made by [`Stores::versioned_key_value`](super::Stores::versioned_key_value).
#[must_use]
#[doc(alias = "VersionedBytesStoreSupplier")]
pub struct VersionedStoreBuilder<K, V> {
    common: Common<K, V>,
    shape: VersionedShape,
}

impl<K: 'static, V: Clone + Send + 'static> VersionedStoreBuilder<K, V> {
    pub(super) fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>, history_retention: Duration) -> Self {
        let retention = millis(history_retention);
        let shape = VersionedShape { retention, interval: default_interval(retention) };
        VersionedStoreBuilder { common: Common { timestamped: false, ..Common::new(name, keys, values) }, shape }
    }

    common_settings!();

    /// The span of time whose versions lie, and expire, together. Short segments are many, and long ones have long rows and keep versions for
    /// longer than the history retention. Default: from a third of a history retention of seconds to a 24th of one of days.
    #[doc(alias = "segmentInterval")]
    pub fn segment_interval(mut self, interval: Duration) -> Self {
        self.shape.interval = millis(interval);
        self
    }

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a name that cannot be part of a topic's and a directory's, for caching, and for a segment interval of less
    /// than a millisecond.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        let name = &self.common.name;
        check_name(name)?;
        if self.common.caching {
            return Err(Error::new(ErrorKind::Invalid, format!("versioned store {name} cannot be cached: leave `caching` out")));
        }
        if self.shape.interval < 1 {
            let message = format!("versioned store {name}: its segment interval must be a millisecond or more");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        Ok(Arc::new(self))
    }
}

/// Java's: few segments of a short history, and of a long one no more than are read at once.
fn default_interval(retention: i64) -> i64 {
    const SECOND: i64 = 1_000;
    const MINUTE: i64 = 60 * SECOND;
    let (parts, least) = if retention <= MINUTE {
        (3, 2 * SECOND)
    } else if retention <= 5 * MINUTE {
        (5, 20 * SECOND)
    } else if retention <= 60 * MINUTE {
        (12, MINUTE)
    } else {
        (24, 5 * MINUTE)
    };
    (retention / parts).max(least)
}

impl<K: 'static, V: Clone + Send + 'static> StoreSupplier for VersionedStoreBuilder<K, V> {
    common_answers!();

    fn kind(&self) -> StoreKind {
        StoreKind::Versioned { history_retention_ms: self.shape.retention }
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, None)
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let engine = self.common.locked(env, self.common.engine(env, None)?, Layout::POINT);
        let store = VersionedStore::open(self.common.parts(env, engine), self.shape);
        Ok(Box::new(if env.is_global() { store.shared()? } else { store }))
    }
}

#[cfg(test)]
mod tests {
    use super::default_interval;

    #[test]
    fn default_segments_are_javas() {
        let minutes = |n: i64| n * 60_000;
        for (retention, interval) in [
            (0, 2_000),
            (minutes(1), 20_000),
            (minutes(2), 24_000),
            (minutes(5), minutes(1)),
            (minutes(6), minutes(1)),
            (minutes(60), minutes(5)),
            (minutes(61), minutes(5)),
            (minutes(24 * 60), minutes(60)),
        ] {
            assert_eq!(default_interval(retention), interval, "{retention} ms");
        }
    }
}

//! Point stores described.

use super::{
    Common, OpenEnv, StoreKind, StoreSupplier, StoreType, Stores, common_answers, common_settings, headers_setting, plain_setting,
};
use crate::serde::{DefaultSerde, Serde};
use crate::store::StateStore;
use crate::typed::{KvStore, Limit, WithHeaders};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Describes a [`KvStore`]; made by [`Stores::key_value`](super::Stores::key_value).
#[must_use]
pub struct KeyValueStoreBuilder<K, V> {
    common: Common<K, V>,
    limit: Option<Limit>,
}

impl<K: 'static, V: Clone + Send + 'static> KeyValueStoreBuilder<K, V> {
    pub(super) fn new(name: Arc<str>, keys: Arc<dyn Serde<K>>, values: Arc<dyn Serde<V>>) -> Self {
        KeyValueStoreBuilder { common: Common::new(name, keys, values), limit: None }
    }

    pub(super) fn at_most(mut self, keys: usize) -> Self {
        (self.common.in_memory, self.limit) = (true, Some(Limit { most: keys, logged: true }));
        self
    }

    /// So many keys at most, in memory, as [`Stores::lru_map_store`] describes it: what goes is not deleted in the changelog.
    pub fn at_most_unlogged(mut self, keys: usize) -> Self {
        (self.common.in_memory, self.limit) = (true, Some(Limit { most: keys, logged: false }));
        self
    }

    common_settings!();
    plain_setting!();
    headers_setting!(
        KeyValueStoreBuilder { limit },
        "timestampedKeyValueStoreWithHeadersBuilder",
        "persistentTimestampedKeyValueStoreWithHeaders"
    );

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a name that cannot be part of a topic's and a directory's, for a limit of no keys, and for a plain store with
    /// headers.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.common.name)?;
        self.common.check_headers(true)?;
        if self.limit.is_some_and(|limit| limit.most == 0) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("store {} may have no key at all: let it have one at least", self.common.name),
            ));
        }
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: Clone + Send + 'static> StoreSupplier for KeyValueStoreBuilder<K, V> {
    common_answers!();

    fn kind(&self) -> StoreKind {
        StoreKind::KeyValue
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, None)
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let engine = self.common.engine(env, None)?;
        Ok(Box::new(KvStore::open(self.common.parts(env, engine), self.limit)))
    }
}

impl Stores {
    /// One value per key, for so many keys at most (one at least): when there is one more, the key that was used longest ago is deleted, without
    /// anything being said but in the changelog. Reads by key are uses, walks are not. Always in memory. After a restart the order is that of
    /// the last writes. With a record cache keys go when it is flushed; until then the cache has its own beside them. Tables have
    /// [`lru_map_store`](Self::lru_map_store).
    #[doc(alias = "lruMap")]
    pub fn lru_map<K: DefaultSerde, V: DefaultSerde + Clone + Send>(
        name: impl Into<Arc<str>>,
        most_keys: usize,
    ) -> KeyValueStoreBuilder<K, V> {
        Stores::key_value(name).at_most(most_keys)
    }

    /// [`lru_map`](Self::lru_map) with serdes of your own.
    pub fn lru_map_with<K: 'static, V: Clone + Send + 'static>(
        name: impl Into<Arc<str>>,
        most_keys: usize,
        keys: impl Serde<K>,
        values: impl Serde<V>,
    ) -> KeyValueStoreBuilder<K, V> {
        Stores::key_value_with(name, keys, values).at_most(most_keys)
    }
}

/// Java's rule for names that become part of a topic's.
pub(super) fn check_name(name: &str) -> Result<()> {
    let wrong = match name {
        "" => "is empty",
        "." | ".." => "cannot be \".\" or \"..\"",
        _ if name.len() > 249 => "is longer than 249 characters",
        _ if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) => {
            "may only have the characters a-z, A-Z, 0-9, '.', '_' and '-'"
        }
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Invalid, format!("store name {name:?} {wrong}")))
}

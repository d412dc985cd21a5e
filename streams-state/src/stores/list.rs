//! List stores described.

use super::key_value::check_name;
use super::{Common, OpenEnv, StoreKind, StoreSupplier, StoreType, common_answers, common_settings};
use crate::serde::Serde;
use crate::store::StateStore;
use crate::typed::ListStore;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Describes a [`ListStore`].
#[must_use]
#[doc(alias = "ListValueStoreBuilder")]
pub struct ListStoreBuilder<K, V> {
    common: Common<K, V>,
}

impl<K: 'static, V: 'static> ListStoreBuilder<K, V> {
    /// Lists of values by key. They keep no times and cannot be cached.
    pub fn new(name: impl Into<Arc<str>>, keys: impl Serde<K>, values: impl Serde<V>) -> Self {
        ListStoreBuilder { common: Common::new(name.into(), Arc::new(keys), Arc::new(values)) }.plain()
    }

    common_settings!();

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a name that cannot be part of a topic's and a directory's, and for caching.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.common.name)?;
        if self.common.caching {
            return Err(Error::new(ErrorKind::Invalid, format!("list store {} cannot be cached", self.common.name)));
        }
        Ok(Arc::new(self))
    }
}

impl<K: 'static, V: 'static> StoreSupplier for ListStoreBuilder<K, V> {
    common_answers!();

    fn kind(&self) -> StoreKind {
        StoreKind::KeyValue
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.common.destroy(env, None)
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let engine = self.common.engine(env, None)?;
        Ok(Box::new(ListStore::open(self.common.parts(env, engine))))
    }
}

//! Stores of the user's own kind described.

use super::key_value::check_name;
use super::{OpenEnv, StoreKind, StoreSupplier, StoreType};
use crate::own::{Make, OwnState, OwnStore, OwnStoreContext, delete};
use crate::store::StateStore;
use crate::{BoxError, Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Describes an [`OwnStore`]; made by [`Stores::own`](super::Stores::own).
#[must_use]
pub struct OwnStoreBuilder<S> {
    name: Arc<str>,
    make: Make<S>,
    persistent: bool,
    logging: Option<BTreeMap<String, String>>,
}

impl<S: OwnStore> OwnStoreBuilder<S> {
    pub(super) fn new(name: Arc<str>, make: impl Fn(&OwnStoreContext) -> Result<S, BoxError> + Send + Sync + 'static) -> Self {
        OwnStoreBuilder { name, make: Arc::new(make), persistent: false, logging: Some(BTreeMap::new()) }
    }

    /// The store keeps files, and gets a directory for them: see [`OwnStoreContext::directory`]. Exactly once, tasks then wait for each commit,
    /// so that all that the store has is committed when it is told so. Default: it keeps none.
    pub fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }

    /// Configs for the changelog topic, such as `min.insync.replicas`, beside `cleanup.policy=compact`. Default: none.
    #[doc(alias = "withLoggingEnabled")]
    pub fn logging(mut self, configs: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.logging = Some(configs.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
        self
    }

    /// Writes no changelog: what is lost with the files, or with the process where it keeps none, stays lost; and so does everything, where it
    /// keeps none, when a commit comes to nothing. Default: logged.
    #[doc(alias = "withLoggingDisabled")]
    pub fn without_logging(mut self) -> Self {
        self.logging = None;
        self
    }

    /// The store's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The finished description.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a name that cannot be part of a topic's and a directory's, and for `rocksdb` where the store keeps files: that
    /// directory is taken.
    pub fn build(self) -> Result<Arc<dyn StoreSupplier>> {
        check_name(&self.name)?;
        if self.persistent && &*self.name == "rocksdb" {
            let message = "a store with files of its own cannot have the name \"rocksdb\": other stores lie in that directory";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        Ok(Arc::new(self))
    }

    fn directory(&self, env: &OpenEnv) -> Option<PathBuf> {
        Some(env.task_dir.as_ref().filter(|_| self.persistent)?.join(&*self.name))
    }
}

impl<S: OwnStore> StoreSupplier for OwnStoreBuilder<S> {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn persistent(&self) -> bool {
        self.persistent
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
        StoreType::of::<()>()
    }

    fn value_type(&self) -> StoreType {
        StoreType::of::<S>()
    }

    fn commits_whole(&self) -> bool {
        self.persistent
    }

    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>> {
        let context = OwnStoreContext { name: self.name.clone(), partition: env.partition, directory: self.directory(env) };
        Ok(Box::new(OwnState::open(context, self.make.clone(), self.logging.is_some())?))
    }

    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        self.directory(env).map_or(Ok(()), |path| delete(&path))
    }
}

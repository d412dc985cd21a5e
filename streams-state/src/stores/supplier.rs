//! The description of a store as a topology sees it, whatever its kind.

use crate::store::StateStore;
use crate::{Result, SharedResources};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a store keeps: decides the configs of its changelog topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreKind {
    /// One value per key.
    KeyValue,
    /// Values by key and time.
    Versioned {
        /// Milliseconds of stream time for which versions are kept.
        history_retention_ms: i64,
    },
    /// Values by key and window start.
    Window {
        /// Milliseconds of stream time for which windows are kept.
        retention_ms: i64,
    },
    /// Values by key, session start and session end.
    Session {
        /// Milliseconds of stream time for which sessions are kept.
        retention_ms: i64,
    },
}

/// A type as the topology compares and names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreType {
    /// Tells types apart.
    pub id: TypeId,
    /// Names the type in messages.
    pub name: &'static str,
}

impl StoreType {
    /// The type `T`.
    pub fn of<T: 'static>() -> Self {
        StoreType { id: TypeId::of::<T>(), name: std::any::type_name::<T>() }
    }
}

/// What a store of one task is opened with.
#[derive(Clone, Debug)]
pub struct OpenEnv {
    /// The task's directory; `None` keeps every store in memory, as test drivers do.
    pub task_dir: Option<PathBuf>,
    /// The changelog topic: serdes are told it, and a durable store keeps its offset under the name. Give the name that the topic would have
    /// even where the store is not logged.
    pub changelog_topic: Arc<str>,
    /// The task's partition; [`GLOBAL`](Self::GLOBAL) for a store that has all partitions of its topic, which `changelog_topic` names.
    pub partition: i32,
    /// What the process's stores share.
    pub shared: SharedResources,
}

impl OpenEnv {
    /// The partition of the global task, as Java numbers it: its stores are read by other threads while they are written.
    pub const GLOBAL: i32 = -1;

    pub(super) fn is_global(&self) -> bool {
        self.partition == Self::GLOBAL
    }
}

/// The description of a store: opens it for one task after another.
pub trait StoreSupplier: Send + Sync {
    /// The store's name, unique in its topology.
    fn name(&self) -> &Arc<str>;

    /// Whether rows outlive the process.
    fn persistent(&self) -> bool;

    /// Whether it named no engine, so that the application's default decides: see `default_engine` of the builders.
    fn has_default_engine(&self) -> bool {
        false
    }

    /// Whether changes wait in the record cache.
    fn caching(&self) -> bool;

    /// Configs for the changelog topic beside those that [`kind`](Self::kind) demands; `None` where nothing is logged.
    fn logging(&self) -> Option<&BTreeMap<String, String>>;

    /// What it keeps.
    fn kind(&self) -> StoreKind;

    /// Type of the keys.
    fn key_type(&self) -> StoreType;

    /// Type of the values.
    fn value_type(&self) -> StoreType;

    /// Whether a commit takes all that the store has: it must not change between the two halves of one.
    fn commits_whole(&self) -> bool {
        false
    }

    /// Opens the store of one task: a [`KvStore`](crate::KvStore), [`WindowStore`](crate::WindowStore),
    /// [`SessionStore`](crate::SessionStore), [`VersionedStore`](crate::VersionedStore) or [`ListStore`](crate::ListStore) of the stated
    /// types, a [`ChangeBuffer`](crate::ChangeBuffer), a [`RecordBuffer`](crate::RecordBuffer) or an [`OwnState`](crate::OwnState).
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when directory or disk refuse, [`ErrorKind::Corrupted`](crate::ErrorKind::Corrupted) when
    /// the files there cannot be used: wipe the directory and restore. Both name the directory.
    fn open(&self, env: &OpenEnv) -> Result<Box<dyn StateStore>>;

    /// Deletes what [`open`](Self::open) would open, without opening it: the way out when the files are damaged. The store must be closed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when a directory cannot be deleted.
    fn destroy(&self, env: &OpenEnv) -> Result<()> {
        let _ = env;
        Ok(())
    }
}

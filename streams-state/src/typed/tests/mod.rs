use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, StateStore, StoreCounters};
use crate::*;
use std::sync::Arc;

mod key_value;
mod list;
mod lru;
mod model_duplicates;
mod model_headers;
mod model_key_value;
mod model_session;
mod model_versioned;
mod model_window;
mod readers;
mod record_buffer;
mod session;
mod versioned;
mod walks;
mod window;

/// A changelog that is a list.
#[derive(Default)]
pub(super) struct Log(pub Vec<(Vec<u8>, Option<Vec<u8>>, i64)>);

impl Changelog for Log {
    fn log(&mut self, id: ChangelogId, key: &[u8], value: Option<&[u8]>, timestamp: i64, _: &Headers) -> Result<()> {
        assert_eq!(id, ChangelogId(3));
        self.0.push((key.to_vec(), value.map(<[u8]>::to_vec), timestamp));
        Ok(())
    }
}

/// Where a model test keeps its store: in memory, where the changelog is all there is after a restart, or on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Memory,
    /// In memory, read by other threads.
    Shared,
    #[cfg(feature = "rocksdb")]
    Disk,
}

pub(super) const PLACES: &[Place] = &[
    Place::Memory,
    Place::Shared,
    #[cfg(feature = "rocksdb")]
    Place::Disk,
];

impl Place {
    /// A directory for the test and how to open stores in it.
    pub fn env(self, dir: &tempfile::TempDir) -> OpenEnv {
        let task_dir = (!self.is_memory()).then(|| dir.path().join("0_0"));
        let partition = if self == Place::Shared { OpenEnv::GLOBAL } else { 0 };
        OpenEnv { task_dir, partition, ..env() }
    }

    pub fn is_memory(self) -> bool {
        matches!(self, Place::Memory | Place::Shared)
    }
}

pub(super) fn open_in<S: 'static>(supplier: &dyn StoreSupplier, env: &OpenEnv) -> Box<S> {
    supplier.open(env).unwrap().into_any().downcast().ok().unwrap()
}

pub(super) fn env() -> OpenEnv {
    OpenEnv { task_dir: None, changelog_topic: "app-s-changelog".into(), partition: 0, shared: SharedResources::default() }
}

pub(super) fn open<S: 'static>(supplier: Result<Arc<dyn StoreSupplier>>) -> Box<S> {
    supplier.unwrap().open(&env()).unwrap().into_any().downcast().ok().unwrap()
}

pub(super) fn origin(offset: i64) -> Origin {
    Origin { source: 0, offset }
}

/// Applies what the changelog has beyond the store's offset.
pub(super) fn restore(store: &mut dyn StateStore, log: &Log) {
    let from = store.committed_offset().map_or(0, |offset| offset as usize + 1);
    let mut records = log.0.iter().zip(0..).skip(from).map(|((key, value, timestamp), offset)| ChangelogRecord {
        key,
        value: value.as_deref(),
        timestamp: *timestamp,
        offset,
        headers: &NO_HEADERS,
    });
    store.restore(&mut records, log.0.len() as i64).unwrap();
    store.settle().unwrap();
}

use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, StateStore};
use crate::*;
use std::sync::Arc;

mod key_value;
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

pub(super) fn env() -> OpenEnv {
    OpenEnv { task_dir: None, changelog_topic: "app-s-changelog".into(), partition: 0, shared: SharedResources::default() }
}

pub(super) fn open<S: 'static>(supplier: Result<Arc<dyn StoreSupplier>>) -> Box<S> {
    supplier.unwrap().open(&env()).unwrap().into_any().downcast().ok().unwrap()
}

pub(super) fn origin(offset: i64) -> Origin {
    Origin { source: 0, offset }
}

pub(super) fn restore(store: &mut dyn StateStore, log: &Log) {
    let mut records = log.0.iter().zip(0..).map(|((key, value, timestamp), offset)| ChangelogRecord {
        key,
        value: value.as_deref(),
        timestamp: *timestamp,
        offset,
        headers: &NO_HEADERS,
    });
    store.restore(&mut records, log.0.len() as i64).unwrap();
}

//! The rows of a buffer by key and by time, and the way back to the last commit.

use crate::typed::small::SmallBytes;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// A buffered change: when it is due by time, its bytes as in the changelog, and what they count for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub time: i64,
    pub bytes: Vec<u8>,
    pub size: u64,
}

/// What was done to a row since the last commit, or since the one under way began.
struct Change {
    /// The row before.
    before: Option<Row>,
    /// Whether the changelog has the row as it is now.
    logged: bool,
}

/// Kept beside the bytes of a change's key and rows.
const OVERHEAD: usize = size_of::<Change>() + size_of::<SmallBytes>();

type Changes = BTreeMap<SmallBytes, Change>;

#[derive(Default)]
pub(super) struct Rows {
    by_key: HashMap<SmallBytes, Row, RandomState>,
    by_time: BTreeSet<(i64, SmallBytes)>,
    size: u64,
    changes: Changes,
    /// Those of the commit under way.
    sealed: Option<Changes>,
    unlogged: usize,
    /// Bytes that `changes` and `sealed` keep in memory, with the changed rows.
    changed_bytes: usize,
    sealed_bytes: usize,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn get(&self, key: &[u8]) -> Option<&Row> {
        self.by_key.get(key)
    }

    /// The row that is due first: by time, then by the bytes of the key.
    pub fn first(&self) -> Option<(i64, &[u8])> {
        self.by_time.first().map(|(time, key)| (*time, &**key))
    }

    /// Whether something is not in the changelog yet.
    pub fn is_unlogged(&self) -> bool {
        self.unlogged > 0
    }

    pub fn uncommitted_bytes(&self) -> usize {
        self.changed_bytes + self.sealed_bytes
    }

    pub fn put(&mut self, key: &[u8], time: i64, bytes: &[u8], size: u64) {
        let Some(row) = self.by_key.get_mut(key) else {
            self.changed(key, None, bytes.len());
            self.insert(key.into(), Row { time, bytes: bytes.to_vec(), size });
            return;
        };
        self.size = self.size - row.size + size;
        if row.time != time {
            self.by_time.remove(&(row.time, key.into()));
            self.by_time.insert((time, key.into()));
        }
        if let Some(change) = self.changes.get_mut(key) {
            self.changed_bytes = self.changed_bytes - row.bytes.len() + bytes.len();
            self.unlogged += usize::from(std::mem::replace(&mut change.logged, false));
            (row.time, row.size) = (time, size);
            row.bytes.clear();
            row.bytes.extend_from_slice(bytes);
        } else {
            let before = std::mem::replace(row, Row { time, bytes: bytes.to_vec(), size });
            self.changed(key, Some(before), bytes.len());
        }
    }

    pub fn remove(&mut self, key: &[u8]) {
        let Some(row) = self.take(key) else { return };
        match self.changes.get_mut(key) {
            Some(change) => {
                self.changed_bytes -= row.bytes.len();
                self.unlogged += usize::from(std::mem::replace(&mut change.logged, false));
            }
            None => self.changed(key, Some(row), 0),
        }
    }

    fn changed(&mut self, key: &[u8], before: Option<Row>, now: usize) {
        if let Some(change) = self.changes.get_mut(key) {
            // it was removed since the last commit and comes again
            self.changed_bytes += now;
            self.unlogged += usize::from(std::mem::replace(&mut change.logged, false));
            return;
        }
        self.changed_bytes += OVERHEAD + key.len() + now + before.as_ref().map_or(0, |row| row.bytes.len());
        self.unlogged += 1;
        self.changes.insert(key.into(), Change { before, logged: false });
    }

    fn insert(&mut self, key: SmallBytes, row: Row) {
        self.size += row.size;
        self.by_time.insert((row.time, key.clone()));
        self.by_key.insert(key, row);
    }

    fn take(&mut self, key: &[u8]) -> Option<Row> {
        let row = self.by_key.remove(key)?;
        self.by_time.remove(&(row.time, key.into()));
        self.size -= row.size;
        Some(row)
    }

    /// Hands every change that the changelog does not have to `log`, by the order of keys: the row, or `None` where there is none any more.
    pub fn log<E>(&mut self, mut log: impl FnMut(&[u8], Option<&[u8]>) -> Result<(), E>) -> Result<(), E> {
        if self.unlogged == 0 {
            return Ok(());
        }
        for (key, change) in self.changes.iter_mut().filter(|(_, change)| !change.logged) {
            log(key, self.by_key.get(&**key).map(|row| &*row.bytes))?;
            change.logged = true;
            self.unlogged -= 1;
        }
        Ok(())
    }

    /// Begins a commit of all changes, or begins it anew.
    pub fn seal(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        let sealed = self.sealed.get_or_insert_default();
        for (key, change) in changes {
            // the commit takes a row that it has already from the same point as before
            sealed.entry(key).or_insert(change);
        }
        self.sealed_bytes += std::mem::take(&mut self.changed_bytes);
        self.unlogged = 0;
    }

    pub fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// The commit is over: there is no way back behind it.
    pub fn written(&mut self) {
        (self.sealed, self.sealed_bytes) = (None, 0);
    }

    /// Goes back to the last commit.
    pub fn abort(&mut self) {
        let (changes, sealed) = (std::mem::take(&mut self.changes), self.sealed.take());
        for (key, change) in changes.into_iter().chain(sealed.into_iter().flatten()) {
            self.take(&key);
            if let Some(row) = change.before {
                self.insert(key, row);
            }
        }
        (self.unlogged, self.changed_bytes, self.sealed_bytes) = (0, 0, 0);
    }
}

//! Which keys of a store were used last, where it may only have so many.

use super::core::hash_of;
use super::pending::Pending;
use super::small::SmallBytes;
use crate::Result;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap};

/// How many keys a store may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub most: usize,
    /// Whether what goes is deleted in the changelog, too.
    pub logged: bool,
}

/// The keys of a store by their last use, reads included.
pub(super) struct Lru {
    most: usize,
    /// Whether the changelog is told which rows go.
    logged: bool,
    clock: u64,
    used: HashMap<SmallBytes, u64>,
    by_use: BTreeMap<u64, SmallBytes>,
}

impl Lru {
    /// At most so many keys, one at least.
    pub fn new(Limit { most, logged }: Limit) -> Self {
        Lru { most: most.max(1), logged, clock: 0, used: HashMap::new(), by_use: BTreeMap::new() }
    }

    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// A row is written or deleted: deletes those that are too many by it, and tells which, where that is to be told.
    pub fn make_room(
        &mut self,
        (key, exists): (&[u8], bool),
        (pending, hasher): (&mut Pending, &RandomState),
        tell: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        if exists {
            self.used(key);
        } else {
            self.remove(key);
        }
        while let Some(oldest) = self.over() {
            pending.put(hash_of(hasher, &oldest), &oldest, None);
            if self.logged {
                tell(&oldest)?;
            }
        }
        Ok(())
    }

    /// A key that is there, or is there from now on, is used.
    fn used(&mut self, key: &[u8]) {
        self.clock += 1;
        let before = match self.used.get_mut(key) {
            Some(at) => std::mem::replace(at, self.clock),
            None => {
                self.used.insert(key.into(), self.clock);
                0
            }
        };
        let key = self.by_use.remove(&before).unwrap_or_else(|| key.into());
        self.by_use.insert(self.clock, key);
    }

    /// A key is read; one that is not there changes nothing.
    pub fn read(&mut self, key: &[u8]) {
        if self.used.contains_key(key) {
            self.used(key);
        }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(at) = self.used.remove(key) {
            self.by_use.remove(&at);
        }
    }

    /// Takes the key that was used longest ago, if there are too many.
    fn over(&mut self) -> Option<SmallBytes> {
        if self.used.len() <= self.most {
            return None;
        }
        let (_, key) = self.by_use.pop_first()?;
        self.used.remove(&*key);
        Some(key)
    }

    pub fn clear(&mut self) {
        self.used.clear();
        self.by_use.clear();
    }

    /// These are the keys: in the order in which they were used, those of which that is not known first.
    pub fn set(&mut self, mut keys: Vec<SmallBytes>) {
        keys.sort_by(|a, b| (self.used.get(&**a), &**a).cmp(&(self.used.get(&**b), &**b)));
        self.clear();
        keys.iter().for_each(|key| self.used(key));
    }
}

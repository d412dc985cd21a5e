//! What point and window stores share: cache, buffer and engine under serialized keys.

mod commit;
mod rows;

use super::budget::CacheBudget;
use super::by_time::Recent;
use super::cache::RecordCache;
use super::codec::Codec;
use super::layout::Layout;
use super::lru::Lru;
use super::pending::Pending;
use super::{Dirty, Evicted, Hash, HeadersOf, Slot};
use crate::engine::Engine;
use crate::keys::time_first::TimeFirst;
use crate::position::Position;
use crate::serde::Serde;
use crate::store::{Changelog, ChangelogId, Origin, StoreCounters};
use crate::{Headers, NO_HEADERS, Result};
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What a store is opened from.
pub(crate) struct StoreParts<K, V> {
    pub name: Arc<str>,
    /// The topic that serdes are told; the changelog's.
    pub topic: Arc<str>,
    pub keys: Arc<dyn Serde<K>>,
    pub values: Arc<dyn Serde<V>>,
    /// Whether rows carry their time.
    pub timestamped: bool,
    /// Tells the headers of a value, where rows carry them.
    pub headers: Option<HeadersOf<V>>,
    /// Whether the record cache holds changes back.
    pub caching: bool,
    /// How the engine's rows lie, where that is by time.
    pub time_first: Option<TimeFirst>,
    pub engine: Box<dyn Engine>,
}

impl<K, V> StoreParts<K, V> {
    /// The same for rows that are bytes of the store's own making, neither timed nor cached, and the serde of what they are made of.
    pub fn of_rows<R>(self, rows: impl Serde<R>) -> (StoreParts<K, R>, Arc<dyn Serde<V>>) {
        let StoreParts { name, topic, keys, values, engine, .. } = self;
        let parts = StoreParts {
            name,
            topic,
            keys,
            values: Arc::new(rows),
            timestamped: false,
            headers: None,
            caching: false,
            time_first: None,
            engine,
        };
        (parts, values)
    }
}

/// What of a store is not committed.
pub(super) struct Uncommitted<V> {
    cache: RecordCache<V>,
    pending: Pending,
    recent: Option<Recent>,
    limit: Option<Lru>,
}

pub(super) struct Core<V> {
    pub codec: Codec<V>,
    pub cache: RecordCache<V>,
    pub pending: Pending,
    pub engine: Box<dyn Engine>,
    position: Position,
    /// Changelog offset of the last restored record, while its row waits in the buffer.
    restored: Option<i64>,
    pub hasher: RandomState,
    pub layout: Layout,
    row: Vec<u8>,
    pub changelog: Option<ChangelogId>,
    pub caching: bool,
    pub keep_old: bool,
    /// Whether the cache forgets deletions once they are written: for stores whose keys do not come again.
    pub forget_deleted: bool,
    pub counters: StoreCounters,
    /// Where the engine's rows lie by time: what else is to be looked at to walk so.
    pub recent: Option<Recent>,
    /// Which rows were used last, where only so many may lie below the cache.
    pub limit: Option<Lru>,
}

#[inline]
pub(super) fn hash_of(state: &RandomState, key: &[u8]) -> Hash {
    let mut hasher = state.build_hasher();
    hasher.write(key);
    Hash(hasher.finish())
}

impl<V: Clone + 'static> Core<V> {
    pub fn new<K>(parts: StoreParts<K, V>, layout: Layout) -> (Self, Arc<dyn Serde<K>>) {
        let StoreParts { name, topic, keys, values, timestamped, headers, caching, time_first, engine } = parts;
        let core = Core {
            codec: Codec { store: name, topic, values, timestamped, headers },
            cache: RecordCache::new(),
            pending: Pending::new(),
            position: engine.position(),
            restored: None,
            engine,
            hasher: RandomState::default(),
            layout,
            row: Vec::new(),
            changelog: None,
            caching,
            keep_old: false,
            forget_deleted: false,
            counters: StoreCounters::default(),
            recent: time_first.map(Recent::new),
            limit: None,
        };
        (core, keys)
    }

    /// Takes everything out that is not committed, until [`put_back`](Self::put_back).
    pub fn lay_aside(&mut self) -> Uncommitted<V> {
        Uncommitted {
            cache: std::mem::replace(&mut self.cache, RecordCache::new()),
            pending: std::mem::replace(&mut self.pending, Pending::new()),
            recent: self.recent.as_mut().map(Recent::take),
            limit: self.limit.take(),
        }
    }

    /// What was read into the cache meanwhile is forgotten.
    pub fn put_back(&mut self, Uncommitted { cache, pending, recent, limit }: Uncommitted<V>) {
        (self.cache, self.pending, self.recent, self.limit) = (cache, pending, recent, limit);
    }

    pub fn attach(&mut self, budget: Option<Arc<CacheBudget>>) {
        self.cache.attach(budget);
        self.counters = StoreCounters::default();
    }

    #[inline]
    pub fn hash(&self, key: &[u8]) -> Hash {
        hash_of(&self.hasher, key)
    }

    /// Tells the segment of a key.
    #[inline]
    pub fn segment_fn(&self) -> impl Fn(&[u8]) -> i64 + Copy + use<V> {
        let layout = self.layout;
        move |key| layout.segment(key)
    }

    pub fn segments(&self, from_time: i64, to_time: i64) -> RangeInclusive<i64> {
        let interval = self.layout.interval.max(1);
        from_time / interval..=to_time / interval
    }

    /// Reads below the cache. Also tells the row's length, 0 where there is none.
    fn read(&mut self, hash: Hash, key: &[u8]) -> Result<(Slot<V>, usize)> {
        if let Some(limit) = &mut self.limit {
            limit.read(key);
        }
        match self.pending.get(hash, key) {
            Some(Some(row)) => return Ok((self.codec.decode(key, row)?, row.len())),
            Some(None) => return Ok((Slot::absent(), 0)),
            None => {}
        }
        self.row.clear();
        self.counters.engine_reads += 1;
        match self.engine.get(self.segment_fn()(key), key, &mut self.row)? {
            true => Ok((self.codec.decode(key, &self.row)?, self.row.len())),
            false => Ok((Slot::absent(), 0)),
        }
    }

    /// The cache entry of `key`, made if it has none.
    #[inline]
    pub fn entry(&mut self, key: &[u8]) -> Result<u32> {
        self.counters.gets += 1;
        let hash = self.hash(key);
        match self.cache.find(hash, key) {
            Some(i) => Ok(i),
            None => self.load(hash, key),
        }
    }

    #[inline(never)]
    fn load(&mut self, hash: Hash, key: &[u8]) -> Result<u32> {
        let (slot, row) = self.read(hash, key)?;
        let existed = slot.value.is_some();
        let estimate = if existed { row } else { size_of::<V>() };
        Ok(self.cache.insert(hash, key, slot, existed, estimate, self.caching))
    }

    /// `f` says beside its result whether it changed the slot.
    #[inline]
    pub fn update_if<R>(&mut self, key: &[u8], origin: Origin, f: impl FnOnce(&mut Slot<V>) -> (R, bool)) -> Result<R> {
        let i = self.entry(key)?;
        Ok(self.update_at(i, origin, f))
    }

    /// [`update_if`](Self::update_if) of an entry at hand.
    #[inline]
    pub fn update_at<R>(&mut self, i: u32, origin: Origin, f: impl FnOnce(&mut Slot<V>) -> (R, bool)) -> R {
        let keep_old = self.keep_old;
        let entry = self.cache.get_mut(i);
        let clean = !entry.dirty();
        if clean && keep_old {
            entry.old = entry.slot.value.clone();
        }
        // A deletion that still waits keeps its time, which is not the value's.
        let timestamp = entry.slot.timestamp;
        if entry.slot.value.is_none() {
            entry.slot.timestamp = -1;
        }
        let (result, changed) = f(&mut entry.slot);
        if changed {
            self.counters.puts += 1;
            self.cache.mark_dirty(i, origin);
            // what was dirty is known
            if clean && let Some(recent) = &mut self.recent {
                recent.changed(self.cache.get(i).key());
            }
        } else {
            entry.slot.timestamp = timestamp;
            if clean {
                entry.old = None;
                if !self.caching {
                    self.cache.remove(i);
                }
            }
        }
        result
    }

    #[inline]
    pub fn with<R>(&mut self, key: &[u8], f: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        self.counters.gets += 1;
        let hash = self.hash(key);
        let i = match self.cache.find(hash, key) {
            Some(i) => i,
            None if self.caching => self.load(hash, key)?,
            None => {
                let (slot, _) = self.read(hash, key)?;
                return Ok(f(slot.value.as_ref().map(|value| (value, slot.timestamp))));
            }
        };
        let slot = &self.cache.get(i).slot;
        Ok(f(slot.value.as_ref().map(|value| (value, slot.timestamp))))
    }

    /// As [`with`](Self::with), with the value that was handed out last in place of one that still waits.
    pub fn with_forwarded<R>(&mut self, key: &[u8], f: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        let hash = self.hash(key);
        let waiting = self.cache.find(hash, key).map(|i| self.cache.get(i)).filter(|entry| self.keep_old && entry.dirty());
        match waiting {
            Some(entry) => {
                self.counters.gets += 1;
                Ok(f(entry.old.as_ref().map(|value| (value, entry.slot.timestamp))))
            }
            None => self.with(key, f),
        }
    }

    /// Whether [`with_forwarded`](Self::with_forwarded) gives an older value than [`with`](Self::with).
    pub fn waits(&mut self, key: &[u8]) -> bool {
        let hash = self.hash(key);
        self.keep_old && self.cache.find(hash, key).is_some_and(|i| self.cache.get(i).dirty())
    }

    pub fn pop_dirty(&mut self, log: &mut dyn Changelog, key_out: &mut Vec<u8>) -> Result<Option<Dirty<V>>> {
        while let Some(i) = self.cache.next_dirty() {
            if let Some(dirty) = self.write_back(i, log, key_out, self.caching)? {
                return Ok(Some(dirty));
            }
        }
        Ok(None)
    }

    pub fn evict_one(&mut self, log: &mut dyn Changelog, key_out: &mut Vec<u8>) -> Result<Evicted<V>> {
        let Some(i) = self.cache.least_recent() else { return Ok(Evicted::Nothing) };
        if !self.cache.get(i).dirty() {
            self.cache.remove(i);
            return Ok(Evicted::Clean);
        }
        Ok(self.write_back(i, log, key_out, false)?.map_or(Evicted::Clean, Evicted::Dirty))
    }

    /// Writes everything dirty down without handing it to anyone.
    pub fn flush(&mut self, log: &mut dyn Changelog) -> Result<()> {
        while let Some(i) = self.cache.next_dirty() {
            let headers = self.cache.mark_clean(i);
            self.write_row(i, &headers, log)?;
            self.cache.get_mut(i).old = None;
            if !self.caching || self.is_forgotten(i) {
                self.cache.remove(i);
            }
        }
        Ok(())
    }

    /// Drops the least recently used entry, written down first where it is dirty. `false` when there is none.
    pub fn evict(&mut self, log: &mut dyn Changelog) -> Result<bool> {
        let Some(i) = self.cache.least_recent() else { return Ok(false) };
        if self.cache.get(i).dirty() {
            let headers = self.cache.mark_clean(i);
            self.write_row(i, &headers, log)?;
        }
        self.cache.remove(i);
        Ok(true)
    }

    fn write_back(&mut self, i: u32, log: &mut dyn Changelog, key_out: &mut Vec<u8>, keep: bool) -> Result<Option<Dirty<V>>> {
        let headers = self.cache.mark_clean(i);
        let entry = self.cache.get_mut(i);
        key_out.clear();
        key_out.extend_from_slice(entry.key());
        let (timestamp, origin, old) = (entry.slot.timestamp, entry.origin(), entry.old.take());
        let never_seen = self.caching && entry.slot.value.is_none() && !entry.existed();
        if !never_seen {
            self.write_row(i, &headers, log)?;
        }
        let new = match keep && !self.is_forgotten(i) {
            true => self.cache.get(i).slot.value.clone(),
            false => self.cache.remove(i),
        };
        Ok((!never_seen).then_some(Dirty { old, new, timestamp, origin, headers }))
    }

    fn is_forgotten(&self, i: u32) -> bool {
        self.forget_deleted && self.cache.get(i).slot.value.is_none()
    }

    /// Serializes an entry once, for changelog and buffer; `headers` are those of the record that changed it last. An entry that cannot be written is dropped, so that nobody meets it twice.
    fn write_row(&mut self, i: u32, headers: &Headers, log: &mut dyn Changelog) -> Result<()> {
        self.row.clear();
        let entry = self.cache.get(i);
        let (key, slot) = (entry.key(), &entry.slot);
        let encoded = match &slot.value {
            Some(value) => self.codec.encode(key, value, (slot.timestamp, headers), entry.origin(), &mut self.row),
            None => Ok(false),
        };
        let row = match (&encoded, &slot.value) {
            (Ok(true), Some(value)) => Some((&self.row[..], value)),
            _ => None,
        };
        let mut tell = |key: &[u8], row: Option<(&[u8], &V)>| match self.changelog {
            Some(id) => {
                let headers = self.codec.headers(row.map(|(_, value)| value), headers).unwrap_or(&NO_HEADERS);
                log.log(id, key, row.map(|(row, _)| self.codec.bare(row)), slot.timestamp, headers)
            }
            None => Ok(()),
        };
        let written = encoded.and_then(|_| match &mut self.limit {
            Some(limit) => limit.make_room((key, row.is_some()), (&mut self.pending, &self.hasher), &mut |gone| tell(gone, None)),
            None => Ok(()),
        });
        let written = written.and_then(|()| tell(key, row));
        if let Err(e) = written {
            let e = e.with_origin(entry.origin());
            self.cache.remove(i);
            return Err(e);
        }
        self.pending.put(Hash(entry.hash()), key, row.map(|(row, _)| row));
        let (exists, size) = (row.is_some(), self.row.len());
        self.cache.get_mut(i).set_existed(exists);
        self.cache.resize(i, size);
        Ok(())
    }

    /// Writes a row past the cache, or deletes it, with its own changelog record.
    pub fn append(
        &mut self,
        key: &[u8],
        value: Option<&V>,
        timestamp: i64,
        origin: Origin,
        headers: &Headers,
        log: &mut dyn Changelog,
    ) -> Result<()> {
        self.row.clear();
        let exists = value.map(|value| self.codec.encode(key, value, (timestamp, headers), origin, &mut self.row)).transpose()?;
        let row = exists.unwrap_or(false).then_some(&self.row[..]);
        if let Some(id) = self.changelog {
            let headers = self.codec.headers(value.filter(|_| row.is_some()), headers).unwrap_or(headers);
            log.log(id, key, row.map(|row| self.codec.bare(row)), timestamp, headers)?;
        }
        self.pending.put(self.hash(key), key, row);
        self.counters.puts += 1;
        Ok(())
    }
}

//! What point and window stores share: cache, buffer and engine under serialized keys.

use super::budget::CacheBudget;
use super::cache::RecordCache;
use super::codec::{Codec, Shown};
use super::pending::Pending;
use super::{Dirty, Evicted, Hash, Slot};
use crate::engine::{Engine, Row, Stand};
use crate::keys::window;
use crate::position::Position;
use crate::serde::Serde;
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, PositionEntry, StoreCounters};
use crate::{Error, ErrorKind, Headers, NO_HEADERS, Result};
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
    /// Whether the record cache holds changes back.
    pub caching: bool,
    pub engine: Box<dyn Engine>,
}

/// Rows from which on they are loaded as a file of their own. The tests have few.
const LOAD_FROM: usize = if cfg!(test) { 5 } else { 10_000 };

pub(super) struct Core<V> {
    pub codec: Codec<V>,
    pub cache: RecordCache<V>,
    pub pending: Pending,
    pub engine: Box<dyn Engine>,
    position: Position,
    /// Changelog offset of the last restored record, while its row waits in the buffer.
    restored: Option<i64>,
    hasher: RandomState,
    /// Span of a segment in milliseconds; 0 for point stores, whose rows all lie in segment 0.
    interval: i64,
    row: Vec<u8>,
    pub changelog: Option<ChangelogId>,
    pub caching: bool,
    pub keep_old: bool,
    pub counters: StoreCounters,
}

impl<V: Clone + 'static> Core<V> {
    pub fn new<K>(parts: StoreParts<K, V>, interval: i64) -> (Self, Arc<dyn Serde<K>>) {
        let StoreParts { name, topic, keys, values, timestamped, caching, engine } = parts;
        let core = Core {
            codec: Codec { store: name, topic, values, timestamped },
            cache: RecordCache::new(),
            pending: Pending::new(),
            position: engine.position(),
            restored: None,
            engine,
            hasher: RandomState::default(),
            interval,
            row: Vec::new(),
            changelog: None,
            caching,
            keep_old: false,
            counters: StoreCounters::default(),
        };
        (core, keys)
    }

    pub fn attach(&mut self, budget: Option<Arc<CacheBudget>>) {
        self.cache.attach(budget);
        self.counters = StoreCounters::default();
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> Hash {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        Hash(hasher.finish())
    }

    /// Tells the segment of a key.
    #[inline]
    pub fn segment_fn(&self) -> impl Fn(&[u8]) -> i64 + Copy + use<V> {
        let interval = self.interval;
        move |key| if interval == 0 { 0 } else { window::start(key) / interval }
    }

    pub fn segments(&self, from_time: i64, to_time: i64) -> RangeInclusive<i64> {
        let interval = self.interval.max(1);
        from_time / interval..=to_time / interval
    }

    /// Reads below the cache. Also tells the row's length, 0 where there is none.
    fn read(&mut self, hash: Hash, key: &[u8]) -> Result<(Slot<V>, usize)> {
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
    fn entry(&mut self, key: &[u8]) -> Result<u32> {
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
        } else {
            entry.slot.timestamp = timestamp;
            if clean {
                entry.old = None;
                if !self.caching {
                    self.cache.remove(i);
                }
            }
        }
        Ok(result)
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
            self.cache.mark_clean(i);
            self.write_row(i, log)?;
            self.cache.get_mut(i).old = None;
            if !self.caching {
                self.cache.remove(i);
            }
        }
        Ok(())
    }

    /// Drops the least recently used entry, written down first where it is dirty. `false` when there is none.
    pub fn evict(&mut self, log: &mut dyn Changelog) -> Result<bool> {
        let Some(i) = self.cache.least_recent() else { return Ok(false) };
        if self.cache.get(i).dirty() {
            self.cache.mark_clean(i);
            self.write_row(i, log)?;
        }
        self.cache.remove(i);
        Ok(true)
    }

    fn write_back(&mut self, i: u32, log: &mut dyn Changelog, key_out: &mut Vec<u8>, keep: bool) -> Result<Option<Dirty<V>>> {
        self.cache.mark_clean(i);
        let entry = self.cache.get_mut(i);
        key_out.clear();
        key_out.extend_from_slice(entry.key());
        let (timestamp, origin, old) = (entry.slot.timestamp, entry.origin, entry.old.take());
        let never_seen = self.caching && entry.slot.value.is_none() && !entry.existed;
        if !never_seen {
            self.write_row(i, log)?;
        }
        let new = match keep {
            true => self.cache.get(i).slot.value.clone(),
            false => self.cache.remove(i),
        };
        Ok((!never_seen).then_some(Dirty { old, new, timestamp, origin }))
    }

    /// Serializes an entry once, for changelog and buffer. An entry that cannot be written is dropped, so that nobody meets it twice.
    fn write_row(&mut self, i: u32, log: &mut dyn Changelog) -> Result<()> {
        self.row.clear();
        let entry = self.cache.get(i);
        let (key, slot) = (entry.key(), &entry.slot);
        let encoded = match &slot.value {
            Some(value) => self.codec.encode(key, value, slot.timestamp, entry.origin, &mut self.row),
            None => Ok(false),
        };
        let value = match &encoded {
            Ok(true) => Some(&self.row[..]),
            _ => None,
        };
        let written = encoded.and_then(|_| match self.changelog {
            Some(id) => log.log(id, key, value.map(|row| self.codec.bare(row)), slot.timestamp, &NO_HEADERS),
            None => Ok(()),
        });
        if let Err(e) = written {
            let e = e.with_origin(entry.origin);
            self.cache.remove(i);
            return Err(e);
        }
        self.pending.put(Hash(entry.hash()), key, value);
        let (exists, size) = (value.is_some(), self.row.len());
        self.cache.get_mut(i).existed = exists;
        self.cache.resize(i, size);
        Ok(())
    }

    /// Writes a row of its own past the cache, with its own changelog record.
    pub fn append(
        &mut self,
        key: &[u8],
        value: &V,
        timestamp: i64,
        origin: Origin,
        headers: &Headers,
        log: &mut dyn Changelog,
    ) -> Result<()> {
        self.row.clear();
        let value = self.codec.encode(key, value, timestamp, origin, &mut self.row)?.then_some(&self.row[..]);
        if let Some(id) = self.changelog {
            log.log(id, key, value.map(|row| self.codec.bare(row)), timestamp, headers)?;
        }
        self.pending.put(self.hash(key), key, value);
        self.counters.puts += 1;
        Ok(())
    }

    /// Appends the row of `key` to `out`, past the cache, and says whether there is one.
    pub fn read_row(&mut self, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.counters.gets += 1;
        match self.pending.get(self.hash(key), key) {
            Some(row) => {
                out.extend_from_slice(row.unwrap_or_default());
                Ok(row.is_some())
            }
            None => {
                self.counters.engine_reads += 1;
                self.engine.get(self.segment_fn()(key), key, out)
            }
        }
    }

    /// Puts or, with `None`, deletes a whole row past the cache, with its own changelog record.
    pub fn put_row(&mut self, key: &[u8], row: Option<&[u8]>, timestamp: i64, log: &mut dyn Changelog) -> Result<()> {
        if let Some(id) = self.changelog {
            log.log(id, key, row.map(|row| self.codec.bare(row)), timestamp, &NO_HEADERS)?;
        }
        self.pending.put(self.hash(key), key, row);
        self.counters.puts += 1;
        Ok(())
    }

    pub fn seal(&mut self) -> Result<()> {
        if self.cache.has_dirty() {
            let message = format!("store {} was committed with changes left in its cache; flush it first", self.codec.store);
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.pending.seal();
        Ok(())
    }

    /// Writes what was sealed.
    pub fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry], live_from: i64) -> Result<()> {
        self.write(offset, position, live_from, false)
    }

    fn write(&mut self, offset: Option<i64>, position: &[PositionEntry], live_from: i64, bulk: bool) -> Result<()> {
        let mut ahead = self.position.clone();
        let moved = ahead.advance(position);
        // the log of one producer may end before what another, now gone, has written
        let offset = offset.filter(|offset| Some(*offset) > self.engine.committed_offset());
        let stand = Stand { offset, position: moved.then_some(&ahead), live_from };
        let segment = self.segment_fn();
        let rows = self.pending.sorted().map(|(key, value)| Row { segment: segment(key), key, value });
        let mut live = rows.filter(|row| row.segment >= live_from);
        match bulk {
            true => self.engine.load(&mut live, stand)?,
            false => self.engine.write(&mut live, stand)?,
        }
        drop(live);
        self.pending.written();
        self.restored = None;
        self.cache.shrink();
        self.position = ahead;
        Ok(())
    }

    pub fn abort(&mut self) {
        self.cache.clear();
        self.pending.clear();
        self.restored = None;
    }

    /// Takes changelog records into the buffer.
    pub fn restore(
        &mut self,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
        next_offset: i64,
        mut seen: impl FnMut(&[u8]),
    ) -> Result<()> {
        self.cache.clear();
        let shortest = if self.interval == 0 { 0 } else { window::SUFFIX };
        for record in records {
            if record.key.len() < shortest {
                let message = format!(
                    "store {}: the key {} at offset {} of {} is too short for a window store; does the topic belong to another store?",
                    self.codec.store,
                    Shown(record.key),
                    record.offset,
                    self.codec.topic
                );
                return Err(Error::new(ErrorKind::Corrupted, message));
            }
            self.row.clear();
            if let Some(value) = record.value {
                self.codec.convert(value, record.timestamp, &mut self.row);
            }
            seen(record.key);
            self.pending.put(self.hash(record.key), record.key, record.value.is_some().then_some(&self.row[..]));
        }
        self.restored = Some(next_offset - 1);
        Ok(())
    }

    /// Takes what was restored to the engine.
    pub fn settle(&mut self, live_from: i64) -> Result<()> {
        match self.restored {
            Some(offset) => self.write(Some(offset), &[], live_from, self.pending.len() >= LOAD_FROM),
            None => Ok(()),
        }
    }

    pub fn wipe(&mut self) -> Result<()> {
        self.abort();
        self.position = Position::default();
        self.engine.wipe()
    }

    pub fn position(&self) -> &Position {
        &self.position
    }
}

//! The point store: one value per key.

use super::answers::core_answers;
use super::budget::CacheBudget;
use super::core::{Core, StoreParts};
use super::kv_cursor::KvCursor;
use super::layout::Layout;
use super::lru::{Limit, Lru};
use super::reader::{CommittedReader, KvReader};
use super::{Dirty, Evicted, Slot};
use crate::position::Position;
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, Origin, PositionEntry, StateStore, StoreCounters, StoredRow};
use crate::{BoxError, Headers, NO_HEADERS, Result};
use std::any::Any;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

/// One value per key, with the value's time unless the store is plain.
///
/// All calls take serialized keys; [`key_serde`](Self::key_serde) makes them. A change goes three ways: [`update`](Self::update) changes the
/// cached value and marks it dirty, [`pop_dirty`](Self::pop_dirty) writes it to changelog and buffer and hands it back to be forwarded,
/// [`StateStore::commit`] takes it to the engine. With caching off `pop_dirty` is called right after each update, and the entry is gone.
#[doc(alias = "TimestampedKeyValueStore")]
#[doc(alias = "KeyValueStore")]
pub struct KvStore<K, V> {
    pub(super) core: Core<V>,
    keys: Arc<dyn Serde<K>>,
}

/// What point and window stores have in common.
macro_rules! common {
    () => {
        /// Whether [`Dirty::old`] is wanted. Costs a clone per entry and flush.
        pub fn set_keep_old(&mut self, keep: bool) {
            self.core.keep_old = keep;
        }

        /// Says which headers the record has that rows are changed for from now on; they come with [`Dirty::headers`], and are not stored. In a
        /// store of [`WithHeaders`](crate::WithHeaders) the record of a deletion has them in the changelog.
        #[inline]
        pub fn set_record_headers(&mut self, headers: &Headers) {
            if !(headers.is_empty() && self.core.cache.headers.is_empty()) {
                self.core.cache.headers = headers.clone();
            }
        }

        /// Whether changes wait in the record cache until commit or eviction. If not, they must be popped after each update.
        pub fn caching(&self) -> bool {
            self.core.caching
        }

        /// Entries in the record cache.
        pub fn cached(&self) -> usize {
            self.core.cache.len()
        }

        /// The serde of keys.
        pub fn key_serde(&self) -> &Arc<dyn Serde<K>> {
            &self.keys
        }

        /// The serde of values.
        pub fn value_serde(&self) -> &Arc<dyn Serde<V>> {
            &self.core.codec.values
        }

        /// The topic that the serdes are told: the store's changelog.
        pub fn topic(&self) -> &Arc<str> {
            &self.core.codec.topic
        }

        /// Appends the bytes of `key`.
        ///
        /// # Errors
        /// The serde's, and an error when it wrote null: no store has a null key.
        pub fn write_key(&self, key: &K, out: &mut Vec<u8>) -> Result<(), BoxError> {
            match self.keys.serialize(&SerdeContext { topic: &self.core.codec.topic, headers: &NO_HEADERS }, key, out)? {
                Wrote::Bytes => Ok(()),
                Wrote::Null => Err(format!("store {} cannot have a null key", self.core.codec.store).into()),
            }
        }

        /// Reads a key.
        ///
        /// # Errors
        /// The serde's.
        pub fn read_key(&self, key: &[u8]) -> Result<K, BoxError> {
            self.keys.deserialize(&SerdeContext { topic: &self.core.codec.topic, headers: &NO_HEADERS }, Some(key))
        }

        /// Takes a dirty entry: serializes its value once, logs it (bare value bytes, the value's time), puts the row into the uncommitted
        /// buffer, and returns what must be forwarded, its key in `key_out`. Entries come in the order in which they were last written, as
        /// in Java; those dirtied between two calls come after. Nothing is borrowed in between, so a node may forward.
        ///
        /// With caching on, a deletion of a row that never existed is passed over silently, as in Java.
        ///
        /// # Errors
        /// The serde's or the changelog's; [`Error::origin`](crate::Error::origin) names the record. The entry that failed is dropped.
        pub fn pop_dirty(&mut self, log: &mut dyn Changelog, key_out: &mut Vec<u8>) -> Result<Option<Dirty<V>>> {
            self.core.pop_dirty(log, key_out)
        }

        /// Takes the least recently used entry out of the cache: with nothing to emit it is just dropped, otherwise written as in
        /// [`pop_dirty`](Self::pop_dirty). Java writes *all* dirty entries then; only the one is enough.
        ///
        /// # Errors
        /// As `pop_dirty`.
        pub fn evict_one(&mut self, log: &mut dyn Changelog, key_out: &mut Vec<u8>) -> Result<Evicted<V>> {
            self.core.evict_one(log, key_out)
        }

        /// How far input has been applied to the committed rows.
        pub fn position(&self) -> &Position {
            self.core.position()
        }
    };
}
pub(super) use common;

/// How the stores above a [`Core`] are read as they stand at their last commit.
macro_rules! read_committed {
    ($store:ident) => {
        impl<K: 'static, V: Clone + Send + 'static> crate::store::ReadCommitted for $store<K, V> {
            fn read_committed<R>(&mut self, read: impl FnOnce(&mut Self) -> R) -> R {
                let uncommitted = self.core.lay_aside();
                // a serde that panics must not cost the store what it holds
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(self)));
                self.core.put_back(uncommitted);
                result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    };
}
pub(super) use read_committed;

read_committed!(KvStore);

impl<K: 'static, V: Clone + Send + 'static> KvStore<K, V> {
    pub(crate) fn open(parts: StoreParts<K, V>, limit: Option<Limit>) -> Self {
        let (mut core, keys) = Core::new(parts, Layout::POINT);
        core.limit = limit.map(Lru::new);
        KvStore { core, keys }
    }

    common!();

    /// Changes a value in place and marks it dirty. `f` finds a time of -1 where there is no value; it sets the time of the change, for a
    /// deletion too. `origin` is the record that caused it.
    ///
    /// # Errors
    /// When the row cannot be read; `f` is not called then.
    #[inline]
    pub fn update<R>(&mut self, key: &[u8], origin: Origin, f: impl FnOnce(&mut Slot<V>) -> R) -> Result<R> {
        self.update_if(key, origin, |slot| (f(slot), true))
    }

    /// The same where `f` says whether it changed anything. If not, the slot must be as it was found, and nothing gets dirty.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    #[inline]
    pub fn update_if<R>(&mut self, key: &[u8], origin: Origin, f: impl FnOnce(&mut Slot<V>) -> (R, bool)) -> Result<R> {
        self.core.update_if(key, origin, f)
    }

    /// Which keys there are is to be found out anew.
    fn recount(&mut self) {
        if self.core.limit.is_none() {
            return;
        }
        let mut keys = Vec::new();
        let all = self.core.scan(0..=0, Bound::Unbounded, Bound::Unbounded, false, |_| true, &mut |key, _, _| {
            keys.push(key.into());
            Ok(ControlFlow::Continue(()))
        });
        // rows in memory can always be read
        if let (Ok(()), Some(limit)) = (all, &mut self.core.limit) {
            limit.set(keys);
        }
    }

    /// Looks at a value and its time (-1 in plain stores).
    ///
    /// # Errors
    /// When the row cannot be read.
    #[inline]
    pub fn with<R>(&mut self, key: &[u8], f: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        self.core.with(key, f)
    }

    /// Looks at the value that [`pop_dirty`](Self::pop_dirty) handed out last, where a newer one still waits for it; its time is the newer
    /// one's. Only of a store that keeps old values ([`set_keep_old`](Self::set_keep_old)); of any other the newest value.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn with_forwarded<R>(&mut self, key: &[u8], f: impl FnOnce(Option<(&V, i64)>) -> R) -> Result<R> {
        self.core.with_forwarded(key, f)
    }

    /// Whether a newer value than that of [`with_forwarded`](Self::with_forwarded) waits.
    pub fn waits(&mut self, key: &[u8]) -> bool {
        self.core.waits(key)
    }

    /// A copy of a value and its time.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<(V, i64)>> {
        self.with(key, |found| found.map(|(value, timestamp)| (value.clone(), timestamp)))
    }

    /// Sets or, with `None`, deletes a value.
    ///
    /// # Errors
    /// When the row that stands there cannot be read.
    pub fn put(&mut self, key: &[u8], value: Option<V>, timestamp: i64, origin: Origin) -> Result<()> {
        self.update(key, origin, |slot| *slot = Slot { value, timestamp })
    }

    /// Writes or deletes a row past the cache, at once and with these headers in the changelog. For stores without a cache, whose values are
    /// only written as a whole.
    ///
    /// # Errors
    /// The serde's or the changelog's.
    pub fn write_through(
        &mut self,
        key: &[u8],
        value: Option<&V>,
        timestamp: i64,
        origin: Origin,
        headers: &Headers,
        log: &mut dyn Changelog,
    ) -> Result<()> {
        self.core.append(key, value, timestamp, origin, headers, log)
    }

    /// Visits the rows between two keys in the order of their bytes, newest state of each, until `visit` breaks off.
    ///
    /// # Errors
    /// When a row cannot be read, and those of `visit`.
    pub fn scan(
        &mut self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.core.counters.ranges += 1;
        self.core.scan(0..=0, from, to, reverse, |_| true, visit)
    }

    /// A walk that borrows the store only while it takes the next rows, so that its user may change the store on the way. Changes beyond
    /// the rows already taken are seen.
    pub fn cursor(&mut self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> KvCursor<V> {
        self.core.counters.ranges += 1;
        let own = |bound: Bound<&[u8]>| bound.map(<[u8]>::to_vec);
        KvCursor::new(own(from), own(to), reverse)
    }
}

impl<K: 'static, V: Clone + Send + 'static> StateStore for KvStore<K, V> {
    core_answers!();

    fn attach(&mut self, changelog: Option<ChangelogId>, budget: Arc<CacheBudget>) {
        self.core.changelog = changelog;
        self.core.attach(Some(budget));
    }

    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
        self.core.restore(records, next_offset, |_| ())
    }

    fn settle(&mut self) -> Result<()> {
        self.core.settle(i64::MIN)
    }

    fn wipe(&mut self) -> Result<()> {
        self.core.wipe()
    }

    fn seal(&mut self) -> Result<()> {
        self.core.seal()
    }

    fn commit(&mut self, offset: Option<i64>, position: &[PositionEntry]) -> Result<()> {
        if !self.core.pending.is_sealed() {
            self.seal()?;
        }
        self.core.commit(offset, position, i64::MIN)
    }

    fn abort(&mut self) {
        self.core.abort();
        self.recount();
    }

    fn approximate_num_entries(&self) -> u64 {
        self.core.limit.as_ref().map_or_else(|| self.core.engine.approximate_num_entries(), |limit| limit.len() as u64)
    }

    fn reader(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        let rows = self.core.engine.shared()?;
        Some(Arc::new(KvReader::new(rows, self.core.codec.clone(), self.keys.clone())))
    }

    fn rows(&mut self, visit: &mut dyn FnMut(StoredRow<'_>)) -> Result<bool> {
        self.core.rows(0..=0, &mut |key, value| visit(StoredRow { key, start: None, end: None, value }))?;
        Ok(true)
    }

    fn committed_reader(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        let rows = self.core.engine.shared()?;
        Some(Arc::new(CommittedReader::new(&rows, self.core.codec.clone(), self.keys.clone())))
    }
}

//! Changes of keys of which more is known than their bytes.

use super::Slot;
use super::core::Core;
use crate::Result;
use crate::store::Origin;

impl<V: Clone + 'static> Core<V> {
    /// Takes the value of a key. What a cache has and nothing below it knows goes without a trace.
    pub fn take(&mut self, key: &[u8], timestamp: i64, origin: Origin) -> Result<Option<V>> {
        let i = self.entry(key)?;
        if self.caching && !self.cache.get(i).existed() {
            self.cache.mark_clean(i);
            let value = self.cache.remove(i);
            self.counters.puts += u64::from(value.is_some());
            return Ok(value);
        }
        Ok(self.update_at(i, origin, |slot| match slot.value.take() {
            Some(value) => {
                slot.timestamp = timestamp;
                (Some(value), true)
            }
            None => (None, false),
        }))
    }

    /// Spares the look below the cache for a key of which is known that it has no value.
    pub fn known_absent(&mut self, key: &[u8]) {
        let hash = self.hash(key);
        if self.cache.find(hash, key).is_none() {
            self.cache.insert(hash, key, Slot::absent(), false, size_of::<V>(), self.caching);
        }
    }
}

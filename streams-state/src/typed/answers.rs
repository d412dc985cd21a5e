//! What every store above a [`Core`](super::core::Core) answers alike.

/// The part of [`StateStore`](crate::store::StateStore) that a store hands to its `core`.
macro_rules! core_answers {
    () => {
        fn name(&self) -> &str {
            &self.core.codec.store
        }

        fn detach(&mut self) {
            self.core.attach(None);
        }

        fn persistent(&self) -> bool {
            self.core.engine.persistent()
        }

        fn committed_offset(&self) -> Option<i64> {
            self.core.engine.committed_offset()
        }

        fn flush(&mut self, log: &mut dyn Changelog) -> Result<()> {
            self.core.flush(log)
        }

        fn evict(&mut self, log: &mut dyn Changelog) -> Result<bool> {
            self.core.evict(log)
        }

        fn uncommitted_bytes(&self) -> usize {
            self.core.pending.bytes()
        }

        fn reached(&self) -> Vec<crate::store::PositionEntry> {
            let entry =
                |(topic, partition, offset): (&str, i32, i64)| crate::store::PositionEntry { topic: topic.to_owned(), partition, offset };
            self.core.position().entries().map(entry).collect()
        }

        fn counters(&self) -> StoreCounters {
            self.core.counters
        }

        fn close(self: Box<Self>) -> Result<()> {
            self.core.engine.close()
        }

        fn into_any(self: Box<Self>) -> Box<dyn std::any::Any + Send> {
            self
        }
    };
}
pub(super) use core_answers;

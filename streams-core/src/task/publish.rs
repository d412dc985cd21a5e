//! What a task tells its metrics now and then: figures that are counted in plain fields, or take a look at every store.

use super::Task;
use super::queue::RecordQueue;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

impl Task {
    /// Keeps what it counts from starting at zero when it is taken apart and put together again.
    pub fn metrics(&self) -> Vec<Arc<dyn Any>> {
        let stores = self.store_metrics.iter().map(|store| store.clone() as Arc<dyn Any>);
        stores.chain([self.metrics.clone() as Arc<dyn Any>]).collect()
    }

    /// Adds the time that a call of `process` took: its thread has the clock.
    pub fn took(&mut self, time: Duration) {
        self.metrics.process_time.add(time);
    }

    /// Publishes what it holds. `lag`: records of its inputs that are not processed yet, as far as known.
    pub fn publish(&mut self, lag: Option<i64>) {
        self.metrics.buffered_records.set_size(self.queues.iter().map(RecordQueue::len).sum());
        if let Some(lag) = lag {
            self.metrics.lag_records.set(lag);
        }
        let (metrics, mut uncommitted) = (&self.store_metrics, 0);
        self.graph.stores_mut().each(|index, store| {
            uncommitted += store.uncommitted_bytes();
            let Some(metrics) = metrics.get(index) else { return };
            let counters = store.counters();
            metrics.gets.set(counters.gets);
            metrics.cache_hits.set(counters.gets.saturating_sub(counters.engine_reads));
            metrics.puts.set(counters.puts);
            metrics.ranges.set(counters.ranges);
            metrics.uncommitted_bytes.set_size(store.uncommitted_bytes());
            metrics.buffered_bytes.set(i64::try_from(store.buffered_bytes()).unwrap_or(i64::MAX));
            metrics.entries.set(i64::try_from(store.approximate_num_entries()).unwrap_or(i64::MAX));
        });
        self.metrics.uncommitted_bytes.set_size(uncommitted);
    }
}

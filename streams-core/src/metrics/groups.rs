//! What is measured, by owner. Names end in their unit; times are in seconds, sizes in bytes.
//!
//! Cells that a hot path touches are meant to be written once per batch from the owner's own plain counts, or with [`Counter::add`].

use super::cell::{Cell, Counter, Gauge, LongestSeconds, Moment, Seconds};
use super::group::{Group, MetricDefinition, group};
use super::reason::DropReason;

group! {
    /// The application in this process; written by any thread, rarely.
    pub struct AppMetrics [] {
        state: Gauge = "streams_client_state",
            "State of the instance: 0 created, 1 rebalancing, 2 running, 3 pending shutdown, 4 not running, 5 pending error, 6 error",
            "client-state";
        threads_alive: Gauge = "streams_alive_stream_threads", "Stream threads that run", "alive-stream-threads";
        threads_failed: Counter = "streams_failed_stream_threads_total", "Stream threads that ended by an error", "failed-stream-threads";
        cache_limit_bytes: Gauge = "streams_cache_limit_bytes",
            "Limit of the record caches of all threads (statestore.cache.max.bytes)", "-";
        uncommitted_limit_bytes: Gauge = "streams_uncommitted_limit_bytes",
            "Limit of uncommitted changes of all threads (statestore.uncommitted.max.bytes); -1 is none", "-";
        block_cache_bytes: Gauge = "streams_block_cache_bytes", "Bytes in RocksDB's block cache", "block-cache-usage";
        block_cache_limit_bytes: Gauge = "streams_block_cache_limit_bytes",
            "Limit of RocksDB's block cache (streams.state.block.cache.bytes)", "block-cache-capacity";
        write_buffer_bytes: Gauge = "streams_write_buffer_bytes", "Bytes in RocksDB's write buffers", "size-all-mem-tables";
        write_buffer_limit_bytes: Gauge = "streams_write_buffer_limit_bytes",
            "Limit of RocksDB's write buffers (streams.state.write.buffer.bytes)", "-";
    }
}

group! {
    /// A stream thread; written by it alone.
    pub struct ThreadMetrics ["thread"] {
        state: Gauge = "streams_thread_state",
            "State: 0 created, 1 starting, 2 partitions revoked, 3 partitions assigned, 4 running, 5 pending shutdown, 6 dead",
            "thread-state";
        started: Moment = "streams_thread_start_time_seconds", "When it started, since 1970", "thread-start-time";
        tasks: Gauge = "streams_thread_tasks", "Active tasks that it runs", "-";
        tasks_created: Counter = "streams_tasks_created_total", "Tasks that it began to run", "task-created-total";
        tasks_closed: Counter = "streams_tasks_closed_total", "Tasks that it closed", "task-closed-total";
        assigned: Counter = "streams_tasks_assigned_events_total", "Times the group gave it tasks", "tasks-assigned-latency-avg";
        revoked: Counter = "streams_tasks_revoked_events_total", "Times the group asked for tasks back", "tasks-revoked-latency-avg";
        lost: Counter = "streams_tasks_lost_events_total", "Times the group took tasks away", "tasks-lost-latency-avg";
        polls: Counter = "streams_polls_total", "Rounds of fetching", "poll-total";
        poll_records: Counter = "streams_poll_records_total", "Records fetched", "poll-records-avg";
        poll_time: Seconds = "streams_poll_seconds_total", "Time spent fetching and waiting for records", "poll-ratio";
        process_records: Counter = "streams_process_records_total", "Records processed", "process-total";
        process_time: Seconds = "streams_process_seconds_total", "Time spent processing", "process-ratio";
        punctuations: Counter = "streams_punctuations_total", "Punctuations", "punctuate-total";
        punctuate_time: Seconds = "streams_punctuate_seconds_total", "Time spent in punctuations by wall clock", "punctuate-ratio";
        commits: Counter = "streams_commits_total", "Commits", "commit-total";
        deliveries_dropped: Counter = "streams_deliveries_dropped_total", "Records that the cluster refused and the production handler left out", "-";
        transactions_aborted: Counter = "streams_transactions_aborted_total", "Transactions that were aborted", "-";
        producers_replaced: Counter = "streams_producers_replaced_total", "Producers that were given up for a new one", "-";
        commits_failed: Counter = "streams_commits_failed_total", "Commits that did not succeed", "-";
        commits_early: Counter = "streams_commits_early_total", "Commits forced by uncommitted bytes before their interval was over", "-";
        commit_time: Seconds = "streams_commit_seconds_total", "Time spent in commits", "commit-ratio";
        commit_longest: LongestSeconds = "streams_commit_seconds_max",
            "Longest commit of the last two minutes that had one", "commit-latency-max";
        blocked_time: Seconds = "streams_blocked_seconds_total",
            "Time spent waiting for the cluster in flushes and commits", "blocked-time-ns-total";
        cache_bytes: Gauge = "streams_thread_cache_bytes", "Bytes in its record caches", "cache-size-bytes-total";
        cache_limit_bytes: Gauge = "streams_thread_cache_limit_bytes", "Its share of the limit of the record caches", "-";
        uncommitted_bytes: Gauge = "streams_thread_uncommitted_bytes", "Bytes of uncommitted changes", "uncommitted-bytes";
        uncommitted_limit_bytes: Gauge = "streams_thread_uncommitted_limit_bytes",
            "Its share of the limit of uncommitted changes; -1 is none", "-";
    }
}

group! {
    /// A running task; written by its thread alone.
    pub struct TaskMetrics ["thread", "task"] {
        records_processed: Counter = "streams_records_processed_total", "Records processed", "process-total";
        process_time: Seconds = "streams_task_process_seconds_total", "Time spent processing", "active-process-ratio";
        enforced: Counter = "streams_task_enforced_processing_total",
            "Times it went on without waiting longer for an empty input (max.task.idle.ms)", "enforced-processing-total";
        punctuations: Counter = "streams_task_punctuations_total", "Punctuations", "punctuate-total";
        buffered_records: Gauge = "streams_task_buffered_records", "Records in its queues", "active-buffer-count";
        lag_records: Gauge = "streams_task_lag_records", "Records of its inputs that are not processed yet, as far as known", "records-lag";
        cache_evictions: Counter = "streams_task_cache_evictions_total", "Entries that left its record caches before a commit", "-";
        uncommitted_bytes: Gauge = "streams_task_uncommitted_bytes", "Bytes of uncommitted changes", "uncommitted-bytes";
    }
    also {
        /// `streams_records_dropped_total`: records left out, by reason. Java: `dropped-records-total`.
        dropped: Dropped,
    }
}

group! {
    /// A node of a running task; written by its thread alone, and only from the recording level DEBUG on.
    pub struct NodeMetrics ["thread", "task", "node"] {
        records_processed: Counter = "streams_node_records_processed_total", "Records that reached the node", "process-total";
    }
}

group! {
    /// A store of a running task; written by its thread alone.
    pub struct StoreMetrics ["thread", "task", "store"] {
        gets: Counter = "streams_store_gets_total", "Rows looked up by key, those included that were then changed", "get-rate";
        puts: Counter = "streams_store_puts_total", "Rows written or deleted", "put-rate";
        ranges: Counter = "streams_store_ranges_total", "Walks over rows", "range-rate";
        cache_hits: Counter = "streams_store_cache_hits_total", "Look-ups answered without the engine", "hit-ratio-avg";
        uncommitted_bytes: Gauge = "streams_store_uncommitted_bytes", "Bytes of uncommitted changes", "uncommitted-bytes";
        entries: Gauge = "streams_store_entries", "Rows in the engine, roughly", "num-keys";
        buffered_bytes: Gauge = "streams_store_buffered_bytes",
            "Bytes that a suppression holds back, as its limit counts them; 0 for other stores", "suppression-buffer-size-avg";
    }
}

group! {
    /// A store that is being restored; written by the restorer alone.
    pub struct RestoreMetrics ["task", "store"] {
        records: Counter = "streams_restore_records_total", "Changelog records applied", "restore-total";
        remaining: Gauge = "streams_restore_remaining_records", "Changelog offsets still to be read", "restore-remaining-records-total";
        time: Seconds = "streams_restore_seconds_total", "Time spent applying them", "-";
    }
}

/// Records left out, by reason; written by the task's thread alone.
#[derive(Debug, Default)]
pub struct Dropped([Counter; DropReason::ALL.len()]);

impl Dropped {
    pub(super) const DEFINITION: MetricDefinition = MetricDefinition {
        name: "streams_records_dropped_total",
        help: "Records left out",
        java: "dropped-records-total",
        kind: Counter::KIND,
        labels: &["thread", "task", "reason"],
    };

    /// Records left out for that reason.
    #[inline]
    pub fn reason(&self, reason: DropReason) -> &Counter {
        &self.0[reason as usize]
    }

    /// Records left out for any reason.
    pub fn total(&self) -> u64 {
        self.0.iter().map(Counter::get).sum()
    }
}

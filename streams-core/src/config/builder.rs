//! The typed methods of [`StreamsConfig`]; each sets one key. Durations count in whole milliseconds.

use super::{
    DeserializationPolicy, DslStore, OffsetReset, ProcessingGuarantee, ProcessingPolicy, ProductionPolicy, RecordingLevel,
    StreamTimeOnRestart, StreamsConfig, TimestampPolicy, TopologyOptimization, UpgradeFrom, keys,
};
use std::path::Path;
use std::time::Duration;

impl StreamsConfig {
    /// `client.id`: prefix of the client ids. Default: `<application.id>-<process id>`.
    #[must_use]
    pub fn client_id(self, prefix: impl Into<String>) -> Self {
        self.set(keys::CLIENT_ID, prefix)
    }

    /// `state.dir`: where local state lives. Default: `kafka-streams` in the system's folder for temporary files, as Java; give a durable
    /// folder in production. A path that is not UTF-8 is refused when the settings are read.
    #[must_use]
    pub fn state_dir(self, folder: impl AsRef<Path>) -> Self {
        self.set(keys::STATE_DIR, folder.as_ref().to_string_lossy())
    }

    /// `num.stream.threads`. Default: 1.
    #[must_use]
    pub fn num_stream_threads(self, threads: usize) -> Self {
        self.set(keys::NUM_STREAM_THREADS, threads.to_string())
    }

    /// `processing.guarantee`. Default: at least once.
    #[must_use]
    pub fn processing_guarantee(self, guarantee: ProcessingGuarantee) -> Self {
        self.set(keys::PROCESSING_GUARANTEE, guarantee.as_str())
    }

    /// `commit.interval.ms`: how often to commit. Default: 30 s.
    #[must_use]
    pub fn commit_interval(self, interval: Duration) -> Self {
        self.millis(keys::COMMIT_INTERVAL_MS, interval)
    }

    /// `statestore.cache.max.bytes`: the record caches of all threads together; 0 forwards every update at once. Default: 10 MiB.
    #[must_use]
    #[doc(alias = "cache.max.bytes.buffering")]
    pub fn statestore_cache_max_bytes(self, bytes: u64) -> Self {
        self.set(keys::STATESTORE_CACHE_MAX_BYTES, bytes.to_string())
    }

    /// `statestore.uncommitted.max.bytes`: uncommitted changes of all threads together that force an early commit; `None` is no limit.
    /// Default: 64 MiB.
    #[must_use]
    pub fn statestore_uncommitted_max_bytes(self, bytes: Option<u64>) -> Self {
        self.set(keys::STATESTORE_UNCOMMITTED_MAX_BYTES, bytes.map_or("-1".to_owned(), |b| b.to_string()))
    }

    /// `max.task.idle.ms`: how long a task waits for producers to its empty inputs; zero waits only for what brokers already have, `None`
    /// never waits. Default: zero.
    #[must_use]
    pub fn max_task_idle(self, idle: Option<Duration>) -> Self {
        self.optional_millis(keys::MAX_TASK_IDLE_MS, idle)
    }

    /// `streams.time.on.restart`: whether a task that starts again remembers how late is too late. Default: it does; Java's does not.
    #[must_use]
    pub fn stream_time_on_restart(self, policy: StreamTimeOnRestart) -> Self {
        self.set(keys::STREAM_TIME_ON_RESTART, policy.as_str())
    }

    /// `buffered.records.per.partition`: records queued per input partition. Default: 1000.
    #[must_use]
    pub fn buffered_records_per_partition(self, records: usize) -> Self {
        self.set(keys::BUFFERED_RECORDS_PER_PARTITION, records.to_string())
    }

    /// `poll.ms`: how long a thread waits for records. Default: 100 ms.
    #[must_use]
    pub fn poll(self, wait: Duration) -> Self {
        self.millis(keys::POLL_MS, wait)
    }

    /// `task.timeout.ms`: how long a task may make no progress because the cluster does not answer. Default: 5 min.
    #[must_use]
    pub fn task_timeout(self, timeout: Duration) -> Self {
        self.millis(keys::TASK_TIMEOUT_MS, timeout)
    }

    /// `replication.factor` of internal topics. Default: the broker's.
    #[must_use]
    pub fn replication_factor(self, copies: u16) -> Self {
        self.set(keys::REPLICATION_FACTOR, copies.to_string())
    }

    /// `repartition.purge.interval.ms`: how often consumed records of repartition topics are deleted. Default: 30 s.
    #[must_use]
    pub fn repartition_purge_interval(self, interval: Duration) -> Self {
        self.millis(keys::REPARTITION_PURGE_INTERVAL_MS, interval)
    }

    /// `upgrade.from`: the version of Java Kafka Streams that the application is taken over from, or is to be given back to. What is written to
    /// topics is then what that version can read: to 3.4, the repartition topics of grouped tables have old and new value of a row in two records
    /// (KIP-904); to 3.3, subscriptions of joins by foreign key do not say which partition asks. Everything is read whatever is set. Default: none,
    /// what 4.3 writes.
    ///
    /// To give an application back, run it with this until all that was written before is read and committed; then stop it, and delete its
    /// local state: versions to 4.2 cannot open it. See `docs/COMPATIBILITY.md`.
    #[must_use]
    pub fn upgrade_from(self, version: UpgradeFrom) -> Self {
        self.set(keys::UPGRADE_FROM, version.as_str())
    }

    /// `windowstore.changelog.additional.retention.ms`: how much longer than the window its changelog is kept. Default: 1 day.
    #[must_use]
    pub fn windowstore_changelog_additional_retention(self, retention: Duration) -> Self {
        self.millis(keys::WINDOWSTORE_CHANGELOG_ADDITIONAL_RETENTION_MS, retention)
    }

    /// `state.cleanup.delay.ms`: how long the folder of a task that moved away is kept. Default: 10 min.
    #[must_use]
    pub fn state_cleanup_delay(self, delay: Duration) -> Self {
        self.millis(keys::STATE_CLEANUP_DELAY_MS, delay)
    }

    /// `state.cleanup.dir.max.age.ms` (KIP-1259): folders of tasks in which nothing was written for longer are deleted at start, and what they
    /// had is restored from the changelogs; `None` keeps them however old. Default: `None`.
    #[must_use]
    pub fn state_cleanup_dir_max_age(self, age: Option<Duration>) -> Self {
        self.optional_millis(keys::STATE_CLEANUP_DIR_MAX_AGE_MS, age)
    }

    /// `default.timestamp.extractor`. Default: a record without a valid time is an error.
    #[must_use]
    pub fn default_timestamp_extractor(self, policy: TimestampPolicy) -> Self {
        self.set(keys::DEFAULT_TIMESTAMP_EXTRACTOR, policy.as_str())
    }

    /// `deserialization.exception.handler`. Default: fail.
    #[must_use]
    pub fn deserialization_exception_handler(self, policy: DeserializationPolicy) -> Self {
        self.set(keys::DESERIALIZATION_EXCEPTION_HANDLER, policy.as_str())
    }

    /// `processing.exception.handler`. Default: fail.
    #[must_use]
    pub fn processing_exception_handler(self, policy: ProcessingPolicy) -> Self {
        self.set(keys::PROCESSING_EXCEPTION_HANDLER, policy.as_str())
    }

    /// `production.exception.handler`. Default: try again where that may help, else fail.
    #[must_use]
    pub fn production_exception_handler(self, policy: ProductionPolicy) -> Self {
        self.set(keys::PRODUCTION_EXCEPTION_HANDLER, policy.as_str())
    }

    /// `default.dsl.store`: the engine of stores that name none. Default: RocksDB.
    #[must_use]
    pub fn default_dsl_store(self, store: DslStore) -> Self {
        self.set(keys::DEFAULT_DSL_STORE, store.as_str())
    }

    /// `metrics.recording.level`. Default: info.
    #[must_use]
    pub fn metrics_recording_level(self, level: RecordingLevel) -> Self {
        self.set(keys::METRICS_RECORDING_LEVEL, level.as_str())
    }

    /// `log.summary.interval.ms`: how often a thread logs what it did; `None` never. Default: 2 min.
    #[must_use]
    pub fn log_summary_interval(self, interval: Option<Duration>) -> Self {
        self.optional_millis(keys::LOG_SUMMARY_INTERVAL_MS, interval)
    }

    /// `topology.optimization`: what the topology is optimised by when it is built with this config. Default: nothing.
    #[must_use]
    pub fn topology_optimization(self, optimization: TopologyOptimization) -> Self {
        self.set(keys::TOPOLOGY_OPTIMIZATION, optimization.to_string())
    }

    /// `ensure.explicit.internal.resource.naming`: whether stores and internal topics whose names are generated, and so change with the topology,
    /// are refused (KIP-1111): by [`build_with`](crate::StreamsBuilder::build_with) of this config, and when an application with it starts.
    /// Default: no.
    ///
    /// ```
    /// # use streams_core::{Grouped, StreamsBuilder, config::StreamsConfig};
    /// let config = StreamsConfig::new("app", "embedded").ensure_explicit_internal_resource_naming(true);
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<(), String>("words").group_by(|_, word| word.clone()).count().to_stream().to("counts");
    /// let error = builder.build_with(&config).unwrap_err().to_string();
    /// assert!(error.contains("KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition"));
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<(), String>("words").group_by(|_, word| word.clone()).count_with("by-word").to_stream().to("counts");
    /// builder.build_with(&config)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ensure_explicit_internal_resource_naming(self, ensure: bool) -> Self {
        self.set(keys::ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING, ensure.to_string())
    }

    /// `allow.os.group.write.access`: whether state folders are writable for the operating system's group. Default: no.
    #[must_use]
    pub fn allow_os_group_write_access(self, allow: bool) -> Self {
        self.set(keys::ALLOW_OS_GROUP_WRITE_ACCESS, allow.to_string())
    }

    /// `streams.state.block.cache.bytes`: RocksDB's block cache, shared by all stores of the process. Default: 32 MiB.
    #[must_use]
    pub fn state_block_cache_bytes(self, bytes: u64) -> Self {
        self.set(keys::STATE_BLOCK_CACHE_BYTES, bytes.to_string())
    }

    /// `streams.state.write.buffer.bytes`: RocksDB's write buffers, shared by all stores of the process. Default: 32 MiB.
    #[must_use]
    pub fn state_write_buffer_bytes(self, bytes: u64) -> Self {
        self.set(keys::STATE_WRITE_BUFFER_BYTES, bytes.to_string())
    }

    /// `consumer.auto.offset.reset`: where reading begins in a partition without a committed offset. Default: earliest.
    #[must_use]
    pub fn auto_offset_reset(self, reset: OffsetReset) -> Self {
        self.set("consumer.auto.offset.reset", reset.to_string())
    }

    /// Where -1 stands for `None`.
    fn optional_millis(self, key: &str, duration: Option<Duration>) -> Self {
        match duration {
            Some(duration) => self.millis(key, duration),
            None => self.set(key, "-1"),
        }
    }

    fn millis(self, key: &str, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.set(key, millis.to_string())
    }
}

//! Names of the config keys that the library reads itself.

/// The application: group id, prefix of internal topics and of client ids, folder of its state.
pub const APPLICATION_ID: &str = "application.id";
/// The cluster: `host:port,...`, or `embedded` for the in-process one.
pub const BOOTSTRAP_SERVERS: &str = "bootstrap.servers";
/// Prefix of the client ids.
pub const CLIENT_ID: &str = "client.id";
/// Where local state lives.
pub const STATE_DIR: &str = "state.dir";
/// Whether operators remember, over a restart, how far time had come.
pub const STREAM_TIME_ON_RESTART: &str = "streams.time.on.restart";
/// How many threads process records.
pub const NUM_STREAM_THREADS: &str = "num.stream.threads";
/// How often to commit.
pub const COMMIT_INTERVAL_MS: &str = "commit.interval.ms";
/// The record caches of all threads together.
pub const STATESTORE_CACHE_MAX_BYTES: &str = "statestore.cache.max.bytes";
/// Uncommitted changes that force an early commit.
pub const STATESTORE_UNCOMMITTED_MAX_BYTES: &str = "statestore.uncommitted.max.bytes";
/// How long a task waits for its other inputs.
pub const MAX_TASK_IDLE_MS: &str = "max.task.idle.ms";
/// Records queued per input partition.
pub const BUFFERED_RECORDS_PER_PARTITION: &str = "buffered.records.per.partition";
/// How long a thread waits for records.
pub const POLL_MS: &str = "poll.ms";
/// How long a task may make no progress because the cluster does not answer.
pub const TASK_TIMEOUT_MS: &str = "task.timeout.ms";
/// Which optimisations rewrite the topology when it is built.
pub const TOPOLOGY_OPTIMIZATION: &str = "topology.optimization";
/// Whether generated names of stores and internal topics are refused.
pub const ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING: &str = "ensure.explicit.internal.resource.naming";
/// Replication factor of internal topics.
pub const REPLICATION_FACTOR: &str = "replication.factor";
/// How often consumed records of repartition topics are deleted.
pub const REPARTITION_PURGE_INTERVAL_MS: &str = "repartition.purge.interval.ms";
/// The version of Java Kafka Streams that the application comes from or goes back to.
pub const UPGRADE_FROM: &str = "upgrade.from";
/// Retention of window changelogs beyond that of the window.
pub const WINDOWSTORE_CHANGELOG_ADDITIONAL_RETENTION_MS: &str = "windowstore.changelog.additional.retention.ms";
/// How long the folder of a task that moved away is kept.
pub const STATE_CLEANUP_DELAY_MS: &str = "state.cleanup.delay.ms";
/// State older than this is deleted at start.
pub const STATE_CLEANUP_DIR_MAX_AGE_MS: &str = "state.cleanup.dir.max.age.ms";
/// What holds when something fails.
pub const PROCESSING_GUARANTEE: &str = "processing.guarantee";
/// Where a record's time comes from.
pub const DEFAULT_TIMESTAMP_EXTRACTOR: &str = "default.timestamp.extractor";
/// What happens to a record that cannot be read.
pub const DESERIALIZATION_EXCEPTION_HANDLER: &str = "deserialization.exception.handler";
/// What happens when user code fails.
pub const PROCESSING_EXCEPTION_HANDLER: &str = "processing.exception.handler";
pub const PROCESSING_EXCEPTION_HANDLER_GLOBAL_ENABLED: &str = "processing.exception.handler.global.enabled";
/// What happens to a record that cannot be written.
pub const PRODUCTION_EXCEPTION_HANDLER: &str = "production.exception.handler";
/// The engine of stores that name none.
pub const DEFAULT_DSL_STORE: &str = "default.dsl.store";
/// The newer spelling of the same choice.
pub const DSL_STORE_SUPPLIERS_CLASS: &str = "dsl.store.suppliers.class";
/// How much is measured.
pub const METRICS_RECORDING_LEVEL: &str = "metrics.recording.level";
/// How often a thread logs what it did.
pub const LOG_SUMMARY_INTERVAL_MS: &str = "log.summary.interval.ms";
/// Whether the operating system's group may write to the state folders.
pub const ALLOW_OS_GROUP_WRITE_ACCESS: &str = "allow.os.group.write.access";
/// RocksDB's block cache, shared by all stores of the process.
pub const STATE_BLOCK_CACHE_BYTES: &str = "streams.state.block.cache.bytes";
/// RocksDB's write buffers, shared by all stores of the process.
pub const STATE_WRITE_BUFFER_BYTES: &str = "streams.state.write.buffer.bytes";

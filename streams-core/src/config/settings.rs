//! What the rest of the library reads: checked, typed, with defaults filled in.

use super::check::{self, Checked};
use super::definition::{boolean, number, shown};
use super::{
    Bootstrap, DeserializationPolicy, DslStore, OffsetReset, ProcessingGuarantee, ProcessingPolicy, ProductionPolicy, RecordingLevel,
    StreamTimeOnRestart, StreamsConfig, Support, TimestampPolicy, TopologyOptimization, UpgradeFrom, clients, definition, definitions,
    keys,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A [`StreamsConfig`] that was checked. Keys and defaults: [`definitions`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// `application.id`.
    pub application_id: String,
    /// `bootstrap.servers`.
    pub bootstrap: Bootstrap,
    /// `client.id`; [`client_id`](Self::client_id) fills in the default.
    pub client_id_prefix: Option<String>,
    /// `state.dir`; the application's own folder is inside.
    pub state_dir: PathBuf,
    /// `num.stream.threads`, at least 1.
    pub num_stream_threads: usize,
    /// `processing.guarantee`.
    pub processing_guarantee: ProcessingGuarantee,
    /// `commit.interval.ms`; zero commits after every round of processing.
    pub commit_interval: Duration,
    /// `statestore.cache.max.bytes`, over all threads.
    pub statestore_cache_max_bytes: u64,
    /// `statestore.uncommitted.max.bytes`, over all threads; `None` is no limit.
    pub statestore_uncommitted_max_bytes: Option<u64>,
    /// `max.task.idle.ms`; `None` never waits, zero waits for what brokers already have.
    pub max_task_idle: Option<Duration>,
    /// `streams.time.on.restart`.
    pub stream_time_on_restart: StreamTimeOnRestart,
    /// `buffered.records.per.partition`, at least 1.
    pub buffered_records_per_partition: usize,
    /// `poll.ms`.
    pub poll: Duration,
    /// `task.timeout.ms`.
    pub task_timeout: Duration,
    /// `replication.factor`; `None` is the broker's default.
    pub replication_factor: Option<i32>,
    /// `repartition.purge.interval.ms`.
    pub repartition_purge_interval: Duration,
    /// `upgrade.from`.
    pub upgrade_from: Option<UpgradeFrom>,
    /// `windowstore.changelog.additional.retention.ms`.
    pub windowstore_changelog_additional_retention: Duration,
    /// `state.cleanup.delay.ms`.
    pub state_cleanup_delay: Duration,
    /// `state.cleanup.dir.max.age.ms`; `None` keeps state however old.
    pub state_cleanup_dir_max_age: Option<Duration>,
    /// `default.timestamp.extractor`.
    pub default_timestamp_extractor: TimestampPolicy,
    /// `deserialization.exception.handler`.
    pub deserialization_exception_handler: DeserializationPolicy,
    /// `processing.exception.handler`.
    pub processing_exception_handler: ProcessingPolicy,
    /// `processing.exception.handler.global.enabled`.
    pub processing_exception_handler_global: bool,
    /// `production.exception.handler`.
    pub production_exception_handler: ProductionPolicy,
    /// `topology.optimization`.
    pub topology_optimization: TopologyOptimization,
    /// `ensure.explicit.internal.resource.naming`.
    pub ensure_explicit_internal_resource_naming: bool,
    /// `dsl.store.suppliers.class`, else `default.dsl.store`.
    pub default_dsl_store: DslStore,
    /// `metrics.recording.level`.
    pub metrics_recording_level: RecordingLevel,
    /// `log.summary.interval.ms`; `None` never.
    pub log_summary_interval: Option<Duration>,
    /// `allow.os.group.write.access`.
    pub allow_os_group_write_access: bool,
    /// `streams.state.block.cache.bytes`, over the process.
    pub state_block_cache_bytes: u64,
    /// `streams.state.write.buffer.bytes`, over the process.
    pub state_write_buffer_bytes: u64,
    /// The main consumer's `auto.offset.reset`.
    pub auto_offset_reset: OffsetReset,
    /// The producer's `transaction.timeout.ms` (default 10 s): how long a broker lets a transaction stay open.
    pub transaction_timeout: Duration,
    /// Whether the main consumer's `isolation.level` is `read_committed`; always so under exactly-once.
    pub read_committed: bool,
    /// The main consumer's `max.poll.records` (default 1000): how many records a thread takes per round.
    pub max_poll_records: usize,
    /// The main consumer's `max.poll.interval.ms` (default 5 min): a thread that does not poll for longer is thrown out of the group.
    pub max_poll_interval: Duration,
    /// The main consumer's `metadata.max.age.ms` (default 5 min): how often topics that a pattern matches are looked for.
    pub metadata_max_age: Duration,
    /// The keys of the `topic.` prefix, without it: configs of internal topics.
    pub topic_configs: BTreeMap<String, String>,
    /// What is doubtful: unknown keys (with the nearest known one), old spellings, values that are ignored.
    pub warnings: Vec<String>,
    pub(super) given: BTreeMap<String, String>,
    pub(super) extra_client_keys: BTreeSet<String>,
}

impl Settings {
    /// `config` was checked, so every value can be read; defaults come from the definitions.
    pub(super) fn read(config: &StreamsConfig, checked: Checked) -> Self {
        let read = Read(config);
        let consumer = clients::main_consumer_values(&config.given);
        let guarantee = read.word(keys::PROCESSING_GUARANTEE, ProcessingGuarantee::parse);
        let exactly_once = guarantee == ProcessingGuarantee::ExactlyOnceV2;
        let commit_default = (exactly_once && config.get(keys::COMMIT_INTERVAL_MS).is_none()).then_some(100);
        let newer = config.get(keys::DSL_STORE_SUPPLIERS_CLASS).is_some();
        let store_key = if newer { keys::DSL_STORE_SUPPLIERS_CLASS } else { keys::DEFAULT_DSL_STORE };
        Settings {
            application_id: read.text(keys::APPLICATION_ID).trim().to_owned(),
            bootstrap: Bootstrap::parse(read.text(keys::BOOTSTRAP_SERVERS)),
            client_id_prefix: config.get(keys::CLIENT_ID).filter(|id| !id.is_empty()).map(str::to_owned),
            state_dir: config.get(keys::STATE_DIR).map_or_else(|| std::env::temp_dir().join("kafka-streams"), PathBuf::from),
            num_stream_threads: read.size(keys::NUM_STREAM_THREADS),
            processing_guarantee: guarantee,
            commit_interval: commit_default.map_or_else(|| read.millis(keys::COMMIT_INTERVAL_MS), Duration::from_millis),
            statestore_cache_max_bytes: read.bytes(keys::STATESTORE_CACHE_MAX_BYTES),
            statestore_uncommitted_max_bytes: u64::try_from(read.long(keys::STATESTORE_UNCOMMITTED_MAX_BYTES)).ok(),
            max_task_idle: read.optional_millis(keys::MAX_TASK_IDLE_MS),
            stream_time_on_restart: read.word(keys::STREAM_TIME_ON_RESTART, StreamTimeOnRestart::parse),
            buffered_records_per_partition: read.size(keys::BUFFERED_RECORDS_PER_PARTITION),
            poll: read.millis(keys::POLL_MS),
            task_timeout: read.millis(keys::TASK_TIMEOUT_MS),
            replication_factor: i32::try_from(read.long(keys::REPLICATION_FACTOR)).ok().filter(|n| *n > 0),
            repartition_purge_interval: read.millis(keys::REPARTITION_PURGE_INTERVAL_MS),
            upgrade_from: UpgradeFrom::parse(read.text(keys::UPGRADE_FROM).trim()),
            windowstore_changelog_additional_retention: read.millis(keys::WINDOWSTORE_CHANGELOG_ADDITIONAL_RETENTION_MS),
            state_cleanup_delay: read.millis(keys::STATE_CLEANUP_DELAY_MS),
            state_cleanup_dir_max_age: read.optional_millis(keys::STATE_CLEANUP_DIR_MAX_AGE_MS),
            default_timestamp_extractor: read.word(keys::DEFAULT_TIMESTAMP_EXTRACTOR, TimestampPolicy::parse),
            deserialization_exception_handler: read.word(keys::DESERIALIZATION_EXCEPTION_HANDLER, DeserializationPolicy::parse),
            processing_exception_handler: read.word(keys::PROCESSING_EXCEPTION_HANDLER, ProcessingPolicy::parse),
            processing_exception_handler_global: boolean(read.text(keys::PROCESSING_EXCEPTION_HANDLER_GLOBAL_ENABLED)).unwrap_or_default(),
            production_exception_handler: read.word(keys::PRODUCTION_EXCEPTION_HANDLER, ProductionPolicy::parse),
            topology_optimization: TopologyOptimization::parse(read.text(keys::TOPOLOGY_OPTIMIZATION)).unwrap_or_default(),
            ensure_explicit_internal_resource_naming: boolean(read.text(keys::ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING))
                .unwrap_or_default(),
            default_dsl_store: read.word(store_key, DslStore::parse),
            metrics_recording_level: read.word(keys::METRICS_RECORDING_LEVEL, RecordingLevel::parse),
            log_summary_interval: read.optional_millis(keys::LOG_SUMMARY_INTERVAL_MS),
            allow_os_group_write_access: boolean(read.text(keys::ALLOW_OS_GROUP_WRITE_ACCESS)).unwrap_or_default(),
            state_block_cache_bytes: read.bytes(keys::STATE_BLOCK_CACHE_BYTES),
            state_write_buffer_bytes: read.bytes(keys::STATE_WRITE_BUFFER_BYTES),
            auto_offset_reset: consumer.get("auto.offset.reset").and_then(|v| OffsetReset::parse(v.trim())).unwrap_or_default(),
            read_committed: exactly_once || consumer.get("isolation.level").and_then(|v| check::read_committed(v)).unwrap_or_default(),
            transaction_timeout: Duration::from_millis(clients::transaction_timeout_ms(&config.given)),
            max_poll_records: consumer.get("max.poll.records").and_then(|v| v.trim().parse().ok()).unwrap_or(1000),
            max_poll_interval: Duration::from_millis(
                consumer.get("max.poll.interval.ms").and_then(|v| v.trim().parse().ok()).unwrap_or(300_000),
            ),
            metadata_max_age: Duration::from_millis(
                consumer.get("metadata.max.age.ms").and_then(|v| v.trim().parse().ok()).unwrap_or(300_000),
            ),
            topic_configs: read.topic_configs(),
            warnings: checked.warnings,
            given: config.given.clone(),
            extra_client_keys: checked.extra_client_keys,
        }
    }

    /// Logs the warnings; to be called once, when the application starts.
    pub fn log_warnings(&self) {
        for warning in &self.warnings {
            tracing::warn!(target: "streams::config", "{warning}");
        }
    }

    /// Every key that counts with its value, defaults included, to be printed: secrets read `[hidden]`.
    pub fn to_properties(&self) -> BTreeMap<String, String> {
        self.with_defaults().into_iter().map(|(key, value)| (key.clone(), shown(&key, &value).to_owned())).collect()
    }

    /// Every key that counts with its value, defaults included, secrets too.
    pub(crate) fn with_defaults(&self) -> BTreeMap<String, String> {
        let works = |d: &&definition::Definition| matches!(d.support, Support::Since(_) | Support::Only(_));
        let mut all: BTreeMap<String, String> =
            definitions().iter().filter(works).filter_map(|d| Some((d.name.to_owned(), d.default?.to_owned()))).collect();
        all.insert(keys::STATE_DIR.to_owned(), self.state_dir.display().to_string());
        all.insert(keys::COMMIT_INTERVAL_MS.to_owned(), self.commit_interval.as_millis().to_string());
        for (key, value) in &self.given {
            let key = match definition(key).map(|d| d.support) {
                Some(Support::Renamed(new)) if self.given.contains_key(new) => continue,
                Some(Support::Renamed(new)) => new,
                _ => key,
            };
            all.insert(key.to_owned(), value.clone());
        }
        all
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.to_properties()).finish()
    }
}

/// Typed values of a checked config.
struct Read<'a>(&'a StreamsConfig);

impl<'a> Read<'a> {
    fn text(&self, key: &str) -> &'a str {
        self.0.get(key).or_else(|| definition(key)?.default).unwrap_or_default()
    }

    fn long(&self, key: &str) -> i64 {
        number(self.text(key)).unwrap_or_default()
    }

    fn size(&self, key: &str) -> usize {
        usize::try_from(self.long(key)).unwrap_or_default()
    }

    fn bytes(&self, key: &str) -> u64 {
        u64::try_from(self.long(key)).unwrap_or_default()
    }

    fn millis(&self, key: &str) -> Duration {
        Duration::from_millis(self.bytes(key))
    }

    /// Negative values switch it off.
    fn optional_millis(&self, key: &str) -> Option<Duration> {
        u64::try_from(self.long(key)).ok().map(Duration::from_millis)
    }

    fn word<T: Default>(&self, key: &str, parse: fn(&str) -> Option<T>) -> T {
        parse(definition::short_class_name(self.text(key))).unwrap_or_default()
    }

    fn topic_configs(&self) -> BTreeMap<String, String> {
        let client = super::known_client_key;
        self.0
            .given
            .iter()
            .filter(|(k, _)| !client(k))
            .filter_map(|(k, v)| Some((k.strip_prefix("topic.")?.to_owned(), v.clone())))
            .collect()
    }
}

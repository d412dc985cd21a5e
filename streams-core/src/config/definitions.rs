//! Every key of Kafka Streams (`StreamsConfig` of Kafka 4.3 and the trunk after it) and our own, as data.
//!
//! Columns: name, type, default, allowed values, importance, support; then what it is for.

use super::definition::{
    Allowed::{self, *},
    Definition,
    Importance::{self, *},
    Kind::{self, *},
    Support::{self, *},
};
use super::{TopologyOptimization, keys};

const V1: Support = Since("0.1.0");
const DESERIALIZATION_HANDLERS: Allowed = OneOf(&["LogAndFailExceptionHandler", "LogAndContinueExceptionHandler"]);
const PRODUCTION_HANDLERS: Allowed = OneOf(&["DefaultProductionExceptionHandler", "LogAndContinueProductionExceptionHandler"]);
/// Java 4.3 itself knows those before it.
const VERSIONS: &[&str] =
    &["2.4", "2.5", "2.6", "2.7", "2.8", "3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "4.0", "4.1", "4.2", "4.3"];
const SERDES: Support = NoEffect("serdes follow from the types of the topology: pass `Consumed::with(..)` or implement `DefaultSerde`");
const COUNTERS: Support = NoEffect("metrics are plain counters here, and whoever reads them computes rates");
const PLAIN_CONSUMERS: Support = NoEffect("it is for plain consumers in Java");

/// The definition of a key of ours or of Kafka Streams.
pub fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|d| d.name == name)
}

/// All keys of Kafka Streams and our own.
pub fn definitions() -> &'static [Definition] {
    DEFINITIONS
}

const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    allowed: Allowed,
    importance: Importance,
    support: Support,
    doc: &'static str,
) -> Definition {
    let default = if default.is_empty() { None } else { Some(default) };
    Definition { name, kind, default, allowed, importance, support, doc }
}

#[rustfmt::skip]
const DEFINITIONS: &[Definition] = &[
    key(keys::APPLICATION_ID, String, "", Checked(is_application_id, APPLICATION_ID), High, V1,
        "The application: group id, prefix of internal topics and of client ids, folder of its state. Required."),
    key(keys::BOOTSTRAP_SERVERS, List, "", Checked(is_bootstrap, BOOTSTRAP), High, V1,
        "The cluster: `host:port,...`; `embedded` or `embedded://NAME` is the cluster inside the process. Required."),
    key("num.standby.replicas", Int, "0", AtLeast(0), High, NotYet,
        "Warm copies of each task's state."),
    key(keys::STATE_DIR, String, "", Checked(is_folder, "a folder whose path is UTF-8"), High, V1,
        "Where local state lives; by default `kafka-streams` in the system's folder for temporary files."),
    key(keys::ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING, Boolean, "false", Any, High, V1,
        "Whether generated names of stores and internal topics are refused (KIP-1111), by `build_with` and at the start."),
    key(keys::PROCESSING_EXCEPTION_HANDLER_GLOBAL_ENABLED, Boolean, "false", Any, High, V1,
        "Whether the processing exception handler is also asked about processors of global stores (KIP-1270)."),
    key("acceptable.recovery.lag", Long, "10000", AtLeast(0), Medium, NotYet,
        "Offsets behind the changelog's end at which an instance counts as caught up."),
    key("cache.max.bytes.buffering", Long, "10485760", AtLeast(0), Medium, Renamed(keys::STATESTORE_CACHE_MAX_BYTES),
        "Old spelling."),
    key(keys::STATESTORE_CACHE_MAX_BYTES, Long, "10485760", AtLeast(0), Medium, V1,
        "Bytes of the record caches of all threads together; 0 forwards every update at once."),
    key(keys::STATESTORE_UNCOMMITTED_MAX_BYTES, Long, "67108864", AtLeast(-1), Low, V1,
        "Bytes of uncommitted changes of all threads together that force an early commit; -1 is no limit."),
    key(keys::CLIENT_ID, String, "", Any, Medium, V1,
        "Prefix of the client ids; by default `<application.id>-<process id>`."),
    key("default.deserialization.exception.handler", Class, "LogAndFailExceptionHandler", DESERIALIZATION_HANDLERS, Medium,
        Renamed(keys::DESERIALIZATION_EXCEPTION_HANDLER), "Old spelling."),
    key(keys::DESERIALIZATION_EXCEPTION_HANDLER, Class, "LogAndFailExceptionHandler", DESERIALIZATION_HANDLERS, Medium, V1,
        "What happens to a record that cannot be read."),
    key("default.production.exception.handler", Class, "DefaultProductionExceptionHandler", PRODUCTION_HANDLERS, Medium,
        Renamed(keys::PRODUCTION_EXCEPTION_HANDLER), "Old spelling."),
    key(keys::PRODUCTION_EXCEPTION_HANDLER, Class, "DefaultProductionExceptionHandler", PRODUCTION_HANDLERS, Medium, V1,
        "What happens to a record that cannot be written or serialized; by default: try again where that may help, else fail."),
    key(keys::PROCESSING_EXCEPTION_HANDLER, Class, "LogAndFailProcessingExceptionHandler",
        OneOf(&["LogAndFailProcessingExceptionHandler", "LogAndContinueProcessingExceptionHandler"]), Medium, V1,
        "What happens when a closure or processor of the application fails."),
    key("errors.dead.letter.queue.topic.name", String, "", Any, Medium, NotYet,
        "Topic for the records that the ready-made handlers drop."),
    key("default.key.serde", Class, "", Any, Medium, SERDES, "Serde of keys where none is given."),
    key("default.value.serde", Class, "", Any, Medium, SERDES, "Serde of values where none is given."),
    key("default.list.key.serde.inner", Class, "", Any, Medium, SERDES, "Serde of the elements of list keys."),
    key("default.list.value.serde.inner", Class, "", Any, Medium, SERDES, "Serde of the elements of list values."),
    key("default.list.key.serde.type", Class, "", Any, Medium, SERDES, "Class of list keys."),
    key("default.list.value.serde.type", Class, "", Any, Medium, SERDES, "Class of list values."),
    key(keys::DEFAULT_TIMESTAMP_EXTRACTOR, Class, "FailOnInvalidTimestamp",
        OneOf(&["FailOnInvalidTimestamp", "LogAndSkipOnInvalidTimestamp", "UsePartitionTimeOnInvalidTimestamp",
            "WallclockTimestampExtractor"]),
        Medium, V1, "Where a record's time comes from."),
    key(keys::MAX_TASK_IDLE_MS, Long, "0", AtLeast(-1), Medium, V1,
        "How long a task waits for producers to its empty inputs; 0 waits only for what brokers already have, -1 never waits."),
    key("max.warmup.replicas", Int, "2", AtLeast(1), Medium, NotYet, "Extra copies of state that warm up before a task moves."),
    key(keys::NUM_STREAM_THREADS, Int, "1", AtLeast(1), Medium, V1, "How many threads process records."),
    key(keys::PROCESSING_GUARANTEE, String, "at_least_once", OneOf(&["at_least_once", "exactly_once_v2"]), Medium,
        V1, "What holds when something fails."),
    key("task.assignor.class", String, "", Any, Medium, NotYet, "A task assignor of one's own."),
    key(keys::REPLICATION_FACTOR, Int, "-1", MinusOneOrPositive, Medium, V1, "Of internal topics; -1 is the broker's default."),
    key("security.protocol", String, "PLAINTEXT", OneOfAnyCase(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Medium, Client,
        "How clients talk to brokers."),
    key(keys::TASK_TIMEOUT_MS, Long, "300000", AtLeast(0), Medium, V1,
        "How long a task may make no progress because the cluster does not answer, before it fails."),
    key(keys::TOPOLOGY_OPTIMIZATION, String, "none", Checked(is_optimization, OPTIMIZATION), Medium, V1,
        "Which optimisations rewrite the topology; it must also be built with this (`StreamsBuilder::build_with`)."),
    key("group.protocol", String, "classic", OneOfAnyCase(&["classic", "streams"]), Medium, Only(&["classic"]),
        "How the instances share the tasks."),
    key(keys::ALLOW_OS_GROUP_WRITE_ACCESS, Boolean, "false", Any, Low, V1,
        "Whether state folders are writable for the operating system's group (mode 770 in place of 750)."),
    key("application.server", String, "", Any, Low, NotYet, "`host:port` under which this instance answers queries of the others."),
    key(keys::BUFFERED_RECORDS_PER_PARTITION, Int, "1000", AtLeast(1), Low, V1,
        "Records queued per input partition before fetching it pauses."),
    key("built.in.metrics.version", String, "latest", OneOf(&["latest"]), Low, NoEffect("there is one version"), "Version of the metrics."),
    key(keys::COMMIT_INTERVAL_MS, Long, "30000", AtLeast(0), Low, V1, "How often to commit; by default 100 under exactly-once."),
    key("config.providers", List, "", Any, Low, NotYet, "Where secrets in values are looked up."),
    key("enable.metrics.push", Boolean, "true", Any, Low, Client, "Whether clients send their metrics to the brokers (KIP-714)."),
    key("enable.transactional.statestores", Boolean, "false", Any, Low,
        NoEffect("stores always hold back what is not committed"), "Whether stores keep uncommitted changes apart (KIP-892)."),
    key("default.interactive.query.isolation.level", String, "READ_UNCOMMITTED", OneOfAnyCase(&["READ_UNCOMMITTED", "READ_COMMITTED"]),
        Low, NotYet, "What queries see where they do not say."),
    key("rack.aware.assignment.strategy", String, "none", OneOf(&["none", "min_traffic", "balance_subtopology"]), Low, NotYet,
        "How tasks follow the racks of their partitions (KIP-925)."),
    key("rack.aware.assignment.traffic_cost", Int, "", Any, Low, NotYet, "Weight of traffic between racks."),
    key("rack.aware.assignment.non_overlap_cost", Int, "", Any, Low, NotYet, "Weight of moving tasks."),
    key("rack.aware.assignment.tags", List, "", Any, Low, NotYet, "Client tags over which standbys are spread."),
    key(keys::REPARTITION_PURGE_INTERVAL_MS, Long, "30000", AtLeast(0), Low, V1,
        "How often consumed records of repartition topics are deleted."),
    key(keys::DEFAULT_DSL_STORE, String, "rocksDB", OneOf(&["rocksDB", "in_memory"]), Low, V1, "The engine of stores that name none."),
    key(keys::DSL_STORE_SUPPLIERS_CLASS, Class, "RocksDBDslStoreSuppliers",
        OneOf(&["RocksDBDslStoreSuppliers", "InMemoryDslStoreSuppliers"]), Low, V1,
        "The same choice in its newer spelling; it wins over the older."),
    key("dsl.store.format", String, "DEFAULT", OneOfAnyCase(&["DEFAULT", "HEADERS"]), Low, Only(&["DEFAULT"]),
        "Whether stores of the DSL keep the headers of records (KIP-1285); those of processors do by `with_headers()`."),
    key("default.client.supplier", Class, "DefaultKafkaClientSupplier", Any, Low, NotYet, "Where clients come from."),
    key(keys::LOG_SUMMARY_INTERVAL_MS, Long, "120000", Any, Low, V1, "How often a thread logs what it did; below 0 never."),
    key(keys::POLL_MS, Long, "100", AtLeast(0), Low, V1, "How long a thread waits for records."),
    key("probing.rebalance.interval.ms", Long, "600000", AtLeast(60000), Low, NotYet, "How often to look whether warm-ups are done."),
    key("processor.wrapper.class", Class, "NoOpProcessorWrapper", Any, Low, InCode("`StreamsBuilder::processor_wrapper`"),
        "A wrapper around every processor (KIP-1112)."),
    key("rocksdb.config.setter", Class, "", Any, Low, InCode("`KafkaStreamsBuilder::rocksdb_config_setter`"),
        "Changes the options of RocksDB."),
    key(keys::STATE_CLEANUP_DELAY_MS, Long, "600000", AtLeast(0), Low, V1, "How long the folder of a task that moved away is kept."),
    key(keys::STATE_CLEANUP_DIR_MAX_AGE_MS, Long, "-1", AtLeast(-1), Low, V1,
        "Folders of tasks in which nothing was written for longer are deleted at start (KIP-1259); -1 keeps them."),
    key(keys::UPGRADE_FROM, String, "", OneOf(VERSIONS), Low, V1,
        "The version of Java Kafka Streams that the application comes from or goes back to: topics are written so that it can read them."),
    key(keys::WINDOWSTORE_CHANGELOG_ADDITIONAL_RETENTION_MS, Long, "86400000", AtLeast(0), Low, V1,
        "Retention of window changelogs beyond that of the window, for clocks that differ."),
    key("windowed.inner.class.serde", String, "", Any, Low, PLAIN_CONSUMERS, "Inner serde of windowed keys."),
    key("window.size.ms", Long, "", Any, Low, PLAIN_CONSUMERS, "Size of windows."),
    key("topology.description.push.enabled", Boolean, "true", Any, Medium, NoEffect("topologies are not sent to the broker"),
        "Whether the broker may ask for the topology (KIP-1331)."),
    key("metric.reporters", List, "JmxReporter", Any, Low, NoEffect("read the metrics through the `prometheus` collector"),
        "Classes that report metrics."),
    key("metrics.num.samples", Int, "2", AtLeast(1), Low, COUNTERS, "Samples per metric."),
    key(keys::METRICS_RECORDING_LEVEL, String, "INFO", OneOfAnyCase(&["INFO", "DEBUG", "TRACE"]), Low, V1,
        "How much is measured: from DEBUG on also every node."),
    key("metrics.sample.window.ms", Long, "30000", AtLeast(0), Low, COUNTERS, "Length of a sample."),
    key("connections.max.idle.ms", Long, "540000", Any, Low, Client, "When idle connections are closed."),
    key("metadata.max.age.ms", Long, "300000", AtLeast(0), Low, Client,
        "When cluster metadata is asked for again, and topics that patterns match are looked for."),
    key("request.timeout.ms", Int, "40000", AtLeast(0), Low, Client, "How long a client waits for an answer."),
    key("receive.buffer.bytes", Int, "32768", AtLeast(-1), Low, Client, "Receive buffer of sockets."),
    key("send.buffer.bytes", Int, "131072", AtLeast(-1), Low, Client, "Send buffer of sockets."),
    key("reconnect.backoff.ms", Long, "50", AtLeast(0), Low, Client, "First wait before connecting again."),
    key("reconnect.backoff.max.ms", Long, "1000", AtLeast(0), Low, Client, "Longest wait before connecting again."),
    key("retry.backoff.ms", Long, "100", AtLeast(0), Low, Client, "Wait before a request is repeated."),
    key("metadata.recovery.strategy", String, "rebootstrap", OneOfAnyCase(&["none", "rebootstrap"]), Low, Client,
        "What clients do when no known broker answers."),
    key("metadata.recovery.rebootstrap.trigger.ms", Long, "300000", AtLeast(0), Low, Client, "When they do it."),
    key("metadata.cluster.check.enable", Boolean, "true", Any, Low, Client,
        "Whether clients notice that a broker belongs to another cluster."),
    // Our own.
    key(keys::STREAM_TIME_ON_RESTART, String, "remember", OneOfAnyCase(&["remember", "forget"]), Medium, V1,
        "Whether a task that starts again knows how late is too late; Java forgets it, and takes records that it had dropped before."),
    key(keys::STATE_BLOCK_CACHE_BYTES, Long, "33554432", AtLeast(0), Medium, V1,
        "RocksDB's block cache in bytes, shared by all stores of the process."),
    key(keys::STATE_WRITE_BUFFER_BYTES, Long, "33554432", AtLeast(1048576), Medium, V1,
        "RocksDB's write buffers in bytes, shared by all stores of the process."),
];

const APPLICATION_ID: &str = "1 to 200 letters, digits, `.`, `_` or `-`, and not `.` or `..`: it begins the names of topics and folders";
const BOOTSTRAP: &str = "`host:port`, several separated by commas, or `embedded` or `embedded://NAME` for the cluster inside the process";
const OPTIMIZATION: &str = "`none`, `all`, or some of `reuse.ktable.source.topics`, `merge.repartition.topics`, `single.store.self.join`";

fn is_folder(value: &str) -> bool {
    !value.is_empty() && !value.contains(char::REPLACEMENT_CHARACTER)
}

fn is_application_id(value: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=200).contains(&value.len()) && value.chars().all(legal) && value != "." && value != ".."
}

fn is_bootstrap(value: &str) -> bool {
    if let Some(rest) = value.strip_prefix("embedded") {
        if rest.is_empty() {
            return true;
        }
        if let Some(name) = rest.strip_prefix("://") {
            return !name.is_empty() && !name.contains(',');
        }
    }
    value.split(',').map(str::trim).all(is_broker)
}

/// `host:port`, `[ipv6]:port`, or a bare host for port 9092, each perhaps after `PROTOCOL://`.
fn is_broker(value: &str) -> bool {
    let address = value.split_once("://").map_or(value, |(_, rest)| rest);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (address, "9092"),
    };
    !host.is_empty() && !host.contains(char::is_whitespace) && port.parse::<u16>().is_ok_and(|p| p > 0)
}

fn is_optimization(value: &str) -> bool {
    TopologyOptimization::parse(value).is_some()
}

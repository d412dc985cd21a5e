//! The tables: Java's names, who uses which, defaults and what cannot be changed.

use super::{FetchLimits, Role};
use std::ops::RangeInclusive;

/// How one of Java's settings reaches librdkafka.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Rule {
    /// The same name.
    Same,
    /// The same name, value in lower case.
    Lower,
    /// A producer's setting, under this name, which in librdkafka concerns others too.
    OfProducer(&'static str),
    /// Under these names.
    Named(&'static [&'static str]),
    /// A number, multiplied and kept within bounds, under these names.
    Times(&'static [(&'static str, u64, RangeInclusive<u64>)]),
    /// Bytes to KiB, under this name.
    Kib(&'static str),
    /// The same name; the empty value is this word.
    EmptyIs(&'static str),
    /// Read by this library itself, librdkafka is not told.
    Ours,
    /// Made from several settings in `special`.
    Special,
    /// Cannot be used here; the text says what to do.
    Refused(&'static str),
}
use Rule::*;

const JVM: &str = "is a setting of the Java client and has no meaning here; remove it";
const SERDES: &str = "serdes are given in the program, where a topic is read or written; remove it";
const JVM_TLS: &str = "chooses a TLS provider of the JVM; OpenSSL is used here, remove it";
const NO_CLASS: &str = "names a Java class, which cannot be loaded here; remove it";
const OAUTH: &str = "is not supported; use `sasl.oauthbearer.method` and `sasl.oauthbearer.token.endpoint.url` of librdkafka, \
    or SASL PLAIN or SCRAM";

const MAX: u64 = i32::MAX as u64;

/// Topics are asked for anew after the first of these, and forgotten after the second, which looks to a member as if its topic were gone: so not
/// before a slow broker has answered. librdkafka counts in microseconds, with 32 bits, and forgets at once what it is to keep for longer than they
/// hold.
const METADATA_AGE: &[(&str, u64, RangeInclusive<u64>)] =
    &[("topic.metadata.refresh.interval.ms", 1, 10..=MAX / 3_000), ("metadata.max.age.ms", 3, 60_000..=MAX / 1_000)];

/// Java's names, sorted. What is not here passes as it is.
pub(in super::super) const JAVA: &[(&str, Rule)] = &[
    ("acks", Same),
    ("allow.auto.create.topics", Same),
    ("auto.include.jmx.reporter", Refused(JVM)),
    ("auto.offset.reset", Ours),
    ("batch.size", Same),
    ("bootstrap.servers", Ours),
    ("buffer.memory", Kib("queue.buffering.max.kbytes")),
    ("check.crcs", Same),
    ("client.dns.lookup", Same),
    ("client.id", Ours),
    ("client.rack", Same),
    ("compression.gzip.level", Named(&["compression.level"])),
    ("compression.lz4.level", Named(&["compression.level"])),
    ("compression.type", Same),
    ("compression.zstd.level", Named(&["compression.level"])),
    ("config.providers", Refused(NO_CLASS)),
    ("connections.max.idle.ms", Same),
    ("default.api.timeout.ms", Ours),
    ("delivery.timeout.ms", Same),
    ("enable.auto.commit", Same),
    ("enable.idempotence", Same),
    ("enable.metrics.push", Same),
    ("exclude.internal.topics", Ours),
    ("fetch.max.bytes", Same),
    ("fetch.max.wait.ms", Named(&["fetch.wait.max.ms"])),
    ("fetch.min.bytes", Same),
    ("group.id", Same),
    ("group.instance.id", Same),
    ("group.protocol", Same),
    ("group.remote.assignor", Refused("the assignment of tasks is the library's own; remove it")),
    ("heartbeat.interval.ms", Same),
    ("interceptor.classes", Refused(NO_CLASS)),
    ("isolation.level", Ours),
    ("key.deserializer", Refused(SERDES)),
    ("key.serializer", Refused(SERDES)),
    ("linger.ms", Same),
    ("max.block.ms", Ours),
    ("max.in.flight.requests.per.connection", OfProducer("max.in.flight.requests.per.connection")),
    ("max.partition.fetch.bytes", Named(&["fetch.message.max.bytes"])),
    ("max.poll.interval.ms", Same),
    ("max.poll.records", Ours),
    ("max.request.size", OfProducer("message.max.bytes")),
    ("metadata.max.age.ms", Times(METADATA_AGE)),
    ("metadata.max.idle.ms", Ours),
    ("metadata.recovery.rebootstrap.trigger.ms", Same),
    ("metadata.recovery.strategy", Lower),
    ("metric.reporters", Refused(NO_CLASS)),
    ("metrics.num.samples", Ours),
    ("metrics.recording.level", Ours),
    ("metrics.sample.window.ms", Ours),
    ("partition.assignment.strategy", Same),
    ("partitioner.adaptive.partitioning.enable", Refused("partitions are chosen by the library; remove it")),
    ("partitioner.availability.timeout.ms", Refused("partitions are chosen by the library; remove it")),
    ("partitioner.class", Refused("give a partitioner to the sink in the program; remove it")),
    ("partitioner.ignore.keys", Refused("partitions are chosen by the library; remove it")),
    ("receive.buffer.bytes", Named(&["socket.receive.buffer.bytes"])),
    ("reconnect.backoff.max.ms", Same),
    ("reconnect.backoff.ms", Same),
    ("request.timeout.ms", Times(&[("socket.timeout.ms", 1, 0..=MAX), ("request.timeout.ms", 1, 0..=MAX)])),
    ("retries", Same),
    ("retry.backoff.max.ms", Same),
    ("retry.backoff.ms", Same),
    ("sasl.client.callback.handler.class", Refused(NO_CLASS)),
    ("sasl.jaas.config", Special),
    ("sasl.kerberos.kinit.cmd", Same),
    ("sasl.kerberos.min.time.before.relogin", Same),
    ("sasl.kerberos.service.name", Same),
    ("sasl.kerberos.ticket.renew.jitter", Refused(JVM)),
    ("sasl.kerberos.ticket.renew.window.factor", Refused(JVM)),
    ("sasl.login.callback.handler.class", Refused(NO_CLASS)),
    ("sasl.login.class", Refused(NO_CLASS)),
    ("sasl.mechanism", Same),
    ("sasl.oauthbearer.jwks.endpoint.url", Refused(OAUTH)),
    ("sasl.oauthbearer.token.endpoint.url", Same),
    ("security.protocol", Lower),
    ("security.providers", Refused(JVM_TLS)),
    ("send.buffer.bytes", Named(&["socket.send.buffer.bytes"])),
    ("session.timeout.ms", Same),
    ("socket.connection.setup.timeout.max.ms", Ours),
    ("socket.connection.setup.timeout.ms", Same),
    ("ssl.cipher.suites", Same),
    ("ssl.enabled.protocols", Ours),
    ("ssl.endpoint.identification.algorithm", EmptyIs("none")),
    ("ssl.engine.factory.class", Refused(NO_CLASS)),
    ("ssl.key.password", Same),
    ("ssl.keymanager.algorithm", Refused(JVM_TLS)),
    ("ssl.keystore.certificate.chain", Special),
    ("ssl.keystore.key", Special),
    ("ssl.keystore.location", Special),
    ("ssl.keystore.password", Special),
    ("ssl.keystore.type", Special),
    ("ssl.protocol", Ours),
    ("ssl.provider", Refused(JVM_TLS)),
    ("ssl.secure.random.implementation", Refused(JVM_TLS)),
    ("ssl.trustmanager.algorithm", Refused(JVM_TLS)),
    ("ssl.truststore.certificates", Special),
    ("ssl.truststore.location", Special),
    ("ssl.truststore.password", Special),
    ("ssl.truststore.type", Special),
    ("transaction.timeout.ms", Same),
    ("transactional.id", Same),
    ("value.deserializer", Refused(SERDES)),
    ("value.serializer", Refused(SERDES)),
];

/// librdkafka's properties that only consumers have (CONFIGURATION.md, column `C`).
pub(super) const CONSUMER_ONLY: &[&str] = &[
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "check.crcs",
    "consume.callback.max.messages",
    "coordinator.query.interval.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.protocol.type",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "isolation.level",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "offset.store.method",
    "offset.store.path",
    "offset.store.sync.interval.ms",
    "partition.assignment.strategy",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "session.timeout.ms",
];

/// librdkafka's properties that only producers have (column `P`).
pub(super) const PRODUCER_ONLY: &[&str] = &[
    "acks",
    "batch.num.messages",
    "batch.size",
    "compression.codec",
    "compression.level",
    "compression.type",
    "delivery.report.only.error",
    "delivery.timeout.ms",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "linger.ms",
    "message.send.max.retries",
    "message.timeout.ms",
    "partitioner",
    "produce.offset.report",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "queuing.strategy",
    "request.required.acks",
    "request.timeout.ms",
    "retries",
    "sticky.partitioning.linger.ms",
    "transaction.timeout.ms",
    "transactional.id",
];

/// Properties that hold pointers beside those that end in `_cb`.
pub(super) const POINTERS: &[&str] = &[
    "opaque",
    "default_topic_conf",
    "msg_order_cmp",
    "ssl_key",
    "ssl_certificate",
    "ssl_ca",
    "ssl_engine_callback_data",
    "interceptors",
    "enabled_events",
    "internal.termination.signal",
];

/// How long a broker may keep a request for news, in milliseconds.
const FETCH_WAIT: &str = "50";
/// Partitions that share the fetcher's default budget of 32 MiB before the share of each becomes smaller.
const FEW_PARTITIONS: u64 = 4;
/// What a fetcher may hold by default over all its partitions.
const FETCH_KIB: u64 = 32 * 1024;
/// What a small queued record costs: librdkafka's operation object, as the allocator rounds it, and some bytes.
const RECORD_COST: u64 = 640;

impl FetchLimits {
    /// The share of one partition of `partitions`.
    pub fn share(partitions: usize) -> FetchLimits {
        let kib = (FETCH_KIB / FEW_PARTITIONS.max(partitions as u64)).max(64);
        FetchLimits { kib, records: (kib * 1024 / RECORD_COST).max(500) }
    }
}

/// What a role starts from. The user's settings go over it.
pub(super) fn defaults(role: &Role) -> Vec<(&'static str, String)> {
    let mut list: Vec<(&'static str, &str)> = vec![
        // Java's values where librdkafka's are slower to come back.
        ("reconnect.backoff.ms", "50"),
        ("reconnect.backoff.max.ms", "1000"),
        ("socket.timeout.ms", "30000"),
        ("socket.keepalive.enable", "true"),
        ("topic.metadata.refresh.interval.ms", "30000"),
        // How long a topic may be unknown to the brokers after a client first asked for it: topics are looked for before they are used.
        ("topic.metadata.propagation.max.ms", "5000"),
        ("log.connection.close", "false"),
        // Telemetry of the client library says nothing of this one.
        ("enable.metrics.push", "false"),
    ];
    let mut numbers: Vec<(&'static str, u64)> = Vec::new();
    match role {
        Role::Admin => {}
        Role::Member { .. } => {
            // Looking for the coordinator starts connections at twice this rate, whatever the maximum: at 50 ms a member whose broker is
            // down takes a hundredth of a core. Joining waits for half of it.
            list.retain(|(key, _)| *key != "reconnect.backoff.ms");
            list.push(("reconnect.backoff.ms", "250"));
        }
        Role::Fetcher { bulk, limits, .. } => {
            // Left at 1000 this alone costs seven eighths of the throughput; below 10 it gains nothing, and a partition that is not drained
            // takes a hundredth of a core.
            list.push(("fetch.queue.backoff.ms", "10"));
            list.push(("fetch.error.backoff.ms", "100"));
            // One request is on its way to a broker at a time. When it asks for nothing but partitions without news, because the queues of
            // the others were full, those wait for its end: at Java's 500 word count stood still most of the time behind its repartition topic.
            list.push(("fetch.wait.max.ms", FETCH_WAIT));
            list.push(("check.crcs", "false"));
            numbers.push(("queued.min.messages", limits.records));
            numbers.push(("queued.max.messages.kbytes", limits.kib));
            list.push(("fetch.message.max.bytes", if *bulk { "4194304" } else { "1048576" }));
        }
        Role::Producer { transaction, .. } => {
            list.push(("linger.ms", "100"));
            // librdkafka's own; said here because topics may allow less
            list.push(("batch.size", "1000000"));
            list.push(("queue.buffering.max.kbytes", "32768"));
            list.push(("queue.buffering.max.messages", "100000"));
            // Without it a record may be written twice; `config` lets nobody lose the order.
            list.push(("enable.idempotence", "true"));
            // As `max.request.size` of Java.
            list.push(("message.max.bytes", "1048576"));
            if transaction.is_some() {
                list.push(("retry.backoff.ms", "10"));
            } else {
                list.push(("delivery.timeout.ms", "120000"));
            }
        }
    }
    let texts = list.into_iter().map(|(key, value)| (key, value.to_owned()));
    texts.chain(numbers.into_iter().map(|(key, value)| (key, value.to_string()))).collect()
}

/// What the library depends on: key, value, why.
pub(super) fn fixed(role: &Role) -> Vec<(&'static str, String, &'static str)> {
    let mut list: Vec<(&'static str, &str, &'static str)> =
        vec![("allow.auto.create.topics", "false", "the library makes its own topics and never one that is missing")];
    const COMMITS: &str = "offsets are committed with the work that they stand for";
    match role {
        Role::Admin => {}
        Role::Member { group } => {
            list.push(("group.id", group, "it is the `application.id`"));
            list.push(("enable.auto.commit", "false", COMMITS));
            list.push(("enable.auto.offset.store", "false", COMMITS));
            list.push(("partition.assignment.strategy", "cooperative-sticky", "tasks are assigned incrementally"));
            list.push(("group.protocol", "classic", "the other protocols assign no tasks"));
            list.push(("auto.offset.reset", "error", "positions are set by the library"));
            // Makes `committed` wait for transactions that are being settled (RequireStable).
            list.push(("isolation.level", "read_committed", "it follows from `processing.guarantee`"));
        }
        Role::Fetcher { read_committed, .. } => {
            list.push(("enable.auto.commit", "false", COMMITS));
            list.push(("enable.auto.offset.store", "false", COMMITS));
            // The end tells the position behind transaction markers and compacted records.
            list.push(("enable.partition.eof", "true", "the end of a log is seen by it"));
            list.push(("auto.offset.reset", "error", "positions are set by the library"));
            let level = if *read_committed { "read_committed" } else { "read_uncommitted" };
            list.push(("isolation.level", level, "it follows from `processing.guarantee`"));
        }
        Role::Producer { .. } => {
            list.push(("delivery.report.only.error", "true", "acknowledgements are counted without reports"));
        }
    }
    let mut list: Vec<_> = list.into_iter().map(|(key, value, why)| (key, value.to_owned(), why)).collect();
    if let Role::Producer { transaction: Some(transaction), .. } = role {
        list.push(("transactional.id", transaction.id.clone(), "it is made from the `application.id`"));
        list.push(("transaction.timeout.ms", transaction.timeout.as_millis().to_string(), "it is given to the producer by its options"));
    }
    list
}

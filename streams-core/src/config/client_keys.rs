//! The keys of Kafka's clients, as data: those of Java (`ConsumerConfig`, `ProducerConfig`, `AdminClientConfig`) and those that only
//! librdkafka knows. What each means is the client's business; here they tell a client key from a spelling mistake.

/// The clients that a key without a prefix reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Main, restore and global consumers.
    Consumer,
    /// Producers.
    Producer,
    /// The admin client.
    Admin,
}

impl Client {
    /// The lists that hold this client's keys.
    fn lists(self) -> [&'static [&'static str]; 4] {
        match self {
            Client::Consumer => [JAVA_COMMON, JAVA_CONSUMER, LIBRDKAFKA_COMMON, LIBRDKAFKA_CONSUMER],
            Client::Producer => [JAVA_COMMON, JAVA_PRODUCER, LIBRDKAFKA_COMMON, LIBRDKAFKA_PRODUCER],
            Client::Admin => [JAVA_COMMON, JAVA_ADMIN, LIBRDKAFKA_COMMON, &[]],
        }
    }

    /// Whether this client has a key of that name.
    pub fn knows(self, key: &str) -> bool {
        self.keys().any(|k| k == key)
    }

    /// All keys of this client.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        self.lists().into_iter().flatten().copied()
    }
}

/// Whether any client has a key of that name.
pub fn known_client_key(key: &str) -> bool {
    [Client::Consumer, Client::Producer, Client::Admin].iter().any(|c| c.knows(key))
}

/// Keys of the consumer, the producer and the admin client of Java alike.
#[rustfmt::skip]
const JAVA_COMMON: &[&str] = &[
    "bootstrap.resolve.timeout.ms", "bootstrap.servers", "client.dns.lookup", "client.id", "config.providers", "connections.max.idle.ms",
    "enable.metrics.push", "metadata.cluster.check.enable", "metadata.max.age.ms", "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy", "metric.reporters", "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms",
    "receive.buffer.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms", "request.timeout.ms", "retry.backoff.max.ms",
    "retry.backoff.ms", "sasl.client.callback.handler.class", "sasl.jaas.config", "sasl.kerberos.kinit.cmd",
    "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.service.name", "sasl.kerberos.ticket.renew.jitter",
    "sasl.kerberos.ticket.renew.window.factor", "sasl.login.callback.handler.class", "sasl.login.class", "sasl.login.connect.timeout.ms",
    "sasl.login.read.timeout.ms", "sasl.login.refresh.buffer.seconds", "sasl.login.refresh.min.period.seconds",
    "sasl.login.refresh.window.factor", "sasl.login.refresh.window.jitter", "sasl.login.retry.backoff.max.ms",
    "sasl.login.retry.backoff.ms", "sasl.mechanism", "sasl.oauthbearer.allow.unverified.audience",
    "sasl.oauthbearer.allow.unverified.issuer", "sasl.oauthbearer.assertion.algorithm", "sasl.oauthbearer.assertion.claim.aud",
    "sasl.oauthbearer.assertion.claim.exp.seconds", "sasl.oauthbearer.assertion.claim.iss",
    "sasl.oauthbearer.assertion.claim.jti.include", "sasl.oauthbearer.assertion.claim.nbf.seconds",
    "sasl.oauthbearer.assertion.claim.sub", "sasl.oauthbearer.assertion.file", "sasl.oauthbearer.assertion.private.key.file",
    "sasl.oauthbearer.assertion.private.key.passphrase", "sasl.oauthbearer.assertion.template.file",
    "sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.clock.skew.seconds", "sasl.oauthbearer.expected.audience", "sasl.oauthbearer.expected.issuer",
    "sasl.oauthbearer.header.urlencode", "sasl.oauthbearer.jwks.endpoint.refresh.ms",
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
    "sasl.oauthbearer.jwks.endpoint.url", "sasl.oauthbearer.jwt.retriever.class", "sasl.oauthbearer.jwt.validator.class",
    "sasl.oauthbearer.scope", "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name",
    "sasl.oauthbearer.token.endpoint.url", "security.protocol", "security.providers", "send.buffer.bytes",
    "socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms", "ssl.cipher.suites", "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm", "ssl.engine.factory.class", "ssl.key.password", "ssl.keymanager.algorithm",
    "ssl.keystore.certificate.chain", "ssl.keystore.key", "ssl.keystore.location", "ssl.keystore.password", "ssl.keystore.type",
    "ssl.protocol", "ssl.provider", "ssl.secure.random.implementation", "ssl.trustmanager.algorithm", "ssl.truststore.certificates",
    "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type",
];

/// Further keys of Java's consumer.
#[rustfmt::skip]
const JAVA_CONSUMER: &[&str] = &[
    "allow.auto.create.topics", "auto.commit.interval.ms", "auto.offset.reset", "check.crcs", "client.rack", "default.api.timeout.ms",
    "enable.auto.commit", "exclude.internal.topics", "fetch.max.bytes", "fetch.max.wait.ms", "fetch.min.bytes", "group.id",
    "group.instance.id", "group.protocol", "group.remote.assignor", "heartbeat.interval.ms", "interceptor.classes", "isolation.level",
    "key.deserializer", "max.partition.fetch.bytes", "max.poll.interval.ms", "max.poll.records", "partition.assignment.strategy",
    "session.timeout.ms", "share.acknowledgement.mode", "share.acquire.mode", "value.deserializer",
];

/// Further keys of Java's producer.
#[rustfmt::skip]
const JAVA_PRODUCER: &[&str] = &[
    "acks", "batch.size", "buffer.memory", "buffer.memory.allocation.strategy", "client.rack", "compression.gzip.level",
    "compression.lz4.level", "compression.type", "compression.zstd.level", "delivery.timeout.ms", "enable.idempotence",
    "interceptor.classes", "key.serializer", "linger.ms", "max.block.ms", "max.in.flight.requests.per.connection", "max.request.size",
    "metadata.max.idle.ms", "partitioner.adaptive.partitioning.enable", "partitioner.availability.timeout.ms", "partitioner.class",
    "partitioner.ignore.keys", "partitioner.rack.aware", "retries", "transaction.timeout.ms", "transaction.two.phase.commit.enable",
    "transactional.id", "value.serializer",
];

/// Further keys of Java's admin client.
#[rustfmt::skip]
const JAVA_ADMIN: &[&str] = &[
    "bootstrap.controllers", "default.api.timeout.ms", "retries",
];

/// Keys that only librdkafka knows, for any client.
#[rustfmt::skip]
const LIBRDKAFKA_COMMON: &[&str] = &[
    "api.version.fallback.ms", "api.version.request", "api.version.request.timeout.ms", "broker.address.family", "broker.address.ttl",
    "broker.version.fallback", "builtin.features", "debug", "enable.random.seed", "enable.sasl.oauthbearer.unsecure.jwt",
    "enable.ssl.certificate.verification", "https.ca.location", "https.ca.pem", "internal.termination.signal", "log.connection.close",
    "log.queue", "log.thread.name", "log_level", "max.in.flight", "message.copy.max.bytes", "message.max.bytes", "metadata.broker.list",
    "receive.message.max.bytes", "reconnect.backoff.jitter.ms", "sasl.kerberos.keytab", "sasl.kerberos.principal", "sasl.mechanisms",
    "sasl.oauthbearer.assertion.jwt.template.file", "sasl.oauthbearer.assertion.private.key.pem", "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config", "sasl.oauthbearer.extensions", "sasl.oauthbearer.grant.type",
    "sasl.oauthbearer.metadata.authentication.type", "sasl.oauthbearer.method", "sasl.password", "sasl.username",
    "socket.blocking.max.ms", "socket.keepalive.enable", "socket.max.fails", "socket.nagle.disable", "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes", "socket.timeout.ms", "ssl.ca.certificate.stores", "ssl.ca.location", "ssl.ca.pem",
    "ssl.certificate.location", "ssl.certificate.pem", "ssl.crl.location", "ssl.curves.list", "ssl.engine.id", "ssl.engine.location",
    "ssl.key.location", "ssl.key.pem", "ssl.providers", "ssl.sigalgs.list", "statistics.interval.ms", "topic.blacklist",
    "topic.metadata.propagation.max.ms", "topic.metadata.refresh.fast.cnt", "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms", "topic.metadata.refresh.sparse",
];

/// Keys that only librdkafka knows, for consumers.
#[rustfmt::skip]
const LIBRDKAFKA_CONSUMER: &[&str] = &[
    "auto.commit.enable", "consume.callback.max.messages", "coordinator.query.interval.ms", "enable.auto.offset.store",
    "enable.partition.eof", "fetch.error.backoff.ms", "fetch.message.max.bytes", "fetch.queue.backoff.ms", "fetch.wait.max.ms",
    "group.protocol.type", "offset.store.method", "offset.store.path", "offset.store.sync.interval.ms", "queued.max.messages.kbytes",
    "queued.min.messages",
];

/// Keys that only librdkafka knows, for producers.
#[rustfmt::skip]
const LIBRDKAFKA_PRODUCER: &[&str] = &[
    "batch.num.messages", "compression.codec", "compression.level", "delivery.report.only.error", "enable.gapless.guarantee",
    "message.send.max.retries", "message.timeout.ms", "msg_order_cmp", "partitioner", "produce.offset.report",
    "queue.buffering.backpressure.threshold", "queue.buffering.max.kbytes", "queue.buffering.max.messages", "queue.buffering.max.ms",
    "queuing.strategy", "request.required.acks", "sticky.partitioning.linger.ms",
];

use super::tables::{CONSUMER_ONLY, PRODUCER_ONLY};
use super::*;
use crate::cluster::kafka::client::Client;

fn client(values: &[(&str, &str)]) -> ClientSettings {
    ClientSettings { client_id: "c".into(), values: values.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect() }
}

fn fetcher() -> Role {
    Role::Fetcher { read_committed: true, bulk: false, limits: FetchLimits::share(1) }
}

fn member() -> Role {
    Role::Member { group: "app".into() }
}

fn producer() -> Role {
    Role::Producer { transaction: None, largest_batch: None }
}

fn transactional(millis: u64) -> Role {
    let transaction = Transaction { id: "app-0".into(), timeout: Duration::from_millis(millis) };
    Role::Producer { transaction: Some(transaction), largest_batch: None }
}

/// What librdkafka gets for a key; all roles but the given settings at their defaults.
fn value(role: &Role, given: &[(&str, &str)], key: &str) -> Option<String> {
    let all = settings(role, &client(given), "b:1").unwrap();
    let mut found = all.iter().filter(|s| s.key == key);
    let first = found.next().map(|s| s.value.clone());
    assert!(found.next().is_none(), "{key} is set twice");
    first
}

fn refused(role: &Role, given: &[(&str, &str)]) -> String {
    let error = settings(role, &client(given), "b:1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

#[test]
fn librdkafka_takes_the_defaults_of_every_role() {
    for role in [Role::Admin, member(), fetcher(), producer(), transactional(10_000)] {
        conf(&role, &client(&[]), "b:1").unwrap();
    }
}

/// A request that asks only for partitions without news holds the others up.
#[test]
fn a_reader_does_not_wait_long_for_news() {
    let wait: u64 = value(&fetcher(), &[], "fetch.wait.max.ms").and_then(|ms| ms.parse().ok()).unwrap();
    assert!(wait <= 50, "{wait} ms");
}

#[test]
fn javas_names_reach_librdkafka_under_its_own() {
    let cases = [
        (fetcher(), "fetch.max.wait.ms", "250", "fetch.wait.max.ms", "250"),
        (fetcher(), "max.partition.fetch.bytes", "4096", "fetch.message.max.bytes", "4096"),
        (producer(), "buffer.memory", "1048576", "queue.buffering.max.kbytes", "1024"),
        (producer(), "buffer.memory", "10", "queue.buffering.max.kbytes", "1"),
        (producer(), "max.request.size", "5000", "message.max.bytes", "5000"),
        (producer(), "compression.zstd.level", "7", "compression.level", "7"),
        (Role::Admin, "request.timeout.ms", "7000", "socket.timeout.ms", "7000"),
        (member(), "metadata.max.age.ms", "60000", "topic.metadata.refresh.interval.ms", "60000"),
        (member(), "metadata.max.age.ms", "60000", "metadata.max.age.ms", "180000"),
        (member(), "metadata.max.age.ms", "0", "topic.metadata.refresh.interval.ms", "10"),
        (member(), "metadata.max.age.ms", "100", "metadata.max.age.ms", "60000"),
        // an hour; 2^31 microseconds are not more
        (member(), "metadata.max.age.ms", "3600000", "topic.metadata.refresh.interval.ms", "715827"),
        (member(), "metadata.max.age.ms", "3600000", "metadata.max.age.ms", "2147483"),
        (member(), "security.protocol", "SASL_SSL", "security.protocol", "sasl_ssl"),
        (member(), "ssl.endpoint.identification.algorithm", "", "ssl.endpoint.identification.algorithm", "none"),
        (fetcher(), "receive.buffer.bytes", "65536", "socket.receive.buffer.bytes", "65536"),
        (fetcher(), "queued.min.messages", "9", "queued.min.messages", "9"),
        (producer(), "linger.ms", "5", "linger.ms", "5"),
        (producer(), "delivery.timeout.ms", "60000", "delivery.timeout.ms", "60000"),
    ];
    for (role, given, text, key, expected) in cases {
        assert_eq!(value(&role, &[(given, text)], key).as_deref(), Some(expected), "{given}");
        conf(&role, &client(&[(given, text)]), "b:1").unwrap();
    }
}

#[test]
fn a_role_is_not_told_what_concerns_another() {
    assert_eq!(value(&fetcher(), &[("linger.ms", "5"), ("acks", "all")], "linger.ms"), None);
    assert_eq!(value(&fetcher(), &[("max.request.size", "5000")], "message.max.bytes"), None);
    assert_eq!(value(&producer(), &[("session.timeout.ms", "5000")], "session.timeout.ms"), None);
    assert_eq!(value(&Role::Admin, &[("retries", "5"), ("fetch.min.bytes", "1")], "retries"), None);
    assert_eq!(value(&member(), &[("max.poll.records", "5"), ("auto.offset.reset", "latest")], "auto.offset.reset").unwrap(), "error");
}

#[test]
fn what_the_library_depends_on_cannot_be_changed() {
    let text = refused(&member(), &[("partition.assignment.strategy", "range")]);
    assert!(text.contains("`partition.assignment.strategy`") && text.contains("cooperative-sticky"), "{text}");
    let text = refused(&fetcher(), &[("enable.auto.commit", "true")]);
    assert!(text.contains("`enable.auto.commit`"), "{text}");
    assert_eq!(value(&fetcher(), &[("enable.auto.commit", "false")], "enable.auto.commit").unwrap(), "false");
}

#[test]
fn what_only_the_jvm_understands_is_refused_with_what_to_do() {
    for (key, value) in [("interceptor.classes", "a.B"), ("key.serializer", "a.B"), ("ssl.provider", "X")] {
        let text = refused(&producer(), &[(key, value)]);
        assert!(text.contains(&format!("`{key}`")) && text.contains("remove it"), "{text}");
    }
}

#[test]
fn numbers_are_checked_where_they_are_changed() {
    for key in ["buffer.memory", "metadata.max.age.ms", "request.timeout.ms"] {
        let text = refused(&producer(), &[(key, "much")]);
        assert!(text.contains(&format!("`{key}`")) && text.contains("`much`"), "{text}");
    }
    assert!(waits(&client(&[("max.block.ms", "-1")])).is_err());
    assert_eq!(waits(&client(&[("request.timeout.ms", "700")])).unwrap().request, Duration::from_millis(700));
}

#[test]
fn a_transaction_bounds_the_time_outs_that_librdkafka_compares_with_it() {
    let given = [("delivery.timeout.ms", "120000"), ("request.timeout.ms", "60000")];
    for key in ["delivery.timeout.ms", "request.timeout.ms", "socket.timeout.ms"] {
        assert_eq!(value(&transactional(5000), &given, key).unwrap(), "5000", "{key}");
    }
    conf(&transactional(5000), &client(&given), "b:1").unwrap();
    let text = refused(&transactional(5000), &[("transactional.id", "mine")]);
    assert!(text.contains("`transactional.id`"), "{text}");
}

#[test]
fn stores_of_keys_are_read_by_their_type() {
    const TRUST: &str = "ssl.truststore.location";
    const KEYS: &str = "ssl.keystore.location";
    assert_eq!(value(&member(), &[(TRUST, "/a/ca.pem")], "ssl.ca.location").unwrap(), "/a/ca.pem");
    assert_eq!(value(&member(), &[(TRUST, "/a/ca.jks"), ("ssl.truststore.type", "PEM")], "ssl.ca.location").unwrap(), "/a/ca.jks");
    assert_eq!(value(&member(), &[("ssl.truststore.certificates", "-----BEGIN")], "ssl.ca.pem").unwrap(), "-----BEGIN");
    let pem = [(KEYS, "/a/client.pem"), ("ssl.key.password", "x")];
    assert_eq!(value(&member(), &pem, "ssl.certificate.location").unwrap(), "/a/client.pem");
    assert_eq!(value(&member(), &pem, "ssl.key.location").unwrap(), "/a/client.pem");
    let p12 = [(KEYS, "/a/client.p12"), ("ssl.keystore.password", "x")];
    assert_eq!(value(&member(), &p12, KEYS).unwrap(), "/a/client.p12");
    assert_eq!(value(&member(), &p12, "ssl.keystore.password").unwrap(), "x");
    for given in [[(TRUST, "/a/t.jks"), ("x", "")], [(TRUST, "/a/t"), ("ssl.truststore.type", "JKS")], [(TRUST, "/a/t.p12"), ("x", "")]] {
        let text = refused(&member(), &given);
        assert!(text.contains("`ssl.truststore.location`") && text.contains("PEM") || text.contains("ca.pem"), "{text}");
    }
    assert!(refused(&member(), &[(KEYS, "/a/k.jks")]).contains("keytool"));
}

#[test]
fn a_login_is_read_from_its_line() {
    let plain = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"al ice\" password='p\\'\"w' ;";
    let given = [("sasl.jaas.config", plain)];
    assert_eq!(value(&member(), &given, "sasl.username").unwrap(), "al ice");
    assert_eq!(value(&member(), &given, "sasl.password").unwrap(), "p'\"w");
    let bare = "ScramLoginModule required\n  password=secret username=bob;";
    assert_eq!(value(&member(), &[("sasl.jaas.config", bare)], "sasl.password").unwrap(), "secret");
    for (line, part) in [
        ("com.sun.security.auth.module.Krb5LoginModule required;", "Krb5LoginModule"),
        ("PlainLoginModule required username=\"a\";", "password"),
        ("PlainLoginModule required password=\"secret\";", "username"),
        ("PlainLoginModule required username=\"a\" password=\"secret;", "not closed"),
        ("PlainLoginModule required username=\"a\" password=\"secret\"", "semicolon"),
        ("", "semicolon"),
    ] {
        if line.is_empty() {
            assert_eq!(value(&member(), &[("sasl.jaas.config", line)], "sasl.username"), None);
            continue;
        }
        let text = refused(&member(), &[("sasl.jaas.config", line)]);
        assert!(text.contains("`sasl.jaas.config`") && text.contains(part), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn a_property_that_librdkafka_refuses_is_named_as_it_was_given() {
    let text = match conf(&fetcher(), &client(&[("fetch.max.wait.ms", "soon")]), "b:1") {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted"),
    };
    assert!(text.contains("`fetch.max.wait.ms`"), "{text}");
}

#[test]
fn client_keys_are_known_in_both_languages() {
    for key in [
        "linger.ms",
        "fetch.wait.max.ms",
        "fetch.max.wait.ms",
        "sasl.jaas.config",
        "acks",
        "group.instance.id",
        "delivery.timeout.ms",
        "max.block.ms",
    ] {
        assert!(known_client_key(key), "{key}");
    }
    for key in ["", "linger", "error_cb", "opaque", "num.stream.threads"] {
        assert!(!known_client_key(key), "{key}");
    }
}

#[test]
fn the_tables_are_in_order_and_name_only_what_exists() {
    assert!(JAVA.windows(2).all(|w| w[0].0 < w[1].0), "sorted and without doubles");
    let mut librdkafka = Conf::new();
    for key in CONSUMER_ONLY.iter().chain(PRODUCER_ONLY) {
        assert!(librdkafka.knows(key), "{key}");
    }
    for (java, rule) in JAVA {
        let names: Vec<&str> = match rule {
            Rule::Same | Rule::Lower | Rule::EmptyIs(_) => vec![java],
            Rule::OfProducer(name) | Rule::Kib(name) => vec![name],
            Rule::Named(names) => names.to_vec(),
            Rule::Times(names) => names.iter().map(|(name, ..)| *name).collect(),
            Rule::Ours | Rule::Special | Rule::Refused(_) => vec![],
        };
        for name in names {
            assert!(librdkafka.knows(name), "{java} -> {name}");
        }
    }
}

#[test]
fn the_budget_of_a_fetcher_is_shared_by_its_partitions() {
    let few = FetchLimits::share(1);
    assert_eq!(few, FetchLimits::share(4));
    assert_eq!(few.kib * 4, 32 * 1024);
    let many = FetchLimits::share(64);
    assert_eq!(many.kib * 64, 32 * 1024);
    assert!(FetchLimits::share(100_000).kib >= 64);
}

#[test]
fn batches_are_no_larger_than_the_topics_take() {
    let limited = |limit| Role::Producer { transaction: None, largest_batch: Some(limit) };
    let size = |role: &Role, given: &[(&str, &str)]| value(role, given, "batch.size").unwrap();
    assert_eq!(size(&producer(), &[]), "1000000");
    assert_eq!(size(&limited(1_048_588), &[]), "1000000");
    assert_eq!(size(&limited(20_000), &[]), "20000");
    assert_eq!(size(&limited(20_000), &[("batch.size", "33554432")]), "20000");
    assert_eq!(size(&limited(20_000), &[("batch.size", "16384")]), "16384");
}

#[test]
fn records_may_linger_longer_than_a_delivery_takes_by_default() {
    let given = [("linger.ms", "300000")];
    assert_eq!(value(&producer(), &given, "delivery.timeout.ms").as_deref(), Some("330000"));
    assert_eq!(value(&producer(), &[("linger.ms", "5")], "delivery.timeout.ms").as_deref(), Some("120000"));
    assert_eq!(value(&transactional(10_000), &given, "linger.ms").as_deref(), Some("9999"));
    for role in [producer(), transactional(10_000)] {
        Client::new(rdkafka_sys::rd_kafka_type_t::RD_KAFKA_PRODUCER, "c", conf(&role, &client(&given), "b:1").unwrap()).unwrap();
    }
    // as in Java, what the user gave is not changed, and does not fit
    let both = [("linger.ms", "300000"), ("delivery.timeout.ms", "120000")];
    let conf = conf(&producer(), &client(&both), "b:1").unwrap();
    let error = Client::new(rdkafka_sys::rd_kafka_type_t::RD_KAFKA_PRODUCER, "c", conf).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

//! The broker's settings. docker-compose.yml of the project describes the same ones: change both.

use std::fmt::Write as _;
use std::path::Path;

use crate::ports::Ports;

/// The version of Apache Kafka that is fetched.
pub const KAFKA_VERSION: &str = "4.3.1";

/// The user of the SASL listener, for the mechanisms PLAIN and SCRAM-SHA-512.
pub const USER: &str = "streams";

/// The password of [`USER`].
pub const PASSWORD: &str = "streams-secret";

/// The password of the key store, which lives as long as the broker's folder.
pub(crate) const STORE_PASSWORD: &str = "changeit";

/// Any id does: the node is its whole cluster.
pub(crate) const CLUSTER_ID: &str = "4L6g3nShT-eMCtK--X86sw";

/// One node, quick to start and quick to rebalance (docs of the project: the test broker).
const FIXED: &[(&str, &str)] = &[
    ("process.roles", "broker,controller"),
    ("node.id", "1"),
    ("inter.broker.listener.name", "PLAINTEXT"),
    ("controller.listener.names", "CONTROLLER"),
    ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT"),
    ("offsets.topic.replication.factor", "1"),
    ("offsets.topic.num.partitions", "1"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("transaction.state.log.num.partitions", "4"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("min.insync.replicas", "1"),
    ("auto.create.topics.enable", "false"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("group.min.session.timeout.ms", "1000"),
    ("group.streams.initial.rebalance.delay.ms", "0"),
    ("group.streams.assignment.interval.ms", "0"),
    ("group.streams.min.heartbeat.interval.ms", "100"),
    ("group.streams.heartbeat.interval.ms", "200"),
    ("group.streams.min.session.timeout.ms", "1000"),
    ("group.streams.session.timeout.ms", "3000"),
    ("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-512"),
    ("listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
    ("ssl.keystore.type", "PKCS12"),
    ("ssl.keystore.password", STORE_PASSWORD),
    ("ssl.key.password", STORE_PASSWORD),
];

/// The text of server.properties. `extra` comes last, so it wins over what stands above it.
pub(crate) fn server_properties(dir: &Path, ports: Ports, extra: &[(String, String)]) -> String {
    let Ports { plain, sasl_ssl, controller } = ports;
    let clients = format!("PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{sasl_ssl}");
    let mut text = String::new();
    let mut put = |key: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key}={}", escaped(value));
    };
    for (key, value) in FIXED {
        put(key, value);
    }
    put("controller.quorum.voters", &format!("1@127.0.0.1:{controller}"));
    put("listeners", &format!("{clients},CONTROLLER://127.0.0.1:{controller}"));
    put("advertised.listeners", &clients);
    put("log.dirs", &dir.join("data").to_string_lossy());
    put("ssl.keystore.location", &dir.join("broker.p12").to_string_lossy());
    put(
        "listener.name.sasl_ssl.plain.sasl.jaas.config",
        &format!("org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";"),
    );
    for (key, value) in extra {
        put(key, value);
    }
    text
}

/// In a .properties file a backslash starts an escape.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\")
}

/// The settings of slf4j-simple, by the name under which it looks for them. It writes to the standard error, which is a file, and does so to
/// the end: java.util.logging falls silent when the process is told to end, just when a broker gives its partitions away.
pub(crate) const LOGGING: (&str, &str) = (
    "simplelogger.properties",
    "\
org.slf4j.simpleLogger.showDateTime=true
org.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS
org.slf4j.simpleLogger.showThreadName=false
org.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn
org.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn
org.slf4j.simpleLogger.log.org.apache.kafka.clients=warn
",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_settings_come_after_the_fixed_ones() {
        let ports = Ports { plain: 1, sasl_ssl: 2, controller: 3 };
        let text = server_properties(Path::new("/x"), ports, &[("min.insync.replicas".into(), "2".into())]);
        let first = text.find("min.insync.replicas=1").unwrap();
        assert!(text.find("min.insync.replicas=2").unwrap() > first);
        assert!(text.contains("\nlisteners=PLAINTEXT://127.0.0.1:1,SASL_SSL://127.0.0.1:2,CONTROLLER://127.0.0.1:3\n"), "{text}");
        assert!(text.contains("\nlog.dirs=/x/data\n"), "{text}");
    }

    /// The network and its security differ: the compose file's broker lives in a container and speaks plain text only.
    #[test]
    fn the_compose_file_has_the_same_settings() {
        let compose = include_str!("../../docker-compose.yml");
        assert!(compose.contains(&format!("image: apache/kafka:{KAFKA_VERSION}\n")), "another version of Kafka");
        let other = ["sasl.", "ssl.", "listener."];
        for (key, value) in FIXED.iter().filter(|(key, _)| !other.iter().any(|o| key.starts_with(o))) {
            let name = format!("KAFKA_{}:", key.to_uppercase().replace('.', "_"));
            let line = compose.lines().find(|line| line.trim_start().starts_with(&name));
            let found = line.map(|line| line.trim_start()[name.len()..].trim().trim_matches('"'));
            assert_eq!(found, Some(*value), "{name} in docker-compose.yml");
        }
    }
}

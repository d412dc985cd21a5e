//! The broker that `cargo xtask test` starts, as the tests use it.

use crate::apps::{AppFixture, EXACTLY_ONCE};
use crate::behaviour::Fixture;
use std::sync::Arc;
use streams_core::cluster::Cluster;
use streams_core::cluster::kafka::KafkaCluster;

/// A Kafka broker, by one of its listeners.
#[derive(Clone)]
pub struct Kafka {
    cluster: KafkaCluster,
    bootstrap: String,
    login: Vec<(&'static str, String)>,
    app_settings: Vec<(&'static str, &'static str)>,
}

impl Kafka {
    /// The listener without encryption.
    pub fn plain() -> Self {
        Kafka::at(variable("STREAMS_TEST_BOOTSTRAP"))
    }

    /// The same, for applications that process exactly once.
    pub fn exactly_once() -> Self {
        Kafka { app_settings: vec![EXACTLY_ONCE], ..Kafka::plain() }
    }

    /// Another broker, without encryption.
    pub fn at(bootstrap: String) -> Self {
        Kafka { cluster: KafkaCluster::new(bootstrap.as_str()), bootstrap, login: Vec::new(), app_settings: Vec::new() }
    }

    /// The listener that wants SASL over TLS.
    pub fn secure() -> Self {
        let login = format!(
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{}\" password=\"{}\";",
            test_broker::USER,
            test_broker::PASSWORD
        );
        let login = vec![
            ("security.protocol", "SASL_SSL".to_owned()),
            ("sasl.mechanism", "PLAIN".to_owned()),
            ("sasl.jaas.config", login),
            ("ssl.truststore.location", variable("STREAMS_TEST_CA")),
            ("ssl.truststore.type", "PEM".to_owned()),
        ];
        Kafka { login, ..Kafka::at(variable("STREAMS_TEST_SASL_SSL_BOOTSTRAP")) }
    }

    /// `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: these tests need a broker; run `cargo xtask test`, which starts one"))
}

impl Fixture for Kafka {
    fn cluster(&self) -> &dyn Cluster {
        &self.cluster
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let quick = [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300"), ("metadata.max.age.ms", "1000")];
        quick.map(|(key, value)| (key, value.to_owned())).into_iter().chain(self.login.clone()).collect()
    }
}

impl AppFixture for Kafka {
    fn shared(&self) -> Arc<dyn Cluster> {
        Arc::new(self.cluster.clone())
    }

    fn app_settings(&self) -> Vec<(&'static str, &'static str)> {
        self.app_settings.clone()
    }
}

//! What every application must do, on Kafka.
#![cfg(feature = "kafka")]

use integration_tests::apps::AppFixture;
use integration_tests::behaviour::Fixture;
use std::sync::Arc;
use streams_core::cluster::Cluster;
use streams_core::cluster::kafka::KafkaCluster;

struct Kafka(KafkaCluster);

impl Fixture for Kafka {
    fn cluster(&self) -> &dyn Cluster {
        &self.0
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300"), ("metadata.max.age.ms", "1000")]
            .map(|(key, value)| (key, value.to_owned()))
            .to_vec()
    }
}

impl AppFixture for Kafka {
    fn shared(&self) -> Arc<dyn Cluster> {
        Arc::new(self.0.clone())
    }
}

fn kafka() -> Kafka {
    let bootstrap = std::env::var("STREAMS_TEST_BOOTSTRAP")
        .expect("STREAMS_TEST_BOOTSTRAP is not set: these tests need a broker; run `cargo xtask test`, which starts one");
    Kafka(KafkaCluster::new(bootstrap))
}

integration_tests::app_suite!(kafka());

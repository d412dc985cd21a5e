//! What every cluster must do, on Kafka.

use crate::support::cluster;
use integration_tests::behaviour::Fixture;
use streams_core::cluster::Cluster;
use streams_core::cluster::kafka::KafkaCluster;

struct Kafka(KafkaCluster);

impl Fixture for Kafka {
    fn cluster(&self) -> &dyn Cluster {
        &self.0
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300"), ("linger.ms", "5"), ("metadata.max.age.ms", "1000")]
            .map(|(key, value)| (key, value.to_owned()))
            .to_vec()
    }
}

integration_tests::behaviour_suite!(Kafka(cluster()));

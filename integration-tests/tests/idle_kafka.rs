//! An application that has nothing to do, and one whose broker is down; the only test of its process.
#![cfg(feature = "kafka")]

use integration_tests::apps::{AppFixture, idle};
use integration_tests::behaviour::Fixture;
use integration_tests::process::cpu_share;
use std::sync::Arc;
use std::time::Duration;
use streams_core::cluster::Cluster;
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::config::StreamsConfig;
use streams_core::{KafkaStreams, State, StreamsBuilder};

struct Kafka(KafkaCluster);

impl Fixture for Kafka {
    fn cluster(&self) -> &dyn Cluster {
        &self.0
    }
}

impl AppFixture for Kafka {
    fn shared(&self) -> Arc<dyn Cluster> {
        Arc::new(self.0.clone())
    }
}

#[test]
fn an_application_without_work_or_without_a_broker_takes_no_cpu() {
    let bootstrap = std::env::var("STREAMS_TEST_BOOTSTRAP")
        .expect("STREAMS_TEST_BOOTSTRAP is not set: these tests need a broker; run `cargo xtask test`, which starts one");
    idle::an_idle_application_takes_no_cpu(&Kafka(KafkaCluster::new(bootstrap)));

    let directory = tempfile::tempdir().expect("a directory");
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>("in").to("out");
    let topology = builder.build().expect("the topology is right");
    // nobody listens on the discard port
    let config = StreamsConfig::new("nobody-there", "127.0.0.1:9").set("state.dir", directory.path().display().to_string());
    let app = KafkaStreams::start(topology, config).expect("that is no error");
    assert_eq!(app.state(), State::Rebalancing);
    let share = cpu_share(std::process::id(), Duration::from_secs(6));
    assert!(share < 0.01, "an application without a broker takes {:.2} % of a core", share * 100.0);
    app.close(Duration::from_secs(10)).expect("it closes");
}

//! An idle application on the embedded cluster; the only test of its process.

use integration_tests::apps::{AppFixture, idle};
use integration_tests::behaviour::Fixture;
use std::sync::Arc;
use streams_core::cluster::Cluster;
use streams_core::cluster::embedded::EmbeddedCluster;

struct Embedded(EmbeddedCluster);

impl Fixture for Embedded {
    fn cluster(&self) -> &dyn Cluster {
        &self.0
    }
}

impl AppFixture for Embedded {
    fn shared(&self) -> Arc<dyn Cluster> {
        Arc::new(self.0.clone())
    }
}

#[test]
fn an_idle_application_takes_no_cpu() {
    idle::an_idle_application_takes_no_cpu(&Embedded(EmbeddedCluster::new()));
}

//! What every application must do, on the embedded cluster, and what only this one can be made to do.

mod lost_replies;
mod overlap;
mod transactions;
mod trouble;

use integration_tests::apps::{AppFixture, EXACTLY_ONCE};
use integration_tests::behaviour::Fixture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use streams_core::cluster::Cluster;
use streams_core::cluster::embedded::{EmbeddedCluster, EmbeddedOptions};
use streams_core::time::{Clock, SystemClock};

/// The machine's clock, and what was added to it.
#[derive(Default)]
struct ShiftedClock {
    machine: SystemClock,
    added_ms: AtomicU64,
}

impl Clock for ShiftedClock {
    fn now_ms(&self) -> i64 {
        self.machine.now_ms() + self.added_ms.load(Ordering::Relaxed) as i64
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + Duration::from_millis(self.added_ms.load(Ordering::Relaxed))
    }
}

struct Embedded {
    cluster: EmbeddedCluster,
    /// The cluster's alone: applications go by the machine's.
    clock: Arc<ShiftedClock>,
    app_settings: Vec<(&'static str, &'static str)>,
}

impl Embedded {
    fn new() -> Self {
        let clock: Arc<ShiftedClock> = Arc::default();
        let cluster = EmbeddedCluster::with_options(EmbeddedOptions { clock: clock.clone(), ..EmbeddedOptions::default() });
        Embedded { cluster, clock, app_settings: Vec::new() }
    }

    fn exactly_once() -> Self {
        Embedded { app_settings: vec![EXACTLY_ONCE], ..Embedded::new() }
    }
}

impl Fixture for Embedded {
    fn cluster(&self) -> &dyn Cluster {
        &self.cluster
    }

    fn pass_time(&self, time: Duration) {
        self.clock.added_ms.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }
}

impl AppFixture for Embedded {
    fn shared(&self) -> Arc<dyn Cluster> {
        Arc::new(self.cluster.clone())
    }

    fn app_settings(&self) -> Vec<(&'static str, &'static str)> {
        self.app_settings.clone()
    }
}

mod at_least_once {
    use super::Embedded;
    integration_tests::app_suite!(Embedded::new());
}

mod exactly_once {
    use super::Embedded;
    integration_tests::app_suite!(Embedded::exactly_once());
}

#[test]
fn a_deleted_topic_is_missed_where_it_is_read() {
    for embedded in [Embedded::new(), Embedded::exactly_once()] {
        integration_tests::apps::patterns::a_deleted_topic_is_missed_where_it_is_read(&embedded);
    }
}

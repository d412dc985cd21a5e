//! The embedded cluster: what every cluster must do, and what only this one can.

mod faults;
mod loading;
mod maintenance;
mod model;
mod threads;
mod throughput;
mod time;

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

impl ShiftedClock {
    fn advance(&self, time: Duration) {
        self.added_ms.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }
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
    clock: Arc<ShiftedClock>,
}

impl Embedded {
    fn new() -> Self {
        let clock: Arc<ShiftedClock> = Arc::default();
        let cluster = EmbeddedCluster::with_options(EmbeddedOptions { clock: clock.clone(), ..Default::default() });
        Embedded { cluster, clock }
    }
}

impl Fixture for Embedded {
    fn cluster(&self) -> &dyn Cluster {
        &self.cluster
    }

    fn pass_time(&self, time: Duration) {
        self.clock.advance(time);
    }
}

integration_tests::behaviour_suite!(Embedded::new());

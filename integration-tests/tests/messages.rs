//! What the library logs where a person has nothing else to go by. The log is the process's, so these tests have one of their own.

use integration_tests::apps::bench::{await_running, close};
use integration_tests::apps::{AppFixture, Bench};
use integration_tests::behaviour::Fixture;
use integration_tests::behaviour::clients::wait_for;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
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

/// Everything logged so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes what the process logs from now on.
    fn listen() -> Self {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
        log
    }

    fn lines_with(&self, part: &str) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_cluster_that_does_not_answer_at_the_start_is_named_once() {
    let log = Log::listen();
    let embedded = Embedded(EmbeddedCluster::new());
    let mut bench = Bench::new(&embedded);
    bench.feed(10);
    embedded.0.set_reachable(false);
    let app = bench.builder(bench.word_count(), bench.config("a")).start().expect("that is no error");
    let warning = "no answer from the cluster at bootstrap.servers=embedded";
    let said = wait_for("the warning", || log.lines_with(warning).first().cloned());
    assert!(said.contains("WARN") && said.contains("trying again: "), "{said}");
    // it is tried more often than it is said
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(log.lines_with(warning).len(), 1);
    embedded.0.set_reachable(true);
    await_running(&app);
    bench.await_counts();
    close(&app);
}

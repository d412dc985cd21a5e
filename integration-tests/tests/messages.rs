//! What the library logs where a person has nothing else to go by. The log is the process's, so these tests have one of their own.

use integration_tests::apps::bench::{await_running, close};
use integration_tests::apps::{AppFixture, Bench};
use integration_tests::behaviour::Fixture;
use integration_tests::behaviour::clients::wait_for;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use streams_core::cluster::Cluster;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{Context, Processor};
use streams_core::{BoxError, Record, StreamsBuilder};
use tracing_subscriber::fmt::format::FmtSpan;

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
    /// What the process logs, beginnings of spans included.
    fn listen() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        let begin = || {
            let log = Log::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG);
            subscriber.with_span_events(FmtSpan::NEW).with_writer(move || writer.clone()).init();
            log
        };
        LOG.get_or_init(begin).clone()
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

#[test]
fn commits_restores_and_rebalances_have_spans() {
    let log = Log::listen();
    let embedded = Embedded(EmbeddedCluster::new());
    let mut bench = Bench::new(&embedded);
    bench.feed(10);
    let app = bench.start_words("a");
    bench.await_counts();
    close(&app);
    for span in ["rebalance{thread=", "restore{task=", "commit{thread="] {
        assert!(log.lines_with(span).iter().any(|line| line.ends_with(": new")), "no span {span}..");
    }
}

/// Cannot close.
struct Stuck;

impl Processor<(), String, (), String> for Stuck {
    fn process(&mut self, ctx: &mut Context<'_, (), String>, record: Record<(), String>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
    fn close(&mut self) {
        panic!("it does not end");
    }
}

#[test]
fn a_processor_that_panics_while_it_closes_is_named() {
    let log = Log::listen();
    let embedded = Embedded(EmbeddedCluster::new());
    let bench = Bench::new(&embedded);
    let builder = StreamsBuilder::new();
    let stuck = builder.stream::<(), String>(&bench.input).process_with((), |_, ()| Stuck, "stuck");
    stuck.for_each(|(), _| {});
    let app = bench.start(builder.build().expect("the topology is right"), bench.config("a"));
    wait_for("a task that runs", || app.threads().iter().flat_map(|thread| &thread.tasks).any(|task| task.running).then_some(()));
    close(&app);
    let said = log.lines_with("node stuck panicked while closing: it does not end");
    assert!(!said.is_empty() && said.iter().all(|line| line.contains("ERROR") && line.contains("task 0_")), "{said:?}");
}

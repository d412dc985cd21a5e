//! What a process costs that has nothing to do, with its broker and without. The broker is the test's own, which it may kill.

use super::words::Words;
use integration_tests::kafka::Kafka;
use std::time::Duration;
use test_broker::{Broker, Options};

const WINDOW: Duration = Duration::from_secs(10);

#[test]
fn an_idle_process_takes_no_cpu_and_goes_on_when_its_broker_comes_back() {
    let mut broker = Broker::start(&Options::default()).expect("a broker starts");
    let kafka = Kafka::at(broker.bootstrap());
    let mut words = Words::new(&kafka, 100);
    let mut app = words.start("a", &["commit.interval.ms=1000", "log.summary.interval.ms=120000"]);
    words.feed(1_000);
    words.await_exact_counts(&mut [&mut app]);
    let idle = app.cpu_share(WINDOW);
    broker.kill().expect("the broker can be killed");
    let alone = app.cpu_share(WINDOW);
    app.expect_alive();
    broker.restart().expect("the broker comes back");
    println!("idle: {:.2} % of a core, without its broker: {:.2} %", idle * 100.0, alone * 100.0);

    words.feed(1_000);
    words.await_exact_counts(&mut [&mut app]);
    let ended = app.terminate();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    assert!(idle < 0.01, "an idle application takes {:.2} % of a core", idle * 100.0);
    assert!(alone < 0.01, "an application without its broker takes {:.2} % of a core", alone * 100.0);
}

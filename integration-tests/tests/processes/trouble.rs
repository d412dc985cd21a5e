//! Wrong starts: how the program ends, and what the user reads.

use super::words::Words;
use integration_tests::kafka::Kafka;
use integration_tests::process::{Ended, Process};
use std::net::TcpListener;
use std::time::Duration;

fn run(args: impl IntoIterator<Item = String>) -> Ended {
    Process::start("word-count", args).wait()
}

/// The program failed, with these texts in its last words.
fn expect_failure(ended: &Ended, code: i32, texts: &[&str]) {
    assert_eq!(ended.status.code(), Some(code), "{}", ended.log);
    let last = ended.log.split_once("error: ").map(|(_, last)| last).unwrap_or_default();
    for text in texts {
        assert!(last.contains(text), "`{text}` is missing in:\n{}", ended.log);
    }
    assert!(!ended.log.contains("panicked"), "{}", ended.log);
}

#[test]
fn a_missing_input_topic_is_named() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, 10);
    words.input = "no-such-topic".to_owned();
    expect_failure(&run(words.args("a", &[])), 1, &["input topic no-such-topic does not exist", kafka.bootstrap(), "--input"]);
}

#[test]
fn a_missing_output_topic_is_made() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, 10);
    words.output = words.clients.name("made");
    let mut app = words.start("a", &[]);
    app.await_line(&format!("made the output topic {} with 4 partitions", words.output));
    app.await_line("to RUNNING");
    assert_eq!(words.clients.admin().partition_counts(&[&words.output]).expect("an answer"), [Some(4)]);
    assert_eq!(app.terminate().status.code(), Some(0));
}

#[test]
fn a_broker_that_is_not_there_is_waited_for() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let nowhere = format!("127.0.0.1:{port}");
    let mut app = Process::start("word-count", ["--bootstrap-servers", &nowhere]);
    app.await_log("the address that does not answer", |log| {
        log.iter().any(|line| line.contains(&format!("{nowhere} does not answer"))).then_some(())
    });
    let share = app.cpu_share(Duration::from_secs(10));
    app.expect_alive();
    app.terminate();
    assert!(share < 0.01, "waiting for the broker takes {:.2} % of a core", share * 100.0);
}

#[test]
fn a_state_directory_in_use_names_its_owner() {
    let kafka = Kafka::plain();
    let words = Words::new(&kafka, 10);
    let mut owner = words.start("a", &[]);
    owner.await_line("to RUNNING");
    let second = run(words.args("a", &[]));
    let directory = words.state_dir("a").display().to_string();
    expect_failure(&second, 1, &[&directory, &format!("is in use by process {}", owner.pid()), "state.dir"]);
    owner.expect_alive();
    assert_eq!(owner.terminate().status.code(), Some(0));
}

#[test]
fn ctrl_c_ends_an_application_as_sigterm_does() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, 10);
    words.feed(100);
    // closing commits, nothing before does
    let settings = ["commit.interval.ms=600000", "statestore.cache.max.bytes=0"];
    for (name, end) in [("SIGINT", Process::interrupt as fn(Process) -> Ended), ("SIGTERM", Process::terminate)] {
        let mut app = words.start("a", &settings);
        words.await_exact_counts(&mut [&mut app]);
        let ended = end(app);
        assert_eq!(ended.status.code(), Some(0), "{name}: {}", ended.log);
        assert!(ended.log.contains(&format!("{name}: closing")), "{}", ended.log);
        assert_eq!(words.committed(&words.input), words.ends(&words.input), "{name}");
        words.feed(100);
    }
}

#[test]
fn a_bad_config_value_is_named() {
    let kafka = Kafka::plain();
    let words = Words::new(&kafka, 10);
    expect_failure(&run(words.args("a", &["commit.interval.ms=soon"])), 1, &["commit.interval.ms", "soon"]);
    expect_failure(&run(words.args("a", &["processing.guarantee=twice"])), 1, &["processing.guarantee", "twice", "at_least_once"]);
    // a known key whose feature does not exist yet is never ignored
    expect_failure(&run(words.args("a", &["num.standby.replicas=1"])), 1, &["num.standby.replicas"]);
}

#[test]
fn an_unknown_config_key_is_named_with_the_nearest() {
    let kafka = Kafka::plain();
    let words = Words::new(&kafka, 10);
    let mut app = words.start("a", &["comit.interval.ms=100"]);
    let line = app.await_line("comit.interval.ms");
    assert!(line.contains("did you mean commit.interval.ms?"), "{line}");
    app.await_line("to RUNNING");
    assert_eq!(app.terminate().status.code(), Some(0));
}

#[test]
fn a_wrong_command_line_is_told() {
    for (args, text) in [(["--set", "nothing"], "commit.interval.ms=1000"), (["--sett", "a=b"], "--set"), (["--threads", "many"], "many")] {
        expect_failure(&run(args.map(str::to_owned)), 2, &[text]);
    }
}

#[test]
fn a_file_that_kafka_would_not_be_fed_with_is_wrong_usage() {
    // told before anything is asked of the broker, so it need not be there
    let on_kafka = ["--bootstrap-servers", "127.0.0.1:9", "--input-file", "/no/such/file"];
    for program in ["word-count", "important-events", "windowed-analytics", "fraud-detection"] {
        let ended = Process::start(program, on_kafka).wait();
        expect_failure(&ended, 2, &["--input-file feeds the embedded cluster only", "127.0.0.1:9", "--bootstrap-servers", "Usage: "]);
    }
    let by_setting = ["--set", "bootstrap.servers=127.0.0.1:9", "--input-file", "/no/such/file"];
    expect_failure(&Process::start("word-count", by_setting).wait(), 2, &["--input-file feeds the embedded cluster only"]);
    let alone = Process::start("fraud-detection", ["--customers-file", "/no/such/file"]).wait();
    expect_failure(&alone, 2, &["--input-file"]);
}

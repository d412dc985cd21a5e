//! Exactly once in trouble: with the cache off every update of a count is a record, so each number must come once, in order, and none twice.

use super::Embedded;
use integration_tests::apps::Bench;
use integration_tests::apps::bench::{PATIENCE, TIME, await_running, close, shared};
use integration_tests::behaviour::Fixture;
use integration_tests::behaviour::clients::wait_for;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use streams_core::config::StreamsConfig;
use streams_core::{KafkaStreams, State};

pub fn config(bench: &Bench<'_>, instance: &str) -> StreamsConfig {
    bench.config(instance).set("statestore.cache.max.bytes", "0").set("commit.interval.ms", "20")
}

fn start(bench: &Bench<'_>) -> KafkaStreams {
    bench.start(bench.word_count(), config(bench, "a"))
}

pub fn expect_each_count_once(bench: &mut Bench<'_>) {
    bench.await_counts();
    bench.expect_every_update(true);
}

#[test]
fn a_commit_whose_answer_is_lost_is_settled() {
    let embedded = Embedded::exactly_once();
    let mut bench = Bench::new(&embedded);
    let app = start(&bench);
    for _ in 0..20 {
        embedded.cluster.lose_commit_replies(1);
        bench.feed(30);
        bench.await_counts();
    }
    wait_for("new producers", || app.metrics().sum("streams_producers_replaced_total", &[]).filter(|n| *n >= 20.0));
    assert_eq!(app.state(), State::Running);
    close(&app);
    expect_each_count_once(&mut bench);
}

#[test]
fn a_cluster_that_comes_and_goes_counts_nothing_twice() {
    let embedded = Embedded::exactly_once();
    let mut bench = Bench::new(&embedded);
    let app = start(&bench);
    for round in 0..5 {
        bench.feed(200);
        std::thread::sleep(Duration::from_millis(10 * round));
        embedded.cluster.set_reachable(false);
        std::thread::sleep(Duration::from_millis(300));
        embedded.cluster.set_reachable(true);
    }
    expect_each_count_once(&mut bench);
    close(&app);
}

#[test]
fn members_that_are_thrown_out_count_nothing_twice() {
    let embedded = Embedded::exactly_once();
    let mut bench = Bench::new(&embedded);
    let app = bench.start(bench.word_count(), config(&bench, "a").num_stream_threads(2));
    for _ in 0..5 {
        bench.feed(100);
        // sessions run out, and open transactions too
        embedded.pass_time(Duration::from_secs(3600));
        bench.feed(100);
        bench.await_counts();
    }
    await_running(&app);
    close(&app);
    expect_each_count_once(&mut bench);
}

#[test]
fn a_write_that_failed_takes_its_transaction_along() {
    for topic in ["output", "words-changelog", "words-repartition"] {
        let embedded = Embedded::exactly_once();
        let mut bench = Bench::new(&embedded);
        bench.feed(100);
        let app = start(&bench);
        bench.await_counts();
        let topic = if topic == "output" { bench.output.clone() } else { format!("{}-{topic}", bench.app) };
        embedded.cluster.fail_produces(&topic, 3, true);
        bench.feed(100);
        expect_each_count_once(&mut bench);
        assert!(app.metrics().sum("streams_transactions_aborted_total", &[]) > Some(0.0));
        close(&app);
    }
}

/// The record that panics is left out; what the transaction held of the others is done again.
#[test]
fn a_panic_undoes_the_transaction_of_all_tasks() {
    let embedded = Embedded::exactly_once();
    let mut bench = Bench::new(&embedded);
    let (count, panics) = shared::<AtomicU32>();
    let topology = bench.word_count_with(move |line| {
        if line == "poison" {
            count.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose");
        }
    });
    let config = config(&bench, "a").set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
    let app = bench.start(topology, config);
    for partition in 0..4 {
        bench.feed(500);
        bench.put(partition, None, Some(b"poison"), TIME);
        bench.feed(500);
    }
    expect_each_count_once(&mut bench);
    assert!(panics.load(Ordering::Relaxed) >= 4);
    let poisons = app.metrics().sum("streams_records_dropped_total", &[("reason", "processing")]);
    assert!(poisons >= Some(4.0), "{poisons:?}");
    app.close(PATIENCE).expect("it closes");
}

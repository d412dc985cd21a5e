//! Tasks go on while a transaction is being committed, and nothing of it comes before its time, twice or not at all.

use super::Embedded;
use super::transactions::{config, expect_each_count_once};
use integration_tests::apps::Bench;
use integration_tests::apps::bench::{PATIENCE, TIME, await_running, close, shared};
use integration_tests::behaviour::Fixture;
use integration_tests::behaviour::clients::wait_for;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use streams_core::KafkaStreams;

struct World<'a> {
    embedded: &'a Embedded,
    bench: Bench<'a>,
    app: KafkaStreams,
    lines: Arc<AtomicUsize>,
}

impl<'a> World<'a> {
    fn new(embedded: &'a Embedded) -> Self {
        let bench = Bench::new(embedded);
        let (count, lines) = shared::<AtomicUsize>();
        let topology = bench.word_count_with(move |line| {
            count.fetch_add(1, Ordering::Relaxed);
            assert_ne!(line, "poison", "on purpose");
        });
        let config = config(&bench, "a").set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
        let app = bench.start(topology, config);
        World { embedded, bench, app, lines }
    }

    /// Feeds lines, and waits until a commit that covers something of them has begun and does not end.
    fn begin_a_commit(&mut self) {
        self.embedded.cluster.hold_commits(true);
        self.process(50);
        wait_for("a commit to begin", || (self.embedded.cluster.commits_held() > 0).then_some(()));
    }

    /// Feeds lines, and waits until they have been taken up.
    fn process(&mut self, lines: usize) {
        let before = self.lines.load(Ordering::Relaxed);
        self.bench.feed(lines);
        wait_for("the lines to be processed", || (self.lines.load(Ordering::Relaxed) >= before + lines).then_some(()));
    }

    fn end(mut self) {
        self.embedded.cluster.hold_commits(false);
        expect_each_count_once(&mut self.bench);
        await_running(&self.app);
        close(&self.app);
    }
}

#[test]
fn records_are_processed_while_a_commit_is_under_way() {
    let embedded = Embedded::exactly_once();
    let mut world = World::new(&embedded);
    for round in 0..5 {
        let committed = world.bench.expected.clone();
        world.begin_a_commit();
        world.process(100 * round);
        let seen = world.bench.counts();
        assert_eq!(seen, committed, "nothing is seen of a transaction before its end");
        world.embedded.cluster.hold_commits(false);
        world.bench.await_counts();
    }
    world.end();
}

/// What it did after the commit began is undone, and what the commit covers is not.
#[test]
fn a_failure_while_a_commit_is_under_way_undoes_what_came_after_it() {
    let embedded = Embedded::exactly_once();
    let mut world = World::new(&embedded);
    world.begin_a_commit();
    world.process(100);
    let before = world.lines.load(Ordering::Relaxed);
    world.bench.put(0, None, Some(b"poison"), TIME);
    world.bench.flush();
    wait_for("the poison", || (world.lines.load(Ordering::Relaxed) > before).then_some(()));
    world.end();
}

#[test]
fn a_lost_answer_to_it_takes_back_what_came_after_it() {
    let embedded = Embedded::exactly_once();
    let mut world = World::new(&embedded);
    world.begin_a_commit();
    world.process(100);
    embedded.cluster.lose_commit_replies(1);
    let metrics = world.app.metrics();
    embedded.cluster.hold_commits(false);
    wait_for("a new producer", || metrics.sum("streams_producers_replaced_total", &[]).filter(|n| *n >= 1.0));
    world.end();
}

/// The cluster takes it for dead meanwhile: the transaction is aborted, and all of it is done again.
#[test]
fn a_member_that_is_thrown_out_while_a_commit_is_under_way_counts_nothing_twice() {
    let embedded = Embedded::exactly_once();
    let mut world = World::new(&embedded);
    world.begin_a_commit();
    world.process(100);
    embedded.pass_time(Duration::from_secs(3600));
    world.end();
}

#[test]
fn a_write_that_fails_after_it_was_held_back_is_written_again() {
    let embedded = Embedded::exactly_once();
    let mut world = World::new(&embedded);
    world.begin_a_commit();
    world.process(100);
    for topic in ["words-changelog", "words-repartition"] {
        embedded.cluster.fail_produces(&format!("{}-{topic}", world.bench.app), 3, true);
    }
    let metrics = world.app.metrics();
    embedded.cluster.hold_commits(false);
    wait_for("a transaction to be aborted", || metrics.sum("streams_transactions_aborted_total", &[]).filter(|n| *n >= 1.0));
    world.end();
}

#[test]
fn closing_waits_for_a_commit_under_way_and_commits_the_rest() {
    let embedded = Embedded::exactly_once();
    let mut world = World::new(&embedded);
    world.begin_a_commit();
    world.process(100);
    std::thread::scope(|scope| {
        let app = &world.app;
        let closing = scope.spawn(move || app.close(PATIENCE));
        std::thread::sleep(Duration::from_millis(100));
        embedded.cluster.hold_commits(false);
        closing.join().expect("no panic").expect("it closes");
    });
    // the other sub-topology's share may still lie in the repartition topic
    let app = world.bench.start(world.bench.word_count(), config(&world.bench, "a"));
    expect_each_count_once(&mut world.bench);
    close(&app);
}
